"""Appendix: glossary and assumptions, the same in every report.

Belongs here: what explains the rest. Does not belong here: documents and their dates (see sources.py).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from brytpunkt.reporting.pages import tables

if TYPE_CHECKING:
    from brytpunkt.reporting.pages.shared import Desk

Row = dict[str, Any]
GLOSSARY = "glossary."
READING = ("present_value", "best_month", "cost", "marks", "numbers")


def glossary_section(at: Desk, row: Row) -> Row:
    """Context of the partial `glossary`: terms in the order of the reader's alphabet."""
    del row
    words = at.formats.texts
    keys = [key for key in words.entries if key.startswith(GLOSSARY) and key.endswith(".term")]
    entries = [(words(key), words(key.removesuffix("term") + "meaning")) for key in keys]
    return {"entries": sorted(entries, key=lambda entry: entry[0].casefold())}


def assumptions_section(at: Desk, row: Row) -> Row:
    """Context of the partial `assumptions`: those of the site, or all of them for the portfolio."""
    site = None if at.is_portfolio else row["site"]
    return {"groups": tables.assumption_rows(at.summary, at.formats, site, at.say)}


def how_to_read(at: Desk) -> list[tuple[str, str]]:
    """The few words that page two explains before the reader goes on -> heading, text."""
    words = at.formats.texts
    return [(words(f"reading.{key}.head"), words(f"reading.{key}.text")) for key in READING]
