"""Dispatch: what a mix of servers and commitments costs when every hour of its need is served.

In each cell commitments serve first, then own servers (what is dearest to rent first), then whatever is cheaper
of an hour of rent and the token API. Amounts go through the same ledger as every other strategy's.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from brytpunkt.planning.components import (
    ENERGY_CAPACITY,
    ENERGY_FEES_VAT,
    ENERGY_SUBSCRIPTION,
    ENERGY_VAT,
    RENT_COMMITTED,
    RENT_COMMITTED_UPFRONT,
    TOKEN_API,
)
from brytpunkt.planning.inputs.units import FORGIVEN, MONTHS_PER_YEAR
from brytpunkt.planning.optimal import unit_cash_flows
from brytpunkt.planning.optimal.mix import Line, Mix, run_gpus, servers_in_service
from brytpunkt.planning.optimal.mix_costs import owning, stored, tax_lines

if TYPE_CHECKING:
    from brytpunkt.declarations import Plan
    from brytpunkt.planning.optimal.milp import Floats, Ints
    from brytpunkt.planning.optimal.problem import Field, Pool

ROW_SCHEMA = {
    "option": pl.String,
    "month": pl.Int64,
    "component": pl.String,
    "item": pl.String,
    "timing": pl.String,
    "amount": pl.Float64,
}
Served = tuple[int, str, str, "Floats"]  # workload, by, item, share of the need [H, C]


@dataclass(frozen=True)
class Dispatched:
    """Ledger flows of a mix, and what served the work.

    ``energy``: option, month, servers, it_kwh, total_kwh, peak_kw.
    """

    lines: tuple[Line, ...]
    shares: tuple[Served, ...]
    energy: pl.DataFrame
    field: Field

    @cached_property
    def flows(self) -> pl.DataFrame:
        """Option (null for rent), month, component, item, timing, amount."""
        return _flows(list(self.lines))

    @cached_property
    def served(self) -> pl.DataFrame:
        """workload, month, by (own, committed, hourly, api), item (option or offer), share of the month's work."""
        return _served(self.field, list(self.shares))

    @property
    def runs_gpus(self) -> bool:
        """Whether anything is owned or rented but token APIs."""
        return run_gpus(self.lines)

    def present_value(self, rate: float) -> float:
        """Discounted cost before rounding, platform staff left out [plan currency]."""
        factors = {
            "start": self.field.start_factor,
            "end": self.field.end_factor,
            "horizon": np.full(self.field.horizon, (1 + rate) ** -self.field.horizon),
        }
        return float(sum(line.amount @ factors[line.timing] for line in self.lines))


def dispatch(plan: Plan, field: Field, mix: Mix) -> Dispatched:
    """Serve every hour of a mix and gather what it costs."""
    rows: list[Line] = []
    left = (field.work > 0).astype(np.float64)  # share of each workload's need not yet served [W, H, C]
    served: list[Served] = []
    for position, term in enumerate(field.terms):
        committed = np.zeros(field.horizon)
        for at, month, count in mix.signed:
            if at == position:
                flow = unit_cash_flows.commitment(field, term, month)
                rows += [
                    Line(RENT_COMMITTED, term.offer, "end", flow.end * count),
                    Line(RENT_COMMITTED_UPFRONT, term.offer, "start", flow.start * count),
                ]
                committed[month : month + term.months] += count
        needs = term.instances
        cover = np.divide(committed[:, None], needs, out=np.zeros_like(needs), where=needs > 0)
        taken = np.minimum(cover, left[term.workload])
        left[term.workload] -= taken
        served.append((term.workload, "committed", term.offer, taken))
    energy = []
    for position, pool in enumerate(field.pools):
        standing = servers_in_service(field, mix, position)
        if not standing.any():
            continue
        allowed = None if mix.allowed is None else mix.allowed[:, position]
        taken = _own(field, pool, standing, left, allowed)
        left -= taken
        served += [(w, "own", pool.option, taken[w]) for w in range(len(field.workloads))]
        drawn, paid = _power(field, pool, standing, taken)
        energy.append(drawn)
        rows += [*paid, *owning(plan, field, pool, mix, position, standing)]
    rest, by_rent = _rest(field, left)
    rows += rest
    served += by_rent
    rows += stored(field, mix)
    if plan.finance.tax is not None:
        rows += tax_lines(plan, plan.finance.tax, field, mix, rows)
    return Dispatched(
        lines=tuple(rows),
        shares=tuple(served),
        energy=pl.concat(energy) if energy else pl.DataFrame(),
        field=field,
    )


