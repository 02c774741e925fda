"""The journal: one line for everything that was heard of a source, in the order in which it was taken in.

With the landed bytes it is all that the warehouse is built from; a warehouse that is lost is rebuilt from it.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import IO, Any, Literal

from brytpunkt.errors import BrytpunktError

Kind = Literal["publication", "unchanged", "confirmed", "failed"]


@dataclass(frozen=True)
class Record:
    """What was heard of a source at one time.

    ``publication``: documents whose rows differ from those before; their bytes are kept. ``unchanged``: documents were
    fetched, but their rows are the same; bytes are not kept. ``confirmed``: the source says that nothing is new.
    ``failed``: nothing came, for ``reason``. ``accepted``: a person took the publication in despite the guards.
    ``publisher`` and ``rules`` are what the source's declaration said then, so that a record is taken in the same way
    whenever that happens. ``position`` is where the line ends in the journal. [bytes]
    """

    kind: Kind
    origin: str
    at: datetime
    publisher: str
    rules: dict[str, Any] = field(default_factory=dict)
    version: str | None = None
    listing_sha256: str | None = None
    rows_sha256: str | None = None
    documents: tuple[dict[str, Any], ...] = ()
    pointer: dict[str, Any] | None = None
    is_complete: bool = True
    reason: str | None = None
    accepted: bool = False
    position: int = 0


class Journal:
    """An append-only file of records; a line that was not written to its end does not count."""

    def __init__(self, path: Path) -> None:
        """Keep the journal at ``path``."""
        self.path = path
        self._read: list[Record] = []

    def records(self) -> list[Record]:
        """Every record, the oldest first; only lines that are new since the last call are read."""
        self._read += self.since(self._read[-1].position if self._read else 0)
        return list(self._read)

    def since(self, position: int) -> list[Record]:
        """Records behind a position; raises ``BrytpunktError`` if the journal ends before it."""
        if not self.path.exists() and position == 0:
            return []
        size = self.path.stat().st_size if self.path.exists() else 0
        if size < position:
            message = (
                f"{self.path} is shorter than what the warehouse has taken in: the landing was removed or is from "
                "an older backup. Restore it, or move the warehouse aside to rebuild it from this landing"
            )
            raise BrytpunktError(message)
        with self.path.open("rb") as file:
            file.seek(position)
            return list(_records(file, position))

    def append(self, record: Record) -> Record:
        """Add a record, synced; returns it with its position."""
        content = {key: value for key, value in asdict(record).items() if key != "position"}
        line = json.dumps(content | {"at": record.at.isoformat()}, ensure_ascii=False).encode() + b"\n"
        with self._locked(), self.path.open("ab+") as file:
            end = _end_of_whole_lines(file)
            file.truncate(end)
            file.write(line)
            file.flush()
            os.fsync(file.fileno())
        return replace(record, position=end + len(line))

    def last(self, origin: str, *kinds: Kind) -> Record | None:
        """The newest record of a source, of certain kinds if any are named."""
        found = (r for r in reversed(self.records()) if r.origin == origin and (not kinds or r.kind in kinds))
        return next(found, None)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.with_suffix(".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def _records(file: IO[bytes], position: int) -> Iterator[Record]:
    for line in file:
        if not line.endswith(b"\n"):
            return
        position += len(line)
        try:
            content = json.loads(line)
        except ValueError:
            message = f"{file.name}: the line that ends at byte {position} is not a record. Restore the journal from a backup"
            raise BrytpunktError(message) from None
        yield Record(
            **content
            | {
                "at": datetime.fromisoformat(content["at"]),
                "documents": tuple(content["documents"]),
                "position": position,
            }
        )


def _end_of_whole_lines(file: IO[bytes]) -> int:
    """Where the last whole line ends; what a killed process left behind it is cut off."""
    end = file.seek(0, os.SEEK_END)
    while end > 0:
        start = max(0, end - 65_536)
        file.seek(start)
        found = file.read(end - start).rfind(b"\n")
        if found >= 0:
            return start + found + 1
        end = start
    return 0
