"""Waiting work: batch that own servers cannot take at once waits for them, and is rented when it has waited enough."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from brytpunkt.planning.inputs.units import FORGIVEN
from brytpunkt.planning.risk.simulation.draw_batch import total

if TYPE_CHECKING:
    from brytpunkt.planning.optimal.milp import Floats
    from brytpunkt.planning.risk.simulation.cheapest_rent import Rest
    from brytpunkt.planning.risk.simulation.decisions import Strategy
    from brytpunkt.planning.risk.simulation.draw_batch import Chunk


@dataclass(frozen=True)
class Waited:
    """What waiting leads to [H, D]: GPUs busy with work that waited, as a mean over the month, and ``paid`` rent."""

    extra_busy: Floats
    paid: Floats


def patience_of(chunk: Chunk, strategy: Strategy) -> dict[int, int]:
    """Workloads that may wait and that hours on the market can serve -> months that they wait."""
    by_id = {workload.id: workload.max_delay_months for workload in chunk.terrain.plan.workloads}
    return {
        at: by_id[name]
        for at, name in enumerate(chunk.terrain.workloads)
        if by_id[name] > 0 and any(way.kind != "api" for way in strategy.ways_of(at))
    }


def waited(
    chunk: Chunk, strategy: Strategy, patience: dict[int, int], rests: dict[int, Rest], room: Floats
) -> Waited:
    """Serve what may wait from the room that later months leave.

    ``rests``: what commitments and own servers leave of each workload; ``room`` GPUs that own servers have left [H, K, D]. Work waits in
    the order in which it came. What has waited for ``patience`` months, or is left at the horizon, is rented in that month by the
    cheapest hour there is, in packed instances. What of a project still waits when it has ended is dropped.
    """
    assert strategy.servers is not None
    terrain = chunk.terrain
    room_hours = total(np.maximum(room, 0.0), terrain.hours)
    extra, paid = np.zeros_like(room_hours), np.zeros_like(room_hours)
    for workload, months in patience.items():
        need = chunk.needed(workload, strategy.servers.profile)
        short = total(np.maximum(rests[workload].share, 0.0) * need, terrain.hours)
        served, late = _queue(short, room_hours, months)
        room_hours = room_hours - served
        roomy = 1 + terrain.headroom[workload]
        extra += served / terrain.month_hours[:, None] / roomy
        whole = np.maximum(need.sum(axis=1), FORGIVEN)
        paid += np.min(
            [
                late
                * (chunk.busy(workload, way.profile).sum(axis=1) / whole)
                * (roomy / way.gpus)
                * chunk.price(way)
                for way in strategy.ways_of(workload)
                if way.kind != "api"
            ],
            axis=0,
        )
    return Waited(extra, paid)


def _queue(arriving: Floats, room: Floats, patience: int) -> tuple[Floats, Floats]:
    """First come, first served -> GPU-hours served from the room of each month, and rented in it [H, D]."""
    horizon, count = arriving.shape
    ages = np.zeros((patience + 1, count))  # by months waited
    served, late = np.zeros_like(arriving), np.zeros_like(arriving)
    for month in range(horizon):
        left = room[month].copy()
        for age in range(patience, 0, -1):
            given = np.minimum(ages[age], left)
            ages[age] -= given
            left -= given
            served[month] += given
        late[month] = ages[patience]
        ages[1:] = ages[:-1]
        ages[0] = 0.0
        ages[1] = arriving[month]
        if month == horizon - 1:
            late[month] += ages[1:].sum(axis=0)
    return served, late
