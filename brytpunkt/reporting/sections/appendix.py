"""Appendix: glossary and assumptions, the same in every report.

Belongs here: what explains the rest. Does not belong here: documents and their dates (see sources.py).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from brytpunkt.reporting.sections import tables

if TYPE_CHECKING:
    from brytpunkt.reporting.sections.context import Desk

Row = dict[str, Any]
GLOSSARY = "glossary."
DECLARED = "declared"
READING = ("present_value", "best_month", "cost", "marks", "numbers")


def glossary_section(at: Desk, row: Row) -> Row:
    """Context of the partial `glossary`: terms in the order of the reader's alphabet."""
    del row
    words = at.formats.texts
    keys = [key for key in words.entries if key.startswith(GLOSSARY) and key.endswith(".term")]
    entries = [(words(key), words(key.removesuffix("term") + "meaning")) for key in keys]
    return {"entries": sorted(entries, key=lambda entry: entry[0].casefold())}


def assumptions_section(at: Desk, row: Row) -> Row:
    """Context of the partial `assumptions`: those of the site, or all of them for the portfolio.

    What the plan declares is a table; the rest, which is longer and seldom read, is set as runs of text.
    """
    site = None if at.is_portfolio else row["site"]
    groups = tables.assumption_rows(at.summary, at.formats, site, at.say)
    declared = ((name, [row for row in rows if row["origin"] == DECLARED]) for name, rows in groups)
    others = ((name, _by_source(at, rows)) for name, rows in groups)
    return {
        "declared": [(name, rows) for name, rows in declared if rows],
        "others": [(name, runs) for name, runs in others if runs],
    }


def _by_source(at: Desk, rows: list[Row]) -> list[tuple[str, str]]:
    """Defaults and figures of the catalog as runs of text, one for each source -> mark and source, figures."""
    runs: dict[str, list[str]] = {}
    for row in rows:
        if row["origin"] != DECLARED:
            said = at.formats.texts(
                "text.assumed",
                what=row["description"].rstrip("."),
                value=f"{row['shown']} {row['unit']}".strip(),
                path=row["path"],
            )
            runs.setdefault(f"{row['mark']} {row['source'] or row['origin_name']}", []).append(said)
    return [(source, " · ".join(said)) for source, said in runs.items()]


def how_to_read(at: Desk) -> list[tuple[str, str]]:
    """The few words that page two explains before the reader goes on -> heading, text."""
    words = at.formats.texts
    return [(words(f"reading.{key}.head"), words(f"reading.{key}.text")) for key in READING]
