"""Orders: which scheduled purchases and signatures are placed in each world, and what stands because of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from brytpunkt.planning.inputs.units import FORGIVEN

if TYPE_CHECKING:
    from brytpunkt.planning.optimal.milp import Floats, Ints
    from brytpunkt.planning.risk.simulation.decisions import Order, Signature, Strategy
    from brytpunkt.planning.risk.simulation.draw_batch import Chunk
    from brytpunkt.planning.risk.simulation.server_cost_tables import Servers
    from brytpunkt.planning.risk.simulation.simulation_inputs import Way

TRAILING = 3


@dataclass(frozen=True)
class Fleet:
    """Servers of a strategy in D worlds.

    ``orders`` with the count placed [D] and the delivery month [D] (H: never); ``standing`` [H, D]; ``leaves`` [D] the
    month in which the site is left and its servers sold, H where it is not.
    """

    orders: tuple[tuple[Order, Floats, Ints], ...]
    standing: Floats
    leaves: Ints


def placed_orders(chunk: Chunk, strategy: Strategy) -> Fleet:
    """The fleet that recourse leads to."""
    assert strategy.servers is not None
    terrain, worlds, pool = chunk.terrain, chunk.worlds, strategy.servers.pool
    horizon = terrain.horizon
    profile = strategy.servers.profile
    planned = terrain.planned_peak(profile)
    leaves = _leaves(chunk)
    placed: list[tuple[Order, Floats, Ints]] = []
    change = np.zeros((horizon + 1, worlds.count))
    each = np.arange(worlds.count)
    for position, order in enumerate(strategy.orders):
        is_placed = np.ones(worlds.count)
        if order.month > 0:
            until = _window_end(strategy.orders, position, horizon)
            projected, ahead = _projected(chunk, profile, planned, order.month, (order.delivery, until))
            wanted = (np.ceil(projected / pool.gpus - FORGIVEN) + pool.spare) * (projected > 0)
            already = sum(
                (count * (earlier.delivery <= order.delivery < earlier.end) for earlier, count, _ in placed),
                np.zeros(worlds.count),
            )
            is_due = (wanted > already + FORGIVEN) | ((projected >= ahead * (1 - FORGIVEN)) & (projected > 0))
            is_placed = (is_due & (order.month < leaves)).astype(np.float64)
        arrives = np.minimum(_delivered(chunk, strategy.servers, order) + worlds.delay, horizon)
        arrives = np.where(arrives < leaves, arrives, horizon)
        count = is_placed * order.count
        placed.append((order, count, arrives))
        gone = np.minimum(order.end - order.delivery + arrives, leaves)
        change[arrives, each] += count
        change[np.maximum(np.minimum(gone, horizon), arrives), each] -= count
    return Fleet(tuple(placed), change[:-1].cumsum(axis=0), leaves)


def _delivered(chunk: Chunk, servers: Servers, order: Order) -> Ints | int:
    """Month in which an order is delivered when its grid connection is there, before any delay of deliveries [D].

    What waits for the connection as planned comes sooner if that does, but not before the lead time is over.
    """
    late, live = chunk.worlds.connection.get(servers.site), int(servers.pool.number("grid_month"))
    if late is None or live == 0:
        return order.delivery
    over = order.month + int(servers.pool.number("lead_months"))
    return np.maximum(over if order.delivery == live else order.delivery, live + late)


def _window_end(orders: tuple[Order, ...], position: int, horizon: int) -> int:
    """Month until which an order is meant to suffice: the next later delivery."""
    later = [order.delivery for order in orders if order.delivery > orders[position].delivery]
    return min((*later, horizon))


def _projected(
    chunk: Chunk, what: str | Way, planned: Floats, month: int, window: tuple[int, int]
) -> tuple[Floats, float]:
    """Need of the last three months carried forward with the planned growth to the highest of a window [D], and as planned.

    Where nothing was planned in those months there is nothing to carry: the planned need counts.
    """
    trailing = slice(max(0, month - TRAILING), month)
    before = float(planned[trailing].mean())
    start, stop = window
    ahead = float(planned[start : max(stop, start + 1)].max(initial=0.0))
    if before <= 0:
        return np.full(chunk.worlds.count, ahead), ahead
    return chunk.trailing(what, trailing) * (ahead / before), ahead


def _leaves(chunk: Chunk) -> Ints:
    """Month in which servers are sold because every workload has failed and the plan says so [D]."""
    horizon = chunk.terrain.horizon
    if chunk.terrain.plan.build.on_failure != "sell":
        return np.full(chunk.worlds.count, horizon, dtype=np.int64)
    return np.asarray(chunk.worlds.fails.max(axis=0))  # where all fail, it is the same month in every world


def placed_signatures(chunk: Chunk, strategy: Strategy) -> list[tuple[Signature, Floats]]:
    """Commitments with the instances signed in each world [D]."""
    found: list[tuple[Signature, Floats]] = []
    for signature in strategy.signed:
        count = np.full(chunk.worlds.count, float(signature.count))
        if signature.month > 0:
            way, month = signature.way, signature.month
            planned = chunk.terrain.planned_instances(way)
            until = min(month + way.months, chunk.terrain.horizon)
            projected, ahead = _projected(chunk, way, planned, month, (month, until))
            same = [  # instances of one size stand in for each other, whatever their term
                (earlier, placed)
                for earlier, placed in found
                if (earlier.way.workload, earlier.way.gpus) == (way.workload, way.gpus)
                and np.array_equal(chunk.terrain.planned_instances(earlier.way), planned)
            ]
            already = sum(
                (placed * (signature.month < earlier.month + earlier.way.months) for earlier, placed in same),
                np.zeros(chunk.worlds.count),
            )
            is_due = np.ceil(projected - FORGIVEN) > already + FORGIVEN
            count *= is_due | ((projected >= ahead * (1 - FORGIVEN)) & (projected > 0))
        found.append((signature, count))
    return found
