"""The programme of a plan: what to buy and commit in each quarter, and who serves each segment of load.

Each month's 72 cells become at most six segments of a load-duration curve, the highest hour kept by itself.
Columns are servers ordered, quarters in use, commitments signed, and shares of a segment that own servers,
hourly rent and token APIs serve.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from brytpunkt.planning.inputs.money import monthly_rate
from brytpunkt.planning.inputs.units import MONTHS_PER_YEAR
from brytpunkt.planning.optimal import unit_cash_flows
from brytpunkt.planning.optimal.load_duration import Segments
from brytpunkt.planning.optimal.milp import INFINITY, Program
from brytpunkt.planning.optimal.problem import quarters
from brytpunkt.planning.rent.commitments import may_be_signed

if TYPE_CHECKING:
    from brytpunkt.declarations import Plan
    from brytpunkt.planning.optimal.milp import Floats, Ints
    from brytpunkt.planning.optimal.problem import Field, Pool
    from brytpunkt.planning.optimal.unit_cash_flows import Flow

SEGMENTS = 6
POWER, BUDGET, SOVEREIGN, CARBON = "site power", "yearly budget", "sovereign share", "carbon ceiling"


@dataclass(frozen=True)
class Limits:
    """What a plan must keep to; None where nothing is declared.

    ``budget``: cash in each plan year [plan currency], what is spent anyhow (``fixed_cash``) included.
    ``sovereign``: least share of the GPU work; own servers and ``sovereign_offers`` count.
    ``carbon``: kgCO2e in each plan year; ``site_kg`` a kWh by site, ``offer_kg`` a GPU-hour by offer.
    """

    budget: Floats | None = None
    fixed_cash: Floats | None = None
    sovereign: float | None = None
    sovereign_offers: frozenset[str] = frozenset()
    carbon: Floats | None = None
    site_kg: dict[str, float] = field(default_factory=dict)
    offer_kg: dict[str, float] = field(default_factory=dict)

    @property
    def names(self) -> tuple[str, ...]:
        """The constraints that bind something, site power included."""
        declared = ((BUDGET, self.budget), (SOVEREIGN, self.sovereign), (CARBON, self.carbon))
        return (POWER, *(name for name, value in declared if value is not None))


@dataclass(frozen=True)
class Columns:
    """Indices of the columns that are decisions: servers ordered by pool [Q], commitments signed by term [Q].

    ``slack``: by how much a plan may cost less than the programme says, since a segment is a mean [plan currency].
    """

    servers: tuple[Ints, ...]
    signed: tuple[Ints, ...]
    at: Ints | None = None
    slack: float = 0.0

    def allowed_of(self, values: Floats) -> Floats | None:
        """Which pool may serve which workload [W, pools]; None where nothing is allocated."""
        return None if self.at is None else np.rint(values[self.at])


class Builder:
    """Builds the programme of a plan block by block."""

    def __init__(self, plan: Plan, shared: Field, limits: Limits, most: int) -> None:
        self.plan, self.field, self.limits = plan, shared, limits
        self.program = Program()
        self.rate = monthly_rate(plan.finance)
        self.tax_rate = plan.finance.tax.rate if plan.finance.tax else 0.0
        self.segments = Segments(shared, most)
        self.parts = self.segments.parts(_weights(shared))
        self.slack = 0.0
        self.year = np.arange(shared.horizon) // MONTHS_PER_YEAR
        self.shape = (len(shared.workloads), shared.horizon, most)
        has_work = (shared.work.sum(axis=2) > 0)[:, :, None] & (self.segments.hours > 0)[None]
        self.serve = self.program.add_rows(has_work * 1.0, INFINITY, self.shape, "demand")
        years = int(self.year[-1]) + 1
        self.budget = self._yearly(limits.budget, limits.fixed_cash, years, BUDGET)
        self.carbon = self._yearly(limits.carbon, None, years, CARBON)
        self.sovereign = self._sovereign()
        self.work = self._work()

    def _yearly(self, most: Floats | None, spent: Floats | None, years: int, group: str) -> Ints | None:
        if most is None:
            return None
        left = most if spent is None else most - spent
        return self.program.add_rows(-INFINITY, left, (years,), group)

    def _work(self) -> Floats:
        """GPU-hours of work by workload, month and segment [W, H, K]."""
        return self.segments.total(self.field.work) * self.field.gpu_hours[:, :, None]

    def _sovereign(self) -> Ints | None:
        if self.limits.sovereign is None:
            return None
        return self.program.add_rows(0.0, INFINITY, (1,), SOVEREIGN)

    def spend(self, columns: Ints, yearly: Floats) -> None:
        """Cash of columns in each plan year, ``yearly`` [columns..., years]."""
        if self.budget is not None:
            self.program.set(np.broadcast_to(self.budget, yearly.shape), columns[..., None], yearly)

    def serves(self, columns: Ints, work: Floats, offer: str, kg: Floats) -> None:
        """Shares of segments served: what they count for sovereignty, and their carbon [kg by column]."""
        if self.sovereign is not None and self.limits.sovereign is not None:
            counted = float(offer == "" or offer in self.limits.sovereign_offers) - self.limits.sovereign
            self.program.set(self.sovereign[0], columns, work * counted)
        if self.carbon is not None:
            self.program.set(self.carbon[self.year][:, None], columns, kg)

    def costs(self, cells: Floats, workload: int) -> Floats:
        """Costs of serving each cell [H, C] -> of each segment [H, K]; what a mean may overstate is kept as slack."""
        self.slack += float(self.monthly(self.segments.short(cells, self.parts[workload])).sum())
        return self.segments.total(cells)

    def unit(self, flow: Flow) -> float:
        """Present value of a unit flow."""
        return flow.present_value(self.field, self.rate, self.tax_rate)

    def monthly(self, amount: Floats) -> Floats:
        """Present value of amounts at the ends of months [H, ...]."""
        factor = self.field.end_factor - self.tax_rate * unit_cash_flows.year_end_factor(self.field)
        discounted: Floats = amount * factor.reshape(-1, *([1] * (amount.ndim - 1)))
        return discounted

    def months_of(self, yearly_of: Floats) -> Floats:
        """Amounts [H, K] -> by plan year [H, K, years], each in its own."""
        by_year: Floats = yearly_of[..., None] * (self.year[:, None, None] == np.arange(self.year[-1] + 1))
        return by_year


def build(
    plan: Plan, shared: Field, limits: Limits, *, most: int = SEGMENTS, max_sites: int | None = None
) -> tuple[Program, Columns]:
    """The programme of a plan with every pool of the field.

    With ``max_sites`` each workload is served by at most so many of the pools.
    """
    builder = Builder(plan, shared, limits, most)
    servers, shares = [], []
    arrival = _storage(builder)
    for pool in shared.pools:
        ordered, served = _pool(builder, pool)
        if arrival is not None:
            _after_arrival(builder, pool, ordered, arrival)
        servers.append(ordered)
        shares.append(served)
    signed = tuple(_term(builder, position) for position in range(len(shared.terms)))
    _hourly(builder)
    at = _allocate(builder, shares, max_sites) if max_sites is not None and shared.pools else None
    return builder.program, Columns(tuple(servers), signed, at, builder.slack)


def _weights(shared: Field) -> Floats:
    """What a workload's cells weigh within a segment: the GPU-hours or instance-hours that they need [W, H, C]."""
    if shared.pools:
        return np.asarray(shared.pools[0].needed * shared.hours)
    weights = shared.work.copy()
    for offer in reversed(shared.hourly):
        weights[offer.workload] = offer.instances * shared.hours
    return weights


