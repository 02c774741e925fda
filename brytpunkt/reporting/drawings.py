"""Drawings: inline SVG of a page as images that the PDF engine draws at less than half the cost.

Belongs here: what the engine is spared. Does not belong here: how a chart looks (see charts/).
"""

from __future__ import annotations

import base64
import re
import xml.etree.ElementTree as ET
from functools import cache
from html import escape
from typing import TYPE_CHECKING

from brytpunkt.reporting import fonts

if TYPE_CHECKING:
    from pathlib import Path

DRAWING = re.compile(r"<svg\b.*?</svg>", re.DOTALL)
SPACE = "xmlns", "http://www.w3.org/2000/svg"
REGULAR = 400
SHIFTS = {"end": 1.0, "middle": 0.5}


def as_images(html: str, font_folder: Path) -> str:
    """A page whose drawings are images with their spoken title as alternative text.

    Inline, every mark of a drawing goes through the style sheet of the page. And text that ends at its anchor, or
    is centred on it, becomes a transparency group of its own; here it starts where its width says. Declared text
    in the page is escaped, so that nothing but a drawing can look like one.
    """
    return DRAWING.sub(lambda found: _image(found[0], font_folder), html)


def _image(svg: str, font_folder: Path) -> str:
    bare = svg.replace(f' {SPACE[0]}="{SPACE[1]}"', "", 1)
    root = ET.fromstring(bare)  # noqa: S314 - our own drawing, without entities
    root.set(*SPACE)
    for text in root.iter("text"):
        _start_at_its_width(text, font_folder)
    title = root.findtext("title") or ""
    data = base64.b64encode(ET.tostring(root)).decode("ascii")
    return f'<img alt="{escape(title)}" src="data:image/svg+xml;base64,{data}">'


def _start_at_its_width(text: ET.Element, font_folder: Path) -> None:
    share = SHIFTS.get(text.get("text-anchor", ""))
    weight, size = text.get("font-weight", str(REGULAR)), text.get("font-size", "")
    if share is None or len(text) or not weight.isdecimal() or not size.endswith("px"):
        return
    widths = _widths(font_folder, int(weight))
    letters = [widths.get(ord(letter)) for letter in text.text or ""]
    known = [width for width in letters if width is not None]
    if len(known) == len(letters):
        shift = share * sum(known) * float(size.removesuffix("px"))
        text.set("transform", f"{text.get('transform', '')} translate({-shift:.2f},0)".strip())
        del text.attrib["text-anchor"]


@cache
def _widths(font_folder: Path, weight: int) -> dict[int, float]:
    """Advance widths by character [em] of the face nearest to a weight: the engine sets drawings letter by letter."""
    from fontTools.ttLib import TTFont

    upright = [face for face in fonts.faces(font_folder) if not face.is_italic]
    nearest = min(upright, key=lambda face: abs(face.weight - weight))
    with TTFont(nearest.path, lazy=True) as font:
        advances, em = font["hmtx"].metrics, font["head"].unitsPerEm
        return {code: advances[name][0] / em for code, name in font.getBestCmap().items()}
