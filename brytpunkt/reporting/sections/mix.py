"""Mix: the optimal plan, what it orders when, and how sure the programme is of it.

Belongs here: pages on own and rented capacity together. Does not belong here: own against rent alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from brytpunkt.reporting.charts.effects import fleet
from brytpunkt.reporting.sanitise import short
from brytpunkt.reporting.sections.panel import LABEL_LENGTH, month_of, panel, rows_of, site_names, thousands

if TYPE_CHECKING:
    from brytpunkt.reporting.sections.context import Desk

Row = dict[str, Any]
LARGE_DIFFERENCE = 0.01


def mix_section(at: Desk, row: Row) -> Row | None:
    """Context of the partial `mix`: servers in service over time, orders, and for the portfolio every site's mix."""
    site = None if at.is_portfolio else row["site"]
    schedule = optimal_schedule(at, site)
    if schedule is None:
        return None
    panels = [optimal_sites(at), schedule] if site is None else [schedule]
    return {"fleet": _fleet(at, site), "panels": [item for item in panels if item["rows"]]}


def _fleet(at: Desk, site: str | None) -> Row | None:
    words = at.formats.texts
    bought = [
        (row["from_month"], min(row["until_month"], at.horizon), float(row["count"]))
        for row in rows_of(at, "optimal_schedule", site)
        if row["kind"] == "buy" and row["count"]
    ]
    if not bought:
        return None
    most = max(
        sum(count for start, end, count in bought if start <= month < end) for month in range(at.horizon)
    )
    return {
        "head": words("figure.fleet"),
        "sub": words("figure.fleet_sub"),
        "svg": fleet(
            at.canvas, at.horizon, bought, at.time.axis(), words("spoken.fleet", most=at.formats.number(most))
        ),
    }


def optimal_note(at: Desk, row: Row) -> str:
    """What the programme found, how sure that is, and beside what."""
    formats, words = at.formats, at.formats.texts
    if not row["is_feasible"]:
        return words("panel.infeasible", reason=at.say(row["reason"] or ""))
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
                "panel.optimal_unproven",
                objective=formats.money(row["objective"]),
                difference=formats.percent(row["difference_share"], 2),
            )
            if row["bound"] is None
            else words(
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
        parts.append(words("panel.optimal_excluded", list=at.say(row["excluded"])))
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
            short(at.say(row["name"]) or row["item"], LABEL_LENGTH)
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
                formats.percent(None if saved is None or not rent else saved / rent, signed=True),
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