def _standing(ordered: Ints, starts: Ints, ends: Ints, horizon: int) -> tuple[Ints, Ints]:
    """(month, column) of every month in which something ordered stands."""
    months = np.arange(horizon)
    stands = (months[:, None] >= starts) & (months[:, None] < ends)
    at, which = np.nonzero(stands)
    return months[at], ordered[which]


def _pool(builder: Builder, pool: Pool) -> tuple[Ints, Ints]:
    """Columns and rows of one option: servers, quarters in use, hall, and the shares that it serves."""
    program, shared, plan = builder.program, builder.field, builder.plan
    horizon = shared.horizon
    segments = builder.segments
    orders = np.array([q for q in quarters(horizon) if pool.delivery(int(q)) < horizon], dtype=np.int64)
    deliveries = np.array([pool.delivery(int(q)) for q in orders], dtype=np.int64)
    most = float(np.ceil(pool.needed.sum(axis=0).max() / pool.gpus) + pool.spare)
    unit = [unit_cash_flows.server(plan, shared, pool, int(d)) for d in deliveries]
    ordered = program.add_columns(np.array([builder.unit(flow) for flow in unit]), most, whole=True)
    crew = builder.monthly(unit_cash_flows.crew(shared, pool))
    stretch_of = np.searchsorted(
        np.union1d(deliveries, deliveries + pool.life), np.arange(horizon), side="right"
    )  # between two changes of what stands, a pool is in use throughout or not at all
    in_use = program.add_columns(np.bincount(stretch_of, weights=crew).astype(np.float64), 1.0, whole=True)
    share = np.minimum(1.0, (pool.busy.sum(axis=(1, 2)) > 0).astype(float))[:, None, None]
    used = unit_cash_flows.busy_energy(shared, pool)
    energy = np.stack([builder.costs(cells, workload) for workload, cells in enumerate(used)])
    peak = segments.mean(unit_cash_flows.peak_fee(shared, pool))
    peak[:, :, 1:] = 0.0
    cost = energy + peak
    served = program.add_columns(
        np.stack([builder.monthly(part) for part in cost]), np.broadcast_to(share, builder.shape).copy()
    )
    program.set(builder.serve, served, 1.0)
    month, column = _standing(ordered, deliveries, deliveries + pool.life, horizon)
    capacity = program.add_rows(0.0, INFINITY, builder.shape[1:], "capacity")
    program.set(capacity[month], column[:, None], float(pool.gpus))
    program.set(capacity, in_use[stretch_of][:, None], -float(pool.gpus * pool.spare))
    program.set(capacity[None], served, -segments.mean(pool.needed))
    use = program.add_rows(-INFINITY, 0.0, (horizon,), "capacity")
    limit = pool.row["max_servers"]
    program.set(use[month], column, 1.0)
    program.set(use, in_use[stretch_of], -most)
    if limit is not None:
        power = program.add_rows(-INFINITY, float(pool.number("max_servers")), (horizon,), POWER)
        program.set(power[month], column, 1.0)
    _hall(builder, pool, orders, deliveries, (month, column))
    if builder.budget is not None:
        builder.spend(ordered, np.stack([flow.by_year() for flow in unit]).reshape(orders.size, -1))
        by_stretch = np.zeros((in_use.size, int(builder.year[-1]) + 1))
        np.add.at(by_stretch, (stretch_of, builder.year), unit_cash_flows.crew(shared, pool))
        builder.spend(in_use, by_stretch)
        for workload in range(builder.shape[0]):
            builder.spend(served[workload], builder.months_of(cost[workload]))
    _footprint(builder, pool, served, (month, column))
    return ordered, served


