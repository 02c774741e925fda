"""Taking the landing's journal in: record after record, once each; from the beginning where the warehouse is new.

Refreshing, recovery after a kill, and the rebuilding of a lost warehouse are this one way.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from brytpunkt.errors import BrytpunktError, DamagedError
from brytpunkt.landing.journal import Record
from brytpunkt.landing.store import Landing
from brytpunkt.publishers._shared.protocol import Batch, Listing
from brytpunkt.publishers._shared.source import Source
from brytpunkt.publishers.find import BUNDLED, FindPublisher
from brytpunkt.warehouse.connection import Warehouse, transaction
from brytpunkt.warehouse.table_report import IngestReport
from brytpunkt.warehouse.table_status import as_before, write_down
from brytpunkt.warehouse.upsert import Policy, write_listing

if TYPE_CHECKING:
    import duckdb


@dataclass(frozen=True)
class Applied:
    """A record taken in: ``outcome`` is changed, unchanged, refused or failed; the report says so table by table."""

    record: Record
    outcome: str
    report: IngestReport
    reason: str | None = None


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
        batches, why = _parse(find(waiting.publisher), landing, landing.listing(waiting))
        if batches is None:
            unreadable[waiting.position] = why or "its documents cannot be read"
        else:
            known[waiting.position] = batches


def _position(connection: duckdb.DuckDBPyConnection) -> int:
    found = connection.execute("SELECT coalesce(max(position), 0) FROM publications").fetchone()
    return int(found[0]) if found else 0


def _parse(publisher: object, landing: Landing, listing: Listing) -> tuple[list[Batch] | None, str | None]:
    try:
        return list(publisher.parse(listing)), None  # type: ignore[attr-defined]
    except DamagedError as error:
        landing.set_aside(error.sha256)
        return None, str(error)
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
            outcome, why = str(report.outcome), report.refused
        elif record.kind in {"unchanged", "confirmed"}:
            outcome, why, report = as_before(connection, queries, record)
        else:
            outcome, why, report = "failed", reason, IngestReport(record.origin, record.listing_sha256 or "")
        write_down(connection, record, outcome, why, report)
    return Applied(record, outcome, report, why)


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
