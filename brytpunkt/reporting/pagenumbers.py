"""Page numbers: what references print, put in once the pages stand.

Belongs here: references to pages. Does not belong here: the number at the foot of a page (see heads.py).
"""

from __future__ import annotations

from typing import Any

from brytpunkt.reporting.formats import NOTHING

PLACE = "000"  # as print.css has it; wide enough for the pages of a report
FIGURE_SPACE = "\u2007"


def number(document: Any) -> None:
    """Replace the place of every page number by the number of the page that its link leads to.

    A counter of a page that is laid out later makes the engine lay out the page of the reference three times.
    Digits have one width, so that the place of a number is as wide as the number.
    """
    pages: dict[str, int] = {}
    for at, page in enumerate(document.pages, 1):
        for name in page.anchors:
            pages.setdefault(name, at)  # a section that goes on has its anchor on every page
    for page in document.pages:
        if not page.links:
            continue
        for box in page._page_box.descendants():  # noqa: SLF001 - a page tells its boxes to nobody else
            text = getattr(box, "text", "")
            if text.endswith(PLACE) and (box.element_tag or "").endswith("a::after"):
                target = (box.element.get("href") or "").removeprefix("#")
                _print(box, text, str(pages.get(target, NOTHING)))


def _print(box: Any, text: str, digits: str) -> None:
    is_right = text == PLACE
    shown = text.removesuffix(PLACE) + (digits.rjust(len(PLACE), FIGURE_SPACE) if is_right else digits)
    box.text = shown
    box.pango_layout.setup(box.style)
    box.pango_layout.set_text(shown)
