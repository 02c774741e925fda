"""The calendar and the grid: plan months, and the hours of each month by day type and hour [UTC]."""

from __future__ import annotations

import datetime as dt
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import holidays
import numpy as np
import polars as pl

from brytpunkt.errors import InputError, Problem
from brytpunkt.planning.inputs.money import escalation, monthly_rate
from brytpunkt.planning.inputs.units import MONTHS_PER_YEAR
from brytpunkt.planning.inputs.weekly_shapes import HOURS_OF_WEEK
from brytpunkt.tables.contracts import DAY_TYPES

if TYPE_CHECKING:
    from brytpunkt.declarations import Finance, Plan, Site, Workload
    from brytpunkt.planning.inputs.planning_inputs import Facts
    from brytpunkt.planning.optimal.milp import Ints

CELL = ["day_type", "hour_utc"]
SATURDAY, SUNDAY = 6, 7  # ISO weekdays

TIMEZONES = {
    "SE": "Europe/Stockholm",
    "NO": "Europe/Oslo",
    "FI": "Europe/Helsinki",
    "DK": "Europe/Copenhagen",
    "IS": "Atlantic/Reykjavik",
    "DE": "Europe/Berlin",
    "NL": "Europe/Amsterdam",
    "IE": "Europe/Dublin",
    "GB": "Europe/London",
}


def add_months(start: dt.date, months: int) -> dt.date:
    """First of the month that lies ``months`` after the month of ``start``."""
    years, month = divmod(start.year * MONTHS_PER_YEAR + start.month - 1 + months, MONTHS_PER_YEAR)
    return dt.date(years, month + 1, 1)


def plan_months(finance: Finance, horizon: int) -> pl.DataFrame:
    """One row a month of the plan, with its hours and its discount and inflation factors.

    | column | unit |
    |---|---|
    | month | months from the start, 0 first |
    | date | first day of the month |
    | month_of_year | 1..12 |
    | hours | h, true hours or the declared convention |
    | hour_scale | declared hours / true hours |
    | start_factor, end_factor | present value of a flow at the month's start, end |
    | escalator | inflation since the start, stepping each year |
    """
    rate = monthly_rate(finance)
    month = pl.col("month")
    true_hours = (
        pl.col("date").dt.month_end().dt.day().cast(pl.Int64) * 24
    )  # days are Int8: 31 x 24 would wrap
    hours = (
        true_hours.cast(pl.Float64)
        if finance.hours_per_month == "calendar"
        else pl.lit(float(finance.hours_per_month))
    )
    return (
        pl.DataFrame({"month": range(horizon)}, schema={"month": pl.Int64})
        .with_columns(date=pl.lit(finance.start).dt.offset_by(pl.format("{}mo", month)))
        .with_columns(
            month_of_year=pl.col("date").dt.month().cast(pl.Int64),
            hours=hours,
            start_factor=(1 + rate) ** (-month),
            end_factor=(1 + rate) ** (-(month + 1)),
            escalator=escalation(finance, month),
        )
        .with_columns(hour_scale=pl.col("hours") / true_hours)
    )


