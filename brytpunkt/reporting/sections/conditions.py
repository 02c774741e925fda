"""Conditions: footprint, control, readiness and storage, which are not money.

Belongs here: pages on what else is taken on or got rid of. Does not belong here: cost.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from brytpunkt.reporting.sanitise import short
from brytpunkt.reporting.sections.panel import NAME_LENGTH, best_site_id, panel, rows_of, site_names

if TYPE_CHECKING:
    from brytpunkt.reporting.sections.context import Desk

Row = dict[str, Any]
JOINED = "; "
RATING_MARKS = {"low": "○", "medium": "◉", "high": "●"}
NOT_RECORDED = "?"
REMARK = "generally known, not read again"


def footprint_section(at: Desk, row: Row) -> Row | None:
    """Context of the partial `panels`: energy, carbon, water and heat of own servers."""
    words, formats = at.formats.texts, at.formats
    rows = [
        [
            words.name("panel_measure", item["measure"]),
            formats.significant(item["amount"], 4),
            formats.significant(
                None if item["per_million_tokens"] is None else item["per_million_tokens"] * 1000, 3
            ),
            at.say(item["basis"]),
        ]
        for item in rows_of(at, "footprint", row["site"])
    ]
    columns = (("measure", False), ("amount", True), ("per_billion", True), ("basis", False))
    return {"panels": [panel(at, "footprint", columns, rows) | {"head": ""}]} if rows else None


def readiness_section(at: Desk, row: Row) -> Row | None:
    """Context of the partial `panels`: which servers each room carries today, and which storage suffices."""
    site = None if at.is_portfolio else row["site"]
    found = [item for item in (_rooms(at, site), _storage(at)) if item["rows"]]
    return {"panels": found} if found else None


def _rooms(at: Desk, site: str | None) -> Row:
    """Rooms that differ in nothing but the server are one row."""
    names, words, formats = site_names(at), at.formats.texts, at.formats
    grouped: dict[tuple[str, ...], list[Row]] = {}
    for item in at.summary["readiness"]:
        if site not in {None, item["site"]}:
            continue
        why = JOINED.join(at.say(said) for said in (item["reasons"], item["remarks"]) if said)
        key = (
            names[item["site"]],
            words.name("mode", item["mode"]),
            words.name("panel_ready", item["status"]),
            why or words("panel.nothing_against"),
            at.say(item["unknown"]),
        )
        grouped.setdefault(key, []).append(item)
    rows = []
    for (where, space, status, why, unknown), items in grouped.items():
        servers = ", ".join(short(item["server"], NAME_LENGTH) for item in items)
        counts = sorted({item["most_servers"] or 0 for item in items})
        most = formats.number(counts[0])
        if len(counts) > 1:
            most = f"{most}\u2013{formats.number(counts[-1])}"
        rows.append([where, space, servers, status, why, unknown, most])
    columns: tuple[tuple[str, bool], ...] = (
        ("site", False), ("space", False), ("server", False), ("ready", False), ("why", False),
        ("unknown", False), ("most", True),
    )  # fmt: skip
    if site is not None:
        columns, rows = columns[1:], [row[1:] for row in rows]
    return panel(at, "readiness", columns, rows)


def _storage(at: Desk) -> Row:
    names = {row["id"]: short(row["name"], NAME_LENGTH) for row in at.summary["workloads"]}
    rows = [
        [
            names.get(row["workload"], row["workload"]),
            at.formats.number(row["capacity_tb"]),
            at.say(row["verdict"]),
        ]
        for row in at.summary["storage"]
    ]
    return panel(at, "storage", (("workload", False), ("terabytes", True), ("verdict", False)), rows)


def control_section(at: Desk, row: Row) -> Row | None:
    """Context of the partial `control`: a matrix of exposure, a reason for each cell, and numbered sources."""
    words = at.formats.texts
    own = best_site_id(at) if at.is_portfolio else row["site"]
    chosen = [
        item
        for item in at.summary["control"]
        if item["kind"] == "rent" or item["subject"].split("/")[0] == own
    ]
    if not chosen:
        return None
    numbers: dict[str, int] = {}
    subjects: dict[str, list[Row]] = {}
    for item in chosen:
        marks = [numbers.setdefault(source, len(numbers) + 1) for source in _split(item["source"]) if source]
        subjects.setdefault(item["subject"], []).append(
            {
                "dimension": words.name("panel_dimension", item["dimension"].replace(" ", "_")),
                "rating": words.name("panel_rating", item["rating"]),
                "level": item["rating"],
                "mark": RATING_MARKS.get(item["rating"], NOT_RECORDED),
                "finding": at.say(item["finding"]),
                "sources": ", ".join(str(mark) for mark in sorted(set(marks))),
            }
        )
    dimensions = list(dict.fromkeys(cell["dimension"] for cells in subjects.values() for cell in cells))
    return {
        "note": words("panel.control_note"),
        "dimensions": dimensions,
        "subjects": [
            {
                "name": _subject(at, subject),
                "cells": cells,
                "matrix": [
                    next((cell for cell in cells if cell["dimension"] == dimension), None)
                    for dimension in dimensions
                ],
            }
            for subject, cells in subjects.items()
        ],
        "sources": [(number, at.say.declared(source)) for source, number in numbers.items()],
    }


def _split(sources: str | None) -> list[str]:
    """Sources one by one; a remark on how a source was read stays with it."""
    found: list[str] = []
    for part in (piece.strip() for piece in (sources or "").split(";")):
        if part == REMARK and found:
            found[-1] += f"{JOINED}{part}"
        else:
            found.append(part)
    return found


def _subject(at: Desk, subject: str) -> str:
    """`lulea/own_hall/B300` as a reader says it: `Luleå, an own hall, B300`."""
    names, words = site_names(at), at.formats.texts
    first, *rest = subject.split("/")
    shown = [names[first] if first in names else first.capitalize()]
    for part in rest:
        known = words.get(f"mode.{part}", "") or words.get(f"rented_how.{part}", "")
        shown.append(known or part)
    return ", ".join(shown)
