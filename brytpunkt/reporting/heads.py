"""Heads: what stands at the top and at the foot of every page of a PDF, drawn once the pages stand.

Belongs here: running heads and page numbers. Does not belong here: the text of pages.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from brytpunkt.reporting import fonts
from brytpunkt.reporting.charts.theme import INK, MUTED
from brytpunkt.reporting.lettering import Letters, colour, write
from brytpunkt.reporting.sanitise import ELLIPSIS

if TYPE_CHECKING:
    import xml.etree.ElementTree as ET
    from pathlib import Path

PX_PER_MM = 96 / 25.4
LEFT, RIGHT, TOP, BOTTOM = 18.0, 192.0, 18.08, 284.82  # [mm] edges of the text, baselines of head and foot
WIDEST = {"plan": 100.0, "subject": 68.0, "foot": 128.0}  # [mm] so that left and right never meet
SIZE = 8 * 96 / 72  # [px]
QUIET, STRONG = Letters(SIZE), Letters(SIZE, weight=600)
OF = "\u2009/\u2009"


@dataclass(frozen=True)
class Heads:
    """Texts of a report's pages: at the top the plan and the report's subject, at the foot the run."""

    plan: str
    subject: str
    foot: str


def taken_out(root: ET.Element, font_folder: Path) -> Heads:
    """Take the texts of running heads out of a page, and cut those that would not fit.

    As margin boxes of the style sheet, which the engine styles and lays out on every page, they would cost a tenth of
    its time.
    """
    texts = dict.fromkeys(WIDEST, "")
    for body in root.iter("body"):
        for strings in body.findall("div[@class='strings']"):
            texts |= {text.get("class", ""): "".join(text.itertext()) for text in strings}
            body.remove(strings)
    return Heads(**{name: _fitting(texts[name], WIDEST[name], font_folder) for name in WIDEST})


def _fitting(text: str, widest: float, font_folder: Path) -> str:
    letters = fonts.advances(font_folder, STRONG.weight)
    cut = text
    while letters.width(cut) * SIZE > widest * PX_PER_MM:
        cut = cut.removesuffix(ELLIPSIS)[:-1] + ELLIPSIS
    return cut


def put_on(document: Any, heads: Heads) -> Any:
    """A laid out document with running heads on every page but the first, and the run and page number on all."""
    from weasyprint import Page

    class Headed(Page):  # type: ignore[misc]
        def __init__(self, page: Any, number: int) -> None:
            self.__dict__.update(vars(page))
            self.number = number

        def paint(self, stream: Any, scale: float = 1) -> None:
            super().paint(stream, scale)
            with stream.artifact(), stream.stacked():
                stream.transform(a=scale, d=scale)
                for text, letters, ink, x, y in _placed(heads, self.number, len(document.pages)):
                    with stream.stacked():
                        stream.transform(e=x * PX_PER_MM, f=y * PX_PER_MM)
                        stream.set_color(colour(ink))
                        write(stream, document.font_config, text, letters, share=float(x == RIGHT))

    return document.copy([Headed(page, number) for number, page in enumerate(document.pages, 1)])


def _placed(heads: Heads, number: int, count: int) -> list[tuple[str, Letters, str, float, float]]:
    placed = [
        (heads.plan, QUIET, MUTED, LEFT, TOP),
        (heads.subject, STRONG, INK, RIGHT, TOP),
        (heads.foot, QUIET, MUTED, LEFT, BOTTOM),
        (f"{number}{OF}{count}", STRONG, INK, RIGHT, BOTTOM),
    ]
    return [item for item in placed if item[0] and (number > 1 or item[4] == BOTTOM)]
