"""Taking the landing's journal in: record after record, once each; from the beginning where the warehouse is new.

Refreshing, recovery after a kill, and the rebuilding of a lost warehouse are this one way.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from brytpunkt.errors import BrytpunktError
from brytpunkt.landing.journal import Record
from brytpunkt.landing.store import Landing
from brytpunkt.publishers._shared.protocol import Batch, Listing
from brytpunkt.publishers._shared.source import Source
from brytpunkt.publishers.find import BUNDLED, FindPublisher
from brytpunkt.warehouse.connection import Warehouse, transaction
from brytpunkt.warehouse.series_store import withdraw_settled
from brytpunkt.warehouse.upsert import IngestReport, Policy, withdraw_missing, write_listing

if TYPE_CHECKING:
    import duckdb

CONFIRMING = ("changed", "unchanged")


@dataclass(frozen=True)
class Applied:
    """A record taken in: ``outcome`` is changed, unchanged, refused or failed."""

    record: Record
    outcome: str
    report: IngestReport | None = None
    reason: str | None = None
    withdrawn: int = 0
    missing: int = 0


def apply_pending(
    warehouse: Warehouse,
    landing: Landing,
    find: FindPublisher,
    parsed: Mapping[int, list[Batch]] | None = None,
) -> list[Applied]:
    """Take in every record that the warehouse does not know yet; -> what each did.

    ``parsed`` holds, by position, batches that are parsed already. The warehouse is open only while rows are written.
    Raises ``BrytpunktError`` if there is no module any more that reads a record's documents.
    """
    known = dict(parsed or {})
    unreadable: dict[int, str] = {}
    applied: list[Applied] = []
    while True:
        waiting: Record | None = None
        with warehouse.open() as connection:
            for record in landing.journal.since(_position(connection)):
                at = record.position
                if record.kind == "publication" and at not in known and at not in unreadable:
                    waiting = record
                    break
                reason = unreadable.get(at, record.reason)
                applied.append(_apply(connection, warehouse, landing, record, known.get(at), reason))
        if waiting is None:
            return applied
        batches, why = _parse(find(waiting.publisher), landing.listing(waiting))
        if batches is None:
            unreadable[waiting.position] = why or "its documents cannot be read"
        else:
            known[waiting.position] = batches


def _position(connection: duckdb.DuckDBPyConnection) -> int:
    found = connection.execute("SELECT coalesce(max(position), 0) FROM publications").fetchone()
    return int(found[0]) if found else 0


def _parse(publisher: object, listing: Listing) -> tuple[list[Batch] | None, str | None]:
    try:
        return list(publisher.parse(listing)), None  # type: ignore[attr-defined]
    except BrytpunktError as error:
        return None, str(error)


def _apply(
    connection: duckdb.DuckDBPyConnection,
    warehouse: Warehouse,
    landing: Landing,
    record: Record,
    batches: list[Batch] | None,
    reason: str | None,
) -> Applied:
    queries = warehouse.sql / "queries"
    with transaction(connection):
        if batches is not None:
            _declare(connection, record)
            report = write_listing(connection, queries, landing.listing(record), batches, policy(record))
            withdraw_settled(connection, batches, record.at, record.origin)
            outcome = "refused" if report.refused else "changed" if report.is_changed else "unchanged"
            applied = Applied(record, outcome, report, report.refused)
        elif record.kind in {"unchanged", "confirmed"}:
            applied = _as_before(connection, queries, record)
        else:
            applied = Applied(record, "failed", None, reason)
        _write_down(connection, applied)
    return applied


def rules(source: Source) -> dict[str, Any]:
    """What a source's declaration says about taking it in, as a record keeps it."""
    names = ("precedence", "withdraw_after_days", "spot_tolerance_share")
    return {name: getattr(source, name) for name in names}


def policy(record: Record) -> Policy:
    """How a record is taken in."""
    if record.publisher == BUNDLED:
        return Policy()
    return Policy(
        record.at,
        record.accepted,
        record.rules["withdraw_after_days"],
        record.rules["spot_tolerance_share"],
    )


def _declare(connection: duckdb.DuckDBPyConnection, record: Record) -> None:
    """Keep the precedence of a live source; the bundled snapshot goes last, and its rows say when they were seen."""
    if record.publisher == BUNDLED:
        return
    connection.execute("DELETE FROM origins WHERE origin = ?", [record.origin])
    connection.execute("INSERT INTO origins VALUES (?, ?)", [record.origin, record.rules["precedence"]])


def _as_before(connection: duckdb.DuckDBPyConnection, queries: Path, record: Record) -> Applied:
    """Nothing new: what was good is confirmed, what was refused stays refused."""
    before = connection.execute(
        "SELECT outcome, reason FROM publications WHERE origin = ? AND outcome <> 'failed' ORDER BY position DESC LIMIT 1",
        [record.origin],
    ).fetchone()
    if before is not None and before[0] == "refused":
        return Applied(record, "refused", None, before[1])
    days = record.rules.get("withdraw_after_days", 0)
    withdrawn, missing = withdraw_missing(connection, queries, record.origin, record.at, days)
    return Applied(record, "changed" if withdrawn else "unchanged", withdrawn=withdrawn, missing=missing)


def _write_down(connection: duckdb.DuckDBPyConnection, applied: Applied) -> None:
    record, tables = applied.record, applied.report.tables if applied.report else ()
    connection.execute(
        "INSERT INTO publications VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            record.position,
            record.origin,
            record.kind,
            applied.outcome,
            record.at,
            record.version,
            record.listing_sha256,
            sum(t.inserted for t in tables),
            sum(t.withdrawn for t in tables) + applied.withdrawn,
            sum(t.quarantined for t in tables),
            sum(t.missing for t in tables) + applied.missing,
            applied.reason,
        ],
    )


def origins_of(applied: Iterable[Applied]) -> list[str]:
    """Sources of which anything changed."""
    return list(dict.fromkeys(one.record.origin for one in applied if one.outcome == "changed"))
