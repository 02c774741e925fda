"""Summary: the result of a run as one documented, stable, JSON-safe dict (docs/summary.md).

Belongs here: what summary.json says and in which order. Does not belong here: words for readers, rendering.
"""

from __future__ import annotations

import math
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from brytpunkt.declarations import assumptions
from brytpunkt.planning.inputs.quotes import with_quotes
from brytpunkt.planning.note import decode
from brytpunkt.planning.schemas import NOTE_COLUMNS
from brytpunkt.reporting.catalog_values import catalog_assumptions
from brytpunkt.reporting.note_texts import with_text

if TYPE_CHECKING:
    from collections.abc import Collection

    import polars as pl

    from brytpunkt.declarations import Declared, Plan, Site
    from brytpunkt.planning.inputs.planning_inputs import Facts
    from brytpunkt.planning.result import Result

SCHEMA_VERSION = 2
PLANNED = (
    "optimal", "optimal_schedule", "tipping_volumes", "tipping_turns", "margins", "discount_rates", "scenarios", "regret",
    "disruptions", "expected", "paradox", "payback", "readings", "end_values", "bridge",
    "returns", "financing", "readiness", "control", "storage", "footprint", "price_outlook", "price_gaps",
    "risk_quantiles", "risk_histogram", "risk_tipping", "risk_heat", "risk_chances", "risk_regret",
    "risk_factors", "risk_tornado", "risk_indices", "risk_information", "risk_waiting", "risk_convergence",
    "advantage", "indicators", "cooling_limits", "connections", "industrial",
)  # fmt: skip
VINTAGE = (
    "table", "source", "rows", "newest_source_date", "retrieved_on", "licence", "lowest_confidence",
    "document_sha256", "origin",
)  # fmt: skip


def summarise(
    declared: Declared, facts: Facts, result: Result, *, run_id: str, code_version: str
) -> dict[str, Any]:
    """Everything that the report states, without the monthly series.

    A note is an object: code, site, arguments, and its English text. Money that is a sum of ledger rows is a string with two decimals; every other number is a JSON number.
    Months are counted from the start of the plan, dates are ISO dates, absent values
    are null. Lists are sorted.
    """
    plan = with_quotes(declared.plan, facts)
    return {
        "schema_version": SCHEMA_VERSION,
        "run": {"run_id": run_id, "code_version": code_version, "as_of": facts.as_of.isoformat()},
        "plan": {
            "id": plan.plan,
            "name": plan.name,
            "sha256": declared.sha256,
            "language": plan.report.language,
        },
        "finance": _finance(plan),
        "workloads": [_workload(workload) for workload in plan.workloads],
        "sites": [
            _site(row, _declared_site(plan, row["site"]))
            for row in _rows(result.verdicts.sort("rank"), NOTE_COLUMNS["verdicts"])
        ],
        "strategies": _rows(result.strategies, NOTE_COLUMNS["strategies"]),
        **{name: _rows(getattr(result, name), NOTE_COLUMNS[name]) for name in PLANNED},
        "rule": _rows(result.rule.sort("site", "reading", "threshold")),
        "unit_economics": _rows(result.unit_economics),
        "published": _published(plan, result),
        "assumptions": _assumptions(plan, facts),
        "sources": _sources(facts.vintages),
        "warnings": [with_text(note) for note in result.warnings],
    }


def json_safe(value: Any) -> Any:
    """A value as JSON has it: decimals as text, dates as ISO text, what is not finite as null."""
    if isinstance(value, list):
        return [json_safe(item) for item in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, date):
        return value.isoformat()
    return value


def _rows(frame: pl.DataFrame, notes: Collection[str] = ()) -> list[dict[str, Any]]:
    return [
        {
            name: with_text(decode(value)) if name in notes and value is not None else json_safe(value)
            for name, value in row.items()
        }
        for row in frame.iter_rows(named=True)
    ]


def _finance(plan: Plan) -> dict[str, Any]:
    finance = plan.finance
    return {
        "start": finance.start.isoformat(),
        "horizon_months": finance.months,
        "currency": finance.currency,
        "discount_rate_per_year": finance.discount_rate_per_year,
        "discount_rate_basis": finance.discount_rate_basis,
        "inflation_per_year": finance.inflation_per_year,
    }


def _workload(workload: Any) -> dict[str, Any]:
    demand = workload.demand
    return {
        "id": workload.id,
        "name": workload.name,
        "model": workload.model,
        "output_tokens_per_day": demand.output_tokens_per_day,
        "input_tokens_per_day": demand.input_tokens_per_day,
        "gpu_hours_per_day": demand.gpu_hours_per_day,
        "growth_per_year": demand.growth.per_year if demand.growth else 0.0,
        "residency": workload.residency,
        "phases": [{"name": phase.name, "from_month": phase.from_month} for phase in demand.phases],
    }


def _declared_site(plan: Plan, site: str) -> Site:
    return next(candidate for candidate in plan.sites if candidate.id == site)


def _site(row: dict[str, Any], site: Site) -> dict[str, Any]:
    space = site.colocation
    return row | {
        "country": site.country,
        "zone": site.zone,
        "climate": site.climate,
        "cooling": site.cooling,
        "power_limit_kw": site.power_limit_kw,
        "grid_available_from": json_safe(site.grid_available_from),
        "is_colocation_unsourced": bool(space and space.accept_unsourced),
    }


def _published(plan: Plan, result: Result) -> dict[str, Any] | None:
    published = plan.published
    if published is None:
        return None
    return {
        "title": published.title,
        "publisher": published.publisher,
        "url": json_safe(published.url),
        "published_on": json_safe(published.published_on),
        "cases": _rows(result.published, NOTE_COLUMNS["published"]),
    }


def _assumptions(plan: Plan, facts: Facts) -> list[dict[str, Any]]:
    listed = [
        {
            "path": item.path,
            "value": item.value,
            "unit": item.unit,
            "origin": str(item.origin),
            "source": item.source,
            "description": item.description,
        }
        for item in assumptions(plan)
    ]
    return listed + catalog_assumptions(plan, facts)


def _sources(vintages: pl.DataFrame) -> list[dict[str, Any]]:
    known = [name for name in VINTAGE if name in vintages.columns]
    return _rows(vintages.select(known).sort("table", "source"))
