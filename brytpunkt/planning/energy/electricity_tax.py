"""Taxes: which dated, conditional rows of the electricity tax a site pays in a month, and its VAT.

Belongs here: choosing rows. Does not belong here: rates (facts) or the older ``tax_segment`` (energy.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import polars as pl

from brytpunkt.errors import InputError, Problem

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable

    from brytpunkt.declarations import Site
    from brytpunkt.planning.inputs.money import Fx
    from brytpunkt.planning.inputs.planning_inputs import Facts

Row = dict[str, Any]
Bands = tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Tax:
    """Tax in force in a month: bands of the yearly use [kWh] with their rates [plan currency/kWh]."""

    rule: str
    bands: Bands


def tax_in_force(site: Site, facts: Facts, fx: Fx, day: dt.date) -> Tax:
    """The tax on a day: of the rates that apply the most specific one, less deductions, plus levies, less relief.

    A rate whose successor is not known stays in force, and days before the first known rate pay it. A flag is
    more specific than an area, an area more than a use. Raises ``InputError`` where the country has no rate,
    two equally specific rates apply, or a relief is granted without its share.
    """
    return taxes_in_force(site, facts, fx, [day])[0]


def taxes_in_force(site: Site, facts: Facts, fx: Fx, days: Iterable[dt.date]) -> list[Tax]:
    """``tax_in_force`` on each of the days."""
    rows = [row for row in applying(site, facts) if row["kind"] in ("rate", "deduction", "levy", "relief")]
    return [_on(day, rows, site, fx) for day in days]


def _on(day: dt.date, rows: list[Row], site: Site, fx: Fx) -> Tax:
    situation = site.energy.tax
    assert situation is not None
    where = f"sites.{site.id}.energy.tax"
    rates = in_force([row for row in rows if row["kind"] == "rate"], day)
    if not rates:
        raise _problem(
            where, f"no electricity tax of {site.country} is known for this use", "pin price_per_kwh"
        )
    best = max(specificity(row) for row in rates)
    chosen = [row for row in rates if specificity(row) == best]
    names = sorted({row["rule"] for row in chosen})
    if len(names) > 1:
        raise _problem(where, f"{' and '.join(names)} apply alike", "leave out one of the flags")
    extra = _sum(in_force([row for row in rows if row["kind"] == "levy"], day, strict=True), fx)
    less = _sum(in_force([row for row in rows if row["kind"] == "deduction"], day, strict=True), fx)
    granted = in_force([row for row in rows if row["kind"] == "relief"], day, strict=True)
    if granted and situation.relief_share is None:
        message = f"{granted[0]['rule']}: what one site gets is not published"
        raise _problem(f"{where}.relief_share", message, "state the share of the tax that is paid back")
    kept = 1 - min(situation.relief_share or 0.0, granted[0]["value_native"]) if granted else 1.0
    edges = sorted(chosen, key=lambda row: row["band_from_kwh_per_year"])
    bands = tuple(
        (
            float(row["band_from_kwh_per_year"]),
            max(0.0, float(row["value_native"]) * fx.rate(row["native_currency"]) - less) * kept + extra,
        )
        for row in edges
    )
    return Tax(names[0], bands)


def _problem(where: str, message: str, hint: str) -> InputError:
    return InputError((Problem(where, message, hint),))


def applying(site: Site, facts: Facts) -> list[Row]:
    """Rows of the country whose conditions the site meets."""
    situation = site.energy.tax
    assert situation is not None
    return facts.tax_rules.filter(
        pl.col("country") == site.country,
        pl.col("use").is_in(["any", situation.use]),
        pl.col("area").is_in(["any", situation.area]),
        pl.col("flag").is_in(["", *situation.flags]),
    ).to_dicts()


def specificity(row: Row) -> tuple[bool, bool, bool]:
    """Sorts rates that apply: a flag before an area before a use."""
    return row["flag"] != "", row["area"] != "any", row["use"] != "any"


def in_force(rows: list[Row], day: dt.date, *, strict: bool = False) -> list[Row]:
    """Of every rule the rows of its newest version that has begun; a rule that ended is out.

    Not ``strict``: where no rule is in force, the last one that was (or the first one to come) stays.
    """
    versions = {
        (row["rule"], row["valid_from"])
        for row in rows
        if row["valid_from"] <= day and (row["valid_to"] is None or row["valid_to"] > day)
    }
    if not versions and rows and not strict:
        begun = [row for row in rows if row["valid_from"] <= day]
        edge = max(row["valid_from"] for row in begun) if begun else min(row["valid_from"] for row in rows)
        versions = {(row["rule"], edge) for row in rows if row["valid_from"] == edge}
    newest = {rule: max(day for name, day in versions if name == rule) for rule, _ in versions}
    return [row for row in rows if newest.get(row["rule"]) == row["valid_from"]]


def _sum(rows: list[Row], fx: Fx) -> float:
    return sum(float(row["value_native"]) * fx.rate(row["native_currency"]) for row in rows)


def unrecovered_vat(site: Site, facts: Facts, day: dt.date) -> float:
    """VAT on energy that stays a cost, as a share of the price with fees and tax. [1]

    The tax base is energy, margin, guarantees, grid fees and electricity tax together.
    """
    lost = 1 - site.energy.vat_recoverable_share
    if lost <= 0 or site.energy.price_per_kwh is not None:
        return 0.0
    rows = facts.tax_rules.filter(pl.col("country") == site.country, pl.col("kind") == "vat").to_dicts()
    if not rows:
        where = f"sites.{site.id}.energy.vat_recoverable_share"
        raise _problem(
            where, f"the VAT of {site.country} is not known", "leave it at 1, or pin price_per_kwh"
        )
    return lost * float(in_force(rows, day)[0]["value_native"])
