"""Refreshing the bundled snapshot: land its files, parse them, ingest them; nothing to do if they are known."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

from brytpunkt.landing.journal import Record
from brytpunkt.landing.store import Arrival, Landing
from brytpunkt.publishers import curated
from brytpunkt.publishers._shared.protocol import Listing
from brytpunkt.publishers._shared.source import Source, read_source
from brytpunkt.publishers.find import FindPublisher, publisher
from brytpunkt.warehouse.connection import Warehouse
from brytpunkt.warehouse.replay_journal import apply_pending
from brytpunkt.warehouse.table_report import IngestReport
from brytpunkt.warehouse.upsert import newest_seen


def refresh_bundled(
    warehouse: Warehouse,
    landing: Landing,
    data: Path,
    find: FindPublisher = publisher,
) -> IngestReport:
    """Bring the warehouse up to the bundled tables; instant when they are known already.

    Publications of live sources that were landed and not taken in yet are taken in, too.
    """
    warehouse.migrate()
    source = read_source(data / "sources" / "curated.yaml")
    listing = landing.land(source.id, (_arrival(source, data / name) for name in source.documents))
    known = landing.journal.last(source.id, "publication")
    parsed = {}
    if known is None or known.listing_sha256 != listing.sha256:
        batches = list(curated.parse(listing))
        record = landing.journal.append(
            Record(
                "publication",
                source.id,
                newest_seen(batches),
                source.publisher,
                listing_sha256=listing.sha256,
                documents=tuple(described(listing)),
            )
        )
        parsed[record.position] = batches
    applied = apply_pending(warehouse, landing, find, parsed)
    reports = [one.report for one in applied if one.record.origin == source.id]
    return reports[-1] if reports else IngestReport(source.id, listing.sha256)


def described(listing: Listing) -> list[dict[str, object]]:
    """The documents of a listing as the journal keeps them."""
    return [
        {
            "name": d.name,
            "url": d.url,
            "sha256": d.sha256,
            "media_type": d.media_type,
            "licence": d.licence,
            "fetched_at": d.fetched_at.isoformat(),
            "published_on": d.published_on.isoformat() if d.published_on else None,
        }
        for d in listing.documents
    ]


def _arrival(source: Source, path: Path) -> Arrival:
    """A bundled file as a document; it arrived with the release, and each row says when it was collected."""
    return Arrival(
        name=path.name,
        url=f"bundled:{path.name}",
        body=path.read_bytes(),
        media_type="text/csv",
        licence=source.licence,
        fetched_at=datetime.combine(_released(source), datetime.min.time(), UTC),
        published_on=source.released_on,
    )


def _released(source: Source) -> date:
    assert source.released_on is not None, "the bundled snapshot states the day of its release"
    return source.released_on
