"""Terrain: what every drawn world shares, as small arrays: load by segment, ways to rent, servers and their tables.

The 72 cells of a month become at most ``SEGMENTS`` steps of a load-duration curve, the peak by itself, so that a
month of a world costs a few dozen operations. Shapes: D draws, W workloads, H months, K segments.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from brytpunkt.planning.components import PLATFORM_STAFF
from brytpunkt.planning.demand.gpu_sizing import units_per_gpu, workload_rules
from brytpunkt.planning.inputs.money import monthly_rate, whole
from brytpunkt.planning.inputs.units import MONTHS_PER_YEAR
from brytpunkt.planning.ledger.native_currency import plan_wide_currencies
from brytpunkt.planning.optimal.cells import by_workload
from brytpunkt.planning.optimal.load_duration import Segments
from brytpunkt.planning.optimal.problem import field_of

if TYPE_CHECKING:
    from brytpunkt.declarations import Plan
    from brytpunkt.planning.ledger.prepare import Basis
    from brytpunkt.planning.optimal.milp import Floats
    from brytpunkt.planning.optimal.problem import Field

SEGMENTS = 8


@dataclass(frozen=True)
class Load:
    """A workload on a GPU type: GPUs busy as planned [H, K], and GPUs of a replica."""

    workload: int
    profile: str
    busy: Floats
    replica_gpus: float


@dataclass(frozen=True)
class Way:
    """A way to rent: an instance-hour at ``price`` [H], or a month's whole volume at a token API.

    ``gpus`` that an instance, or a billed unit of jobs, carries; 0 for an API; ``size``: GPUs of the instance. ``is_divisible``: any part
    of it may be used; ``is_monthly``: it runs all of a month. ``currency`` is that of the price; ``share`` [H, K] is the part of a month's volume
    in a segment.
    """

    workload: int
    offer: str
    kind: str
    currency: str
    price: Floats
    gpus: float = 0
    profile: str = ""
    size: int = 0
    is_divisible: bool = False
    is_monthly: bool = False
    share: Floats | None = None
    months: int = 0
    upfront_share: float = 0.0

    @property
    def fleet(self) -> tuple[int, str, float, bool, bool]:
        """Ways with the same fleet need the same instances."""
        return self.workload, self.profile, self.gpus, self.is_divisible, self.is_monthly


@dataclass(frozen=True)
class Terrain:
    """Everything that all strategies and worlds share.

    ``fixed``: platform staff at the end of each month [H]; ``unserved_price`` [plan currency per GPU-hour]; both with the currency
    that they are in.
    """

    plan: Plan
    workloads: tuple[str, ...]
    hours: Floats
    month_hours: Floats
    start_factor: Floats
    end_factor: Floats
    horizon_factor: float
    year_end_factor: Floats
    escalator: Floats
    headroom: Floats
    redundancy: Floats
    least_replicas: Floats
    loads: dict[tuple[int, str], Load]
    segments: Segments
    fixed: Floats
    fixed_currency: str
    unserved_price: float
    unserved_currency: str

    @property
    def horizon(self) -> int:
        """Months of the plan."""
        return int(self.hours.shape[0])

    def planned_units(
        self, workload: int, profile: str, size: float, *, is_divisible: bool = False
    ) -> Floats:
        """Units of ``size`` GPUs that the planned load needs, headroom included, redundancy not [H, K]."""
        load = self.loads[workload, profile]
        units = load.busy * units_per_gpu(float(self.headroom[workload]), float(size))
        units = units if is_divisible else whole(units)
        least = whole(np.asarray(self.least_replicas[workload] * load.replica_gpus / size))
        return np.asarray(np.maximum(units, least) * (load.busy > 0))

    def planned_peak(self, profile: str) -> Floats:
        """Highest GPUs needed in each month as planned, all workloads together [H]."""
        if profile not in self._peaks:
            together = np.zeros_like(self.hours)
            for workload in range(len(self.workloads)):
                size = self.loads[workload, profile].replica_gpus
                together += self.planned_units(workload, profile, size) * size
            self._peaks[profile] = together.max(axis=1)
        return self._peaks[profile]

    def planned_instances(self, way: Way) -> Floats:
        """Highest instances of a way needed in each month as planned, redundancy included [H]."""
        if way.fleet not in self._peaks:
            units = self.planned_units(way.workload, way.profile, way.gpus, is_divisible=way.is_divisible)
            units = units + self.redundancy[way.workload] * (units > 0)
            self._peaks[way.fleet] = units.max(axis=1)
        return self._peaks[way.fleet]

    @cached_property
    def _peaks(self) -> dict[str | tuple[int, str, float, bool, bool], Floats]:
        return {}


def terrain_of(basis: Basis, most: int = SEGMENTS) -> tuple[Terrain, Field]:
    """Arrays of a plan, and the field with every option of its sites as a pool."""
    field = field_of(basis, basis.options)
    segments = Segments(field, most, _height(field))
    rules = workload_rules(basis.plan).sort("workload")
    year = np.arange(field.horizon) // MONTHS_PER_YEAR
    last = np.minimum((year + 1) * MONTHS_PER_YEAR, field.horizon) - 1
    unserved = basis.plan.uncertainty.unserved_price_per_gpu_hour
    return (
        Terrain(
            plan=basis.plan,
            workloads=field.workloads,
            hours=segments.hours,
            month_hours=field.month_hours,
            start_factor=field.start_factor,
            end_factor=field.end_factor,
            horizon_factor=float((1 + monthly_rate(basis.plan.finance)) ** -field.horizon),
            year_end_factor=field.end_factor[last],
            escalator=field.escalator,
            headroom=rules["headroom"].to_numpy(),
            redundancy=rules["redundancy_units"].cast(pl.Float64).to_numpy(),
            least_replicas=rules["min_replicas"].cast(pl.Float64).to_numpy(),
            loads=_loads(basis, field, segments),
            segments=segments,
            fixed=field.staff,
            fixed_currency=plan_wide_currencies(basis)[PLATFORM_STAFF],
            unserved_price=basis.fx.convert(unserved),
            unserved_currency=unserved.currency,
        ),
        field,
    )


def _height(field: Field) -> Floats | None:
    """Cells are ordered by the whole GPUs that they need, which keeps the peak exact, and then by the load itself."""
    if not field.pools:
        return None
    needed, busy = (np.asarray(part.sum(axis=0)) for part in (field.pools[0].needed, field.pools[0].busy))
    return np.asarray(needed + busy / (1 + busy.max()))


def _loads(basis: Basis, field: Field, segments: Segments) -> dict[tuple[int, str], Load]:
    """Busy GPUs by segment of every workload on every GPU type that it may use."""
    columns = ["workload", "profile", "month", "day_type", "hour_utc", "busy", "replica_gpus"]
    home = basis.busy.filter(pl.col("calendar") == basis.home).select(columns)
    rented = basis.market.busy.select(columns)
    both = pl.concat([home, rented]).unique(["workload", "profile", "month", "day_type", "hour_utc"])
    loads = {}
    for (workload, profile), rows in both.group_by("workload", "profile"):
        at = field.workloads.index(str(workload))
        busy = by_workload(rows, "busy", (str(workload),), field.horizon)[0]
        loads[at, str(profile)] = Load(
            at,
            str(profile),
            segments.mean(busy),
            float(rows["replica_gpus"].max() or 1.0),  # type: ignore[arg-type]
        )
    return loads


def ways_of(basis: Basis, field: Field, terrain: Terrain) -> dict[str, tuple[Way, ...]]:
    """Every way to rent that a strategy may take -> by mode (on_demand, spot, api, committed, partner).

    ``partner`` are the on-demand offers that serve what lies above the commitments of ``committed``.
    """
    months = np.arange(terrain.horizon) / MONTHS_PER_YEAR
    gpu_path = np.power(1 + basis.plan.rent.gpu_price_path_per_year, months)
    currencies = dict(basis.market.offers.select("offer", "native_currency").unique().iter_rows())
    tokens = dict(basis.market.apis.select("offer", "native_currency").unique().iter_rows())
    share = terrain.segments.total(field.work)

    def hourly(frame: pl.DataFrame, kind: str) -> tuple[Way, ...]:
        return tuple(
            Way(
                workload=terrain.workloads.index(row["workload"]),
                offer=row["offer"],
                kind=kind,
                currency=currencies[row["offer"]],
                price=row["unit_price"] * gpu_path,
                gpus=row["unit_gpus"],
                profile=row["profile"],
                size=int(row["gpu_count"]),
                is_divisible=row["is_divisible"],
                is_monthly=row["is_monthly"],
            )
            for row in frame.sort("workload", "offer").iter_rows(named=True)
        )

    terms = basis.choice.terms.sort("workload", "offer")
    partners = basis.market.on_demand().join(
        basis.choice.commitments.select("workload", offer="partner"), on=["workload", "offer"], how="semi"
    )
    return {
        "on_demand": hourly(basis.choice.on_demand, "on_demand"),
        "spot": hourly(basis.choice.spot, "spot"),
        "partner": hourly(partners, "on_demand"),
        "committed": tuple(
            replace(way, months=int(row["term_months"]), upfront_share=float(row["upfront_share"]))
            for way, row in zip(hourly(terms, "committed"), terms.iter_rows(named=True), strict=True)
        ),
        "api": tuple(
            Way(workload, name, "api", tokens[name], monthly, share=share[workload])
            for workload, (name, monthly) in sorted(field.api.items())
        ),
    }
