"""Series: what is odd is found, gaps are filled by name, units are held against others, and hours become months."""

from __future__ import annotations

import datetime as dt
import math
from typing import Any

import polars as pl
import pytest

from brytpunkt.series import statistics, weather
from brytpunkt.series.findings import day_ahead_findings, mean_mismatches
from brytpunkt.series.gaps import fill_gaps, fill_report
from brytpunkt.series.market_days import day_start, hourly, hours_of_day
from brytpunkt.series.units import unit_mistakes

AUTUMN, SPRING = dt.date(2025, 10, 26), dt.date(2026, 3, 29)
HOUR = dt.timedelta(hours=1)


def intervals(
    first: dt.date,
    days: int,
    *,
    minutes: int = 60,
    zone: str = "SE3",
    publisher: str = "entsoe",
    level: float = 50.0,
) -> pl.DataFrame:
    """Complete market days; the price runs from the level upwards by 0.1 an hour and begins anew each day."""
    rows = []
    for n in range(days):
        day = first + dt.timedelta(days=n)
        count = hours_of_day(day) * 60 // minutes
        rows += [
            (
                zone,
                publisher,
                day_start(day) + k * dt.timedelta(minutes=minutes),
                minutes,
                level + k * minutes / 600,
            )
            for k in range(count)
        ]
    return pl.DataFrame(
        rows,
        schema={
            "zone": pl.String,
            "publisher": pl.String,
            "start_utc": pl.Datetime("us", "UTC"),
            "resolution_minutes": pl.Int64,
            "price_eur_per_mwh": pl.Float64,
        },
        orient="row",
    )


def kinds(found: pl.DataFrame) -> list[tuple[Any, ...]]:
    return found.select("day", "kind", "value", "expected").rows()


def hours(frame: pl.DataFrame) -> pl.DataFrame:
    return hourly(frame).with_columns(fill_method=pl.lit(None, dtype=pl.String))


# Market days


def test_a_market_day_has_23_24_or_25_hours() -> None:
    days = (SPRING, AUTUMN, dt.date(2026, 6, 1))
    assert [hours_of_day(day) for day in days] == [23, 25, 24]
    assert day_start(AUTUMN) == dt.datetime(2025, 10, 25, 22, tzinfo=dt.UTC)


# Lossy and altered input


def test_complete_days_of_any_length_are_no_finding() -> None:
    both = pl.concat(
        [intervals(AUTUMN - dt.timedelta(days=1), 3), intervals(SPRING, 2, minutes=15, zone="FI")]
    )
    assert day_ahead_findings(both).is_empty()


@pytest.mark.parametrize("hours_left", [22, 24])
def test_a_fall_back_day_with_22_or_24_values_is_noticed(hours_left: int) -> None:
    table = intervals(AUTUMN - dt.timedelta(days=1), 3)
    begin = day_start(AUTUMN)
    kept = table.filter(
        (pl.col("start_utc") < begin) | (pl.col("start_utc") >= begin + HOUR * (25 - hours_left))
    )
    found = day_ahead_findings(kept)
    assert kinds(found) == [(AUTUMN, "short day", float(hours_left), 25.0)]
    assert "the clock goes back" in found["detail"][0]


def test_filler_quarters_of_a_spring_day_are_noticed() -> None:
    """A table with 96 columns for every day runs four quarters into the day after."""
    table = intervals(SPRING - dt.timedelta(days=1), 3, minutes=15)
    filler = (
        intervals(SPRING, 1, minutes=15).tail(4).with_columns(pl.col("start_utc") - dt.timedelta(minutes=5))
    )
    found = day_ahead_findings(pl.concat([table, filler]))
    assert kinds(found) == [(SPRING, "long day", 24.0, 23.0)]
    assert "the missing hour was filled" in found["detail"][0]


def test_an_autumn_day_that_lost_four_of_its_quarters_is_noticed() -> None:
    table = intervals(AUTUMN - dt.timedelta(days=1), 3, minutes=15)
    begin = day_start(AUTUMN)
    lost = table.filter(~pl.col("start_utc").is_between(begin + 3 * HOUR, begin + 4 * HOUR, closed="left"))
    assert kinds(day_ahead_findings(lost)) == [(AUTUMN, "short day", 24.0, 25.0)]


