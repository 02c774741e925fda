"""Discounting: the comparison at other discount rates. The rate is a choice and no uncertain figure, so it is not drawn.

Decisions stay as planned; what moves are the factors and the continuing value, which is the present value of an annuity.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import polars as pl

from brytpunkt.planning.inputs.money import monthly_rate
from brytpunkt.planning.inputs.units import CENTS
from brytpunkt.planning.ledger.ledger import own_rows, rent_ledger
from brytpunkt.planning.own.own_costs import Schedule, acquisitions
from brytpunkt.planning.own.purchase_schedule import horizon_value, own_flows
from brytpunkt.planning.rent.strategies import strategy_flows

if TYPE_CHECKING:
    from brytpunkt.planning.ledger.evaluate import Evaluation
    from brytpunkt.planning.ledger.prepare import Basis

STEPS = (-0.02, 0.0, 0.02)
LOWEST, HIGHEST = 0.0, 0.30  # per year, between which a rate is looked for
CLOSE = 2e-4  # two hundredths of a percentage point
SCHEMA = {
    "site": pl.String,
    "rate_per_year": pl.Float64,
    "change": pl.Float64,
    "npv_rent": pl.Float64,
    "npv_own": pl.Float64,
    "difference": pl.Float64,
    "flips_at": pl.Float64,
}


def discount_rates(evaluation: Evaluation) -> pl.DataFrame:
    """Own, ordered at the start, against rent at the plan's discount rate and two points below and above.

    | column | unit |
    |---|---|
    | site, rate_per_year | key; rate as declared, nominal or real [share] |
    | change | from the plan's rate [share] |
    | npv_rent, npv_own, difference | plan currency; below zero own is cheaper |
    | flips_at | the rate nearest to the plan's at which the cheaper one changes [share]; null: none from 0 to 30 % |
    """
    planned = evaluation.basis.plan.finance.discount_rate_per_year
    rows: list[tuple[str, float, float, float, float, float, float | None]] = []
    for site, option in evaluation.chosen.select("site", "option").sort("site").iter_rows():
        pair = _Pair.of(evaluation, str(option))
        flips = _flip(pair, planned)
        for step in STEPS:
            rent, own = pair.at(planned + step)
            rows.append((str(site), planned + step, step, rent, own, own - rent, flips))
    return pl.DataFrame(rows, schema=SCHEMA, orient="row")


@dataclass(frozen=True)
class _Pair:
    """Flows of an option and of rent that no discount rate changes."""

    basis: Basis
    schedule: Schedule
    own: pl.DataFrame
    rent: pl.DataFrame

    @classmethod
    def of(cls, evaluation: Evaluation, option: str) -> _Pair:
        here = pl.col("option") == option
        whole = evaluation.basis
        basis = replace(whole, options=whole.options.filter(here))
        schedule = Schedule(
            first=evaluation.schedule.first.filter(here),
            bought=evaluation.schedule.bought.filter(here),
            installed=evaluation.schedule.installed.filter(here),
        )
        flows = own_flows(basis, schedule, evaluation.energy.filter(here))
        rent = strategy_flows(basis.market, basis.choice).filter(pl.col("strategy") == "rent")
        return cls(basis, schedule, flows.filter(pl.col("timing") != "horizon"), rent)

    def at(self, rate: float) -> tuple[float, float]:
        """Present values of rent and of own at a yearly rate [plan currency]."""
        plan = self.basis.plan
        plan = plan.model_copy(
            update={"finance": plan.finance.model_copy(update={"discount_rate_per_year": rate})}
        )
        growth = 1 + monthly_rate(plan.finance)
        month = pl.col("month").cast(pl.Float64)
        months = self.basis.months.with_columns(
            start_factor=growth ** (-month), end_factor=growth ** (-(month + 1))
        )
        basis = replace(self.basis, plan=plan, months=months)
        worth = horizon_value(basis, self.schedule).with_columns(item=pl.lit("")).select(self.own.columns)
        bought = acquisitions(plan, self.schedule, basis.options)
        own = own_rows(plan, basis, pl.concat([self.own, worth]), bought)
        rent = rent_ledger(plan, basis, self.rent)
        return float(rent["pv_cents"].sum()) / CENTS, float(own["pv_cents"].sum()) / CENTS


def _flip(pair: _Pair, planned: float) -> float | None:
    """The rate at which both cost the same, the one nearest to the plan's; halved down from the ends of the range."""

    def gap(rate: float) -> float:
        rent, own = pair.at(rate)
        return own - rent

    here = gap(planned)
    found = []
    for end in (LOWEST, HIGHEST):
        near, far, there = planned, end, gap(end)
        if here * there > 0:
            continue
        before = here
        while abs(far - near) > CLOSE:
            # a secant, kept off the ends so that both of them move
            share = min(0.9, max(0.1, before / (before - there))) if before != there else 0.5
            middle = near + share * (far - near)
            value = gap(middle)
            if value * here > 0:
                near, before = middle, value
            else:
                far, there = middle, value
        found.append((near + far) / 2)
    return min(found, key=lambda rate: abs(rate - planned), default=None)
