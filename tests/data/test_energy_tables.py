"""The bundled energy, climate, exchange-rate, tax and carbon tables: integrity, and figures checked by hand.

Belongs here: what must hold for every row, and figures computed a second time from the raw series.
Does not belong here: the price and hardware tables, or what the warehouse does with a bad row.
"""

from __future__ import annotations

import csv
from datetime import UTC, date, datetime
from functools import cache
from itertools import pairwise
from zoneinfo import ZoneInfo

import polars as pl
import pytest

from brytpunkt.folders import folders
from brytpunkt.warehouse.contracts import CONTRACTS

NEWEST_COLLECTION = date(2026, 11, 24)
PROVENANCE = ["source", "source_date", "retrieved_on", "licence", "confidence", "note"]
TABLES = [
    *("day_ahead_monthly", "day_ahead_shape", "energy_taxes", "grid_fees", "fx_rates", "carbon_intensity"),
    *("climate_hours", "climate_bins", "places"),
]
NORDIC = ["SE1", "SE2", "SE3", "SE4", "NO1", "NO2", "NO3", "NO4", "NO5", "FI", "DK1", "DK2"]
COMPARATORS = ["DE-LU", "FR", "NL", "IE-SEM"]
ZONES = NORDIC + COMPARATORS
# The raw hourly series have holes; a month with less than 85 % of its hours is not a row.
MISSING = {
    "SE1": ["2024-10", "2024-11", "2024-12", "2025-01"],
    "SE2": ["2024-10", "2024-11", "2024-12", "2025-01"],
    **dict.fromkeys(["SE4", "NO2", "NO3", "NO4", "NO5", "DK1", "DK2"], ["2025-01"]),
    "IE-SEM": ["2026-04", "2026-05", "2026-06", "2026-07"],
}
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
CELL = ("zone", "month_of_year", "day_type", "hour_utc")


@cache
def table(name: str) -> pl.DataFrame:
    """A bundled table with the types of its contract; raises if a row breaks the contract."""
    raw = pl.read_csv(folders().data / f"{name}.csv", infer_schema=False)
    return CONTRACTS[name].validate(raw, cast=True)


def hour_weighted_mean(zone: str, year: int) -> float:
    months = table("day_ahead_monthly").filter(
        pl.col("zone") == zone,
        pl.col("month").dt.year() == year,
    )
    hours = pl.col("month").dt.month_end().dt.day().cast(pl.Float64) * 24 * pl.col("coverage_share")
    return float(months.select((pl.col("mean_eur_per_mwh") * hours).sum() / hours.sum()).item())


# Every table


