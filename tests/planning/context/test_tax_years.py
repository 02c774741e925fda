"""Months before the first or after the last known rate of a tax are named, with the rate that they pay."""

from __future__ import annotations

import datetime as dt

import pytest

from brytpunkt.declarations import Plan
from brytpunkt.declarations.sections.tariffs import TaxSituation
from brytpunkt.planning.context.tax_years import unknown_tax_years
from brytpunkt.planning.inputs.planning_inputs import Facts
from brytpunkt.reporting.formats import Formats
from brytpunkt.reporting.phrases import phrases
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
    assert "is known from 2022-01 to 2022-07. " in before
    assert before.endswith("is the rate 'general' that began on 2023-07-01.")
    assert "is known from 2028-01 to 2029-07. " in after
    assert after.endswith("is the rate 'general' that began on 2026-01-01.")
    say = phrases(Formats(texts("sv"), "SEK"))
    assert "ingen energiskatt för DK är känd från 2028-01 till 2029-07" in say(after)


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
    found = [each for each in unknown_tax_years(denmark, known, firsts(1990)) if "no VAT of DK" in each]
    assert len(found) == warned


def test_conditional_rows_are_watched_too(plan: Plan, known: Facts) -> None:
    """The most specific of the rows that hold instead is named: the refund of a data centre, not the general rate."""
    denmark = of_denmark(plan, tax=TaxSituation(use="datacentre"))
    (found,) = unknown_tax_years(denmark, known, firsts(1980, 2025))
    assert "no electricity tax of DK is known from 1980-01 to 1980-07. " in found
    assert found.endswith("is the rate 'datacentre_refund' that began on 2023-07-01.")
