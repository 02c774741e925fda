"""Style: the style sheet with its fonts, by name for the PDF engine and inside for a page in a browser.

Belongs here: addresses of fonts, so that nothing else is ever opened. Does not belong here: the rules (base.css).
"""

from __future__ import annotations

import base64
import io
from functools import cache
from typing import TYPE_CHECKING, Any

from brytpunkt.reporting import fonts

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from brytpunkt.reporting.fonts import Face

RULE = "@font-face{{font-family:Report;src:url({address});font-weight:{weight};font-style:{style}}}"
FONT = "font:"  # how the style sheet of the PDF names a file of the font folder
# Latin with its extensions, Greek, Cyrillic, punctuation, currency, arrows, operators, shapes: what reports print
SUBSET = (
    (0x20, 0x7E), (0xA0, 0x17F), (0x370, 0x3FF), (0x400, 0x45F), (0x2010, 0x2044), (0x2080, 0x2089), (0x20AC, 0x20AC),
    (0x2190, 0x2193), (0x2212, 0x2212), (0x2260, 0x2265), (0x25A0, 0x25FF),
)  # fmt: skip


@cache
def print_css(templates: Path) -> str:
    """Style sheet of the PDF: what elements are, and every face by the name of its file.

    Faces are whole, because the engine subsets by itself; as letters inside the sheet, they would have it read
    megabytes of text for each report.
    """
    rules = [_rule(face, FONT + face.path.name) for face in fonts.faces(templates / "fonts")]
    return "\n".join([*rules, *_rules(templates, "engine.css", "base.css", "print.css")])


@cache
def page_css(templates: Path) -> str:
    """Style sheet of the HTML file: the faces that the style names, cut to the characters of reports."""
    wanted = [face for face in fonts.faces(templates / "fonts") if (face.weight, face.is_italic) in _USED]
    inside = {face: base64.b64encode(_subset(face)).decode("ascii") for face in wanted}
    rules = [_rule(face, f"data:font/woff2;base64,{letters}") for face, letters in inside.items()]
    return "\n".join([*rules, *_rules(templates, "base.css", "screen.css")])


def font_files(templates: Path) -> dict[str, Path]:
    """Files of the faces by the address that the style sheet of the PDF names them by."""
    return {FONT + face.path.name: face.path for face in fonts.faces(templates / "fonts")}


_USED = {(400, False), (600, False), (400, True)}


def _rule(face: Face, address: str) -> str:
    return RULE.format(address=address, weight=face.weight, style="italic" if face.is_italic else "normal")


def _rules(templates: Path, *names: str) -> Iterator[str]:
    return ((templates / name).read_text(encoding="utf-8") for name in names)


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
