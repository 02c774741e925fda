"""Tariff: the elements of grid tariffs as frames of windows and charges, and what a month or a year of them costs.

Belongs here: windows, bands, peaks of the month and of the year, subscriptions. Does not belong here: spot
prices and the simple fees ``grid_fee`` (energy.py).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from brytpunkt.planning.components import ENERGY_CAPACITY, ENERGY_GRID, ENERGY_TAX
from brytpunkt.planning.energy.electricity_tax import taxes_in_force
from brytpunkt.planning.energy.tariff_elements import HOURS, Element, elements, in_force
from brytpunkt.planning.inputs.calendar import CELL, calendar_of, cells_of
from brytpunkt.planning.inputs.money import total
from brytpunkt.planning.inputs.units import MONTHS_PER_YEAR
from brytpunkt.planning.inputs.weekly_shapes import weekly_weights

if TYPE_CHECKING:
    from brytpunkt.declarations import Plan, Site
    from brytpunkt.planning.inputs.money import Fx
    from brytpunkt.planning.inputs.planning_inputs import Facts

YEARLY = ("peak_year", "peak_four", "subscription")
FOUR = 4  # highest months that a four-peak charge is the mean of
COMPONENT = {"energy": ENERGY_GRID, "tax": ENERGY_TAX, "peak_month": ENERGY_CAPACITY}
WINDOWS = {
    "site": pl.String,
    "window": pl.String,
    "month": pl.Int64,
    "day_type": pl.String,
    "hour_utc": pl.Int64,
    "share": pl.Float64,
    "existing_kw": pl.Float64,
}
CHARGES = {
    "site": pl.String,
    "window": pl.String,
    "charge": pl.String,
    "is_whole": pl.Boolean,
    "month": pl.Int64,
    "band_from": pl.Float64,
    "band_to": pl.Float64,
    "price": pl.Float64,
    "existing": pl.Float64,
}


@dataclass(frozen=True)
class Bills:
    """Windows and charges of all sites.

    ``windows``: site, window, month, day_type, hour_utc, share of the cell's hours inside, and existing_kw, which the
    site's existing load draws in the cell.
    ``charges``: site, window, charge, is_whole, month, band_from, band_to, price. [plan currency per kWh, or
    per kW and month]; charge ``fixed`` has its amount a month as price. ``existing`` is what the site's existing load
    measures already: only what comes on top of it is charged. [kW, or kWh a month]
    """

    windows: pl.DataFrame
    charges: pl.DataFrame

    def of(self, *charges: str) -> pl.DataFrame:
        """Charges of some kinds."""
        return self.charges.filter(pl.col("charge").is_in(charges))


def bills_of(plan: Plan, facts: Facts, fx: Fx, months: pl.DataFrame, hours: pl.DataFrame) -> Bills:
    """Windows and charges of every site of a plan; empty where only simple fees are declared."""
    key = ["site", "month", *CELL]
    windows = [pl.DataFrame(schema={name: WINDOWS[name] for name in WINDOWS if name != "existing_kw"})]
    existing = [pl.DataFrame(schema={name: WINDOWS[name] for name in (*key, "existing_kw")})]
    charges: list[tuple[object, ...]] = []
    for site in plan.sites:
        found = elements(site, facts, fx)
        here = hours.filter(pl.col("calendar") == calendar_of(site, facts))
        charges += _charges(site, found, facts, fx, months)
        used = {row[1] for row in charges if row[0] == site.id and row[2] != "fixed"}
        spans: dict[str, Element] = {e.name: e for e in found if e.name in used}
        if "tax" in used:
            spans["tax"] = Element("tax", "tax", ())
        windows += [_window(site.id, element, here, months) for element in spans.values()]
        existing.append(_existing(site, here))
    frame = pl.DataFrame(
        charges, schema={name: dtype for name, dtype in CHARGES.items() if name != "existing"}, orient="row"
    )
    shares = pl.concat(windows).join(pl.concat(existing), on=key, how="left", maintain_order="left")
    return Bills(
        shares, _with_existing(plan, facts, hours, shares, frame).sort("site", "window", "month", "band_from")
    )


def _existing(site: Site, hours: pl.DataFrame) -> pl.DataFrame:
    """What a site draws already: its mean load times the mean weight of the hours of each cell -> key, existing_kw [kW]."""
    cells, begins = cells_of(hours)
    weights = np.array(weekly_weights(site.energy.existing_load_shape))[hours["hour_of_week"].to_numpy()]
    weighed = np.add.reduceat(weights * hours["n_hours"].to_numpy(), begins)
    return cells.select(
        pl.lit(site.id).alias("site"),
        "month",
        *CELL,
        existing_kw=pl.Series(weighed) / pl.col("n_hours") * site.energy.existing_load_kw,
    )


def _with_existing(
    plan: Plan, facts: Facts, hours: pl.DataFrame, windows: pl.DataFrame, charges: pl.DataFrame
) -> pl.DataFrame:
    """Adds what each site's existing load measures in the window of a charge: its highest hour, or its kWh."""
    sites = pl.DataFrame(
        [(s.id, calendar_of(s, facts), 1 + s.energy.subscription_headroom) for s in plan.sites],
        schema={"site": pl.String, "calendar": pl.String, "ordered": pl.Float64},
        orient="row",
    )
    cells = hours.group_by("calendar", "month", *CELL).agg(
        n_hours=pl.col("n_hours").sort_by("hour_of_week").sum()
    )
    load = pl.col("existing_kw")
    inside = (
        windows.join(sites, on="site")
        .join(cells, on=["calendar", "month", *CELL])
        .sort("site", "window", "month", *CELL)
        .group_by("site", "window", "month")
        .agg(kw=load.max(), kwh=(load * pl.col("share") * pl.col("n_hours")).sum())
    )
    amount = (
        pl.when(pl.col("charge").is_in(["energy", "tax"]))
        .then("kwh")
        .when(pl.col("charge") == "subscription")
        .then(pl.col("kw") * pl.col("ordered"))
        .otherwise("kw")
    )
    return (
        charges.join(sites, on="site")
        .join(inside, on=["site", "window", "month"], how="left")
        .with_columns(existing=amount.fill_null(0.0))
        .select(list(CHARGES))
    )


