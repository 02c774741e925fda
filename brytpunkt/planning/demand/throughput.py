"""Throughput: how fast each GPU type serves each workload, and how much GPU time a volume needs."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from brytpunkt.declarations import InlineServer
from brytpunkt.planning.inputs.units import SECONDS_PER_HOUR

if TYPE_CHECKING:
    from brytpunkt.declarations import Plan, Workload
    from brytpunkt.planning.inputs.planning_inputs import Facts

USABLE_MEMORY_SHARE = 0.9
TYPICAL_GPU_COUNT = 8

NO_RATIO = 1.0


@dataclass(frozen=True)
class InlineItem:
    """A server or offer that states its own throughput: output tokens per second by model, memory per GPU [GB]."""

    item: str
    gpu_model: str
    gpu_count: int
    rates: dict[str, float]
    memory_gb: float | None


@dataclass(frozen=True)
class Measured:
    """Output tokens per second of one GPU of a profile, measured with so many input tokens for one output token.

    ``is_declared``: measured by whoever declares it, at what the workload asks for, and used as it is. Else it is what a
    saturated benchmark reaches, of which production reaches a share.
    """

    profile: str
    gpu_model: str
    per_gpu: float
    prompt_mix: float
    memory_gb: float | None
    label: str
    is_declared: bool

    def decode(self, workload: Workload) -> float:
        """Output tokens per second and GPU without input."""
        whole_mix = self.per_gpu * (1 + self.prompt_mix / workload.prefill_multiple)
        if self.is_declared:
            return whole_mix
        slowed = 1 - workload.interactive_share + workload.interactive_share / workload.interactive_factor
        return workload.benchmark_share * whole_mix / slowed


RATES_SCHEMA = {
    "workload": pl.String,
    "profile": pl.String,
    "decode_tokens_per_second": pl.Float64,
    "prefill_tokens_per_second": pl.Float64,
    "hours_ratio": pl.Float64,
    "replica_gpus": pl.Int64,
    "benchmark": pl.String,
}


def inline_profile(item_id: str) -> str:
    """Name under which an inline server or offer with its own throughput is known."""
    return f"inline:{item_id}"


def rates(plan: Plan, facts: Facts) -> pl.DataFrame:
    """Rates of every GPU type that can serve a workload; one that cannot has no row.

    | column | unit |
    |---|---|
    | workload, profile | key; the profile is a GPU type, or an inline item with its own rate |
    | decode_tokens_per_second, prefill_tokens_per_second | per GPU; null for GPU-hour demand |
    | hours_ratio | GPU-h that do the work of one declared GPU-h |
    | replica_gpus | GPUs that hold one replica |
    | benchmark | where the rate comes from |
    """
    inline = _inline_items(plan)
    rows = [
        row
        for workload in plan.workloads
        for row in (
            _model_rates(workload, facts, inline)
            if workload.demand.gpu_model is None
            else _gpu_hour_rates(plan, workload, facts, inline)
        )
    ]
    return pl.DataFrame(rows, schema=RATES_SCHEMA, orient="row").sort("workload", "profile")


def _inline_items(plan: Plan) -> list[InlineItem]:
    """Servers and offers that state their own throughput."""
    servers = [
        InlineItem(s.id, s.gpu_model, s.gpu_count, s.output_tokens_per_second, s.gpu_memory_gb)
        for s in plan.build.servers
        if isinstance(s, InlineServer) and s.output_tokens_per_second
    ]
    offers = [
        InlineItem(o.id, o.gpu_model, o.gpu_count, o.output_tokens_per_second, gpu_memory_gb(o.gpu_model))
        for o in plan.rent.offers
        if o.output_tokens_per_second
    ]
    return [*servers, *offers]


def gpu_memory_gb(gpu_model: str) -> float | None:
    """Memory that a canonical GPU name ends in, as in H100-SXM-80GB. [GB]"""
    match = re.search(r"-(\d+)GB$", gpu_model)
    return float(match.group(1)) if match else None


def _replica_gpus(workload: Workload, facts: Facts, memory_gb: float | None) -> int | None:
    if workload.gpus_per_replica is not None:
        return workload.gpus_per_replica
    if workload.model is None or memory_gb is None:
        return None
    model = facts.models.filter(pl.col("model") == workload.model).sort("precision")
    if model.is_empty():
        return None
    needed_gb = float(model["weights_gb"][0]) + float(model["kv_cache_gb_per_replica"][0])
    return math.ceil(needed_gb / (USABLE_MEMORY_SHARE * memory_gb) - 1e-9)


def _profiles(plan: Plan, facts: Facts, inline: list[InlineItem]) -> list[tuple[str, str]]:
    """Every profile of the plan with its GPU -> GPU, profile."""
    named = {
        *facts.offers["gpu_model"].unique(),
        *facts.servers["gpu_model"].drop_nulls().unique(),
        *(o.gpu_model for o in plan.rent.offers),
        *(s.gpu_model for s in plan.build.servers if isinstance(s, InlineServer)),
    }
    return sorted(
        {*((name, name) for name in named), *((i.gpu_model, inline_profile(i.item)) for i in inline)}
    )


def _gpu_hour_rates(
    plan: Plan, workload: Workload, facts: Facts, inline: list[InlineItem]
) -> list[tuple[object, ...]]:
    """GPU-hours are taken as declared on the GPU that they name, and on others by a ratio that is declared or measured."""
    counted, declared = workload.demand.gpu_model, workload.demand.declared_ratios
    measured = _measured_ratios(workload, facts, inline)
    rows: list[tuple[object, ...]] = []
    for gpu_model, profile in _profiles(plan, facts, inline):
        if gpu_model == counted:
            ratio, label = 1.0, "declared in GPU-hours"
        elif gpu_model in declared:
            ratio, label = declared[gpu_model], f"declared ratio to {counted}"
        elif profile in measured:
            ratio, label = measured[profile], f"measured ratio to {counted} for {workload.model}"
        else:
            continue
        replica = _replica_gpus(workload, facts, gpu_memory_gb(gpu_model)) or 1
        rows.append((workload.id, profile, None, None, ratio, replica, label))
    return rows


def _measured_ratios(workload: Workload, facts: Facts, inline: list[InlineItem]) -> dict[str, float]:
    """Hours of each profile for an hour of the GPU that demand counts, where both were measured alike with the model."""
    counted = workload.demand.gpu_model
    found = _measured(workload, facts, inline)
    base = {m.is_declared: m.decode(workload) for m in reversed(found) if m.gpu_model == counted}
    return {m.profile: base[m.is_declared] / m.decode(workload) for m in found if m.is_declared in base}


def _measured(workload: Workload, facts: Facts, inline: list[InlineItem]) -> list[Measured]:
    """All rates of the workload's model."""
    model = workload.model
    if model is None:
        return []
    declared = [
        Measured(
            profile=inline_profile(item.item),
            gpu_model=item.gpu_model,
            per_gpu=item.rates[model] / item.gpu_count,
            prompt_mix=0.0,
            memory_gb=item.memory_gb,
            label="declared inline",
            is_declared=True,
        )
        for item in inline
        if model in item.rates
    ]
    return [*_benchmark_rates(workload, facts), *declared]


