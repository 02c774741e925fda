"""What publishers without a version and without pages share: no pointer, and nothing that follows a document.

Belongs here: the idle half of the protocol, for modules to take over by name.
"""

from __future__ import annotations

from collections.abc import Sequence

from brytpunkt.publishers._shared.protocol import Document, Request
from brytpunkt.publishers._shared.source import Source


def probe(source: Source) -> Request | None:
    """There is no cheap pointer: what is small or paged is asked for itself, conditionally."""
    del source
    return None


def version(pointer: Document) -> str:
    """Never asked for, as there is no pointer; a document stands for itself."""
    return pointer.sha256


def following(source: Source, document: Document) -> Sequence[Request]:
    """Nothing follows."""
    del source, document
    return []
