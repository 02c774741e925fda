"""The bill: accrual cost of a strategy by workload and mode, with the volume that each mode serves.

Purchases enter as annuities over their own life and upfront payments month by month, so that a month's bill is the
cost of that month's service. Feeds the decomposition in ``paradox``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from brytpunkt.planning.components import BY_KEY, DECOMMISSIONING, TOKEN_API, of_group
from brytpunkt.planning.inputs.money import annuity, monthly_rate
from brytpunkt.planning.inputs.units import CENTS, MILLION_TOKENS, MONTHS_PER_YEAR
from brytpunkt.planning.ledger.ledger import platform_staff, rounded
from brytpunkt.planning.optimal.dispatch import dispatch
from brytpunkt.planning.optimal.mix import Line
from brytpunkt.planning.own.storage import storage_life_months
from brytpunkt.planning.own.unit_costs import OPTION_LIVES, life_months
from brytpunkt.planning.verdicts.chained_effects import chained_effects
from brytpunkt.planning.verdicts.lmdi import FIXED, by_year

if TYPE_CHECKING:
    from brytpunkt.planning.ledger.evaluate import Evaluation
    from brytpunkt.planning.optimal.dispatch import Dispatched
    from brytpunkt.planning.optimal.milp import Floats
    from brytpunkt.planning.optimal.mix import Mix
    from brytpunkt.planning.optimal.problem import Field
    from brytpunkt.planning.verdicts.disruptions import Decided

SCHEMA = {
    "month": pl.Int64,
    "workload": pl.String,
    "mode": pl.String,
    "volume": pl.Float64,
    "served": pl.Float64,
    "units": pl.Float64,
    "cost": pl.Float64,
}


def paradox(evaluation: Evaluation, strategies: list[Decided]) -> pl.DataFrame:
    """Why the bill of each strategy changes: between plan years and, chained through them, from the first whole year to the last.

    | column | unit |
    |---|---|
    | site (null for rent), strategy, from_year, to_year, effect | key; years count from 0 |
    | amount | plan currency a year; the effects of a pair sum to the change of the bill |
    | from_bill, to_bill | plan currency a year |
    """
    years = evaluation.basis.horizon // MONTHS_PER_YEAR
    frames = []
    for choice in strategies if years > 1 else []:
        bills = bill(evaluation, choice.field, choice.mix)
        yearly = by_year(bills, evaluation.basis.horizon)
        sums = yearly.group_by("month").agg(bill=pl.col("cost").sum())
        frames.append(
            chained_effects(bills, evaluation.basis.horizon)
            .join(sums.select(from_year="month", from_bill="bill"), on="from_year", how="left")
            .join(sums.select(to_year="month", to_bill="bill"), on="to_year", how="left")
            .select(
                pl.lit(choice.site, dtype=pl.String).alias("site"),
                pl.lit(choice.strategy).alias("strategy"),
                *("from_year", "to_year", "effect"),
                pl.col("cents").alias("amount") / CENTS,
                *("from_bill", "to_bill"),
            )
        )
    schema = {
        "site": pl.String,
        "strategy": pl.String,
        "from_year": pl.Int64,
        "to_year": pl.Int64,
        "effect": pl.String,
        "amount": pl.Float64,
        "from_bill": pl.Float64,
        "to_bill": pl.Float64,
    }
    return pl.concat([pl.DataFrame(schema=schema), *frames])


def bill(evaluation: Evaluation, field: Field, mix: Mix) -> pl.DataFrame:
    """Monthly bill of a mix: month, workload, mode, volume, served, units, cost (``paradox.BILL``).

    Volume is millions of output tokens, or GPU-hours for workloads declared in them. Units are instance-hours of rent,
    millions of output tokens at an API, and GPU-hours of work on own servers, whose cost is split by them.
    """
    done = dispatch(evaluation.basis.plan, field, mix)
    volume = _volumes(evaluation, field)
    costs = {(line.component, line.item): line.amount for line in done.lines if line.option is None}
    owned = _owned(evaluation, field, [line for line in done.lines if line.option is not None])
    work = _work_of(field, [share for share in done.shares if share[1] == "own"])
    all_work = np.sum(list(work.values()), axis=0) if work else np.zeros(field.horizon)
    fixed = _staff(evaluation, done) + _stored(evaluation, done) + np.where(all_work > 0, 0.0, owned)
    frames = []
    for workload, by, item, share in done.shares:
        served = (share * field.work[workload]).sum(axis=1)
        if not served.any():
            if by == "committed":  # paid, and idle throughout
                fixed = fixed + _committed(field, mix, workload, item)[0]
            continue
        if by == "own":
            part = np.divide(work[workload], all_work, out=np.zeros_like(all_work), where=all_work > 0)
            cost, units = owned * part, work[workload]
        elif by == "committed":
            cost, units = _committed(field, mix, workload, item)
        elif by == "api":
            cost = costs.get((TOKEN_API, item), np.zeros(field.horizon))
            units = volume[workload] * served
        else:
            offer = next(o for o in field.hourly if (o.workload, o.offer) == (workload, item))
            shared = [o for o in field.hourly if o.offer == item]
            cost = (
                _hourly_cost(field, share, workload, item)
                if len(shared) > 1
                else costs[offer.component, item]
            )
            units = cost / offer.price
        frames.append(
            pl.DataFrame(
                {
                    "month": np.arange(field.horizon),
                    "workload": [field.workloads[workload]] * field.horizon,
                    "mode": [f"{by} {item}"] * field.horizon,
                    "volume": volume[workload],
                    "served": volume[workload] * served,
                    "units": units,
                    "cost": cost,
                }
            )
        )
    return pl.concat([pl.DataFrame(schema=SCHEMA), *frames, _fixed(field, fixed)])


def _hourly_cost(field: Field, share: Floats, workload: int, item: str) -> Floats:
    """Cost of one workload's instances where several workloads rent the same offer."""
    offer = next(o for o in field.hourly if (o.workload, o.offer) == (workload, item))
    count = np.ceil(np.maximum(share * offer.instances - 1e-9, 0.0))
    if offer.is_monthly:
        count = np.broadcast_to(count.max(axis=1, keepdims=True), count.shape)
    return np.asarray((count * field.hours).sum(axis=1) * offer.price)


