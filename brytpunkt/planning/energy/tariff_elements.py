"""Elements of a grid tariff: charges with their bands, the hours in which they hold, and the version in force on a day.

Belongs here: reading a declared or named tariff. Does not belong here: what a month or a year of it costs (tariff.py).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import polars as pl

if TYPE_CHECKING:
    from brytpunkt.declarations import Site
    from brytpunkt.planning.inputs.money import Fx
    from brytpunkt.planning.inputs.planning_inputs import Facts

HOURS, WEEKEND_FROM = 24, 5
ALWAYS = dt.date(1, 1, 1)


@dataclass(frozen=True)
class Element:
    """One charge with its bands: (lower edge, price in the plan's currency), window and time in force."""

    name: str
    charge: str
    bands: tuple[tuple[float, float], ...]
    is_whole: bool = False
    months: tuple[int, int] | None = None
    days: str = ""
    hours: tuple[int, int] | None = None
    valid_from: dt.date = ALWAYS
    valid_to: dt.date | None = None

    def holds(self, month_of_year: int) -> bool:
        """Whether its window has hours in a month of the year; 11-3 goes over the turn of the year."""
        return self.months is None or _within(month_of_year, *self.months)

    def takes(self, hour_of_week: int) -> bool:
        """Whether a local hour of the week lies in its window; hours 22-6 go over midnight."""
        day, hour = divmod(hour_of_week, HOURS)
        if self.days and (day >= WEEKEND_FROM) != (self.days == "weekend"):
            return False
        return self.hours is None or (
            self.hours[0] <= hour < self.hours[1]
            if self.hours[0] < self.hours[1]
            else hour >= self.hours[0] or hour < self.hours[1]
        )


def _within(value: int, first: int, last: int) -> bool:
    return first <= value <= last if first <= last else value >= first or value <= last


def elements(site: Site, facts: Facts, fx: Fx) -> tuple[Element, ...]:
    """The elements of a site's tariff, declared or named, every version of them."""
    if site.energy.tariff_elements:
        rows: list[dict[str, Any]] = [
            {
                "element": item.id,
                "charge": item.charge,
                "band_rule": item.band_rule,
                "band_from": item.band_from,
                "price": fx.convert(item.price),
                "months": item.months or "",
                "days": item.days or "",
                "hours": item.hours or "",
                "valid_from": ALWAYS,
                "valid_to": None,
            }
            for item in site.energy.tariff_elements
        ]
    else:
        known = facts.grid_tariffs.filter(pl.col("tariff") == (site.energy.tariff or ""))
        rows = [
            row | {"price": row["value_native"] * fx.rate(row["native_currency"])} for row in known.to_dicts()
        ]
    found: dict[tuple[str, dt.date], Element] = {}
    for row in sorted(rows, key=lambda row: (row["element"], row["valid_from"], row["band_from"])):
        key = row["element"], row["valid_from"]
        band = (float(row["band_from"]), float(row["price"]))
        if key in found:
            found[key] = replace(found[key], bands=(*found[key].bands, band))
        else:
            found[key] = Element(
                row["element"],
                row["charge"],
                (band,),
                row["band_rule"] == "whole",
                _span(row["months"]),
                row["days"],
                _span(row["hours"]),
                row["valid_from"],
                row["valid_to"],
            )
    return tuple(found.values())


def _span(text: str) -> tuple[int, int] | None:
    if not text:
        return None
    first, _, last = text.partition("-")
    return int(first), int(last)


def in_force(found: Iterable[Element], day: dt.date) -> list[Element]:
    """The newest version of each element that has begun; before the first, the first."""
    by_name: dict[str, list[Element]] = {}
    for element in found:
        by_name.setdefault(element.name, []).append(element)
    chosen = []
    for versions in by_name.values():
        ordered = sorted(versions, key=lambda element: element.valid_from)
        begun = [element for element in ordered if element.valid_from <= day]
        element = begun[-1] if begun else ordered[0]
        if element.valid_to is None or element.valid_to > day:
            chosen.append(element)
    return chosen
