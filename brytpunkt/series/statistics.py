"""Statistics: hours of the day-ahead market reduced to the months and the daily shape that planning reads."""

from __future__ import annotations

import datetime as dt

import holidays
import polars as pl

from brytpunkt.series.market_days import MARKET_TIMEZONE, MINUTES_PER_HOUR, day_minutes

LOW_PRICE_EUR = 5.0
# Publishers round differently; more than this is another price. [EUR/MWh]
APART_EUR = 1.0
# As in the bundled table: a month with less than 85 % of its hours is not a row.
LEAST_COVERAGE = 0.85
# A shape from fewer months would replace one of several years.
FEWEST_SHAPE_MONTHS = 24
CELLS_OF_A_MONTH = 72
COUNTRIES = {"DE-LU": "DE", "IE-SEM": "IE"}


def best_hours(hours: pl.DataFrame) -> pl.DataFrame:
    """Hours of several publishers -> one for each zone and hour: the most complete, then the first by ``RANK``.

    in: zone, publisher, hour_utc_start, price_eur_per_mwh, minutes, licence, retrieved_on.
    """
    ranked = hours.with_columns(
        rank=pl.col("publisher").replace_strict(RANK, default=len(RANK), return_dtype=pl.Int64)
    )
    return (
        ranked.sort(
            "zone",
            "hour_utc_start",
            "minutes",
            "rank",
            "publisher",
            descending=[False, False, True, False, False],
        )
        .unique(["zone", "hour_utc_start"], keep="first", maintain_order=True)
        .drop("rank")
    )


# The exchange's own results before those who pass them on; country means last.
RANK = {
    name: position
    for position, name in enumerate(
        (
            "nord-pool",
            "entsoe",
            "energi-data-service",
            "elprisetjustnu",
            "hvakosterstrommen",
            "energy-charts",
            "ember",
        )
    )
}


def _local() -> pl.Expr:
    return pl.col("hour_utc_start").dt.convert_time_zone(MARKET_TIMEZONE)


def monthly(hours: pl.DataFrame) -> pl.DataFrame:
    """Hours -> statistics of each calendar month in Central European time.

    in: zone, hour_utc_start, price_eur_per_mwh, fill_method, and minutes where they are known -> the columns of
    ``day_ahead_monthly`` without its provenance. Percentiles are nearest-rank over published and filled hours; coverage counts
    published ones, each by the minutes that it has: three of four quarters are three quarters of an hour.
    """
    price = pl.col("price_eur_per_mwh")
    published = pl.col("fill_method").is_null()
    whole = pl.lit(MINUTES_PER_HOUR) if "minutes" not in hours.columns else pl.col("minutes")
    covered = (whole / MINUTES_PER_HOUR).clip(0, 1)
    months = (
        hours.with_columns(covered=covered, month=_local().dt.date().dt.month_start())
        .group_by("zone", "month")
        .agg(
            mean_eur_per_mwh=price.mean(),
            p05_eur_per_mwh=price.quantile(0.05, "nearest"),
            p50_eur_per_mwh=price.quantile(0.5, "nearest"),
            p95_eur_per_mwh=price.quantile(0.95, "nearest"),
            std_eur_per_mwh=price.std(),
            negative_hours=(price < 0).sum().cast(pl.Int64),
            low_hours=(price <= LOW_PRICE_EUR).sum().cast(pl.Int64),
            published=pl.col("covered").filter(published).sum(),
            filled=(~published).sum(),
            method=pl.col("fill_method").drop_nulls().first(),
        )
    )
    length = _hours_of_month(months.select("month").unique())
    return (
        months.join(length, on="month")
        .with_columns(coverage_share=(pl.col("published") / pl.col("hours")).clip(0, 1))
        .filter(pl.col("coverage_share") >= LEAST_COVERAGE)
        .select(
            *("zone", "month", "mean_eur_per_mwh", "p05_eur_per_mwh", "p50_eur_per_mwh", "p95_eur_per_mwh"),
            *("std_eur_per_mwh", "negative_hours", "low_hours", "coverage_share"),
            basis=pl.when(pl.col("filled") > 0)
            .then(pl.format("hourly, {} h filled by {}", "filled", "method"))
            .otherwise(pl.lit("hourly")),
        )
        .sort("zone", "month")
    )


