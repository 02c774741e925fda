"""Market: what own servers and commitments leave of a workload, and what renting it costs."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from brytpunkt.planning.inputs.units import FORGIVEN
from brytpunkt.planning.risk.simulation.draw_batch import total

if TYPE_CHECKING:
    from collections.abc import Sequence

    from brytpunkt.planning.optimal.milp import Floats
    from brytpunkt.planning.risk.simulation.draw_batch import Chunk, Filling
    from brytpunkt.planning.risk.simulation.simulation_inputs import Way

Fleet = tuple[int, str, float, bool, bool]


@dataclass
class Rest:
    """What is left of a workload: before month ``first`` all of it, then ``share`` of its need [H - first, K, D].

    Where instances of a way are filled, ``rented`` are those [H - first, K, D] and ``fleet`` says which; ``share`` is then taken
    from them, and is at most ``most``; ``space`` is where it is written.
    """

    first: int
    known: Floats | None = None
    rented: Floats | None = None
    fleet: Fleet | None = None
    filling: Filling | None = None
    most: Floats | None = None
    space: Floats | None = None

    @property
    def share(self) -> Floats:
        """Share of the need [H - first, K, D]."""
        if self.known is None:
            assert self.rented is not None
            assert self.filling is not None
            each = self.filling.share_per_instance[self.first :]
            self.known = np.multiply(self.rented, each, out=self.space)
            if self.most is not None:
                np.minimum(self.known, self.most, out=self.known)
        return self.known

    def instance_hours(self, chunk: Chunk, way: Way) -> Floats:
        """Instance-hours of a way that serve what is left [H - first, D]."""
        hours = chunk.terrain.hours[self.first :]
        if self.rented is not None and way.fleet == self.fleet:
            return total(_all_month(self.rented, way), hours)
        count = chunk.scratch("count", self.first)
        np.multiply(self.share, chunk.instances(way)[self.first :], out=count)
        count -= FORGIVEN
        np.ceil(count, out=count)
        np.maximum(count, 0.0, out=count)
        return total(_all_month(count, way), hours)


def _all_month(count: Floats, way: Way) -> Floats:
    """What is billed by the month runs in all of its segments [H, K, D]."""
    return np.broadcast_to(count.max(axis=1, keepdims=True), count.shape) if way.is_monthly else count


@dataclass
class Bill:
    """What is paid for rent and what nothing serves [H, D], in GPU-hours; ``wanted`` GPUs that only hours on the market can serve [H, K, D]."""

    paid: Floats
    lacking: Floats
    wanted: list[Floats] = field(default_factory=list)

    def add(self, chunk: Chunk, workload: int, ways: Sequence[Way], rest: Rest) -> None:
        """Rent what is left of a workload, each month by the cheapest of its ways."""
        first = rest.first
        if ways:
            if first > 0:
                self.paid[:first] += _all_of_it(chunk, ways, first)
            if first < self.paid.shape[0]:
                self.paid[first:] += _what_is_left(chunk, ways, rest)
            if chunk.terrain.plan.uncertainty.rentable_gpus is not None and all(
                w.kind != "api" for w in ways
            ):
                self.wanted.append(self._busy(chunk, workload, ways[0].profile, rest))
            return
        profile = next(key[1] for key in sorted(chunk.terrain.loads) if key[0] == workload)
        self.lacking[:first] += chunk.busy_hours(workload, profile)[:first]
        if first < self.paid.shape[0]:
            busy = chunk.busy(workload, profile)[first:] * rest.share
            self.lacking[first:] += total(busy, chunk.terrain.hours[first:])

    @staticmethod
    def _busy(chunk: Chunk, workload: int, profile: str, rest: Rest) -> Floats:
        """GPUs busy with what is left [H, K, D]."""
        busy = chunk.busy(workload, profile)
        if rest.first >= busy.shape[0]:
            return busy
        assert rest.first == 0
        return busy * rest.share

    def beyond_the_market(self, chunk: Chunk) -> None:
        """Count as lacking what all workloads together want above what can be rented at once."""
        limit = chunk.terrain.plan.uncertainty.rentable_gpus
        if limit is not None and self.wanted:
            above = np.maximum(np.sum(self.wanted, axis=0) - limit, 0.0)
            self.lacking += total(above, chunk.terrain.hours)


def _all_of_it(chunk: Chunk, ways: Sequence[Way], until: int) -> Floats:
    """Cost of a whole workload in each of the first months [until, D]."""
    costs = [
        chunk.price(way)[:until]
        * (chunk.instance_hours(way)[:until] if way.share is None else way.share[:until].sum(axis=1)[:, None])
        for way in ways
    ]
    return _cheapest(costs)


def _what_is_left(chunk: Chunk, ways: Sequence[Way], rest: Rest) -> Floats:
    """Cost of what is left from month ``first`` on [H - first, D]."""
    hours: dict[Fleet, Floats] = {}
    costs = []
    for way in ways:
        price = chunk.price(way)[rest.first :]
        if way.share is not None:
            costs.append(price * total(rest.share, way.share[rest.first :]))
            continue
        if way.fleet not in hours:
            hours[way.fleet] = rest.instance_hours(chunk, way)
        costs.append(price * hours[way.fleet])
    return _cheapest(costs)


def _cheapest(costs: Sequence[Floats]) -> Floats:
    paid = costs[0]
    for cost in costs[1:]:
        paid = np.minimum(paid, cost)
    return paid
