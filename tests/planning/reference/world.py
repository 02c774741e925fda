"""Time, money, the grid and the tables: chapters 1 and 2 of the model."""

from __future__ import annotations

import datetime as dt
import math
from collections import Counter, defaultdict
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any
from zoneinfo import ZoneInfo

import holidays

from brytpunkt.declarations import Plan, Site
from brytpunkt.declarations.values.money import Money
from brytpunkt.planning.inputs.calendar import TIMEZONES
from brytpunkt.planning.inputs.planning_inputs import Facts

Cell = tuple[str, int]  # day type, hour [UTC]
Hours = dict[int, dict[Cell, dict[int, float]]]  # month -> cell -> local hour of the week -> hours


@dataclass(frozen=True)
class Month:
    """A month of the plan."""

    m: int
    first: dt.date
    hours: float
    scale: float
    start_factor: float
    end_factor: float
    escalator: float


def ceil(value: float) -> int:
    """Whole units; a billionth above a whole number is forgiven."""
    return max(0, math.ceil(value - 1e-9))


def path(rate: float, month: int) -> float:
    """A smooth yearly price path."""
    return float((1 + rate) ** (month / 12))


class World:
    """A plan, the facts, and what every chapter needs of them."""

    def __init__(self, plan: Plan, facts: Facts, horizon: int) -> None:
        self.plan, self.facts, self.horizon = plan, facts, horizon
        finance = plan.finance
        yearly = finance.discount_rate_per_year
        if finance.discount_rate_basis == "real":
            yearly = (1 + yearly) * (1 + finance.inflation_per_year) - 1
        self.rate = (1 + yearly) ** (1 / 12) - 1
        self.months = [self._month(m) for m in range(horizon)]
        self.hours = cache(self._hours)

    def rows(self, table: str) -> list[dict[str, Any]]:
        """Rows of a table of facts."""
        return self._tables[table]

    @cached_property
    def _tables(self) -> dict[str, list[dict[str, Any]]]:
        names = [name for name in self.facts.__dataclass_fields__ if name != "as_of"]
        return {name: list(getattr(self.facts, name).iter_rows(named=True)) for name in names}

    def _month(self, m: int) -> Month:
        finance = self.plan.finance
        year, month0 = divmod(finance.start.year * 12 + finance.start.month - 1 + m, 12)
        first = dt.date(year, month0 + 1, 1)
        following = dt.date(year + (month0 == 11), (month0 + 1) % 12 + 1, 1)
        true = (following - first).days * 24
        hours = true if finance.hours_per_month == "calendar" else finance.hours_per_month
        return Month(
            m,
            first,
            float(hours),
            hours / true,
            (1 + self.rate) ** -m,
            (1 + self.rate) ** -(m + 1),
            (1 + finance.inflation_per_year) ** (m // 12),
        )

    def factor(self, m: int, timing: str) -> float:
        """Discount factor of a flow."""
        if timing == "horizon":
            return float((1 + self.rate) ** -self.horizon)
        return self.months[m].start_factor if timing == "start" else self.months[m].end_factor

    # Money

    @cached_property
    def _per_euro(self) -> dict[str, float]:
        newest: dict[str, tuple[dt.date, float]] = {}
        for row in self.rows("fx_rates"):
            known = newest.get(row["currency"])
            if row["date"] <= self.facts.as_of and (known is None or row["date"] > known[0]):
                newest[row["currency"]] = (row["date"], row["units_per_eur"])
        return (
            {"EUR": 1.0}
            | {name: rate for name, (_, rate) in newest.items()}
            | dict(self.plan.finance.fx_units_per_eur)
        )

    def fx(self, currency: str) -> float:
        """Plan currency per unit of a currency."""
        return self._per_euro[self.plan.finance.currency] / self._per_euro[currency]

    def money(self, amount: Money | None) -> float:
        """A declared amount in the plan's currency; nothing declared is nothing."""
        return 0.0 if amount is None else amount.amount * self.fx(amount.currency)

    # The grid

    def timezone(self, site: Site) -> str:
        """Time zone of a site."""
        places = {row["place"]: row["timezone"] for row in self.rows("places")}
        return site.timezone or places.get(site.climate or "") or TIMEZONES[site.country]

    def hours_at(self, site: Site) -> Hours:
        """Hours of a site's months by cell and local hour of the week."""
        here = self.timezone(site), site.country
        found: Hours = self.hours(*here, *here)
        return found

    def n(self, site: Site, m: int, cell: Cell) -> float:
        """Hours of month m in the cell."""
        return sum(self.hours_at(site)[m][cell].values())

    @cached_property
    def home(self) -> Site:
        """The site whose calendar rented capacity follows."""
        return next((site for site in self.plan.sites if not site.is_comparator), self.plan.sites[0])

    def _hours(self, timezone: str, country: str, clock: str, holidays_of: str) -> Hours:
        """Hours by the place's day types and the clock's hour of the week."""
        zone, told = ZoneInfo(timezone), ZoneInfo(clock)
        years = range(self.months[0].first.year - 1, self.months[-1].first.year + 2)
        free = holidays.country_holidays(country, years=years) if _is_known(country) else {}
        off = holidays.country_holidays(holidays_of, years=years) if _is_known(holidays_of) else {}
        grid: Hours = {}
        for month in self.months:
            cells: dict[Cell, Counter[int]] = defaultdict(Counter)
            at = dt.datetime(month.first.year, month.first.month, 1, tzinfo=dt.UTC)
            while at.month == month.first.month:
                local = at.astimezone(zone)
                weekday = 6 if local.date() in free else local.weekday()
                day_type = {5: "saturday", 6: "sunday"}.get(weekday, "weekday")
                there = at.astimezone(told)
                day = 6 if there.date() in off else there.weekday()
                cells[day_type, at.hour][day * 24 + there.hour] += 1
                at += dt.timedelta(hours=1)
            grid[month.m] = {
                cell: {hour: count * month.scale for hour, count in sorted(counts.items())}
                for cell, counts in sorted(cells.items())
            }
        return grid


def _is_known(country: str) -> bool:
    return country in holidays.list_supported_countries()
