"""The quote inbox: files that were dropped into a folder, landed and taken in; what was taken out is withdrawn."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from brytpunkt.errors import InputError, Problem
from brytpunkt.landing.store import Arrival, Landing
from brytpunkt.publishers import quotes
from brytpunkt.publishers.base import Batch
from brytpunkt.warehouse.ingestion import IngestReport, ingest
from brytpunkt.warehouse.store import Warehouse

if TYPE_CHECKING:
    import duckdb

ORIGIN = "quotes"
FOLDER = "quotes"
LICENCE = "own quote, confidential"
MEDIA_TYPES = {
    ".csv": "text/csv",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
MAX_BYTES = 20_000_000


def refresh_quotes(warehouse: Warehouse, landing: Landing, folder: Path) -> IngestReport:
    """Bring the warehouse up to the files of the inbox; instant when they are known already.

    Raises ``InputError`` with every mistake of every file, and for a server that the catalog does not know; the
    quotes that were known before stay.
    """
    warehouse.migrate()
    now = datetime.now(UTC)
    paths = sorted(
        p for p in folder.glob("*") if p.suffix.lower() in MEDIA_TYPES and not p.name.startswith(("~", "."))
    )
    listing = landing.land(ORIGIN, [_arrival(path, now) for path in paths])
    with warehouse.open() as connection:
        known = connection.execute(
            "SELECT listing_sha256 FROM listings WHERE origin = ? ORDER BY sequence DESC LIMIT 1", [ORIGIN]
        ).fetchone()
        if (known is None and not paths) or (known is not None and known[0] == listing.sha256):
            return IngestReport(ORIGIN, listing.sha256)
    batches = list(quotes.parse(listing)) if paths else []
    with warehouse.open() as connection:
        _check_servers(connection, batches)
        # A person takes a quote out on purpose: that is no loss of rows to guard against.
        for table in (kind.table for kind in quotes.KINDS):
            _withdraw(connection, table, batches, now)
        if not batches:
            return _nothing(connection, listing.sha256, now)
        return ingest(connection, warehouse.sql / "queries", listing, batches)


def _arrival(path: Path, now: datetime) -> Arrival:
    if path.stat().st_size > MAX_BYTES:
        raise InputError(
            (Problem(path.name, f"the file is larger than {MAX_BYTES:,} bytes", "leave the table only"),)
        )
    return Arrival(
        name=path.name,
        url=f"inbox:{path.name}",
        body=path.read_bytes(),
        media_type=MEDIA_TYPES[path.suffix.lower()],
        licence=LICENCE,
        fetched_at=now,
    )


def _check_servers(connection: duckdb.DuckDBPyConnection, batches: list[Batch]) -> None:
    """Raise for quotes of servers that are not in the catalog: they could never be used."""
    catalog = {str(name) for (name,) in connection.execute("SELECT DISTINCT server FROM servers").fetchall()}
    problems = tuple(
        Problem(str(source), f"the catalog has no server {server!r}", f"it has: {', '.join(sorted(catalog))}")
        for batch in batches
        if batch.table == quotes.SERVERS.table
        for server, source in batch.frame.select("server", "source").rows()
        if server not in catalog
    )
    if problems:
        raise InputError(problems)


def _withdraw(connection: duckdb.DuckDBPyConnection, table: str, batches: list[Batch], now: datetime) -> None:
    kept = [str(quote) for batch in batches if batch.table == table for quote in batch.frame["quote"]]
    connection.execute(
        f"UPDATE {table} SET withdrawn_at = ? WHERE origin = ? AND withdrawn_at IS NULL "  # noqa: S608 - ours
        "AND NOT list_contains(?::VARCHAR[], quote)",
        [now, ORIGIN, kept],
    )


def _nothing(connection: duckdb.DuckDBPyConnection, listing: str, now: datetime) -> IngestReport:
    """An emptied inbox is a publication, too: the same files may come back."""
    connection.execute(
        "INSERT INTO listings SELECT ?, ?, ?, 0, 0, 0, count(*) + 1 FROM listings", [ORIGIN, listing, now]
    )
    return IngestReport(ORIGIN, listing)
