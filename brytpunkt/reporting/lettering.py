"""Lettering: one line of text straight into a page, with the engine's shaping and fonts but without its layout.

Belongs here: what draws text for drawings and running heads. Does not belong here: where it stands.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

REGULAR = 400
KNOWN = 4096  # lines that are kept


@dataclass(frozen=True)
class Letters:
    """Font of a line of text: family, size [px], weight and slope."""

    size: float
    weight: int = REGULAR
    slope: str = "normal"
    family: str = "Report"


def write(stream: Any, font_config: Any, text: str, letters: Letters, *, share: float = 0.0) -> None:
    """Draw a text in the current colour at the origin of a stream: from there on, or moved by a share of its width."""
    from weasyprint.draw.text import draw_emojis, draw_first_line
    from weasyprint.matrix import Matrix

    line = _line(font_config, text, letters)
    start = -share * line.width
    stream.begin_text()
    emojis = draw_first_line(stream, line, "clip", "none", Matrix(d=-1, e=start))
    stream.end_text()
    draw_emojis(stream, line.style, start, 0, emojis)


@cache
def colour(name: str) -> Any:
    """A colour as the engine takes it. Raises ValueError for a name that is none."""
    from tinycss2.color5 import parse_color

    found = parse_color(name)
    if found is None:
        message = f"{name!r} is no colour"
        raise ValueError(message)
    return found


def forget() -> None:
    """Let go of the fonts of documents, which the engine frees with modules that are gone at the very end."""
    _line.cache_clear()
    _style.cache_clear()


@dataclass(frozen=True)
class _Line:
    """What the engine asks of a line of text that it draws, and its width [px]."""

    pango_layout: Any
    style: Any
    baseline: float
    text: str
    width: float


@lru_cache(maxsize=KNOWN)
def _line(font_config: Any, text: str, letters: Letters) -> _Line:
    """A line as it is shaped; charts and heads say the same things again and again."""
    from weasyprint.text.line_break import split_first_line

    style = _style(font_config, letters)
    layout, _, _, width, _, baseline = split_first_line(text, style, None, None, 0)
    layout.reactivate(style)
    return _Line(layout, style, baseline, layout.text, width)


class _Style(dict[str, Any]):
    """Style of a line of text: the initial values of CSS with a font of the report, and the fonts of the document."""

    font_config: Any


@cache
def _style(font_config: Any, letters: Letters) -> _Style:
    from weasyprint.css.properties import INITIAL_VALUES

    style = _Style(INITIAL_VALUES)
    style.font_config = font_config
    style.update(
        font_family=[letters.family],
        font_size=letters.size,
        font_weight=letters.weight,
        font_style=letters.slope,
    )
    return style
