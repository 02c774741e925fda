"""Curves: the names of marks stand inside the chart and under no other label, wherever the lines cross."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator

import polars as pl
import pytest

from brytpunkt.folders import folders
from brytpunkt.reporting import fonts
from brytpunkt.reporting.charts import curves
from brytpunkt.reporting.charts.vega import Canvas
from brytpunkt.reporting.formats import Formats
from brytpunkt.reporting.translations import texts

FONTS = folders().templates / "fonts"
PLACE = re.compile(r"translate\(([-\d.]+),([-\d.]+)\)")
WIDEST = 0.6


def labels(svg: str) -> Iterator[tuple[str, float, float, float]]:
    """Every text of a chart: what it says, its left and right edge and its baseline [px]."""

    def walk(element: ET.Element, across: float, down: float) -> Iterator[tuple[str, float, float, float]]:
        for x, y in PLACE.findall(element.get("transform", "")):
            across, down = across + float(x), down + float(y)
        if element.tag.endswith("text") and element.text:
            weight = int(element.get("font-weight", "400").replace("normal", "400"))
            size = float(element.get("font-size", "0").removesuffix("px"))
            width = fonts.advances(FONTS, weight).width(element.text) * size
            left = (
                across
                - width * {"start": 0.0, "middle": 0.5, "end": 1.0}[element.get("text-anchor", "start")]
            )
            yield element.text, left, left + width, down
        for child in element:
            yield from walk(child, across, down)

    yield from walk(ET.fromstring(svg), 0.0, 0.0)  # noqa: S314 - our own drawing


@pytest.mark.parametrize("language", ["en", "sv"])
@pytest.mark.parametrize("tip", [0.1, 0.2, 0.35, 0.45, 0.55, 0.59])
@pytest.mark.parametrize("planned", [0.01, 0.3, 0.5, 0.59, None])
def test_marks_of_utilisation_are_named_inside_the_chart(
    language: str, tip: float, planned: float | None
) -> None:
    canvas = Canvas(Formats(texts(language), "EUR"), FONTS)
    at = [WIDEST * step / 60 for step in range(61)]
    curve = pl.DataFrame(
        {"utilisation": at, "rent": [9e6 * u / tip for u in at], "own": [9e6 + 1e4 * u for u in at]}
    )
    svg = str(curves.tipping(canvas, curve, {"tipping_utilisation": tip, "base_utilisation": planned}))
    shown = list(labels(svg))
    named = [one for one in shown if one[0].startswith(("Tips", "Planned", "Vänder", "Planerat"))]
    assert len(named) == (1 if planned is None else 2)
    ends = [one for one in shown if one[0].startswith(("Rent", "Own", "Hyra", "Äga"))]
    assert len(ends) == 2
    for text, left, right, base in named:
        assert left >= 0, text
        assert right <= 321, text
        for other, first, last, line in ends:
            assert right < first or last < left or abs(base - line) > 10, (text, other)
