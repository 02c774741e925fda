"""Panels: what the plan found beyond own and rent, each as a heading, a note and a table.

Belongs here: the optimal plan, margins, regret, disruptions, the bill, returns, readiness, control, storage.
Does not belong here: page one, charts, layout (templates/partials/macros.html.j2).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from brytpunkt.reporting.charts.draw import short
from brytpunkt.reporting.pages.conditions import control, footprint, readiness, storage
from brytpunkt.reporting.pages.panel import (
    LABEL_LENGTH,
    Row,
    best_site_id,
    month_of,
    panel,
    rows_of,
    site_names,
    thousands,
)

if TYPE_CHECKING:
    from brytpunkt.reporting.pages.shared import Desk

STRATEGIES = ("rent", "own", "optimal")
EFFECTS = ("volume", "mix", "intensity", "price", "fixed")
LARGE_DIFFERENCE = 0.01


def site_panels(at: Desk, site: str) -> list[Row]:
    """Everything that a site's report says beyond own and rent."""
    found = [
        optimal_schedule(at, site),
        margins(at, site),
        regret(at, site),
        disruptions(at, site),
        expected(at, site),
        paradox(at, site),
        money(at, site),
        footprint(at, site),
        readiness(at, site),
        control(at, site),
        storage(at),
    ]
    return [item for item in found if item is not None and item["rows"]]


def portfolio_panels(at: Desk) -> list[Row]:
    """Everything that the portfolio's report says beyond own and rent."""
    found = [
        optimal_sites(at),
        optimal_schedule(at, None),
        disruptions(at, None),
        expected(at, None),
        paradox(at, None),
        readiness(at, None),
        control(at, None),
        storage(at),
    ]
    return [item for item in found if item is not None and item["rows"]]


def optimal_note(at: Desk, row: Row) -> str:
    """What the programme found, how sure that is, and beside what."""
    formats, words = at.formats, at.formats.texts
    if not row["is_feasible"]:
        return words("panel.infeasible", reason=row["reason"])
    parts = [
        words(
            "panel.optimal_found",
            value=formats.money(row["present_value"]),
            pure=words.name("strategy", str(row["best_pure"]).rpartition(" ")[2]),
            pure_value=formats.money(row["best_pure_value"]),
        )
    ]
    if row["source"] == "programme":
        parts.append(
            words(
                "panel.optimal_gap",
                objective=formats.money(row["objective"]),
                bound=formats.money(row["bound"]),
                gap=formats.percent(row["gap"], 2),
                difference=formats.percent(row["difference_share"], 2),
            )
        )
        if abs(row["difference_share"] or 0.0) > LARGE_DIFFERENCE:
            parts.append(words("panel.optimal_differs"))
    else:
        parts.append(
            words("panel.optimal_pure", name=words.name("strategy", row["source"].rpartition(" ")[2]))
        )
    if row["excluded"]:
        parts.append(words("panel.optimal_excluded", list=row["excluded"]))
    return " ".join(parts)


def optimal_schedule(at: Desk, site: str | None) -> Row | None:
    """What to order and to commit, and when."""
    optimum = next(iter(rows_of(at, "optimal", site)), None)
    if optimum is None:
        return None
    names, words = site_names(at), at.formats.texts
    rows = [
        [
            month_of(at, row["order_month"]),
            words.name("panel_kind", row["kind"]),
            short(row["name"] or row["item"], LABEL_LENGTH)
            + (f", {names[row['place']]}" if site is None and row["place"] else ""),
            month_of(at, row["from_month"]),
            month_of(at, row["until_month"]),
            at.formats.number(row["count"]),
        ]
        for row in rows_of(at, "optimal_schedule", site)
    ]
    columns = (
        ("order", False), ("kind", False), ("what", False), ("from", False), ("until", False), ("count", True),
    )  # fmt: skip
    note = optimal_note(at, optimum)
    if not rows:
        rows = [[at.formats.number(None), words("panel.nothing_bought"), "", "", "", ""]]
    return panel(at, "optimal", columns, rows, note)


def optimal_sites(at: Desk) -> Row:
    """The optimal plan of every site beside its own and rent."""
    names, formats = site_names(at), at.formats
    by_site = {row["site"]: row for row in at.sites}
    rows = []
    for row in sorted(
        at.summary["optimal"], key=lambda row: (row["site"] is not None, row["present_value"] or 0)
    ):
        own = by_site[row["site"]]["npv_own"] if row["site"] else None
        rent = at.sites[0]["npv_rent"]
        saved = None if row["present_value"] is None else rent - row["present_value"]
        rows.append(
            [
                names[row["site"]],
                thousands(at, row["present_value"]),
                thousands(at, saved, signed=True),
                formats.percent(None if saved is None else saved / rent, signed=True),
                thousands(at, own),
                thousands(at, rent),
                formats.percent(row["gap"], 2),
                formats.percent(row["difference_share"], 2),
            ]
        )
    columns = (
        ("site", False), ("optimal", True), ("saving", True), ("share", True), ("own", True), ("rent", True),
        ("gap", True), ("differs", True),
    )  # fmt: skip
    return panel(at, "optimal_sites", columns, rows)