def _charges(
    site: Site, found: tuple[Element, ...], facts: Facts, fx: Fx, months: pl.DataFrame
) -> list[tuple[object, ...]]:
    rows: list[tuple[object, ...]] = []
    banded = {e.name for e in found if len(e.bands) > 1}
    taxes = (
        [None] * months.height
        if site.energy.tax is None
        else taxes_in_force(site, facts, fx, months["date"].to_list())
    )
    dated = months.select("month", "date", "escalator").iter_rows()
    for (month, day, escalator), tax in zip(dated, taxes, strict=True):
        for element in in_force(found, day):
            if element.charge == "energy" and element.name not in banded:
                continue
            if element.charge == "fixed" and site.energy.existing_load_kw > 0:
                continue  # the existing load pays it already
            per_month = 1 if element.charge == "energy" else MONTHS_PER_YEAR
            rows += _bands(site.id, element, month, escalator / per_month, 1.0)
        if tax is not None and len(tax.bands) > 1:
            element = Element("tax", "tax", tax.bands)
            rows += _bands(site.id, element, month, 1.0, 1 / MONTHS_PER_YEAR)
    return rows


def _bands(site: str, element: Element, month: int, factor: float, edge: float) -> list[tuple[object, ...]]:
    uppers = [*(lower for lower, _ in element.bands[1:]), float("inf")]
    return [
        (
            site,
            element.name,
            element.charge,
            element.is_whole,
            month,
            lower * edge,
            upper * edge,
            price * factor,
        )
        for (lower, price), upper in zip(element.bands, uppers, strict=True)
    ]


def _window(site: str, element: Element, hours: pl.DataFrame, months: pl.DataFrame) -> pl.DataFrame:
    """Cells with hours in an element's window -> ``WINDOWS`` without the existing load."""
    taken = [hour for hour in range(7 * HOURS) if element.takes(hour)]
    held = [month for month in range(1, MONTHS_PER_YEAR + 1) if element.holds(month)]
    inside = pl.when(pl.col("hour_of_week").is_in(taken)).then(pl.col("n_hours")).otherwise(0.0)
    return (
        hours.join(months.select("month", "month_of_year"), on="month")
        .filter(pl.col("month_of_year").is_in(held))
        .group_by("month", *CELL)
        .agg(share=inside.sort_by("hour_of_week").sum() / pl.col("n_hours").sort_by("hour_of_week").sum())
        .filter(pl.col("share") > 0)
        .sort("month", *CELL)
        .select(pl.lit(site).alias("site"), pl.lit(element.name).alias("window"), "month", *CELL, "share")
    )


