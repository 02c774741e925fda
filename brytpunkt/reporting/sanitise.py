"""Words: text that users declare, made fit to stand in a sentence, a table or a chart.

Belongs here: what is cut, dropped or isolated. Does not belong here: escaping (templates do that to everything).
"""

from __future__ import annotations

import unicodedata

LABEL_LENGTH = 26
LAST_OF_BASIC_PLANE = 0xFFFF
ELLIPSIS = "\u2026"
UNPRINTABLE = {"Cc", "Cs", "Cn", "Co", "Zl", "Zp"}
RIGHT_TO_LEFT = {"R", "AL"}
DIRECTIONS = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}
ISOLATE, END = "\u2068", "\u2069"
SPACES = str.maketrans("", "", "\u00a0\u2007\u2009\u202f")  # harmless, but not printable for Python


def printable(text: str) -> str:
    """Text without control characters, which XML refuses, and without marks that turn the reading direction."""
    if _is_plain(text):
        return text
    return "".join(
        " " if unicodedata.category(c) in UNPRINTABLE else c
        for c in text
        if unicodedata.bidirectional(c) not in DIRECTIONS
    )


def clean(text: str) -> str:
    """Text as `printable` leaves it, but with the isolates that `short` sets around names."""
    if _is_plain(text):
        return text
    return "".join(c if c in {ISOLATE, END} else printable(c) for c in text)


def _is_plain(text: str) -> bool:
    """Whether nothing is to be dropped: Python calls no control character and no mark of direction printable."""
    return text.isprintable() or text.translate(SPACES).isprintable()


def short(text: str, length: int = LABEL_LENGTH) -> str:
    """Text cut to a length; text that reads from right to left is isolated, so that it turns nothing around it."""
    clean = printable(text)
    cut = clean if len(clean) <= length else clean[: length - 1].rstrip() + ELLIPSIS
    if any(unicodedata.bidirectional(c) in RIGHT_TO_LEFT for c in cut):
        return f"{ISOLATE}{cut}{END}"
    return cut


def capital(text: str) -> str:
    """Text that begins with a capital; the rest is left as it is."""
    return text[:1].upper() + text[1:]


def axis_label(text: str, length: int = LABEL_LENGTH) -> str:
    """A short label without characters beyond the basic plane, which the chart engine would cut in half."""
    return short("".join(c for c in text if ord(c) <= LAST_OF_BASIC_PLANE).strip(), length)
