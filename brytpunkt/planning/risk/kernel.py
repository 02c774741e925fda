"""The kernel: strategies served in many worlds at once, with the recourse that a planner without foresight has.

Rules, in this order: orders and signatures of the first month stand; a later one is placed only if the need of the
last three months, carried forward with the planned growth, exceeds what will stand without it. Commitments serve first, then
own servers (the workload that is dearest to rent first, whole instances that must be rented anyway are filled), then
the cheapest way to rent at that world's price of that month. Work that may wait does so for own servers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from brytpunkt.planning.risk.orders import placed_orders, placed_signatures
from brytpunkt.planning.risk.owned import own_costs
from brytpunkt.planning.risk.terrain import FORGIVEN
from brytpunkt.planning.risk.waiting_work import waited

if TYPE_CHECKING:
    from brytpunkt.planning.optimal.program import Floats
    from brytpunkt.planning.risk.strategies import Strategy
    from brytpunkt.planning.risk.terrain import Terrain, Way
    from brytpunkt.planning.risk.worlds import Worlds


@dataclass(frozen=True)
class Served:
    """A strategy in D worlds: ``present_value`` [D]; ``by_month`` discounted, without continuing value [D, H].

    ``cash`` as paid [D, H]; ``value_at`` continuing value at the end of every horizon, discounted [D, H + 1];
    ``unserved`` GPU-hours that nothing could serve [D].
    """

    present_value: Floats
    by_month: Floats
    cash: Floats
    value_at: Floats | None
    unserved: Floats


class Chunk:
    """One chunk of worlds: needs that strategies share are computed once."""

    def __init__(self, terrain: Terrain, worlds: Worlds) -> None:
        self.terrain, self.worlds = terrain, worlds
        self._fleets: dict[tuple[int, str, int], Floats] = {}
        self._needs: dict[tuple[int, str], Floats] = {}
        self._busy: dict[tuple[int, str], Floats] = {}
        self._inverse: dict[tuple[int, str] | tuple[int, str, int], Floats] = {}
        self._hours: dict[tuple[int, str, int], Floats] = {}
        self._peaks: dict[str, tuple[Floats, Floats]] = {}
        self._prices: dict[tuple[int, str], Floats] = {}

    def busy(self, workload: int, profile: str) -> Floats:
        """GPUs busy [D, H, K]."""
        key = workload, profile
        if key not in self._busy:
            self._busy[key] = self.worlds.work[workload][:, :, None] * self.terrain.loads[key].busy[None]
        return self._busy[key]

    def needed(self, workload: int, profile: str) -> Floats:
        """GPUs needed in whole replicas, headroom included [D, H, K]; zero without work."""
        key = workload, profile
        if key not in self._needs:
            size = self.terrain.loads[key].replica_gpus
            least = float(self.terrain.least_replicas[workload])
            self._needs[key] = self._units(workload, profile, size, least, 0.0) * size
        return self._needs[key]

    def instances(self, way: Way) -> Floats:
        """Instances of a way that would serve the whole workload, redundancy included [D, H, K]."""
        if way.fleet not in self._fleets:
            replicas = self.terrain.least_replicas[way.workload]
            size = self.terrain.loads[way.workload, way.profile].replica_gpus
            least = np.ceil(replicas * size / way.gpus - FORGIVEN)
            redundant = float(self.terrain.redundancy[way.workload])
            self._fleets[way.fleet] = self._units(way.workload, way.profile, way.gpus, least, redundant)
        return self._fleets[way.fleet]

    def _units(self, workload: int, profile: str, size: float, least: float, more: float) -> Floats:
        """Whole units of ``size`` GPUs for the load with its headroom, at least ``least``, and ``more`` of them."""
        busy = self.busy(workload, profile)
        units: Floats = busy * ((1 + self.terrain.headroom[workload]) / size)
        units -= FORGIVEN
        np.ceil(units, out=units)
        np.maximum(units, least, out=units)
        if more:
            units += more
        units *= busy > 0
        return units

    def need_inverse(self, workload: int, profile: str) -> Floats:
        """One over the GPUs needed, zero without work [D, H, K]."""
        key = workload, profile
        if key not in self._inverse:
            self._inverse[key] = _inverse(self.needed(workload, profile))
        return self._inverse[key]

    def instances_inverse(self, way: Way) -> Floats:
        """One over the instances of a way, zero without work [D, H, K]."""
        if way.fleet not in self._inverse:
            self._inverse[way.fleet] = _inverse(self.instances(way))
        return self._inverse[way.fleet]

    def instance_hours(self, way: Way) -> Floats:
        """Instance-hours of a way that would serve the whole workload [D, H]."""
        if way.fleet not in self._hours:
            self._hours[way.fleet] = np.einsum("dhk,hk->dh", self.instances(way), self.terrain.hours)
        return self._hours[way.fleet]

    def peaks(self, profile: str) -> tuple[Floats, Floats]:
        """Highest GPUs needed in each month, all workloads together: in the worlds [D, H], and as planned [H]."""
        if profile not in self._peaks:
            terrain = self.terrain
            planned = np.zeros_like(terrain.hours)
            together = np.zeros((self.worlds.count, *terrain.hours.shape))
            for workload in range(len(terrain.workloads)):
                size = terrain.loads[workload, profile].replica_gpus
                together = together + self.needed(workload, profile)
                planned += terrain.planned_units(workload, profile, size) * size
            self._peaks[profile] = together.max(axis=2), planned.max(axis=1)
        return self._peaks[profile]

    def price(self, way: Way) -> Floats:
        """Price of an instance-hour, or of a whole month's volume at an API [D, H]."""
        key = way.workload, way.offer
        if key not in self._prices:
            path = self.worlds.token if way.kind == "api" else self.worlds.cloud
            price = way.price[None, :] * path
            if way.kind == "api":
                price = price * self.worlds.volume[way.workload]
            money = self.worlds.currency(way.currency)
            self._prices[key] = price * (money[:, None] if isinstance(money, np.ndarray) else money)
        return self._prices[key]


