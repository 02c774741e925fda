"""The landing store: a compressed file per content, its metadata, and a manifest per listing."""

from __future__ import annotations

import json
import shutil
from collections.abc import Collection, Iterable
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

from brytpunkt.landing.files import BodyWriter, sync_folder, write_atomically
from brytpunkt.landing.journal import Journal, Record
from brytpunkt.publishers._shared.protocol import Document, Listing

LEFT_ALONE_S = 7 * 86_400
DAMAGED = "damaged"


@dataclass(frozen=True)
class Arrival:
    """A document as it arrives, before it is landed."""

    name: str
    url: str
    body: bytes
    media_type: str
    licence: str
    fetched_at: datetime
    published_on: date | None = None


@dataclass(frozen=True)
class Landed:
    """A document whose bytes are on disk, and what the server said of them: size [bytes] and validators."""

    document: Document
    size: int
    etag: str | None = None
    last_modified: str | None = None

    def described(self) -> dict[str, Any]:
        """Everything but where the bytes are, as JSON holds it."""
        content = asdict(self.document) | {
            "bytes": self.size,
            "etag": self.etag,
            "last_modified": self.last_modified,
        }
        del content["path"]
        return {
            key: value.isoformat() if isinstance(value, date) else value for key, value in content.items()
        }


class Landing:
    """Immutable documents under one folder; landing the same bytes again changes nothing."""

    def __init__(self, folder: Path) -> None:
        """Keep documents under ``folder``."""
        self.folder = folder
        self.journal = Journal(folder / "journal.jsonl")

    def land(self, origin: str, arrivals: Iterable[Arrival], *, is_complete: bool = True) -> Listing:
        """Keep a publication and return its manifest; each file is synced and renamed into place."""
        return self.keep(origin, [self._written(arrival) for arrival in arrivals], is_complete=is_complete)

    def keep(self, origin: str, landed: Iterable[Landed], *, is_complete: bool = True) -> Listing:
        """Move documents that were staged anywhere on this disk to where their content belongs; -> the manifest."""
        documents = tuple(sorted((self._placed(one) for one in landed), key=lambda d: d.name))
        listing = Listing(origin=origin, documents=documents, is_complete=is_complete)
        manifest = self.folder / "listings" / f"{listing.sha256}.json"
        if not manifest.exists():
            content = {
                "origin": origin,
                "is_complete": is_complete,
                "documents": [d.sha256 for d in documents],
            }
            write_atomically(manifest, json.dumps(content, indent=1).encode())
        return listing

    def listing(self, record: Record) -> Listing:
        """The publication that a record of the journal names, from the bytes that are kept."""
        documents = tuple(self.document(described) for described in record.documents)
        return Listing(origin=record.origin, documents=documents, is_complete=record.is_complete)

    def document(self, described: dict[str, Any]) -> Document:
        """A document from what was written about it."""
        published = described.get("published_on")
        return Document(
            name=described["name"],
            url=described["url"],
            path=self.body(described["sha256"]),
            sha256=described["sha256"],
            media_type=described["media_type"],
            licence=described["licence"],
            fetched_at=datetime.fromisoformat(described["fetched_at"]),
            published_on=date.fromisoformat(published) if published else None,
            status=described.get("status", 200),
            gap=described.get("gap"),
        )

    def body(self, sha256: str) -> Path:
        """Where the bytes of a content are or would be; documents landed by early versions end in ``.gz``."""
        path = self.folder / sha256[:2] / f"{sha256}.zst"
        early = path.with_suffix(".gz")
        return early if early.exists() and not path.exists() else path

    def set_aside(self, sha256: str) -> None:
        """Take damaged bytes out of the way, for a person to look at; good ones may take their place."""
        body = self.body(sha256)
        if body.exists():
            aside = self.folder / DAMAGED / body.name
            aside.parent.mkdir(parents=True, exist_ok=True)
            body.rename(aside)
            sync_folder(aside.parent)

    def sweep(self, now: datetime, rows_name: Collection[str]) -> int:
        """Remove what nothing names: contents of killed processes, and walks that are too old to go on; -> contents.

        Bytes that a record of the journal or a row of the warehouse names (``rows_name``, by sha256) stay for ever.
        """
        named = set(rows_name) | {
            described["sha256"] for record in self.journal.records() for described in record.documents
        }
        removed = 0
        for path in [*self.folder.glob("[0-9a-f][0-9a-f]/*"), *self.folder.glob("staged/*")]:
            if path.stem not in named and now.timestamp() - path.stat().st_mtime > LEFT_ALONE_S:
                removed += path.suffix != ".json"
                path.unlink()
        for path in self.folder.glob("walks/*/"):
            if now.timestamp() - path.stat().st_mtime > LEFT_ALONE_S:
                shutil.rmtree(path, ignore_errors=True)
        return removed

    def _written(self, arrival: Arrival) -> Landed:
        with BodyWriter(self.folder / "staged") as writer:
            writer.write(arrival.body)
            body = writer.finish()
        described = {key: value for key, value in vars(arrival).items() if key != "body"}
        return Landed(Document(path=body.path, sha256=body.sha256, **described), body.size)

    def _placed(self, landed: Landed) -> Document:
        staged = landed.document.path
        body = self.body(landed.document.sha256)
        if body.exists() and staged != body and not replace(landed.document, path=body).is_whole():
            self.set_aside(landed.document.sha256)
        if not body.exists():
            body.parent.mkdir(parents=True, exist_ok=True)
            staged.rename(body)
            sync_folder(body.parent)
        elif staged != body:
            staged.unlink(missing_ok=True)
        meta = body.with_suffix(".json")
        if not meta.exists():
            write_atomically(meta, json.dumps(landed.described(), indent=1).encode())
        return replace(landed.document, path=body)
