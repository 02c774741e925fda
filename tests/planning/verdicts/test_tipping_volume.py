"""From which volume on owning saves enough, with everything planned anew at each: held against plans that declare those volumes."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import polars as pl
import pytest

from brytpunkt.declarations import read_plan
from brytpunkt.planning.compute import compute
from brytpunkt.planning.inputs.planning_inputs import Facts
from brytpunkt.planning.ledger.evaluate import Evaluation, evaluate
from brytpunkt.planning.verdicts.tipping_volume import (
    CLOSE,
    LEAST_SAVING_SHARE,
    Tipping,
    filling_scale,
    scales,
    state_of,
    tipping_volumes,
)

# tests of a model run for a few hours a day: far below what one server carries, so that the plan rents
PLAN = """\
plan: nightly-tests
finance: {start: 2027-03-01, horizon_months: 48, hours_per_month: 730}
workloads:
  - id: tests
    kind: training
    demand: {gpu_hours_per_day: HOURS, gpu_model: H100-SXM-80GB}
    residency: any
    redundancy_units: 0
    min_replicas: 1
    max_delay_days: 0
    headroom: 0
sites:
  - {id: boden, country: SE, zone: SE1, climate: lulea, colocation: {price_per_kw_month: {eur: 120}, basis: a test},
     energy: {price_per_kwh: {eur: 0.07}}, staff: {min_fte: 0.5}}
build:
  servers:
    - {id: eight, gpu_model: H100-SXM-80GB, gpu_count: 8, gpu_memory_gb: 80, price: {usd: 210000}, nameplate_kw: 10.2}
    - {id: two, gpu_model: H100-SXM-80GB, gpu_count: 2, gpu_memory_gb: 80, price: {usd: 95000}, nameplate_kw: 3.1}
rent:
  providers: [somebody]
  offers:
    - {id: hourly, provider: somebody, gpu_model: H100-SXM-80GB, gpu_count: 1, term: on_demand, price: {eur: 2.9}}
    - {id: years, provider: somebody, gpu_model: H100-SXM-80GB, gpu_count: 1, term: reserved_1y, price: {eur: 2.3}}
