"""Dispatch: what a strategy's decisions lead to in each world, before its own servers are priced.

Strategies with the same decisions (``Strategy.decisions``), such as the same servers at sites with the same lead time, have the
same dispatch.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from brytpunkt.planning.inputs.units import FORGIVEN
from brytpunkt.planning.risk.simulation.cheapest_rent import Bill, Rest
from brytpunkt.planning.risk.simulation.deferrable_jobs import patience_of, waited
from brytpunkt.planning.risk.simulation.recourse import placed_orders, placed_signatures

if TYPE_CHECKING:
    from brytpunkt.planning.optimal.milp import Floats
    from brytpunkt.planning.risk.simulation.decisions import Signature, Strategy
    from brytpunkt.planning.risk.simulation.draw_batch import Chunk
    from brytpunkt.planning.risk.simulation.recourse import Fleet
    from brytpunkt.planning.risk.simulation.server_cost_tables import Servers
    from brytpunkt.planning.risk.simulation.simulation_inputs import Way


@dataclass(frozen=True)
class Dispatch:
    """Who serves what in D worlds: ``paid`` rent and ``lacking`` GPU-hours [H, D], signatures with their instances [D].

    ``fleet``: servers, None where none is ordered. From month ``first`` on, in which one stands in some world, ``kw`` is the IT
    power of each segment [H - first, K, D], until the chunk's next dispatch; ``extra_busy`` GPUs busy with work that waited, as a mean over the month [H, D].
    """

    paid: Floats
    lacking: Floats
    signed: tuple[tuple[Signature, Floats], ...]
    fleet: Fleet | None = None
    first: int = 0
    kw: Floats | None = None
    extra_busy: Floats | None = None


def dispatched(chunk: Chunk, strategy: Strategy) -> Dispatch:
    """Orders, signatures, and who serves which part of the load."""
    terrain = chunk.terrain
    shape = terrain.horizon, chunk.worlds.count
    bill = Bill(np.zeros(shape), np.zeros(shape))
    signed = tuple(placed_signatures(chunk, strategy))
    left = _left_by_commitments(chunk, signed)
    if strategy.servers is None:
        for workload in range(len(terrain.workloads)):
            some = left.get(workload)
            rest = Rest(terrain.horizon) if some is None else Rest(0, some)
            bill.add(chunk, workload, strategy.ways_of(workload), rest)
        bill.beyond_the_market(chunk)
        return Dispatch(bill.paid, bill.lacking, signed)
    fleet = placed_orders(chunk, strategy)
    waits = patience_of(chunk, strategy)
    is_simple = not left and not waits and terrain.plan.uncertainty.rentable_gpus is None
    first = _first_month(fleet) if is_simple else 0
    pool = strategy.servers.pool
    room = np.maximum(fleet.standing[first:] - pool.spare, 0.0) * pool.gpus
    share = _Share(chunk, strategy.servers, first, room[:, None, :])
    rests = {}
    for at, workload in enumerate(strategy.dearest_first):
        is_last = at + 1 == len(strategy.dearest_first) and not waits
        rest = share.take(workload, strategy.filled[workload], left.get(workload), is_last=is_last)
        if workload in waits:
            rests[workload] = rest
        else:
            bill.add(chunk, workload, strategy.ways_of(workload), rest)
    extra = None
    if waits:
        work = waited(chunk, strategy, waits, rests, share.room)
        bill.paid += work.paid
        extra = work.extra_busy
    bill.beyond_the_market(chunk)
    idle, load = pool.number("idle_kw"), pool.number("load_kw")
    kw = share.busy
    kw *= (load - idle) / pool.gpus
    kw += (fleet.standing[first:] * idle)[:, None, :]
    return Dispatch(bill.paid, bill.lacking, signed, fleet, first, kw, extra)


def _first_month(fleet: Fleet) -> int:
    """First month in which a server stands in any world; the horizon where none ever does."""
    stands = fleet.standing.any(axis=1)
    return int(np.argmax(stands)) if stands.any() else int(stands.size)


def _left_by_commitments(chunk: Chunk, signed: tuple[tuple[Signature, Floats], ...]) -> dict[int, Floats]:
    """Share of each segment's need that commitments leave, for workloads that have any [H, K, D]."""
    by_way: dict[tuple[int, str], tuple[Way, Floats]] = {}
    for signature, placed in signed:
        way = signature.way
        key = way.workload, way.offer
        if key not in by_way:
            by_way[key] = way, np.zeros((chunk.terrain.horizon, placed.size))
        by_way[key][1][signature.month : signature.month + way.months] += placed
    found: dict[int, Floats] = {}
    for way, standing in by_way.values():
        need = chunk.instances(way)
        cover = chunk.scratch(("cover", way.workload, way.offer))
        cover.fill(0.0)
        np.divide(standing[:, None, :], need, out=cover, where=need > 0)
        left = np.subtract(found.get(way.workload, 1.0), cover, out=cover)
        found[way.workload] = np.maximum(left, 0.0, out=left)
    return found