def energy_fee(
    site: Site, facts: Facts, fx: Fx, months: pl.DataFrame, hours: pl.DataFrame
) -> pl.DataFrame | None:
    """Grid fee on energy of a tariff without bands -> month, day_type, hour_utc, fee [plan currency/kWh].

    Not escalated. None where the site has no such tariff. A cell pays the share of its hours in a window.
    """
    found = elements(site, facts, fx)
    if not found:
        return None
    flat = [e for e in found if e.charge == "energy" and len(e.bands) == 1]
    cells = hours.select("month", *CELL).unique().with_columns(fee=pl.lit(0.0))
    for element in sorted(flat, key=lambda element: (element.name, element.valid_from)):
        days = months.select("month", "date").iter_rows()
        live = [month for month, day in days if element in in_force(found, day)]
        window = _window(site.id, element, hours, months).filter(pl.col("month").is_in(live))
        cells = (
            cells.join(window.select("month", *CELL, "share"), on=["month", *CELL], how="left")
            .with_columns(fee=pl.col("fee") + element.bands[0][1] * pl.col("share").fill_null(0.0))
            .drop("share")
        )
    return cells


def single_taxes(site: Site, facts: Facts, fx: Fx, days: Iterable[dt.date]) -> list[float]:
    """The conditional tax on each day as a rate by kWh, zero where it has bands (then it is a charge). [plan currency/kWh]"""
    taxes = taxes_in_force(site, facts, fx, days)
    return [tax.bands[0][1] if len(tax.bands) == 1 else 0.0 for tax in taxes]


def in_bands(amount: pl.Expr) -> pl.Expr:
    """Cost of one band of a charge for what comes on top of the existing load [kW or kWh]; bands of a charge are summed."""
    return _in_band(pl.col("existing") + amount) - _in_band(pl.col("existing"))


def _in_band(amount: pl.Expr) -> pl.Expr:
    part = (amount - pl.col("band_from")).clip(0.0, pl.col("band_to") - pl.col("band_from"))
    reached = (amount >= pl.col("band_from")) & (amount < pl.col("band_to"))
    whole = pl.when(reached).then(amount).otherwise(0.0)
    return pl.col("price") * pl.when("is_whole").then(whole).otherwise(part)


def measured(grid: pl.DataFrame, bills: Bills, key: list[str]) -> pl.DataFrame:
    """What the meter shows in each window on top of the existing load.

    | in: grid | key, site, month, day_type, hour_utc, it_kw, pue_p99, kwh |
    |---|---|
    | out | key, site, window, kw (the highest hour together less that of the existing load), kwh |
    """
    existing = pl.col("existing_kw")
    together = existing + pl.col("it_kw") * pl.col("pue_p99")
    return (
        grid.join(bills.windows, on=["site", "month", *CELL])
        .group_by(*key, "site", "window")
        .agg(kw=together.max() - existing.max(), kwh=total(pl.col("kwh") * pl.col("share")))
    )


def month_fees(shown: pl.DataFrame, bills: Bills, key: list[str]) -> pl.DataFrame:
    """Monthly charges -> key, the components of ``COMPONENT`` [plan currency a month]; ``key`` has month."""
    amount = pl.when(pl.col("charge") == "peak_month").then("kw").otherwise("kwh")
    cost = {name: pl.col("charge") == charge for charge, name in COMPONENT.items()}
    return (
        shown.join(bills.of(*COMPONENT), on=["site", "window", "month"])
        .with_columns(cost=in_bands(amount))
        .sort("window", "band_from")
        .group_by(key)
        .agg(**{name: total(pl.col("cost").filter(charged)) for name, charged in cost.items()})
    )


def year_fees(
    shown: pl.DataFrame, service: pl.DataFrame, bills: Bills, headroom: pl.DataFrame
) -> pl.DataFrame:
    """Charges on the highest hour of the calendar year or the mean of its four highest months', and fixed fees.

    | in: shown | option, order_month, site, month, year, window, kw |
    |---|---|
    | in: service | option, order_month, site, month, year with servers in service |
    | in: headroom | site, headroom over the year's highest hour, for subscriptions |
    | out | option, order_month, month, amount [plan currency] |
    """
    key = ["option", "order_month", "site"]
    four = pl.col("kw").sort(descending=True).head(FOUR).sum() / FOUR
    peaks = shown.group_by(*key, "year", "window").agg(kw=pl.col("kw").max(), four=four)
    ordered = pl.when(pl.col("charge") == "subscription").then(1 + pl.col("headroom")).otherwise(1.0)
    peak = pl.when(pl.col("charge") == "peak_four").then("four").otherwise("kw")
    by_peak = (
        service.join(peaks, on=[*key, "year"])
        .join(bills.of(*YEARLY), on=["site", "window", "month"])
        .join(headroom, on="site")
        .with_columns(amount=in_bands(peak * ordered))
    )
    fixed = service.join(bills.of("fixed"), on=["site", "month"]).with_columns(amount=pl.col("price"))
    columns = ["option", "order_month", "month", "amount"]
    return (
        pl.concat([by_peak.select(columns), fixed.select(columns)])
        .group_by("option", "order_month", "month")
        .agg(amount=total(pl.col("amount")))
        .sort("option", "order_month", "month")
    )
