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

TINY = 1e-9


@dataclass
class Waited:
    """What waiting leads to: GPUs busy with work that waited, as a mean over the month [D, H], and ``costs`` of rent by workload [D, H]."""

    extra_busy: Floats
    costs: dict[int, Floats] = field(default_factory=dict)


def waited(
    chunk: Chunk,
    strategy: Strategy,
    left: Sequence[Floats | None],
    taken: Sequence[Floats | None],
    room: Floats,
) -> Waited | None:
    """Serve what may wait from the room that later months leave; None where nothing may wait.

    ``left`` is the share of the need that commitments leave (None: all), ``taken`` what own servers serve at once. Work waits in the
    order in which it came. What has waited ``max_delay_months``, or is left at the horizon, is rented in that month by the
    cheapest hour there is, in packed instances. What of a project still waits when it has ended is dropped.
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
        ways = [way for way in strategy.ways if way.workload == workload and way.kind != "api"]
        share, open_share = taken[workload], left[workload]
        if not ways or share is None:
            continue
        need = chunk.needed(workload, strategy.servers.profile)
        short = ((need > 0) * (1.0 if open_share is None else open_share) - share) * need * terrain.hours
        hours = np.maximum(short, 0.0).sum(axis=2)
        served, late = _queue(hours, room_hours, patience[terrain.workloads[workload]])
        room_hours = room_hours - served
        result.extra_busy += served / terrain.month_hours / (1 + terrain.headroom[workload])
        whole = np.maximum(need.sum(axis=2), TINY)
        result.costs[workload] = np.min(
            [
                late
                * (chunk.busy(workload, way.profile).sum(axis=2) / whole)
                * ((1 + terrain.headroom[workload]) / way.gpus)
                * chunk.price(way)
                for way in ways
            ],
            axis=0,
        )
    return result if result.costs else None


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
