"""Cooling: PUE and WUE as functions of outdoor temperature for the cooling systems that a site may declare.

The simple systems reproduce the annual PUE of a published hourly model at five sites within 0.015; constants
and comparison are in the handbook, docs/model.md, section 6. The relations themselves are in cooling_physics.py.
"""

from __future__ import annotations

from statistics import NormalDist
from typing import TYPE_CHECKING, Any

import polars as pl

from brytpunkt.planning.energy.cooling_physics import (
    adiabatic_water,
    air_chiller_cop,
    economiser_share,
    electrical_overhead,
    fan_share,
    pump_share,
    tower_water,
    water_chiller_cop,
)

if TYPE_CHECKING:
    from brytpunkt.declarations import Site

QUANTILES = tuple(NormalDist().inv_cdf((2 * j + 1) / 18) for j in range(9))
P95_DEVIATIONS = 1.6449
P99_DEVIATIONS = 2.326
RANGE_K = 6.0  # water warms by 6 K: 20 degC out, 26 degC back
AIR_RETURN_C = 26.0
DRY_APPROACH_K = 8.0
TOWER_APPROACH_K = 7.0
CHILLER_TOWER_APPROACH_K, EXCHANGER_APPROACH_K = 4.5, 2.2
SUPPLY_AIR_C = 25.0
LIQUID_SHARE = 0.8
LIQUID_PUMPS = 0.034
TOWER_FAN = 0.01
DISTRICT_COP = 5.0
# Water where the PUE is pinned and the weather unknown [litres per kWh of IT]
PINNED_WATER: dict[str, float | None] = {
    "outside_air": None,
    "chilled_water_tower": 1.9,
    "water_chiller_economiser": 1.9,
}
# Supply temperature of the liquid loop [degC]
LIQUID_SUPPLY_C = {
    "direct_liquid": 40.0,
    "direct_liquid_w32": 32.0,
    "direct_liquid_w40": 40.0,
    "direct_liquid_w45": 45.0,
    "immersion": 40.0,
}


def _dry_cooler(dry_bulb: Any) -> Any:
    """Air at 20 degC water: dry cooler, and an air-cooled chiller for the rest of the heat."""
    free = economiser_share(dry_bulb + DRY_APPROACH_K, AIR_RETURN_C, AIR_RETURN_C - RANGE_K)
    return 0.09 + (1 - free) / air_chiller_cop(dry_bulb)


def _liquid(system: str, dry_bulb: Any) -> Any:
    """The liquid loop on a dry cooler, with an air-cooled chiller above its temperature."""
    supply = LIQUID_SUPPLY_C[system]
    free = economiser_share(dry_bulb + DRY_APPROACH_K, supply + RANGE_K, supply)
    return LIQUID_PUMPS + (1 - free) / air_chiller_cop(dry_bulb)


def _chiller_free(wet_bulb: Any) -> Any:
    approach = CHILLER_TOWER_APPROACH_K + EXCHANGER_APPROACH_K
    return economiser_share(wet_bulb + approach, AIR_RETURN_C, AIR_RETURN_C - RANGE_K)


def pue(system: str, dry_bulb: Any, wet_bulb: Any, part_load: float = 1.0) -> Any:
    """PUE of a cooling system at an outdoor dry and wet bulb temperature. [degC] -> [1]

    ``part_load``: load over rated load; standing losses weigh more below 1. [1]
    """
    if system == "outside_air":
        overhead = 0.05 + 0.2 * ((wet_bulb - 22) / 10).clip(0.0, 1.0)
    elif system == "chilled_water_tower":
        free = economiser_share(wet_bulb + TOWER_APPROACH_K, AIR_RETURN_C, AIR_RETURN_C - RANGE_K)
        overhead = 0.085 + (1 - free) / (10 - 0.12 * (wet_bulb - 10))
    elif system == "dry_cooler_chiller":
        overhead = _dry_cooler(dry_bulb)
    elif system in ("direct_liquid", "direct_liquid_w32", "direct_liquid_w40", "direct_liquid_w45"):
        overhead = LIQUID_SHARE * _liquid(system, dry_bulb) + (1 - LIQUID_SHARE) * _dry_cooler(dry_bulb)
    elif system == "immersion":
        overhead = _liquid(system, dry_bulb)
    elif system == "water_chiller_economiser":
        heat = 1 + fan_share()
        chilled = heat * (1 - _chiller_free(wet_bulb)) / water_chiller_cop(wet_bulb, part_load)
        overhead = fan_share() + 2 * pump_share() + TOWER_FAN + chilled
    elif system == "district_cooling":
        cold = district_cold() / DISTRICT_COP
        overhead = fan_share() + pump_share() + cold + 0.0 * dry_bulb
    else:
        raise ValueError(system)
    return 1 + electrical_overhead(part_load) + overhead


