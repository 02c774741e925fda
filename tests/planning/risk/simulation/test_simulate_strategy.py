"""The kernel against the second computation: every strategy, in worlds drawn at random, of plans that use every rule."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from brytpunkt.declarations import Plan, read_plan
from brytpunkt.planning.energy.grid_connection import connection_months
from brytpunkt.planning.inputs.planning_inputs import Facts
from brytpunkt.planning.ledger.evaluate import Evaluation, evaluate
from brytpunkt.planning.optimal.mix import Mix
from brytpunkt.planning.optimal.problem import Field, field_of
from brytpunkt.planning.risk.sampling.draws import REPLICATES, Drawn, factors_of
from brytpunkt.planning.risk.sampling.energy_years import EnergyYears, energy_years
from brytpunkt.planning.risk.simulation.decisions import strategies_of
from brytpunkt.planning.risk.simulation.simulate import Simulated, Simulator
from tests.conftest import SMALL_PLAN
from tests.planning.risk.reference import Reference
from tests.planning.risk.reference_world import World

CURRENCIES = {"EUR", "USD", "SEK", "NOK", "DKK"}

SITES_AND_SERVERS = """\
sites:
  - id: hall
    country: SE
    zone: SE3
    climate: stockholm
    cooling: dry_cooler_chiller
    own_hall: {capex_per_kw: {sek: 60000}, basis: a test, lead_time_months: 2}
    energy:
      grid_energy_per_kwh: {sek: 0.09}
      grid_capacity_per_kw_year: {sek: 500}
      ppa_per_mwh: {eur: 45}
      hedged_share: 0.4
  - id: racks
    country: DK
    zone: DK1
    climate: aarhus
    colocation: {price_per_rack_month: {dkk: 12000}, rack_power_kw: 22, basis: a test, lead_time_months: 1}
    energy: {grid_energy_per_kwh: {dkk: 0.1}, grid_capacity_per_kw_year: {dkk: 150}}
"""

MACHINES = """\
build:
  servers:
    - id: box
      gpu_model: H100-SXM-80GB
      gpu_count: 8
      gpu_memory_gb: 80
      price: {usd: 90000}
      nameplate_kw: 10.2
  lead_time_months: 2
  life_years: 1.5
  review_months: 3
  spares_share: 0.05
  support_share_per_year: 0.08
  insurance_share_per_year: 0.01
  decommissioning_share: 0.02
  REFRESH
rent:
  providers: [somebody]
  offers:
    - {id: hourly, provider: somebody, gpu_model: H100-SXM-80GB, gpu_count: 8, term: on_demand, price: {usd: 22}}
    - {id: small, provider: somebody, gpu_model: H100-SXM-80GB, gpu_count: 2, term: on_demand, price: {eur: 5.9}}
    - {id: year, provider: somebody, gpu_model: H100-SXM-80GB, gpu_count: 8, term: reserved_1y, price: {usd: 15}, upfront_share: 0.3}
    - {id: years, provider: another, gpu_model: H100-SXM-80GB, gpu_count: 8, term: reserved_3y, price: {usd: 12}}
    - {id: idle, provider: somebody, gpu_model: H100-SXM-80GB, gpu_count: 8, term: spot, price: {usd: 11}}
"""

# an own hall in kronor, with tax, a project that may fail and its servers sold, failures of GPUs
HALL = (
    """\
plan: hall
finance:
  start: 2027-01-01
  horizon_months: 30
  currency: SEK
  fx_units_per_eur: {SEK: 11.2}
  discount_rate_per_year: 0.07
  tax: {rate: 0.206, depreciation: {method: straight_line, years: 3}}
workloads:
  - id: steady
    kind: fine_tuning
    demand:
      gpu_hours_per_day: 700
      gpu_model: H100-SXM-80GB
      phases:
        - {name: pilot, from_month: 0, level: 0.4}
        - {name: production, from_month: 4, ramp_months: 2, level: 1.0, production: true}
      growth: {per_year: 0.8}
    success_probability: 0.5
    decision_month: 9
    weekly_shape: office_hours
    residency: any
    efficiency_gain_per_year: 0.2
    failures: {failures_per_gpu_year: 2.0, recovery: cold}
uncertainty:
  draws: 16
  unserved_price_per_gpu_hour: {sek: 230}
  factors:
    - {factor: demand_level, distribution: lognormal, median: 1.0, sigma: 0.3, basis: a test}
    - {factor: cloud_price, distribution: uniform, low: 0.8, high: 1.3, basis: a test}
"""
    + SITES_AND_SERVERS
    + MACHINES.replace("REFRESH", "on_failure: sell")
)

# the same hall, whose connection to the grid takes nobody knows how long
GRID = HALL.replace("    own_hall:", "    connection: {size_mw: 3, kind: brownfield}\n    own_hall:").replace(
    "plan: hall", "plan: grid"
)

# batch that waits beside chat that does not, a market that is too small, machines that serve longer than their life
BATCH = (
    """\
plan: batch
finance: {start: 2027-04-01, horizon_months: 28, currency: EUR, discount_rate_per_year: 0.09}
workloads:
  - id: nightly
    kind: batch
    demand:
      gpu_hours_per_day: 500
      gpu_model: H100-SXM-80GB
      growth: {kind: table, table: [{month: 0, multiple: 1.0}, {month: 12, multiple: 2.5}, {month: 20, multiple: 1.2}]}
    max_delay_months: 2
    weekly_shape: consumer
    residency: any
    redundancy_units: 0
  - id: chat
    demand: {gpu_hours_per_day: 300, gpu_model: H100-SXM-80GB, growth: {per_year: 0.5}}
    weekly_shape: office_hours
    residency: any
    redundancy_units: 1
    success_probability: 0.7
    decision_month: 12
