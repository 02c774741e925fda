"""The bundled places and climate tables: integrity, and figures checked by hand.

Belongs here: what must hold for every place, and means computed a second time from the raw series.
Does not belong here: cooling, or what the warehouse does with a bad row.
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from itertools import pairwise
from zoneinfo import ZoneInfo, available_timezones

import polars as pl
import pytest

from brytpunkt.folders import folders
from brytpunkt.publishers._shared.source import read_source
from tests.data.bundled import is_row, table

LOCAL_ZONE = {
    "lulea": "Europe/Stockholm",
    "falun": "Europe/Stockholm",
    "stockholm": "Europe/Stockholm",
    "malmo": "Europe/Stockholm",
    "oslo": "Europe/Oslo",
    "helsinki": "Europe/Helsinki",
    "aarhus": "Europe/Copenhagen",
    "frankfurt": "Europe/Berlin",
    "amsterdam": "Europe/Amsterdam",
    "ashburn": "America/New_York",
}

# Places whose weather is not bundled: they wait for Open-Meteo.
LIVE_ONLY = {
    "bergen": "NO5",
    "copenhagen": "DK2",
    "dublin": "IE-SEM",
    "goteborg": "SE3",
    "kajaani": "FI",
    "mo-i-rana": "NO4",
    "odense": "DK1",
    "reykjavik": None,
    "stavanger": "NO2",
    "sundsvall": "SE2",
    "trondheim": "NO3",
}


@cache
def climate(place: str) -> pl.DataFrame:
    return table("climate_hours").filter(pl.col("place") == place)


def test_ten_places_with_a_cell_for_each_month_and_hour() -> None:
    cells = set(table("climate_hours").select("place", "month_of_year", "hour_utc").iter_rows())
    assert cells == {(p, m, h) for p in LOCAL_ZONE for m in range(1, 13) for h in range(24)}
    assert table("climate_hours").height == 10 * 12 * 24


def test_a_year_of_bins_has_8760_hours_and_no_holes() -> None:
    bins = table("climate_bins").sort("bin_low_c")
    assert set(bins.filter(pl.col("kind") == "dry_bulb")["place"]) == set(LOCAL_ZONE)
    assert set(bins["kind"]) == {"dry_bulb", "wet_bulb"}
    for (place, kind), group in bins.group_by("place", "kind"):
        assert group["hours_per_year"].sum() == pytest.approx(8760, abs=0.01), (place, kind)
        steps = [high - low for low, high in pairwise(group["bin_low_c"])]
        holes = [step for step in steps if step != 1]
        # In Ashburn no hour has a wet bulb of 28 degC, and one has 29.
        assert holes == ([2.0] if (place, kind) == ("ashburn", "wet_bulb") else []), (place, kind)


def test_the_bins_of_frankfurt_name_their_years() -> None:
    """Their mean of 11.74 degC is that of 2020-24; the hours, of 2023, have 12.09."""
    bins = table("climate_bins").filter(pl.col("place") == "frankfurt")
    assert bins["source"].str.contains("2020-24").all()


@pytest.mark.parametrize("place", LOCAL_ZONE)
def test_bins_and_hours_tell_of_the_same_place(place: str) -> None:
    """0.6 K of room: whole-degree readings in the bins of Ashburn, other years in those of Frankfurt."""
    weight = pl.col("hours_per_year")
    bins = table("climate_bins").filter(pl.col("place") == place, pl.col("kind") == "dry_bulb")
    mean = bins.select(((pl.col("bin_low_c") + 0.5) * weight).sum() / weight.sum()).item()
    assert mean == pytest.approx(climate(place)["dry_bulb_mean_c"].mean(), abs=0.6)


@pytest.mark.parametrize(("place", "zone"), LOCAL_ZONE.items())
def test_hours_are_utc_july_is_warmest_in_the_local_afternoon(place: str, zone: str) -> None:
    july = climate(place).filter(pl.col("month_of_year") == 7).sort("dry_bulb_mean_c")
    coldest, warmest = (
        datetime(2026, 7, 15, july["hour_utc"][end], tzinfo=UTC).astimezone(ZoneInfo(zone)).hour
        for end in (0, -1)
    )
    assert 13 <= warmest <= 17
    assert 3 <= coldest <= 6
    assert july["dry_bulb_mean_c"][-1] - july["dry_bulb_mean_c"][0] > 5


@pytest.mark.parametrize(
    ("place", "mean_c"),
    [
        ("lulea", 3.48),  # all daily means 2013-22
        ("falun", 6.26),  # all readings at 06 and 18 UTC 2013-22
        ("ashburn", 13.78),  # all hours of the typical year
        ("stockholm", 7.6),  # published means of the reanalysis and the stations from here on
        ("malmo", 10.0),
        ("oslo", 7.8),
        ("helsinki", 5.2),
        ("aarhus", 9.7),
        ("frankfurt", 12.1),
        ("amsterdam", 10.0),
    ],
)
def test_annual_mean_temperature_against_the_raw_series(place: str, mean_c: float) -> None:
    days = pl.date(2026, pl.col("month_of_year"), 1).dt.month_end().dt.day().cast(pl.Float64)
    mean = climate(place).select((pl.col("dry_bulb_mean_c") * days).sum() / days.sum()).item()
    assert mean == pytest.approx(mean_c, abs=0.08)


def test_monthly_means_of_lulea_against_the_station() -> None:
    station = [-9.19, -6.79, -3.27, 1.40, 7.59, 13.52, 16.71, 14.72, 9.97, 3.49, -1.85, -5.13]
    months = climate("lulea").group_by("month_of_year").agg(pl.col("dry_bulb_mean_c").mean())
    assert months.sort("month_of_year")["dry_bulb_mean_c"].to_list() == pytest.approx(station, abs=0.06)


@pytest.mark.parametrize(
    ("month", "hour_utc", "mean_c"), [(7, 20, 31.094), (7, 9, 20.339), (1, 11, -0.790), (1, 19, 4.297)]
)
def test_cells_of_ashburn_against_the_typical_year(month: int, hour_utc: int, mean_c: float) -> None:
    cell = climate("ashburn").row(by_predicate=is_row(month_of_year=month, hour_utc=hour_utc), named=True)
    assert cell["dry_bulb_mean_c"] == pytest.approx(mean_c, abs=0.006)


def test_bins_of_ashburn_against_the_typical_year() -> None:
    bins = table("climate_bins").filter(pl.col("place") == "ashburn", pl.col("kind") == "dry_bulb")
    assert bins.filter(pl.col("bin_low_c") >= 27)["hours_per_year"].sum() == 989
    assert bins.filter(pl.col("bin_low_c") < 0)["hours_per_year"].sum() == 576


@pytest.mark.parametrize("place", LOCAL_ZONE)
def test_the_wet_bulb_is_never_above_the_dry_bulb(place: str) -> None:
    assert climate(place).filter(pl.col("wet_bulb_mean_c") > pl.col("dry_bulb_mean_c")).is_empty()
    assert climate(place).filter(pl.col("wet_bulb_p95_c") > pl.col("dry_bulb_p95_c")).is_empty()


@pytest.mark.parametrize(
    ("place", "country", "zone", "latitude", "longitude"),
    [
        ("lulea", "SE", "SE1", 65.6, 22.2),
        ("falun", "SE", "SE3", 60.6, 15.6),
        ("stockholm", "SE", "SE3", 59.3, 18.1),
        ("malmo", "SE", "SE4", 55.6, 13.0),
        ("oslo", "NO", "NO1", 59.9, 10.8),
        ("helsinki", "FI", "FI", 60.2, 24.9),
        ("aarhus", "DK", "DK1", 56.2, 10.2),
        ("frankfurt", "DE", "DE-LU", 50.1, 8.7),
        ("amsterdam", "NL", "NL", 52.4, 4.9),
        ("ashburn", "US", None, 39.0, -77.5),
    ],
)
def test_places(place: str, country: str, zone: str | None, latitude: float, longitude: float) -> None:
    row = table("places").row(by_predicate=pl.col("place") == place, named=True)
    assert (row["country"], row["default_zone"]) == (country, zone)
    assert row["timezone"] == LOCAL_ZONE[place]
    assert (row["latitude_deg"], row["longitude_deg"]) == pytest.approx((latitude, longitude), abs=0.06)


def test_every_nordic_zone_has_a_place_and_open_meteo_knows_where_it_is() -> None:
    """Coordinates of the table and of the requests are the same within a tenth of a degree."""
    places = {row["place"]: row for row in table("places").to_dicts()}
    assert set(places) == set(LOCAL_ZONE) | set(LIVE_ONLY)
    assert {place: places[place]["default_zone"] for place in LIVE_ONLY} == LIVE_ONLY
    zones = {row["default_zone"] for row in places.values()}
    assert {*(f"SE{n}" for n in range(1, 5)), *(f"NO{n}" for n in range(1, 6)), "FI", "DK1", "DK2"} <= zones
    asked = read_source(folders().data / "sources" / "open-meteo.yaml").parameters["places"]
    assert set(LIVE_ONLY) <= set(asked)
    for place, (latitude, longitude) in asked.items():
        row = places[place]
        assert (row["latitude_deg"], row["longitude_deg"]) == pytest.approx((latitude, longitude), abs=0.1)
        assert row["timezone"] in available_timezones()
