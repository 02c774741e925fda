"""Waiting work: batch that own servers cannot take at once waits for them, and is rented when it has waited enough."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from brytpunkt.planning.optimal.program import Floats
    from brytpunkt.planning.risk.kernel import Chunk
    from brytpunkt.planning.risk.strategies import Strategy
    from brytpunkt.planning.risk.terrain import Way


@dataclass
class Waited:
    """What waiting leads to: GPUs busy with work that waited, as a mean over the month [D, H], and what is rented.

    ``rented_hours`` [D, H] GPU-hours by workload, and their ``costs`` [D, H].
    """

    extra_busy: Floats
    rented_hours: dict[int, Floats] = field(default_factory=dict)
    costs: dict[int, Floats] = field(default_factory=dict)


def waited(
    chunk: Chunk,
    strategy: Strategy,
    taken: Sequence[Floats | None],
    room: Floats,
) -> Waited | None:
    """Serve what may wait from the room that later months leave; None where nothing may wait.

    Work waits in the order in which it came. What has waited ``max_delay_months``, or is left at the horizon, is rented at
    the price of that month, in whole GPU-hours of packed instances.
    """
    assert strategy.servers is not None
    terrain, worlds = chunk.terrain, chunk.worlds
    patience = {w.id: w.max_delay_months for w in terrain.plan.workloads if w.max_delay_months > 0}
    waiting = [at for at, name in enumerate(terrain.workloads) if name in patience]
    if not waiting:
        return None
    room_hours = (np.maximum(room, 0.0) * terrain.hours).sum(axis=2)
    result = Waited(np.zeros((worlds.count, terrain.horizon)))
    for workload in waiting:
        way = _way(strategy, workload)
        share = taken[workload]
        if way is None or share is None:
            continue
        need = chunk.needed(workload, strategy.servers.profile)
        short = ((need > 0) - share) * need * terrain.hours
        hours = np.maximum(short, 0.0).sum(axis=2)
        served, late = _queue(hours, room_hours, patience[terrain.workloads[workload]])
        room_hours = room_hours - served
        result.extra_busy += served / terrain.month_hours / (1 + terrain.headroom[workload])
        result.rented_hours[workload] = late
        work = chunk.busy(workload, way.profile).sum(axis=2) / np.maximum(need.sum(axis=2), 1e-9)
        result.costs[workload] = late * work * (1 + terrain.headroom[workload]) / way.gpus * chunk.price(way)
    return result if result.costs else None


def _way(strategy: Strategy, workload: int) -> Way | None:
    hourly = [way for way in strategy.ways if way.workload == workload and way.kind != "api"]
    return min(hourly, key=lambda way: float(way.price.sum()) / way.gpus, default=None)


def _queue(arriving: Floats, room: Floats, patience: int) -> tuple[Floats, Floats]:
    """First come, first served -> GPU-hours served from the room of each month, and rented in it [D, H]."""
    count, horizon = arriving.shape
    ages = np.zeros((patience + 1, count))  # by months waited
    served, late = np.zeros_like(arriving), np.zeros_like(arriving)
    for month in range(horizon):
        left = room[:, month].copy()
        for age in range(patience, 0, -1):
            given = np.minimum(ages[age], left)
            ages[age] -= given
            left -= given
            served[:, month] += given
        late[:, month] = ages[patience]
        ages[1:] = ages[:-1]
        ages[0] = 0.0
        ages[1] = arriving[:, month]
        if month == horizon - 1:
            late[:, month] += ages[1:].sum(axis=0)
    return served, late
