"""What changed since the last report, as the reports print it."""

from __future__ import annotations

import copy
import re
from pathlib import Path
from typing import Any

import pytest
from pypdf import PdfReader

from brytpunkt.folders import folders
from brytpunkt.reporting.formats import Formats
from brytpunkt.reporting.frames import frames_of
from brytpunkt.reporting.outputs.html import context, document
from brytpunkt.reporting.outputs.pdf import pdf_bytes
from brytpunkt.reporting.sections.changes import change_lines, changes_context
from brytpunkt.reporting.sections.context import Desk, desk
from brytpunkt.reporting.translations import texts
from tests.reporting.conftest import Made

BARS = {"model": "-12.00", "prices": "30000.01", "energy": "0.00", "fx": "-7000.02", "declarations": "0.00", "choices": "0.01"}  # fmt: skip


def site(name: str, **changed: Any) -> dict[str, Any]:
    return {
        "site": name, "site_name": name.title(), "verdict_before": "rent", "verdict_after": "build",
        "switch_date_before": None, "switch_date_after": "2028-06-01", "rent_before": 900_000.0, "rent_after": 950_000.0,
        "own_before": 1.0, "own_after": 1.0, "best_before": 900_000.0, "best_after": 922_988.0,
    } | changed  # fmt: skip


CHANGES: dict[str, Any] = {
    "schema_version": 1, "from_run": "small-0", "from_as_of": "2026-11-17", "to_run": "small-1", "to_as_of": "2026-11-24",
    "currency_before": "EUR", "currency": "EUR", "is_split": True, "note": "",
    "sites": [site("lulea"), site("oslo", verdict_after="rent", switch_date_after=None, best_after=900_000.0)],
    "bars": [
        {"site": name, "measure": measure, "cause": cause, "amount": amount}
        for name in ("lulea", "oslo") for measure in ("rent", "own", "best") for cause, amount in BARS.items()
    ],
    "movements": [
        {"kind": "offer", "item": "verda 1B200", "site": None, "unit": "USD/h", "before": 4.89, "after": 5.379,
         "change_share": 0.1, "effect": 58_903.74},
        {"kind": "energy", "item": "oslo", "site": "oslo", "unit": "EUR/MWh", "before": 80.0, "after": 60.0,
         "change_share": -0.25, "effect": -8000.0},
    ],
}  # fmt: skip


def at(made: Made, language: str, **more: Any) -> Desk:
    return desk(made.summary | more, frames_of(made.result), folders().templates / "fonts", language)


@pytest.mark.parametrize(
    ("changed", "line"),
    [
        (
            {},
            "Lulea: the verdict was rent and is now build. The best month to order was never and is now June 2028. "
            "The verdict's cost goes from 900 k EUR to 923 k EUR (+23.0 k EUR, +2.6%).",
        ),
        ({"verdict_before": None}, "Lulea is new in the plan."),
        ({"verdict_after": None}, "Lulea is no longer in the plan."),
    ],
)
def test_a_site_in_a_line(changed: dict[str, Any], line: str) -> None:
    found = change_lines(CHANGES | {"sites": [site("lulea", **changed)]}, Formats(texts("en"), "EUR"))
    assert [text.replace("\u00a0", " ") for text in found] == [line]


def test_sites_that_have_not_changed_are_not_listed_unless_asked_for() -> None:
    formats = Formats(texts("sv"), "EUR")
    assert len(change_lines(CHANGES, formats)) == 1
    [asked] = change_lines(CHANGES, formats, "oslo")
    assert "fortfarande hyr" in asked
    assert change_lines(CHANGES | {"sites": []}, formats) == ["Inget har ändrats."]
    assert "valutan" in change_lines(CHANGES | {"currency_before": "SEK"}, formats)[-1].lower()


def test_the_bars_are_drawn_and_their_sums_printed_to_the_cent(made: Made) -> None:
    found = changes_context(at(made, "en", changes=CHANGES), "lulea")
    assert found is not None
    assert found["table"]["totals"] == ["+22,988.00"] * 3
    assert "Prices of servers and rent" in found["figure"]["svg"]
    assert "from 900" in found["figure"]["sub"].replace("\u00a0", " ")
    assert [row["item"] for row in found["movements"]] == ["verda 1B200"], (
        "energy at another site is not ours"
    )


def test_no_report_before_this_one_no_section(made: Made) -> None:
    assert changes_context(at(made, "en"), "lulea") is None


@pytest.mark.parametrize(
    ("language", "title"),
    [("en", "What changed since the last report"), ("sv", "Vad som ändrats sedan förra rapporten")],
)
def test_the_section_stands_in_the_reports_and_names_stay_text(made: Made, language: str, title: str) -> None:
    hostile = copy.deepcopy(CHANGES)
    hostile["sites"][0]["site_name"] = "<b>Luleå</b>{{ 7*7 }}" + "\U0001f600" + "å" * 200
    hostile["movements"][0]["item"] = "<script>x</script>"
    for name in ("portfolio", "lulea"):
        html = document(context(at(made, language, changes=hostile), name), folders().templates)
        assert title in html
        assert "&lt;b&gt;Luleå&lt;/b&gt;{{ 7*7 }}" in html
        assert "&lt;script&gt;" in html
        assert "<script" not in html


def test_the_section_is_tagged_and_its_chart_speaks(made: Made, tmp_path: Path) -> None:
    html = document(context(at(made, "en", changes=CHANGES), "lulea"), folders().templates)
    section = re.search(
        r"<section[^>]*>\s*<h2><span class=\"number\" id=\"changes\".*?</section>", html, re.DOTALL
    )
    assert section is not None
    path = tmp_path / "section.pdf"
    page = f'<html lang="en"><head><title>t</title></head><body>{section[0]}</body></html>'
    path.write_bytes(pdf_bytes(page, folders().templates))
    reader = PdfReader(path)
    text = re.sub(r"\s+", " ", " ".join(page.extract_text() for page in reader.pages))
    assert "+30,000.01" in text
    assert "verda 1B200" in text
    assert "<title>From 900" in section[0].replace("\u00a0", " "), "the chart's alternative text"
    assert len(reader.pages) == 1