def _footprint(builder: Builder, pool: Pool, served: Ints, standing: tuple[Ints, Ints]) -> None:
    """What own servers count for sovereignty and carbon, idling included."""
    kg = builder.limits.site_kg.get(str(pool.row["site"]), 0.0)
    above = (pool.number("load_kw") - pool.number("idle_kw")) / pool.gpus
    kwh = builder.segments.total(pool.busy * above * builder.field.hours * pool.pue)
    for workload in range(builder.shape[0]):
        builder.serves(served[workload], builder.work[workload], "", kwh[workload] * kg)
    if builder.carbon is not None:
        idle = (pool.number("idle_kw") * builder.field.hours * pool.pue).sum(axis=1) * kg
        month, column = standing
        builder.program.set(builder.carbon[builder.year[month]], column, idle[month])


def _storage(builder: Builder) -> tuple[Ints, Ints] | None:
    """Storage is rented until the first own servers arrive: one column for each month in which they may.

    -> months, columns; None where nothing is stored or nothing may arrive. What is paid while nothing arrives stands in
    every plan.
    """
    shared = builder.field
    rented = _storage_flow(shared, None)
    months = np.unique(
        [
            pool.delivery(int(q))
            for pool in shared.pools
            for q in quarters(shared.horizon)
            if pool.delivery(int(q)) < shared.horizon
        ]
    ).astype(np.int64)
    owned = [_storage_flow(shared, int(month)) for month in months]
    if not any(flow.start.any() or flow.end.any() for flow in (rented, *owned)):
        return None
    none = builder.program.add_columns(np.array([builder.unit(rented)]), 1.0, whole=True)
    arrives = builder.program.add_columns(np.array([builder.unit(flow) for flow in owned]), 1.0, whole=True)
    one = builder.program.add_rows(1.0, 1.0, (1,), "capacity")
    builder.program.set(one, np.concatenate([none, arrives]), 1.0)
    if builder.budget is not None:
        builder.spend(none, rented.by_year()[None])
        if owned:
            builder.spend(arrives, np.stack([flow.by_year() for flow in owned]))
    return (months, arrives) if owned else None


