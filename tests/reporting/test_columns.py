"""Columns: a table shares its width as CSS would, and nothing runs out of its cell."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest

from brytpunkt.folders import folders
from brytpunkt.reporting.columns import TABLE, Need, settle, shares
from brytpunkt.reporting.outputs.pdf import laid_out
from tests.reporting.conftest import Made
from tests.reporting.test_reports import html_of

TEMPLATES = folders().templates


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
def test_no_text_runs_out_of_its_cell(made: Made, name: str, language: str) -> None:
    from weasyprint.formatting_structure.boxes import LineBox, TableCellBox

    too_wide = []
    for page in laid_out(html_of(made, name, language), TEMPLATES).pages:
        for cell in page._page_box.descendants():
            if isinstance(cell, TableCellBox):
                # a number may use the gap before it
                room = cell.width + cell.padding_left + 0.5
                lines = [line for line in cell.descendants() if isinstance(line, LineBox)]
                too_wide += [
                    (cell.element.get("class"), "".join(cell.element.itertext()))
                    for line in lines
                    if sum(child.margin_width() for child in line.children) > room
                ]
    assert too_wide == []
