"""The landing store: a compressed file per content, its metadata, and a manifest per listing."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import tempfile
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import date, datetime
from pathlib import Path

from brytpunkt.publishers.base import Document, Listing


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


class Landing:
    """Immutable documents under one folder; landing the same bytes again changes nothing."""

    def __init__(self, folder: Path) -> None:
        """Keep documents under ``folder``."""
        self.folder = folder

    def land(self, origin: str, arrivals: Iterable[Arrival], *, is_complete: bool = True) -> Listing:
        """Keep a publication and return its manifest; each file is synced and renamed into place."""
        documents = tuple(sorted((self._keep(arrival) for arrival in arrivals), key=lambda d: d.name))
        listing = Listing(origin=origin, documents=documents, is_complete=is_complete)
        manifest = self.folder / "listings" / f"{listing.sha256}.json"
        if not manifest.exists():
            content = {
                "origin": origin,
                "is_complete": is_complete,
                "documents": [d.sha256 for d in documents],
            }
            _write_atomically(manifest, json.dumps(content, indent=1).encode())
        return listing

    def _keep(self, arrival: Arrival) -> Document:
        digest = hashlib.sha256(arrival.body).hexdigest()
        body = self.folder / digest[:2] / f"{digest}.gz"
        if not body.exists():
            _write_atomically(body, gzip.compress(arrival.body, mtime=0))
        meta = self.folder / digest[:2] / f"{digest}.json"
        described = {key: value for key, value in asdict(arrival).items() if key != "body"}
        if not meta.exists():
            content = described | {"sha256": digest, "bytes": len(arrival.body)}
            _write_atomically(meta, json.dumps(content, default=str, indent=1).encode())
        return Document(path=body, sha256=digest, **described)


def _write_atomically(path: Path, content: bytes) -> None:
    """Write to a temporary file beside the target, sync, rename, and sync the folder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".landing-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).rename(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
