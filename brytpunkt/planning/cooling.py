"""Cooling: PUE as a function of outdoor temperature for four cooling systems.

A simplified hourly model. It reproduces the annual PUE of a published simple model at five sites within
0.015; constants and comparison are in the handbook, docs/model.md, section 6.
"""

from __future__ import annotations

from statistics import NormalDist
from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    from brytpunkt.declarations import Site

ELECTRICAL_OVERHEAD = 0.055  # 96 % UPS, distribution, lighting and other
QUANTILES = tuple(NormalDist().inv_cdf((2 * j + 1) / 18) for j in range(9))
P95_DEVIATIONS = 1.6449
P99_DEVIATIONS = 2.326
FREE_COOLING_RANGE_K = 6.0  # water warms by 6 K: 20 degC out, 26 degC back
AIR_RETURN_C = 26.0
LIQUID_RETURN_C = 46.0
DRY_APPROACH_K = 8.0
TOWER_APPROACH_K = 7.0
LIQUID_SHARE = 0.8


def _air_chiller_cop(dry_bulb: pl.Expr) -> pl.Expr:
    return (7.5 - 0.13 * (dry_bulb - 10)).clip(2.5, 8.0)


def _free_share(return_c: float, sink: pl.Expr) -> pl.Expr:
    return ((return_c - sink) / FREE_COOLING_RANGE_K).clip(0.0, 1.0)


def _dry_cooler(dry_bulb: pl.Expr) -> pl.Expr:
    free = _free_share(AIR_RETURN_C, dry_bulb + DRY_APPROACH_K)
    return 0.09 + (1 - free) / _air_chiller_cop(dry_bulb)


def pue(system: str, dry_bulb: pl.Expr, wet_bulb: pl.Expr) -> pl.Expr:
    """PUE of a cooling system at an outdoor dry and wet bulb temperature. [degC] -> [1]"""
    if system == "outside_air":
        overhead = 0.05 + 0.2 * ((wet_bulb - 22) / 10).clip(0.0, 1.0)
    elif system == "chilled_water_tower":
        free = _free_share(AIR_RETURN_C, wet_bulb + TOWER_APPROACH_K)
        overhead = 0.085 + (1 - free) / (10 - 0.12 * (wet_bulb - 10))
    elif system == "dry_cooler_chiller":
        overhead = _dry_cooler(dry_bulb)
    elif system == "direct_liquid":
        free = _free_share(LIQUID_RETURN_C, dry_bulb + DRY_APPROACH_K)
        liquid = 0.034 + (1 - free) / _air_chiller_cop(dry_bulb)
        overhead = LIQUID_SHARE * liquid + (1 - LIQUID_SHARE) * _dry_cooler(dry_bulb)
    else:
        raise ValueError(system)
    return 1 + ELECTRICAL_OVERHEAD + overhead


def site_pue(site: Site, climate: pl.DataFrame) -> pl.DataFrame:
    """PUE of a site by month of the year and hour.

    | column | unit |
    |---|---|
    | month_of_year, hour_utc | key |
    | pue | mean of f(temperature) over the cell's distribution |
    | pue_p99 | f at the cell's mean plus 2.326 deviations, for peaks |
    """
    if site.pue is not None:
        grid = pl.DataFrame({"month_of_year": range(1, 13)}).join(
            pl.DataFrame({"hour_utc": range(24)}), how="cross"
        )
        return grid.cast(pl.Int64).with_columns(pue=pl.lit(site.pue), pue_p99=pl.lit(site.pue))
    dry, wet = pl.col("dry_bulb_mean_c"), pl.col("wet_bulb_mean_c")
    dry_sd = (pl.col("dry_bulb_p95_c") - dry) / P95_DEVIATIONS
    wet_sd = (pl.col("wet_bulb_p95_c") - wet) / P95_DEVIATIONS
    at = [pue(site.cooling, dry + q * dry_sd, wet + q * wet_sd) for q in (*QUANTILES, P99_DEVIATIONS)]
    return climate.filter(pl.col("place") == site.climate).select(
        pl.col("month_of_year").cast(pl.Int64),
        pl.col("hour_utc").cast(pl.Int64),
        pue=pl.sum_horizontal(at[:-1]) / len(QUANTILES),
        pue_p99=at[-1],
    )
