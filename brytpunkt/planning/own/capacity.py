"""Build: how many servers are needed, when they are bought, and how long each purchase serves."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import polars as pl

from brytpunkt.planning.demand.gpu_sizing import needed_gpus
from brytpunkt.planning.inputs.calendar import CELL
from brytpunkt.planning.inputs.money import whole
from brytpunkt.planning.inputs.units import MONTHS_PER_YEAR

if TYPE_CHECKING:
    from brytpunkt.declarations import Plan

BOUGHT = ["option", "order_month"]


def site_load(busy: pl.DataFrame) -> pl.DataFrame:
    """All workloads together: GPUs busy and needed in each cell.

    | column | unit |
    |---|---|
    | calendar, profile, month, day_type, hour_utc | key |
    | n_hours | h |
    | busy, needed | GPUs |
    | workloads | how many workloads the GPU type serves in the cell |
    """
    return (
        busy.with_columns(needed=needed_gpus())
        .sort("workload")
        .group_by("calendar", "profile", "month", *CELL)
        .agg(
            n_hours=pl.col("n_hours").first(),
            busy=(pl.col("busy") * 1e9).round(0).cast(pl.Int64).sum() / 1e9,
            needed=pl.col("needed").sum(),
        )
    )


def servers_needed(load: pl.DataFrame, options: pl.DataFrame) -> pl.DataFrame:
    """Servers that cover the highest need of each month, spare ones included -> option, month, servers."""
    highest = load.group_by("calendar", "profile", "month").agg(needed=pl.col("needed").max())
    return (
        options.select("option", "calendar", "profile", "server_gpus", "spare_servers")
        .join(highest, on=["calendar", "profile"])
        .select(
            "option",
            "month",
            servers=whole(pl.col("needed") / pl.col("server_gpus")).cast(pl.Int64) + pl.col("spare_servers"),
        )
    )


def deliveries(options: pl.DataFrame, order_months: list[int], horizon: int) -> pl.DataFrame:
    """First delivery of an order placed in each month -> option, order_month, delivery_month.

    Orders that would be delivered at or after the horizon are left out.
    """
    orders = pl.DataFrame({"order_month": order_months}, schema={"order_month": pl.Int64})
    return (
        options.select("option", "lead_months", "grid_month")
        .join(orders, how="cross")
        .select(
            *BOUGHT,
            delivery_month=pl.max_horizontal(pl.col("order_month") + pl.col("lead_months"), "grid_month"),
        )
        .filter(pl.col("delivery_month") < horizon)
        .sort(BOUGHT)
    )


def purchases(
    plan: Plan, first: pl.DataFrame, needed: pl.DataFrame, options: pl.DataFrame, horizon: int
) -> pl.DataFrame:
    """Purchases at every review point, each covering the highest need until the next one.

    | column | unit |
    |---|---|
    | option, order_month | key of the schedule |
    | delivery_month, retire_month | months from the start; retirement may lie beyond the horizon |
    | servers | bought |
    """
    step = plan.build.review_months
    life = service_months(plan)
    replaced_after = _replaced_after(plan)
    reviews = max(1, -(-horizon // step))
    targets = _targets(first, needed, options, step)
    wide = first
    for review in range(reviews):
        target = targets.filter(pl.col("review") == review).select(*BOUGHT, target="target")
        in_life = [
            pl.col(f"bought_{past}") for past in range(review) if (review - past) * step < replaced_after
        ]
        standing = pl.sum_horizontal(in_life) if in_life else pl.lit(0, dtype=pl.Int64)
        wide = (
            wide.join(target, on=BOUGHT, how="left")
            .with_columns(
                (pl.col("target").fill_null(0) - standing).clip(lower_bound=0).alias(f"bought_{review}")
            )
            .drop("target")
        )
    return (
        wide.unpivot(index=[*BOUGHT, "delivery_month"], variable_name="review", value_name="servers")
        .filter(pl.col("servers") > 0)
        .with_columns(
            delivery_month=pl.col("delivery_month")
            + step * pl.col("review").str.strip_prefix("bought_").cast(pl.Int64)
        )
        .with_columns(retire_month=pl.col("delivery_month") + life)
        .drop("review")
        .sort(*BOUGHT, "delivery_month")
    )


def server_life_months(plan: Plan) -> int:
    """Life of a server in whole months, over which its cost is spread."""
    return round(plan.build.life_years * MONTHS_PER_YEAR)


def service_months(plan: Plan) -> int:
    """Months that a server serves: its life, and longer where the policy extends it."""
    longer = plan.build.extended_years if plan.build.refresh == "extend" else 0.0
    return server_life_months(plan) + round(longer * MONTHS_PER_YEAR)


def _replaced_after(plan: Plan) -> float:
    """Months after a delivery in which its servers are not yet replaced."""
    if plan.build.refresh == "keep":
        return math.inf
    gap = plan.build.skip_months if plan.build.refresh == "skip" else 0
    return service_months(plan) + gap


def _targets(first: pl.DataFrame, needed: pl.DataFrame, options: pl.DataFrame, step: int) -> pl.DataFrame:
    """The highest need between each review point and the next, capped by the site's power."""
    cap = options.select("option", "max_servers")
    return (
        first.join(needed, on="option")
        .filter(pl.col("month") >= pl.col("delivery_month"))
        .with_columns(review=(pl.col("month") - pl.col("delivery_month")) // step)
        .group_by(*BOUGHT, "review")
        .agg(target=pl.col("servers").max())
        .join(cap, on="option")
        .select(*BOUGHT, "review", target=pl.min_horizontal("target", pl.col("max_servers")))
    )


def installed(bought: pl.DataFrame, horizon: int) -> pl.DataFrame:
    """Servers in service in each month -> option, order_month, month, servers."""
    return (
        bought.with_columns(
            month=pl.int_ranges("delivery_month", pl.min_horizontal("retire_month", pl.lit(horizon)))
        )
        .explode("month")
        .group_by(*BOUGHT, "month")
        .agg(servers=pl.col("servers").sum())
        .sort(*BOUGHT, "month")
    )