def _flows(lines: list[Line]) -> pl.DataFrame:
    """Lines -> option, month, component, item, timing, amount; months of nothing are left out."""
    frames = [
        pl.DataFrame({"month": np.arange(line.amount.size), "amount": line.amount})
        .filter(pl.col("amount") != 0)
        .select(
            pl.lit(line.option, dtype=pl.String).alias("option"),
            "month",
            component=pl.lit(line.component),
            item=pl.lit(line.item),
            timing=pl.lit(line.timing),
            amount="amount",
        )
        for line in lines
        if line.amount.any()
    ]
    return pl.concat([pl.DataFrame(schema=ROW_SCHEMA), *frames])


def _own(field: Field, pool: Pool, standing: Ints, left: Floats, allowed: np.ndarray | None) -> Floats:
    """Share of each workload's need that a pool serves [W, H, C]: the dearest to rent first.

    An instance that must be rented anyway is filled, and the servers' GPUs go to the next workload.
    """
    room = np.broadcast_to(
        (np.maximum(0, standing - pool.spare) * pool.gpus)[:, None].astype(np.float64), field.hours.shape
    ).copy()
    rent, instances = _dearness(field, pool)
    taken = np.zeros_like(left)
    # from the dearest to the cheapest in each cell
    order = np.argsort(-rent, axis=0, kind="stable")
    for rank in range(len(field.workloads)):
        which = order[rank][None]
        need = np.take_along_axis(pool.needed, which, axis=0)[0]
        share = np.take_along_axis(left, which, axis=0)[0]
        if allowed is not None:
            share = share * allowed[which[0]]
        wanted = need * share
        given = np.minimum(wanted, room)
        part = np.divide(given, need, out=np.zeros_like(need), where=need > 0)
        whole = np.take_along_axis(instances, which, axis=0)[0]
        rented = np.ceil(np.maximum((share - part) * whole - FORGIVEN, 0.0))
        filled = np.divide(rented, whole, out=share - part, where=whole > 0)
        part = np.maximum(0.0, share - filled)
        room -= part * need
        np.put_along_axis(taken, which, part[None], axis=0)
    return taken


def _dearness(field: Field, pool: Pool) -> tuple[Floats, Floats]:
    """Cost of renting an hour of a workload, a GPU of the pool that it would need [W, H, C].

    And the instances that the cheapest way takes; zero where that is a token API.
    """
    cost = np.full(pool.needed.shape, np.inf)
    instances = np.zeros_like(cost)
    for offer in field.hourly:
        price = np.broadcast_to(offer.price[:, None], offer.instances.shape)
        hour = np.multiply(offer.instances, price, out=np.zeros_like(price), where=offer.instances > 0)
        cheaper = hour < cost[offer.workload]
        cost[offer.workload] = np.where(cheaper, hour, cost[offer.workload])
        instances[offer.workload] = np.where(cheaper, offer.instances, instances[offer.workload])
    for workload, (_, monthly) in field.api.items():
        price = np.broadcast_to(monthly[:, None], field.work[workload].shape)
        hour = np.multiply(
            field.work[workload], price, out=np.zeros_like(price), where=field.work[workload] > 0
        )
        cheaper = hour < cost[workload]
        cost[workload] = np.where(cheaper, hour, cost[workload])
        instances[workload] = np.where(cheaper, 0.0, instances[workload])
    dear = np.divide(cost, pool.needed, out=np.zeros_like(cost), where=pool.needed > 0)
    return dear, instances