def test_a_day_that_is_not_there_is_noticed_between_the_first_and_the_last() -> None:
    gone = AUTUMN + dt.timedelta(days=1)
    table = pl.concat([intervals(AUTUMN, 1), intervals(gone + dt.timedelta(days=1), 1)])
    assert kinds(day_ahead_findings(table)) == [(gone, "absent day", 0.0, 24.0)]


def test_a_day_that_does_not_average_to_its_mean_is_noticed() -> None:
    table = intervals(AUTUMN, 1)
    stated = pl.DataFrame({"zone": ["SE3"], "day": [AUTUMN], "mean_eur_per_mwh": [51.0]})
    assert kinds(mean_mismatches(table, stated)) == [
        (AUTUMN, "day does not average to its stated mean", pytest.approx(51.2), 51.0)
    ]
    right = stated.with_columns(mean_eur_per_mwh=pl.lit(51.2))
    assert mean_mismatches(table, right).is_empty()


def test_a_lone_spike_is_noticed_unless_another_publisher_has_it_too() -> None:
    at = day_start(AUTUMN) + 10 * HOUR
    spike = (
        pl.when(pl.col("start_utc") == at)
        .then(900.0)
        .otherwise("price_eur_per_mwh")
        .alias("price_eur_per_mwh")
    )
    odd = intervals(AUTUMN, 2).with_columns(spike)
    alone = day_ahead_findings(odd)
    assert kinds(alone) == [(AUTUMN, "hour far from its neighbours", 900.0, pytest.approx(51.0))]
    assert "no other publisher" in alone["detail"][0]
    same = odd.with_columns(publisher=pl.lit("nord-pool"))
    assert day_ahead_findings(pl.concat([odd, same])).is_empty()
    plain = intervals(AUTUMN, 2, publisher="nord-pool")
    against = day_ahead_findings(pl.concat([odd, plain]))
    assert "other publishers say 51.0" in str(
        against.filter(pl.col("kind").str.starts_with("hour far"))["detail"][0]
    )
    assert "publishers disagree" in against["kind"].to_list()


@pytest.mark.parametrize("spikes", [1, 2, 3])
def test_outliers_hide_neither_themselves_nor_each_other(spikes: int) -> None:
    """Of a day's 24 hours, three at 640 lift its standard deviation beyond a third of their distance."""
    begin = day_start(AUTUMN) + 11 * HOUR
    is_odd = pl.col("start_utc").is_between(begin, begin + (spikes - 1) * HOUR)
    price = pl.when(is_odd).then(640.0).otherwise("price_eur_per_mwh")
    found = day_ahead_findings(intervals(AUTUMN, 2).with_columns(price_eur_per_mwh=price))
    assert found.select("day", "kind", "value").rows() == [(AUTUMN, "hour far from its neighbours", 640.0)]


def test_an_evening_that_rises_and_falls_is_no_outlier() -> None:
    at = day_start(AUTUMN)
    evening = {16: 120.0, 17: 220.0, 18: 300.0, 19: 240.0, 20: 150.0}
    price = pl.col("price_eur_per_mwh")
    for hour, value in evening.items():
        price = pl.when(pl.col("start_utc") == at + hour * HOUR).then(value).otherwise(price)
    assert day_ahead_findings(intervals(AUTUMN, 2).with_columns(price_eur_per_mwh=price)).is_empty()


@pytest.mark.parametrize(("level", "kind"), [(0.0, "day of zeros"), (61.25, "one price all day")])
def test_a_day_with_one_price_is_noticed(level: float, kind: str) -> None:
    flat = intervals(AUTUMN, 1, minutes=15).with_columns(price_eur_per_mwh=pl.lit(level))
    whole = pl.concat([flat, intervals(AUTUMN + dt.timedelta(days=1), 1, minutes=15)])
    assert kinds(day_ahead_findings(whole)) == [(AUTUMN, kind, level, None)]


def test_at_the_edge_of_a_fetch_only_what_a_cut_cannot_explain_is_noticed() -> None:
    before = intervals(AUTUMN - dt.timedelta(days=2), 2)
    autumn = intervals(AUTUMN, 1)

    def found(rows: pl.DataFrame) -> list[tuple[object, ...]]:
        return kinds(day_ahead_findings(pl.concat([before, rows])))

    assert found(autumn.head(9)) == [], "a fetch that ended in the morning"
    assert found(autumn.head(24)) == [(AUTUMN, "short day", 24.0, 25.0)], "the hour after the change is lost"
    holed = autumn.filter(pl.col("start_utc") != day_start(AUTUMN) + 3 * HOUR).head(12)
    assert found(holed) == [(AUTUMN, "short day", 12.0, 25.0)]
    after = intervals(AUTUMN + dt.timedelta(days=1), 2)
    assert kinds(day_ahead_findings(pl.concat([autumn.tail(9), after]))) == []


