"""Heat: what heat that is sold earns by outdoor temperature, and the electricity of its heat pump.

Belongs here: revenue by kWh that the site draws. Does not belong here: PUE (cooling.py), heat prices (facts).
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import polars as pl

from brytpunkt.errors import InputError, Problem
from brytpunkt.planning.components import ELECTRICITY, ENERGY_HEAT_PUMP, HEAT_SOLD, of_part
from brytpunkt.planning.energy.cooling import P95_DEVIATIONS, QUANTILES
from brytpunkt.planning.inputs.units import KWH_PER_MWH

if TYPE_CHECKING:
    from brytpunkt.declarations import Site
    from brytpunkt.planning.inputs.money import Fx
    from brytpunkt.planning.inputs.planning_inputs import Facts

Curve = list[tuple[float, float]]


def check_curve(points: Curve, where: str) -> Curve:
    """Temperatures that rise and prices that do not; a curve must be sorted before anything is read from it.

    Raises ``InputError`` for fewer than two points, for temperatures that do not rise, and for heat that is
    dearer when it is warmer.
    """
    warmer = list(pairwise(points))
    if len(points) < 2:  # noqa: PLR2004 - a line has two ends
        message, hint = (
            "the heat price has fewer than two points",
            "give its price at two temperatures or more",
        )
    elif any(after[0] <= before[0] for before, after in warmer):
        message, hint = (
            "the heat price curve is not sorted by temperature",
            "list its points from cold to warm",
        )
    elif any(after[1] > before[1] for before, after in warmer):
        message, hint = "the heat price rises with the temperature", "check the order of its points"
    else:
        return points
    raise InputError((Problem(where, message, hint),))


def heat_curve(site: Site, facts: Facts, fx: Fx) -> Curve:
    """Price of heat by outdoor temperature [degC, plan currency/MWh], coldest first."""
    heat = site.heat
    assert heat is not None
    if heat.price_per_mwh is not None:
        flat = fx.convert(heat.price_per_mwh)
        return [(-60.0, flat), (60.0, flat)]
    rows = facts.heat_prices.filter(pl.col("heat_price") == (heat.price or "")).sort("outdoor_c")
    points = [
        (float(at), float(price) * fx.rate(currency))
        for at, price, currency in rows.select(
            "outdoor_c", "price_native_per_mwh", "native_currency"
        ).iter_rows()
    ]
    return check_curve(points, f"sites.{site.id}.heat.price")


def price_at(curve: Curve, outdoor: pl.Expr) -> pl.Expr:
    """Straight lines between the points of a curve, level outside them."""
    price = pl.lit(curve[0][1])
    for (cold, before), (warm, after) in pairwise(curve):
        reached = ((outdoor - cold) / (warm - cold)).clip(0.0, 1.0)
        price = price + (after - before) * reached
    return price


def heat_prices(site: Site, facts: Facts, fx: Fx) -> pl.DataFrame:
    """Mean price of heat over the temperatures of each cell -> month_of_year, hour_utc, heat_per_mwh."""
    curve = heat_curve(site, facts, fx)
    if site.climate is None:
        grid = pl.DataFrame({"month_of_year": range(1, 13)}).join(
            pl.DataFrame({"hour_utc": range(24)}), how="cross"
        )
        return grid.cast(pl.Int64).with_columns(heat_per_mwh=pl.lit(curve[0][1]))
    mean = pl.col("dry_bulb_mean_c") + site.cooling_plant.warmer_k
    deviation = (pl.col("dry_bulb_p95_c") - pl.col("dry_bulb_mean_c")) / P95_DEVIATIONS
    at = [price_at(curve, mean + q * deviation) for q in QUANTILES]
    return facts.climate_hours.filter(pl.col("place") == site.climate).select(
        pl.col("month_of_year").cast(pl.Int64),
        pl.col("hour_utc").cast(pl.Int64),
        heat_per_mwh=pl.sum_horizontal(at) / len(QUANTILES),
    )


def with_heat(site: Site, facts: Facts, fx: Fx, grid: pl.DataFrame) -> pl.DataFrame:
    """Adds what heat earns (negative) and what its pump draws to a grid with pue, escalator and prices by kWh drawn.

    Of a kWh that the site draws, 1 / PUE is heat of the servers. A heat pump with COP c turns recovered heat h
    into h c / (c - 1), with electricity h / (c - 1) at the price of electricity.
    """
    heat = site.heat
    if heat is None:
        return grid.with_columns(pl.lit(0.0).alias(name) for name in of_part("heat"))
    cop = heat.heat_pump_cop
    lifted, driven = (1.0, 0.0) if cop is None else (cop / (cop - 1), 1 / (cop - 1))
    recovered = heat.share / pl.col("pue")
    return grid.join(heat_prices(site, facts, fx), on=["month_of_year", "hour_utc"]).with_columns(
        (-recovered * lifted * pl.col("heat_per_mwh") / KWH_PER_MWH * pl.col("escalator")).alias(HEAT_SOLD),
        (recovered * driven * pl.sum_horizontal(*ELECTRICITY)).alias(ENERGY_HEAT_PUMP),
    )
