"""Phrases: sentences that planning writes in English, said in the language of the report.

Belongs here: recognising a sentence by its pattern and filling it in again. Does not belong here: the sentences
(`phrases` in texts/*.yaml, the English pattern under the same key in en.yaml).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING

from brytpunkt.reporting.catalog import FALLBACK, Texts, texts

if TYPE_CHECKING:
    from brytpunkt.reporting.formats import Formats

GROUP = "phrases."
JOINED = "; "
NUMBER = re.compile(r"-?\d{1,3}(?:,\d{3})*(?:\.(\d+))?(%?)")
GAP = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True)
class Phrases:
    """Patterns of the English sentences, and how one language says them; the most particular pattern first."""

    formats: Formats
    patterns: tuple[tuple[re.Pattern[str], str], ...]

    def __call__(self, sentence: str) -> str:
        """The sentence in the language; parts joined by semicolons are looked up one by one.

        What no pattern knows stays as it is: a sentence in English is better than none.
        """
        whole = self._said(sentence)
        if whole is not None:
            return whole
        parts = sentence.split(JOINED)
        return JOINED.join(self._said(part) or part for part in parts) if len(parts) > 1 else sentence

    def knows(self, sentence: str) -> bool:
        """Whether the sentence, or each of its parts, has a pattern."""
        return self._said(sentence) is not None or (
            JOINED in sentence and all(self._said(part) is not None for part in sentence.split(JOINED))
        )

    def _said(self, sentence: str) -> str | None:
        for pattern, said in self.patterns:
            found = pattern.fullmatch(sentence)
            if found is not None:
                return said.format(**{name: self._inner(value) for name, value in found.groupdict().items()})
        return None

    def _inner(self, value: str) -> str:
        """What is filled in: a number in the reader's format, or a phrase of its own, or a name as it is."""
        number = NUMBER.fullmatch(value)
        if number is None:
            return self._said(value) or value
        decimals, percent = len(number[1] or ""), number[2]
        amount = Decimal(value.rstrip("%").replace(",", ""))
        if percent:
            return self.formats.percent(amount / 100, decimals)
        return self.formats.number(amount, decimals)


def phrases(formats: Formats) -> Phrases:
    """The phrases of the language that the formats are for."""
    return Phrases(formats, _patterns(formats.texts.language))


@cache
def _patterns(language: str) -> tuple[tuple[re.Pattern[str], str], ...]:
    english, said = texts(FALLBACK), texts(language)
    keys = [key for key in english.entries if key.startswith(GROUP)]
    # literal text counts: a pattern with more of it is the more particular one
    keys.sort(key=lambda key: -len(GAP.sub("", english.entries[key])))
    return tuple((_pattern(english, key), said.entries[key]) for key in keys)


def _pattern(english: Texts, key: str) -> re.Pattern[str]:
    parts = GAP.split(english.entries[key])
    literal, names = parts[::2], parts[1::2]
    regex = re.escape(literal[0])
    for name, text in zip(names, literal[1:], strict=True):
        regex += f"(?P<{name}>.+?)" + re.escape(text)
    return re.compile(regex, re.DOTALL)
