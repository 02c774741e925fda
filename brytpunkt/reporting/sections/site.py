"""Site: the content of one site's report, from the decision to provenance.

Belongs here: composition. Does not belong here: layout (templates/).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from brytpunkt.reporting.charts import bars, curves, load
from brytpunkt.reporting.sanitise import printable, short
from brytpunkt.reporting.sections import monthly, tables
from brytpunkt.reporting.sections.appendix import assumptions_section, glossary_section
from brytpunkt.reporting.sections.bill import bill_section
from brytpunkt.reporting.sections.changes import changes_section
from brytpunkt.reporting.sections.conditions import control_section, footprint_section, readiness_section
from brytpunkt.reporting.sections.context import (
    NAME_IN_TABLE,
    common,
    comparison,
    curve_charts,
    energy_chart,
    gpus_of,
)
from brytpunkt.reporting.sections.costs import cost_table
from brytpunkt.reporting.sections.cover import site_decision
from brytpunkt.reporting.sections.decision import years
from brytpunkt.reporting.sections.market_and_climate import place_section
from brytpunkt.reporting.sections.mix import mix_section
from brytpunkt.reporting.sections.money import money
from brytpunkt.reporting.sections.nordic_advantage import advantage_section
from brytpunkt.reporting.sections.parts import Part, compose
from brytpunkt.reporting.sections.risk import risk_section
from brytpunkt.reporting.sections.robustness import robustness_section
from brytpunkt.reporting.sections.sources import footnote, provenance_section
from brytpunkt.reporting.sections.value_left import value_left_section

if TYPE_CHECKING:
    from brytpunkt.reporting.sections.context import Desk

Row = dict[str, Any]


def site_page(at: Desk, site: str) -> Row:
    """Context of report.html.j2 for one site."""
    row = at.site(site)
    name = row["site_name"]
    return common(at, at.formats.texts("doc.site_title", site=printable(name)), name) | {
        "decision": site_decision(at, row),
        "ranking": None,
        "sections": compose(at, row, PARTS),
    }


def timing_section(at: Desk, row: Row) -> Row | None:
    """Context of the partial `timing`: crossing curves and the scan of order months."""
    return curve_charts(at, row) if row["npv_own"] is not None else None


def sites_section(at: Desk, row: Row) -> Row:
    """Context of the partial `sites`: this site beside the others."""
    return {
        "note": at.formats.texts("text.sites_note", rent=at.say(row["rent_label"])),
        "comparison": comparison(at, row["site"]),
        "here": row["site"],
        "differences": None,
        "energy": None,
    }


def strategies_section(at: Desk, row: Row) -> Row:
    """Context of the partial `strategies`: every way to serve the plan from this site."""
    return {
        "note": at.formats.texts(
            "text.strategies_note", years=years(at.horizon, at.formats), unit=at.formats.unit("thousand")
        ),
        "tables": [(None, tables.strategy_rows(at.summary, at.formats, row["site"], at.say), False)],
    }


def unit_section(at: Desk, row: Row) -> Row | None:
    """Context of the partial `unit`: one server for one hour, the return, and ways to pay."""
    rows = tables.unit_rows(at.summary, at.formats, row["site"])
    paid = money(at, row["site"])
    return {"rows": rows, "with_site": False, "money": paid} if rows or paid else None


def costs_section(at: Desk, row: Row) -> Row | None:
    """Context of the partial `costs`: own beside rent by kind of cost, with totals that are sums of ledger rows."""
    if row["npv_own"] is None:
        return None
    formats = at.formats
    table = cost_table(at.frames.own_costs(row["site"]), at.frames.rent_costs(), formats)
    scale = formats.scale_of([value for _, *pair in table.groups for value in pair])
    group, share = table.largest
    return {
        "table": table,
        "svg": bars.cost_pairs(at.canvas, table.groups, scale),
        "head": formats.texts("figure.costs_own", group=group, share=formats.percent(share)),
        "sub": formats.texts("figure.costs_sub", years=years(at.horizon, formats), unit=formats.unit(scale)),
        "unit": formats.unit(table.scale),
        "sources": footnote(at, "servers", "gpu_offers", "energy_taxes", "grid_fees"),
        "exact": formats.texts(
            "doc.rounded", own=formats.cents(table.own_exact), rent=formats.cents(table.rent_exact)
        ),
    }


def demand_section(at: Desk, row: Row) -> Row:
    """Context of the partial `demand`: tokens, GPUs needed and installed, and the deliveries of a site."""
    formats, words = at.formats, at.formats.texts
    per_server = gpus_of(at, row)
    names = {workload["id"]: workload["name"] for workload in at.summary["workloads"]}
    asked = monthly.tokens_per_day(at.frames)
    series = monthly.gpu_series(at.frames, row, per_server, at.horizon)
    bought = monthly.own_purchases(at.frames, row).to_dicts()
    gpu = str(at.frames.demand["gpu_model"].drop_nulls().first() or "")
    return {
        "tokens": load.tokens(
            at.canvas, asked, {k: v for k, v in names.items() if k in set(asked["workload"])}, at.time
        )
        if asked.height
        else None,
        "workloads": None,
        "sources": footnote(at, "benchmarks", "models"),
        "gpus": load.gpus(at.canvas, series, at.time),
        "gpus_sub": words("figure.gpus_sub", gpu=gpu),
        "schedule": [
            {
                "server": short(item.get("server_name") or item["server"], NAME_IN_TABLE),
                "order": formats.month_short(at.time.month(item["order_month"])),
                "delivery": formats.month_short(at.time.month(item["delivery_month"])),
                "retired": formats.month_short(at.time.month(item["retire_month"])),
                "count": formats.number(item["servers"]),
                "gpus": formats.number(item["servers"] * per_server),
            }
            for item in bought
        ],
    }


def energy_section(at: Desk, row: Row) -> Row | None:
    """Context of the partial `energy`: what a MWh costs here and elsewhere, and energy by year."""
    if row["npv_own"] is None:
        return None
    formats, words = at.formats, at.formats.texts
    priced = row["energy_price_per_mwh"]
    years_drawn = monthly.energy_years(at.frames, row["site"])
    return {
        "chart": energy_chart(at, row["site"]),
        "head": words("figure.energy", price=f"{formats.number(priced, 1)}\u00a0{formats.currency}"),
        "sources": footnote(at, "climate_hours", "climate_bins", "carbon_intensity"),
        "note": words(
            "text.energy_note",
            zone=row["zone"] or row["country"],
            cooling=words.name("cooling", row["cooling"]),
        ),
        "rows": [
            [
                str(year["year"]),
                formats.number(year["it_mwh"]),
                formats.number(year["total_mwh"]),
                formats.number(year["pue"], 3),
                formats.number(year["price"], 1),
                formats.number(year["carbon_tonnes"], 1),
            ]
            for year in years_drawn
        ],
        "total": [
            formats.number(sum(year["it_mwh"] for year in years_drawn)),
            formats.number(row["energy_mwh"]),
            formats.number(row["pue_mean"], 3),
            formats.number(priced, 1),
            formats.number(row["carbon_tonnes"], 1),
        ],
    }


def rules_section(at: Desk, row: Row) -> Row | None:
    """Context of the partial `rules`: cost over utilisation, and four readings of a rule of thumb."""
    if row["npv_own"] is None:
        return None
    formats, words = at.formats, at.formats.texts
    tipping = at.frames.at("tipping_curve", row["site"])
    unit = formats.unit(formats.scale_of([float(row["npv_rent"])]))
    return {
        "rule": load.rule(at.canvas, at.frames.at("rule_series", row["site"]), at.time),
        "tipping": curves.tipping(at.canvas, tipping, row) if tipping.height > 1 else None,
        "tipping_sub": words("figure.tipping_sub", unit=unit),
        "rows": tables.rule_rows(at.summary, row["site"], at.time, formats),
    }


PARTS = (
    Part("changes", changes_section),
    Part("timing", timing_section),
    Part("costs", costs_section, is_new_page=True),
    Part("sites", sites_section),
    Part("mix", mix_section),
    Part("demand", demand_section),
    Part("paradox", bill_section),
    Part("risk", risk_section),
    Part("robustness", robustness_section),
    Part("rules", rules_section),
    Part("value_left", value_left_section, "panels"),
    Part("energy", energy_section),
    Part("advantage", advantage_section),
    Part("place", place_section, "panels"),
    Part("footprint", footprint_section, "panels"),
    Part("control", control_section),
    Part("readiness", readiness_section, "panels"),
    Part("strategies", strategies_section),
    Part("unit", unit_section),
    Part("glossary", glossary_section),
    Part("assumptions", assumptions_section),
    Part("provenance", provenance_section),
)
