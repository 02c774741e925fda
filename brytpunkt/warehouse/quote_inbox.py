"""The quote inbox: files that were dropped into a folder, landed and taken in; what was taken out is withdrawn."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from brytpunkt.errors import InputError, Problem
from brytpunkt.landing.given import read_given
from brytpunkt.landing.journal import Record
from brytpunkt.landing.store import Arrival, Landing
from brytpunkt.publishers._shared.protocol import Batch, Listing
from brytpunkt.publishers.find import FindPublisher, publisher
from brytpunkt.publishers.quotes.quote_files import CONTENTS
from brytpunkt.warehouse.bundled import described
from brytpunkt.warehouse.connection import Warehouse
from brytpunkt.warehouse.replay_journal import apply_pending
from brytpunkt.warehouse.table_report import IngestReport

if TYPE_CHECKING:
    import duckdb

ORIGIN = "quotes"
FOLDER = "quotes"
SERVER_QUOTES = "server_quotes"
LICENCE = "own quote, confidential"
MEDIA_TYPES = {
    ".csv": "text/csv",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
MAX_BYTES = 20_000_000


def refresh_quotes(
    warehouse: Warehouse,
    landing: Landing,
    folder: Path,
    find: FindPublisher = publisher,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> IngestReport:
    """Bring the warehouse up to the files of the inbox; instant when they are known already.

    Raises ``InputError`` with every mistake of every file, and for a server that the catalog does not know; the
    quotes that were known before stay.
    """
    warehouse.migrate()
    at = now()
    paths = sorted(
        p for p in folder.glob("*") if p.suffix.lower() in MEDIA_TYPES and not p.name.startswith(("~", "."))
    )
    known = landing.journal.last(ORIGIN, "publication")
    if known is None and not paths:
        return IngestReport(ORIGIN, "")
    listing = landing.land(ORIGIN, [_contents(paths, at), *(_arrival(path, at) for path in paths)])
    parsed = {}
    if known is None or known.listing_sha256 != listing.sha256:
        batches = list(find(ORIGIN).parse(listing))
        with warehouse.open() as connection:
            _check_servers(connection, batches)
        record = landing.journal.append(_record(listing, at))
        parsed[record.position] = batches
    applied = apply_pending(warehouse, landing, find, parsed)
    reports = [one.report for one in applied if one.record.origin == ORIGIN]
    return reports[-1] if reports else IngestReport(ORIGIN, listing.sha256)


def _record(listing: Listing, at: datetime) -> Record:
    """A person puts quotes in and takes them out on purpose: accepted as they stand, and gone at once."""
    return Record(
        "publication", ORIGIN, at, ORIGIN,
        rules={"precedence": 0, "withdraw_after_days": 0, "spot_tolerance_share": 0.0},
        listing_sha256=listing.sha256, documents=tuple(described(listing)), accepted=True,
    )  # fmt: skip


def _contents(paths: list[Path], at: datetime) -> Arrival:
    """The inbox itself as a document, so that an emptied one is a publication, too."""
    return Arrival(
        name=CONTENTS,
        url=f"inbox:{CONTENTS}",
        body="".join(f"{path.name}\n" for path in paths).encode(),
        media_type="text/plain",
        licence=LICENCE,
        fetched_at=at,
    )


def _arrival(path: Path, at: datetime) -> Arrival:
    body, _ = read_given(path, MAX_BYTES, "the inbox")
    return Arrival(
        name=path.name,
        url=f"inbox:{path.name}",
        body=body,
        media_type=MEDIA_TYPES[path.suffix.lower()],
        licence=LICENCE,
        fetched_at=at,
    )


def _check_servers(connection: duckdb.DuckDBPyConnection, batches: list[Batch]) -> None:
    """Raise for quotes of servers that are not in the catalog: they could never be used."""
    catalog = {str(name) for (name,) in connection.execute("SELECT DISTINCT server FROM servers").fetchall()}
    problems = tuple(
        Problem(str(source), f"the catalog has no server {server!r}", f"it has: {', '.join(sorted(catalog))}")
        for batch in batches
        if batch.table == SERVER_QUOTES
        for server, source in batch.frame.select("server", "source").rows()
        if server not in catalog
    )
    if problems:
        raise InputError(problems)
