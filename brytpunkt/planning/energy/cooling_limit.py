"""Cooling limit: hours of a year in which outdoor air alone does not keep the servers within their class.

Belongs here: limits, hours above them, and what they leave of the servers. Does not belong here: PUE (cooling.py).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import polars as pl

from brytpunkt.errors import InputError, Problem
from brytpunkt.planning.energy.cooling import (
    DRY_APPROACH_K,
    LIQUID_SUPPLY_C,
    P95_DEVIATIONS,
    P99_DEVIATIONS,
    RANGE_K,
)
from brytpunkt.planning.note import Note

if TYPE_CHECKING:
    from brytpunkt.declarations import Plan, Site
    from brytpunkt.planning.inputs.planning_inputs import Facts
    from brytpunkt.planning.note import Argument

# ASHRAE TC9.9: upper allowable air inlet, and warmest facility water of a liquid class [degC]; general knowledge.
CLASS_LIMIT_C = {
    "A1": 32.0,
    "A2": 35.0,
    "A3": 40.0,
    "A4": 45.0,
    "H1": 25.0,
    "W17": 17.0,
    "W27": 27.0,
    "W32": 32.0,
    "W40": 40.0,
    "W45": 45.0,
}
AIR_RISE_K, FAN_RISE_K, SATURATION = 12.0, 1.0, 0.85
SCHEMA = {
    "site": pl.String,
    "hardware_class": pl.String,
    "limit_c": pl.Float64,
    "hours_above": pl.Float64,
    "highest_c": pl.Float64,
    "usable_share": pl.Float64,
    "policy": pl.String,
    "hot_year": pl.Int64,
    "hot_year_hours_above": pl.Float64,
}


def hardware_class(site: Site) -> str | None:
    """The class that limits a site: the declared one, else A2 for outside air and the loop's own for liquid.

    None for systems whose chiller or network carries all of the heat in any weather.
    """
    if site.cooling_plant.hardware_class is not None:
        return site.cooling_plant.hardware_class
    if site.cooling in LIQUID_SUPPLY_C:
        return f"W{LIQUID_SUPPLY_C[site.cooling]:.0f}"
    return "A2" if site.cooling == "outside_air" else None


def at_servers(site: Site) -> tuple[float, float, float]:
    """Temperature at the servers as a x dry bulb + b x wet bulb + c: adiabatic outside air, or a dry-cooled loop."""
    if site.cooling == "outside_air":
        return 1 - SATURATION, SATURATION, FAN_RISE_K
    return 1.0, 0.0, DRY_APPROACH_K


def hotter_k(site: Site, hot_years: pl.DataFrame) -> float | None:
    """How much warmer the hottest hours of the hottest year were than those of all years; None if unknown. [K]"""
    row = hot_years.filter(pl.col("place") == (site.climate or ""))
    if row.is_empty():
        return None
    return float(row["hottest_p99_c"][0] - row["normal_p99_c"][0])


def extra_k(site: Site, hot_years: pl.DataFrame) -> float:
    """Kelvin on top of the normals by which the limit is planned: ``summer: hottest`` takes the hottest year.

    Raises ``InputError`` if the history of the place is not known.
    """
    if site.cooling_plant.summer == "normal":
        return 0.0
    found = hotter_k(site, hot_years)
    if found is None:
        known = ", ".join(sorted(hot_years["place"]))
        message = f"no hottest year is known of '{site.climate}'"
        hint = f"places with one: {known or 'none'}; or declare warmer_k"
        raise InputError((Problem(f"sites.{site.id}.cooling_plant.summer", message, hint),))
    return found


def limit_of(
    site: Site, climate: pl.DataFrame, bins: pl.DataFrame, hotter: float = 0.0
) -> tuple[float, float]:
    """Hours a year above the class limit, and the temperature at the servers in the hottest hours (99 %). [h, degC]

    ``hotter``: kelvin on top of the declared weather.
    Dry-cooled loops are counted in the climate's 8,760 hours by degree; adiabatic outside air, which depends on
    two temperatures, from the distribution of each month and hour.
    """
    name = hardware_class(site)
    if name is None or site.climate is None or site.cooling not in (*LIQUID_SUPPLY_C, "outside_air"):
        return 0.0, math.nan
    a, b, c = at_servers(site)
    limit, warmer = CLASS_LIMIT_C[name], site.cooling_plant.warmer_k + hotter
    cells = climate.filter(pl.col("place") == site.climate).select(
        mean=a * (pl.col("dry_bulb_mean_c") + warmer) + b * (pl.col("wet_bulb_mean_c") + warmer) + c,
        deviation=(
            a * (pl.col("dry_bulb_p95_c") - pl.col("dry_bulb_mean_c"))
            + b * (pl.col("wet_bulb_p95_c") - pl.col("wet_bulb_mean_c"))
        )
        / P95_DEVIATIONS,
    )
    if cells.is_empty():
        return 0.0, math.nan
    highest = max(mean + P99_DEVIATIONS * deviation for mean, deviation in cells.iter_rows())
    if site.cooling == "outside_air":
        hours = 8760 / cells.height
        return sum(hours * _above(limit, mean, deviation) for mean, deviation in cells.iter_rows()), highest
    edge = limit - c - warmer
    here = bins.filter(pl.col("place") == site.climate, pl.col("kind") == "dry_bulb")
    above = (pl.col("bin_low_c") + 1 - edge).clip(0.0, 1.0) * pl.col("hours_per_year")
    return float(here.select(above.sum()).item() or 0.0), highest


def _above(limit: float, mean: float, deviation: float) -> float:
    """Share of a normal distribution above a limit."""
    if deviation <= 0:
        return float(mean > limit)
    return 0.5 * math.erfc((limit - mean) / deviation / math.sqrt(2))


def usable_share(site: Site, facts: Facts) -> float:
    """Share of the power limit that can be cooled in the hottest hours, if the plan says ``on_limit: reduce``. [1]

    Above the limit by d kelvin, an air flow that warms by 12 K (a loop by 6 K) carries 1 - d / 12 (d / 6) of the heat.
    """
    if site.cooling_plant.on_limit != "reduce" or site.pue is not None:
        return 1.0
    name = hardware_class(site)
    hotter = extra_k(site, facts.hot_years)
    _, highest = limit_of(site, facts.climate_hours, facts.climate_bins, hotter)
    if name is None or math.isnan(highest):
        return 1.0
    rise = AIR_RISE_K if site.cooling == "outside_air" else RANGE_K
    return min(1.0, max(0.0, 1 - (highest - CLASS_LIMIT_C[name]) / rise))


def cooling_limits(plan: Plan, facts: Facts) -> pl.DataFrame:
    """Every site with a class limit -> ``SCHEMA``."""
    rows = []
    for site in plan.sites:
        name = hardware_class(site)
        tables = facts.climate_hours, facts.climate_bins
        if name is None or site.pue is not None:
            continue
        hours, highest = limit_of(site, *tables, extra_k(site, facts.hot_years))
        if math.isnan(highest):
            continue
        share, policy = usable_share(site, facts), site.cooling_plant.on_limit
        hotter = hotter_k(site, facts.hot_years)
        hot: tuple[int | None, float | None] = (None, None)
        if hotter is not None:
            year = facts.hot_years.filter(pl.col("place") == site.climate)["hot_year"][0]
            hot = (year, limit_of(site, *tables, hotter)[0])
        rows.append((site.id, name, CLASS_LIMIT_C[name], hours, highest, share, policy, *hot))
    return pl.DataFrame(rows, schema=SCHEMA, orient="row")


def above_the_limit(plan: Plan, limits: pl.DataFrame) -> list[Note]:
    """Warnings for sites with hours above their class limit."""
    names = {site.id: site for site in plan.sites}
    found = []
    for row in limits.filter(pl.col("hours_above") >= 1).iter_rows(named=True):
        site = names[row["site"]]
        said: dict[str, Argument] = {
            "site": site.name,
            "class": row["hardware_class"],
            "limit": row["limit_c"],
            "hours": row["hours_above"],
        }
        if row["policy"] == "reduce" and site.power_limit_kw is not None:
            found.append(Note("outdoor_air_reduced", site.id, {**said, "share": row["usable_share"]}))
        elif site.cooling != "outside_air":
            found.append(Note("outdoor_air_chiller", site.id, said))
        else:
            found.append(Note("outdoor_air_nevertheless", site.id, said))
    return found
