"""Weather: wet bulb from what was measured, whether a series is hourly, and the climate that planning reads."""

from __future__ import annotations

import polars as pl
import psychrolib

from brytpunkt.series.findings import as_findings

STANDARD_PRESSURE_PA = 101_325.0
COMPUTED = "psychrolib from dry bulb, humidity and pressure"
COMPUTED_STANDARD = "psychrolib from dry bulb and humidity at standard pressure"
HOURS_OF_DAY, MONTHS = 24, 12
# A station that lost a tenth of its hours is still hourly; one that reads at 06 and 18 UTC is not.
LEAST_HOURLY_SHARE = 0.8
# Less than a week says little: its first or last day may be a part of one.
LEAST_JUDGED_DAYS = 6
# A year with fewer of its hours may lack the summer.
LEAST_YEAR_SHARE = 0.95
HOURS_PER_YEAR = 8760.0
COLDEST_BIN_C, WARMEST_BIN_C = -60, 60
DRIEST = 0.01


def with_wet_bulb(hours: pl.DataFrame) -> pl.DataFrame:
    """Fill ``wet_bulb_c`` where dry bulb and humidity are known, and say by which method. [degC]

    Temperature is rounded to 0.1 K, humidity to 1 % and pressure to 1 hPa, so that ten years of a station are a
    few thousand distinct states. ASHRAE Handbook of Fundamentals 2017, chapter 1, by psychrolib.
    """
    psychrolib.SetUnitSystem(psychrolib.SI)
    needs = pl.col("wet_bulb_c").is_null() & pl.col("relative_humidity").is_not_null()
    rounded = hours.with_columns(
        t=pl.when(needs).then(pl.col("dry_bulb_c").round(1)),
        h=pl.when(needs).then(pl.col("relative_humidity").clip(DRIEST, 1).round(2)),
        p=pl.when(needs).then((pl.col("pressure_pa").fill_null(STANDARD_PRESSURE_PA) / 100).round() * 100),
    )
    states = rounded.select("t", "h", "p").drop_nulls().unique().sort("t", "h", "p")
    computed = states.with_columns(
        computed=pl.Series(
            [psychrolib.GetTWetBulbFromRelHum(t, h, p) for t, h, p in states.iter_rows()], dtype=pl.Float64
        )
    )
    return (
        rounded.join(computed, on=["t", "h", "p"], how="left", maintain_order="left")
        .with_columns(
            wet_bulb_method=pl.when(pl.col("computed").is_null())
            .then("wet_bulb_method")
            .when(pl.col("pressure_pa").is_null())
            .then(pl.lit(COMPUTED_STANDARD))
            .otherwise(pl.lit(COMPUTED)),
            # rounding may lift it above a saturated dry bulb
            wet_bulb_c=pl.coalesce(
                "wet_bulb_c",
                pl.when(pl.col("computed").is_not_null()).then(pl.min_horizontal("computed", "dry_bulb_c")),
            ),
        )
        .drop("t", "h", "p", "computed")
    )


def weather_findings(hours: pl.DataFrame) -> pl.DataFrame:
    """Years in which a series does not have all hours of the day alike: place, publisher, first day, and why.

    A year of which less than a week is there is not judged. in: place, publisher, start_utc, dry_bulb_c.
    """
    counts = (
        hours.with_columns(year=pl.col("start_utc").dt.year(), hour=pl.col("start_utc").dt.hour())
        .group_by("place", "publisher", "year", "hour")
        .agg(rows=pl.len(), first=pl.col("start_utc").min(), last=pl.col("start_utc").max())
        .group_by("place", "publisher", "year")
        .agg(
            hours_of_day=pl.col("hour").n_unique(),
            fewest=pl.col("rows").min(),
            most=pl.col("rows").max(),
            names=pl.col("hour").sort().cast(pl.String).str.zfill(2).str.join(", "),
            day=pl.col("first").min().dt.date(),
            days=(pl.col("last").max() - pl.col("first").min()).dt.total_days(),
        )
        .filter(pl.col("days") >= LEAST_JUDGED_DAYS)
        .rename({"place": "zone"})
        .with_columns(value=pl.col("hours_of_day"), expected=pl.lit(HOURS_OF_DAY))
    )
    is_hourly = (pl.col("hours_of_day") == HOURS_OF_DAY) & (
        pl.col("fewest") >= LEAST_HOURLY_SHARE * pl.col("most")
    )
    odd = counts.filter(~is_hourly)
    detail = (
        pl.when(pl.col("hours_of_day") < HOURS_OF_DAY)
        .then(pl.format("{}: readings at {} UTC only", "year", "names"))
        .otherwise(pl.format("{}: {} to {} readings by hour of the day", "year", "fewest", "most"))
    )
    return as_findings(odd, "not hourly", detail, series="weather").sort("subject", "publisher", "day")


