"""Portfolio: the content of the report on all sites together.

Belongs here: composition. Does not belong here: layout (templates/portfolio.html.j2).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from brytpunkt.reporting.charts.draw import short
from brytpunkt.reporting.pages import decision, tables
from brytpunkt.reporting.pages.changes import changes_context
from brytpunkt.reporting.pages.decision import quantity, years
from brytpunkt.reporting.pages.panels import portfolio_panels
from brytpunkt.reporting.pages.shared import (
    LONG_NAME,
    NAME_IN_TABLE,
    common,
    comparison,
    curve_charts,
    energy_chart,
)
from brytpunkt.reporting.pages.site import demand_context

if TYPE_CHECKING:
    from brytpunkt.reporting.pages.shared import Desk

Row = dict[str, Any]


def portfolio_page(at: Desk) -> Row:
    """Context of portfolio.html.j2."""
    formats, words, summary = at.formats, at.formats.texts, at.summary
    best = best_site(at.sites)
    has_own = best["npv_own"] is not None
    name = summary["plan"]["name"]
    return common(at, name, words("doc.portfolio_subject")) | {
        "best": best,
        "decision": {
            "outcome": decision.outcome(best),
            "headline": decision.headline(best, formats, "portfolio_"),
            "lead": _lead(at, best),
            "tiles": decision.tiles(best, at.horizon, formats),
            "warnings": list(summary["warnings"]),
            "comparator": None,
        },
        "changes": changes_context(at, best["site"]),
        "comparison": comparison(at, None),
        "sites_note": words("text.sites_note", rent=best["rent_label"]),
        "curves": curve_charts(at, best) if has_own else None,
        "workloads": tables.workload_rows(summary, formats, quantity),
        "demand": demand_context(at, best),
        "rent": [row for row in tables.strategy_rows(summary, formats, None) if not row["site"]],
        "strategies": [row for row in tables.strategy_rows(summary, formats, None) if row["site"]],
        "strategies_note": words(
            "text.strategies_note", years=years(at.horizon, formats), unit=formats.unit("thousand")
        ),
        "energy": energy_chart(at, None),
        "differences": [_difference(at, row) for row in at.sites],
        "unit": tables.unit_rows(summary, formats, None),
        "published": tables.published_rows(summary, formats),
        "published_note": _published_note(at),
        "panels": portfolio_panels(at),
        "assumptions": tables.assumption_rows(summary, formats),
        "sources": tables.source_rows(summary, formats),
    }


def best_site(sites: list[Row]) -> Row:
    """The first in rank that is no yardstick and can own; else the first in rank."""
    return next(
        (row for row in sites if not row["is_comparator"] and row["npv_own"] is not None),
        next((row for row in sites if not row["is_comparator"]), sites[0]),
    )


def _lead(at: Desk, best: Row) -> str:
    words = at.formats.texts
    candidates = [row for row in at.sites if not row["is_comparator"]]
    winners = sum(row["verdict"] == "build" for row in candidates)
    key = "text.portfolio_build" if winners else "text.portfolio_rent"
    verdict = words(key, count=winners, total=len(candidates)) if len(candidates) > 1 else ""
    mixed = decision.mix(at.summary, None, float(best["npv_rent"]), at.formats)
    return verdict + decision.lead(best, at.horizon, at.formats) + mixed


def _difference(at: Desk, row: Row) -> Row:
    formats, words = at.formats, at.formats.texts
    return {
        "name": short(row["site_name"], NAME_IN_TABLE),
        "cells": [
            row["zone"] or row["country"],
            words.name("cooling", row["cooling"]),
            formats.number(row["pue_mean"], 3),
            formats.number(row["energy_price_per_mwh"], 1),
            formats.number(row["energy_mwh"]),
            formats.number(row["carbon_tonnes"]),
            formats.number(row["peak_it_kw"]),
        ],
    }


def _published_note(at: Desk) -> str:
    published = at.summary["published"]
    if published is None:
        return ""
    return at.formats.texts(
        "text.published_note",
        title=short(published["title"], LONG_NAME * 2),
        publisher=published["publisher"],
        date=at.formats.day(published["published_on"]),
    )
