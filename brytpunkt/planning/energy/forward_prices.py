"""Forwards: years for which the plan declares a market price, instead of history and its drift.

Belongs here: the factor that turns the planning mean into the declared price. Does not belong here: hedges of a site
(``ppa_per_mwh`` with ``hedged_share``), which stand beside it.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    from brytpunkt.declarations import Plan, Site
    from brytpunkt.planning.inputs.money import Fx
    from brytpunkt.planning.inputs.planning_inputs import Facts


def forward_step(site: Site, plan: Plan, facts: Facts, fx: Fx, step: pl.Expr) -> pl.Expr:
    """Factor on the historical spot price of each month: declared price over planning mean, else ``step``.

    Works on a frame with ``date``. The year's base load then costs what was declared, and its months and hours keep
    the shape of history.
    """
    declared = [forward for forward in plan.energy.forwards if forward.zone == site.zone]
    if not declared:
        return step
    mean = planning_mean(plan, facts, site.zone or "")
    for forward in declared:
        price = fx.convert(forward.price_per_mwh) / fx.rate("EUR")
        step = pl.when(pl.col("date").dt.year() == forward.year).then(price / mean).otherwise(step)
    return step


def planning_mean(plan: Plan, facts: Facts, zone: str) -> float:
    """Mean price of a year as planned before any drift: the months' means, each weighing its days. [EUR/MWh]"""
    first = dt.date.fromisoformat(f"{plan.energy.history_from}-01")
    last = dt.date.fromisoformat(f"{plan.energy.history_to}-01") if plan.energy.history_to else facts.as_of
    months = (
        facts.day_ahead_monthly.filter(
            pl.col("zone") == zone, pl.col("month") >= first, pl.col("month") <= last
        )
        .group_by(month=pl.col("month").dt.month())
        .agg(mean=pl.col("mean_eur_per_mwh").mean(), days=pl.col("month").dt.days_in_month().mean())
    )
    return float(months.select((pl.col("mean") * pl.col("days")).sum() / pl.col("days").sum()).item())