uncertainty:
  draws: 16
  rentable_gpus: 40
  unserved_price_per_gpu_hour: {eur: 30}
  factors: [{factor: demand_level, distribution: lognormal, median: 1.0, sigma: 0.5, basis: a test}]
"""
    + SITES_AND_SERVERS
    + MACHINES.replace("REFRESH", "refresh: extend\n  extended_years: 0.5\n  extended_support_multiple: 2.0")
)

# chat that a token API could serve, too
TOKENS = SMALL_PLAN.replace(
    "    weekly_shape: office_hours\n",
    """\
    weekly_shape: office_hours
    api_equivalents:
      - {provider: openai, model: gpt-5-mini, tokens_per_task_ratio: 0.4, quality_note: a test, region: eea}
""",
).replace("plan: small", "plan: tokens")

PLANS = {"small": SMALL_PLAN, "hall": HALL, "grid": GRID, "batch": BATCH, "tokens": TOKENS}


@dataclass(frozen=True)
class Case:
    """A plan, its strategies without their tie to the ledger, and worlds served by the kernel."""

    plan: Plan
    simulator: Simulator
    energy: EnergyYears
    drawn: Drawn
    served: Simulated

    def world(self, number: int) -> World:
        """A drawn world by its number."""
        values = {name: float(value[number]) for name, value in self.drawn.values.items()}
        return World(self.plan, values, [int(year) for year in self.drawn.years[number]], self.energy)


def mixed(evaluation: Evaluation, option: str) -> tuple[Field, Mix]:
    """Decisions as an optimal plan has them: some servers now, some later, and commitments of every offer beside them."""
    basis = evaluation.basis
    field = field_of(basis, basis.options.filter(pl.col("option") == option))
    signed = tuple((at, month, 1 + month // 6) for at in range(len(field.terms)) for month in (0, 6, 12))
    return field, Mix(((0, 0, 2), (0, 6, 1), (0, 9, 3), (0, 15, 1)), signed)


@pytest.fixture(scope="module", params=PLANS)
def case(request: pytest.FixtureRequest, known: Facts, tmp_path_factory: pytest.TempPathFactory) -> Case:
    path: Path = tmp_path_factory.mktemp("kernel") / "plan.yaml"
    path.write_text(PLANS[request.param], encoding="utf-8")
    plan = read_plan(path).plan
    evaluation = evaluate(plan, known, plan.finance.months)
    mixes = {
        str(site): mixed(evaluation, str(option))
        for site, option in evaluation.chosen.select("site", "option").iter_rows()
    }
    terrain, strategies = strategies_of(evaluation, mixes, dict.fromkeys(mixes, 0.0))
    energy = energy_years(plan, known)
    simulator = Simulator(terrain, strategies, energy, np.zeros(len(strategies)), ())
    waits = {site.id: wait for site in plan.sites if (wait := connection_months(site, known)) is not None}
    factors = factors_of(plan, energy, CURRENCIES, waits)
    drawn = factors.draw(*factors.points(WORLDS // REPLICATES))
    return Case(plan, simulator, energy, drawn, simulator.run(drawn.values, drawn.years))


WORLDS = 16


def test_every_strategy_costs_the_same(case: Case) -> None:
    """Present values to a billionth, and the hours that nothing serves."""
    for number in range(WORLDS):
        world = case.world(number)
        for at, strategy in enumerate(case.simulator.strategies):
            found = Reference(case.simulator.terrain, strategy, world)
            place = f"world {number}, {strategy.key}"
            assert found.present_value == pytest.approx(case.served.costs[number, at], rel=1e-9), place
            assert found.unserved == pytest.approx(case.served.unserved[number, at], rel=1e-9, abs=1e-6), (
                place
            )


def test_the_worlds_differ(case: Case) -> None:
    """A comparison of worlds that are all alike would prove little."""
    assert (case.served.costs.std(axis=0) > 0.01 * case.served.costs.mean(axis=0)).all()
    names = {strategy.name for strategy in case.simulator.strategies}
    assert {"on_demand", "rent", "own", "optimal"} <= names


def test_the_plans_use_the_rules(case: Case) -> None:
    """Each plan is there for something: orders that are not placed, signatures, work that nothing serves, a hall, an API."""
    strategies = case.simulator.strategies
    if case.plan.plan == "hall":
        assert any(s.servers is not None and s.servers.hall is not None for s in strategies)
        assert any(len(s.orders) > 2 for s in strategies)
        assert (case.drawn.values["production_success:steady"] == 0).any()
    if case.plan.plan == "grid":
        late = case.drawn.values["connection_delay:hall"]
        assert late.min() < -1 < 1 < late.max()
        assert any(o.delivery == 9 for s in strategies if s.site == "hall" for o in s.orders)
    if case.plan.plan == "batch":
        assert any(s.signed for s in strategies)
        assert (case.served.unserved > 0).any()
    if case.plan.plan == "tokens":
        assert any(s.name == "api" for s in strategies)
        assert any(way.share is not None for s in strategies for way in s.ways)
