"""Notes: what planning has to say to a reader, as a code and its arguments instead of a sentence.

Belongs here: the note, and how a column of a frame or a JSON file carries one. Does not belong here: words (the texts of
`brytpunkt.reporting`, one for each code and language).
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

VERBATIM = "verbatim"
SEVERAL = "several"
DATE = "date"
SITE = "site"  # the argument that names the site for a reader


@dataclass(frozen=True)
class Note:
    """What a reader must know: ``code`` names the text, ``arguments`` what fills it in.

    ``site``: id of the site that it is about; None where it is about the whole plan. Arguments have no language: names,
    identifiers, numbers in the unit that the text says, shares as shares, dates; a note where a reason is part of it.
    """

    code: str
    site: str | None = None
    arguments: Mapping[str, Argument] = field(default_factory=dict)

    def __hash__(self) -> int:
        """Notes that say the same are the same."""
        return hash(encode(self))


Argument = str | int | float | dt.date | Note | tuple["str | int | float | Note", ...]


def several(notes: list[Note]) -> Note:
    """One note that says all of them, in their order; raises ``ValueError`` for none."""
    if not notes:
        message = "there is nothing to say"
        raise ValueError(message)
    return notes[0] if len(notes) == 1 else Note(SEVERAL, None, {"notes": tuple(notes)})


def merged(notes: Iterable[Note]) -> list[Note]:
    """Notes that say the same of several sites as one that names them all (argument ``site``), in the order of the first."""
    groups: dict[tuple[str, str], list[Note]] = {}
    for note in notes:
        rest = {name: value for name, value in note.arguments.items() if name != SITE}
        groups.setdefault((note.code, encode(Note(note.code, None, rest))), []).append(note)
    found = []
    for group in groups.values():
        first = group[0]
        if len(group) > 1 and SITE in first.arguments:
            names = tuple(dict.fromkeys(note.arguments[SITE] for note in group))
            first = Note(first.code, None, {**first.arguments, SITE: names})  # type: ignore[dict-item]
        found.append(first)
    return found


def verbatim(text: str) -> Note:
    """Words that a user wrote, or that an earlier version of Brytpunkt kept as a sentence."""
    return Note(VERBATIM, None, {"text": text})


def as_json(note: Note) -> dict[str, Any]:
    """The note as JSON has it: code, site, arguments; a date is ``{"date": "2026-12-01"}``."""
    return {
        "code": note.code,
        "site": note.site,
        "arguments": {name: _json(value) for name, value in note.arguments.items()},
    }


def from_json(said: Mapping[str, Any] | str) -> Note:
    """The inverse of ``as_json``; a plain sentence, as runs of version 0.1.0 hold it, is a note without a code of its own."""
    if isinstance(said, str):
        return verbatim(said)
    arguments = {name: _value(value) for name, value in said["arguments"].items()}
    return Note(said["code"], said["site"], arguments)


def encode(note: Note) -> str:
    """The note as a column of strings holds it; notes that say the same are the same string."""
    return json.dumps(as_json(note), ensure_ascii=False, separators=(",", ":"))


def encoded(notes: list[Note]) -> str | None:
    """All of them as one string of a column; null for none."""
    return encode(several(notes)) if notes else None


def decode(text: str) -> Note:
    """The inverse of ``encode``; a plain sentence is a note without a code of its own."""
    return from_json(json.loads(text)) if text.startswith('{"code":') else verbatim(text)


def _json(value: Argument) -> Any:
    if isinstance(value, Note):
        return as_json(value)
    if isinstance(value, tuple):
        return [_json(item) for item in value]
    if isinstance(value, dt.date):
        return {DATE: value.isoformat()}
    return value


def _value(value: Any) -> Any:
    if isinstance(value, list):
        return tuple(_value(item) for item in value)
    if isinstance(value, dict):
        return dt.date.fromisoformat(value[DATE]) if DATE in value else from_json(value)
    return value