# Gaps


def test_short_gaps_are_crossed_by_a_line_and_long_ones_stay() -> None:
    table = hours(intervals(AUTUMN, 3))
    begin = day_start(AUTUMN)
    gone = [begin + n * HOUR for n in (3, 4, 10, 11, 12)]
    filled = fill_gaps(table.filter(~pl.col("hour_utc_start").is_in(gone)))
    assert filled.height == table.height - 3
    line = filled.filter(pl.col("fill_method") == "interpolate")
    assert line["hour_utc_start"].to_list() == gone[:2]
    assert line["price_eur_per_mwh"].to_list() == pytest.approx([50.3, 50.4])
    report = fill_report(filled)
    assert report.select("zone", "year", "method", "hours").rows() == [("SE3", 2025, "interpolate", 2)]


def test_a_long_gap_takes_the_weeks_beside_it_if_that_is_declared() -> None:
    table = hours(intervals(dt.date(2026, 5, 1), 21))
    gone = pl.col("hour_utc_start").is_between(
        day_start(dt.date(2026, 5, 10)), day_start(dt.date(2026, 5, 11)), closed="left"
    )
    filled = fill_gaps(table.filter(~gone), "week_apart")
    assert filled.height == table.height
    assert filled["price_eur_per_mwh"].to_list() == pytest.approx(table["price_eur_per_mwh"].to_list())
    assert fill_report(filled)["hours"].to_list() == [24]
    assert fill_gaps(table.filter(~gone), "none").height == table.height - 24


# Units


def test_what_other_zones_say_catches_a_unit_where_there_is_no_second_publisher() -> None:
    columns = ["zone", "hour_utc_start", "price_eur_per_mwh"]
    kwh = (
        hours(intervals(AUTUMN, 2, level=0.05))
        .with_columns(pl.col("price_eur_per_mwh") / 1000)
        .select(columns)
    )
    others = hours(intervals(AUTUMN, 2, zone="SE4")).select(columns)
    found = unit_mistakes(kwh, others)
    assert found["zone"].to_list() == ["SE3"]
    assert "another unit?" in found["reason"][0]
    cheap = hours(intervals(AUTUMN, 2, level=4.0)).select(columns)
    assert unit_mistakes(cheap, others).is_empty(), "a northern zone may cost a tenth of a southern one"


def test_two_publishers_that_differ_by_noise_are_no_unit_mistake() -> None:
    columns = ["zone", "hour_utc_start", "price_eur_per_mwh"]
    one = hours(intervals(AUTUMN, 2)).select(columns)
    noisy = one.with_columns(pl.col("price_eur_per_mwh") * (1 + 0.2 * (pl.int_range(pl.len()) % 3 - 1)))
    assert unit_mistakes(noisy, one).is_empty()


# Statistics


def test_months_are_central_european_and_their_statistics_by_hand() -> None:
    october = intervals(dt.date(2025, 10, 1), 31)
    month = statistics.monthly(hours(october)).row(0, named=True)
    assert (month["month"], month["coverage_share"], month["basis"]) == (dt.date(2025, 10, 1), 1.0, "hourly")
    # 30 days of 50.0 to 52.3 and one of 50.0 to 52.4: 745 hours
    by_hand = (30 * sum(50 + k / 10 for k in range(24)) + sum(50 + k / 10 for k in range(25))) / 745
    assert month["mean_eur_per_mwh"] == pytest.approx(by_hand)
    assert (month["negative_hours"], month["low_hours"]) == (0, 0)


def test_an_hour_with_three_of_four_quarters_covers_three_quarters_of_it() -> None:
    quarters = pl.concat(
        intervals(dt.date(2025, 11, 1), 30).with_columns(
            pl.col("start_utc") + dt.timedelta(minutes=15 * n), resolution_minutes=pl.lit(15, dtype=pl.Int64)
        )
        for n in range(3)
    )
    lacking = hours(quarters)
    assert statistics.monthly(lacking).is_empty(), "three quarters are less than a month needs"
    half = pl.concat([lacking.head(360), hours(intervals(dt.date(2025, 11, 1), 30)).tail(360)])
    for frame in (half, fill_gaps(half)):
        assert statistics.monthly(frame)["coverage_share"].to_list() == [0.875]


