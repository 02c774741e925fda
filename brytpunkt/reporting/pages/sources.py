"""Sources: footnotes under figures, provenance by document, and what is stale on page one.

Belongs here: naming documents and their dates. Does not belong here: which source is right.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from brytpunkt.reporting.staleness import confirmed_sources, is_stale, stale_tables
from brytpunkt.reporting.words import short

if TYPE_CHECKING:
    from brytpunkt.reporting.pages.shared import Desk

Row = dict[str, Any]
NAMED = 3
NAME_LENGTH = 90
DIGEST_LENGTH = 12


def footnote(at: Desk, *tables: str) -> str:
    """The largest sources of a figure's tables with the date of their newest figure; empty where none is known."""
    words = at.formats.texts
    found = [row for row in at.summary["sources"] if row["table"] in tables]
    found.sort(key=lambda row: (-row["rows"], row["source"]))
    if not found:
        return ""
    newest: dict[str, Row] = {}
    for row in found:
        newest.setdefault(row["source"], row)
    named = [
        words(
            "text.source_dated",
            source=short(row["source"], NAME_LENGTH),
            date=at.formats.day(row["newest_source_date"]),
        )
        for row in list(newest.values())[:NAMED]
    ]
    more = len(newest) - len(named)
    rest = words("text.sources_more", count=more) if more else ""
    return words("text.sources", list="; ".join(named) + rest)


def stale_notes(at: Desk) -> list[str]:
    """One sentence for each table with stale sources; they lead the warnings of page one."""
    words, formats = at.formats.texts, at.formats
    return [
        words(
            "warnings.stale",
            table=words.name("table", item.table),
            count=item.sources,
            date=formats.day(item.oldest),
            days=formats.number(item.limit_days),
        )
        for item in stale_tables(confirmed_sources(at.summary), at.today)
    ]


def provenance_section(at: Desk, row: Row) -> Row:
    """Context of the partial `provenance`: documents by table, each with its sources and their dates.

    Sources of a document are grouped by licence and confidence, and each group is one run of text: a table of
    these would be longer than the rest of the report.
    """
    del row
    words, formats = at.formats.texts, at.formats
    run, plan = at.summary["run"], at.summary["plan"]
    tables: dict[tuple[str, str, str], Row] = {}
    for source in confirmed_sources(at.summary):
        digest = (source.get("document_sha256") or "")[:DIGEST_LENGTH]
        key = (source["table"], digest, source["retrieved_on"] or "")
        document = tables.setdefault(
            key,
            {
                "table": words.name("table", source["table"]),
                "document": words(
                    "text.document",
                    digest=digest or formats.number(None),
                    date=formats.day(source["retrieved_on"]),
                ),
                "groups": {},
            },
        )
        terms = ", ".join(
            part
            for part in (source["licence"], words.name("confidence", source["lowest_confidence"]))
            if part
        )
        named = words(
            "text.source_counted",
            source=short(source["source"], NAME_LENGTH * 2),
            count=formats.number(source["rows"]),
            date=formats.day(source["newest_source_date"]),
        )
        if is_stale(source, at.today):
            named = words("text.source_stale", source=named)
        document["groups"].setdefault(terms, []).append(named)
    return {
        "note": words(
            "text.provenance_note",
            date=formats.day(run["as_of"]),
            sha=plan["sha256"][:16],
            code=run["code_version"],
            run=run["run_id"],
        ),
        "documents": list(tables.values()),
    }
