"""What every publisher takes and gives: requests to walk, a listing of landed documents, batches of rows."""

from __future__ import annotations

import gzip
import hashlib
import io
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import IO, Protocol, cast

import polars as pl
import zstandard

from brytpunkt.errors import DamagedError
from brytpunkt.publishers._shared.accounting import Accounts
from brytpunkt.publishers._shared.source import Source

STREAM_BYTES = 1 << 20
# What reading damaged or absent bytes raises.
UNREADABLE = (OSError, EOFError, zlib.error, zstandard.ZstdError)


@dataclass(frozen=True)
class Request:
    """One request of a walk; ``name`` is that of the document, unique within its listing.

    ``credential`` names an entry of the source's ``credentials``; the fetcher puts its value where ``{credential}``
    stands in a header or the URL, and keeps it out of every record. ``accepts``: statuses whose body is a document; some
    publishers say with an error's status that there is nothing.
    """

    name: str
    url: str
    method: str = "GET"
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    media_type: str = "application/json"
    credential: str | None = None
    accepts: tuple[int, ...] = (200,)


@dataclass(frozen=True)
class Document:
    """A landed document: where its bytes are, and where they came from.

    ``status`` is that of HTTP. ``gap``: why there is nothing to read, in words; the publisher was asked, and the others of its
    documents are there.
    """

    name: str
    url: str
    path: Path
    sha256: str
    media_type: str
    licence: str
    fetched_at: datetime
    published_on: date | None = None
    status: int = 200
    gap: str | None = None

    def read(self) -> bytes:
        """The bytes as they were published; raises ``DamagedError`` if they are others, or gone."""
        try:
            with self._unpacked() as stream:
                found = stream.read()
        except UNREADABLE as error:
            raise DamagedError(self.name, self.sha256) from error
        if hashlib.sha256(found).hexdigest() != self.sha256:
            raise DamagedError(self.name, self.sha256)
        return found

    def open(self) -> IO[bytes]:
        """The bytes as a stream, for documents too large to hold; looked through first, and raises as ``read`` does."""
        if not self.is_whole():
            raise DamagedError(self.name, self.sha256)
        return self._unpacked()

    def is_whole(self) -> bool:
        """Whether the kept bytes are those that were published."""
        digest = hashlib.sha256()
        try:
            with self._unpacked() as stream:
                while piece := stream.read(STREAM_BYTES):
                    digest.update(piece)
        except UNREADABLE:
            return False
        return digest.hexdigest() == self.sha256

    def _unpacked(self) -> IO[bytes]:
        if self.path.suffix == ".gz":
            return cast("IO[bytes]", gzip.open(self.path))
        return io.BufferedReader(zstandard.open(self.path, "rb"), STREAM_BYTES)


@dataclass(frozen=True)
class Listing:
    """The documents that together are one publication; guards and history look at complete ones only.

    ``accounts`` are filled by parsing: what became of each row of each document.
    """

    origin: str
    documents: tuple[Document, ...]
    is_complete: bool = True
    accounts: Accounts = field(default_factory=Accounts, compare=False, repr=False)

    @property
    def sha256(self) -> str:
        """Digest over names and contents."""
        text = "\n".join(f"{d.name} {d.sha256}" for d in self.documents)
        return hashlib.sha256(f"{self.origin}\n{self.is_complete}\n{text}".encode()).hexdigest()


@dataclass(frozen=True)
class Batch:
    """Typed rows for one table out of one document; all batches of a listing for a table are taken in together.

    ``doubtful`` names rows that the document speaks of and that cannot be read: columns of the table's key, where a
    null stands for any value. Their last good versions stay, because what is doubtful was not withdrawn.
    """

    table: str
    frame: pl.DataFrame
    document: Document
    doubtful: pl.DataFrame | None = None


Parser = Callable[[Listing], Iterator[Batch]]


class Publisher(Protocol):
    """A module of this package: which requests make one publication, and what its documents say. All pure.

    A walk begins with ``probe`` (if there is one): a small document whose ``version`` tells whether anything
    changed. ``start`` gives the requests of the publication, ``following`` those that a landed document leads to
    (the next page); ``parse`` turns the complete listing into batches.

    A module whose documents stand each for itself (a zone, a day, a station, a company) also has ``APART = True``: a walk goes
    on without one that cannot be had, which becomes a document with a ``gap``.

    A module whose publication has several pointers also has ``pointers(source) -> Sequence[Request]``, the one that
    ``start`` takes first: ``version`` is asked of each, and the publication is new when any of them moved.

    A module that reads meaning out of the names of documents also has ``named(source, name, number, head) -> str``: the
    name in its own form for a file that somebody holds, ``number`` from 1 among several, ``head`` its first bytes; a name that is
    in that form already stays.

    A module may also have ``fingerprint(document) -> str``: what must stay the same on the first page while a walk of
    several pages goes on. Without it the page's bytes must, which fails where a page states its time of making.
    """

    def probe(self, source: Source) -> Request | None:
        """A cheap pointer to the newest publication, or None where there is none."""

    def version(self, pointer: Document) -> str:
        """What the pointer says the newest publication is."""

    def start(self, source: Source, pointer: Document | None) -> Sequence[Request]:
        """First requests of the publication."""

    def following(self, source: Source, document: Document) -> Sequence[Request]:
        """Requests that a document leads to; none on the last page."""

    def parse(self, listing: Listing) -> Iterator[Batch]:
        """Typed rows of a complete listing."""
