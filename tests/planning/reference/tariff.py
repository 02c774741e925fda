"""Tariffs, conditional taxes, heat and waiting for the grid: the rules of chapter 6 that a site declares."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from itertools import pairwise
from statistics import NormalDist
from typing import Any

from brytpunkt.declarations import Site
from tests.planning.reference.world import Cell, World

Row = dict[str, Any]


@dataclass(frozen=True)
class Charge:
    """A charge of a month: its bands (edge, price a unit), and the share of each cell's hours in its window."""

    name: str
    kind: str
    whole: bool
    bands: tuple[tuple[float, float], ...]
    window: dict[Cell, float]

    def added(self, before: float, amount: float) -> float:
        """Cost of kW or kWh on top of what is measured before."""
        return self.cost(before + amount) - self.cost(before)

    def cost(self, amount: float) -> float:
        """Cost of kW or kWh."""
        edges = [edge for edge, _ in self.bands] + [float("inf")]
        cost = 0.0
        for number, (edge, price) in enumerate(self.bands):
            if self.whole:
                cost += price * amount if edge <= amount < edges[number + 1] else 0.0
            else:
                cost += price * min(max(0.0, amount - edge), edges[number + 1] - edge)
        return cost


def takes(row: Row, month_of_year: int, hour_of_week: int) -> bool:
    """Whether an hour lies in the window of an element."""
    day, hour = divmod(hour_of_week, 24)
    if row["months"]:
        first, last = map(int, row["months"].split("-"))
        months = range(first, last + 1) if first <= last else [*range(first, 13), *range(1, last + 1)]
        if month_of_year not in months:
            return False
    if row["days"] == "weekday" and day > 4:
        return False
    if row["days"] == "weekend" and day < 5:
        return False
    if row["hours"]:
        begin, end = map(int, row["hours"].split("-"))
        hours = range(begin, end) if begin < end else [*range(begin, 24), *range(end)]
        return hour in hours
    return True


def rows_of(world: World, site: Site) -> list[Row]:
    """Elements of a site's tariff as rows, with their price in the plan's currency."""
    if site.energy.tariff_elements:
        return [
            {
                "element": e.id,
                "charge": e.charge,
                "whole": e.band_rule == "whole",
                "from": e.band_from,
                "price": world.money(e.price),
                "months": e.months or "",
                "days": e.days or "",
                "hours": e.hours or "",
                "valid_from": dt.date(1, 1, 1),
            }
            for e in site.energy.tariff_elements
        ]
    return [
        {
            "element": r["element"],
            "charge": r["charge"],
            "whole": r["band_rule"] == "whole",
            "from": r["band_from"],
            "price": float(r["value_native"]) * world.fx(r["native_currency"]),
            "months": r["months"],
            "days": r["days"],
            "hours": r["hours"],
            "valid_from": r["valid_from"],
        }
        for r in world.rows("grid_tariffs")
        if r["tariff"] == site.energy.tariff
    ]


def charges(world: World, site: Site, m: int) -> list[Charge]:
    """Every charge of a month, escalated; power and fixed fees a month, energy by kWh."""
    month = world.months[m]
    found = []
    rows = rows_of(world, site)
    for name in sorted({row["element"] for row in rows}):
        mine = [row for row in rows if row["element"] == name]
        begun = [row["valid_from"] for row in mine if row["valid_from"] <= month.first]
        version = max(begun) if begun else min(row["valid_from"] for row in mine)
        bands = sorted((r for r in mine if r["valid_from"] == version), key=lambda r: r["from"])
        kind = bands[0]["charge"]
        factor = month.escalator / (1 if kind == "energy" else 12)
        window = {}
        for cell, hours in world.hours_at(site)[m].items():
            inside = sum(n for h, n in hours.items() if takes(bands[0], month.first.month, h))
            if inside:
                window[cell] = inside / sum(hours.values())
        found.append(
            Charge(
                name,
                kind,
                bands[0]["whole"],
                tuple((r["from"], r["price"] * factor) for r in bands),
                window,
            )
        )
    return found


