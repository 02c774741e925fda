"""Drawings: what the chart engine draws too much is left out, and the picture stays what it was."""

from __future__ import annotations

import base64
import re
import xml.etree.ElementTree as ET

import pytest

from brytpunkt.folders import folders
from brytpunkt.reporting.charts.tidy import tidied
from brytpunkt.reporting.drawings import as_images

FONTS = folders().templates / "fonts"
OPEN = '<svg xmlns="http://www.w3.org/2000/svg" width="100" height="50" viewBox="0 0 100 50">'


@pytest.mark.parametrize(
    ("drawn", "kept"),
    [
        ("<g><path d='M0,0h9v9h-9Z'/><g><g/></g></g>", ""),
        ("<g transform='translate(1,2)'><g><path d='M0,0h9' fill='red'/></g></g>", '<g transform="translate(1,2)"><path d="M0,0h9" fill="red" /></g>'),
        ("<path d='M1.23456,2h9' fill='red' opacity='1' aria-label='one'/>", '<path d="M1.23,2h9" fill="red" />'),
        ("<path d='M0,0h1' fill='red'/><path d='M5,0h1' fill='red'/>", '<path d="M0,0h1M5,0h1" fill="red" />'),
        ("<path d='M0,0h1' fill='red'/><path d='M5,0h1' fill='blue'/>", '<path d="M0,0h1" fill="red" /><path d="M5,0h1" fill="blue" />'),
        ("<path d='M0,0h1' fill='red' opacity='0.5'/><path d='M0,0h1' fill='red' opacity='0.5'/>", '<path d="M0,0h1" fill="red" opacity="0.5" />' * 2),
        ("<line transform='translate(0,20)' x2='9' y2='0' stroke='red'/><line transform='translate(0,10)' x2='9' y2='0' stroke='red'/>", '<path stroke="red" d="M0,20l9,0M0,10l9,0" />'),
        ("<clipPath id='c'><path d='M0,0h9v9h-9Z'/></clipPath>", '<clipPath id="c"><path d="M0,0h9v9h-9Z" /></clipPath>'),
    ],
)  # fmt: skip
def test_what_does_not_show_goes_and_marks_of_one_look_are_one(drawn: str, kept: str) -> None:
    assert tidied(f"{OPEN}{drawn}</svg>").partition(">")[2].removesuffix("</svg>") == kept


def test_names_have_no_prefix_whatever_the_process_registers() -> None:
    ET.register_namespace("other", "http://www.w3.org/2000/svg")
    assert tidied(f"{OPEN}<path d='M0,0h1' fill='red'/></svg>").startswith("<svg ")


def image_of(text: str) -> tuple[str, str]:
    """Alternative text and drawing of the one image that a page with a chart has."""
    html = f'<p>&lt;svg&gt; said somebody</p>{OPEN}<title>A &amp; "B"</title>{text}</svg><p>after</p>'
    made = as_images(html, FONTS)
    found = re.search(r'<img alt="([^"]*)" src="data:image/svg\+xml;base64,([^"]*)">', made)
    assert found
    assert made.replace(found[0], "") == "<p>&lt;svg&gt; said somebody</p><p>after</p>"
    return found[1], base64.b64decode(found[2]).decode()


def test_a_drawing_becomes_an_image_that_speaks() -> None:
    spoken, drawing = image_of("<path d='M0,0h1' fill='red'/>")
    assert spoken == "A &amp; &quot;B&quot;"
    assert 'xmlns="http://www.w3.org/2000/svg"' in drawing


@pytest.mark.parametrize(
    ("text", "shift"),
    [
        ("<text text-anchor='end' transform='translate(50,9)' font-size='10px'>00</text>", 9.94),
        ("<text text-anchor='middle' transform='translate(50,9)' font-size='10px'>00</text>", 4.97),
        ("<text text-anchor='start' transform='translate(50,9)' font-size='10px'>00</text>", None),
        ("<text text-anchor='end' transform='translate(50,9)' font-size='10px'>\u05e9</text>", None),
        ("<text text-anchor='end' transform='translate(50,9)' font-size='10px'><tspan>00</tspan></text>", None),
    ],
)  # fmt: skip
def test_text_starts_where_its_width_says_if_the_font_has_all_of_it(text: str, shift: float | None) -> None:
    _, drawing = image_of(text)
    moved = re.search(r"translate\(50,9\) translate\(-([\d.]+),0\)", drawing)
    assert (moved is None) == (shift is None)
    if moved and shift:
        assert float(moved[1]) == pytest.approx(shift, abs=0.2)
        assert "text-anchor" not in drawing
