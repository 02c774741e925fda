"""The calendar and the grid: plan months, and the hours of each month by day type and hour [UTC]."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import holidays
import polars as pl

from brytpunkt.errors import InputError, Problem
from brytpunkt.planning.money import monthly_rate

if TYPE_CHECKING:
    from brytpunkt.declarations import Finance, Plan, Site
    from brytpunkt.planning.facts import Facts

CELL = ["day_type", "hour_utc"]
MONTHS_PER_YEAR = 12

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
            escalator=(1 + finance.inflation_per_year) ** (month // MONTHS_PER_YEAR),
        )
        .with_columns(hour_scale=pl.col("hours") / true_hours)
    )


def hours_of(months: pl.DataFrame, timezone: str, country: str) -> pl.DataFrame:
    """The hours of each month, counted by day type, hour [UTC] and local hour of the week.

    The day type is that of the local day; a public holiday of the country counts as a Sunday.

    | column | unit |
    |---|---|
    | month, day_type, hour_utc | the cell |
    | hour_of_week | 0..167, local time, Monday 00:00 first |
    | n_hours | h, scaled to the declared hours per month |
    """
    start: dt.date = months["date"].min()  # type: ignore[assignment]
    last: dt.date = months["date"].max()  # type: ignore[assignment]
    end = add_months(last, 1)
    free = _public_holidays(country, start.year - 1, end.year + 1)
    local_date = pl.col("local").dt.date()
    weekday = pl.when(local_date.is_in(free)).then(7).otherwise(local_date.dt.weekday()).cast(pl.Int64)
    return (
        pl.select(
            utc=pl.datetime_range(
                dt.datetime(start.year, start.month, 1, tzinfo=dt.UTC),
                dt.datetime(end.year, end.month, 1, tzinfo=dt.UTC),
                "1h",
                closed="left",
                time_zone="UTC",
            )
        )
        .with_columns(local=pl.col("utc").dt.convert_time_zone(timezone))
        .with_columns(weekday=weekday)
        .select(
            date=pl.col("utc").dt.month_start().dt.date(),
            day_type=pl.when(pl.col("weekday") == 7)  # noqa: PLR2004 - ISO weekday
            .then(pl.lit("sunday"))
            .when(pl.col("weekday") == 6)  # noqa: PLR2004 - ISO weekday
            .then(pl.lit("saturday"))
            .otherwise(pl.lit("weekday")),
            hour_utc=pl.col("utc").dt.hour().cast(pl.Int64),
            hour_of_week=(pl.col("weekday") - 1) * 24 + pl.col("local").dt.hour().cast(pl.Int64),
        )
        .group_by("date", *CELL, "hour_of_week")
        .len("count")
        .join(months.select("month", "date", "hour_scale"), on="date", how="inner")
        .select("month", *CELL, "hour_of_week", n_hours=pl.col("count") * pl.col("hour_scale"))
        .sort("month", *CELL, "hour_of_week")
    )


def _public_holidays(country: str, first_year: int, last_year: int) -> list[dt.date]:
    """Public holidays of a country; in Sweden the package also lists every Sunday, which is harmless."""
    if country not in holidays.list_supported_countries():
        return []
    return sorted(holidays.country_holidays(country, years=range(first_year, last_year + 1)))


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


def calendars(plan: Plan, facts: Facts, months: pl.DataFrame) -> pl.DataFrame:
    """Hours of every calendar in the plan: ``hours_of`` with a ``calendar`` column in front."""
    names = sorted({calendar_of(site, facts) for site in plan.sites})
    return pl.concat(
        hours_of(months, *name.split("|")).select(pl.lit(name).alias("calendar"), pl.all()) for name in names
    )
