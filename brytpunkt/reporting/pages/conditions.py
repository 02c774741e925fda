"""Conditions: footprint, readiness, control and storage, which are not money."""

from __future__ import annotations

from typing import TYPE_CHECKING

from brytpunkt.reporting.charts.draw import short
from brytpunkt.reporting.pages.panel import (
    LABEL_LENGTH,
    NAME_LENGTH,
    Row,
    best_site_id,
    panel,
    rows_of,
    site_names,
)

if TYPE_CHECKING:
    from brytpunkt.reporting.pages.shared import Desk


def footprint(at: Desk, site: str) -> Row:
    """Energy, carbon, water and heat of own servers."""
    words, formats = at.formats.texts, at.formats
    rows = [
        [
            words.name("panel_measure", row["measure"]),
            formats.significant(row["amount"], 4),
            formats.significant(
                None if row["per_million_tokens"] is None else row["per_million_tokens"] * 1000, 3
            ),
            row["basis"],
        ]
        for row in rows_of(at, "footprint", site)
    ]
    columns = (("measure", False), ("amount", True), ("per_billion", True), ("basis", False))
    return panel(at, "footprint", columns, rows)


def readiness(at: Desk, site: str | None) -> Row:
    """Which servers the room carries today."""
    names, words = site_names(at), at.formats.texts
    rows = []
    for row in at.summary["readiness"]:
        if site in (None, row["site"]):
            why = "; ".join(text for text in (row["reasons"], row["remarks"]) if text)
            cells = [
                words.name("mode", row["mode"]),
                short(row["server"], NAME_LENGTH),
                words.name("panel_ready", row["status"]),
                short(why or words("panel.nothing_against"), LABEL_LENGTH * 2),
                at.formats.number(row["most_servers"]),
            ]
            if site is None:
                cells = [names[row["site"]], *cells[:3], *cells[4:]]
            else:
                cells.insert(4, short(row["unknown"], LABEL_LENGTH * 2))
            rows.append(cells)
    columns: tuple[tuple[str, bool], ...] = (
        ("space", False), ("server", False), ("ready", False), ("why", False), ("unknown", False), ("most", True),
    )  # fmt: skip
    if site is None:
        columns = (("site", False), *columns[:3], columns[5])
    return panel(at, "readiness", columns, rows)


def control(at: Desk, site: str | None) -> Row:
    """Who could reach, stop or withhold the compute."""
    words = at.formats.texts
    best = site if site is not None else best_site_id(at)
    rows = [
        [
            row["subject"].replace("/", " / ").replace("_", " "),
            words.name("panel_dimension", row["dimension"].replace(" ", "_")),
            words.name("panel_rating", row["rating"]),
            row["finding"],
            row["source"],
        ]
        for row in at.summary["control"]
        if row["kind"] == "rent" or row["subject"].split("/")[0] == best
    ]
    columns = (
        ("subject", False),
        ("dimension", False),
        ("rating", False),
        ("finding", False),
        ("source", False),
    )
    return panel(at, "control", columns, rows) | {"is_long": True}


def storage(at: Desk) -> Row:
    """Whether NAS suffices."""
    names = {row["id"]: short(row["name"], NAME_LENGTH) for row in at.summary["workloads"]}
    rows = [
        [names.get(row["workload"], row["workload"]), at.formats.number(row["capacity_tb"]), row["verdict"]]
        for row in at.summary["storage"]
    ]
    return panel(at, "storage", (("workload", False), ("terabytes", True), ("verdict", False)), rows)
