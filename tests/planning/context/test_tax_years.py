"""Months before the first or after the last known rate of a tax are named, with the rate that they pay."""

from __future__ import annotations

import datetime as dt

import pytest

from brytpunkt.declarations import Plan
from brytpunkt.declarations.sections.tariffs import TaxSituation
from brytpunkt.planning.context.tax_years import unknown_tax_years
from brytpunkt.planning.inputs.planning_inputs import Facts
from brytpunkt.reporting.formats import Formats
from brytpunkt.reporting.note_texts import NoteTexts, english
from brytpunkt.reporting.translations import texts


def of_denmark(plan: Plan, **energy: object) -> Plan:
    """The plan's Danish site alone, with these keys of its energy."""
    site = next(each for each in plan.sites if each.country == "DK")
    changed = site.energy.model_copy(update={"tax": None, "price_per_kwh": None} | energy)
    return plan.model_copy(update={"sites": (site.model_copy(update={"energy": changed}),)})


def firsts(*years: int) -> list[dt.date]:
    return [dt.date(year, month, 1) for year in years for month in (1, 7)]


def test_months_after_the_last_rate_and_before_the_first(plan: Plan, known: Facts) -> None:
    """The general Danish rates of the table run from July 2023 to the end of 2027."""
    denmark = of_denmark(plan, tax_segment="general")
    assert unknown_tax_years(denmark, known, firsts(2024, 2025, 2026, 2027)) == []
    before, after = unknown_tax_years(denmark, known, firsts(2022, 2027, 2028, 2029))
    assert "is known from January 2022 to July 2022. " in english(before)
    assert english(before).endswith("is the rate 'general' that began on 1 Jul 2023.")
    assert "is known from January 2028 to July 2029. " in english(after)
    assert english(after).endswith("is the rate 'general' that began on 1 Jan 2026.")
    say = NoteTexts(Formats(texts("sv"), "SEK"))
    assert "ingen energiskatt för DK är känd från januari 2028 till juli 2029" in say(after)


def test_a_rate_without_an_end_holds(plan: Plan, known: Facts) -> None:
    assert unknown_tax_years(of_denmark(plan, tax_segment="datacentre"), known, firsts(2024, 2040)) == []


def test_a_pinned_price_pays_no_tax_of_the_table(plan: Plan, known: Facts) -> None:
    pinned = next(s.energy.supplier_margin_per_mwh for s in plan.sites)
    assert unknown_tax_years(of_denmark(plan, price_per_kwh=pinned), known, firsts(2001)) == []


@pytest.mark.parametrize(("share", "warned"), [(1.0, 0), (0.5, 1)])
def test_the_value_added_tax_counts_where_it_is_a_cost(
    plan: Plan, known: Facts, share: float, warned: int
) -> None:
    denmark = of_denmark(plan, tax_segment="datacentre", vat_recoverable_share=share)
    found = [
        each for each in unknown_tax_years(denmark, known, firsts(1990)) if "no VAT of DK" in english(each)
    ]
    assert len(found) == warned


def test_conditional_rows_are_watched_too(plan: Plan, known: Facts) -> None:
    """The most specific of the rows that hold instead is named: the refund of a data centre, not the general rate."""
    denmark = of_denmark(plan, tax=TaxSituation(use="datacentre"))
    (found,) = unknown_tax_years(denmark, known, firsts(1980, 2025))
    assert "no electricity tax of DK is known from January 1980 to July 1980. " in english(found)
    assert english(found).endswith("is the rate 'datacentre_refund' that began on 1 Jul 2023.")
