"""Site: the content of one site's report, from the decision to provenance.

Belongs here: composition. Does not belong here: layout (templates/site.html.j2).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from brytpunkt.reporting.charts import bars, curves, load
from brytpunkt.reporting.charts.draw import short
from brytpunkt.reporting.pages import decision, monthly, tables
from brytpunkt.reporting.pages.changes import changes_context
from brytpunkt.reporting.pages.costs import cost_table
from brytpunkt.reporting.pages.decision import years
from brytpunkt.reporting.pages.panels import site_panels
from brytpunkt.reporting.pages.shared import (
    LONG_NAME,
    NAME_IN_TABLE,
    common,
    comparison,
    curve_charts,
    energy_chart,
    gpus_of,
)  # fmt: skip

if TYPE_CHECKING:
    from brytpunkt.reporting.pages.shared import Desk

Row = dict[str, Any]


def site_page(at: Desk, site: str) -> Row:
    """Context of site.html.j2."""
    row = at.site(site)
    has_own = row["npv_own"] is not None
    words = at.formats.texts
    name = row["site_name"]
    return common(at, words("doc.site_title", site=name), name) | {
        "site": row,
        "site_name": short(name, LONG_NAME),
        "decision": decision_context(at, row),
        "changes": changes_context(at, site),
        "curves": curve_charts(at, row) if has_own else None,
        "costs": _costs(at, row) if has_own else None,
        "comparison": comparison(at, site),
        "sites_note": words("text.sites_note", rent=row["rent_label"]),
        "demand": demand_context(at, row),
        "energy": _energy(at, row) if has_own else None,
        "rules": _rules(at, row) if has_own else None,
        "unit": tables.unit_rows(at.summary, at.formats, site),
        "strategies": tables.strategy_rows(at.summary, at.formats, site),
        "panels": site_panels(at, site),
        "assumptions": tables.assumption_rows(at.summary, at.formats, site),
        "sources": tables.source_rows(at.summary, at.formats),
    }


def decision_context(at: Desk, row: Row) -> Row:
    """Page one of a site."""
    formats = at.formats
    return {
        "outcome": decision.outcome(row),
        "headline": decision.headline(row, formats),
        "lead": decision.lead(row, at.horizon, formats)
        + decision.mix(at.summary, row["site"], float(row["npv_rent"]), formats),
        "tiles": decision.tiles(row, at.horizon, formats),
        "bar": bars.decision_bar(at.canvas, row),
        "bar_head": formats.texts("figure.decision", years=years(at.horizon, formats)),
        "flips": decision.flips(row, at.horizon, formats),
        "warnings": decision.warnings(at.summary, row),
        "comparator": formats.texts("verdict.comparator", site=short(row["site_name"], LONG_NAME))
        if row["is_comparator"]
        else None,
    }


def _costs(at: Desk, row: Row) -> Row:
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
        "exact": formats.texts(
            "doc.rounded", own=formats.cents(table.own_exact), rent=formats.cents(table.rent_exact)
        ),
    }


def demand_context(at: Desk, row: Row) -> Row:
    """Tokens, GPUs needed and installed, and the deliveries of a site."""
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


def _energy(at: Desk, row: Row) -> Row:
    formats, words = at.formats, at.formats.texts
    priced = row["energy_price_per_mwh"]
    years_drawn = monthly.energy_years(at.frames, row["site"])
    return {
        "chart": energy_chart(at, row["site"]),
        "head": words("figure.energy", price=f"{formats.number(priced, 1)}\u00a0{formats.currency}"),
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


def _rules(at: Desk, row: Row) -> Row:
    formats, words = at.formats, at.formats.texts
    tipping = at.frames.at("tipping_curve", row["site"])
    unit = formats.unit(formats.scale_of([float(row["npv_rent"])]))
    return {
        "rule": load.rule(at.canvas, at.frames.at("rule_series", row["site"]), at.time),
        "tipping": curves.tipping(at.canvas, tipping, row) if tipping.height > 1 else None,
        "tipping_sub": words("figure.tipping_sub", unit=unit),
        "rows": tables.rule_rows(at.summary, row["site"], at.time, formats),
    }