uncertainty: {draws: 0}
scenarios: []
disruptions: []
"""
DECLARED = 6.0
Evaluated = Callable[[float], Evaluation]


@pytest.fixture(scope="module")
def declared(tmp_path_factory: pytest.TempPathFactory, known: Facts) -> Evaluated:
    folder = tmp_path_factory.mktemp("tipping")

    def at(hours: float) -> Evaluation:
        path = folder / "plan.yaml"
        path.write_text(PLAN.replace("HOURS", str(hours)), encoding="utf-8")
        plan = read_plan(path).plan
        return evaluate(plan, known, plan.finance.months, scan=False)

    return at


@pytest.fixture(scope="module")
def found(declared: Evaluated) -> Tipping:
    return tipping_volumes(declared(DECLARED))


def saving(evaluation: Evaluation) -> tuple[float, float, float]:
    """Rent, own, and what owning saves as a share of rent, by the ledger."""
    rent = float(evaluation.rent.filter(pl.col("strategy") == "rent")["pv_cents"].sum()) / 100
    own = float(evaluation.chosen["pv_cents"][0]) / 100
    return rent, own, (rent - own) / rent


def test_every_volume_is_what_a_plan_that_declares_it_says(declared: Evaluated, found: Tipping) -> None:
    rows = found.volumes.sort("volume_scale")
    for row in rows.gather([0, 3, rows.height // 2, rows.height - 3, rows.height - 1]).to_dicts():
        evaluation = declared(DECLARED * row["volume_scale"])
        rent, own, share = saving(evaluation)
        assert row["rent"] == pytest.approx(rent, abs=0.02)
        assert row["own"] == pytest.approx(own, abs=0.02)
        assert row["saving_share"] == pytest.approx(share, abs=1e-6)
        assert row["option"] == evaluation.chosen["option"][0]


def test_the_plans_on_either_side_of_the_tipping_volume_differ(declared: Evaluated, found: Tipping) -> None:
    """Planned with 2 % less, owning does not save 3 %; with that volume and every larger one tried, it does."""
    (point,) = found.points.to_dicts()
    assert point["tipping_state"] == "crosses"
    tips = point["tipping_scale"]
    assert saving(declared(DECLARED * tips))[2] >= LEAST_SAVING_SHARE
    assert saving(declared(DECLARED * tips / CLOSE))[2] < LEAST_SAVING_SHARE
    above = found.volumes.filter(pl.col("volume_scale") >= tips)
    assert above["is_own_better"].all()
    assert above.height > 5


def test_servers_are_planned_anew(found: Tipping) -> None:
    """The small server at small volumes, the large one at large ones: not whatever the plan itself would buy."""
    taken = found.volumes.sort("volume_scale")["option"].str.split("/").list.last().to_list()
    assert taken[0] == "two"
    assert taken[-1] == "eight"


def test_the_range_reaches_four_of_the_largest_server(declared: Evaluated, found: Tipping) -> None:
    """6 GPU-hours a day are a quarter of a GPU: 32 GPUs are 128 times as many."""
    assert filling_scale(declared(DECLARED)) == pytest.approx(128)
    assert found.volumes["volume_scale"].min() == pytest.approx(1 / 50)
    assert found.volumes["volume_scale"].max() == pytest.approx(128)
    assert found.points.select("tipping_from_scale", "tipping_to_scale").row(0) == pytest.approx(
        (1 / 50, 128)
    )


def test_every_change_is_listed(found: Tipping) -> None:
    """Between two neighbouring volumes that differ lies one row, and nowhere else."""
    rows = found.volumes.sort("volume_scale")
    better, scale = rows["is_own_better"].to_list(), rows["volume_scale"].to_list()
    changes = [at for at in range(1, len(better)) if better[at] != better[at - 1]]
    assert found.turns["volume_scale"].to_list() == [scale[at] for at in changes]
    assert found.turns["last_scale"].to_list() == [scale[at - 1] for at in changes]
    assert found.turns["towards"].to_list() == ["own" if better[at] else "rent" for at in changes]


@pytest.mark.parametrize(
    ("better", "turns", "expected"),
    [
        ([True, True, True], [], ("own_throughout", None)),
        ([False, False], [], ("rent_throughout", None)),
        ([False, True], [(1.0, 1.02)], ("crosses", 1.02)),
        ([False, True, False, True], [(1, 2), (2, 3), (4, 4.05)], ("crosses", 4.05)),
        ([False, True, False], [(1, 2), (2, 3)], ("rent_at_the_top", None)),
    ],
)
def test_what_is_said_of_the_range(
    better: list[bool], turns: list[tuple[float, float]], expected: tuple[str, float | None]
) -> None:
    assert state_of(better, turns) == expected


def test_steps_go_through_the_plan_itself() -> None:
    grid = scales(0.02, 10.0)
    assert 1.0 in grid
    assert (grid[0], grid[-1]) == (0.02, 10.0)
    assert max(b / a for a, b in pairwise(grid)) <= 1.25 + 1e-9


def test_rent_that_nothing_beats_is_said_of_the_range(
    declared: Evaluated, tmp_path_factory: pytest.TempPathFactory, known: Facts
) -> None:
    path = tmp_path_factory.mktemp("cheap") / "plan.yaml"
    text = PLAN.replace("eur: 2.9", "eur: 0.3").replace("eur: 2.3", "eur: 0.25").replace("HOURS", "30")
    path.write_text(text, encoding="utf-8")
    plan = read_plan(path).plan
    row = compute(plan, known).verdicts.row(0, named=True)
    assert row["tipping_state"] == "rent_throughout"
    assert row["tipping_scale"] is None
    assert row["tipping_gpu_hours_per_day"] is None
    assert (row["tipping_from_scale"], row["tipping_to_scale"]) == pytest.approx((0.02, 25.6))


def test_the_verdict_states_the_volume_in_gpu_hours_a_day(
    found: Tipping, tmp_path_factory: pytest.TempPathFactory, known: Facts
) -> None:
    """Just above 288, which twelve GPUs do around the clock: then a thirteenth has to be rented."""
    path = tmp_path_factory.mktemp("verdict") / "plan.yaml"
    path.write_text(PLAN.replace("HOURS", str(DECLARED)), encoding="utf-8")
    row = compute(read_plan(path).plan, known).verdicts.row(0, named=True)
    assert row["tipping_scale"] == found.points["tipping_scale"][0]
    assert row["tipping_gpu_hours_per_day"] == pytest.approx(DECLARED * row["tipping_scale"], rel=1e-9)
    assert 288 < row["tipping_gpu_hours_per_day"] < 288 * CLOSE
    assert row["tipping_tokens_per_day"] is None
