"""Probing: the small documents that tell whether a publication moved, each asked conditionally.

Belongs here: pointers and their versions. Not here: walking the publication, or what the journal makes of an answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from brytpunkt.landing.fetch import Fetcher, Validators
from brytpunkt.landing.journal import Record
from brytpunkt.landing.walk import understood
from brytpunkt.publishers._shared.protocol import Document, Publisher, Request
from brytpunkt.publishers._shared.source import Source


@dataclass(frozen=True)
class Probed:
    """What the pointers say: ``version`` of the publication, and ``described`` for the journal, to ask again by.

    ``pointer`` is the first one's document; None if the server said that it has not changed. A source without a
    pointer is new whenever it is asked, and describes nothing.
    """

    pointer: Document | None
    version: str | None
    described: dict[str, Any] | None
    is_new: bool


def ask(fetcher: Fetcher, module: Publisher, last: Record | None, folder: Path) -> Probed:
    """Ask every pointer of a source whether it moved since ``last``; without it, unconditionally."""
    requests = pointers(module, fetcher.source)
    if not requests:
        return Probed(None, None, None, is_new=True)
    first: Document | None = None
    each = []
    for number, (request, before) in enumerate(zip(requests, _known(last, len(requests)), strict=True)):
        landed = fetcher.fetch(request, folder, Validators(before.get("etag"), before.get("last_modified")))
        if landed is None:
            each.append(before)
            continue
        version = understood(f"{fetcher.source.id}: the pointer", module.version, landed.document)
        each.append({"etag": landed.etag, "last_modified": landed.last_modified, "version": version})
        first = landed.document if number == 0 else first
    together = " ".join(str(one["version"]) for one in each)
    return Probed(first, together, {"each": each}, is_new=last is None or last.version != together)


def pointers(module: Publisher, source: Source) -> Sequence[Request]:
    """Requests for the pointers of a source, the one that a walk starts from first; none if it has none."""
    several = getattr(module, "pointers", None)
    if several is not None:
        return list(several(source))
    single = getattr(module, "probe", None)
    request = single(source) if single else None
    return [] if request is None else [request]


def _known(last: Record | None, count: int) -> list[dict[str, Any]]:
    """What was written down of each pointer; of a single one in early journals without its version."""
    pointer = (last.pointer if last else None) or {}
    each: list[dict[str, Any]] = pointer.get("each", [])
    if pointer and not each and last is not None:
        each = [pointer | {"version": last.version}]
    return each if len(each) == count else [{} for _ in range(count)]
