"""Taking the landing's journal in: record after record, once each; from the beginning where the warehouse is new.

Refreshing, recovery after a kill, and the rebuilding of a lost warehouse are this one way.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from brytpunkt.errors import BrytpunktError
from brytpunkt.landing.journal import Record
from brytpunkt.landing.store import Landing
from brytpunkt.publishers.base import Batch, Listing
from brytpunkt.publishers.find import BUNDLED, FindPublisher
from brytpunkt.publishers.source import Source
from brytpunkt.warehouse.ingestion import IngestReport, Policy, write_listing
from brytpunkt.warehouse.store import Warehouse, transaction

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


def apply_pending(
    warehouse: Warehouse,
    landing: Landing,
    sources: Mapping[str, Source],
    publisher: FindPublisher,
    parsed: Mapping[int, list[Batch]] | None = None,
) -> list[Applied]:
    """Take in every record that the warehouse does not know yet; -> what each did.

    ``parsed`` holds, by position, batches that are parsed already. The warehouse is open only while rows are written.
    Raises ``BrytpunktError`` if a record's source is declared no longer: its rows could not be rebuilt.
    """
    with warehouse.open() as connection:
        position = _position(connection)
    applied = []
    for record in landing.journal.since(position):
        source = sources.get(record.origin)
        if source is None:
            message = f"{record.origin}: the landing holds publications of a source that is declared no longer; restore its declaration"
            raise BrytpunktError(message)
        batches, reason = None, record.reason
        if record.kind == "publication":
            batches = (parsed or {}).get(record.position)
            if batches is None:
                batches, reason = _parse(publisher(source.publisher), landing.listing(record))
        with warehouse.open() as connection:
            if _position(connection) < record.position:
                applied.append(_apply(connection, warehouse, landing, source, record, batches, reason))
    return applied


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
    source: Source,
    record: Record,
    batches: list[Batch] | None,
    reason: str | None,
) -> Applied:
    queries = warehouse.sql / "queries"
    with transaction(connection):
        if batches is not None:
            if source.publisher != BUNDLED:
                _declare(connection, source)
            report = write_listing(
                connection, queries, landing.listing(record), batches, policy(source, record)
            )
            outcome = "refused" if report.refused else "changed" if report.is_changed else "unchanged"
            applied = Applied(record, outcome, report, report.refused)
        elif record.kind in {"unchanged", "confirmed"}:
            applied = _as_before(connection, record)
        else:
            applied = Applied(record, "failed", None, reason)
        _write_down(connection, applied)
    return applied


def policy(source: Source, record: Record) -> Policy:
    """How a record of a source is taken in."""
    if source.publisher == BUNDLED:
        return Policy()
    return Policy(record.at, record.accepted, source.withdraw_after_days, source.spot_tolerance_share)


def _declare(connection: duckdb.DuckDBPyConnection, source: Source) -> None:
    connection.execute("DELETE FROM origins WHERE origin = ?", [source.id])
    connection.execute("INSERT INTO origins VALUES (?, ?)", [source.id, source.precedence])


def _as_before(connection: duckdb.DuckDBPyConnection, record: Record) -> Applied:
    """Nothing new: what was good is confirmed, what was refused stays refused."""
    before = connection.execute(
        "SELECT outcome, reason FROM publications WHERE origin = ? AND outcome <> 'failed' ORDER BY position DESC LIMIT 1",
        [record.origin],
    ).fetchone()
    if before is not None and before[0] == "refused":
        return Applied(record, "refused", None, before[1])
    return Applied(record, "unchanged")


def _write_down(connection: duckdb.DuckDBPyConnection, applied: Applied) -> None:
    record, tables = applied.record, applied.report.tables if applied.report else ()
    connection.execute(
        "INSERT INTO publications VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            record.position,
            record.origin,
            record.kind,
            applied.outcome,
            record.at,
            record.version,
            record.listing_sha256,
            sum(t.inserted for t in tables),
            sum(t.withdrawn for t in tables),
            sum(t.quarantined for t in tables),
            applied.reason,
        ],
    )


def origins_of(applied: Iterable[Applied]) -> list[str]:
    """Sources of which anything changed."""
    return list(dict.fromkeys(one.record.origin for one in applied if one.outcome == "changed"))
