"""Chunk: a few worlds side by side, and what strategies that serve them have in common, computed once.

Belongs here: needs, fleets and prices of a chunk of worlds. Does not belong here: what a strategy decides.
Shapes: H months, K segments, D worlds, the worlds last.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from brytpunkt.planning.demand.gpu_sizing import units_per_gpu
from brytpunkt.planning.inputs.units import FORGIVEN
from brytpunkt.planning.risk.simulation.scratch_arrays import Workspace

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

    from brytpunkt.planning.optimal.milp import Floats
    from brytpunkt.planning.risk.simulation.drawn_paths import Worlds
    from brytpunkt.planning.risk.simulation.simulation_inputs import Terrain, Way


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
    """Worlds of a terrain; arrays that are asked for again are kept for as long as the chunk.

    ``workspace``: whence large arrays come; a chunk that gets the one of an earlier chunk overwrites that chunk's arrays.
    """

    def __init__(self, terrain: Terrain, worlds: Worlds, workspace: Workspace | None = None) -> None:
        self.terrain, self.worlds = terrain, worlds
        self.workspace = Workspace() if workspace is None else workspace
        self.start_factor = terrain.start_factor[:, None]
        self.end_factor = terrain.end_factor[:, None]
        self.escalator = terrain.escalator[:, None]
        self._kept: dict[Hashable, Floats] = {}
        self._fillings: dict[Hashable, Filling] = {}

    def _once(self, key: Hashable, make: Callable[[], Floats]) -> Floats:
        if key not in self._kept:
            self._kept[key] = make()
        return self._kept[key]

    def scratch(self, name: Hashable, first: int = 0) -> Floats:
        """An array of any content [H - first, K, D]; it is the caller's until the name is asked for again."""
        months, segments = self.terrain.hours.shape
        return self.workspace.array(name, (months - first, segments, self.worlds.count))

    def busy(self, workload: int, profile: str) -> Floats:
        """GPUs busy [H, K, D]."""
        key = ("busy", workload, profile)
        return self._once(
            key,
            lambda: np.multiply(
                self.worlds.work[workload][:, None, :],
                self.terrain.loads[workload, profile].busy[:, :, None],
                out=self.scratch(key),
            ),
        )

    def busy_together(self, profile: str) -> Floats:
        """GPUs busy, all workloads together [H, K, D]."""
        return self._once(("together", profile), lambda: self._busy_together(profile))

    def _busy_together(self, profile: str) -> Floats:
        together = self.scratch(("together", profile))
        together[:] = self.busy(0, profile)
        for workload in range(1, len(self.terrain.workloads)):
            together += self.busy(workload, profile)
        return together

    def needed(self, workload: int, profile: str) -> Floats:
        """GPUs needed in whole replicas, headroom included [H, K, D]; zero without work."""
        key = ("needed", workload, profile)
        return self._once(key, lambda: self._needed(key, workload, profile))

    def _needed(self, key: Hashable, workload: int, profile: str) -> Floats:
        size = self.terrain.loads[workload, profile].replica_gpus
        least = float(self.terrain.least_replicas[workload])
        units = self._units(key, workload, profile, size, least)
        units *= size
        return units

    def instances(self, way: Way) -> Floats:
        """Instances of a way that would serve the whole workload, redundancy included [H, K, D]."""
        key = ("instances", way.fleet)
        return self._once(key, lambda: self._instances(key, way))

    def _instances(self, key: Hashable, way: Way) -> Floats:
        size = self.terrain.loads[way.workload, way.profile].replica_gpus
        least = float(np.ceil(self.terrain.least_replicas[way.workload] * size / way.gpus - FORGIVEN))
        units = self._units(key, way.workload, way.profile, way.gpus, least, is_divisible=way.is_divisible)
        if way.is_monthly:
            units[:] = units.max(axis=1, keepdims=True)
        redundant = float(self.terrain.redundancy[way.workload])
        if redundant:
            units += redundant
            units *= self.busy(way.workload, way.profile) > 0
        return units

    def _units(
        self,
        key: Hashable,
        workload: int,
        profile: str,
        size: float,
        least: float,
        *,
        is_divisible: bool = False,
    ) -> Floats:
        """Whole units of ``size`` GPUs for the load with its headroom, at least ``least`` where there is work."""
        busy = self.busy(workload, profile)
        units = self.scratch(key)
        np.multiply(busy, units_per_gpu(float(self.terrain.headroom[workload]), size), out=units)
        if not is_divisible:
            units -= FORGIVEN
            np.ceil(units, out=units)
        np.maximum(units, least, out=units)
        units *= busy > 0
        return units

    def filling(self, way: Way, profile: str) -> Filling:
        """A workload on servers of a GPU type beside instances of a way."""
        key = (profile, way.fleet)
        if key not in self._fillings:
            instances, need = self.instances(way), self.needed(way.workload, profile)
            whole, ratio, needs, busy, each = (self.scratch((key, part)) for part in range(5))
            _over(1.0, instances, out=each)
            self._fillings[key] = Filling(
                whole=np.subtract(instances, FORGIVEN, out=whole),
                instances_per_gpu=_over(instances, need, out=ratio),
                need_per_instance=np.multiply(need, each, out=needs),
                busy_per_instance=np.multiply(self.busy(way.workload, profile), each, out=busy),
                share_per_instance=each,
            )
        return self._fillings[key]

    def share_per_gpu(self, workload: int, profile: str) -> Floats:
        """One over the GPUs needed, zero without work [H, K, D]."""
        key = ("share", workload, profile)
        return self._once(key, lambda: _over(1.0, self.needed(workload, profile), out=self.scratch(key)))

    def trailing(self, what: str | Way, months: slice) -> Floats:
        """Mean over months of the highest need: of GPUs of a type, all workloads together, or of instances [D]."""
        of = what if isinstance(what, str) else what.fleet
        return self._once(
            ("trailing", of, months.start, months.stop), lambda: self._highest(what)[months].mean(axis=0)
        )

    def _highest(self, what: str | Way) -> Floats:
        """Highest need of each month [H, D]."""
        if isinstance(what, str):
            return self._once(("highest", what), lambda: self._needed_together(what).max(axis=1))
        return self._once(("highest", what.fleet), lambda: self.instances(what).max(axis=1))

    def _needed_together(self, profile: str) -> Floats:
        together = self.scratch("needed together")
        together[:] = self.needed(0, profile)
        for workload in range(1, len(self.terrain.workloads)):
            together += self.needed(workload, profile)
        return together

    def instance_hours(self, way: Way) -> Floats:
        """Instance-hours of a way that would serve the whole workload [H, D]."""
        return self._once(("hours", way.fleet), lambda: total(self.instances(way), self.terrain.hours))

    def busy_hours(self, workload: int, profile: str) -> Floats:
        """GPU-hours busy [H, D]."""
        return self._once(
            ("busy hours", workload, profile), lambda: total(self.busy(workload, profile), self.terrain.hours)
        )

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


def _over(above: Floats | float, below: Floats, out: Floats) -> Floats:
    """Quotient, zero where nothing is below."""
    out.fill(0.0)
    return np.divide(above, below, out=out, where=below > 0)
