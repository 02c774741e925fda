"""Tax years: months of a plan for which no rate is known, and the rate that they pay instead."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from brytpunkt.planning.energy.electricity_tax import applying, in_force, specificity
from brytpunkt.planning.note import Note

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence

    from brytpunkt.declarations import Plan, Site
    from brytpunkt.planning.energy.electricity_tax import Row
    from brytpunkt.planning.inputs.planning_inputs import Facts


def unknown_tax_years(plan: Plan, facts: Facts, days: Sequence[dt.date]) -> list[Note]:
    """Warnings about days on which no electricity tax or VAT of a site is known, with the row that is used.

    Before the first row, after the end of the last one, or between two. A row without an end holds until a
    successor is known. The VAT is that of the first day; a pinned price_per_kwh pays neither.
    """
    found = []
    for site in plan.sites:
        if site.energy.price_per_kwh is not None:
            continue
        found += _beyond(site, "unknown_electricity_tax", _tax_rows(site, facts), days)
        if site.energy.vat_recoverable_share < 1:
            rows = facts.tax_rules.filter(pl.col("country") == site.country, pl.col("kind") == "vat")
            found += _beyond(site, "unknown_vat", rows.to_dicts(), days[:1])
    return found


def _tax_rows(site: Site, facts: Facts) -> list[Row]:
    if site.energy.tax is not None:
        return [row for row in applying(site, facts) if row["kind"] == "rate"]
    segment = pl.col("segment") == site.energy.tax_segment
    rows = facts.energy_taxes.filter(pl.col("country") == site.country, segment)
    return rows.with_columns(
        rule=pl.col("segment"), flag=pl.lit(""), area=pl.lit("any"), use=pl.lit("any")
    ).to_dicts()


def _beyond(site: Site, code: str, rows: list[Row], days: Sequence[dt.date]) -> list[Note]:
    used: dict[tuple[str, dt.date], list[dt.date]] = {}
    for day in days:
        if rows and not in_force(rows, day, strict=True):
            row = max(in_force(rows, day), key=specificity)
            used.setdefault((row["rule"], row["valid_from"]), []).append(day)
    return [
        Note(
            code,
            site.id,
            {
                "site": site.name,
                "country": site.country,
                "first": min(beyond),
                "last": max(beyond),
                "rule": rule,
                "began": began,
            },
        )
        for (rule, began), beyond in used.items()
    ]
