"""The inbox: files that a user downloaded, taken in like any publication, a folder for each declared source.

For publishers whose terms forbid automatic fetching, or whose files differ in licence. A folder is named like its
source, ``inbox/nord-pool/``; files stay where they are, and are known again by their content.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from brytpunkt.errors import BrytpunktError
from brytpunkt.landing.given import read_given
from brytpunkt.landing.journal import Record
from brytpunkt.landing.store import Arrival, Landing
from brytpunkt.publishers._shared.source import Source, read_source
from brytpunkt.publishers.find import FindPublisher, publisher
from brytpunkt.warehouse.bundled import described
from brytpunkt.warehouse.connection import Warehouse
from brytpunkt.warehouse.replay_journal import apply_pending, rules
from brytpunkt.warehouse.table_report import IngestReport

MEDIA_TYPES = {".json": "application/json", ".csv": "text/csv", ".epw": "text/csv", ".xml": "application/xml"}
BYTES_PER_MEGABYTE = 1_000_000


@dataclass(frozen=True)
class Taken:
    """What became of one folder: the ingestion, or why its files could not be read."""

    source: str
    files: int
    report: IngestReport | None = None
    error: str | None = None


def take_inbox(
    warehouse: Warehouse,
    landing: Landing,
    data: Path,
    inbox: Path,
    find: FindPublisher = publisher,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> list[Taken]:
    """Take in the files of every folder that is named like a declared source; a bad file spoils its own folder only."""
    taken = []
    for folder in sorted(path for path in inbox.glob("*") if path.is_dir()):
        files = sorted(path for path in folder.iterdir() if not path.name.startswith("."))
        declaration = data / "sources" / f"{folder.name}.yaml"
        if not files:
            continue
        if not declaration.exists():
            error = f"no declared source is named {folder.name}; sources are declared under {declaration.parent.name}/"
            taken.append(Taken(folder.name, len(files), error=error))
            continue
        try:
            report = _take(warehouse, landing, read_source(declaration), files, find, now())
        except BrytpunktError as error:
            taken.append(Taken(folder.name, len(files), error=str(error)))
        else:
            taken.append(Taken(folder.name, len(files), report))
    return taken


def _take(
    warehouse: Warehouse,
    landing: Landing,
    source: Source,
    files: list[Path],
    find: FindPublisher,
    at: datetime,
) -> IngestReport:
    listing = landing.land(source.id, _arrivals(source, files), is_complete=False)
    known = {record.listing_sha256 for record in landing.journal.records() if record.origin == source.id}
    parsed = {}
    if listing.sha256 not in known:
        batches = list(find(source.publisher).parse(listing))
        if not batches:
            return IngestReport(source.id, listing.sha256)
        record = Record(
            "publication", source.id, at, source.publisher, rules(source),
            listing_sha256=listing.sha256, documents=tuple(described(listing)), is_complete=False,
        )  # fmt: skip
        parsed[landing.journal.append(record).position] = batches
    applied = apply_pending(warehouse, landing, find, parsed)
    mine = [one for one in applied if one.record.origin == source.id]
    reports = [one.report for one in mine if one.record.kind == "publication"]
    return reports[-1] if reports else IngestReport(source.id, listing.sha256)


def _arrivals(source: Source, files: list[Path]) -> Iterator[Arrival]:
    for path in files:
        body, saved_at = read_given(path, source.max_megabytes * BYTES_PER_MEGABYTE, source.id)
        yield Arrival(
            name=path.name,
            url=f"inbox:{source.id}/{path.name}",
            body=body,
            media_type=MEDIA_TYPES.get(path.suffix.lower(), "application/octet-stream"),
            licence=source.licence,
            # When the user saved it: the file knows, and reading it again later says the same.
            fetched_at=saved_at,
        )
