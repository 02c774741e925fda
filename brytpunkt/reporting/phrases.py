"""Phrases: sentences that planning writes in English, said in the language of the report.

Belongs here: recognising a sentence by its pattern and filling it in again. Does not belong here: the sentences
(`phrases` in texts/*.yaml, the English pattern under the same key in en.yaml).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING

from brytpunkt.reporting.translations import FALLBACK, texts

if TYPE_CHECKING:
    from brytpunkt.reporting.formats import Formats

GROUP = "phrases."
JOINED = "; "
NUMBER = re.compile(r"-?\d{1,3}(?:,\d{3})*(?:\.(\d+))?(%?)")
GAP = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True)
class Pattern:
    """An English sentence with gaps, as regular expressions, and how the language says it.

    `within` lets no gap reach over a semicolon, which joins sentences; `over` does.
    """

    within: re.Pattern[str]
    over: re.Pattern[str]
    said: str


@dataclass(frozen=True)
class Phrases:
    """Patterns of the English sentences, and how one language says them; the most particular pattern first."""

    formats: Formats
    patterns: tuple[Pattern, ...]
    known: dict[str, str] = field(default_factory=dict, compare=False, repr=False)

    def __call__(self, sentence: str) -> str:
        """The sentence in the language.

        First as a whole, then part by part where semicolons join it, then as a whole whose gaps hold semicolons.
        What no pattern knows stays as it is: a sentence in English is better than none.
        """
        said = self.known.get(sentence)
        if said is None:
            # the reports of a run say the same sentences over and over
            said = self.known[sentence] = self._said(sentence) or sentence
        return said

    def knows(self, sentence: str) -> bool:
        """Whether the sentence, or each of its parts, has a pattern."""
        return self._said(sentence, must_know_all=True) is not None

    def _said(self, sentence: str, *, must_know_all: bool = False) -> str | None:
        whole = self._matched(sentence, over=False)
        if whole is not None:
            return whole
        if JOINED in sentence:
            parts = sentence.split(JOINED)
            said = [self._matched(part, over=False) for part in parts]
            if all(said) or (any(said) and not must_know_all and self._matched(sentence, over=True) is None):
                return JOINED.join(new or old for new, old in zip(said, parts, strict=True))
        return self._matched(sentence, over=True)

    def _matched(self, sentence: str, *, over: bool) -> str | None:
        for pattern in self.patterns:
            found = (pattern.over if over else pattern.within).fullmatch(sentence)
            if found is not None:
                filled = {name: self._inner(value) for name, value in found.groupdict().items()}
                return pattern.said.format(**filled)
        return None

    def _inner(self, value: str) -> str:
        """What is filled in: a number in the reader's format, or a phrase of its own, or a name as it is."""
        number = NUMBER.fullmatch(value)
        if number is None:
            return self(value)
        decimals, percent = len(number[1] or ""), number[2]
        amount = Decimal(value.rstrip("%").replace(",", ""))
        if percent:
            return self.formats.percent(amount / 100, decimals)
        return self.formats.number(amount, decimals)


def phrases(formats: Formats) -> Phrases:
    """The phrases of the language that the formats are for."""
    return Phrases(formats, _patterns(formats.texts.language))


@cache
def _patterns(language: str) -> tuple[Pattern, ...]:
    english, said = texts(FALLBACK), texts(language)
    keys = [key for key in english.entries if key.startswith(GROUP)]
    # literal text counts: a pattern with more of it is the more particular one
    keys.sort(key=lambda key: -len(GAP.sub("", english.entries[key])))
    return tuple(
        Pattern(
            _compiled(english.entries[key], r"(?:(?!; ).)+?"),
            _compiled(english.entries[key], r".+?"),
            said.entries[key],
        )
        for key in keys
    )


def _compiled(sentence: str, gap: str) -> re.Pattern[str]:
    parts = GAP.split(sentence)
    literal, names = parts[::2], parts[1::2]
    regex = re.escape(literal[0])
    for name, text in zip(names, literal[1:], strict=True):
        regex += f"(?P<{name}>{gap})" + re.escape(text)
    return re.compile(regex, re.DOTALL)
