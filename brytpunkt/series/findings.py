"""Findings: lossy and altered input as rows with a reason, from the intervals of every publisher.

Belongs here: what is odd about a day or an hour. Does not belong here: refusing or changing a price.
"""

from __future__ import annotations

import polars as pl

from brytpunkt.series.market_days import (
    MARKET_TIMEZONE,
    MINUTES_PER_HOUR,
    day_minutes,
    hourly,
    market_day,
)

FINDINGS: dict[str, type[pl.DataType]] = {
    "series": pl.String,
    "subject": pl.String,
    "publisher": pl.String,
    "day": pl.Date,
    "kind": pl.String,
    "detail": pl.String,
    "value": pl.Float64,
    "expected": pl.Float64,
}
KEY = ["zone", "publisher", "day"]
# Kinds of findings that other modules speak of, too.
DOCUMENT_NOT_READ, UNKNOWN_FIELD = "document not read", "unknown field"
NOTHING_PUBLISHED, OTHER_SERIES = "nothing published", "other prices than day-ahead"
NOT_APPROVED, NOT_STATED = "readings not approved", "reading with something not stated"
OTHER_LEVEL = "reading at another height"
# What a publication says of its documents; the next one says it again, or it is settled.
OF_DOCUMENTS = (
    *(DOCUMENT_NOT_READ, UNKNOWN_FIELD, NOTHING_PUBLISHED, OTHER_SERIES),
    *(NOT_APPROVED, NOT_STATED, OTHER_LEVEL),
)
# Series whose publications are whole each time.
WHOLE_SERIES = ("grid_tariff", "carbon", "industrial")
NO_PRICE, TWO_PRICES = "interval without price", "two prices of one interval"
INCOMPLETE_DAY, OTHER_DAY = "file without a whole day", "another day than the file's"
CURRENCIES_APART = "currencies do not fit"
DAY_OF_ZEROS, FLAT_DAY = "day of zeros", "one price all day"
# An hour this far from the median of the hours around it, and from it by as many typical distances. [EUR/MWh]
FAR_FROM_NEIGHBOURS = 150.0
FAR_IN_DEVIATIONS = 10.0
# The hours around one, on both sides; the lone, the double and the triple spike are a minority among them.
HOURS_AROUND = 4
# A day has its own price in this many hours at least; fewer may well be alike.
LEAST_FLAT_HOURS = 20
# Of a day of 25 hours, fewer are a fetch that ended early.
LEAST_OF_LONG_DAY, HOURS_OF_LONG_DAY, HOURS_OF_DAY = 22, 25, 24
FAR_FROM_PUBLISHERS = 5.0
DISAGREEMENT = 1.0
ROUNDING = 0.02


def no_findings() -> pl.DataFrame:
    """An empty table of findings."""
    return pl.DataFrame(schema=FINDINGS)


def as_findings(frame: pl.DataFrame, kind: str, detail: pl.Expr, series: str = "day_ahead") -> pl.DataFrame:
    """Rows with zone, publisher, day, value, expected -> findings of one kind."""
    return frame.select(
        series=pl.lit(series),
        subject="zone",
        publisher="publisher",
        day="day",
        kind=pl.lit(kind),
        detail=detail,
        value=pl.col("value").cast(pl.Float64),
        expected=pl.col("expected").cast(pl.Float64),
    )


def day_ahead_findings(intervals: pl.DataFrame) -> pl.DataFrame:
    """Everything odd in the stored intervals: day counts, flat days, lone spikes, publishers that disagree.

    in: zone, publisher, start_utc, resolution_minutes, price_eur_per_mwh -> ``FINDINGS``, sorted.
    """
    hours = hourly(intervals)
    found = [day_counts(intervals), flat_days(intervals), far_hours(hours), disagreements(hours)]
    return pl.concat(found).sort("subject", "publisher", "day", "kind")


