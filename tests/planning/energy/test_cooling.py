"""Cooling: annual PUE against a published simple hourly model, and what must hold for any weather."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from brytpunkt.declarations import Plan
from brytpunkt.folders import folders
from brytpunkt.planning.energy.cooling import pue, site_pue

SYSTEMS = ("outside_air", "chilled_water_tower", "dry_cooler_chiller", "direct_liquid")

# Annual PUE of a simple hourly model (96 % UPS): outside air with adiabatic, 20 degC water with a tower,
# 20 degC water with dry cooler and chiller, 80 % direct liquid at 40 degC. Handbook, docs/model.md.
PUBLISHED = {
    "stockholm": (1.105, 1.144, 1.170, 1.105),
    "helsinki": (1.105, 1.144, 1.167, 1.104),
    "amsterdam": (1.105, 1.150, 1.174, 1.106),
    "frankfurt": (1.105, 1.155, 1.196, 1.110),
    "ashburn": (1.105, 1.185, 1.226, 1.116),
}


def at(system: str, dry: float, wet: float) -> float:
    """PUE at one temperature."""
    value: float = pl.select(pue(system, pl.lit(dry), pl.lit(wet))).item()
    return value


@pytest.mark.parametrize("place", PUBLISHED)
@pytest.mark.parametrize("position", range(4))
def test_annual_pue_is_near_the_published_model(plan: Plan, place: str, position: int) -> None:
    climate = pl.read_csv(folders().data / "climate_hours.csv")
    site = plan.sites[0].model_copy(update={"climate": place, "cooling": SYSTEMS[position], "pue": None})
    mean = site_pue(site, climate)["pue"].mean()
    assert mean == pytest.approx(PUBLISHED[place][position], abs=0.02)


def test_nordic_advantage_of_warm_water_cooling_is_a_hundredth() -> None:
    cold, warm = at("direct_liquid", 5.0, 3.0), at("direct_liquid", 15.0, 12.0)
    assert 0 < warm - cold < 0.02


@given(st.sampled_from(SYSTEMS), st.floats(-40, 45), st.floats(0, 20), st.floats(0, 10))
def test_warmer_air_never_lowers_the_pue(system: str, dry: float, depression: float, warmer: float) -> None:
    before = at(system, dry, dry - depression)
    after = at(system, dry + warmer, dry + warmer - depression)
    assert 1 < before <= after + 1e-12


def test_pinned_pue_replaces_the_weather(plan: Plan) -> None:
    site = plan.sites[0].model_copy(update={"pue": 1.4})
    grid = site_pue(site, pl.DataFrame())
    assert grid.height == 12 * 24
    assert set(grid["pue"]) == set(grid["pue_p99"]) == {1.4}
