"""Demand, throughput, load and need: chapter 3 of the model."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from functools import cache

from brytpunkt.declarations import Growth, InlineServer, Site, Workload
from brytpunkt.declarations.sections.failures import Failures
from brytpunkt.declarations.sections.rent import InlineOffer
from brytpunkt.planning.inputs.weekly_shapes import NAMED_SHAPES
from tests.planning.reference.world import Cell, World, ceil, path

Item = InlineServer | InlineOffer


@dataclass(frozen=True)
class Rate:
    """How fast one GPU serves a workload [tokens/s], GPUs per replica, and its hours for a declared GPU-hour."""

    decode: float
    prefill: float
    replica: int
    hours: float = 1.0


class Load:
    """Volume of each workload, and the GPUs that it keeps busy and needs."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.plan = world.plan
        self.rate = cache(self._rate)
        self.share = cache(self._share)
        self.gpu_hours = cache(self._gpu_hours)

    def scale(self, w: Workload, m: int) -> float:
        """Volume of month m over the declared volume of a day: level, growth and days."""
        before, level = 0.0, 0.0
        for phase in w.demand.phases:
            if phase.from_month <= m:
                j = m - phase.from_month
                level = before + (phase.level - before) * min(1.0, (j + 1) / max(phase.ramp_months, 1))
            before = phase.level
        production = next((p for p in w.demand.phases if p.production), w.demand.phases[0])
        growth = w.demand.growth
        m0 = production.from_month + (0 if growth.during_ramp else production.ramp_months)
        return level * grown(growth, max(0, m - m0)) * self.world.months[m].hours / 24

    def autonomous(self, w: Workload, m: int) -> float:
        """Autonomous share in force in month m."""
        stated: list[float] = [
            p.autonomous_share
            for p in w.demand.phases
            if p.from_month <= m and p.autonomous_share is not None
        ]
        return stated[-1] if stated else w.autonomous_share

    def tokens(self, w: Workload, m: int) -> tuple[float, float, float]:
        """Uncached input, cached input and output tokens of month m."""
        scale = self.scale(w, m)
        given = (w.demand.input_tokens_per_day or 0.0) * scale
        cached = given * w.demand.cached_input_share
        return given - cached, cached, (w.demand.output_tokens_per_day or 0.0) * scale

    def _share(self, w_id: str, m: int, calendar: str) -> dict[Cell, float]:
        """Share of the month's volume in one hour of each cell."""
        w = next(w for w in self.plan.workloads if w.id == w_id)
        site = next(s for s in self.plan.sites if self.calendar(s) == calendar)
        weights = NAMED_SHAPES[w.weekly_shape] if isinstance(w.weekly_shape, str) else w.weekly_shape
        mean = sum(weights) / 168
        a = self.autonomous(w, m)
        timezone, holidays = w.timezone or self.plan.timezone, w.holidays or self.plan.holidays
        cells = self.world.hours(self.world.timezone(site), site.country, timezone, holidays)[m]
        moved: dict[Cell, float] = {}
        shape = {
            cell: sum((a + (1 - a) * weights[hour] / mean) * n for hour, n in hours.items())
            / sum(hours.values())
            for cell, hours in cells.items()
        }
        if w.max_delay_days:
            for cell in shape:
                alike = [c for c in cells if w.max_delay_days >= 7 or c[0] == cell[0]]
                moved[cell] = sum(shape[c] * sum(cells[c].values()) for c in alike) / sum(
                    sum(cells[c].values()) for c in alike
                )
            shape = moved
        whole = sum(shape[cell] * sum(hours.values()) for cell, hours in cells.items())
        return {cell: weight / whole for cell, weight in shape.items()}

    def calendar(self, site: Site) -> str:
        """Time zone and holidays."""
        return f"{self.world.timezone(site)}|{site.country}"

    def _rate(self, w_id: str, profile: str) -> Rate | None:
        """Rate of a workload on a GPU type, or on an inline item with its own figure; None if it cannot serve."""
        w = next(w for w in self.plan.workloads if w.id == w_id)
        kind, _, name = profile.partition(":")
        items = [s for s in self.plan.build.servers if isinstance(s, InlineServer)] + [*self.plan.rent.offers]
        inline = next((i for i in items if kind == "inline" and i.id == name), None)
        if _a_day(w):
            gpu = inline.gpu_model if inline else profile
            ratio = self._hours_for_one(w, gpu, inline)
            return (
                None
                if ratio is None
                else Rate(math.inf, math.inf, self._replica(w, _memory(gpu)) or 1, ratio)
            )
        pace = self._pace(w, profile, inline)
        if pace is None:
            return None
        memory = (
            inline.gpu_memory_gb
            if isinstance(inline, InlineServer)
            else _memory(inline.gpu_model if inline else profile)
        )
        replica = self._replica(w, memory)
        return None if replica is None else Rate(pace, w.prefill_multiple * pace, replica)

    def _hours_for_one(self, w: Workload, gpu: str, inline: Item | None) -> float | None:
        """GPU-hours on a GPU that do the work of an hour on the one that demand counts; None where nobody says."""
        if gpu == w.demand.gpu_model:
            return 1.0
        for other in w.demand.gpu_hour_ratios:
            if other.gpu_model == gpu:
                return other.hours
        if inline is None:
            counted = self._pace(w, str(w.demand.gpu_model), None)
            here = self._pace(w, gpu, None)
        else:
            items = [s for s in self.plan.build.servers if isinstance(s, InlineServer)] + [
                *self.plan.rent.offers
            ]
            paces = [self._pace(w, "", i) for i in items if i.gpu_model == w.demand.gpu_model]
            counted = next((pace for pace in paces if pace is not None), None)
            here = self._pace(w, "", inline)
        return None if counted is None or here is None else counted / here

    def _pace(self, w: Workload, profile: str, inline: Item | None) -> float | None:
        """Output tokens a second and GPU in production: as measured by the declarer, or a share of a benchmark."""
        if inline:
            rates = inline.output_tokens_per_second or {}
            if w.model is None or w.model not in rates:
                return None
            return rates[w.model] / inline.gpu_count
        rows = [
            r
            for r in self.world.rows("benchmarks")
            if (r["model"], r["gpu_model"], r["scenario"]) == (w.model, profile, w.benchmark_scenario)
            and r["confidence"] != "suspect"
        ]
        if not rows:
            return None
        newest = max(r["software"] for r in rows)
        row = min(
            (r for r in rows if r["software"] == newest),
            key=lambda r: (
                abs(r["gpu_count"] - 8),
                r["gpu_count"],
                -r["output_tokens_per_second"],
            ),
        )
        per_gpu: float = row["output_tokens_per_second"] / row["gpu_count"]
        q = (row["mean_input_tokens"] or 0.0) / (row["mean_output_tokens"] or 1.0)
        slowed = 1 - w.interactive_share + w.interactive_share / w.interactive_factor
        return w.benchmark_share * per_gpu * (1 + q / w.prefill_multiple) / slowed

    def _replica(self, w: Workload, memory_gb: float | None) -> int | None:
        if w.gpus_per_replica is not None:
            return w.gpus_per_replica
        models = [r for r in self.world.rows("models") if r["model"] == w.model]
        if not models or memory_gb is None:
            return None
        model = min(models, key=lambda r: str(r["precision"]))
        needed_gb = float(model["weights_gb"]) + float(model["kv_cache_gb_per_replica"])
        return math.ceil(needed_gb / (0.9 * memory_gb) - 1e-9)

    def _gpu_hours(self, w: Workload, profile: str, m: int) -> float:
        """GPU-hours of work in month m."""
        rate = self.rate(w.id, profile)
        assert rate is not None
        uncached, _, output = self.tokens(w, m)
        declared = _a_day(w) * self.scale(w, m) * rate.hours
        work = uncached / rate.prefill / 3600 + output / rate.decode / 3600 + declared
        return work / path(w.efficiency_gain_per_year, m) / (1 - lost(w.failures))

    def busy(self, w: Workload, profile: str, m: int, cell: Cell, site: Site) -> float:
        """L: GPUs busy in an hour of the cell."""
        share: float = self.share(w.id, m, self.calendar(site))[cell]
        return self.gpu_hours(w, profile, m) * share

    def need(self, w: Workload, profile: str, m: int, cell: Cell, site: Site) -> float:
        """N: GPUs needed in whole replicas."""
        if self.gpu_hours(w, profile, m) <= 0:
            return 0
        u = self.together(w, profile)
        load = self.busy(w, profile, m, cell, site)
        return max(w.min_replicas, ceil(load * (1 + w.headroom) / u)) * u

    def together(self, w: Workload, profile: str) -> float:
        """GPUs that are taken together: of a replica or of a job; shared ones go in thousandths of a GPU."""
        rate = self.rate(w.id, profile)
        assert rate is not None
        return 0.001 if w.shares_gpus else max(rate.replica, w.gpus_per_job or 1)

    def instances(self, w: Workload, profile: str, gpus: int, m: int, cell: Cell, site: Site) -> int:
        """I: rented instances of so many GPUs, spare units included."""
        if self.gpu_hours(w, profile, m) <= 0:
            return 0
        load = self.busy(w, profile, m, cell, site)
        replicas = ceil(w.min_replicas * self.together(w, profile) / gpus)
        return max(replicas, ceil(load * (1 + w.headroom) / gpus)) + w.redundancy_units

    def job(self, w: Workload, profile: str, gpus: int) -> Job | None:
        """How jobs lie on an instance of so many GPUs; None for work of which something stands by, or that does not wait."""
        rate = self.rate(w.id, profile)
        assert rate is not None
        if not w.max_delay_days or w.min_replicas or w.redundancy_units:
            return None
        each = max(rate.replica, w.gpus_per_job or 1)
        if each > gpus:
            return Job(each, 1, math.ceil(each / gpus), w.jobs_per_day or 1.0)
        side = gpus // each
        return Job(each, side, 1, w.jobs_per_day or float(side))


