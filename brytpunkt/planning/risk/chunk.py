"""Chunk: a few worlds side by side, and what strategies that serve them have in common, computed once.

Belongs here: needs, fleets and prices of a chunk of worlds. Does not belong here: what a strategy decides.
Shapes: H months, K segments, D worlds, the worlds last.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from brytpunkt.planning.risk.terrain import FORGIVEN

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

    from brytpunkt.planning.optimal.program import Floats
    from brytpunkt.planning.risk.terrain import Terrain, Way
    from brytpunkt.planning.risk.worlds import Worlds


@dataclass(frozen=True)
class Filling:
    """A workload on own servers beside instances of a way that are filled first where one must be rented anyway.

    All [H, K, D], zero without work: ``whole`` instances that would serve everything, less a billionth;
    ``instances_per_gpu`` needed, ``need_per_instance``, ``busy_per_instance`` GPUs of the servers' type, and
    ``share_per_instance`` of the need.
    """

    whole: Floats
    instances_per_gpu: Floats
    need_per_instance: Floats
    busy_per_instance: Floats
    share_per_instance: Floats


class Chunk:
    """Worlds of a terrain; arrays that are asked for again are kept for as long as the chunk."""

    def __init__(self, terrain: Terrain, worlds: Worlds) -> None:
        self.terrain, self.worlds = terrain, worlds
        self.start_factor = terrain.start_factor[:, None]
        self.end_factor = terrain.end_factor[:, None]
        self.escalator = terrain.escalator[:, None]
        self._kept: dict[Hashable, Floats] = {}
        self._fillings: dict[Hashable, Filling] = {}
        self._peaks: dict[str, tuple[Floats, Floats]] = {}

    def _once(self, key: Hashable, make: Callable[[], Floats]) -> Floats:
        if key not in self._kept:
            self._kept[key] = make()
        return self._kept[key]

    def busy(self, workload: int, profile: str) -> Floats:
        """GPUs busy [H, K, D]."""
        return self._once(
            ("busy", workload, profile),
            lambda: (
                self.worlds.work[workload][:, None, :] * self.terrain.loads[workload, profile].busy[:, :, None]
            ),
        )

    def busy_together(self, profile: str) -> Floats:
        """GPUs busy, all workloads together [H, K, D]."""
        return self._once(
            ("together", profile),
            lambda: np.sum([self.busy(w, profile) for w in range(len(self.terrain.workloads))], axis=0),
        )

    def needed(self, workload: int, profile: str) -> Floats:
        """GPUs needed in whole replicas, headroom included [H, K, D]; zero without work."""
        size = self.terrain.loads[workload, profile].replica_gpus
        least = float(self.terrain.least_replicas[workload])
        return self._once(
            ("needed", workload, profile), lambda: self._units(workload, profile, size, least, 0.0) * size
        )

    def instances(self, way: Way) -> Floats:
        """Instances of a way that would serve the whole workload, redundancy included [H, K, D]."""
        size = self.terrain.loads[way.workload, way.profile].replica_gpus
        least = float(np.ceil(self.terrain.least_replicas[way.workload] * size / way.gpus - FORGIVEN))
        redundant = float(self.terrain.redundancy[way.workload])
        return self._once(
            ("instances", way.fleet),
            lambda: self._units(way.workload, way.profile, way.gpus, least, redundant),
        )

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

    def filling(self, way: Way, profile: str) -> Filling:
        """A workload on servers of a GPU type beside instances of a way."""
        key = (profile, way.fleet)
        if key not in self._fillings:
            instances, need = self.instances(way), self.needed(way.workload, profile)
            each = _over(1.0, instances)
            self._fillings[key] = Filling(
                whole=instances - FORGIVEN,
                instances_per_gpu=_over(instances, need),
                need_per_instance=need * each,
                busy_per_instance=self.busy(way.workload, profile) * each,
                share_per_instance=each,
            )
        return self._fillings[key]

    def share_per_gpu(self, workload: int, profile: str) -> Floats:
        """One over the GPUs needed, zero without work [H, K, D]."""
        return self._once(
            ("share", workload, profile), lambda: _over(1.0, self.needed(workload, profile))
        )

    def most_instances(self, way: Way) -> Floats:
        """Highest number of instances of a month that would serve the whole workload [H, D]."""
        return self._once(("most", way.fleet), lambda: self.instances(way).max(axis=1))

    def instance_hours(self, way: Way) -> Floats:
        """Instance-hours of a way that would serve the whole workload [H, D]."""
        return self._once(("hours", way.fleet), lambda: total(self.instances(way), self.terrain.hours))

    def busy_hours(self, workload: int, profile: str) -> Floats:
        """GPU-hours busy [H, D]."""
        return self._once(
            ("busy hours", workload, profile), lambda: total(self.busy(workload, profile), self.terrain.hours)
        )

    def peaks(self, profile: str) -> tuple[Floats, Floats]:
        """Highest GPUs needed in each month, all workloads together: in the worlds [H, D], and as planned [H]."""
        if profile not in self._peaks:
            terrain = self.terrain
            planned = np.zeros_like(terrain.hours)
            together = np.zeros((*terrain.hours.shape, self.worlds.count))
            for workload in range(len(terrain.workloads)):
                size = terrain.loads[workload, profile].replica_gpus
                together += self.needed(workload, profile)
                planned += terrain.planned_units(workload, profile, size) * size
            self._peaks[profile] = together.max(axis=1), planned.max(axis=1)
        return self._peaks[profile]

    def price(self, way: Way) -> Floats:
        """Price of an instance-hour, or of a whole month's volume at an API [H, D]."""
        return self._once(("price", way.workload, way.offer), lambda: self._price(way))

    def _price(self, way: Way) -> Floats:
        path = self.worlds.token if way.kind == "api" else self.worlds.cloud
        price = way.price[:, None] * path
        if way.kind == "api":
            price *= self.worlds.volume[way.workload]
        price *= self.worlds.currency(way.currency)
        return price


def total(cells: Floats, weights: Floats) -> Floats:
    """Sum over segments of [H, K, D] with weights [H, K] -> [H, D]."""
    return np.asarray(np.matmul(weights[:, None, :], cells)[:, 0])


def _over(above: Floats | float, below: Floats) -> Floats:
    """Quotient, zero where nothing is below."""
    return np.divide(above, below, out=np.zeros_like(below), where=below > 0)
