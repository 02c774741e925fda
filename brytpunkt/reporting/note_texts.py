"""Note texts: what planning notes, said in the language and the formats of a reader.

Belongs here: filling the text of a note in. Does not belong here: the texts (`notes` and `declared` in texts/*.yaml), or what
is noted (`brytpunkt.planning.note`).
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import cache
from string import Formatter
from typing import TYPE_CHECKING, Any, assert_never

from brytpunkt.planning.note import VERBATIM, Note, as_json, decode, from_json
from brytpunkt.reporting.formats import Formats
from brytpunkt.reporting.translations import FALLBACK, texts

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from brytpunkt.planning.note import Argument

GROUP = "notes"
DECLARED = "declared."
JOINED = "; "
CURRENCY_LETTERS = 3


@dataclass(frozen=True)
class NoteTexts:
    """The words for notes in one language.

    A gap of a text may say how it is filled: `{price:2}` two decimals, `{kw:s4}` four significant figures, `{share:%}` and
    `{share:%1}` a percentage, `{day:day}` and `{day:month}` a date, `{all:;}` a list of sentences, and `{limit:constraint}` the
    names that the group `constraint` of the texts has for identifiers.
    """

    formats: Formats

    def __call__(self, said: Note | Mapping[str, Any] | str | None) -> str:
        """The words for a note, its JSON, or a column's string; nothing is said of None.

        A plain sentence is one that a run of version 0.1.0 kept, or a text of the declaration.
        """
        if said is None:
            return ""
        if isinstance(said, str):
            said = decode(said)
        note = said if isinstance(said, Note) else from_json(said)
        if note.code == VERBATIM:
            return self.declared(str(note.arguments["text"]))
        return _Filler(self).vformat(self.formats.texts.entries[f"{GROUP}.{note.code}"], (), note.arguments)

    def declared(self, text: str) -> str:
        """A description, source, unit or standard name of the declaration, which is written in English.

        What the texts do not know, part by part where semicolons join it, is a user's own and stays as it is.
        """
        known = _declared(self.formats.texts.language)
        if text in known:
            return known[text]
        return JOINED.join(known.get(part, part) for part in text.split(JOINED))

    def unit(self, text: str) -> str:
        """A unit of the declaration, with the currency of the amount before it where it is money."""
        first, _, rest = text.partition(" ")
        is_money = len(first) == CURRENCY_LETTERS and first.isupper() and bool(rest)
        return f"{first} {self.declared(rest)}" if is_money else self.declared(text)

    def knows(self, text: str) -> bool:
        """Whether the texts have the words of a declaration, or each of its parts."""
        known = _declared(self.formats.texts.language)
        return text in known or all(part in known for part in text.split(JOINED))

    def fill(self, value: Argument, spec: str) -> str:
        """One argument as a gap asks for it."""
        match value:
            case Note():
                return self(value)
            case tuple():
                return self._listed([self.fill(item, "" if spec == ";" else spec) for item in value], spec)
            case str():
                return self.formats.texts.name(spec, value.replace(" ", "_")) if spec else value
            case dt.date():
                return self.formats.month(value) if spec == "month" else self.formats.day(value)
            case int() | float():
                return self._number(value, spec)
        assert_never(value)

    def _number(self, value: float, spec: str) -> str:
        if spec.startswith("%"):
            return self.formats.percent(value, int(spec[1:] or 0))
        if spec.startswith("s"):
            return self.formats.plain(float(f"{value:.{spec[1:]}g}"))
        return self.formats.number(value, int(spec)) if spec else self.formats.plain(value)

    def _listed(self, parts: Sequence[str], spec: str) -> str:
        if spec == ";":
            return JOINED.join(parts)
        if not spec or len(parts) == 1:
            return ", ".join(parts)
        *first, last = parts
        return self.formats.texts("list.and", first=", ".join(first), last=last)


def english(said: Note | Mapping[str, Any] | str | None) -> str:
    """The words for a note in English, for the console, metadata and readers of JSON."""
    return NoteTexts(Formats(texts(FALLBACK), ""))(said)


def with_text(note: Note) -> dict[str, Any]:
    """A note as summary.json has it: code, site and arguments, and its English text."""
    return as_json(note) | {"text": english(note)}


class _Filler(Formatter):
    """Fills a text in, each gap as its format asks for."""

    def __init__(self, words: NoteTexts) -> None:
        self.words = words

    def format_field(self, value: Any, format_spec: str) -> str:
        return self.words.fill(value, format_spec)


@cache
def _declared(language: str) -> dict[str, str]:
    """English text of a declaration -> the same in a language."""
    here = texts(language).entries
    return {text: here[key] for key, text in texts(FALLBACK).entries.items() if key.startswith(DECLARED)}
