"""The bundled energy and climate tables: provenance of every row, and day-ahead prices checked by hand.

Belongs here: what must hold for every row, and prices computed a second time from the raw hours.
Does not belong here: figures of taxes, carbon and climate, or what the warehouse does with a bad row.
"""

from __future__ import annotations

import csv
from datetime import date

import polars as pl
import pytest

from brytpunkt.folders import folders
from brytpunkt.tables.contracts import CONTRACTS
from tests.data.bundled import is_row, table

NEWEST_COLLECTION = date(2026, 11, 24)
PROVENANCE = ["source", "source_date", "retrieved_on", "licence", "confidence", "note"]
TABLES = [
    *("day_ahead_monthly", "day_ahead_shape", "energy_taxes", "grid_fees", "fx_rates", "carbon_intensity"),
    *("climate_hours", "climate_bins", "places"),
    *("tax_rules", "grid_tariffs", "heat_prices", "connection_times", "comparators"),
    *("hot_years", "industrial_bounds"),
]
NORDIC = ["SE1", "SE2", "SE3", "SE4", "NO1", "NO2", "NO3", "NO4", "NO5", "FI", "DK1", "DK2"]
COMPARATORS = ["DE-LU", "FR", "NL", "IE-SEM"]
ZONES = NORDIC + COMPARATORS
# The raw hourly series have holes; a month with less than 85 % of its hours is not a row.
MISSING = {
    "SE1": ["2024-10", "2024-11", "2024-12", "2025-01"],
    "SE2": ["2024-10", "2024-11", "2024-12", "2025-01"],
    **{zone: ["2025-01"] for zone in ("SE4", "NO2", "NO3", "NO4", "NO5", "DK1", "DK2")},
    "IE-SEM": ["2026-04", "2026-05", "2026-06", "2026-07"],
}


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
    own = monthly.filter(pl.col("basis") == "hourly", pl.col("zone") != "IE-SEM")
    assert own["licence"].unique().to_list() == ["derived statistic"]
    ember = monthly.filter(pl.col("basis") == "ember_daily_mean")
    assert ember["licence"].unique().to_list() == ["CC BY 4.0"]
    assert ember["source"].str.starts_with("Ember").all()


def test_irish_statistics_name_ember() -> None:
    irish = table("day_ahead_monthly").filter(pl.col("zone") == "IE-SEM")
    assert irish["source"].str.contains("Ember").all()
    assert irish["licence"].unique().to_list() == ["CC BY 4.0"]


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
    is_hourly = pl.col("basis") == "hourly"
    hourly, rest = monthly.filter(is_hourly), monthly.filter(~is_hourly)
    assert hourly.select(pl.col(spread).null_count().sum()).row(0) == (0,) * len(spread)
    assert rest.select(pl.col(spread).count()).row(0) == (0,) * len(spread)
    low, middle, high = (pl.col(name) for name in spread[:3])
    assert hourly.filter(
        (low > middle) | (middle > high) | (pl.col("mean_eur_per_mwh") > 1.5 * high)
    ).is_empty()
    below = pl.col("negative_hours") / (pl.col("month").dt.month_end().dt.day().cast(pl.Float64) * 24)
    assert hourly.filter((low > 0.1) & (below > 0.055)).is_empty()
    assert hourly.filter((low < -0.1) & (below < 0.04)).is_empty()
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


@pytest.mark.parametrize(
    ("year", "mean"), [(2020, 28.02), (2021, 72.34), (2022, 154.04), (2023, 56.47), (2024, 45.57)]
)
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
    key = is_row(zone=zone, month_of_year=month, day_type=day_type, hour_utc=hour_utc)
    cell = table("day_ahead_shape").row(by_predicate=key, named=True)
    assert cell["ratio_to_month_mean"] == pytest.approx(ratio, abs=1e-4)
    assert cell["hours_sampled"] == sampled


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


def test_hours_are_utc_irish_winter_mornings_peak_at_nine() -> None:
    assert morning_peak("IE-SEM", [12, 1, 2]) == 9
