"""Price outlook: history, percentiles of whole years, regime and warnings of each zone of a plan."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import polars as pl
import pytest
from pydantic import ValidationError

from brytpunkt.declarations import Plan
from brytpunkt.declarations.sections.general import Energy, ForwardPrice
from brytpunkt.declarations.values.money import Money
from brytpunkt.planning.energy.forward_prices import forward_step, planning_mean
from brytpunkt.planning.energy.price_outlook import (
    outlook_warnings,
    plan_price_years,
    plan_zones,
    price_gaps,
    price_outlook,
)
from brytpunkt.planning.inputs.money import exchange_rates
from brytpunkt.planning.inputs.planning_inputs import Facts
from brytpunkt.reporting.note_texts import english


def of(plan: Plan, known: Facts) -> pl.DataFrame:
    return price_outlook(plan, known, plan_price_years(plan, known))


def energy(plan: Plan, **changes: object) -> Plan:
    return plan.model_copy(update={"energy": plan.energy.model_copy(update=changes)})


def flat(known: Facts, levels: dict[int, float]) -> Facts:
    """The facts with every zone at one level a year and a tenth of each month's hours at or below 5 EUR/MWh."""
    rows = known.day_ahead_monthly.filter(pl.col("month").dt.year().is_in(list(levels))).with_columns(
        mean_eur_per_mwh=pl.col("month")
        .dt.year()
        .cast(pl.Int64)
        .replace_strict(levels, return_dtype=pl.Float64),
        coverage_share=pl.lit(1.0),
        apart_hours=pl.lit(None, dtype=pl.Int64),
        widest_apart_eur_per_mwh=pl.lit(None, dtype=pl.Float64),
        low_hours=(pl.col("month").dt.month_end().dt.day().cast(pl.Int64) * 24) // 10,
    )
    return replace(known, day_ahead_monthly=rows, as_of=dt.date(max(levels), 12, 31))


def test_percentiles_are_of_whole_years(plan: Plan, known: Facts) -> None:
    facts = flat(known, {2021: 60.0, 2022: 120.0, 2023: 30.0})
    table = of(plan, facts)
    assert table["zone"].to_list() == list(plan_zones(plan))
    row = table.row(0, named=True)
    assert row["planning_mean_eur_per_mwh"] == pytest.approx(70.0)
    assert (row["whole_years"], row["history_years"], row["filled_months"]) == (3, 3.0, 0)
    # three equal weights have their middles at 1/6, 1/2 and 5/6
    assert row["p10_eur_per_mwh"] == pytest.approx(30.0)
    assert row["p50_eur_per_mwh"] == pytest.approx(60.0)
    assert row["p90_eur_per_mwh"] == pytest.approx(120.0)
    assert row["newest_to_planning_ratio"] == pytest.approx(30 / 70)
    assert row["low_hours_share"] == pytest.approx(0.1, abs=0.001)


def test_a_crisis_that_weighs_nothing_leaves_the_percentiles(plan: Plan, known: Facts) -> None:
    facts = flat(known, {2021: 60.0, 2022: 120.0, 2023: 30.0})
    standard = next(f for f in plan.uncertainty.drawn() if f.distribution == "historical_years")
    light = plan.uncertainty.model_copy(
        update={"factors": (standard.model_copy(update={"weight_of_2022": 0.0}),)}
    )
    row = of(plan.model_copy(update={"uncertainty": light}), facts).row(0, named=True)
    assert row["p90_eur_per_mwh"] < 120.0
    assert row["p50_eur_per_mwh"] == pytest.approx(45.0)


def test_short_histories_and_changed_regimes_are_warned_about(plan: Plan, known: Facts) -> None:
    facts = flat(known, {2022: 120.0, 2023: 30.0})
    said = [*map(english, outlook_warnings(plan, of(plan, facts)))]
    assert any("has 2.0 years of prices, fewer than 3" in text for text in said)
    assert any("0.4 times the planned 75: the regime has changed" in text for text in said)
    calm = outlook_warnings(plan, of(plan, flat(known, {2020: 50.0, 2021: 50.0, 2022: 50.0, 2023: 50.0})))
    assert calm == ()


def test_the_bundled_history_shows_what_2026_did_to_the_north(plan: Plan, known: Facts) -> None:
    table = of(plan, known)
    assert set(table["whole_years"]) == {5}
    assert table.filter(pl.col("p10_eur_per_mwh") > pl.col("p50_eur_per_mwh")).is_empty()
    gaps = price_gaps(plan, known, plan_price_years(plan, known))
    assert set(gaps["method"]) <= {"ratio of the most correlated zone"}
    refused = plan_price_years(energy(plan, month_gaps="refuse"), known)
    assert refused is not None
    assert refused.filled.is_empty()
    assert len(refused.starts) < 5


def test_a_plan_without_spot_prices_has_no_outlook(plan: Plan, known: Facts) -> None:
    pinned = plan.sites[0].energy.model_copy(update={"price_per_kwh": object()})
    fixed = plan.model_copy(update={"sites": (plan.sites[0].model_copy(update={"energy": pinned}),)})
    assert plan_price_years(fixed, known) is None
    assert of(fixed, known).is_empty()


def test_hours_that_were_filled_are_told_beside_the_months(plan: Plan, known: Facts) -> None:
    facts = flat(known, {2021: 60.0, 2022: 120.0, 2023: 30.0})
    zone, month = plan_zones(plan)[0], dt.date(2022, 5, 1)
    here = (pl.col("zone") == zone) & (pl.col("month") == month)
    basis = pl.when(here).then(pl.lit("hourly, 2 h filled by interpolate")).otherwise("basis")
    live = replace(facts, day_ahead_monthly=facts.day_ahead_monthly.with_columns(basis=basis))
    gaps = price_gaps(plan, live, plan_price_years(plan, live))
    assert gaps.select("zone", "month", "method").rows() == [
        (zone, month, "hourly, 2 h filled by interpolate")
    ]


def test_a_declared_forward_price_is_what_the_year_costs(plan: Plan, known: Facts) -> None:
    site = next(site for site in plan.sites if site.zone and site.energy.price_per_kwh is None)
    year = plan.finance.start.year + 1
    forward = ForwardPrice(zone=site.zone or "", year=year, price_per_mwh=Money(amount=77.0, currency="EUR"))
    declared = energy(plan, forwards=(forward,))
    fx = exchange_rates(plan.finance, known)
    months = pl.DataFrame(
        {"date": pl.date_range(dt.date(year - 1, 1, 1), dt.date(year + 1, 12, 1), "1mo", eager=True)}
    )
    step = months.with_columns(step=forward_step(site, declared, known, fx, pl.lit(1.5)))
    by_year = dict(
        step.group_by(pl.col("date").dt.year().cast(pl.Int64)).agg(pl.col("step").first()).iter_rows()
    )
    assert by_year[year] * planning_mean(plan, known, site.zone or "") == pytest.approx(77.0)
    assert (by_year[year - 1], by_year[year + 1]) == (1.5, 1.5)


def test_two_forward_prices_for_a_year_are_refused() -> None:
    one = {"zone": "SE3", "year": 2027, "price_per_mwh": {"eur": 50.0}}
    with pytest.raises(ValidationError, match="SE3 has two forward prices for 2027"):
        Energy.model_validate({"forwards": (one, one)}, strict=False)
