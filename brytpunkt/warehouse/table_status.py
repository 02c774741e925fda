"""Table status: what the warehouse last heard of each table of a source: taken or refused, when, and why.

Belongs here: the record of publications, read and written table by table, and what follows from a publication that says
nothing new. Does not belong here: taking rows in (ingestion), and how a source stands as a whole (standing).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from brytpunkt.tables.contracts import CONTRACTS
from brytpunkt.warehouse.table_report import IngestReport, TableReport

if TYPE_CHECKING:
    import duckdb

    from brytpunkt.landing.journal import Record

COUNTS = ("inserted", "confirmed", "withdrawn", "quarantined", "kept", "missing")


@dataclass(frozen=True)
class Heard:
    """One record as it was taken in: changed, unchanged, refused or failed, why, and table by table."""

    outcome: str
    reason: str | None
    report: IngestReport


@dataclass(frozen=True)
class Confirmed:
    """When a table of a source was last published and taken, when it was last confirmed, and the rows missing since."""

    published_at: datetime | None
    confirmed_at: datetime | None
    rows_missing: int


def write_down(
    connection: duckdb.DuckDBPyConnection,
    record: Record,
    outcome: str,
    reason: str | None,
    report: IngestReport,
) -> None:
    """Keep what became of a record, as a whole and table by table; within the transaction that took it in."""
    tables = report.tables
    connection.execute(
        "INSERT INTO publications VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            *(record.position, record.origin, record.kind, outcome, record.at, record.version),
            record.listing_sha256,
            *(sum(getattr(one, name) for one in tables) for name in ("inserted", "withdrawn", "quarantined")),
            sum(one.missing for one in tables),
            reason,
        ],
    )
    for one in tables:
        connection.execute(
            "INSERT INTO publication_tables VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                *(record.position, record.origin, one.table, one.outcome, record.at),
                *(getattr(one, name) for name in COUNTS),
                one.refused,
            ],
        )


def heard_at(connection: duckdb.DuckDBPyConnection, queries: Path, position: int) -> Heard | None:
    """What became of the record at a position of the journal; None if it was not taken in yet."""
    found = connection.execute(
        "SELECT outcome, reason, origin, listing_sha256 FROM publications WHERE position = ?", [position]
    ).fetchone()
    if found is None:
        return None
    outcome, reason, origin, sha256 = found
    query = (queries / "tables_at.sql").read_text(encoding="utf-8")
    rows = connection.execute(query, {"position": position}).fetchall()
    tables = tuple(TableReport(*row) for row in rows)
    return Heard(outcome, reason, IngestReport(origin, sha256 or "", tables))


def last_heard(connection: duckdb.DuckDBPyConnection, queries: Path, origin: str) -> Heard | None:
    """The newest that a source said, whatever became of it; a source that could not be reached said nothing."""
    found = connection.execute(
        "SELECT max(position) FROM publications WHERE origin = ? AND kind <> 'failed'", [origin]
    ).fetchone()
    return None if found is None or found[0] is None else heard_at(connection, queries, found[0])


def has_last_good(connection: duckdb.DuckDBPyConnection, origin: str) -> bool:
    """Whether anything of a source was ever taken, so that there is something to keep."""
    found = connection.execute(
        "SELECT 1 FROM publication_tables WHERE origin = ? AND outcome <> 'refused' LIMIT 1", [origin]
    ).fetchone()
    return found is not None


def tables_known(connection: duckdb.DuckDBPyConnection, origin: str) -> list[str]:
    """Every table that a source ever brought, by name."""
    found = connection.execute(
        "SELECT DISTINCT table_name FROM publication_tables WHERE origin = ? ORDER BY table_name", [origin]
    )
    return [str(name) for (name,) in found.fetchall()]


def last_confirmed(
    connection: duckdb.DuckDBPyConnection, queries: Path, origin: str, table: str
) -> Confirmed:
    """When a table of a source was last taken and confirmed."""
    query = (queries / "last_confirmed.sql").read_text(encoding="utf-8")
    found = connection.execute(query, {"origin": origin, "table": table}).fetchone()
    return Confirmed(*found) if found else Confirmed(None, None, 0)


def as_before(
    connection: duckdb.DuckDBPyConnection, queries: Path, record: Record
) -> tuple[str, str | None, IngestReport]:
    """A record that says nothing new -> its outcome, the reason, and the tables.

    What was taken is confirmed, and rows that have been missing for too long are withdrawn; what was refused stays
    refused, and what could not be read stays unread.
    """
    before = last_heard(connection, queries, record.origin)
    nothing = IngestReport(record.origin, record.listing_sha256 or "")
    if before is None:
        return "unchanged", None, nothing
    if before.outcome == "failed":
        return "failed", before.reason, nothing
    days = record.rules.get("withdraw_after_days", 0)
    report = replace(
        nothing,
        tables=tuple(
            TableReport(one.table, kept=one.kept, refused=one.refused)
            if one.refused
            else _confirm(connection, queries, record, one.table, days)
            for one in before.report.tables
        ),
    )
    return report.outcome, report.refused, report


def _confirm(
    connection: duckdb.DuckDBPyConnection, queries: Path, record: Record, table: str, days: int
) -> TableReport:
    known = last_confirmed(connection, queries, record.origin, table)
    if table not in CONTRACTS or not known.rows_missing or known.published_at is None:
        return TableReport(table)
    query = (queries / "withdraw_missing.sql").read_text(encoding="utf-8")
    parameters: dict[str, Any] = {
        "origin": record.origin,
        "seen": record.at,
        "published_at": known.published_at,
        "missing_since": record.at - timedelta(days=days),
    }
    changed = connection.execute(query.format(table=table), parameters).fetchall()
    withdrawn = int(changed[0][0])
    return TableReport(table, withdrawn=withdrawn, missing=known.rows_missing - withdrawn)
