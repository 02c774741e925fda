"""Demand: what each workload asks for in each month, and how it spreads over the hours.

Volume knows nothing of hardware; ``throughput`` turns it into GPU time.
"""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from brytpunkt.planning.inputs.calendar import CELL, cells_of, clock_of
from brytpunkt.planning.inputs.units import MONTHS_PER_YEAR
from brytpunkt.planning.inputs.weekly_shapes import weekly_weights

if TYPE_CHECKING:
    from collections.abc import Sequence

    from brytpunkt.declarations import Plan, Workload
    from brytpunkt.declarations.sections.demand import GrowthPoint

WEEK_DAYS = 7


def volumes(plan: Plan, months: pl.DataFrame) -> pl.DataFrame:
    """Declared demand -> monthly volume of each workload; beyond the plan's own horizon it stays at its last month's level.

    | column | unit |
    |---|---|
    | workload, month | key |
    | output_tokens, uncached_input_tokens, cached_input_tokens | tokens in the month |
    | declared_gpu_hours | GPU-h in the month, for workloads declared in GPU-hours |
    | autonomous_share | share of the demand that runs around the clock |
    | software_gain | throughput relative to the plan's start, less what failures lose |
    """
    last = plan.finance.months - 1
    frames = [_volume(workload, months, last) for workload in plan.workloads]
    return pl.concat(frames).sort("workload", "month")


def _volume(workload: Workload, months: pl.DataFrame, last: int) -> pl.DataFrame:
    demand = workload.demand
    days = pl.col("hours") / 24
    scale = pl.col("level") * pl.col("growth") * days
    input_tokens = (demand.input_tokens_per_day or 0.0) * scale
    return (
        months.select("hours", calendar="month", month=pl.col("month").clip(upper_bound=last))
        .join_asof(_phases(workload), left_on="month", right_on="from_month", strategy="backward")
        .with_columns(
            level=_level().fill_null(0.0),
            growth=_growth(workload),
            autonomous_share=pl.col("autonomous_share").fill_null(workload.autonomous_share),
        )
        .select(
            workload=pl.lit(workload.id),
            month="calendar",
            output_tokens=(demand.output_tokens_per_day or 0.0) * scale,
            uncached_input_tokens=input_tokens * (1 - demand.cached_input_share),
            cached_input_tokens=input_tokens * demand.cached_input_share,
            declared_gpu_hours=(demand.daily_gpu_hours or 0.0) * scale,
            autonomous_share="autonomous_share",
            software_gain=(1 + workload.efficiency_gain_per_year) ** (pl.col("calendar") / MONTHS_PER_YEAR)
            * (1 - workload.failures.goodput_loss_share),
        )
    )


def _phases(workload: Workload) -> pl.DataFrame:
    return pl.DataFrame(
        [(p.from_month, p.level, p.ramp_months, p.autonomous_share) for p in workload.demand.phases],
        schema={
            "from_month": pl.Int64,
            "phase_level": pl.Float64,
            "ramp_months": pl.Int64,
            "autonomous_share": pl.Float64,
        },
        orient="row",
    ).with_columns(
        previous_level=pl.col("phase_level").shift(1, fill_value=0.0),
        autonomous_share=pl.col("autonomous_share").forward_fill(),
    )


def _level() -> pl.Expr:
    """Linear from the previous phase's level to this one's over the ramp."""
    months_in = pl.col("month") - pl.col("from_month") + 1
    progress = (months_in / pl.col("ramp_months").clip(lower_bound=1)).clip(upper_bound=1.0)
    return pl.col("previous_level") + (pl.col("phase_level") - pl.col("previous_level")) * progress


def _growth(workload: Workload) -> pl.Expr:
    """Compound growth since production began; it waits for the ramp unless declared otherwise."""
    phases = workload.demand.phases
    production = next((p for p in phases if p.production), phases[0])
    growth = workload.demand.growth
    begins = production.from_month + (0 if growth.during_ramp else production.ramp_months)
    months = (pl.col("month") - begins).clip(lower_bound=0)
    if growth.kind == "table":
        return _interpolated(months, growth.table)
    elapsed = months / MONTHS_PER_YEAR
    if growth.kind == "logistic" and growth.ceiling_multiple is not None:
        return _logistic(elapsed, growth.per_year, growth.ceiling_multiple)
    return (1 + growth.per_year) ** elapsed


