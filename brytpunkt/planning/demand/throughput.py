"""Throughput: how fast each GPU type serves each workload, and how much GPU time a volume needs."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

import polars as pl

from brytpunkt.declarations import InlineServer
from brytpunkt.planning.inputs.units import SECONDS_PER_HOUR

if TYPE_CHECKING:
    from brytpunkt.declarations import Plan, Workload
    from brytpunkt.planning.inputs.planning_inputs import Facts

USABLE_MEMORY_SHARE = 0.9
TYPICAL_GPU_COUNT = 8

# Id, GPU count, output tokens per second by model, memory per GPU [GB].
InlineItem = tuple[str, int, dict[str, float], float | None]

RATES_SCHEMA = {
    "workload": pl.String,
    "profile": pl.String,
    "decode_tokens_per_second": pl.Float64,
    "prefill_tokens_per_second": pl.Float64,
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
    | replica_gpus | GPUs that hold one replica |
    | benchmark | where the rate comes from |
    """
    inline = _inline_items(plan)
    rows = [
        row
        for workload in plan.workloads
        for row in (
            _gpu_hour_rates(plan, workload, facts)
            if workload.model is None
            else _model_rates(workload, facts, inline)
        )
    ]
    return pl.DataFrame(rows, schema=RATES_SCHEMA, orient="row").sort("workload", "profile")


def _inline_items(plan: Plan) -> list[InlineItem]:
    """Servers and offers that state their own throughput."""
    servers = [
        (s.id, s.gpu_count, s.output_tokens_per_second, s.gpu_memory_gb)
        for s in plan.build.servers
        if isinstance(s, InlineServer) and s.output_tokens_per_second
    ]
    offers = [
        (o.id, o.gpu_count, o.output_tokens_per_second, gpu_memory_gb(o.gpu_model))
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
    model = facts.models.filter(pl.col("model") == workload.model).sort("precision")
    if model.is_empty() or memory_gb is None:
        return None
    needed_gb = float(model["weights_gb"][0]) + float(model["kv_cache_gb_per_replica"][0])
    return math.ceil(needed_gb / (USABLE_MEMORY_SHARE * memory_gb) - 1e-9)


def _gpu_hour_rates(plan: Plan, workload: Workload, facts: Facts) -> list[tuple[object, ...]]:
    """GPU-hours are taken as declared, on any GPU type or on the one that the demand names."""
    gpu_models = {
        *((name, name) for name in facts.offers["gpu_model"].unique()),
        *((name, name) for name in facts.servers["gpu_model"].drop_nulls().unique()),
        *(
            (o.gpu_model, inline_profile(o.id) if o.output_tokens_per_second else o.gpu_model)
            for o in plan.rent.offers
        ),
        *(
            (s.gpu_model, inline_profile(s.id) if s.output_tokens_per_second else s.gpu_model)
            for s in plan.build.servers
            if isinstance(s, InlineServer)
        ),
    }
    wanted = workload.demand.gpu_model
    replica = workload.gpus_per_replica or 1
    return [
        (workload.id, profile, None, None, replica, "declared in GPU-hours")
        for gpu_model, profile in sorted(gpu_models)
        if wanted is None or gpu_model == wanted
    ]


def _model_rates(workload: Workload, facts: Facts, inline: list[InlineItem]) -> list[tuple[object, ...]]:
    rows: list[tuple[object, ...]] = []
    for gpu, count, rate, prompt_mix, memory, label in [
        *_benchmark_rates(workload, facts),
        *(
            (inline_profile(item), count, by_model[workload.model], 0.0, memory, "declared inline")
            for item, count, by_model, memory in inline
            if workload.model is not None and workload.model in by_model
        ),
    ]:
        replica = _replica_gpus(workload, facts, memory)
        if replica is not None:
            decode = workload.benchmark_share * rate / count * (1 + prompt_mix / workload.prefill_multiple)
            decode /= (
                1 - workload.interactive_share + workload.interactive_share / workload.interactive_factor
            )
            rows.append((workload.id, gpu, decode, workload.prefill_multiple * decode, replica, label))
    return rows


def _benchmark_rates(
    workload: Workload, facts: Facts
) -> list[tuple[str, int, float, float, float | None, str]]:
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
        (
            row["gpu_model"],
            int(row["gpu_count"]),
            float(row["output_tokens_per_second"]),
            float((row["mean_input_tokens"] or 0.0) / (row["mean_output_tokens"] or 1.0)),
            gpu_memory_gb(row["gpu_model"]),
            f"{row['software']}, {row['gpu_count']:.0f} GPUs, {row['scenario']}",
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
    work = seconds / SECONDS_PER_HOUR + pl.col("declared_gpu_hours")
    return (
        volume.join(rate, on="workload")
        .select("workload", "profile", "month", "replica_gpus", gpu_hours=work / pl.col("software_gain"))
        .sort("workload", "profile", "month")
    )
