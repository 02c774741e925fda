"""Recourse: which scheduled purchases and signatures are placed in each world, and when.

A planner without foresight places a later order when the need of the last three months over what is installed and on order reaches
the ratio that the plan itself has at that order's date, else asks again every quarter. Belongs here: the test and its dates. Does
not belong here: what an order costs.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from brytpunkt.planning.inputs.units import FORGIVEN

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence

    import numpy.typing as npt

    from brytpunkt.planning.optimal.milp import Floats, Ints
    from brytpunkt.planning.risk.simulation.decisions import Order, Signature, Strategy
    from brytpunkt.planning.risk.simulation.draw_batch import Chunk
    from brytpunkt.planning.risk.simulation.server_cost_tables import Servers
    from brytpunkt.planning.risk.simulation.simulation_inputs import Way

    Flags = npt.NDArray[np.bool_]

TRAILING = 3
QUARTER = 3


@dataclass(frozen=True)
class Fleet:
    """Servers of a strategy in D worlds.

    ``orders`` with the count placed [D] and the delivery month [D] (H: never); ``standing`` [H, D]; ``leaves`` [D] the
    month in which the site is left and its servers sold, H where it is not.
    """

    orders: tuple[tuple[Order, Floats, Ints], ...]
    standing: Floats
    leaves: Ints


@dataclass(frozen=True)
class AsPlanned:
    """What the plan itself has at an order's date: ``need`` of the three months before, and ``capacity`` installed and on order.

    ``ordered``: everything ordered at that date together. All in the same unit: GPUs, or instances of one size.
    """

    need: float
    capacity: float
    ordered: float


def is_due(need: Floats, capacity: Floats, planned: AsPlanned) -> Flags:
    """Whether an order is placed [D], by the need of the last three months and what is installed and on order [D].

    Need over capacity has reached the planned ratio. Where there is no capacity a ratio says nothing: then the need is at
    least what it is in the plan, or fills half of what is ordered, so that ordering is nearer to it than not ordering.
    """
    reached = need * planned.capacity >= planned.need * capacity * (1 - FORGIVEN)
    enough = min(planned.need, planned.ordered / 2) * (1 - FORGIVEN)
    return np.asarray(np.where(capacity > 0, reached & (planned.capacity > 0), need >= enough))


def tested_in(first: int, horizon: int) -> range:
    """Months in which an order planned for a month is tested until it is placed; what is planned for the start just is."""
    return range(first, horizon, QUARTER)


def placed_orders(chunk: Chunk, strategy: Strategy) -> Fleet:
    """The fleet that recourse leads to."""
    assert strategy.servers is not None
    horizon, count = chunk.terrain.horizon, chunk.worlds.count
    servers, orders = strategy.servers, strategy.orders
    gpus = float(servers.pool.gpus)
    leaves, fails = _leaves(chunk), chunk.worlds.fails.max(axis=0)
    need = chunk.terrain.planned_peak(servers.profile)
    planned = [
        AsPlanned(
            _before(need, order.month),
            gpus * sum(o.count for o in orders if o.month < order.month < o.end),
            gpus * sum(o.count for o in orders if o.month == order.month),
        )
        for order in orders
    ]
    is_placed = np.zeros((len(orders), count), dtype=bool)
    arrives = np.full((len(orders), count), horizon)
    gone = np.full((len(orders), count), horizon)
    for month in range(horizon):
        for at, order in enumerate(orders):
            if month not in tested_in(order.month, horizon) or is_placed[at].all():
                continue
            due = ~is_placed[at]
            if month > 0:
                others = [j for j, other in enumerate(orders) if other.month != order.month]
                capacity = sum(
                    (gpus * orders[j].count * (is_placed[j] & (month < gone[j])) for j in others),
                    np.zeros(count),
                )
                trailing = chunk.trailing(servers.profile, _window(month))
                due &= is_due(trailing, capacity, planned[at]) & (month < fails)
            comes = np.minimum(_delivered(chunk, servers, order, month) + chunk.worlds.delay, horizon)
            arrives[at] = np.where(due & (comes < leaves), comes, arrives[at])
            gone[at] = np.where(due, np.minimum(order.end - order.delivery + comes, leaves), gone[at])
            is_placed[at] |= due
    change = np.zeros((horizon + 1, count))
    each = np.arange(count)
    placed = []
    for at, order in enumerate(orders):
        servers_of_order = is_placed[at] * float(order.count)
        placed.append((order, servers_of_order, arrives[at]))
        change[arrives[at], each] += servers_of_order
        change[np.maximum(np.minimum(gone[at], horizon), arrives[at]), each] -= servers_of_order
    return Fleet(tuple(placed), change[:-1].cumsum(axis=0), leaves)


def _delivered(chunk: Chunk, servers: Servers, order: Order, month: int) -> Ints | int:
    """Month in which what is ordered in ``month`` is delivered, before any delay of deliveries [D].

    What waits for the grid connection as planned comes with it, sooner or later than planned, but not before the lead time is over.
    """
    delivery, live = order.delivery + month - order.month, int(servers.pool.number("grid_month"))
    if live == 0:
        return delivery
    late = chunk.worlds.connection.get(servers.site, 0)
    over = month + int(servers.pool.number("lead_months"))
    return np.maximum(over if order.delivery == live else delivery, live + late)


def _window(month: int) -> slice:
    """The three months before a month."""
    return slice(max(0, month - TRAILING), month)


def _before(need: Floats, month: int) -> float:
    """Mean planned need of the three months before a month."""
    return float(need[_window(month)].mean()) if month > 0 else 0.0


def _leaves(chunk: Chunk) -> Ints:
    """Month in which servers are sold because every workload has failed and the plan says so [D]."""
    horizon = chunk.terrain.horizon
    if chunk.terrain.plan.build.on_failure != "sell":
        return np.full(chunk.worlds.count, horizon, dtype=np.int64)
    return np.asarray(chunk.worlds.fails.max(axis=0))  # where all fail, it is the same month in every world


def placed_signatures(chunk: Chunk, strategy: Strategy) -> list[tuple[Signature, Floats]]:
    """Commitments by the month in which they are signed, with the instances signed then in each world [D]."""
    signed, shape = strategy.signed, (chunk.terrain.horizon, chunk.worlds.count)
    kinds = [_kind(chunk, signature.way) for signature in signed]
    planned = [_signature_as_planned(chunk, signed, kinds, at) for at in range(len(signed))]
    stands = {kind: np.zeros(shape) for kind in kinds}
    of_date = {(kind, s.month): np.zeros(shape) for kind, s in zip(kinds, signed, strict=True)}
    waits = np.ones((len(signed), chunk.worlds.count), dtype=bool)
    found: list[tuple[Signature, Floats]] = []
    for month in range(chunk.terrain.horizon):
        for at, (signature, kind) in enumerate(zip(signed, kinds, strict=True)):
            if month not in _signing_months(signature, chunk.terrain.horizon) or not waits[at].any():
                continue
            due, dated = waits[at].copy(), of_date[kind, signature.month]
            if month > 0:
                need = chunk.trailing(signature.way, _window(month))
                due &= is_due(need, stands[kind][month] - dated[month], planned[at])
                due &= month < chunk.worlds.fails[signature.way.workload]
            if due.any():
                waits[at] &= ~due
                count = due * float(signature.count)
                term = slice(month, month + signature.way.months)
                stands[kind][term] += count
                dated[term] += count
                found.append((replace(signature, month=month), count))
    return found


def _signing_months(signature: Signature, horizon: int) -> range:
    """Months in which a signature is tested: later than planned only while no more than half of its term lies beyond the horizon."""
    last = max(signature.month, horizon - (signature.way.months + 1) // 2)
    return tested_in(signature.month, min(last + 1, horizon))


def _signature_as_planned(
    chunk: Chunk, signed: Sequence[Signature], kinds: Sequence[Hashable], at: int
) -> AsPlanned:
    date = signed[at].month
    same = [s for s, kind in zip(signed, kinds, strict=True) if kind == kinds[at]]
    return AsPlanned(
        _before(chunk.terrain.planned_instances(signed[at].way), date),
        float(sum(s.count for s in same if s.month < date < s.month + s.way.months)),
        float(sum(s.count for s in same if s.month == date)),
    )


def _kind(chunk: Chunk, way: Way) -> Hashable:
    """What instances have in common that stand in for each other, whatever their term: workload, size, and how many are needed."""
    return way.workload, way.gpus, chunk.terrain.planned_instances(way).tobytes()
