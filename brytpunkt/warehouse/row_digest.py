"""Digests of rows: equal digests mean that a publication says the same, whenever and wherever it was read."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterable
from typing import IO, cast

import polars as pl

from brytpunkt.publishers._shared.protocol import Batch
from brytpunkt.tables.contracts import CONTRACTS
from brytpunkt.tables.series_contracts import SERIES
from brytpunkt.warehouse.checks.guards import SEEN_COLUMNS

NOTHING = "\x00"


class _Hashing(io.RawIOBase):
    """A file that keeps a digest of what is written to it, and nothing else."""

    def __init__(self, name: str) -> None:
        self.digest = hashlib.sha256(name.encode())

    def writable(self) -> bool:
        """It is."""
        return True

    def write(self, chunk: bytes) -> int:  # type: ignore[override]
        """Take the next bytes in."""
        self.digest.update(chunk)
        return len(chunk)


def content_columns(table: str) -> list[str]:
    """Columns that say what is published, without those that say where and when it was read."""
    return [name for name in (CONTRACTS | SERIES)[table].columns() if name not in SEEN_COLUMNS]


def rows_sha256(batches: Iterable[Batch]) -> str:
    """Digest of all rows of a publication, and of what it leaves in doubt, however they are split into batches."""
    tables: dict[str, list[pl.DataFrame]] = {}
    for batch in batches:
        names = [name for name in content_columns(batch.table) if name in batch.frame.columns]
        tables.setdefault(batch.table, []).append(batch.frame.select(sorted(names)))
        if batch.doubtful is not None and batch.doubtful.height:
            tables.setdefault(f"{batch.table} in doubt", []).append(batch.doubtful)
    total = hashlib.sha256()
    for table in sorted(tables):
        frame = pl.concat(tables[table], how="diagonal_relaxed")
        sink = _Hashing(table)
        frame.sort(frame.columns, nulls_last=True).write_csv(cast("IO[bytes]", sink), null_value=NOTHING)
        total.update(sink.digest.digest())
    return total.hexdigest()
