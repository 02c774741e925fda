"""Drawings: what the chart engine draws too much is left out, and the picture stays what it was."""

from __future__ import annotations

import io
import re
import xml.etree.ElementTree as ET

import pytest
from pypdf import PdfReader

from brytpunkt.folders import folders
from brytpunkt.reporting import drawings
from brytpunkt.reporting.charts.svg_simplify import tidied
from brytpunkt.reporting.outputs.pdf import pdf_bytes

TEMPLATES = folders().templates
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


def page(text: str) -> ET.Element:
    """A page with one chart, as the PDF engine is given it."""
    svg = f'<svg width="100" height="50" viewBox="0 0 100 50"><title>A &amp; "B"</title>{text}</svg>'
    return ET.fromstring(f"<p>&lt;svg&gt; said somebody {svg}<b>after</b></p>")  # noqa: S314 - written here


def drawn(text: str) -> tuple[str, str]:
    """Text and drawing operators of a PDF with one chart."""
    svg = f'<svg width="100" height="50" viewBox="0 0 100 50"><title>Spoken</title>{text}</svg>'
    html = f'<html lang="en"><head><title>t</title></head><body><figure>{svg}</figure></body></html>'
    page = PdfReader(io.BytesIO(pdf_bytes(html, TEMPLATES))).pages[0]
    contents = page.get_contents()
    assert contents is not None
    return page.extract_text(), contents.get_data().decode("latin-1")


def test_a_drawing_becomes_an_image_that_speaks_and_the_rest_stays() -> None:
    root = page("<path d='M0,0h1' fill='red'/>")
    made = drawings.taken_out(root, None)
    image = root.find("img")
    assert image is not None
    assert image.attrib == {"alt": 'A & "B"', "src": "drawing:0"}
    assert list(made) == ["drawing:0"]
    assert made["drawing:0"].get_intrinsic_size(1, 1) == (100.0, 50.0, 2.0)
    assert "".join(root.itertext()) == "<svg> said somebody after"


@pytest.mark.parametrize(
    ("mark", "operators"),
    [
        ("<path d='M1,2h9v4Z' fill='#ff0000'/>", ["1 0 0 rg", "1 2 m 10 2 l 10 6 l h", "f"]),
        ("<path d='M1,2h9' stroke='#0000ff' stroke-width='3'/>", ["0 0 1 RG", "3 w", "1 2 m 10 2 l", "S"]),
        ("<path d='M1,2h9' stroke='#000' stroke-dasharray='1,3.5'/>", ["[1 3.5] 0 d"]),
        ("<path d='M1,2h9' fill='#000' opacity='0.5'/>", ["/a0.5 gs"]),
        ("<g transform='translate(3,4)'><path d='M1,2h9' fill='#000'/></g>", ["1 0 0 1 3 4 cm"]),
        ("<g transform='rotate(90)'><path d='M1,2h9' fill='#000'/></g>", ["0 1 -1 0 0 0 cm"]),
        (
            "<clipPath id='c'><rect x='0' y='1' width='9' height='8'/></clipPath>"
            "<g clip-path='url(#c)'><path d='M1,2h9' fill='#000'/></g>",
            ["0 1 9 8 re", "W", "n"],
        ),
    ],
)  # fmt: skip
def test_marks_are_drawn_as_they_are(mark: str, operators: list[str]) -> None:
    _, stream = drawn(mark)
    lines = stream.splitlines()
    assert [line for line in operators if line not in lines] == []


def test_what_has_neither_ink_nor_letters_draws_nothing() -> None:
    _, empty = drawn("")
    assert drawn("<path d='M0,0h1'/><text font-size='9px' fill='#000'> </text>")[1].count(
        " m"
    ) == empty.count(" m")


def test_text_starts_where_its_anchor_says() -> None:
    starts = {}
    for anchor in ("start", "middle", "end"):
        text, stream = drawn(
            f"<text text-anchor='{anchor}' font-family='Report' font-size='10px' fill='#000'>2028 AVA</text>"
        )
        assert "2028 AVA" in text
        found = re.search(r"^1 0 0 -1 (\S+) 0 Tm$", stream, re.MULTILINE)
        assert found
        starts[anchor] = float(found[1])
    assert starts["start"] == 0.0
    assert 30 < -starts["end"] < 50
    assert starts["middle"] == pytest.approx(starts["end"] / 2, abs=0.01)


@pytest.mark.parametrize(
    "mark",
    [
        "<circle r='4' fill='#000'/>",
        "<path d='M0,0h1' fill='#000' filter='url(#f)'/>",
        "<g opacity='0.5'><path d='M0,0h1' fill='#000'/></g>",
    ],
)
def test_what_a_drawing_cannot_draw_is_said_instead_of_drawn_wrongly(mark: str) -> None:
    with pytest.raises(ValueError, match="reports cannot draw"):
        drawings.taken_out(page(mark), None)