def margins(at: Desk, site: str) -> Row:
    """What would flip the verdict."""
    formats, words = at.formats, at.formats.texts
    rows = []
    for row in rows_of(at, "margins", site):
        multiple = row["multiple"]
        if multiple is None:
            flips = words("panel.no_flip")
        elif row["factor"] == "delivery":
            flips = words("panel.later", months=formats.number(multiple))
        else:
            flips = words("panel.times", change=formats.percent(multiple - 1, 1, signed=True))
        rows.append([words.name("panel_factor", row["factor"]), flips])
    return panel(at, "margins", (("factor", False), ("flips", False)), rows)


def regret(at: Desk, site: str) -> Row:
    """Every strategy over the scenarios: what it costs there, and the worst regret."""
    words = at.formats.texts
    scenarios = [row for row in at.summary["scenarios"] if row["site"] == site]
    order = list(dict.fromkeys(row["scenario"] for row in scenarios))
    values = {(row["scenario"], row["strategy"]): row for row in scenarios}
    names = {row["scenario"]: row["scenario_name"] for row in scenarios}
    shown = [name for name in ("rent", "committed", "own") if any(key[1] == name for key in values)]
    rows = []
    for scenario in order:
        cells = [values.get((scenario, name)) for name in shown]
        rows.append(
            [
                words("panel.as_planned") if scenario == "base" else short(names[scenario], LABEL_LENGTH),
                *(
                    thousands(at, cell["present_value"]) if cell else at.formats.number(None)
                    for cell in cells
                ),
                *(thousands(at, cell["regret"]) if cell else at.formats.number(None) for cell in cells),
            ]
        )
    found = panel(at, "regret", (("scenario", False),), rows)
    found["columns"] += [(words.name("panel_short", name), True) for name in shown]
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
        unserved = max((cell["unserved_share"] for cell in found if cell), default=0.0)
        rows.append(
            [
                short(name, LABEL_LENGTH),
                *(
                    thousands(at, cell["extra_cost"], signed=True) if cell else at.formats.number(None)
                    for cell in found
                ),
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


def paradox(at: Desk, site: str | None) -> Row:
    """Why the yearly bill changes from the first plan year to the last whole one."""
    best = site if site is not None else best_site_id(at)
    found_rows = [row for row in at.summary["paradox"] if row["site"] in (None, best)]
    last = max((row["to_year"] for row in found_rows), default=0)
    rows = []
    for strategy in STRATEGIES:
        effects = {
            row["effect"]: row
            for row in found_rows
            if (row["strategy"], row["from_year"], row["to_year"]) == (strategy, 0, last)
        }
        if effects:
            any_row = next(iter(effects.values()))
            rows.append(
                [
                    at.formats.texts.name("strategy", strategy),
                    thousands(at, any_row["from_bill"]),
                    *(thousands(at, effects[name]["amount"], signed=True) for name in EFFECTS),
                    thousands(at, any_row["to_bill"]),
                ]
            )
    columns = (
        ("strategy", False), ("first_year", True), *((name, True) for name in EFFECTS), ("last_year", True),
    )  # fmt: skip
    words = at.formats.texts
    return panel(at, "paradox", columns, rows, words("panel.paradox_note", year=at.formats.number(last + 1)))


def money(at: Desk, site: str) -> Row | None:
    """The rate of return, and cash, loan and lease of the first delivery."""
    formats, words = at.formats, at.formats.texts
    returned = next(iter(rows_of(at, "returns", site)), None)
    if returned is None:
        return None
    rates = ", ".join(formats.percent(rate, 1) for rate in returned["rates"])
    rows = [
        [
            words.name("panel_financing", row["kind"]),
            thousands(at, row["monthly_payment"]),
            thousands(at, row["total_paid"]),
            thousands(at, row["after_tax_value"]),
            thousands(at, row["advantage_over_cash"], signed=True),
        ]
        for row in rows_of(at, "financing", site)
    ]
    columns = (
        ("paid_by", False),
        ("payment", True),
        ("total_paid", True),
        ("after_tax", True),
        ("advantage", True),
    )
    note = words(f"panel.irr_{returned['kind']}", rates=rates) + " " + words("panel.money_note")
    return panel(at, "money", columns, rows, note)
