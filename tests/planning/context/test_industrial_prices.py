"""The plan's price beside Eurostat's industrial price: by hand, and a warning only where it is far off."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

from brytpunkt.planning.context.industrial_prices import far_from_industry, industrial_comparison
from brytpunkt.planning.inputs.planning_inputs import Facts
from brytpunkt.planning.ledger.evaluate import evaluate
from brytpunkt.planning.verdicts.verdicts import energy_by_month
from brytpunkt.reporting.formats import Formats
from brytpunkt.reporting.note_texts import NoteTexts
from brytpunkt.reporting.translations import texts
from tests.planning.energy.test_tariff import KW, KWH, plan_of


def bound(known: Facts, eur_per_kwh: float) -> Facts:
    """The facts with one industrial price for Germany."""
    row = known.industrial_bounds.filter(pl.col("country") == "DE")
    return replace(known, industrial_bounds=row.with_columns(eur_per_kwh=pl.lit(eur_per_kwh)))


def test_the_price_of_the_first_year_is_all_in(tmp_path: Path, known: Facts) -> None:
    """All energy under contract at 60, margin 2, German tax 20.5 and fees; January's peak fee is 42.32 / 12 a kW."""
    energy = {
        "tariff": "de-nrm-ms-2013", "tax": {}, "ppa_per_mwh": {"eur": 60}, "hedged_share": 1.0,
        "supplier_margin_per_mwh": {"eur": 2},
    }  # fmt: skip
    plan = plan_of(tmp_path, "DE", "DE-LU", energy)
    evaluation = evaluate(plan, bound(known, 0.1), 1, scan=False)
    drawn = energy_by_month(evaluation, known)
    [row] = industrial_comparison(plan, bound(known, 0.1), evaluation.basis.fx, drawn).to_dicts()
    expected = 60 + 2 + 20.5 + 4.9 + KW * 42.32 / 12 / (KWH / 1000)
    assert row["plan_eur_per_mwh"] == pytest.approx(expected, abs=0.001)
    assert row["industry_eur_per_mwh"] == 100.0
    assert row["half_year"] == dt.date(2025, 1, 1)
    assert row["is_far"] is False


@pytest.mark.parametrize(("eur_per_kwh", "is_far"), [(0.04, True), (0.1, False), (0.3, True)])
def test_far_from_the_bound_is_a_warning_in_both_languages(
    tmp_path: Path, known: Facts, eur_per_kwh: float, is_far: bool
) -> None:
    energy = {"ppa_per_mwh": {"eur": 78}, "hedged_share": 1.0, "tax": {}}
    plan = plan_of(tmp_path, "DE", "DE-LU", energy)
    facts = bound(known, eur_per_kwh)
    evaluation = evaluate(plan, facts, 1, scan=False)
    found = industrial_comparison(plan, facts, evaluation.basis.fx, energy_by_month(evaluation, facts))
    warnings = far_from_industry(plan, found)
    assert found["is_far"].to_list() == [is_far]
    assert len(warnings) == is_far
    say = NoteTexts(Formats(texts("sv"), "EUR"))
    assert all(say(warning).startswith("Energipriset ligger långt från") for warning in warnings)


def test_a_country_without_a_bound_is_not_compared(tmp_path: Path, known: Facts) -> None:
    plan = plan_of(tmp_path, "SE", "SE3", {"tax": {}})
    evaluation = evaluate(plan, known, 1, scan=False)
    drawn = energy_by_month(evaluation, known)
    assert industrial_comparison(plan, bound(known, 0.1), evaluation.basis.fx, drawn).is_empty()
