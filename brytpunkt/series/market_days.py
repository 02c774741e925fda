"""Market days: the day-ahead day of every zone is a Central European day of 23, 24 or 25 hours."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import polars as pl

# Finland, Ireland and Britain too are auctioned by this day.
MARKET_TIMEZONE = "Europe/Brussels"
MINUTES_PER_HOUR = 60


def market_day(start: str = "start_utc") -> pl.Expr:
    """Market day of an interval, from its start [UTC]."""
    return pl.col(start).dt.convert_time_zone(MARKET_TIMEZONE).dt.date()


def day_minutes(day: str = "day") -> pl.Expr:
    """Minutes of a market day: 1380 in spring, 1500 in autumn, else 1440."""
    midnight = pl.col(day).cast(pl.Datetime("us")).dt.replace_time_zone(MARKET_TIMEZONE)
    following = pl.col(day).dt.offset_by("1d").cast(pl.Datetime("us")).dt.replace_time_zone(MARKET_TIMEZONE)
    return (following - midnight).dt.total_minutes()


def day_start(day: dt.date) -> dt.datetime:
    """First instant of a market day [UTC]."""
    return dt.datetime.combine(day, dt.time(), ZoneInfo(MARKET_TIMEZONE)).astimezone(dt.UTC)


def hours_of_day(day: dt.date) -> int:
    """Hours of a market day: 23, 24 or 25."""
    return int((day_start(day + dt.timedelta(days=1)) - day_start(day)).total_seconds() // 3600)


def hourly(intervals: pl.DataFrame) -> pl.DataFrame:
    """Intervals of any length -> hours, averaged by time.

    | in: zone, publisher, start_utc, resolution_minutes, price_eur_per_mwh |
    | out: zone, publisher, hour_utc_start, price_eur_per_mwh, minutes |

    ``minutes`` is how much of the hour was covered; an interval longer than an hour does not occur in day-ahead prices.
    """
    weight = pl.col("resolution_minutes")
    return (
        intervals.with_columns(hour_utc_start=pl.col("start_utc").dt.truncate("1h"))
        .group_by("zone", "publisher", "hour_utc_start")
        .agg(
            price_eur_per_mwh=(pl.col("price_eur_per_mwh") * weight).sum() / weight.sum(),
            minutes=weight.sum(),
        )
        .sort("zone", "publisher", "hour_utc_start")
    )
