"""Ink: where the text of a PDF stands, from its own drawing operators and the widths that its fonts state."""

from __future__ import annotations

import io
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from pypdf import PdfReader


@dataclass(frozen=True)
class Run:
    """Letters that are set in one go, on a horizontal line: left and right edge and baseline [pt from the lower left]."""

    page: int
    left: float
    right: float
    base: float
    glyphs: bytes


def runs(data: bytes) -> list[Run]:
    """Every run of upright text of a PDF; labels of charts stand in forms, which have an origin of their own."""
    found: list[Run] = []
    for number, page in enumerate(PdfReader(io.BytesIO(data)).pages, 1):
        fonts = {
            name: _widths(font.get_object()["/DescendantFonts"][0].get_object())
            for name, font in page["/Resources"]["/Font"].items()  # type: ignore[index]
        }
        chosen: list[Any] = ["", 0.0]

        def see(
            operator: bytes, operands: Any, cm: Any, tm: Any,
            number: int = number, fonts: Any = fonts, chosen: list[Any] = chosen,
        ) -> None:  # fmt: skip
            if operator == b"Tf":
                chosen[:] = str(operands[0]), float(operands[1])
            if operator != b"TJ" or tm[1] or tm[2]:
                return
            widths, size = fonts[chosen[0]], chosen[1]
            glyphs = b"".join(bytes(part) for part in operands[0] if isinstance(part, bytes))
            codes = [int.from_bytes(glyphs[at : at + 2]) for at in range(0, len(glyphs), 2)]
            closer = sum(float(part) for part in operands[0] if not isinstance(part, bytes))
            width = (sum(widths[code] for code in codes) - closer) / 1000 * size * tm[0]
            left, base = tm[4] * cm[0] + cm[4], tm[5] * cm[3] + cm[5]
            found.append(Run(number, left, left + width * cm[0], base, glyphs))

        page.extract_text(visitor_operand_before=see)
    return found


def collisions(set_text: list[Run], slack: float) -> list[tuple[Run, Run]]:
    """Runs on one line of a page of which the second begins before the first ends, but for some slack [pt]."""
    lines: dict[tuple[int, float], list[Run]] = {}
    for run in set_text:
        lines.setdefault((run.page, round(run.base, 1)), []).append(run)
    return [
        (one, other)
        for line in lines.values()
        for one, other in pairwise(sorted(line, key=lambda run: run.left))
        if other.left < one.right - slack
    ]


def _widths(font: Any) -> dict[int, float]:
    """Widths of glyphs [thousandths of the size] from the array of a CID font: first code, then its widths."""
    listed = font["/W"]
    return {
        int(listed[at]) + nth: float(width)
        for at in range(0, len(listed), 2)
        for nth, width in enumerate(listed[at + 1])
    }