def _model_rates(workload: Workload, facts: Facts, inline: list[InlineItem]) -> list[tuple[object, ...]]:
    rows: list[tuple[object, ...]] = []
    for found in _measured(workload, facts, inline):
        replica = _replica_gpus(workload, facts, found.memory_gb)
        if replica is not None:
            decode = found.decode(workload)
            prefill = workload.prefill_multiple * decode
            rows.append((workload.id, found.profile, decode, prefill, NO_RATIO, replica, found.label))
    return rows


def _benchmark_rates(workload: Workload, facts: Facts) -> list[Measured]:
    """The newest benchmark of each GPU type for the workload's model and scenario."""
    count = pl.col("gpu_count")
    chosen = (
        facts.benchmarks.filter(
            pl.col("model") == workload.model,
            pl.col("scenario") == workload.benchmark_scenario,
            pl.col("confidence") != "suspect",
        )
        .with_columns(distance=(count - TYPICAL_GPU_COUNT).abs())
        .sort(
            ["gpu_model", "software", "distance", "gpu_count", "output_tokens_per_second"],
            descending=[False, True, False, False, True],
        )
        .unique("gpu_model", keep="first", maintain_order=True)
    )
    return [
        Measured(
            profile=row["gpu_model"],
            gpu_model=row["gpu_model"],
            per_gpu=float(row["output_tokens_per_second"]) / int(row["gpu_count"]),
            prompt_mix=float((row["mean_input_tokens"] or 0.0) / (row["mean_output_tokens"] or 1.0)),
            memory_gb=gpu_memory_gb(row["gpu_model"]),
            label=f"{row['software']}, {row['gpu_count']:.0f} GPUs, {row['scenario']}",
            is_declared=False,
        )
        for row in chosen.iter_rows(named=True)
    ]


def gpu_hours(volume: pl.DataFrame, rate: pl.DataFrame) -> pl.DataFrame:
    """GPU time that a month's volume needs on each GPU type.

    | column | unit |
    |---|---|
    | workload, profile, month | key |
    | gpu_hours | GPU-h of work in the month |
    | replica_gpus | GPUs per replica |
    """
    seconds = (
        pl.col("uncached_input_tokens") / pl.col("prefill_tokens_per_second")
        + pl.col("output_tokens") / pl.col("decode_tokens_per_second")
    ).fill_null(0.0)
    work = seconds / SECONDS_PER_HOUR + pl.col("declared_gpu_hours") * pl.col("hours_ratio")
    return (
        volume.join(rate, on="workload")
        .select("workload", "profile", "month", "replica_gpus", gpu_hours=work / pl.col("software_gain"))
        .sort("workload", "profile", "month")
    )
