"""What is left at the horizon: read by hand in each way, and the end value at which owning and renting cost the same."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from brytpunkt.declarations import Finance
from brytpunkt.planning.compute import compute
from brytpunkt.planning.demand.volumes import volumes
from brytpunkt.planning.inputs.calendar import plan_months
from brytpunkt.planning.inputs.planning_inputs import Facts
from brytpunkt.planning.ledger.evaluate import evaluate
from brytpunkt.planning.result import Result
from brytpunkt.planning.verdicts.disruptions import decided
from brytpunkt.planning.verdicts.end_values import (
    Left,
    break_even_end_value,
    left_by,
    read_as,
    reads,
)
from tests.planning.optimal.test_optimal import SMALL, planned

FLAT = SMALL["workloads"][0] | {
    "demand": {"gpu_hours_per_day": 480, "gpu_model": "H100-SXM-80GB"},
    "weekly_shape": "flat",
}
QUIET: dict[str, Any] = {"scenarios": [], "disruptions": []}


def test_each_reading_by_hand() -> None:
    """1,000 with 300 left by book, 120 on the market, and a term of 50 beyond; a quarter goes to tax."""
    left = Left(continuing=300.0, resale=120.0, beyond=50.0, tax_rate=0.25)
    assert read_as(1000.0, left, "continuing") == 1000.0
    assert read_as(1000.0, left, "nothing") == 1000.0 + 350.0 * 0.75
    assert read_as(1000.0, left, "resale") == 1000.0 + 230.0 * 0.75


@pytest.mark.parametrize(
    ("rent", "multiple", "says"),
    [
        (1300.0, 0.0, "stands_without"),
        (1450.0, -0.5, "stands_without"),
        (1150.0, 0.5, "within_book"),
        (1000.0, 1.0, "within_book"),
        (940.0, 1.2, "needs_more_than_book"),
    ],
)
def test_the_end_value_at_which_both_cost_the_same(rent: float, multiple: float, says: str) -> None:
    found = break_even_end_value(1000.0, rent, Left(continuing=300.0, resale=0.0))
    assert found == pytest.approx(multiple)
    assert reads(found) == says


def test_where_nothing_is_left_no_multiple_helps() -> None:
    assert break_even_end_value(1000.0, 900.0, Left(0.0, 0.0)) is None
    assert reads(None) == "nothing_left"


@given(
    st.floats(100, 10_000), st.floats(100, 10_000), st.floats(1, 5000), st.sampled_from([0.0, 0.206, 0.25])
)
def test_at_that_end_value_they_do_cost_the_same(
    plan: float, rent: float, continuing: float, tax: float
) -> None:
    """The continuing value replaced by s times itself, the tax on it likewise."""
    multiple = break_even_end_value(plan, rent, Left(continuing, 0.0, tax_rate=tax))
    assert multiple is not None
    assert plan + (1 - multiple) * continuing * (1 - tax) == pytest.approx(rent)


@pytest.fixture(scope="module")
def flat(tmp_path_factory: pytest.TempPathFactory, known: Facts) -> Result:
    """A flat need of 20 GPUs over 18 months, its hour rented at 31.5 EUR or served by three servers."""
    plan = planned(
        tmp_path_factory.mktemp("flat"),
        finance={"horizon_months": 18},
        workloads=[FLAT],
        rent={"offers": [SMALL["rent"]["offers"][0] | {"price": {"eur": 31.5}}]},
        **QUIET,
    )
    return compute(plan, known)


def test_a_flat_plan_by_hand(flat: Result) -> None:
    """Every figure again from the rows of the ledger, and rent over 27 months from its hourly price."""
    rows = {row["reading"]: row for row in flat.readings.to_dicts() if row["strategy"] == "own"}
    assert set(rows) == {"continuing", "resale", "nothing", "long_horizon"}
    verdict = flat.verdicts.row(0, named=True)
    assert rows["continuing"]["kept_value"] == pytest.approx(verdict["npv_own"])
    left = flat.ledger.filter(pl.col("strategy") == "own", pl.col("component") == "continuing_value")
    worth = -float(left["present_value"].sum())
    assert rows["nothing"]["kept_value"] == pytest.approx(verdict["npv_own"] + worth)
    assert rows["nothing"]["rent_value"] == pytest.approx(verdict["npv_rent"])
    end = flat.end_values.filter(pl.col("strategy") == "own").row(0, named=True)
    saving = verdict["npv_rent"] - verdict["npv_own"]
    assert end["break_even"] == pytest.approx(1 - saving / worth)
    factor = 1.06**-1.5
    assert end["continuing"] * factor == pytest.approx(worth)
    assert rows["resale"]["kept_value"] == pytest.approx(verdict["npv_own"] + worth - end["resale"] * factor)
    bought = flat.ledger.filter(
        pl.col("strategy") == "own",
        pl.col("component").is_in(
            ["server_capex", "freight_and_duty", "network_capex", "installation", "spares"]
        ),
    )
    in_service = float(bought["amount"].sum())
    assert end["share_of_purchases"] == pytest.approx(end["break_even"] * end["continuing"] / in_service)
    assert rows["long_horizon"]["kept_value"] > rows["continuing"]["kept_value"]
    assert rows["long_horizon"]["rent_value"] == pytest.approx(
        sum(
            31.5 * 3 * hours * 1.06 ** (-(m + 1) / 12)
            for m, hours in enumerate(
                plan_months(Finance(start=flat.start, horizon_months=18), 27)["hours"].to_list()
            )
        ),
        rel=1e-6,
    )


def test_resale_is_the_markets_curve_by_age_less_removal(tmp_path: Path, known: Facts) -> None:
    """After 18 months half-way between the shares of the first and the second year."""
    plan = planned(
        tmp_path,
        finance={"horizon_months": 18, "discount_rate_per_year": 0.0},
        workloads=[FLAT],
        build={"resale_share_by_year": [0.6, 0.4, 0.2], "removal_share": 0.05, "price_path_per_year": 0.0},
        **QUIET,
    )
    evaluation = evaluate(plan, known, 18, scan=False)
    own = next(choice for choice in decided(evaluation, {}) if choice.strategy == "own")
    servers = sum(count for _, _, count in own.mix.bought)
    left = left_by(evaluation, evaluation.own, own.field, own.mix)
    assert left.resale == pytest.approx(servers * 200_000 * 0.45)
    assert left.continuing > left.resale


def test_a_term_that_crosses_the_horizon_is_charged_in_full_where_nothing_continues(
    tmp_path: Path, known: Facts
) -> None:
    """Six months at half the hourly price, signed at the start and again in month 6 of nine: three months lie beyond."""
    hourly = SMALL["rent"]["offers"][0]
    term = hourly | {"id": "half", "term": "reserved_1y", "price": {"eur": 8}}
    plan = planned(
        tmp_path,
        finance={"horizon_months": 9, "discount_rate_per_year": 0.0, "hours_per_month": 730},
        workloads=[FLAT],
        rent={"offers": [hourly, term]},
        **QUIET,
    )
    evaluation = evaluate(plan, known, 9, scan=False)
    rent = next(choice for choice in decided(evaluation, {}) if choice.strategy == "rent")
    assert rent.mix.signed, "a year at less than half the price is signed for nine months"
    rows = evaluation.rent.filter(pl.col("strategy") == "rent")
    left = left_by(evaluation, rows, rent.field, rent.mix)
    signed = sum(count for _, _, count in rent.mix.signed)
    assert left.beyond == pytest.approx(signed * 8 * 730 * 3)
    assert read_as(0.0, left, "nothing") == read_as(0.0, left, "resale") == pytest.approx(left.beyond)
    assert read_as(0.0, left, "continuing") == 0.0


def test_demand_stays_at_its_last_month_beyond_the_horizon(tmp_path: Path) -> None:
    """Doubling every year for nine months, then as much a day as in the ninth."""
    plan = planned(tmp_path, finance={"horizon_months": 9})
    months = plan_months(plan.finance, 14)
    daily = volumes(plan, months).sort("month")["declared_gpu_hours"] / months["hours"] * 24
    assert daily[8] == pytest.approx(480 * 2 ** (8 / 12))
    assert daily[9:].to_list() == pytest.approx([daily[8]] * 5)


def test_the_bridge_leads_to_the_levelised_cost(flat: Result) -> None:
    bars = dict(flat.bridge.select("step", "per_gpu_hour").iter_rows())
    verdict = flat.verdicts.row(0, named=True)
    assert list(bars) == ["full_use", "idle", "spares", "network", "staff", "storage_and_tax", "rent"]
    assert sum(bars.values()) == pytest.approx(verdict["lcoh_own"], rel=1e-12)
    # 24 GPUs stand for a flat need of 20, nothing stands by, and nothing is rented or stored
    assert bars["idle"] == pytest.approx(bars["full_use"] * (24 / 20 - 1))
    assert bars["rent"] == pytest.approx(0, abs=1e-9)
    assert bars["network"] > 0
    assert bars["staff"] > 0
    assert bars["storage_and_tax"] == 0
