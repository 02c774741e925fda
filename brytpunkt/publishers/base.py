"""What every publisher's parser takes and gives: a listing of landed documents, and batches of rows."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

import polars as pl


@dataclass(frozen=True)
class Document:
    """A landed document: where its bytes are, and where they came from."""

    name: str
    url: str
    path: Path
    sha256: str
    media_type: str
    licence: str
    fetched_at: datetime
    published_on: date | None = None

    def read(self) -> bytes:
        """The bytes as they were published."""
        return gzip.decompress(self.path.read_bytes())


@dataclass(frozen=True)
class Listing:
    """The documents that together are one publication; guards and history look at complete ones only."""

    origin: str
    documents: tuple[Document, ...]
    is_complete: bool = True

    @property
    def sha256(self) -> str:
        """Digest over names and contents."""
        text = "\n".join(f"{d.name} {d.sha256}" for d in self.documents)
        return hashlib.sha256(f"{self.origin}\n{self.is_complete}\n{text}".encode()).hexdigest()


@dataclass(frozen=True)
class Batch:
    """Typed rows for one table out of one document; ``seen_on`` names the column of their retrieval date."""

    table: str
    frame: pl.DataFrame
    document: Document


Parser = Callable[[Listing], Iterator[Batch]]