def _inverse(values: Floats) -> Floats:
    return np.divide(1.0, values, out=np.zeros_like(values), where=values > 0)


def serve(chunk: Chunk, strategy: Strategy) -> Served:
    """Serve every world of a chunk by one strategy."""
    terrain, worlds = chunk.terrain, chunk.worlds
    count, horizon = worlds.count, terrain.horizon
    cash = np.broadcast_to(terrain.fixed, (count, horizon)).copy()
    discounted = cash * terrain.end_factor
    end = cash.copy()  # what is deducted for tax, by month
    left: list[Floats | None] = [None] * len(terrain.workloads)
    for signature, placed in placed_signatures(chunk, strategy):
        upfront, monthly = _committed_cost(chunk, signature.way, signature.month, placed)
        cash += upfront + monthly
        discounted += upfront * terrain.start_factor + monthly * terrain.end_factor
        end += upfront + monthly
    for workload, cover in _covered(chunk, strategy).items():
        left[workload] = cover
    value_at = None
    unserved = np.zeros(count)
    tax_value = np.zeros(count)
    final = np.zeros(count)
    taken: list[Floats | None] = [None] * len(terrain.workloads)
    rented: list[Floats | None] = [None] * len(terrain.workloads)
    waiting = None
    if strategy.servers is not None:
        fleet = placed_orders(chunk, strategy)
        room = np.maximum(fleet.standing - strategy.servers.pool.spare, 0.0) * strategy.servers.pool.gpus
        room = room[:, :, None]
        for workload in strategy.dearest_first:
            taken[workload], rented[workload], room = _own_share(
                chunk, strategy, workload, left[workload], room
            )
        waiting = waited(chunk, strategy, taken, room)
        owned = own_costs(chunk, strategy, fleet, taken, waiting)
        cash += owned.cash
        discounted += owned.discounted
        end += owned.deducted
        value_at = owned.value_at
        final = owned.value
        tax_value = owned.tax
    for workload in range(len(terrain.workloads)):
        rest = _rest(left[workload], taken[workload])
        paid, lacking = _rent(chunk, strategy, workload, rest, rented[workload])
        if waiting is not None and workload in waiting.rented_hours:
            paid = waiting.costs[workload]
        cash += paid
        end += paid
        discounted += paid * terrain.end_factor
        unserved += lacking
    price = terrain.plan.uncertainty.unserved_price_per_gpu_hour
    total = discounted.sum(axis=1) - final + unserved * price
    tax = terrain.plan.finance.tax
    if tax is not None:
        total = total - tax.rate * (end * terrain.year_end_factor).sum(axis=1) + tax_value
    return Served(total, discounted, cash, value_at, unserved)


def _committed_cost(chunk: Chunk, way: Way, month: int, placed: Floats) -> tuple[Floats, Floats]:
    """Start and end flows of instances committed in a month [D, H]."""
    terrain = chunk.terrain
    months = slice(month, min(month + way.months, terrain.horizon))
    monthly = np.zeros((placed.size, terrain.horizon))
    monthly[:, months] = (placed * chunk.price(way)[:, month])[:, None] * terrain.month_hours[months]
    start = np.zeros_like(monthly)
    start[:, month] = monthly.sum(axis=1) * way.upfront_share
    return start, monthly * (1 - way.upfront_share)


