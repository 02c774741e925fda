"""Gaps: hours that nobody published, filled by a named method or left, with a row for every hour that was filled."""

from __future__ import annotations

from typing import Literal, get_args

import polars as pl

GapMethod = Literal["none", "interpolate", "week_apart"]
METHODS: tuple[str, ...] = get_args(GapMethod)
# Prices cross an hour or two without surprise; a night is not a straight line.
LONGEST_INTERPOLATED_HOURS = 2
WEEK_HOURS = 7 * 24
DEFAULT_METHOD: GapMethod = "interpolate"


def fill_gaps(hours: pl.DataFrame, method: GapMethod = DEFAULT_METHOD) -> pl.DataFrame:
    """Hours of each zone -> every hour from its first to its last, with how each value came about.

    in: zone, hour_utc_start, price_eur_per_mwh, and minutes of the hour that are covered, where that is known -> the same and
    ``fill_method`` (null: published). Filled are

    - ``interpolate``: gaps of at most two hours, along a straight line;
    - ``week_apart``: any hour, by the mean of the same hour a week before and after, if both are published.

    What no method reaches stays away and shows in the coverage of its month.
    """
    grid = (
        hours.group_by("zone")
        .agg(first=pl.col("hour_utc_start").min(), last=pl.col("hour_utc_start").max())
        .select("zone", hour_utc_start=pl.datetime_ranges("first", "last", "1h"))
        .explode("hour_utc_start")
        .join(
            hours.select("zone", "hour_utc_start", "price_eur_per_mwh", *({"minutes"} & set(hours.columns))),
            on=["zone", "hour_utc_start"],
            how="left",
        )
        .sort("zone", "hour_utc_start")
    )
    price = pl.col("price_eur_per_mwh")
    if method == "none":
        filled = pl.lit(None, dtype=pl.Float64)
    elif method == "interpolate":
        gap = price.is_null().rle_id().over("zone")
        length = pl.len().over("zone", gap)
        filled = pl.when(length <= LONGEST_INTERPOLATED_HOURS).then(price.interpolate().over("zone"))
    else:
        filled = ((price.shift(WEEK_HOURS) + price.shift(-WEEK_HOURS)) / 2).over("zone")
    return (
        grid.with_columns(filled=filled)
        .with_columns(
            fill_method=pl.when(price.is_null() & pl.col("filled").is_not_null()).then(pl.lit(method)),
            price_eur_per_mwh=price.fill_null(pl.col("filled")),
        )
        .drop("filled")
        .drop_nulls("price_eur_per_mwh")
    )


def fill_report(filled: pl.DataFrame) -> pl.DataFrame:
    """How much was filled: zone, year, method, hours, share of the year's hours; only where anything was."""
    hours = pl.col("fill_method").is_not_null()
    return (
        filled.with_columns(year=pl.col("hour_utc_start").dt.year().cast(pl.Int64))
        .group_by("zone", "year")
        .agg(
            method=pl.col("fill_method").drop_nulls().first(),
            hours=hours.sum().cast(pl.Int64),
            share=hours.mean(),
        )
        .filter(pl.col("hours") > 0)
        .sort("zone", "year")
    )
