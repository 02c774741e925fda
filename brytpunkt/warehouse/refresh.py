"""Refreshing the bundled snapshot: land its files, parse them, ingest them; nothing to do if they are known."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

from brytpunkt.landing.store import Arrival, Landing
from brytpunkt.publishers import curated
from brytpunkt.publishers.source import Source, read_source
from brytpunkt.warehouse.ingestion import IngestReport, ingest
from brytpunkt.warehouse.store import Warehouse


def refresh_bundled(warehouse: Warehouse, landing: Landing, data: Path) -> IngestReport:
    """Bring the warehouse up to the bundled tables; instant when they are known already."""
    warehouse.migrate()
    source = read_source(data / "sources" / "curated.yaml")
    listing = landing.land(source.id, (_arrival(source, data / name) for name in source.documents))
    with warehouse.open() as connection:
        known = connection.execute(
            "SELECT listing_sha256 FROM listings WHERE origin = ? ORDER BY sequence DESC LIMIT 1", [source.id]
        ).fetchone()
        if known is not None and known[0] == listing.sha256:
            return IngestReport(source.id, listing.sha256)
    batches = list(curated.parse(listing))
    with warehouse.open() as connection:
        return ingest(connection, warehouse.sql / "queries", listing, batches)


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
