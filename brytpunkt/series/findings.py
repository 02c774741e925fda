"""Findings: lossy and altered input as rows with a reason, from the intervals of every publisher.

Belongs here: what is odd about a day or an hour. Does not belong here: refusing or changing a price.
"""

from __future__ import annotations

import polars as pl

from brytpunkt.series.market_days import MINUTES_PER_HOUR, day_minutes, hourly, market_day

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
# An hour this far from the mean of the hours beside it, and three standard deviations of its day. [EUR/MWh]
FAR_FROM_NEIGHBOURS = 150.0
FAR_IN_DEVIATIONS = 3.0
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
    """Everything odd in the stored intervals: day counts, lone spikes, publishers that disagree.

    in: zone, publisher, start_utc, resolution_minutes, price_eur_per_mwh -> ``FINDINGS``, sorted.
    """
    hours = hourly(intervals)
    found = [day_counts(intervals), far_hours(hours), disagreements(hours)]
    return pl.concat(found).sort("subject", "publisher", "day", "kind")


def day_counts(intervals: pl.DataFrame) -> pl.DataFrame:
    """Market days whose intervals do not cover 23, 24 or 25 hours, once each.

    Days before the first and after the last complete one are the edges of what was fetched, and no finding.
    """
    days = (
        intervals.with_columns(day=market_day())
        .group_by(KEY)
        .agg(
            value=pl.col("resolution_minutes").sum() / MINUTES_PER_HOUR,
            starts=pl.col("start_utc").n_unique(),
            rows=pl.len(),
        )
        .with_columns(expected=day_minutes() / MINUTES_PER_HOUR)
    )
    whole = (
        days.filter(pl.col("value") == pl.col("expected"))
        .group_by("zone", "publisher")
        .agg(first=pl.col("day").min(), last=pl.col("day").max())
    )
    inner = days.join(whole, on=["zone", "publisher"], how="left").filter(
        pl.col("first").is_null() | pl.col("day").is_between("first", "last")
    )
    short = as_findings(inner.filter(pl.col("value") < pl.col("expected")), "short day", _count_detail())
    long = as_findings(inner.filter(pl.col("value") > pl.col("expected")), "long day", _count_detail())
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


def far_hours(hours: pl.DataFrame) -> pl.DataFrame:
    """Hours far from the hours beside them which no other publisher confirms."""
    place = ["zone", "publisher"]
    price = pl.col("price_eur_per_mwh")
    others = (
        hours.join(hours, on=["zone", "hour_utc_start"], suffix="_other")
        .filter(pl.col("publisher") != pl.col("publisher_other"))
        .group_by(*place, "hour_utc_start")
        .agg(other=pl.col("price_eur_per_mwh_other").median())
    )
    beside = (price.shift(1) + price.shift(-1)) / 2
    far = (
        hours.sort(*place, "hour_utc_start")
        .with_columns(day=market_day("hour_utc_start"), expected=beside.over(place))
        .with_columns(deviation=price.std().over(KEY))
        .filter(
            ((price - pl.col("expected")).abs() > FAR_FROM_NEIGHBOURS)
            & ((price - pl.col("expected")).abs() > FAR_IN_DEVIATIONS * pl.col("deviation"))
        )
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