@pytest.mark.parametrize("name", TABLES)
def test_the_contract_holds_and_the_columns_are_in_its_order(name: str) -> None:
    with (folders().data / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        header = next(csv.reader(file))
    own = [column for column in CONTRACTS[name].columns() if column not in PROVENANCE]
    assert header == own + PROVENANCE
    assert table(name).height > 0


@pytest.mark.parametrize("name", TABLES)
def test_every_row_says_where_it_comes_from(name: str) -> None:
    for row in table(name).iter_rows(named=True):
        assert len(row["source"].strip()) > 2, row
        assert row["licence"].strip(), row
        assert row["source_date"] <= row["retrieved_on"] <= NEWEST_COLLECTION, row
        if row["confidence"] in {"estimated", "suspect"}:
            assert row["note"] or "general knowledge" in row["source"], row


def test_statistics_are_shipped_and_no_hourly_series() -> None:
    monthly = table("day_ahead_monthly")
    assert monthly.height == 1245
    own = monthly.filter(pl.col("basis") == "hourly")["licence"].unique().to_list()
    assert own == ["derived statistic"]
    ember = monthly.filter(pl.col("basis") == "ember_daily_mean")
    assert ember["licence"].unique().to_list() == ["CC BY 4.0"]
    assert ember["source"].str.starts_with("Ember").all()


@pytest.mark.xfail(strict=True, reason="the Irish hours are Ember's (CC BY 4.0), the rows name others")
def test_irish_statistics_name_ember() -> None:
    irish = table("day_ahead_monthly").filter(pl.col("zone") == "IE-SEM")
    assert irish["source"].str.contains("Ember").all()


# Day-ahead prices by month


@pytest.mark.parametrize("zone", ZONES)
def test_months_are_complete_from_2020_to_july_2026_but_for_known_holes(zone: str) -> None:
    months = table("day_ahead_monthly").filter(pl.col("zone") == zone)["month"].dt.strftime("%Y-%m")
    last = "2026-07"
    wanted = [f"{y}-{m:02}" for y in range(2020, 2027) for m in range(1, 13) if f"{y}-{m:02}" <= last]
    assert months.is_sorted()
    assert [m for m in wanted if m not in set(months)] == MISSING.get(zone, [])
    assert [m for m in months if m not in wanted] == []


def test_the_zones_of_prices_and_shapes_are_the_nordic_ones_and_the_comparators() -> None:
    for name in ("day_ahead_monthly", "day_ahead_shape"):
        assert set(table(name)["zone"]) == set(ZONES)


def test_spread_is_known_exactly_where_hours_were() -> None:
    monthly = table("day_ahead_monthly")
    spread = ["p05_eur_per_mwh", "p50_eur_per_mwh", "p95_eur_per_mwh", "std_eur_per_mwh", "negative_hours"]
    hourly, rest = monthly.partition_by(pl.col("basis") == "hourly", include_key=False)
    assert hourly.select(pl.col(spread).null_count().sum()).row(0) == (0,) * len(spread)
    assert rest.select(pl.col(spread).count()).row(0) == (0,) * len(spread)
    low, middle, high = (pl.col(name) for name in spread[:3])
    assert hourly.filter((low > middle) | (middle > high) | (pl.col("mean_eur_per_mwh") > 1.5 * high)).is_empty()
    assert hourly.filter((pl.col("negative_hours") > 0) & (low > 40)).is_empty()
    assert monthly["coverage_share"].min() == 0.867


@pytest.mark.parametrize(
    ("zone", "in_2022", "in_2023", "january_to_july_2026"),
    [
        ("SE1", 59.07, 39.98, 46.72),
        ("SE2", 61.96, 39.98, 46.96),
        ("SE3", 129.23, 51.70, 71.40),
        ("SE4", 152.13, 64.88, 86.98),
        ("NO1", 192.51, 66.98, 99.53),
        ("NO2", 211.31, 79.49, 100.54),
        ("NO3", 41.95, 38.58, 80.59),
        ("NO4", 24.48, 29.96, 37.29),
        ("NO5", 192.08, 67.08, 99.83),
        ("FI", 154.07, 56.47, 63.24),
        ("DK1", 219.04, 86.83, 99.05),
        ("DK2", 210.15, 81.25, 101.19),
    ],
)
def test_annual_means_against_the_mean_of_the_raw_hours(
    zone: str, in_2022: float, in_2023: float, january_to_july_2026: float
) -> None:
    """The plain mean of all raw hours of the year, by calendar in Central European time."""
    for year, mean in ((2022, in_2022), (2023, in_2023), (2026, january_to_july_2026)):
        assert hour_weighted_mean(zone, year) == pytest.approx(mean, abs=0.015), year


@pytest.mark.parametrize(
    ("zone", "year", "mean"),
    [
        ("SE3", 2020, 21.19),
        ("SE3", 2024, 35.77),
        ("SE4", 2024, 49.71),
        ("NO1", 2024, 42.03),
        ("NO2", 2024, 50.13),
        ("DK1", 2024, 70.64),
        ("NO1", 2025, 58.36),
        ("DE-LU", 2024, 79.58),
        ("NL", 2022, 241.96),
        ("IE-SEM", 2024, 108.88),
    ],
)
def test_other_annual_means_against_the_mean_of_the_raw_hours(zone: str, year: int, mean: float) -> None:
    assert hour_weighted_mean(zone, year) == pytest.approx(mean, abs=0.015)


@pytest.mark.parametrize(("year", "mean"), [(2020, 28.02), (2021, 72.34), (2022, 154.04), (2023, 56.47), (2024, 45.57)])
def test_finland_against_the_annual_means_that_nord_pool_publishes(year: int, mean: float) -> None:
    """2024 has ten months of daily means over UTC days, hence the wider tolerance."""
    assert hour_weighted_mean("FI", year) == pytest.approx(mean, abs=0.15 if year == 2024 else 0.03)


# Shape of the day


def test_every_month_and_day_type_has_its_24_hours() -> None:
    shape = table("day_ahead_shape")
    assert shape.height == len(ZONES) * 12 * 3 * 24
    days = shape.group_by("zone", "month_of_year", "day_type").agg(
        hours=pl.col("hour_utc").sort(),
        sampled=pl.col("hours_sampled").max() - pl.col("hours_sampled").min(),
    )
    assert days.height == len(ZONES) * 12 * 3
    assert all(hours == list(range(24)) for hours in days["hours"].to_list())
    # A Sunday on which clocks change moves hours between the market days, at most one a year.
    assert days.filter(pl.col("sampled") > 4).is_empty()


def test_the_sampled_hours_of_a_month_have_mean_one() -> None:
    weight = pl.col("hours_sampled")
    mean = (pl.col("ratio_to_month_mean") * weight).sum() / weight.sum()
    off = table("day_ahead_shape").group_by("zone", "month_of_year").agg(mean=mean)
    assert off.height == len(ZONES) * 12
    assert off.filter((pl.col("mean") - 1).abs() > 5e-5).is_empty()


@pytest.mark.parametrize(
    ("zone", "month", "day_type", "hour_utc", "ratio", "sampled"),
    [
        ("SE1", 2, "weekday", 7, 1.36106, 81),
        ("SE3", 1, "weekday", 7, 1.51890, 84),
        ("SE3", 6, "sunday", 12, -0.00241, 26),
        ("NO2", 12, "weekday", 16, 1.54993, 60),
        ("NO4", 11, "saturday", 3, 0.46575, 9),
        ("FI", 10, "sunday", 1, 0.08377, 8),
        ("DK1", 5, "weekday", 18, 1.83755, 81),
        ("DE-LU", 7, "sunday", 12, -0.13479, 12),
    ],
)
def test_cells_of_the_shape_against_the_raw_hours(
    zone: str, month: int, day_type: str, hour_utc: int, ratio: float, sampled: int
) -> None:
    key = dict(zip(CELL, (zone, month, day_type, hour_utc), strict=True))
    cell = table("day_ahead_shape").row(by_predicate=_is(key), named=True)
    assert cell["ratio_to_month_mean"] == pytest.approx(ratio, abs=1e-4)
    assert cell["hours_sampled"] == sampled


def _is(key: dict[str, object]) -> pl.Expr:
    return pl.all_horizontal(pl.col(name) == value for name, value in key.items())


def morning_peak(zone: str, months: list[int]) -> int:
    """Hour of the dearest weekday morning [UTC]."""
    hours = (
        table("day_ahead_shape")
        .filter(
            pl.col("zone") == zone,
            pl.col("day_type") == "weekday",
            pl.col("month_of_year").is_in(months),
            pl.col("hour_utc").is_between(3, 11),
        )
        .group_by("hour_utc")
        .agg(pl.col("ratio_to_month_mean").mean())
    )
    return int(hours.sort("ratio_to_month_mean")["hour_utc"][-1])


@pytest.mark.parametrize("zone", [z for z in ZONES if z != "IE-SEM"])
def test_hours_are_utc_the_winter_morning_peak_is_at_eight_local_time(zone: str) -> None:
    assert morning_peak(zone, [12, 1, 2]) == 7


@pytest.mark.parametrize("zone", ["SE3", "SE4", "NO1", "DK1", "DK2", "FI", "DE-LU", "NL", "IE-SEM"])
def test_hours_are_utc_the_morning_peak_comes_earlier_in_summer_time(zone: str) -> None:
    assert morning_peak(zone, [5, 6, 7, 8]) < morning_peak(zone, [12, 1, 2])


def test_irish_mornings_peak_later_by_the_clock_of_the_sun() -> None:
    assert morning_peak("IE-SEM", [12, 1, 2]) == 9


# Climate


@cache
def climate(place: str) -> pl.DataFrame:
    return table("climate_hours").filter(pl.col("place") == place)


def test_ten_places_with_a_cell_for_each_month_and_hour() -> None:
    assert set(table("places")["place"]) == set(LOCAL_ZONE)
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


@pytest.mark.parametrize(("month", "hour_utc", "mean_c"), [(7, 20, 31.094), (7, 9, 20.339), (1, 11, -0.790), (1, 19, 4.297)])
def test_cells_of_ashburn_against_the_typical_year(month: int, hour_utc: int, mean_c: float) -> None:
    cell = climate("ashburn").row(by_predicate=_is({"month_of_year": month, "hour_utc": hour_utc}), named=True)
    assert cell["dry_bulb_mean_c"] == pytest.approx(mean_c, abs=0.006)


def test_bins_of_ashburn_against_the_typical_year() -> None:
    bins = table("climate_bins").filter(pl.col("place") == "ashburn", pl.col("kind") == "dry_bulb")
    assert bins.filter(pl.col("bin_low_c") >= 27)["hours_per_year"].sum() == 989
    assert bins.filter(pl.col("bin_low_c") < 0)["hours_per_year"].sum() == 576


@pytest.mark.parametrize(
    "place",
    [
        pytest.param(p, marks=[pytest.mark.xfail(strict=True, reason="spread of Amsterdam on a narrower dry bulb")])
        if p in {"aarhus", "malmo"}
        else p
        for p in LOCAL_ZONE
    ],
)
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