def _power(field: Field, pool: Pool, standing: Ints, taken: Floats) -> tuple[pl.DataFrame, list[Line]]:
    """Power of the servers in service and what it costs by component."""
    count = standing[:, None].astype(np.float64)
    idle, load = pool.number("idle_kw"), pool.number("load_kw")
    busy = np.minimum((pool.busy * taken).sum(axis=0), count * pool.gpus)
    it_kw = count * idle + busy * (load - idle) / pool.gpus
    kwh = it_kw * field.hours * pool.pue
    peak = (it_kw * pool.pue_peak).max(axis=1)
    bill = pool.bill
    fee = pool.number("capacity_fee") / MONTHS_PER_YEAR * field.escalator * peak * bill.paid
    costs = {name: (kwh * price).sum(axis=1) for name, price in pool.prices.items()}
    monthly = bill.monthly(it_kw * pool.pue_peak, kwh)
    costs[ENERGY_CAPACITY] = fee
    for name, amount in monthly.items():
        costs[name] = costs[name] + amount
    added = fee + sum(monthly.values(), np.zeros(field.horizon))
    costs[ENERGY_VAT] = costs[ENERGY_VAT] + bill.vat * added
    yearly = bill.yearly(it_kw * pool.pue_peak, standing)
    costs |= {ENERGY_SUBSCRIPTION: yearly, ENERGY_FEES_VAT: yearly * bill.vat}
    rows = [Line(name, "", "end", amount, pool.option) for name, amount in costs.items()]
    drawn = pl.DataFrame(
        {
            "option": [pool.option] * field.horizon,
            "month": np.arange(field.horizon),
            "servers": standing,
            "it_kwh": (it_kw * field.hours).sum(axis=1),
            "total_kwh": kwh.sum(axis=1),
            "peak_kw": peak,
        }
    )
    return drawn.filter(pl.col("servers") > 0), rows


def _rest(field: Field, left: Floats) -> tuple[list[Line], list[Served]]:
    """What is left of each cell goes to the cheapest hour of rent or to the token API."""
    rows: list[Line] = []
    served: list[Served] = []
    for workload in range(len(field.workloads)):
        rest = np.where(left[workload] > FORGIVEN, left[workload], 0.0)
        ways: list[tuple[str, str, str, Floats]] = []
        by_month: list[int] = []
        for offer in field.hourly:
            if offer.workload == workload:
                count = np.ceil(np.maximum(rest * offer.instances - FORGIVEN, 0.0))
                if offer.is_monthly:
                    count = np.broadcast_to(count.max(axis=1, keepdims=True), count.shape)
                    by_month.append(len(ways))
                price = np.broadcast_to(offer.price[:, None], count.shape)
                cost = np.multiply(count * field.hours, price, out=np.zeros_like(count), where=count > 0)
                ways.append((offer.component, "hourly", offer.offer, cost))
        if workload in field.api:
            name, monthly = field.api[workload]
            work = rest * field.work[workload]
            price = np.broadcast_to(monthly[:, None], work.shape)
            cost = np.multiply(work, price, out=np.zeros_like(work), where=work > 0)
            ways.append((TOKEN_API, "api", name, cost))
        costs = np.stack([way[3] for way in ways])
        cheapest = np.argmin(_as_whole_months(costs, by_month), axis=0)
        served_at_all = np.isfinite(costs.min(axis=0))
        if not served_at_all.all():
            served.append((workload, "unserved", "", np.where(served_at_all, 0.0, rest)))
        for position, (component, by, item, cost) in enumerate(ways):
            taken = (cheapest == position) & served_at_all
            rows.append(Line(component, item, "end", np.where(taken, cost, 0.0).sum(axis=1)))
            served.append((workload, by, item, np.where(taken, rest, 0.0)))
    return rows, served


def _as_whole_months(costs: Floats, by_month: list[int]) -> Floats:
    """Costs [ways, H, C] by which a cell chooses: what is billed by the month serves all of one where that costs less."""
    if not by_month:
        return costs
    ranked = costs.copy()
    ranked[by_month] = np.inf
    hourly = ranked.min(axis=0).sum(axis=1)
    months = costs[by_month].sum(axis=2)
    best = months.argmin(axis=0)
    month = np.flatnonzero(months.min(axis=0) < hourly)
    ranked[np.array(by_month)[best[month]], month] = -1.0
    return ranked


def _served(field: Field, served: list[Served]) -> pl.DataFrame:
    """Share of each month's work by what served it -> workload, month, by, item, share."""
    schema = {
        "workload": pl.String,
        "month": pl.Int64,
        "by": pl.String,
        "item": pl.String,
        "share": pl.Float64,
    }
    frames = [
        pl.DataFrame(
            {"month": np.arange(field.horizon), "share": (part * field.work[workload]).sum(axis=1)}
        ).select(
            "month", "share", workload=pl.lit(field.workloads[workload]), by=pl.lit(by), item=pl.lit(item)
        )
        for workload, by, item, part in served
    ]
    return (
        pl.concat([pl.DataFrame(schema=schema), *(frame.select(list(schema)) for frame in frames)])
        .filter(pl.col("share") > FORGIVEN)
        .sort("workload", "month", "by", "item")
    )
