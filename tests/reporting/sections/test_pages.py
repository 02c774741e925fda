"""Pages: what stands on each of them beside the text, and what the engine must know to set them."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from pypdf import PdfReader

from brytpunkt.folders import folders
from brytpunkt.reporting import fonts, heads
from brytpunkt.reporting.style import element_css
from tests.reporting.conftest import Made
from tests.reporting.test_reports import html_of, pages_of

TEMPLATES = folders().templates


@pytest.mark.parametrize("name", ["portfolio", "lulea"])
def test_the_engine_knows_every_element_of_a_report(made: Made, name: str) -> None:
    html = re.sub(r"<svg.*?</svg>", "<img/>", html_of(made, name, "en"), flags=re.DOTALL)
    rules = re.sub(r"/\*.*?\*/|\{.*?\}", " ", element_css(TEMPLATES), flags=re.DOTALL)
    known = set(re.findall(r"[a-z][a-z0-9]*", rules)) | {"br"}
    assert set(re.findall(r"<([a-z][a-z0-9]*)", html)) - known == set()


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


def test_heads_that_would_meet_are_cut() -> None:
    page = '<html><body><div class="strings"><p class="plan">{}</p><p class="subject">Short</p></div><p>kept</p></body></html>'
    root = ET.fromstring(page.format("W" * 60))  # noqa: S314 - written here
    found = heads.taken_out(root, TEMPLATES / "fonts")
    assert re.fullmatch("W{30,50}…", found.plan)
    assert (found.subject, found.foot) == ("Short", "")
    assert "".join(root.itertext()) == "kept"


def test_running_heads_are_no_part_of_what_is_read_out(english: Path) -> None:
    for page in PdfReader(english / "lulea.pdf").pages:
        contents = page.get_contents()
        assert contents is not None
        opened = re.findall(rb"/(\w+)\s+(?:<<[^>]*>>\s*)?B[DM]C", contents.get_data())
        assert opened[-1] == b"Artifact", "heads are drawn last"


def test_references_name_the_first_page_of_a_section(english: Path) -> None:
    pages = [re.sub(r"\s+", " ", page) for page in pages_of(english / "lulea.pdf")]
    found = re.search(r"Section (\d+), ([^,]+), page (\d+)", pages[0])
    assert found
    number, title, page = found.groups()
    assert f"{number} {title}" in pages[int(page) - 1]
    assert "000" not in re.findall(r"page (\d+)", pages[0])