class _Share:
    """Own servers that take workloads one after the other: ``room`` GPUs left, ``busy`` GPUs busy so far [H - first, K, D]."""

    def __init__(self, chunk: Chunk, servers: Servers, first: int, room: Floats) -> None:
        self.chunk, self.profile, self.first, self.room = chunk, servers.profile, first, room
        self.busy = chunk.scratch("kw", first)
        self.busy[:] = chunk.busy_together(self.profile)[first:]  # what is rented is taken off it

    def take(self, workload: int, way: Way | None, left: Floats | None, *, is_last: bool) -> Rest:
        """Take what fits of a workload -> what is left of it. ``is_last``: the room left is of no use to anybody."""
        chunk, first = self.chunk, self.first
        need = chunk.needed(workload, self.profile)[first:]
        part = chunk.scratch(("part", workload), first)
        np.minimum(need if left is None else np.multiply(need, left, out=part), self.room, out=part)
        if way is None:
            return self._as_it_fits(workload, part, left)
        filling = chunk.filling(way, self.profile)
        part *= filling.instances_per_gpu[first:]
        whole = filling.whole[first:]
        if left is not None:
            whole = np.multiply(chunk.instances(way)[first:], left, out=chunk.scratch("others", first))
            whole -= FORGIVEN
        rented = np.subtract(whole, part, out=part)
        np.ceil(rented, out=rented)
        space = chunk.scratch(("rest", workload), first)
        rest = Rest(first, None, rented, way.fleet, filling, left, space)
        others = chunk.scratch("others", first)
        if left is None:
            self.busy -= np.multiply(rented, filling.busy_per_instance[first:], out=others)
            if not is_last:
                others = np.multiply(rented, filling.need_per_instance[first:], out=others)
                others -= need
                self._room(others)
            return rest
        taken = np.subtract(left, rest.share, out=others)
        self._take_off(workload, taken, need)
        return rest

    def _as_it_fits(self, workload: int, part: Floats, left: Floats | None) -> Rest:
        """Nothing is rented by the hour beside the servers: they take what fits to the GPU."""
        others = np.multiply(
            part,
            self.chunk.share_per_gpu(workload, self.profile)[self.first :],
            out=self.chunk.scratch("others", self.first),
        )
        rest = np.subtract(1.0 if left is None else left, others)
        self._take_off(workload, others, self.chunk.needed(workload, self.profile)[self.first :])
        return Rest(self.first, rest)

    def _take_off(self, workload: int, taken: Floats, need: Floats) -> None:
        """Own servers take a share of a workload; ``taken`` is used up."""
        taken -= 1.0
        missing = self.chunk.scratch("missing", self.first)
        self.busy += np.multiply(self.chunk.busy(workload, self.profile)[self.first :], taken, out=missing)
        taken += 1.0
        taken *= need
        self._room(np.negative(taken, out=taken))

    def _room(self, change: Floats) -> None:
        self.room = np.add(self.room, change, out=self.chunk.scratch("room", self.first))