def _storage_flow(shared: Field, delivery: int | None) -> Flow:
    """Flow of all storage with the first arrival in a month."""
    start, end = np.zeros(shared.horizon), np.zeros(shared.horizon)
    value = 0.0
    for month, timing, amount in shared.storage(delivery).select("month", "timing", "amount").iter_rows():
        if timing == "horizon":
            value += amount
        else:
            (start if timing == "start" else end)[month] += amount
    return unit_cash_flows.Flow(start, end, value, deductible=end)


def _after_arrival(builder: Builder, pool: Pool, ordered: Ints, arrival: tuple[Ints, Ints]) -> None:
    """Servers stand only from the arrival on that storage is planned for."""
    months, arrives = arrival
    most = float(np.ceil(pool.needed.sum(axis=0).max() / pool.gpus) + pool.spare)
    deliveries = [
        pool.delivery(int(q))
        for q in quarters(builder.field.horizon)
        if pool.delivery(int(q)) < builder.field.horizon
    ]
    rows = builder.program.add_rows(-INFINITY, 0.0, (len(deliveries),), "capacity")
    builder.program.set(rows, ordered, 1.0)
    for row, delivery in zip(rows, deliveries, strict=True):
        builder.program.set(row, arrives[months <= delivery], -most)


def _hall(builder: Builder, pool: Pool, orders: Ints, deliveries: Ints, standing: tuple[Ints, Ints]) -> None:
    """Own hall: room for a server is built with a delivery and stands from then on."""
    if pool.row["facility_per_kw"] is None:
        return
    program = builder.program
    unit = [unit_cash_flows.hall(builder.plan, builder.field, pool, int(d)) for d in deliveries]
    room = program.add_columns(np.array([builder.unit(flow) for flow in unit]))
    horizon = builder.field.horizon
    enough = program.add_rows(0.0, INFINITY, (horizon,), "capacity")
    month, column = standing
    program.set(enough[month], column, -1.0)
    built, rooms = _standing(room, deliveries, np.full_like(deliveries, horizon), horizon)
    program.set(enough[built], rooms, 1.0)
    if builder.budget is not None:
        builder.spend(room, np.stack([flow.by_year() for flow in unit]).reshape(orders.size, -1))


def _term(builder: Builder, position: int) -> Ints:
    """A commitment: instances signed each quarter serve their share of every segment of their months."""
    program, shared = builder.program, builder.field
    term = shared.terms[position]
    starts = quarters(shared.horizon)
    unit = [unit_cash_flows.commitment(shared, term, int(q)) for q in starts]
    needs = builder.segments.mean(term.instances)
    most = np.ceil(term.instances.max()) * may_be_signed(term.months, starts, shared.horizon)
    signed = program.add_columns(np.array([builder.unit(flow) for flow in unit]), most, whole=True)
    month, column = _standing(signed, starts, starts + term.months, shared.horizon)
    each = np.divide(1.0, needs, out=np.zeros_like(needs), where=needs > 0)
    program.set(builder.serve[term.workload][month], column[:, None], each[month])
    if builder.budget is not None:
        builder.spend(signed, np.stack([flow.by_year() for flow in unit]))
    return signed


def _hourly(builder: Builder) -> None:
    """Shares served by the hour and by token APIs."""
    program, shared = builder.program, builder.field
    priced = [
        (
            offer.workload,
            offer.offer,
            offer.instances * shared.hours * offer.price[:, None],
        )
        for offer in shared.hourly
    ]
    priced += [
        (workload, name, shared.work[workload] * monthly[:, None])
        for workload, (name, monthly) in shared.api.items()
    ]
    for workload, name, cells in priced:
        cost = builder.costs(cells, workload)
        columns = program.add_columns(builder.monthly(cost), 1.0)
        program.set(builder.serve[workload], columns, 1.0)
        if builder.budget is not None:
            builder.spend(columns, builder.months_of(cost))
        kg = builder.work[workload] * builder.limits.offer_kg.get(name, 0.0)
        builder.serves(columns, builder.work[workload], name, kg)


def _allocate(builder: Builder, shares: list[Ints], max_sites: int) -> Ints:
    """Each workload at most at ``max_sites`` of the pools."""
    program = builder.program
    workloads = builder.shape[0]
    at = program.add_columns(np.zeros((workloads, len(shares))), 1.0, whole=True)
    for position, served in enumerate(shares):
        linked = program.add_rows(-INFINITY, 0.0, served.shape, "demand")
        program.set(linked, served, 1.0)
        program.set(linked, at[:, position][:, None, None], -1.0)
    rows = program.add_rows(-INFINITY, float(max_sites), (workloads,), "demand")
    program.set(rows[:, None], at, 1.0)
    return at
