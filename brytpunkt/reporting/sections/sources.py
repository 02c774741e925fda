"""Sources: footnotes under figures, provenance by document, and what is stale on page one.

Belongs here: naming documents and their dates. Does not belong here: which source is right.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from brytpunkt.reporting.sanitise import short
from brytpunkt.reporting.staleness import confirmed_sources, is_stale, stale_tables

if TYPE_CHECKING:
    from brytpunkt.reporting.sections.context import Desk

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
        document["groups"].setdefault(terms, []).append(source)
    for document in tables.values():
        document["groups"] = {terms: _named(at, found) for terms, found in document["groups"].items()}
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


def _named(at: Desk, sources: list[Row]) -> list[str]:
    """Sources of one licence with rows and date; those that are parts of one collection name it once."""
    collections: dict[str, list[Row]] = {}
    for source in sources:
        whole, separator, _ = source["source"].partition(", ")
        is_part = separator and whole.count("(") == whole.count(")")
        collections.setdefault(whole if is_part else source["source"], []).append(source)
    named = []
    for whole, parts in collections.items():
        if len(parts) == 1:
            named.append(_counted(at, parts[0], parts[0]["source"]))
        else:
            told = (_counted(at, part, part["source"].removeprefix(f"{whole}, ")) for part in parts)
            named.append(f"{short(whole, NAME_LENGTH)}: {'; '.join(told)}")
    return named


def _counted(at: Desk, source: Row, name: str) -> str:
    words, formats = at.formats.texts, at.formats
    counted = words(
        "text.source_counted",
        source=short(name, NAME_LENGTH * 2),
        count=formats.number(source["rows"]),
        date=formats.day(source["newest_source_date"]),
    )
    return words("text.source_stale", source=counted) if is_stale(source, at.today) else counted