def _logistic(years: pl.Expr, per_year: float, ceiling: float) -> pl.Expr:
    """Verhulst's curve from 1 to ``ceiling`` that begins with the compound rate ``per_year``."""
    steepness = math.log(1 + per_year) * ceiling / (ceiling - 1)
    return ceiling / (1 + (ceiling - 1) * (-steepness * years).exp())


def _interpolated(months: pl.Expr, table: Sequence[GrowthPoint]) -> pl.Expr:
    """Straight lines between the points, level before the first and after the last."""
    value = pl.lit(table[0].multiple)
    for earlier, later in pairwise(table):
        slope = (later.multiple - earlier.multiple) / (later.month - earlier.month)
        line = earlier.multiple + slope * (months - earlier.month)
        value = pl.when(months >= earlier.month).then(line).otherwise(value)
    return pl.when(months >= table[-1].month).then(table[-1].multiple).otherwise(value)


def hourly_shares(plan: Plan, volume: pl.DataFrame, hours: pl.DataFrame) -> pl.DataFrame:
    """Share of a month's volume that falls into one hour of each cell, by the clock of each workload (``demand_hours``).

    | column | unit |
    |---|---|
    | calendar, workload, month, day_type, hour_utc | key |
    | n_hours | h of the month in the cell |
    | share_per_hour | 1/h; n_hours x share_per_hour sums to 1 over a month; work that may wait is even over its delay |
    """
    by_month = ["calendar", "workload", "month"]
    frames = []
    for (clock,), rows in hours.partition_by("clock", as_dict=True, maintain_order=True).items():
        told = [w for w in plan.workloads if clock_of(w, plan) == clock]
        weights = np.array([weekly_weights(w.weekly_shape) for w in told])
        cells, begins = cells_of(rows.drop("clock"))
        each_hour = weights[:, rows["hour_of_week"].to_numpy()] * rows["n_hours"].to_numpy()
        frames += [
            cells.with_columns(workload=pl.lit(workload.id), weight=pl.Series(weight))
            for workload, weight in zip(told, np.add.reduceat(each_hour, begins, axis=1), strict=True)
        ]
    return (
        pl.concat(frames)
        .join(volume.select("workload", "month", "autonomous_share"), on=["workload", "month"])
        .sort(*by_month, *CELL)
        .with_columns(
            weight=pl.col("autonomous_share")
            + (1 - pl.col("autonomous_share")) * pl.col("weight") / pl.col("n_hours")
        )
        .join(_delays(plan), on="workload")
        .with_columns(weight=_moved())
        .with_columns(
            share_per_hour=pl.col("weight") / (pl.col("weight") * pl.col("n_hours")).sum().over(by_month)
        )
        .select(*by_month, *CELL, "n_hours", "share_per_hour")
    )


def _delays(plan: Plan) -> pl.DataFrame:
    return pl.DataFrame(
        [(w.id, w.max_delay_days) for w in plan.workloads],
        schema={"workload": pl.String, "max_delay_days": pl.Int64},
        orient="row",
    )


def _moved() -> pl.Expr:
    """Weight of an hour after work has moved within its delay: the day's mean, from a week on the month's."""

    def mean(by: list[str]) -> pl.Expr:
        hours = pl.col("n_hours")
        return (pl.col("weight") * hours).sum().over(by) / hours.sum().over(by)

    month = ["calendar", "workload", "month"]
    return (
        pl.when(pl.col("max_delay_days") >= WEEK_DAYS)
        .then(mean(month))
        .when(pl.col("max_delay_days") > 0)
        .then(mean([*month, "day_type"]))
        .otherwise(pl.col("weight"))
    )
