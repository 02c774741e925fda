"""What a server says of an error: its own reason, out of the body of an answer with another status than 200.

Belongs here: forms that APIs share. Does not belong here: a publisher's own way of saying that it has nothing.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

OK = 200
ERROR_BYTES = 4096
# Where APIs say why, in their JSON; an error may hold another.
REASONS = ("error", "message", "reason", "detail", "title", "error_description")
LONGEST_REASON = 200


def reason_of(start: bytes) -> str:
    """What a server says about an error in the first bytes of its answer, in one line; empty if it says nothing readable."""
    text = start.decode("utf-8", "replace").strip()
    if not text or text.startswith("<"):
        return ""
    try:
        found = json.loads(text)
    except ValueError:
        found = text if "{" not in text else ""
    parts = [part for part in _said(found) if part]
    return " ".join("; ".join(dict.fromkeys(parts)).split())[:LONGEST_REASON]


def _said(found: object) -> Iterator[str]:
    if isinstance(found, str):
        yield found
    elif isinstance(found, dict):
        for name in REASONS:
            yield from _said(found.get(name))
