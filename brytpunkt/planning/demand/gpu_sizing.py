"""Load: GPUs busy and GPUs needed in each cell of the grid, for each workload and GPU type."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from brytpunkt.planning.inputs.money import Amounts, whole

if TYPE_CHECKING:
    from brytpunkt.declarations import Plan

SLICE = 0.001  # GPUs: in so small parts a GPU is shared


def workload_rules(plan: Plan) -> pl.DataFrame:
    """Sizing rules of each workload: headroom, redundancy, the least number of replicas, GPUs of a job, whether it shares GPUs."""
    return pl.DataFrame(
        [
            (w.id, w.headroom, w.redundancy_units, w.min_replicas, w.gpus_per_job, w.shares_gpus)
            for w in plan.workloads
        ],
        schema={
            "workload": pl.String,
            "headroom": pl.Float64,
            "redundancy_units": pl.Int64,
            "min_replicas": pl.Int64,
            "job_gpus": pl.Int64,
            "shares_gpus": pl.Boolean,
        },
        orient="row",
    )


def spare_servers(plan: Plan) -> int:
    """Own servers kept beyond the need, which carry no load: as many as the workload asks for that asks for most."""
    return max(w.redundancy_units for w in plan.workloads)


def busy_gpus(gpu_hours: pl.DataFrame, shares: pl.DataFrame, rules: pl.DataFrame) -> pl.DataFrame:
    """GPUs busy in an hour of each cell.

    | column | unit |
    |---|---|
    | calendar, workload, profile, month, day_type, hour_utc | key |
    | n_hours | h of the month in the cell |
    | busy | GPUs |
    | replica_gpus | GPUs in which need is counted: of a replica or a job, or a slice of a GPU that is shared |
    """
    whole_gpus = pl.max_horizontal("replica_gpus", pl.col("job_gpus").fill_null(1))
    return (
        gpu_hours.filter(pl.col("gpu_hours") > 0)
        .join(shares, on=["workload", "month"])
        .join(rules, on="workload")
        .with_columns(busy=pl.col("gpu_hours") * pl.col("share_per_hour"))
        .with_columns(replica_gpus=pl.when("shares_gpus").then(SLICE).otherwise(whole_gpus))
        .drop("gpu_hours", "share_per_hour", "job_gpus", "shares_gpus")
    )


def units_per_gpu(headroom: Amounts, size: Amounts) -> Amounts:
    """Units of ``size`` GPUs for each GPU that is busy, headroom included; whole ones cover the load."""
    return (1 + headroom) / size


def needed_gpus() -> pl.Expr:
    """GPUs needed in whole replicas, headroom included, spare units not."""
    replicas = whole(pl.col("busy") * units_per_gpu(pl.col("headroom"), pl.col("replica_gpus")))
    return pl.max_horizontal(replicas, pl.col("min_replicas")) * pl.col("replica_gpus")


def carrying_gpus() -> pl.Expr:
    """GPUs of the servers in service that carry load: all but those of the spare ones."""
    return (pl.col("servers") - pl.col("spare_servers")).clip(lower_bound=0) * pl.col("server_gpus")


def loaded_instances() -> pl.Expr:
    """Rented units that carry the load, headroom included, spare ones not; a unit is an instance, or a run of jobs on it.

    What is committed for jobs carries them for any part of an hour.
    """
    for_load = pl.col("busy") * units_per_gpu(pl.col("headroom"), pl.col("unit_gpus"))
    for_replicas = whole(pl.col("min_replicas") * pl.col("replica_gpus") / pl.col("gpu_count"))
    return pl.when("is_divisible").then(for_load).otherwise(pl.max_horizontal(whole(for_load), for_replicas))


def needed_instances() -> pl.Expr:
    """Rented instances where nothing is owned beside them: those that carry the load, and spare units."""
    return loaded_instances() + pl.col("redundancy_units")
