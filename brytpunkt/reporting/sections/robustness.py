"""Robustness: what would turn the verdict, scenarios, blows to decisions already made, failed workloads.

Belongs here: pages and page-one sentences on how far the verdict holds. Does not belong here: the section on drawn worlds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from brytpunkt.reporting.charts.effects import margins as margins_chart
from brytpunkt.reporting.sanitise import capital, short
from brytpunkt.reporting.sections.panel import LABEL_LENGTH, best_site_id, panel, rows_of, thousands

if TYPE_CHECKING:
    from brytpunkt.reporting.sections.context import Desk

Row = dict[str, Any]
STRATEGIES = ("rent", "own", "optimal")
CHECKS = ("verdict_without_continuing_value", "verdict_long_horizon")
RENTED = ("on_demand", "spot", "committed", "api", "rent")


def robustness_section(at: Desk, row: Row) -> Row | None:
    """Context of the partial `robustness`: margins as a chart, then regret, blows and failures as tables."""
    site = row["site"]
    found = [
        panel_ for panel_ in (regret(at, site), disruptions(at, site), expected(at, site)) if panel_["rows"]
    ]
    chart = margins(at, site)
    if chart is None and not found:
        return None
    return {"margins": chart, "panels": found}


def certainty(at: Desk, row: Row, *, with_checks: bool) -> list[str]:
    """Sentences for page one: how probable it is that building wins, how many scenarios agree, what is nearest to turning it.

    `with_checks` counts the cross-checks, too, where the page does not name them one by one.
    """
    if row["npv_own"] is None or row["verdict"] == "infeasible":
        return []
    words, formats = at.formats.texts, at.formats
    said = []
    chance = next((item for item in _chances(at, row["site"]) if item["strategy"] == "building"), None)
    if with_checks and not row.get("is_ruled"):
        held = sum(row[key] == row["verdict"] for key in CHECKS)
        said.append(words("sure.checks", held=formats.number(held), total=formats.number(len(CHECKS))))
    wins = [own < rent for own, rent in _duels(at, row["site"])]
    share = "" if chance is None else formats.percent(chance["probability"])
    counted = {"wins": formats.number(sum(wins)), "total": formats.number(len(wins))}
    if share and wins:
        said.append(words("sure.chance_and_scenarios", share=share, **counted))
    elif share:
        said.append(words("sure.chance", share=share))
    elif wins:
        said.append(words("sure.scenarios", **counted))
    nearest = min(
        (
            item
            for item in rows_of(at, "margins", row["site"])
            if item["multiple"] is not None and item["factor"] != "delivery"
        ),
        key=lambda item: abs(item["multiple"] - 1),
        default=None,
    )
    if nearest is not None:
        said.append(
            words(
                "sure.nearest",
                factor=words.name("panel_factor", nearest["factor"]),
                change=formats.percent(nearest["multiple"] - 1, 1, signed=True),
            )
        )
    return said


def _chances(at: Desk, site: str) -> list[Row]:
    """How often each strategy wins at a site; none where nothing was drawn."""
    return rows_of(at, "risk_chances", site) if at.summary["risk_chances"] else []


def _duels(at: Desk, site: str) -> list[tuple[float, float]]:
    """Own against the cheapest rent in each scenario but the plan's own."""
    values: dict[str, dict[str, float]] = {}
    for item in rows_of(at, "scenarios", site):
        if item["scenario"] != "base" and item["present_value"] is not None:
            values.setdefault(item["scenario"], {})[item["strategy"]] = item["present_value"]
    return [
        (by_strategy["own"], min(rented))
        for by_strategy in values.values()
        if "own" in by_strategy and (rented := [by_strategy[name] for name in RENTED if name in by_strategy])
    ]