def hours_of(
    months: pl.DataFrame, timezone: str, country: str, clock: tuple[str, str] | None = None
) -> pl.DataFrame:
    """The hours of each month, counted by day type, hour [UTC] and local hour of the week.

    The day type is that of the local day; a public holiday of the country counts as a Sunday. The hour of the week follows
    the ``clock`` (time zone, country of its holidays) where one is given, else the same place.

    | column | unit |
    |---|---|
    | month, day_type, hour_utc | the cell |
    | hour_of_week | 0..167, local time of the clock, Monday 00:00 first |
    | n_hours | h, scaled to the declared hours per month |
    """
    start: dt.date = months["date"].min()  # type: ignore[assignment]
    last: dt.date = months["date"].max()  # type: ignore[assignment]
    end = add_months(last, 1)
    years = start.year - 1, end.year + 1
    utc = pl.datetime_range(
        dt.datetime(start.year, start.month, 1),  # noqa: DTZ001 - clocks without a zone are read ten times as fast
        dt.datetime(end.year, end.month, 1),  # noqa: DTZ001
        "1h",
        closed="left",
        eager=True,
    )
    frame = pl.DataFrame({"utc": utc}).with_columns(*_local(utc, timezone, country, years))
    day = frame["weekday"]
    if clock is not None and clock != (timezone, country):
        frame = frame.with_columns(*_local(utc, *clock, years))
    counted = (
        frame.with_columns(place_weekday=day)
        .select(
            code=(
                (_place("utc") * len(DAY_TYPES) + _day_type("place_weekday")) * 24 + pl.col("utc").dt.hour()
            )
            * HOURS_OF_WEEK
            + (pl.col("weekday") - 1) * 24
            + pl.col("hour")
        )["code"]
        .value_counts(name="count")  # of whole numbers: faster than of four columns, and so is sorting them
        .sort("code")
    )
    cell = pl.col("code") // HOURS_OF_WEEK
    return (
        counted.select(
            place=cell // 24 // len(DAY_TYPES),
            day_type=(cell // 24 % len(DAY_TYPES)).replace_strict(dict(enumerate(DAY_TYPES))),
            hour_utc=cell % 24,
            hour_of_week=pl.col("code") % HOURS_OF_WEEK,
            count="count",
        )
        .join(months.select("month", "hour_scale", place=_place("date")), on="place", maintain_order="left")
        .select("month", *CELL, "hour_of_week", n_hours=pl.col("count") * pl.col("hour_scale"))
    )


def _local(
    utc: pl.Series, timezone: str, country: str, years: tuple[int, int]
) -> tuple[pl.Series, pl.Series]:
    """ISO weekday of the local day, a public holiday being a Sunday, and the local hour."""
    local = utc.dt.replace_time_zone("UTC").dt.convert_time_zone(timezone).dt.replace_time_zone(None)
    is_free = local.dt.date().is_in(_public_holidays(country, *years))
    weekday = local.dt.weekday().cast(pl.Int64).set(is_free, SUNDAY)
    return weekday.alias("weekday"), local.dt.hour().alias("hour")


def _place(column: str) -> pl.Expr:
    """Months since the year 0."""
    return pl.col(column).dt.year().cast(pl.Int64) * MONTHS_PER_YEAR + pl.col(column).dt.month()


def _day_type(column: str) -> pl.Expr:
    """Position of a day's type in ``DAY_TYPES``, by its ISO weekday."""
    weekday = pl.col(column)
    at = {name: position for position, name in enumerate(DAY_TYPES)}
    return (
        pl.when(weekday == SUNDAY)
        .then(at["sunday"])
        .when(weekday == SATURDAY)
        .then(at["saturday"])
        .otherwise(at["weekday"])
    )


def _public_holidays(country: str, first_year: int, last_year: int) -> list[dt.date]:
    """Public holidays of a country; in Sweden the package also lists every Sunday, which is harmless."""
    try:
        return sorted(holidays.country_holidays(country, years=range(first_year, last_year + 1)))
    except (
        NotImplementedError
    ):  # a country that the package does not know; asking for its list loads them all
        return []


def site_timezone(site: Site, facts: Facts) -> str:
    """Declared time zone, else that of the climate place, else that of the country."""
    if site.timezone is not None:
        return site.timezone
    place = facts.places.filter(pl.col("place") == (site.climate or ""))
    if not place.is_empty():
        return str(place["timezone"][0])
    if site.country in TIMEZONES:
        return TIMEZONES[site.country]
    raise InputError(
        (
            Problem(
                f"sites.{site.id}.timezone",
                f"no time zone is known for country {site.country}",
                "declare one, as in timezone: Europe/Stockholm",
            ),
        )
    )


def calendar_of(site: Site, facts: Facts) -> str:
    """Name of the calendar (time zone and holidays) that a site's hours follow."""
    return f"{site_timezone(site, facts)}|{site.country}"


def home_site(plan: Plan) -> Site:
    """The site whose calendar rented capacity follows: the first that is not a comparator."""
    return next((s for s in plan.sites if not s.is_comparator), plan.sites[0])


def clock_of(workload: Workload, plan: Plan) -> str:
    """Time zone and country of the holidays that a workload follows: its own, else the plan's."""
    return f"{workload.timezone or plan.timezone}|{workload.holidays or plan.holidays}"


def demand_hours(plan: Plan, facts: Facts, months: pl.DataFrame) -> pl.DataFrame:
    """Hours of every calendar by every workload's clock: ``hours_of`` with ``calendar`` and ``clock`` in front."""
    names = sorted({calendar_of(site, facts) for site in plan.sites})
    clocks = sorted({clock_of(workload, plan) for workload in plan.workloads})
    return pl.concat(
        hours_of(months, *_parts(name), clock=_parts(clock)).select(
            pl.lit(name).alias("calendar"), pl.lit(clock).alias("clock"), pl.all()
        )
        for clock in clocks
        for name in names
    )


def _parts(clock: str) -> tuple[str, str]:
    timezone, country = clock.split("|")
    return timezone, country


def calendars(plan: Plan, facts: Facts, months: pl.DataFrame) -> pl.DataFrame:
    """Hours of every calendar in the plan: ``hours_of`` with a ``calendar`` column in front."""
    names = sorted({calendar_of(site, facts) for site in plan.sites})
    with ThreadPoolExecutor(2) as pool:
        found = pool.map(lambda name: hours_of(months, *name.split("|")), names)
        return pl.concat(
            frame.select(pl.lit(name).alias("calendar"), pl.all())
            for name, frame in zip(names, found, strict=True)
        )


def cells_of(hours: pl.DataFrame) -> tuple[pl.DataFrame, Ints]:
    """The cells of calendars, whose hours of the week stand together, and the row at which each begins.

    -> calendar, month, day_type, hour_utc, n_hours [h]
    """
    key = hours.select("calendar", "month", *CELL)
    is_first = (key != key.shift(1)).select(pl.any_horizontal(pl.all().fill_null(value=True)))
    begins = np.flatnonzero(is_first.to_series().to_numpy())
    return key[begins].with_columns(
        n_hours=pl.Series(np.add.reduceat(hours["n_hours"].to_numpy(), begins))
    ), begins
