"""Days in doubt behind a plan's market prices are a warning with the amount that hangs on them, by hand."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

from brytpunkt.planning.context.doubtful_prices import doubtful_prices, in_doubt
from brytpunkt.planning.inputs.planning_inputs import Facts
from brytpunkt.planning.ledger.evaluate import evaluate
from brytpunkt.planning.verdicts.verdicts import energy_by_month
from brytpunkt.reporting.formats import Formats
from brytpunkt.reporting.note_texts import NoteTexts, english
from brytpunkt.reporting.translations import texts
from tests.planning.energy.test_tariff import KWH, plan_of

DOUBTED = {"zone": pl.String, "day": pl.Date, "publisher": pl.String, "kind": pl.String, "detail": pl.String}
JANUARY = dt.date(2026, 1, 1)


def doubted(known: Facts, *days: dt.date, publisher: str = "entsoe", zone: str = "SE1") -> Facts:
    """Facts in which January 2026 is our own statistic of ENTSO-E's hours, and some days are in doubt."""
    own = pl.when((pl.col("zone") == "SE1") & (pl.col("month") == JANUARY)).then(
        pl.lit("own statistics of published day-ahead prices of energy-charts, entsoe")
    )
    monthly = known.day_ahead_monthly.with_columns(source=own.otherwise("source"))
    rows = [(zone, day, publisher, "day of zeros", "all 24 hours cost 0") for day in days]
    found = pl.DataFrame(rows, schema=DOUBTED, orient="row")
    return replace(known, day_ahead_monthly=monthly, price_findings=found)


def test_the_amount_is_the_days_part_of_the_months_part_of_januarys_market_energy(
    tmp_path: Path, known: Facts
) -> None:
    facts = doubted(known, dt.date(2026, 1, 8), dt.date(2026, 1, 9))
    plan = plan_of(tmp_path, "SE", "SE1", {"tax": {}})
    evaluation = evaluate(plan, facts, 1, scan=False)
    energy = energy_by_month(evaluation, facts)
    [doubt] = doubtful_prices(plan, facts, evaluation.basis.fx, energy)
    januaries = facts.day_ahead_monthly.filter(
        pl.col("zone") == "SE1", pl.col("month").dt.month() == 1,
        pl.col("month") >= dt.date.fromisoformat(f"{plan.energy.history_from}-01"),
    )  # fmt: skip
    part = (
        januaries.filter(pl.col("month") == JANUARY)["mean_eur_per_mwh"].item()
        / januaries["mean_eur_per_mwh"].sum()
    )
    [spot] = energy["spot"].to_list()
    assert doubt.amount == pytest.approx(spot * KWH / 1000 * part * 2 / 31, rel=1e-6)
    assert (doubt.days, doubt.months, doubt.newest, doubt.kind) == (2, 1, dt.date(2026, 1, 9), "day of zeros")
    [warning] = in_doubt(plan, facts, evaluation.basis.fx, energy)
    assert f"{doubt.amount:,.0f} EUR of the plan hang on them" in english(warning)
    say = NoteTexts(Formats(texts("sv"), "EUR"))
    assert "ett dygn med bara nollor" in say(warning)


@pytest.mark.parametrize(
    ("energy", "finding"),
    [
        ({"tax": {}}, {"publisher": "ember"}),
        ({"tax": {}}, {"zone": "SE2"}),
        ({"tax": {}, "ppa_per_mwh": {"eur": 40}, "hedged_share": 1.0}, {}),
        ({"price_per_kwh": {"eur": 0.05}}, {}),
    ],
)
def test_what_the_plan_does_not_use_is_no_warning(
    tmp_path: Path, known: Facts, energy: dict[str, object], finding: dict[str, str]
) -> None:
    facts = doubted(known, dt.date(2026, 1, 8), **finding)
    plan = plan_of(tmp_path, "SE", "SE1", energy)
    evaluation = evaluate(plan, facts, 1, scan=False)
    assert in_doubt(plan, facts, evaluation.basis.fx, energy_by_month(evaluation, facts)) == []