def day_counts(intervals: pl.DataFrame) -> pl.DataFrame:
    """Market days whose intervals do not cover 23, 24 or 25 hours, once each.

    Days before the first and after the last complete one are the edges of what was fetched: there, only what a cut
    cannot explain is a finding, namely a hole within, too many hours, and an autumn day that lacks about one hour.
    """
    end = pl.col("start_utc") + pl.duration(minutes=pl.col("resolution_minutes"))
    days = (
        intervals.with_columns(day=market_day())
        .group_by(KEY)
        .agg(
            value=pl.col("resolution_minutes").sum() / MINUTES_PER_HOUR,
            span=(end.max() - pl.col("start_utc").min()).dt.total_minutes() / MINUTES_PER_HOUR,
            begins=pl.col("start_utc").min(),
            ends=end.max(),
        )
        .with_columns(
            expected=day_minutes() / MINUTES_PER_HOUR,
            midnight=pl.col("day").cast(pl.Datetime("us")).dt.replace_time_zone(MARKET_TIMEZONE),
        )
        .with_columns(
            at_start=pl.col("begins") == pl.col("midnight").dt.convert_time_zone("UTC"),
            at_end=pl.col("ends") == pl.col("midnight").dt.offset_by("1d").dt.convert_time_zone("UTC"),
        )
    )
    whole = (
        days.filter(pl.col("value") == pl.col("expected"))
        .group_by("zone", "publisher")
        .agg(first=pl.col("day").min(), last=pl.col("day").max())
    )
    hours, day = pl.col("value"), pl.col("day")
    is_holed = pl.col("span") > hours
    is_cut_at_end = (day > pl.col("last")) & pl.col("at_start") & ~is_holed
    is_cut_at_start = (day < pl.col("first")) & pl.col("at_end") & ~is_holed
    is_autumn = pl.col("expected") == HOURS_OF_LONG_DAY
    merged = is_autumn & (
        (hours == HOURS_OF_DAY) | ((day > pl.col("last")) & hours.is_between(LEAST_OF_LONG_DAY, HOURS_OF_DAY))
    )
    is_edge = (is_cut_at_end | is_cut_at_start).fill_null(value=False) & ~merged
    judged = days.join(whole, on=["zone", "publisher"], how="left").filter(
        (hours > pl.col("expected")) | ~is_edge
    )
    short = as_findings(judged.filter(hours < pl.col("expected")), "short day", _count_detail())
    long = as_findings(judged.filter(hours > pl.col("expected")), "long day", _count_detail())
    absent = _absent_days(whole, days)
    return pl.concat([short, long, absent])


def _count_detail() -> pl.Expr:
    clock = (
        pl.when(pl.col("expected") > 24)  # noqa: PLR2004 - hours of a day
        .then(pl.lit(": the clock goes back, and an hour was dropped or merged"))
        .when(pl.col("expected") < 24)  # noqa: PLR2004 - hours of a day
        .then(pl.lit(": the clock goes forward, and the missing hour was filled"))
        .otherwise(pl.lit(""))
    )
    return (
        pl.format("{} of {} hours", pl.col("value").round(2), pl.col("expected").round(0).cast(pl.Int64))
        + clock
    )


def _absent_days(whole: pl.DataFrame, days: pl.DataFrame) -> pl.DataFrame:
    """Days between the first and the last complete one that have no interval at all."""
    return as_findings(
        whole.with_columns(day=pl.date_ranges("first", "last"))
        .explode("day")
        .join(days, on=KEY, how="anti")
        .with_columns(value=pl.lit(0.0), expected=day_minutes() / MINUTES_PER_HOUR),
        "absent day",
        pl.lit("no interval of this day"),
    )


def flat_days(intervals: pl.DataFrame) -> pl.DataFrame:
    """Market days with one price in all their hours: zeros of a day that is not priced yet, or a daily mean.

    An auction of every hour hardly ever ends in one price; in six years of 18 zones no day was all zeros.
    """
    price = pl.col("price_eur_per_mwh")
    days = (
        intervals.with_columns(day=market_day())
        .group_by(KEY)
        .agg(
            hours=pl.col("resolution_minutes").sum() / MINUTES_PER_HOUR,
            value=price.first(),
            prices=price.n_unique(),
        )
        .filter(pl.col("prices") == 1, pl.col("hours") >= LEAST_FLAT_HOURS)
        .with_columns(expected=pl.lit(None, dtype=pl.Float64))
    )
    hours = pl.col("hours").round(2)
    zeros = as_findings(
        days.filter(pl.col("value") == 0),
        DAY_OF_ZEROS,
        pl.format("all {} hours cost 0: a day that is not priced yet?", hours),
    )
    flat = as_findings(
        days.filter(pl.col("value") != 0),
        FLAT_DAY,
        pl.format("all {} hours cost {} EUR/MWh: the mean of a day?", hours, pl.col("value").round(2)),
    )
    return pl.concat([zeros, flat])


