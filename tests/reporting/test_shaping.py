"""Shaping: lines that are kept from their place to their page are the lines that the engine would shape again."""

from __future__ import annotations

from contextlib import nullcontext

import pytest

from brytpunkt.folders import folders
from brytpunkt.reporting import shaping
from brytpunkt.reporting.outputs.html import PORTFOLIO, context, document
from brytpunkt.reporting.outputs.pdf import pdf_bytes
from tests.reporting.conftest import Made
from tests.reporting.sections.test_changes import at

TEMPLATES = folders().templates
WORDS = (
    "plain words that go on over the edge of a narrow box, " * 3,
    "Donaudampf\u00adschifffahrts\u00adgesellschafts\u00adkapitän " * 4,
    "w" * 300,
    "שלום and مرحبا in one line with 123 " * 5,
    "\U0001f600 \U0001f469\u200d\U0001f4bb fi ffl Tó " * 8,
    "tab\tand  two   spaces\nand a new line",
)


def both(html: str, monkeypatch: pytest.MonkeyPatch) -> tuple[bytes, bytes]:
    """A page as we print it, and with lines shaped twice, as the engine does it."""
    ours = pdf_bytes(html, TEMPLATES)
    with monkeypatch.context() as patched:
        patched.setattr(shaping, "kept", nullcontext)
        return ours, pdf_bytes(html, TEMPLATES)


@pytest.mark.parametrize(
    "style", ["", "letter-spacing: 0.05em", "white-space: pre", "text-align: justify", "width: 20mm"]
)
def test_every_kind_of_line_is_the_same(style: str, monkeypatch: pytest.MonkeyPatch) -> None:
    paragraphs = "".join(
        f'<p style="width: 60mm; hyphens: manual; {style}">{text}<br/>{text}</p>' for text in WORDS
    )
    html = f'<html lang="en"><head><title>t</title></head><body>{paragraphs}</body></html>'
    ours, theirs = both(html, monkeypatch)
    assert ours == theirs


def test_a_whole_report_is_the_same(made: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    html = document(context(at(made, "sv"), PORTFOLIO), TEMPLATES)
    ours, theirs = both(html, monkeypatch)
    assert ours == theirs


def test_the_engine_is_left_as_it_was() -> None:
    from weasyprint.text import line_break

    before = line_break.Layout
    with pytest.raises(ValueError, match="a page"), shaping.kept():
        raise ValueError("a page" * (line_break.Layout is not before))
    assert line_break.Layout is before
