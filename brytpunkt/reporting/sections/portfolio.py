"""Portfolio: the content of the report on all sites together.

Belongs here: composition. Does not belong here: layout (templates/).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from brytpunkt.reporting.sanitise import short
from brytpunkt.reporting.sections import tables
from brytpunkt.reporting.sections.appendix import assumptions_section, glossary_section
from brytpunkt.reporting.sections.bill import bill_section
from brytpunkt.reporting.sections.changes import changes_section
from brytpunkt.reporting.sections.conditions import control_section, readiness_section
from brytpunkt.reporting.sections.context import (
    LONG_NAME,
    NAME_IN_TABLE,
    common,
    comparison,
    curve_charts,
    energy_chart,
)
from brytpunkt.reporting.sections.cover import portfolio_decision
from brytpunkt.reporting.sections.decision import quantity, years
from brytpunkt.reporting.sections.market_and_climate import place_section
from brytpunkt.reporting.sections.mix import mix_section
from brytpunkt.reporting.sections.nordic_advantage import advantage_section
from brytpunkt.reporting.sections.parts import Part, compose
from brytpunkt.reporting.sections.risk import risk_section
from brytpunkt.reporting.sections.robustness import robustness_section
from brytpunkt.reporting.sections.site import demand_section
from brytpunkt.reporting.sections.sources import provenance_section

if TYPE_CHECKING:
    from brytpunkt.reporting.sections.context import Desk

Row = dict[str, Any]
FIRST_SITES = 12
SHORT_NAME = 12


def portfolio_page(at: Desk) -> Row:
    """Context of report.html.j2 for all sites together."""
    whole = replace(at, is_portfolio=True)
    best = best_site(at.sites)
    words = at.formats.texts
    ranking = comparison(whole, None)
    return common(whole, at.summary["plan"]["name"], words("doc.portfolio_subject")) | {
        "decision": portfolio_decision(whole, best),
        "ranking": {
            "unit": ranking["unit"],
            "rows": ranking["rows"][:FIRST_SITES],
            "here": best["site"],
            "rest": words("text.first_sites", count=FIRST_SITES, total=len(ranking["rows"]))
            if len(ranking["rows"]) > FIRST_SITES
            else None,
        },
        "sections": compose(whole, best, PARTS),
    }


def sites_section(at: Desk, best: Row) -> Row:
    """Context of the partial `sites`: all sites on one scale, what energy costs there, and what differs."""
    return {
        "note": at.formats.texts("text.sites_note", rent=at.say(best["rent_label"])),
        "comparison": comparison(at, None) | ({} if len(at.sites) > FIRST_SITES else {"rows": []}),
        "here": best["site"],
        "energy": energy_chart(at, None),
        "differences": [_difference(at, row) for row in at.sites],
    }


def curves_section(at: Desk, best: Row) -> Row | None:
    """Context of the partial `timing` for the best site."""
    return curve_charts(at, best) if best["npv_own"] is not None else None


def scope_section(at: Desk, best: Row) -> Row:
    """Context of the partial `demand`, with the workloads in front."""
    workloads = tables.workload_rows(at.summary, at.formats, quantity)
    return demand_section(at, best) | {"workloads": workloads}


def strategies_section(at: Desk, best: Row) -> Row:
    """Context of the partial `strategies`: ways to rent, then every site's own."""
    del best
    words = at.formats.texts
    rows = tables.strategy_rows(at.summary, at.formats, None, at.say)
    return {
        "note": words(
            "text.strategies_note", years=years(at.horizon, at.formats), unit=at.formats.unit("thousand")
        ),
        "tables": [
            (words("section.rent"), [row for row in rows if not row["site"]], False),
            (words("section.strategies_sites"), [row for row in rows if row["site"]], True),
        ],
    }


def unit_section(at: Desk, best: Row) -> Row | None:
    """Context of the partial `unit`: one server for one hour at every site."""
    del best
    rows = tables.unit_rows(at.summary, at.formats, None)
    return {"rows": rows, "with_site": True, "money": None} if rows else None


def published_section(at: Desk, best: Row) -> Row | None:
    """Context of the partial `published`: a published calculation beside ours."""
    del best
    rows = tables.published_rows(at.summary, at.formats, at.say)
    return {"note": _published_note(at), "rows": rows} if rows else None


def best_site(sites: list[Row]) -> Row:
    """The first in rank that is no yardstick, can own and is feasible; else the first in rank."""
    candidates = [row for row in sites if not row["is_comparator"]]
    feasible = [row for row in candidates if row["verdict"] != "infeasible"]
    owning = [row for row in feasible if row["npv_own"] is not None]
    return next(iter((*owning, *feasible, *candidates, *sites)))


def _difference(at: Desk, row: Row) -> Row:
    formats, words = at.formats, at.formats.texts
    return {
        "name": short(row["site_name"], NAME_IN_TABLE),
        "cells": [
            short(row["zone"] or row["country"], SHORT_NAME),
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


PARTS = (
    Part("changes", changes_section),
    Part("sites", sites_section),
    Part("curves", curves_section, "timing"),
    Part("mix", mix_section),
    Part("scope", scope_section, "demand"),
    Part("paradox", bill_section),
    Part("risk", risk_section),
    Part("robustness", robustness_section),
    Part("advantage", advantage_section),
    Part("place", place_section, "panels"),
    Part("control", control_section),
    Part("readiness", readiness_section, "panels"),
    Part("strategies", strategies_section),
    Part("unit", unit_section),
    Part("published", published_section),
    Part("glossary", glossary_section),
    Part("assumptions", assumptions_section),
    Part("provenance", provenance_section),
)