def hourly_only(hours: pl.DataFrame) -> pl.DataFrame:
    """The hours without the years of a series that are not hourly: their means would be those of a few hours."""
    odd = weather_findings(hours).select(place="subject", publisher="publisher", year=pl.col("day").dt.year())
    year = hours.with_columns(year=pl.col("start_utc").dt.year())
    return year.join(odd, on=["place", "publisher", "year"], how="anti").drop("year")


def climate_hours(hours: pl.DataFrame) -> pl.DataFrame:
    """Hours with both bulbs -> means and 95th percentiles by month and hour UTC, for places with all 288 cells."""
    cells = (
        hours.drop_nulls("wet_bulb_c")
        .group_by(
            "place",
            month_of_year=pl.col("start_utc").dt.month().cast(pl.Int64),
            hour_utc=pl.col("start_utc").dt.hour().cast(pl.Int64),
        )
        .agg(
            dry_bulb_mean_c=pl.col("dry_bulb_c").mean(),
            dry_bulb_p95_c=pl.col("dry_bulb_c").quantile(0.95, "nearest"),
            wet_bulb_mean_c=pl.col("wet_bulb_c").mean(),
            wet_bulb_p95_c=pl.col("wet_bulb_c").quantile(0.95, "nearest"),
        )
    )
    whole = pl.len().over("place") == MONTHS * HOURS_OF_DAY
    return cells.filter(whole).sort("place", "month_of_year", "hour_utc")


def climate_bins(hours: pl.DataFrame) -> pl.DataFrame:
    """Hours with both bulbs -> hours of a year in each 1 K bin, every month weighing what it lasts.

    -> place, kind (dry_bulb, wet_bulb), bin_low_c, hours_per_year; of a place they sum to 8760 for each kind.
    """
    known = hours.drop_nulls("wet_bulb_c").with_columns(month=pl.col("start_utc").dt.month())
    whole = known.filter(pl.col("month").n_unique().over("place") == MONTHS)
    days = pl.date(2023, pl.col("month"), 1).dt.month_end().dt.day().cast(pl.Float64)
    weighted = whole.with_columns(weight=days * HOURS_OF_DAY / pl.len().over("place", "month"))
    return (
        weighted.unpivot(["dry_bulb_c", "wet_bulb_c"], index=["place", "weight"], variable_name="kind")
        .group_by("place", pl.col("kind").str.strip_suffix("_c"), bin_low_c=pl.col("value").floor())
        .agg(hours_per_year=pl.col("weight").sum())
        .sort("place", "kind", "bin_low_c")
    )


def every_degree(bins: pl.DataFrame) -> pl.DataFrame:
    """Bins of each place and kind -> the same with zero hours at every other degree that a place may have.

    So that a place's year replaces another publication's whole, its coldest and warmest degrees included.
    """
    degrees = pl.DataFrame({"bin_low_c": [float(c) for c in range(COLDEST_BIN_C, WARMEST_BIN_C + 1)]})
    return (
        bins.select("place", "kind")
        .unique()
        .join(degrees, how="cross")
        .join(bins, on=["place", "kind", "bin_low_c"], how="left")
        .with_columns(pl.col("hours_per_year").fill_null(0.0))
        .sort("place", "kind", "bin_low_c")
    )


def hot_years(hours: pl.DataFrame) -> pl.DataFrame:
    """Hours -> the hottest whole year of each place, by the dry bulb that 1 % of its hours exceed.

    -> place, hot_year, years, hottest_p99_c, normal_p99_c; places with at least two years of ``LEAST_YEAR_SHARE`` of their hours.
    """
    place = ["place"]
    year = pl.col("start_utc").dt.year().cast(pl.Int64)
    whole = hours.with_columns(year=year).filter(
        pl.len().over("place", "year") >= LEAST_YEAR_SHARE * HOURS_OF_DAY * 365
    )
    high = pl.col("dry_bulb_c").quantile(0.99, "nearest")
    by_year = whole.group_by("place", "year").agg(p99=high)
    normal = whole.group_by(place).agg(normal_p99_c=high, years=pl.col("year").n_unique().cast(pl.Int64))
    return (
        by_year.sort("place", "p99", "year", descending=[False, True, False])
        .unique(place, keep="first", maintain_order=True)
        .join(normal.filter(pl.col("years") > 1), on="place")
        .select("place", "years", "normal_p99_c", hot_year="year", hottest_p99_c="p99")
        .sort("place")
    )
