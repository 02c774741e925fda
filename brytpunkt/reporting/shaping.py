"""Shaping: text that was shaped to be placed stays shaped until it is drawn.

Belongs here: how long the PDF engine keeps its lines. Does not belong here: text that we place ourselves (lettering.py).
"""

from __future__ import annotations

from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def kept() -> Iterator[None]:
    """The engine lets go of every line once it is placed and shapes it again to draw it; for a while it does not."""
    from weasyprint.text import line_break

    before = line_break.Layout
    line_break.Layout = _kept()
    try:
        yield
    finally:
        line_break.Layout = before


@cache
def _kept() -> Any:
    from weasyprint.text.ffi import pango
    from weasyprint.text.line_break import Layout

    class Kept(Layout):  # type: ignore[misc]
        def set_text(self, text: str, justify: bool = False) -> None:  # noqa: FBT001, FBT002 - the engine's signature
            if "\n" not in text:
                # as the engine draws; to say so later would undo the shaping
                pango.pango_layout_set_single_paragraph_mode(self.layout, True)  # noqa: FBT003 - nor has C names
            super().set_text(text, justify)

        def deactivate(self) -> None:
            """Stay."""

        def reactivate(self, style: Any) -> None:
            if self.justification_spacing:  # known only once the line is placed
                super().reactivate(style)

    return Kept