def far_hours(hours: pl.DataFrame) -> pl.DataFrame:
    """Hours far from those around them which no other publisher confirms.

    Held against the median of the hours around and their typical distance from it, so that an outlier neither hides
    itself nor another one: it moves a mean and a standard deviation, but no median.
    """
    place = ["zone", "publisher"]
    price = pl.col("price_eur_per_mwh")
    others = (
        hours.join(hours, on=["zone", "hour_utc_start"], suffix="_other")
        .filter(pl.col("publisher") != pl.col("publisher_other"))
        .group_by(*place, "hour_utc_start")
        .agg(other=pl.col("price_eur_per_mwh_other").median())
    )
    shifts = [step for step in range(-HOURS_AROUND, HOURS_AROUND + 1) if step]
    beside = [price.shift(step).over(place).alias(f"beside{step}") for step in shifts]
    names = [f"beside{step}" for step in shifts]
    distances = [(pl.col(name) - pl.col("expected")).abs() for name in names]
    far = (
        hours.sort(*place, "hour_utc_start")
        .with_columns(beside, day=market_day("hour_utc_start"))
        # cheap, and never further from the hour than the median of the others is
        .filter(
            (price - price.rolling_median(2 * HOURS_AROUND + 1, center=True, min_samples=1).over(place)).abs()
            > FAR_FROM_NEIGHBOURS / 2
        )
        .with_columns(expected=pl.concat_list(names).list.drop_nulls().list.median())
        .filter((price - pl.col("expected")).abs() > FAR_FROM_NEIGHBOURS)
        .with_columns(typical=pl.concat_list(distances).list.drop_nulls().list.median())
        .filter((price - pl.col("expected")).abs() > FAR_IN_DEVIATIONS * pl.col("typical"))
        .join(others, on=[*place, "hour_utc_start"], how="left")
        .filter(pl.col("other").is_null() | ((price - pl.col("other")).abs() > FAR_FROM_PUBLISHERS))
        .with_columns(value=price)
    )
    detail = pl.format(
        "{} UTC: {} EUR/MWh beside {}; {}",
        pl.col("hour_utc_start").dt.strftime("%H:%M"),
        pl.col("value").round(2),
        pl.col("expected").round(2),
        pl.when(pl.col("other").is_null())
        .then(pl.lit("no other publisher has this hour"))
        .otherwise(pl.format("other publishers say {}", pl.col("other").round(2))),
    )
    return as_findings(
        far.unique(KEY, keep="first", maintain_order=True), "hour far from its neighbours", detail
    )


def disagreements(hours: pl.DataFrame) -> pl.DataFrame:
    """Days on which a publisher differs from the median of all by more than ``DISAGREEMENT`` on average."""
    median = pl.col("price_eur_per_mwh").median().over("zone", "hour_utc_start")
    count = pl.len().over("zone", "hour_utc_start")
    days = (
        hours.with_columns(day=market_day("hour_utc_start"), median=median, publishers=count)
        .filter(pl.col("publishers") > 1)
        .group_by(KEY)
        .agg(
            value=pl.col("price_eur_per_mwh").mean(),
            expected=pl.col("median").mean(),
            apart=(pl.col("price_eur_per_mwh") - pl.col("median")).abs().mean(),
        )
        .filter(pl.col("apart") > DISAGREEMENT)
    )
    detail = pl.format(
        "{} EUR/MWh from the median of the publishers, mean over the day", pl.col("apart").round(2)
    )
    return as_findings(days, "publishers disagree", detail)


def mean_mismatches(intervals: pl.DataFrame, stated: pl.DataFrame) -> pl.DataFrame:
    """Days whose hours do not average to the mean that the same document states.

    ``stated``: zone, day, mean_eur_per_mwh.
    """
    weight = pl.col("resolution_minutes")
    days = (
        intervals.with_columns(day=market_day())
        .group_by(KEY)
        .agg(value=(pl.col("price_eur_per_mwh") * weight).sum() / weight.sum())
        .join(stated, on=["zone", "day"])
        .with_columns(expected=pl.col("mean_eur_per_mwh"))
        .filter((pl.col("value") - pl.col("expected")).abs() > ROUNDING)
    )
    detail = pl.format(
        "the intervals average {} EUR/MWh, the document says {}",
        pl.col("value").round(2),
        pl.col("expected").round(2),
    )
    return as_findings(days, "day does not average to its stated mean", detail)