def apart(hours: pl.DataFrame) -> pl.DataFrame:
    """Hours of several publishers -> how far they are apart in each zone and month; months of a single one are left out.

    in: zone, publisher, hour_utc_start, price_eur_per_mwh -> zone, month, apart_hours (by more than ``APART_EUR``),
    widest_apart_eur_per_mwh.
    """
    price = pl.col("price_eur_per_mwh")
    return (
        hours.group_by("zone", "hour_utc_start")
        .agg(publishers=pl.len(), spread=price.max() - price.min())
        .filter(pl.col("publishers") > 1)
        .group_by("zone", month=_local().dt.date().dt.month_start())
        .agg(
            apart_hours=(pl.col("spread") > APART_EUR).sum().cast(pl.Int64),
            widest_apart_eur_per_mwh=pl.col("spread").max(),
        )
        .sort("zone", "month")
    )


def _hours_of_month(months: pl.DataFrame) -> pl.DataFrame:
    """True hours of each month, an hour less in March and one more in October -> month, hours."""
    days = months.with_columns(day=pl.date_ranges("month", pl.col("month").dt.month_end())).explode("day")
    return days.group_by("month").agg(hours=day_minutes().sum() / 60)


def annual_means(hours: pl.DataFrame) -> pl.DataFrame:
    """Hours -> zone, year (Central European), mean of its months' means, months: the form of published annual tables."""
    return (
        monthly(hours)
        .group_by("zone", year=pl.col("month").dt.year().cast(pl.Int64))
        .agg(mean_eur_per_mwh=pl.col("mean_eur_per_mwh").mean(), months=pl.len().cast(pl.Int64))
        .sort("zone", "year")
    )


def shape(hours: pl.DataFrame) -> pl.DataFrame:
    """Hours -> price of each cell relative to the mean of its month of the year, all years pooled.

    -> the columns of ``day_ahead_shape`` without its provenance. Month and day type are those of the Central
    European day, a public holiday of the zone's country is a Sunday. Zones with fewer than
    ``FEWEST_SHAPE_MONTHS`` months, and months that lack a cell, are left out.
    """
    if hours.is_empty():
        return pl.DataFrame(schema=SHAPE)
    price = pl.col("price_eur_per_mwh")
    here = hours.with_columns(day=_local().dt.date()).with_columns(
        month_of_year=pl.col("day").dt.month().cast(pl.Int64),
        month=pl.col("day").dt.month_start(),
        hour_utc=pl.col("hour_utc_start").dt.hour().cast(pl.Int64),
    )
    months = pl.col("month").n_unique().over("zone")
    here = here.filter(months >= FEWEST_SHAPE_MONTHS).join(_free_days(here), on=["zone", "day"], how="left")
    weekday = pl.col("day").dt.weekday()
    pool = ["zone", "month_of_year"]
    cells = (
        here.with_columns(
            day_type=pl.when(pl.col("is_free").is_not_null() | (weekday == 7))  # noqa: PLR2004 - ISO weekday
            .then(pl.lit("sunday"))
            .when(weekday == 6)  # noqa: PLR2004 - ISO weekday
            .then(pl.lit("saturday"))
            .otherwise(pl.lit("weekday")),
            level=price.mean().over(pool),
        )
        .filter(pl.col("level") > 0)
        .with_columns(ratio=price / pl.col("level"))
        .group_by(*pool, "day_type", "hour_utc")
        .agg(
            ratio_to_month_mean=pl.col("ratio").mean(),
            p10_ratio=pl.col("ratio").quantile(0.1, "nearest"),
            p90_ratio=pl.col("ratio").quantile(0.9, "nearest"),
            hours_sampled=pl.len().cast(pl.Int64),
        )
    )
    whole = pl.len().over(pool) == CELLS_OF_A_MONTH
    return cells.filter(whole).select(*SHAPE).sort(*pool, "day_type", "hour_utc")


SHAPE = {
    "zone": pl.String,
    "month_of_year": pl.Int64,
    "day_type": pl.String,
    "hour_utc": pl.Int64,
    "ratio_to_month_mean": pl.Float64,
    "p10_ratio": pl.Float64,
    "p90_ratio": pl.Float64,
    "hours_sampled": pl.Int64,
}


def _free_days(hours: pl.DataFrame) -> pl.DataFrame:
    """Public holidays of each zone's country in the years of its hours -> zone, day, is_free."""
    rows: list[tuple[str, dt.date]] = []
    for zone in hours["zone"].unique().sort():
        country = COUNTRIES.get(zone, zone[:2])
        years = hours.filter(pl.col("zone") == zone)["day"].dt.year()
        first, last = int(years.min()), int(years.max())  # type: ignore[arg-type]
        if country in holidays.list_supported_countries():
            free = holidays.country_holidays(country, years=range(first, last + 1))
            rows += [(zone, day) for day in sorted(free)]
    frame = pl.DataFrame(rows, schema={"zone": pl.String, "day": pl.Date}, orient="row")
    return frame.with_columns(is_free=pl.lit(True))  # noqa: FBT003 - polars' own signature
