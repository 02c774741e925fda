"""The calendar and the grid: true hours, daylight saving, holidays, and shares that add up."""

from __future__ import annotations

import datetime as dt

import polars as pl
import pytest

from brytpunkt.declarations import Plan
from brytpunkt.planning.demand.volumes import hourly_shares, volumes
from brytpunkt.planning.inputs.calendar import CELL, hours_of, plan_months


@pytest.fixture(scope="module")
def months(plan: Plan) -> pl.DataFrame:
    """Two years from January 2027."""
    return plan_months(plan.finance, 24)


def test_months_have_true_hours(months: pl.DataFrame) -> None:
    assert months["hours"].to_list()[:3] == [744.0, 672.0, 744.0]
    assert months.filter(pl.col("month") < 12)["hours"].sum() == 8760
    assert months.filter(pl.col("month") >= 12)["hours"].sum() == 8784  # 2028 is a leap year


def test_declared_hours_per_month_scale_every_cell(plan: Plan) -> None:
    months = plan_months(plan.finance.model_copy(update={"hours_per_month": 730}), 12)
    hours = hours_of(months, "Europe/Stockholm", "SE")
    by_month = hours.group_by("month").agg(pl.col("n_hours").sum()).sort("month")
    assert by_month["n_hours"].to_list() == pytest.approx([730.0] * 12)


def test_every_hour_of_the_year_lies_in_one_cell(months: pl.DataFrame) -> None:
    hours = hours_of(months, "Europe/Helsinki", "FI")
    assert hours.filter(pl.col("month") < 12)["n_hours"].sum() == 8760
    assert hours.select("month", *CELL).unique().filter(pl.col("month") == 4).height == 72


def test_local_hour_moves_with_daylight_saving(months: pl.DataFrame) -> None:
    hours = hours_of(months, "Europe/Stockholm", "SE").filter(pl.col("day_type") == "weekday")
    at_noon = hours.filter(pl.col("hour_of_week") % 24 == 12)
    assert set(at_noon.filter(pl.col("month") == 0)["hour_utc"]) == {11}  # January: UTC+1
    assert set(at_noon.filter(pl.col("month") == 6)["hour_utc"]) == {10}  # July: UTC+2
    assert set(at_noon.filter(pl.col("month") == 2)["hour_utc"]) == {10, 11}  # the clock changes in March


def test_public_holidays_count_as_sundays(months: pl.DataFrame) -> None:
    # 6 January 2027 is a Wednesday: Epiphany in Sweden, a working day in Denmark; New Year's Day is free in both.
    sunday_hours = {
        country: hours_of(months, timezone, country)
        .filter(pl.col("month") == 0, pl.col("day_type") == "sunday")["n_hours"]
        .sum()
        for country, timezone in (("SE", "Europe/Stockholm"), ("DK", "Europe/Copenhagen"))
    }
    assert int(sunday_hours["SE"]) - int(sunday_hours["DK"]) == 24
    assert dt.date(2027, 1, 6).isoweekday() == 3


def test_shares_of_every_month_add_up_to_one(plan: Plan, months: pl.DataFrame) -> None:
    hours = hours_of(months, "Europe/Oslo", "NO").with_columns(calendar=pl.lit("x"))
    shares = hourly_shares(plan, volumes(plan, months), hours)
    sums = shares.group_by("workload", "month").agg((pl.col("n_hours") * pl.col("share_per_hour")).sum())
    assert sums["n_hours"].to_list() == pytest.approx([1.0] * sums.height)


def test_office_demand_peaks_on_weekday_mornings(plan: Plan, months: pl.DataFrame) -> None:
    hours = hours_of(months, "Europe/Stockholm", "SE").with_columns(calendar=pl.lit("x"))
    shares = hourly_shares(plan, volumes(plan, months), hours).filter(
        pl.col("workload") == "agents", pl.col("month") == 0
    )
    peak = shares.sort("share_per_hour", descending=True).row(0, named=True)
    assert (peak["day_type"], peak["hour_utc"]) == ("weekday", 9)  # 10:00 in Stockholm
