"""Monthly: demand, capacity and energy series in the form that charts and year tables take.

Belongs here: joining and summing monthly frames. Does not belong here: formats of a chart.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from brytpunkt.planning.inputs.units import KG_PER_TONNE

if TYPE_CHECKING:
    from brytpunkt.reporting.frames import Frames

Row = dict[str, Any]
PARTS = ("spot", "tax", "grid", "margin", "flat")


def tokens_per_day(frames: Frames) -> pl.DataFrame:
    """-> workload, month, output_tokens_per_day; without workloads declared in GPU-hours, which have none."""
    asked = pl.col("output_tokens").fill_null(0.0).sum().over("workload") > 0
    days = pl.col("date").dt.month_end().dt.day()
    return (
        frames.demand.filter(asked)
        .select("workload", "month", output_tokens_per_day=pl.col("output_tokens") / days)
        .sort("workload", "month")
    )


def own_purchases(frames: Frames, row: Row) -> pl.DataFrame:
    """Deliveries of the site's `own` -> server, order_month, delivery_month, retire_month, servers."""
    bought = frames.at("schedule", row["site"])
    chosen = pl.col("is_own") if "is_own" in bought.columns else pl.col("mode") == (row["own_mode"] or "")
    return bought.filter(chosen).sort("delivery_month")


def gpu_series(frames: Frames, row: Row, gpus_per_server: float, months: int) -> list[Row]:
    """GPUs busy and installed in each month -> month, mean, peak, installed."""
    load = frames.demand.group_by("month").agg(
        mean=pl.col("gpu_load_mean").sum(), peak=pl.col("gpu_load_peak").sum()
    )
    by_month = {month: (mean, peak) for month, mean, peak in load.select("month", "mean", "peak").iter_rows()}
    bought = own_purchases(frames, row).select("delivery_month", "retire_month", "servers").rows()
    series = []
    for month in range(months):
        mean, peak = by_month.get(month, (0.0, 0.0))
        servers = sum(
            count for start, end, count in bought if start <= month < (months if end is None else end)
        )
        series.append({"month": month, "mean": mean, "peak": peak, "installed": servers * gpus_per_server})
    return series


def energy_means(frames: Frames) -> dict[str, dict[str, float]]:
    """Mean price of each part by site over the plan, weighted by energy drawn [plan currency/MWh]."""
    parts = [part for part in PARTS if part in frames.energy.columns]
    weighted = [
        (pl.col(part).fill_null(0.0) * pl.col("total_mwh")).sum() / pl.col("total_mwh").sum()
        for part in parts
    ]
    means = frames.energy.group_by("site").agg(
        *(expression.alias(part) for part, expression in zip(parts, weighted, strict=True))
    )
    drawn = {row["site"]: {part: float(row[part] or 0.0) for part in parts} for row in means.to_dicts()}
    return {site: values for site, values in drawn.items() if any(values.values())}


def energy_years(frames: Frames, site: str) -> list[Row]:
    """Energy of a site by year -> year, it_mwh, total_mwh, pue, price [plan currency/MWh], carbon_tonnes."""
    energy = frames.at("energy", site)
    price = pl.sum_horizontal([pl.col(part).fill_null(0.0) for part in PARTS if part in energy.columns])
    drawn = pl.col("total_mwh").sum()
    return (
        energy.group_by(year=pl.col("date").dt.year())
        .agg(
            it_mwh=pl.col("it_mwh").sum(),
            total_mwh=drawn,
            pue=drawn / pl.col("it_mwh").sum(),
            price=(price * pl.col("total_mwh")).sum() / drawn,
            carbon_tonnes=pl.when(pl.col("carbon_kg").null_count() == 0).then(
                pl.col("carbon_kg").sum() / KG_PER_TONNE
            ),
        )
        .sort("year")
        .to_dicts()
    )
