"""Style: the style sheet with its fonts inside, whole for the PDF engine and subset for a page in a browser.

Belongs here: fonts as data addresses, so that nothing is ever fetched. Does not belong here: the rules (base.css).
"""

from __future__ import annotations

import base64
import io
from functools import cache
from typing import TYPE_CHECKING, Any

from brytpunkt.reporting import fonts

if TYPE_CHECKING:
    from pathlib import Path

    from brytpunkt.reporting.fonts import Face

RULE = "@font-face{{font-family:Report;src:url(data:{kind};base64,{data});font-weight:{weight};font-style:{style}}}"
# Latin with its extensions, Greek, Cyrillic, punctuation, currency, arrows, operators, shapes: what reports print
SUBSET = (
    (0x20, 0x7E), (0xA0, 0x17F), (0x370, 0x3FF), (0x400, 0x45F), (0x2010, 0x2044), (0x2080, 0x2089), (0x20AC, 0x20AC),
    (0x2190, 0x2193), (0x2212, 0x2212), (0x2260, 0x2265), (0x25A0, 0x25FF),
)  # fmt: skip


@cache
def print_css(templates: Path) -> str:
    """Style sheet of the PDF: every face whole, because the engine subsets by itself."""
    rules = [_rule(face, "font/ttf", face.path.read_bytes()) for face in fonts.faces(templates / "fonts")]
    return "\n".join(rules) + _base(templates) + (templates / "print.css").read_text(encoding="utf-8")


@cache
def page_css(templates: Path) -> str:
    """Style sheet of the HTML file: the faces that the style names, cut to the characters of reports."""
    wanted = [face for face in fonts.faces(templates / "fonts") if (face.weight, face.is_italic) in _USED]
    return "\n".join(_rule(face, "font/woff2", _subset(face)) for face in wanted) + _base(templates)


_USED = {(400, False), (600, False), (400, True)}


def _rule(face: Face, kind: str, data: bytes) -> str:
    return RULE.format(
        kind=kind,
        data=base64.b64encode(data).decode("ascii"),
        weight=face.weight,
        style="italic" if face.is_italic else "normal",
    )


def _base(templates: Path) -> str:
    return "\n" + (templates / "base.css").read_text(encoding="utf-8")


def _subset(face: Face) -> bytes:
    """The face as WOFF2 with the characters of reports; the same bytes every time."""
    from fontTools.subset import Options, Subsetter
    from fontTools.ttLib import TTFont

    options: Any = Options()
    options.layout_features = ["kern", "liga", "locl", "mark", "mkmk", "ccmp"]
    options.hinting = False
    options.recalc_timestamp = False
    font = TTFont(face.path, recalcTimestamp=False)
    subsetter = Subsetter(options)
    subsetter.populate(unicodes=[code for first, last in SUBSET for code in range(first, last + 1)])
    subsetter.subset(font)
    font.flavor = "woff2"
    written = io.BytesIO()
    font.save(written, reorderTables=True)
    return written.getvalue()