@dataclass(frozen=True)
class Job:
    """GPUs of a job, how many lie side by side, how many instances one takes, and how many there are a day."""

    gpus: int
    side: int
    instances: int
    a_day: float

    def hours(self, gpu_hours: float, increment: float) -> float:
        """Instance-hours that are billed for the GPU-hours of a day."""
        at_once = min(self.side, max(self.a_day, 1.0))
        runs = self.a_day if self.a_day < 1 else math.ceil(self.a_day / at_once)
        duration = gpu_hours / (self.a_day * self.gpus)
        return runs * self.instances * ceil(duration / increment) * increment

    def committed(self, busy: float) -> float:
        """Instances under commitment that so many busy GPUs would fill."""
        return busy * self.instances / (self.side * self.gpus)


def _a_day(w: Workload) -> float:
    if w.demand.gpu_hours_per_window is not None and w.demand.window_days is not None:
        return w.demand.gpu_hours_per_window / w.demand.window_days
    return w.demand.gpu_hours_per_day or 0.0


def grown(growth: Growth, months: int) -> float:
    """Volume as a multiple of the target so many months after growth began."""
    if growth.kind == "compound":
        return float((1 + growth.per_year) ** (months / 12))
    if growth.kind == "logistic":
        ceiling = growth.ceiling_multiple or 1.0
        k = math.log(1 + growth.per_year) * ceiling / (ceiling - 1)
        return ceiling / (1 + (ceiling - 1) * math.exp(-k * months / 12))
    before = [point for point in growth.table if point.month <= months]
    after = [point for point in growth.table if point.month > months]
    if not before or not after:
        return (before[-1] if before else after[0]).multiple
    a, b = before[-1], after[0]
    return a.multiple + (b.multiple - a.multiple) * (months - a.month) / (b.month - a.month)


def lost(failures: Failures) -> float:
    """Share of GPU time that failures lose."""
    an_hour = failures.failures_per_gpu_year / 8760
    found = max(failures.identify_minutes, failures.checkpoint_minutes / 2) / 60
    init, repair = failures.init_minutes / 60, failures.repair_hours
    each = {
        "cold": (found + init) * failures.job_gpus + repair * failures.blast_gpus,
        "hot": (found + init + repair) * failures.job_gpus,
        "tolerant": (failures.identify_minutes + failures.failover_minutes) / 60 * failures.job_gpus
        + repair * failures.blast_gpus,
    }
    return an_hour * each[failures.recovery]


def _memory(gpu_model: str) -> float | None:
    found = re.search(r"-(\d+)GB$", gpu_model)
    return float(found[1]) if found else None