def _volumes(evaluation: Evaluation, field: Field) -> Floats:
    """Volume of each workload and month [W, H]: million output tokens, or GPU-hours where declared in them."""
    frame = evaluation.basis.volume
    rows = []
    for name in field.workloads:
        own = frame.filter(pl.col("workload") == name).sort("month")
        tokens = own["output_tokens"].to_numpy() / MILLION_TOKENS
        rows.append(tokens if tokens.any() else own["declared_gpu_hours"].to_numpy())
    return np.stack(rows)


def _work_of(field: Field, shares: list[tuple[int, str, str, Floats]]) -> dict[int, Floats]:
    """GPU-hours of work on own servers by workload [H], on the GPU type that the workload rents."""
    found: dict[int, Floats] = {}
    for workload, _, _, share in shares:
        hours = (share * field.work[workload]).sum(axis=1) * field.gpu_hours[workload]
        found[workload] = found.get(workload, np.zeros(field.horizon)) + hours
    return found


def _owned(evaluation: Evaluation, field: Field, lines: list[Line]) -> Floats:
    """Accrual cost of what is owned [H]: annuities of purchases and hall, and everything paid month by month."""
    plan = evaluation.basis.plan
    rate = monthly_rate(plan.finance)
    cost = np.zeros(field.horizon)
    for line in lines:
        if line.timing == "end" and line.component != DECOMMISSIONING:
            cost += line.amount
    for pool in field.pools:
        lives = {of: life_months(plan, of) for of in OPTION_LIVES} | {
            "hall": int(pool.number("facility_months"))
        }
        for line in lines:
            if line.option == pool.option and line.timing == "start":
                life = lives[BY_KEY[line.component].life or "server"]
                for month in np.flatnonzero(line.amount):
                    cost[month : month + life] += line.amount[month] * annuity(rate, life)
    return cost


def _committed(field: Field, mix: Mix, workload: int, item: str) -> tuple[Floats, Floats]:
    """Charge and instance-hours of a workload's commitments, upfront payments spread over their months."""
    cost, units = np.zeros(field.horizon), np.zeros(field.horizon)
    for position, signed, count in mix.signed:
        term = field.terms[position]
        if (term.workload, term.offer) == (workload, item):
            months = slice(signed, min(signed + term.months, field.horizon))
            units[months] += count * field.month_hours[months]
            cost[months] += count * field.month_hours[months] * term.price[signed]
    return cost, units


def _staff(evaluation: Evaluation, done: Dispatched) -> Floats:
    """Platform staff [H], in whole cents."""
    basis = evaluation.basis
    rows = rounded(basis.plan, basis, platform_staff(basis.plan, basis, runs_gpus=done.runs_gpus), [])
    cost = np.zeros(done.field.horizon)
    np.add.at(cost, rows["month"].to_numpy(), rows["cents"].to_numpy() / CENTS)
    return cost


def _stored(evaluation: Evaluation, done: Dispatched) -> Floats:
    """Accrual cost of storage [H]: rent, egress and support as paid, what is bought as an annuity over its life."""
    plan = evaluation.basis.plan
    life, rate = storage_life_months(plan.storage), monthly_rate(plan.finance)
    cost = np.zeros(done.field.horizon)
    for line in done.lines:
        if line.component not in of_group("storage"):
            continue
        if not BY_KEY[line.component].is_capitalised:
            cost += line.amount
        else:
            for month in np.flatnonzero(line.amount):
                cost[month : month + life] += line.amount[month] * annuity(rate, life)
    return cost


def _fixed(field: Field, cost: Floats) -> pl.DataFrame:
    """Cost that no volume carries, in the months that have any."""
    frame = pl.DataFrame({"month": np.arange(field.horizon), "cost": cost}).filter(pl.col("cost") != 0)
    return frame.select(
        "month",
        workload=pl.lit(""),
        mode=pl.lit(FIXED),
        volume=pl.lit(0.0),
        served=pl.lit(0.0),
        units=pl.lit(0.0),
        cost="cost",
    )
