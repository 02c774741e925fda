"""Documents as they are landed, and batches as aligned tables.

Belongs here: what every publisher's test needs. Does not belong here: any format.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import polars as pl

from brytpunkt.folders import folders
from brytpunkt.publishers._shared.protocol import Batch, Document, Listing
from brytpunkt.publishers._shared.source import Source, read_source
from brytpunkt.tables.contracts import CONTRACTS

HERE = Path(__file__).parent
ANY_PATH = re.compile(r"^/.*$")
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def document(
    folder: Path,
    name: str,
    body: bytes | str | Any,
    url: str = "https://example.org/prices",
    published_on: date | None = None,
) -> Document:
    """A landed document; what is neither bytes nor text becomes JSON."""
    if not isinstance(body, bytes | str):
        body = json.dumps(body)
    raw = body.encode() if isinstance(body, str) else body
    digest = hashlib.sha256(raw).hexdigest()
    path = folder / f"{digest}.gz"
    path.write_bytes(gzip.compress(raw, mtime=0))
    return Document(
        name=name,
        url=url,
        path=path,
        sha256=digest,
        media_type="application/octet-stream",
        licence="a licence",
        fetched_at=NOON,
        published_on=published_on,
    )


def listing(*documents: Document, origin: str = "test") -> Listing:
    """A complete publication."""
    return Listing(origin, tuple(sorted(documents, key=lambda d: d.name)))


def native(publisher: str, name: str, edit: Callable[[str], str] = str) -> str:
    """Text of a native fixture, edited or not."""
    return edit((HERE / publisher / name).read_text(encoding="utf-8"))


def rows(batches: list[Batch], table: str) -> pl.DataFrame:
    """Every row of a table, checked against its contract."""
    frames = [batch.frame for batch in batches if batch.table == table]
    empty = CONTRACTS[table].create_empty()
    return pl.DataFrame(CONTRACTS[table].validate(pl.concat([empty, *frames])))


def text(frame: pl.DataFrame, *columns: str) -> str:
    """Some columns as lines of text, sorted, numbers without trailing zeros."""
    lines = [" | ".join(_plain(value) for value in row) for row in frame.select(columns).rows()]
    return "\n".join(sorted(lines))


def table(block: str) -> str:
    """A table written by hand, compared like ``text``."""
    lines = (line.strip() for line in block.strip().splitlines())
    return "\n".join(sorted(" | ".join(cell.strip() for cell in line.split("|")) for line in lines))


def source(name: str) -> Source:
    """A declared source."""
    return read_source(folders().data / "sources" / f"{name}.yaml")


def _plain(value: object) -> str:
    if value is None:
        return ""
    words = f"{value:f}" if hasattr(value, "quantize") else str(value)
    return words.rstrip("0").rstrip(".") if "." in words and not isinstance(value, str) else words
