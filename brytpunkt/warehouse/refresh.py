"""Refreshing the bundled snapshot: land its files, parse them, ingest them; nothing to do if they are known."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field
from ruamel.yaml import YAML

from brytpunkt.landing.store import Arrival, Landing
from brytpunkt.publishers import curated
from brytpunkt.warehouse.ingestion import IngestReport, ingest
from brytpunkt.warehouse.store import Warehouse


class Source(BaseModel):
    """A declared source: who publishes what, how often, and within which limits."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$")]
    publisher: str
    covers: str
    cadence: str
    licence: str
    released_on: date
    stale_after_days: Annotated[int, Field(gt=0)]
    documents: Annotated[list[str], Field(min_length=1)]


def read_source(path: Path) -> Source:
    """The declaration of a source."""
    return Source.model_validate(YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8")))


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
        fetched_at=datetime.combine(source.released_on, datetime.min.time(), UTC),
        published_on=source.released_on,
    )
