"""Load: GPUs busy and GPUs needed in each cell of the grid, for each workload and GPU type."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from brytpunkt.planning.inputs.money import Amounts, whole

if TYPE_CHECKING:
    from brytpunkt.declarations import Plan


def workload_rules(plan: Plan) -> pl.DataFrame:
    """Sizing rules of each workload: headroom, redundancy and the least number of replicas."""
    return pl.DataFrame(
        [(w.id, w.headroom, w.redundancy_units, w.min_replicas) for w in plan.workloads],
        schema={
            "workload": pl.String,
            "headroom": pl.Float64,
            "redundancy_units": pl.Int64,
            "min_replicas": pl.Int64,
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
    """
    return (
        gpu_hours.filter(pl.col("gpu_hours") > 0)
        .join(shares, on=["workload", "month"])
        .join(rules, on="workload")
        .with_columns(busy=pl.col("gpu_hours") * pl.col("share_per_hour"))
        .drop("gpu_hours", "share_per_hour")
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
    """Rented instances of ``gpu_count`` GPUs that carry the load, headroom included, spare units not."""
    for_load = whole(pl.col("busy") * units_per_gpu(pl.col("headroom"), pl.col("gpu_count")))
    for_replicas = whole(pl.col("min_replicas") * pl.col("replica_gpus") / pl.col("gpu_count"))
    return pl.max_horizontal(for_load, for_replicas)


def needed_instances() -> pl.Expr:
    """Rented instances where nothing is owned beside them: those that carry the load, and spare units."""
    return loaded_instances() + pl.col("redundancy_units")
