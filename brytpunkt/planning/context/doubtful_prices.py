"""Doubtful prices: days of the history with findings that a plan's energy prices are read from, and what hangs on them.

Belongs here: how much of a plan's market energy rests on days in doubt. Does not belong here: what is odd about a day
(series), or the price itself (energy).
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from brytpunkt.planning.note import Note

if TYPE_CHECKING:
    from brytpunkt.declarations import Plan, Site
    from brytpunkt.planning.inputs.money import Fx
    from brytpunkt.planning.inputs.planning_inputs import Facts
    from brytpunkt.planning.note import Argument

# A month's own statistics name the publishers of their hours after this word.
PUBLISHERS_AFTER = " of "


@dataclass(frozen=True)
class Doubt:
    """Days in doubt behind the market price of a site's energy.

    ``amount``: cost of market energy in the plan that rests on those days [plan currency]: each month of the history
    bears the share of its month of the year that its mean has among the years, and each of its days the same part.
    """

    site: str
    site_name: str
    zone: str
    days: int
    months: int
    newest: dt.date
    kind: str
    amount: float
    currency: str

    def note(self) -> Note:
        """The warning."""
        said: dict[str, Argument] = {
            "site": self.site_name,
            "days": self.days,
            "zone": self.zone,
            "months": self.months,
            "day": self.newest,
            "kind": self.kind,
            "amount": self.amount,
            "currency": self.currency,
        }
        return Note("prices_in_doubt", self.site, said)


def doubtful_prices(plan: Plan, facts: Facts, fx: Fx, energy: pl.DataFrame) -> list[Doubt]:
    """Each site whose market price is read from months with findings; none at sites that buy no market energy.

    ``energy``: site, date, total_mwh and spot [plan currency per MWh] of the plan's own servers by month.
    """
    found = [_of_site(site, plan, facts, fx, energy.filter(pl.col("site") == site.id)) for site in plan.sites]
    return [doubt for doubt in found if doubt is not None]


def in_doubt(plan: Plan, facts: Facts, fx: Fx, energy: pl.DataFrame) -> list[Note]:
    """The same as warnings."""
    return [doubt.note() for doubt in doubtful_prices(plan, facts, fx, energy)]


def _of_site(site: Site, plan: Plan, facts: Facts, fx: Fx, energy: pl.DataFrame) -> Doubt | None:
    if site.zone is None or site.energy.price_per_kwh or site.energy.hedged_share >= 1 or energy.is_empty():
        return None
    days = _doubtful_days(site.zone, plan, facts)
    if days.is_empty():
        return None
    by_month = (
        days.group_by("month").agg(doubtful=pl.len()).join(_weights(site.zone, plan, facts), on="month")
    )
    costs = _market_cost(site, plan, fx, energy)
    hanging = by_month.join(costs, on="month_of_year").select(
        (pl.col("cost") * pl.col("weight") * pl.col("doubtful") / pl.col("month").dt.days_in_month()).sum()
    )
    newest = days.sort("day", "kind").row(-1, named=True)
    return Doubt(
        site=site.id,
        site_name=site.name,
        zone=site.zone,
        days=days.height,
        months=by_month.height,
        newest=newest["day"],
        kind=newest["kind"],
        amount=float(hanging.item()),
        currency=plan.finance.currency,
    )


def _history(zone: str, plan: Plan, facts: Facts) -> pl.DataFrame:
    """The months that the zone's planning price is the mean of."""
    first = dt.date.fromisoformat(f"{plan.energy.history_from}-01")
    last = dt.date.fromisoformat(f"{plan.energy.history_to}-01") if plan.energy.history_to else facts.as_of
    month = pl.col("month")
    return facts.day_ahead_monthly.filter(pl.col("zone") == zone, month >= first, month <= last)


def _doubtful_days(zone: str, plan: Plan, facts: Facts) -> pl.DataFrame:
    """Days with a finding about a publisher whose hours their month is made of -> day, month, kind (the last by name)."""
    publishers = (
        _history(zone, plan, facts)
        .select("month", publisher=pl.col("source").str.split(PUBLISHERS_AFTER).list.last().str.split(", "))
        .explode("publisher")
    )
    return (
        facts.price_findings.filter(pl.col("zone") == zone)
        .with_columns(month=pl.col("day").dt.month_start())
        .join(publishers, on=["month", "publisher"], how="semi")
        .group_by("day", "month")
        .agg(pl.col("kind").max())
    )


def _weights(zone: str, plan: Plan, facts: Facts) -> pl.DataFrame:
    """Share of each month of the history in the planning price of its month of the year -> month, month_of_year, weight."""
    mean = pl.col("mean_eur_per_mwh")
    of_the_year = mean.sum().over("month_of_year")
    equal = 1 / pl.len().over("month_of_year")
    return (
        _history(zone, plan, facts)
        .with_columns(month_of_year=pl.col("month").dt.month())
        .select(
            "month",
            "month_of_year",
            weight=pl.when(of_the_year > 0).then(mean / of_the_year).otherwise(equal),
        )
    )


def _market_cost(site: Site, plan: Plan, fx: Fx, energy: pl.DataFrame) -> pl.DataFrame:
    """What the plan pays at the market by month of the year, less what is hedged and years of declared forwards."""
    ppa, hedged = site.energy.ppa_per_mwh, site.energy.hedged_share
    fixed = fx.convert(ppa) * hedged if ppa else 0.0
    forwards = [forward.year for forward in plan.energy.forwards if forward.zone == site.zone]
    return (
        energy.filter(~pl.col("date").dt.year().is_in(forwards))
        .group_by(month_of_year=pl.col("date").dt.month())
        .agg(cost=((pl.col("spot") - fixed) * pl.col("total_mwh")).sum())
    )