def wue(system: str, dry_bulb: Any, wet_bulb: Any, part_load: float = 1.0) -> Any:
    """Water used on site at an outdoor dry and wet bulb temperature. [degC] -> [litres per kWh of IT]

    Dry systems, liquid loops and district cooling use none. A tower evaporates all of the heat; outside air only
    what cools the supply air to 25 degC.
    """
    if system == "outside_air":
        return adiabatic_water(dry_bulb - wet_bulb, dry_bulb - SUPPLY_AIR_C)
    if system == "chilled_water_tower":
        free = economiser_share(wet_bulb + TOWER_APPROACH_K, AIR_RETURN_C, AIR_RETURN_C - RANGE_K)
        heat = 1.05 * (1 + (1 - free) / (10 - 0.12 * (wet_bulb - 10)))
        return tower_water(heat, (wet_bulb + TOWER_APPROACH_K).clip(5.0, 40.0))
    if system == "water_chiller_economiser":
        chilled = (1 - _chiller_free(wet_bulb)) / water_chiller_cop(wet_bulb, part_load)
        heat = (1 + fan_share()) * (1 + chilled)
        return tower_water(heat, (wet_bulb + CHILLER_TOWER_APPROACH_K).clip(5.0, 40.0))
    return 0.0 * dry_bulb


def district_cold() -> float:
    """Cold that a hall takes from the network: the heat of the servers and of the fans. [kWh per kWh of IT]"""
    return 1 + fan_share()


def cold_beside_electricity(site: Site) -> float:
    """Cold of a network that the site's PUE of electricity leaves out. [kWh per kWh of IT]

    All of it where it is bought at a price; without one, what is more than the electricity that stands for it. A pinned
    PUE is taken to hold it.
    """
    if site.cooling != "district_cooling" or site.pue is not None:
        return 0.0
    counted = 0.0 if site.cooling_plant.district_price_per_mwh is not None else 1 / DISTRICT_COP
    return district_cold() * (1 - counted)


def site_pue(site: Site, climate: pl.DataFrame) -> pl.DataFrame:
    """PUE and WUE of a site by month of the year and hour.

    | column | unit |
    |---|---|
    | month_of_year, hour_utc | key |
    | pue | mean of f(temperature) over the cell's distribution |
    | pue_p99 | f at the cell's mean plus 2.326 deviations, for peaks |
    | wue | litres per kWh of IT, mean over the same distribution |
    """
    if site.pue is not None:
        grid = pl.DataFrame({"month_of_year": range(1, 13)}).join(
            pl.DataFrame({"hour_utc": range(24)}), how="cross"
        )
        water = PINNED_WATER.get(site.cooling, 0.0)
        return grid.cast(pl.Int64).with_columns(
            pue=pl.lit(site.pue), pue_p99=pl.lit(site.pue), wue=pl.lit(water, dtype=pl.Float64)
        )
    return climate_cells(site.cooling, climate.filter(pl.col("place") == site.climate), site)


def climate_cells(system: str, here: pl.DataFrame, site: Site) -> pl.DataFrame:
    """``site_pue`` of any system in the climate of any place, with the plant of a site."""
    plant = site.cooling_plant
    dry, wet = pl.col("dry_bulb_mean_c") + plant.warmer_k, pl.col("wet_bulb_mean_c") + plant.warmer_k
    dry_sd = (pl.col("dry_bulb_p95_c") - pl.col("dry_bulb_mean_c")) / P95_DEVIATIONS
    wet_sd = (pl.col("wet_bulb_p95_c") - pl.col("wet_bulb_mean_c")) / P95_DEVIATIONS

    is_bought = system == "district_cooling" and plant.district_price_per_mwh is not None
    elsewhere = district_cold() / DISTRICT_COP if is_bought else 0.0

    def at(function: Any, q: float) -> Any:
        return function(system, dry + q * dry_sd, wet + q * wet_sd, plant.part_load)

    return here.select(
        pl.col("month_of_year").cast(pl.Int64),
        pl.col("hour_utc").cast(pl.Int64),
        pue=pl.sum_horizontal([at(pue, q) for q in QUANTILES]) / len(QUANTILES) - elsewhere,
        pue_p99=at(pue, P99_DEVIATIONS) - elsewhere,
        wue=pl.sum_horizontal([at(wue, q) for q in QUANTILES]) / len(QUANTILES),
    )
