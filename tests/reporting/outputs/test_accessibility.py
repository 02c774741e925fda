"""What a screen reader meets: tags, language, alternative text, heads of tables, order, and colours one can tell."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pdfua
import pytest
from pypdf import PdfReader
from pypdf.generic import ArrayObject, DictionaryObject, IndirectObject

from brytpunkt.folders import folders
from brytpunkt.reporting.charts import theme

LETTERS = 4.5
ON_A_SCREEN = re.compile(r"#[0-9a-f]{6}", re.IGNORECASE)


def elements(path: Path) -> Iterator[dict[str, Any]]:
    """Structure elements of a PDF in reading order."""
    root = PdfReader(path).trailer["/Root"]["/StructTreeRoot"]  # type: ignore[index]

    def walk(node: Any) -> Iterator[dict[str, Any]]:
        found = node.get_object() if isinstance(node, IndirectObject) else node
        if isinstance(found, ArrayObject):
            for item in found:
                yield from walk(item)
        elif isinstance(found, DictionaryObject) and found.get("/Type") != "/OBJR":
            if "/S" in found:
                yield {str(key): value for key, value in found.items()}
            if "/K" in found:
                yield from walk(found["/K"])

    yield from walk(root)


@pytest.mark.parametrize("name", ["portfolio", "lulea", "oslo"])
def test_the_validator_finds_no_error(english: Path, name: str) -> None:
    found = pdfua.validate(str(english / f"{name}.pdf"))
    assert [finding for finding in found.findings if str(finding.severity.value) == "error"] == []
    # the one warning is meant: the file does not claim to be PDF/UA, no full validator has judged it
    assert {finding.rule_id for finding in found.findings} <= {"UA-28-004"}
    # this rule fails inside the validator on every heading that holds more than one thing; it is checked below
    assert {outcome.rule_id for outcome in found.skipped} <= {"UA-14-001"}


def has_content(kids: Any) -> bool:
    """Whether kids of a structure element lead to marked content: a number, or a reference to marked content."""
    found = kids.get_object() if isinstance(kids, IndirectObject) else kids
    if isinstance(found, ArrayObject):
        return any(has_content(kid) for kid in found)
    if isinstance(found, DictionaryObject):
        return found.get("/Type") == "/MCR" or has_content(found.get("/K"))
    return isinstance(found, int)


def test_no_heading_is_empty(english: Path) -> None:
    for path in english.glob("*.pdf"):
        heads = [item for item in elements(path) if re.fullmatch(r"/H\d", str(item["/S"]))]
        assert len(heads) > 20
        assert all(has_content(item.get("/K")) for item in heads)


def test_the_language_is_that_of_the_text_and_the_title_is_shown(english: Path) -> None:
    root = PdfReader(english / "lulea.pdf").trailer["/Root"]
    assert root["/Lang"] == "en"  # type: ignore[index]
    assert root["/ViewerPreferences"]["/DisplayDocTitle"]  # type: ignore[index]
    assert b"pdfuaid" not in (english / "lulea.pdf").read_bytes()


def test_every_chart_is_told_in_words(english: Path) -> None:
    for path in english.glob("*.pdf"):
        told = [str(item.get("/Alt", "")) for item in elements(path) if item["/S"] == "/Figure"]
        assert told
        assert all(len(text) > 20 for text in told), told


def test_heads_say_what_they_head(english: Path) -> None:
    heads = [item for item in elements(english / "lulea.pdf") if item["/S"] == "/TH"]
    scopes = [str(item["/A"]["/Scope"]) for item in heads]
    assert len(scopes) > 100
    assert {"/Column", "/Row"} == set(scopes)


def test_headings_do_not_skip_a_level(english: Path) -> None:
    for path in english.glob("*.pdf"):
        levels = [int(item["/S"][2:]) for item in elements(path) if re.fullmatch(r"/H\d", str(item["/S"]))]
        assert levels[0] == 1
        assert levels.count(1) == 1
        assert all(after <= before + 1 for before, after in pairwise(levels))


def test_letters_are_dark_enough() -> None:
    css = (folders().templates / "base.css").read_text(encoding="utf-8")
    inks = {match.lower() for match in re.findall(r"(?<![-\w])color:\s*(#[0-9a-fA-F]{6})", css)}
    inks |= {theme.INK, theme.MUTED, theme.OWN, theme.RENT_INK}
    assert {ink for ink in inks if contrast(ink, "#ffffff") < LETTERS} == set()
    assert contrast("#5c6873", "#eef3f6") >= LETTERS


def test_own_and_rent_differ_in_grey_print_and_for_colour_blind_readers() -> None:
    assert contrast(theme.OWN, theme.RENT) > 2.5, "lightness alone tells them apart"
    stacked = sorted(luminance(shade) for shade in theme.STACK[:4])
    assert all(after - before > 0.03 for before, after in pairwise(stacked))


def luminance(colour: str) -> float:
    """Relative luminance of a colour (WCAG 2.2)."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """Contrast of two colours (WCAG 2.2), 1 to 21."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)
