"""Energy: the price of a kWh and the PUE in every cell of the grid, for every site."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import polars as pl

from brytpunkt.errors import InputError, Problem
from brytpunkt.planning.components import (
    ELECTRICITY,
    ENERGY_COOLING,
    ENERGY_FLAT,
    ENERGY_GRID,
    ENERGY_GUARANTEES,
    ENERGY_MARGIN,
    ENERGY_PPA,
    ENERGY_SPOT,
    ENERGY_TAX,
    ENERGY_VAT,
    KWH_PRICES,
    VAT_BASE,
)
from brytpunkt.planning.energy.cooling import district_cold, site_pue
from brytpunkt.planning.energy.electricity_tax import unrecovered_vat
from brytpunkt.planning.energy.forward_prices import forward_step
from brytpunkt.planning.energy.heat import with_heat
from brytpunkt.planning.energy.tariff import energy_fee, single_taxes
from brytpunkt.planning.inputs.calendar import CELL, calendar_of, cells_of
from brytpunkt.planning.inputs.units import KWH_PER_MWH, MONTHS_PER_YEAR

if TYPE_CHECKING:
    from brytpunkt.declarations import Plan, Site
    from brytpunkt.planning.inputs.money import Fx
    from brytpunkt.planning.inputs.planning_inputs import Facts


def site_cells(plan: Plan, facts: Facts, fx: Fx, months: pl.DataFrame, hours: pl.DataFrame) -> pl.DataFrame:
    """Price and PUE of every cell of every site.

    | column | unit |
    |---|---|
    | site, month, day_type, hour_utc | key |
    | n_hours | h of the month in the cell |
    | pue, pue_p99 | 1 |
    | wue | litres per kWh of IT, null where it is not known |
    | components.KWH_PRICES (heat that is sold is negative) | plan currency per kWh drawn |
    """
    cells, _ = cells_of(hours)
    return pl.concat(_cells_of(site, plan, facts, fx, months, cells, hours) for site in plan.sites).sort(
        "site", "month", *CELL
    )


def _cells_of(
    site: Site,
    plan: Plan,
    facts: Facts,
    fx: Fx,
    months: pl.DataFrame,
    cells: pl.DataFrame,
    hours: pl.DataFrame,
) -> pl.DataFrame:
    grid = (
        cells.filter(pl.col("calendar") == calendar_of(site, facts))
        .join(months.select("month", "date", "month_of_year", "escalator"), on="month")
        .join(site_pue(site, facts.climate_hours), on=["month_of_year", "hour_utc"])
    )
    here = hours.filter(pl.col("calendar") == calendar_of(site, facts))
    priced = (
        _flat_price(site, fx, grid)
        if site.energy.price_per_kwh
        else _built_price(site, plan, facts, fx, _with_grid_fee(site, facts, fx, grid, months, here))
    )
    vat = unrecovered_vat(site, facts, months["date"][0])
    cold = _district_cooling(site, fx) * pl.col("escalator") / pl.col("pue")
    taxed = priced.with_columns(cold.alias(ENERGY_COOLING)).with_columns(
        (vat * pl.sum_horizontal(*VAT_BASE)).alias(ENERGY_VAT)
    )
    return with_heat(site, facts, fx, taxed).select(
        pl.lit(site.id).alias("site"), "month", *CELL, "n_hours", "pue", "pue_p99", "wue", *KWH_PRICES
    )


def _flat_price(site: Site, fx: Fx, grid: pl.DataFrame) -> pl.DataFrame:
    """An all-in price pinned by the plan; it escalates with inflation."""
    price = fx.convert(site.energy.price_per_kwh) if site.energy.price_per_kwh else 0.0
    return grid.with_columns(
        **dict.fromkeys(ELECTRICITY, pl.lit(0.0)) | {ENERGY_FLAT: price * pl.col("escalator")}
    )


def _with_grid_fee(
    site: Site, facts: Facts, fx: Fx, grid: pl.DataFrame, months: pl.DataFrame, hours: pl.DataFrame
) -> pl.DataFrame:
    """Adds grid_fee [plan currency/kWh, not escalated], by hour where a tariff has windows."""
    by_hour = energy_fee(site, facts, fx, months, hours)
    if by_hour is None:
        return grid.with_columns(grid_fee=grid_energy_fee(site, facts, fx))
    return grid.join(by_hour.rename({"fee": "grid_fee"}), on=["month", *CELL])


def _built_price(site: Site, plan: Plan, facts: Facts, fx: Fx, grid: pl.DataFrame) -> pl.DataFrame:
    energy = site.energy
    hedged = energy.hedged_share
    ppa = fx.convert(energy.ppa_per_mwh) / KWH_PER_MWH if energy.ppa_per_mwh else 0.0
    path = plan.energy.escalation_per_year
    step = pl.col("escalator") if path is None else (1 + path) ** (pl.col("month") // MONTHS_PER_YEAR)
    step = forward_step(site, plan, facts, fx, step)
    spot = pl.col("spot_eur_per_mwh") / KWH_PER_MWH * fx.rate("EUR") * step
    return (
        _with_spot(site, plan, facts, grid)
        .join(tax_by_month(site, facts, fx, grid.select("month", "date").unique()), on="month")
        .with_columns(
            **{
                ENERGY_FLAT: pl.lit(0.0),
                ENERGY_SPOT: spot * (1 - hedged),
                ENERGY_PPA: pl.lit(ppa * hedged),
                ENERGY_MARGIN: fx.convert(energy.supplier_margin_per_mwh) / KWH_PER_MWH * pl.col("escalator"),
                ENERGY_GUARANTEES: _guarantees(site, fx) * pl.col("escalator"),
                ENERGY_GRID: pl.col("grid_fee") * pl.col("escalator"),
            }
        )
    )


def _with_spot(site: Site, plan: Plan, facts: Facts, grid: pl.DataFrame) -> pl.DataFrame:
    """Adds spot_eur_per_mwh; zero at a site without a market, all of whose energy is under contract."""
    if site.zone is None:
        return grid.with_columns(spot_eur_per_mwh=pl.lit(0.0))
    return grid.join(spot_prices(site, plan, facts), on=["month_of_year", *CELL])


def _district_cooling(site: Site, fx: Fx) -> float:
    """Cold bought from a network. [plan currency per kWh of IT]"""
    price = site.cooling_plant.district_price_per_mwh
    return fx.convert(price) / KWH_PER_MWH * district_cold() if price else 0.0


def _guarantees(site: Site, fx: Fx) -> float:
    """Guarantees of origin. [plan currency/kWh]"""
    price = site.energy.guarantees_per_mwh
    return fx.convert(price) / KWH_PER_MWH if price else 0.0


def spot_prices(site: Site, plan: Plan, facts: Facts) -> pl.DataFrame:
    """Day-ahead price by cell: mean of the history's months of that name, times the cell's shape.

    -> month_of_year, day_type, hour_utc, spot_eur_per_mwh
    """
    first = _month(plan.energy.history_from)
    last = _month(plan.energy.history_to) if plan.energy.history_to else facts.as_of
    level = (
        facts.day_ahead_monthly.filter(
            pl.col("zone") == site.zone, pl.col("month") >= first, pl.col("month") <= last
        )
        .sort("month")
        .group_by(month_of_year=pl.col("month").dt.month().cast(pl.Int64))
        .agg(mean=pl.col("mean_eur_per_mwh").mean())
    )
    if level.height < MONTHS_PER_YEAR:
        raise InputError(
            (
                Problem(
                    f"sites.{site.id}.zone",
                    f"zone {site.zone} has day-ahead prices for {level.height} of 12 months of the year "
                    f"between {first:%Y-%m} and {last:%Y-%m}",
                    "widen energy.history_from and history_to, choose another zone, or pin energy.price_per_kwh",
                ),
            )
        )
    return (
        facts.day_ahead_shape.filter(pl.col("zone") == site.zone)
        .with_columns(pl.col("month_of_year", "hour_utc").cast(pl.Int64))
        .join(level, on="month_of_year")
        .select("month_of_year", *CELL, spot_eur_per_mwh=pl.col("mean") * pl.col("ratio_to_month_mean"))
    )


def _month(text: str) -> dt.date:
    year, month = text.split("-")
    return dt.date(int(year), int(month), 1)


def tax_by_month(site: Site, facts: Facts, fx: Fx, months: pl.DataFrame) -> pl.DataFrame:
    """Energy tax in force on the first day of each month -> month, energy_tax [plan currency/kWh].

    A change of law inside the horizon changes the plan from that month on. A rate whose successor is not
    known stays in force, and months before the first known rate pay it: no tax is ever taken for none.
    """
    if site.energy.tax is not None:
        ordered = months.sort("date")
        rates = single_taxes(site, facts, fx, ordered["date"].to_list())
        return ordered.select("month", pl.Series(ENERGY_TAX, rates, dtype=pl.Float64))
    rows = facts.energy_taxes.filter(
        pl.col("country") == site.country, pl.col("segment") == site.energy.tax_segment
    ).sort("valid_from")
    money = {name: fx.rate(name) for name in rows["native_currency"].unique()}
    in_force = rows.select(
        "valid_from",
        rate=pl.col("rate_native_per_kwh")
        * pl.col("native_currency").replace_strict(money, return_dtype=pl.Float64),
    )
    return (
        months.sort("date")
        .join_asof(in_force, left_on="date", right_on="valid_from", strategy="backward")
        .select("month", pl.col("rate").fill_null(in_force["rate"][0]).alias(ENERGY_TAX))
    )


def _fee(site: Site, facts: Facts, fx: Fx, kind: str) -> float:
    """A fee of the site's named grid tariff, in the plan's currency; zero without a tariff."""
    rows = facts.grid_fees.filter(pl.col("grid_fee") == (site.energy.grid_fee or ""), pl.col("kind") == kind)
    newest = rows.sort("valid_from").tail(1)
    if newest.is_empty():
        return 0.0
    return float(newest["value_native"][0]) * fx.rate(newest["native_currency"][0])


def grid_energy_fee(site: Site, facts: Facts, fx: Fx) -> float:
    """Grid fee on energy. [plan currency/kWh]"""
    if site.energy.grid_energy_per_kwh is not None:
        return fx.convert(site.energy.grid_energy_per_kwh)
    return _fee(site, facts, fx, "energy")


def grid_capacity_fee(site: Site, facts: Facts, fx: Fx) -> float:
    """Grid fee on peak power. [plan currency/(kW year)]"""
    if site.energy.price_per_kwh is not None:
        return 0.0
    if site.energy.grid_capacity_per_kw_year is not None:
        return fx.convert(site.energy.grid_capacity_per_kw_year)
    return _fee(site, facts, fx, "capacity")


def newest_intensities(facts: Facts) -> dict[str, float]:
    """Consumption-based life-cycle intensity by zone or country, its newest year. [gCO2e/kWh]"""
    known = facts.carbon_intensity.filter(
        pl.col("basis") == "consumption", pl.col("scope") == "lifecycle"
    ).sort("zone", "year")
    return dict(known.unique("zone", keep="last").select("zone", "g_per_kwh").sort("zone").iter_rows())


def carbon_intensity(site: Site, facts: Facts) -> float | None:
    """Consumption-based life-cycle intensity of the zone in its newest year. [gCO2e/kWh]"""
    known = facts.carbon_intensity.filter(
        pl.col("basis") == "consumption", pl.col("scope") == "lifecycle"
    ).sort("year")
    for name in (site.zone, site.country):
        rows = known.filter(pl.col("zone") == (name or ""))
        if not rows.is_empty():
            return float(rows["g_per_kwh"][-1])
    return None