def _covered(chunk: Chunk, strategy: Strategy) -> dict[int, Floats]:
    """Share of each cell's need that commitments leave, for workloads that have any [D, H, K]."""
    found: dict[int, Floats] = {}
    horizon = chunk.terrain.horizon
    by_way: dict[tuple[int, str], tuple[Way, Floats]] = {}
    for signature, placed in placed_signatures(chunk, strategy):
        way = signature.way
        key = way.workload, way.offer
        standing = by_way.get(key, (way, np.zeros((placed.size, horizon))))[1]
        standing[:, signature.month : signature.month + way.months] += placed[:, None]
        by_way[key] = way, standing
    for way, standing in by_way.values():
        need = chunk.instances(way)
        cover = np.divide(standing[:, :, None], need, out=np.zeros_like(need), where=need > 0)
        left = found.get(way.workload)
        found[way.workload] = np.maximum((1.0 if left is None else left) - cover, 0.0)
    return found


def _own_share(
    chunk: Chunk, strategy: Strategy, workload: int, left: Floats | None, room: Floats
) -> tuple[Floats, Floats | None, Floats]:
    """Share of a workload's need that own servers take, the instances rented beside them, and the room left [D, H, K].

    ``room`` [D, H, K] or [D, H, 1] GPUs is what the workloads before have left.
    """
    assert strategy.servers is not None
    need = chunk.needed(workload, strategy.servers.profile)
    part = np.minimum(need if left is None else need * left, room)
    part *= chunk.need_inverse(workload, strategy.servers.profile)
    way = strategy.filled[workload]
    if way is None:
        return part, None, room - part * need
    rented = np.subtract(1.0 if left is None else left, part)
    rented *= chunk.instances(way)
    rented -= FORGIVEN
    np.ceil(rented, out=rented)
    np.multiply(rented, chunk.instances_inverse(way), out=part)
    np.subtract(1.0 if left is None else left, part, out=part)
    np.maximum(part, 0.0, out=part)
    return part, rented, room - part * need


def _rest(left: Floats | None, taken: Floats | None) -> Floats | None:
    """Share of the need that is rented; None where all of it is."""
    if taken is None:
        return left
    return (1.0 if left is None else left) - taken


def _rent(
    chunk: Chunk, strategy: Strategy, workload: int, rest: Floats | None, rented: Floats | None
) -> tuple[Floats, Floats]:
    """Cost of what is left, each month by the cheapest way [D, H], and GPU-hours that nothing serves [D]."""
    terrain, worlds = chunk.terrain, chunk.worlds
    ways = [way for way in strategy.ways if way.workload == workload]
    best = strategy.filled[workload]
    costs = []
    for way in ways:
        price = chunk.price(way)
        if way.share is not None:
            month = way.share.sum(axis=1) if rest is None else np.einsum("dhk,hk->dh", rest, way.share)
            costs.append(price * month)
        elif rest is None:
            costs.append(price * chunk.instance_hours(way))
        elif rented is not None and best is not None and way.offer == best.offer:
            costs.append(price * np.einsum("dhk,hk->dh", rented, terrain.hours))
        else:
            count = rest * chunk.instances(way)
            count -= FORGIVEN
            np.ceil(count, out=count)
            costs.append(price * np.einsum("dhk,hk->dh", np.maximum(count, 0.0), terrain.hours))
    if not costs:
        return np.zeros((worlds.count, terrain.horizon)), _hours_of(chunk, workload, rest)
    paid = costs[0]
    for cost in costs[1:]:
        paid = np.minimum(paid, cost)
    return paid, _above_market(chunk, strategy, workload, rest)


def _hours_of(chunk: Chunk, workload: int, rest: Floats | None) -> Floats:
    """GPU-hours of a workload's work that are left [D]."""
    profile = next(key[1] for key in sorted(chunk.terrain.loads) if key[0] == workload)
    hours = chunk.busy(workload, profile) * chunk.terrain.hours
    return np.asarray((hours if rest is None else hours * rest).sum(axis=(1, 2)))


def _above_market(chunk: Chunk, strategy: Strategy, workload: int, rest: Floats | None) -> Floats:
    """GPU-hours above what can be rented by the hour at once, where the plan says how much that is [D]."""
    limit = chunk.terrain.plan.uncertainty.rentable_gpus
    hourly = [way for way in strategy.ways if way.workload == workload and way.kind != "api"]
    if limit is None or len(hourly) != len([w for w in strategy.ways if w.workload == workload]):
        return np.zeros(chunk.worlds.count)
    busy = chunk.busy(workload, hourly[0].profile)
    wanted = busy if rest is None else busy * rest
    over = np.maximum(wanted - limit, 0.0) * chunk.terrain.hours
    return np.asarray(over.sum(axis=(1, 2)))