def test_a_year_is_the_mean_of_its_months() -> None:
    cheap, dear = intervals(dt.date(2025, 1, 1), 31, level=10), intervals(dt.date(2025, 2, 1), 28, level=40)
    [row] = statistics.annual_means(hours(pl.concat([cheap, dear]))).rows(named=True)
    assert (row["zone"], row["year"], row["months"]) == ("SE3", 2025, 2)
    assert row["mean_eur_per_mwh"] == pytest.approx((11.15 + 41.15) / 2)


def test_a_month_with_too_few_hours_is_no_row() -> None:
    assert statistics.monthly(hours(intervals(dt.date(2025, 10, 1), 26))).is_empty()
    assert statistics.monthly(hours(intervals(dt.date(2025, 10, 1), 27))).height == 1


def test_quarters_and_hours_have_the_same_month() -> None:
    coarse = hours(intervals(dt.date(2025, 11, 1), 30))
    fine = pl.concat(
        [
            intervals(dt.date(2025, 11, 1), 30).with_columns(
                pl.col("start_utc") + dt.timedelta(minutes=15 * n),
                resolution_minutes=pl.lit(15, dtype=pl.Int64),
            )
            for n in range(4)
        ]
    )
    assert statistics.monthly(hours(fine)).equals(statistics.monthly(coarse))


def test_the_shape_of_a_month_has_mean_one_and_holidays_are_sundays() -> None:
    two_years = hours(intervals(dt.date(2024, 1, 1), 731))
    cells = statistics.shape(two_years)
    assert cells.height == 12 * 72
    weight = pl.col("hours_sampled")
    means = cells.group_by("month_of_year").agg((pl.col("ratio_to_month_mean") * weight).sum() / weight.sum())
    assert means["ratio_to_month_mean"].to_list() == pytest.approx([1.0] * 12)
    # In December 2024 and 2025, Christmas and Boxing Day, Christmas Eve and New Year's Eve lie on weekdays too
    december = cells.filter(pl.col("month_of_year") == 12, pl.col("hour_utc") == 12)
    days = dict(december.select("day_type", "hours_sampled").iter_rows())
    assert sum(days.values()) == 62
    assert days["sunday"] > 9
    assert statistics.shape(hours(intervals(dt.date(2024, 1, 1), 400))).is_empty(), "13 months are no shape"


def test_the_more_complete_publisher_is_taken_and_then_the_first_in_rank() -> None:
    one = hourly(intervals(AUTUMN, 1, publisher="entsoe", level=10))
    two = hourly(intervals(AUTUMN, 1, publisher="energy-charts", level=20))
    part = one.with_columns(minutes=pl.when(pl.int_range(pl.len()) == 0).then(30).otherwise("minutes"))
    best = statistics.best_hours(pl.concat([part, two]))
    assert best["publisher"].to_list() == ["energy-charts"] + ["entsoe"] * 24


def test_the_hottest_year_is_that_of_the_hottest_hours() -> None:
    """Three years of a wave; 2024 is three kelvin hotter in July only, 2025 warmer by one all year, 2026 unfinished."""
    begin, end = dt.datetime(2023, 1, 1, tzinfo=dt.UTC), dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
    start = pl.datetime_range(begin, end, "1h", closed="left", time_zone="UTC", time_unit="us", eager=True)
    at = pl.col("start_utc")
    shift = (
        pl.when((at.dt.year() == 2024) & (at.dt.month() == 7)).then(3.0).when(at.dt.year() == 2025).then(1.0)
    )
    hours = pl.DataFrame({"place": "here", "start_utc": start}).with_columns(
        dry_bulb_c=10 - 12 * (at.dt.ordinal_day() * 2 * math.pi / 365).cos() + shift.otherwise(0.0)
    )
    [row] = weather.hot_years(hours).to_dicts()
    assert (row["hot_year"], row["years"]) == (2024, 3)
    assert row["hottest_p99_c"] == pytest.approx(25.0, abs=0.2)
    assert row["normal_p99_c"] < row["hottest_p99_c"]
    assert weather.hot_years(hours.filter(at.dt.year() == 2024)).is_empty(), (
        "one year has nothing to be compared with"
    )
