"""Later orders by the plan's own ratio: they move with demand and do not vanish, and nobody looks ahead."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from brytpunkt.declarations import read_plan
from brytpunkt.planning.inputs.planning_inputs import Facts
from brytpunkt.planning.ledger.evaluate import evaluate
from brytpunkt.planning.risk.sampling.energy_years import energy_years
from brytpunkt.planning.risk.simulation.decisions import strategies_of
from brytpunkt.planning.risk.simulation.draw_batch import Chunk
from brytpunkt.planning.risk.simulation.drawn_paths import worlds_of
from brytpunkt.planning.risk.simulation.recourse import (
    AsPlanned,
    Fleet,
    is_due,
    placed_orders,
    placed_signatures,
)
from brytpunkt.planning.risk.simulation.simulate import Simulator
from tests.planning.risk.conftest import Sure

LEVELS = np.array([1.0, 0.9, 0.6, 0.02, 1.5])

# ten GPUs in every hour of three years, committed a year at a time
FLAT = """\
plan: flat
finance: {start: 2027-01-01, horizon_months: 36, hours_per_month: 730}
workloads:
  - id: steady
    demand: {gpu_hours_per_day: 240, gpu_model: H100-SXM-80GB}
    weekly_shape: flat
    residency: any
    redundancy_units: 0
    headroom: 0
sites: [{id: lulea, country: SE, zone: SE1, climate: lulea, colocation: {price_per_kw_month: {eur: 150}, basis: a test}}]
build:
  servers: [{id: box, gpu_model: H100-SXM-80GB, gpu_count: 8, gpu_memory_gb: 80, price: {usd: 300000}, nameplate_kw: 10.2}]
rent:
  providers: [somebody]
  offers:
    - {id: hourly, provider: somebody, gpu_model: H100-SXM-80GB, gpu_count: 1, term: on_demand, price: {eur: 3}}
    - {id: year, provider: somebody, gpu_model: H100-SXM-80GB, gpu_count: 1, term: reserved_1y, price: {eur: 2}}
"""


def test_the_test_itself() -> None:
    """A hundred GPUs needed where eighty stand: any need over capacity of 1.25 is due, whatever either is."""
    planned = AsPlanned(need=100, capacity=80, ordered=40)
    need = np.array([100.0, 99.0, 50.0, 49.0, 39.0])
    capacity = np.array([80.0, 80.0, 40.0, 40.0, 0.0])
    assert is_due(need, capacity, planned).tolist() == [True, False, True, False, True]


def test_where_nothing_stands_half_of_the_order_is_enough_or_what_the_plan_has() -> None:
    ahead_of_growth = AsPlanned(need=10, capacity=0, ordered=80)
    assert is_due(np.array([9.0, 10.0]), np.zeros(2), ahead_of_growth).tolist() == [False, True]
    renewal = AsPlanned(need=80, capacity=0, ordered=80)
    assert is_due(np.array([39.0, 40.0]), np.zeros(2), renewal).tolist() == [False, True]
    assert not is_due(np.array([99.0]), np.array([80.0]), renewal).any(), "an earlier term still runs"


@pytest.fixture(scope="module")
def flat(tmp_path_factory: pytest.TempPathFactory, known: Facts) -> Simulator:
    path = tmp_path_factory.mktemp("flat") / "plan.yaml"
    path.write_text(FLAT, encoding="utf-8")
    plan = read_plan(path).plan
    evaluation = evaluate(plan, known, plan.finance.months, scan=False)
    return Simulator.of(*strategies_of(evaluation, {}, {}), energy_years(plan, known))


def chunk_of(simulator: Simulator, **values: np.ndarray) -> Chunk:
    years = simulator.as_planned(next(iter(values.values())).size)
    return Chunk(simulator.terrain, worlds_of(simulator.terrain, values, years, simulator.energy))


def test_terms_that_expire_are_renewed_on_a_flat_load(flat: Simulator) -> None:
    """Ten a year, three times: also where nine are needed; not where hardly any is."""
    committed = flat.strategies[flat.position(None, "committed")]
    assert [(s.month, s.count) for s in committed.signed] == [(0, 10), (12, 10), (24, 10)]
    found = placed_signatures(chunk_of(flat, demand_level=LEVELS), committed)
    signed = np.zeros((36, LEVELS.size))
    for signature, count in found:
        signed[signature.month : signature.month + 12] += count
    assert (signed[:, [0, 1, 2, 4]] == 10).all()
    assert (signed[:12, 3] == 10).all(), "what is signed at the start stands"
    assert (signed[12:, 3] == 0).all()


def test_a_renewal_that_waited_is_signed_when_demand_has_come_back(flat: Simulator) -> None:
    """Demand grows from a fifth of the plan: the renewal of month 12 is signed in a later quarter, and no term overlaps."""
    committed = flat.strategies[flat.position(None, "committed")]
    chunk = chunk_of(flat, demand_level=np.array([0.2]), demand_growth=np.array([1.2]))
    months = [s.month for s, count in placed_signatures(chunk, committed) if count[0] > 0]
    need = chunk.trailing(committed.signed[0].way, slice(0, 3))
    assert need[0] < 5
    assert months[0] == 0
    assert 12 < months[1] < 30
    assert (months[1] - 12) % 3 == 0
    assert all(later - earlier >= 12 for earlier, later in pairwise(months))


def fleet_of(sure: Sure, site: str, **values: np.ndarray) -> Fleet:
    own = sure.simulator.strategies[sure.simulator.position(site, "own")]
    return placed_orders(chunk_of(sure.simulator, **values), own)


def test_orders_move_by_quarters_and_do_not_vanish(sure: Sure) -> None:
    horizon = sure.simulator.terrain.horizon
    fleet = fleet_of(sure, "lulea", demand_level=LEVELS)
    later = [(order, count, arrives) for order, count, arrives in fleet.orders if order.month > 0]
    assert later
    for order, count, arrives in later:
        assert arrives[0] == order.delivery
        assert count[0] == order.count
        moved = arrives[arrives < horizon] - order.delivery
        assert (moved % 3 == 0).all()
        assert (moved >= 0).all()
    assert any(order.delivery < arrives[1] < horizon for order, _, arrives in later), (
        "one came late, but came"
    )
    assert all(count[3] == 0 for _, count, _ in later)


def test_nobody_looks_ahead(sure: Sure) -> None:
    """Worlds that are alike up to a month order alike up to that month: the batch workload fails in month 9 in one of them."""
    both = {"production_success:batch": np.array([1.0, 0.0])}
    fleet = fleet_of(sure, "oslo", **both)
    for order, count, _ in fleet.orders:
        if order.month <= 9:
            assert count[0] == count[1]


def test_when_everything_has_failed_nothing_more_is_ordered(sure: Sure) -> None:
    terrain = sure.simulator.terrain
    chunk = chunk_of(sure.simulator, demand_level=np.array([1.0]))
    chunk.worlds.fails[:] = 9
    own = sure.simulator.strategies[sure.simulator.position("lulea", "own")]
    for order, count, _ in placed_orders(chunk, own).orders:
        assert count[0] == (order.count if order.month < 9 else 0)
    assert terrain.horizon > 9
