"""The calendar and the grid: true hours, daylight saving, holidays, and shares that add up."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import polars as pl
import pytest

from brytpunkt.declarations import Plan
from brytpunkt.errors import InputError
from brytpunkt.planning.demand.volumes import hourly_shares, volumes
from brytpunkt.planning.inputs.calendar import CELL, hours_of, plan_months
from brytpunkt.planning.inputs.planning_inputs import Facts
from brytpunkt.planning.ledger.evaluate import evaluate
from tests.planning.optimal.test_optimal import SMALL, planned

CLOCK = "Europe/Stockholm|SE"  # that of the plan, by default


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
    hours = hours_of(months, "Europe/Oslo", "NO").with_columns(calendar=pl.lit("x"), clock=pl.lit(CLOCK))
    shares = hourly_shares(plan, volumes(plan, months), hours)
    sums = shares.group_by("workload", "month").agg((pl.col("n_hours") * pl.col("share_per_hour")).sum())
    assert sums["n_hours"].to_list() == pytest.approx([1.0] * sums.height)


def test_office_demand_peaks_on_weekday_mornings(plan: Plan, months: pl.DataFrame) -> None:
    hours = hours_of(months, "Europe/Stockholm", "SE").with_columns(calendar=pl.lit("x"), clock=pl.lit(CLOCK))
    shares = hourly_shares(plan, volumes(plan, months), hours).filter(
        pl.col("workload") == "agents", pl.col("month") == 0
    )
    peak = shares.sort("share_per_hour", descending=True).row(0, named=True)
    assert (peak["day_type"], peak["hour_utc"]) == ("weekday", 9)  # 10:00 in Stockholm


def test_demand_follows_its_own_clock_and_holidays_wherever_it_is_served(
    tmp_path: Path, known: Facts
) -> None:
    """Office hours of New York are afternoon at the site in Sweden, and its national day is a working day; no site moves them."""

    def busy(workload: dict[str, str], **site: str) -> dict[tuple[int, str, int], float]:
        office = SMALL["workloads"][0] | {"weekly_shape": "office_hours"} | workload
        place = SMALL["sites"][0] | site
        made = planned(tmp_path, workloads=[office], sites=[place])
        basis = evaluate(made, known, 9, scan=False).basis
        return {
            (month, day, hour): load
            for month, day, hour, load in basis.busy.select(
                "month", "day_type", "hour_utc", "busy"
            ).iter_rows()
        }

    def peak(load: dict[tuple[int, str, int], float]) -> int:
        january = {
            hour: value for (month, day, hour), value in load.items() if (month, day) == (0, "weekday")
        }
        return max(january, key=lambda hour: january[hour])

    here = busy({})
    assert peak(here) == peak(busy({}, timezone="America/New_York"))  # a site's clock is not the demand's
    assert peak(busy({"timezone": "America/New_York"})) - peak(here) == 6
    june, noon = 5, 10
    assert busy({"holidays": "US"})[june, "weekday", noon] < here[june, "weekday", noon]
    assert busy({"holidays": "US"})[june, "sunday", noon] > here[june, "sunday", noon]


def test_a_clock_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"'Europe/Lulea' is not a known time zone"):
        planned(tmp_path, workloads=[SMALL["workloads"][0] | {"timezone": "Europe/Lulea"}])
