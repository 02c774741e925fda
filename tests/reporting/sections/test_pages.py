"""Pages: what stands on each of them beside the text, and what the engine must know to set them."""

from __future__ import annotations

import copy
import io
import re
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest
from pypdf import PageObject, PdfReader
from pypdf.generic import ArrayObject, DictionaryObject, IndirectObject

from brytpunkt.folders import folders
from brytpunkt.reporting import fonts
from brytpunkt.reporting.outputs.html import context
from brytpunkt.reporting.outputs.pdf import pdf_bytes
from tests.reporting.conftest import Made
from tests.reporting.sections.test_changes import at
from tests.reporting.test_reports import html_of, pages_of

TEMPLATES = folders().templates
MM = 72 / 25.4


@pytest.mark.parametrize("name", ["portfolio", "lulea"])
def test_the_engine_knows_every_element_of_a_report(made: Made, name: str) -> None:
    html = re.sub(r"<svg.*?</svg>", "<svg/>", html_of(made, name, "en"), flags=re.DOTALL)
    sheet = (TEMPLATES / "engine.css").read_text(encoding="utf-8")
    rules = re.sub(r"/\*.*?\*/|\{.*?\}", " ", sheet, flags=re.DOTALL)
    known = set(re.findall(r"[a-z][a-z0-9]*", rules)) | {"br"}
    assert set(re.findall(r"<([a-z][a-z0-9]*)", html)) - known == set()


def test_the_engine_has_no_other_sheet_of_elements() -> None:
    html = '<html lang="en"><head><title>t</title></head><body><p>so <q>quoted</q></p></body></html>'
    text = PdfReader(io.BytesIO(pdf_bytes(html, TEMPLATES))).pages[0].extract_text()
    assert "so quoted" in text, "the sheet for all of HTML would set quotation marks"


def test_figures_stand_under_each_other_in_every_face() -> None:
    for weight in (400, 600, 700):
        letters = fonts.advances(TEMPLATES / "fonts", weight)
        assert len({letters.width(figure) for figure in "0123456789\u2007"}) == 1


def test_every_page_says_its_number_and_its_run(english: Path) -> None:
    pages = pages_of(english / "lulea.pdf")
    for number, text in enumerate(pages, 1):
        assert f"{number} / {len(pages)}" in text
        assert "Run small-1" in text
        assert ("Brytpunkt · " in text) == (number > 1), "page one has its own head"


@pytest.mark.parametrize(
    "name", ["W" * 60, "Build or rent in every one of the five Nordic countries", "שלום " * 20]
)
def test_heads_that_would_meet_are_cut(made: Made, name: str) -> None:
    summary = copy.deepcopy(made.summary)
    summary["plan"]["name"] = name
    summary["sites"][0]["site_name"] = name.upper()
    running = context(at(Made(made.result, summary), "en"), summary["sites"][0]["site"])["running"]
    bold = fonts.advances(TEMPLATES / "fonts", 600)
    for text, widest in ((running["plan"], 100), (running["subject"], 68)):
        assert "…" in text or name.upper() in text.upper(), "what is left out is marked"
        assert bold.width(text) * 8 / 72 * 25.4 <= widest
        assert bold.width(text + "W" * 8) * 8 / 72 * 25.4 > widest or "…" not in text, "no more than must"


def test_running_heads_are_no_part_of_what_is_read_out(english: Path) -> None:
    reader = PdfReader(english / "lulea.pdf")
    read = read_out(reader)
    for number, page in enumerate(reader.pages, 1):
        assert page.indirect_reference is not None
        heads, text = marked_beyond_the_text(page), read[page.indirect_reference.idnum]
        assert len(heads) == (4 if number > 1 else 2)
        assert text
        assert heads & text == set()


def read_out(reader: PdfReader) -> dict[int, set[int]]:
    """Numbers of the marked content that the structure tree leads to, by the number of their page."""
    found: dict[int, set[int]] = defaultdict(set)

    def walk(node: Any, page: int) -> None:
        item = node.get_object() if isinstance(node, IndirectObject) else node
        if isinstance(item, ArrayObject):
            for kid in item:
                walk(kid, page)
        elif isinstance(item, int):
            found[page].add(item)
        elif isinstance(item, DictionaryObject):
            page = item.raw_get("/Pg").idnum if "/Pg" in item else page
            if item.get("/Type") == "/MCR":
                number = item["/MCID"]
                assert isinstance(number, int)
                found[page].add(number)
            elif "/K" in item:
                walk(item["/K"], page)

    walk(reader.trailer["/Root"]["/StructTreeRoot"]["/K"], 0)  # type: ignore[index]
    return found


def marked_beyond_the_text(page: PageObject) -> set[int]:
    """Numbers of the marked content that stands in the upper or lower margin of a page."""
    height = float(page.mediabox.height)
    mark: list[Any] = ["", 0]
    found: set[int] = set()

    def see(operator: bytes, operands: Any, cm: Any, tm: Any) -> None:
        if operator == b"BDC":
            mark[:] = operands[0], operands[1]["/MCID"]
        up = tm[5] * cm[3] + cm[5]
        # labels of charts stand in forms, which have an origin of their own
        if operator == b"TJ" and mark[0] != "/Figure" and not 14 * MM < up < height - 19 * MM:
            found.add(mark[1])

    page.extract_text(visitor_operand_before=see)
    return found


def test_references_name_the_first_page_of_a_section(english: Path) -> None:
    pages = [re.sub(r"\s+", " ", page) for page in pages_of(english / "lulea.pdf")]
    found = re.search(r"Section (\d+), ([^,]+), page (\d+)", pages[0])
    assert found
    number, title, page = found.groups()
    assert f"{number} {title}" in pages[int(page) - 1]
