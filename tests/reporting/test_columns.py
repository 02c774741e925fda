"""Columns: a table shares its width as CSS would, and nothing runs out of its cell."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

import pytest

from brytpunkt.folders import folders
from brytpunkt.reporting.columns import TABLE, Need, settle, shares
from brytpunkt.reporting.outputs.pdf import pdf_bytes
from tests.reporting.conftest import Made
from tests.reporting.ink import collisions, runs
from tests.reporting.test_reports import html_of

TEMPLATES = folders().templates
LEFT, RIGHT = (mm * 72 / 25.4 for mm in (18, 192))  # [pt] as base.css has them
SLACK = 0.4  # [pt]


@pytest.mark.parametrize(
    ("needs", "widths"),
    [
        ([Need(10, 40), Need(10, 20)], [80, 40]),  # all fits, and grows in proportion
        (
            [Need(10, 200), Need(10, 20)],
            [105, 15],
        ),  # the rest beyond the longest word is shared
        ([Need(100, 200), Need(50, 60)], [80, 40]),  # not even the longest words fit
        ([Need(0, 0), Need(0, 0)], [60, 60]),
    ],
)
def test_widths_fill_the_table(needs: list[Need], widths: list[float]) -> None:
    assert shares(needs, 120) == pytest.approx(widths)
    assert sum(shares(needs, 120)) == pytest.approx(120)


def widths_of(table: str) -> list[float]:
    root = ET.fromstring(f"<body>{table}</body>")  # noqa: S314 - written here
    settle(root, TEMPLATES / "fonts")
    return [float(col.get("style", "").removeprefix("width:").removesuffix("px")) for col in root.iter("col")]


def test_a_column_is_as_wide_as_its_longest_cell_asks() -> None:
    table = (
        "<table><thead><tr><th>A</th><th class='n'>B</th></tr></thead>"
        "<tbody><tr><th>short</th><td class='n'>1</td></tr><tr><th>a much longer name</th><td class='n'>1,000</td></tr></tbody></table>"
    )
    first, second = widths_of(table)
    assert first + second == pytest.approx(TABLE, abs=0.2)
    assert first > 2 * second


def test_a_table_with_widths_of_its_own_keeps_them() -> None:
    assert widths_of("<table class='fixed'><colgroup><col style='width:9px'/></colgroup></table>") == [9]


@pytest.mark.parametrize("language", ["en", "sv"])
@pytest.mark.parametrize("name", ["portfolio", "lulea"])
def test_no_text_runs_into_another_or_off_the_page(made: Made, name: str, language: str) -> None:
    html = re.sub(r"<svg.*?</svg>", "", html_of(made, name, language), flags=re.DOTALL)
    set_text = runs(pdf_bytes(html, TEMPLATES))
    assert len(set_text) > 1000
    assert [run for run in set_text if not LEFT - SLACK < run.left <= run.right < RIGHT + SLACK] == []
    assert collisions(set_text, SLACK) == []


def test_a_collision_is_seen() -> None:
    html = (
        "<html lang='en'><head><title>t</title></head><body><table class='fixed'>"
        "<colgroup><col style='width:{}mm'/><col/></colgroup>"
        "<tbody><tr><td class='n'>1,234,567,890.12</td><td>next</td></tr></tbody></table></body></html>"
    )
    wide, narrow = (runs(pdf_bytes(html.format(width), TEMPLATES)) for width in (60, 10))
    assert collisions(wide, SLACK) == []
    assert len(collisions(narrow, SLACK)) == 1