def tax_bands(world: World, site: Site, m: int) -> list[tuple[float, float]]:
    """Bands of the conditional electricity tax: (kWh a year, plan currency per kWh)."""
    situation = site.energy.tax
    assert situation is not None
    day = world.months[m].first
    rows = [
        r
        for r in world.rows("tax_rules")
        if r["country"] == site.country
        and r["use"] in ("any", situation.use)
        and r["area"] in ("any", situation.area)
        and (not r["flag"] or r["flag"] in situation.flags)
    ]
    rates = [r for r in rows if r["kind"] == "rate"]
    live = [r for r in rates if _lives(r, day)]
    if not live:
        begun = [r["valid_from"] for r in rates if r["valid_from"] <= day]
        edge = max(begun) if begun else min(r["valid_from"] for r in rates)
        live = [r for r in rates if r["valid_from"] == edge]
    order = [(bool(r["flag"]), r["area"] != "any", r["use"] != "any") for r in live]
    best = [r for r, rank in zip(live, order, strict=True) if rank == max(order)]

    def total(kind: str) -> float:
        return sum(
            float(r["value_native"]) * world.fx(r["native_currency"])
            for r in rows
            if r["kind"] == kind and _lives(r, day)
        )

    relief = [r for r in rows if r["kind"] == "relief" and _lives(r, day)]
    kept = 1 - (situation.relief_share or 0.0) if relief else 1.0
    return [
        (
            r["band_from_kwh_per_year"],
            max(0.0, float(r["value_native"]) * world.fx(r["native_currency"]) - total("deduction")) * kept
            + total("levy"),
        )
        for r in sorted(best, key=lambda r: r["band_from_kwh_per_year"])
    ]


def _lives(row: Row, day: dt.date) -> bool:
    return row["valid_from"] <= day and (row["valid_to"] is None or day < row["valid_to"])


def lost_vat(world: World, site: Site) -> float:
    """Share of the price that stays as VAT."""
    if site.energy.price_per_kwh is not None or site.energy.vat_recoverable_share == 1:
        return 0.0
    rate = next(
        r["value_native"]
        for r in world.rows("tax_rules")
        if r["country"] == site.country and r["kind"] == "vat"
    )
    return (1 - site.energy.vat_recoverable_share) * float(rate)


def heat_price(world: World, site: Site, mean: float, deviation: float) -> float:
    """Mean price of heat [plan currency/kWh] over nine temperatures."""
    heat = site.heat
    assert heat is not None
    if heat.price_per_mwh is not None:
        return world.money(heat.price_per_mwh) / 1000
    curve = sorted(
        (r["outdoor_c"], r["price_native_per_mwh"] * world.fx(r["native_currency"]))
        for r in world.rows("heat_prices")
        if r["heat_price"] == heat.price
    )
    return (
        sum(_line(curve, mean + NormalDist().inv_cdf(j / 18) * deviation) for j in range(1, 18, 2)) / 9 / 1000
    )


def _line(curve: list[tuple[float, float]], t: float) -> float:
    if t <= curve[0][0]:
        return curve[0][1]
    for (cold, before), (warm, after) in pairwise(curve):
        if t <= warm:
            return before + (after - before) * (t - cold) / (warm - cold)
    return curve[-1][1]


def first_connected(world: World, site: Site) -> int:
    """First month with a live grid connection."""
    asked = site.connection
    if asked is not None:
        return next(
            int(r["mode_months"])
            for r in world.rows("connection_times")
            if (r["country"], r["kind"]) == (site.country, asked.kind)
            and r["size_from_mw"] <= asked.size_mw < r["size_to_mw"]
        )
    available = site.grid_available_from
    return 0 if available is None else sum(month.first < available for month in world.months)


CLASS_LIMITS = {
    "A1": 32,
    "A2": 35,
    "A3": 40,
    "A4": 45,
    "H1": 25,
    "W17": 17,
    "W27": 27,
    "W32": 32,
    "W40": 40,
    "W45": 45,
}
SUPPLY = {
    "direct_liquid": 40,
    "direct_liquid_w32": 32,
    "direct_liquid_w40": 40,
    "direct_liquid_w45": 45,
    "immersion": 40,
}


def usable_share(world: World, site: Site) -> float:
    """Share of the power limit that can be cooled in the hottest hours."""
    plant = site.cooling_plant
    is_air = site.cooling == "outside_air"
    if plant.on_limit != "reduce" or site.pue is not None or not (is_air or site.cooling in SUPPLY):
        return 1.0
    limit = CLASS_LIMITS[plant.hardware_class or ("A2" if is_air else f"W{SUPPLY[site.cooling]}")]
    hotter = 0.0
    if plant.summer == "hottest":
        year = next(r for r in world.rows("hot_years") if r["place"] == site.climate)
        hotter = year["hottest_p99_c"] - year["normal_p99_c"]
    warmer, hottest = plant.warmer_k + hotter, -273.0
    for row in world.rows("climate_hours"):
        if row["place"] == site.climate:
            dry, wet = row["dry_bulb_mean_c"] + warmer, row["wet_bulb_mean_c"] + warmer
            dry_sd = (row["dry_bulb_p95_c"] - row["dry_bulb_mean_c"]) / 1.6449
            wet_sd = (row["wet_bulb_p95_c"] - row["wet_bulb_mean_c"]) / 1.6449
            dry99, wet99 = dry + 2.326 * dry_sd, wet + 2.326 * wet_sd
            hottest = max(hottest, 0.15 * dry99 + 0.85 * wet99 + 1 if is_air else dry99 + 8)
    return min(1.0, max(0.0, 1 - (hottest - limit) / (12 if is_air else 6)))
