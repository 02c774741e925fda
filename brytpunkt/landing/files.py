"""Files of the landing: written beside their place, synced, renamed; compressed and hashed while they stream."""

from __future__ import annotations

import hashlib
import os
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import zstandard

LEVEL = 3
THREADS = 2
TEMPORARY = ".landing-"


@dataclass(frozen=True)
class Body:
    """Bytes at rest: the compressed file, the digest of what it holds, and how long that is. [bytes]"""

    path: Path
    sha256: str
    size: int


class BodyWriter:
    """Compresses and hashes what is written into a temporary file of a folder.

    ``finish`` syncs it and renames it to ``<sha256>.zst``; leaving the block without it removes the file. The folder
    is a workplace: the name lasts when the store has moved the file to its place.
    """

    def __init__(self, folder: Path) -> None:
        """Write into ``folder``."""
        folder.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=folder, prefix=TEMPORARY)
        self._file = os.fdopen(handle, "wb")
        self._temporary: Path | None = Path(name)
        self._stream = zstandard.ZstdCompressor(level=LEVEL, threads=THREADS).stream_writer(
            self._file, closefd=False
        )
        self._digest = hashlib.sha256()
        self.size = 0

    def write(self, chunk: bytes) -> None:
        """Take the next bytes."""
        self._digest.update(chunk)
        self._stream.write(chunk)
        self.size += len(chunk)

    def finish(self) -> Body:
        """Everything is written: sync, name by content."""
        assert self._temporary is not None
        self._stream.close()  # type: ignore[no-untyped-call]
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        sha256 = self._digest.hexdigest()
        path = self._temporary.parent / f"{sha256}.zst"
        self._temporary.rename(path)
        self._temporary = None
        return Body(path, sha256, self.size)

    def __enter__(self) -> Self:
        """Begin."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Remove what was not finished."""
        if self._temporary is not None:
            with suppress(zstandard.ZstdError):
                self._stream.close()  # type: ignore[no-untyped-call]
            self._file.close()
            self._temporary.unlink(missing_ok=True)


def write_atomically(path: Path, content: bytes) -> None:
    """Write to a temporary file beside the target, sync, rename, and sync the folder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=TEMPORARY)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).rename(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def sync_folder(path: Path) -> None:
    """Make renames in a folder last."""
    folder = os.open(path, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