def margins(at: Desk, site: str) -> Row | None:
    """How far each factor is from turning the comparison, as a chart with the nearest factor as its heading."""
    words, formats = at.formats.texts, at.formats
    found = rows_of(at, "margins", site)
    priced = [
        (
            words.name("panel_factor", item["factor"]),
            None if item["multiple"] is None else item["multiple"] - 1,
        )
        for item in found
        if item["factor"] != "delivery"
    ]
    if not priced:
        return None
    priced.sort(key=lambda item: (item[1] is None, abs(item[1] or 0.0)))
    name, change = priced[0]
    later = next((item for item in found if item["factor"] == "delivery"), None)
    delivery = ""
    if later is not None:
        delivery = (
            words("panel.delivery_none")
            if later["multiple"] is None
            else words("panel.delivery_late", months=formats.number(later["multiple"]))
        )
    return {
        "svg": margins_chart(at.canvas, priced),
        "head": words("figure.margins_none")
        if change is None
        else words("figure.margins", factor=name, change=formats.percent(change, 1, signed=True)),
        "sub": f"{words('panel.margins_note')} {delivery}".strip(),
    }


def regret(at: Desk, site: str) -> Row:
    """Every strategy over the scenarios: what it costs there, and the worst regret."""
    words = at.formats.texts
    scenarios = rows_of(at, "scenarios", site)
    order = list(dict.fromkeys(row["scenario"] for row in scenarios))
    values = {(row["scenario"], row["strategy"]): row for row in scenarios}
    names = {row["scenario"]: row["scenario_name"] for row in scenarios}
    present = {row["strategy"] for row in scenarios}
    shown = [name for name in ("rent", "committed", "own") if name in present]
    rows = []
    for scenario in order:
        cells = [values.get((scenario, name)) for name in shown]
        rows.append(
            [
                words("panel.as_planned")
                if scenario == "base"
                else short(at.say.declared(names[scenario]), LABEL_LENGTH),
                *(thousands(at, cell["present_value"] if cell else None) for cell in cells),
                *(thousands(at, cell["regret"] if cell else None) for cell in cells),
            ]
        )
    found = panel(at, "regret", (("scenario", False),), rows)
    found["columns"] += [(capital(words.name("panel_short", name)), True) for name in shown]
    found["columns"] += [
        (words("panel.regret_of", name=words.name("panel_short", name)), True) for name in shown
    ]
    return found


def disruptions(at: Desk, site: str | None) -> Row:
    """What a blow adds to the cost of decisions already made."""
    found_rows = at.summary["disruptions"]
    best = site if site is not None else best_site_id(at)
    kinds = list(dict.fromkeys((row["disruption"], row["disruption_name"]) for row in found_rows))
    cells = {(row["disruption"], row["strategy"]): row for row in found_rows if row["site"] in (None, best)}
    rows = []
    for key, name in kinds:
        found = [cells.get((key, strategy)) for strategy in STRATEGIES]
        unserved = max((cell["unserved_share"] or 0.0 for cell in found if cell), default=0.0)
        rows.append(
            [
                short(at.say.declared(name), LABEL_LENGTH),
                *(thousands(at, cell["extra_cost"] if cell else None, signed=True) for cell in found),
                at.formats.percent(unserved) if unserved else at.formats.number(None),
            ]
        )
    columns = (
        ("disruption", False), ("rent", True), ("own", True), ("optimal", True), ("unserved", True),
    )  # fmt: skip
    return panel(at, "disruptions", columns, rows)


def expected(at: Desk, site: str | None) -> Row:
    """Expected cost where workloads may not reach production."""
    best = site if site is not None else best_site_id(at)
    rows = [
        [
            at.formats.texts.name("strategy", row["strategy"]),
            at.formats.percent(row["probability"]),
            thousands(at, row["success_value"]),
            thousands(at, row["failure_value"]),
            thousands(at, row["expected_value"]),
        ]
        for row in at.summary["expected"]
        if row["site"] in (None, best)
    ]
    columns = (
        ("strategy", False), ("probability", True), ("success", True), ("failure", True), ("expected", True),
    )  # fmt: skip
    return panel(at, "expected", columns, rows)
