"""Catalog values: the figures of servers and benchmarks that a plan takes from the bundled tables.

Belongs here: listing them beside the declared assumptions. Does not belong here: planning with them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

if TYPE_CHECKING:
    from brytpunkt.declarations import Plan
    from brytpunkt.planning.inputs.planning_inputs import Facts

SERVER_FIGURES = {
    "price_low_usd": ("USD per server", "Lowest price."),
    "price_high_usd": ("USD per server", "Highest price."),
    "nameplate_kw": ("kW", "Power by its nameplate."),
    "load_share": ("share of nameplate", "Power under load."),
    "idle_share": ("share of nameplate", "Power when idle."),
}


def catalog_assumptions(plan: Plan, facts: Facts) -> list[dict[str, Any]]:
    """Catalog figures that the plan leaves standing -> path, value, unit, origin, source, description."""
    quoted = {server.id for server in plan.build.servers if server.price is not None}
    wanted = [server.id for server in plan.build.servers]
    rows = facts.servers.filter(pl.col("server").is_in(wanted)).sort("server")
    servers = [
        _entry(f"build.servers.{row['server']}.{figure}", row[figure], unit, row, words)
        for row in rows.iter_rows(named=True)
        for figure, (unit, words) in SERVER_FIGURES.items()
        if row.get(figure) is not None and not (row["server"] in quoted and figure.startswith("price"))
    ]
    return servers + _benchmarks(plan, facts, set(rows["gpu_model"].drop_nulls()))


def _benchmarks(plan: Plan, facts: Facts, gpus: set[str]) -> list[dict[str, Any]]:
    wanted = {(workload.model, workload.benchmark_scenario) for workload in plan.workloads if workload.model}
    found = []
    for model, scenario in sorted(wanted):
        newest = (
            facts.benchmarks.filter(
                pl.col("model") == model,
                pl.col("scenario") == scenario,
                pl.col("gpu_model").is_in(sorted(gpus)),
                pl.col("confidence") != "suspect",
            )
            .sort("gpu_model", "software", (pl.col("gpu_count") - 8).abs(), descending=[False, True, False])
            .unique("gpu_model", keep="first", maintain_order=True)
        )
        found += [
            _entry(
                f"benchmarks.{row['gpu_count']:g}x{row['gpu_model']}.{model}.{scenario}",
                row["output_tokens_per_second"],
                "output tokens per second",
                row,
                str(row["software"]),
            )
            for row in newest.iter_rows(named=True)
        ]
    return found


def _entry(path: str, value: Any, unit: str, row: dict[str, Any], description: str) -> dict[str, Any]:
    source, dated = row.get("source"), row.get("source_date")
    return {
        "path": path,
        "value": value,
        "unit": unit,
        "origin": "catalog",
        "source": ", ".join(str(part) for part in (source, dated) if part is not None),
        "description": description,
    }
