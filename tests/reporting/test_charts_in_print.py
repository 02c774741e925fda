"""Charts in print: drawn by the engine as lines and letters, in the report's own faces, and told in words."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from typing import Any

import pytest
from pypdf import PdfReader

from brytpunkt.folders import folders
from brytpunkt.reporting.charts.vega import Canvas, frame, text
from brytpunkt.reporting.formats import Formats
from brytpunkt.reporting.outputs.pdf import pdf_bytes
from brytpunkt.reporting.translations import texts

TEMPLATES = folders().templates
SVG = '<svg xmlns="http://www.w3.org/2000/svg" width="100" height="50" viewBox="0 0 100 50"><title>Spoken</title>{}</svg>'
PAGE = '<html lang="en"><head><title>t</title></head><body><figure>{}</figure></body></html>'


def printed(svg: str) -> PdfReader:
    """A page with one chart."""
    return PdfReader(io.BytesIO(pdf_bytes(PAGE.format(svg), TEMPLATES)))


def streams(reader: PdfReader) -> Iterator[tuple[str, str]]:
    """Kind and operators of what the first page draws: its own stream and the forms that it calls."""
    page = reader.pages[0]
    contents = page.get_contents()
    assert contents is not None
    yield "/Page", contents.get_data().decode("latin-1")
    for item in page["/Resources"].get("/XObject", {}).values():  # type: ignore[attr-defined]
        form = item.get_object()
        yield str(form["/Subtype"]), form.get_data().decode("latin-1")


@pytest.mark.parametrize(
    ("mark", "wanted"),
    [
        ("<path d='M1,2h9v4Z' fill='#ff0000'/>", ["1 0 0 rg", "1 2 m", "10 2 l", "10 6 l", "h", "f"]),
        ("<path d='M1,2h9' fill='none' stroke='#0000ff' stroke-width='3'/>", ["0 0 1 RG", "3 w", "S"]),
        ("<path d='M1,2h9' fill='none' stroke='#000' stroke-dasharray='1,3.5'/>", ["[1 3.5] 0 d", "S"]),
        ("<path d='M1,2h9' fill='#000' opacity='0.5'/>", ["/a0.5 gs"]),
        ("<g transform='translate(3,4)'><path d='M1,2h9' fill='#000'/></g>", ["1 0 0 1 3 4 cm"]),
        ("<clipPath id='c'><rect x='0' y='1' width='9' height='8'/></clipPath><g clip-path='url(#c)'><path d='M1,2h9' fill='#000'/></g>",
         ["0 1 9 8 re", "W", "n", "f"]),
    ],
)  # fmt: skip
def test_marks_are_drawn_as_they_are(mark: str, wanted: list[str]) -> None:
    lines = [line for _, stream in streams(printed(SVG.format(mark))) for line in stream.splitlines()]
    assert [line for line in wanted if line not in lines] == []


@pytest.mark.parametrize("anchor", ["start", "middle", "end"])
def test_labels_can_be_read_and_searched_for_wherever_they_are_anchored(anchor: str) -> None:
    label = f"<text text-anchor='{anchor}' font-family='Report' font-size='10px' fill='#000'>2028 AVÄ</text>"
    reader = printed(SVG.format(f"<g transform='translate(50,25)'>{label}</g>"))
    assert "2028AVÄ" in reader.pages[0].extract_text().replace(" ", "")
    assert "/Image" not in {kind for kind, _ in streams(reader)}


def test_a_chart_of_ours_is_lines_and_letters_of_the_reports_faces() -> None:
    canvas = Canvas(Formats(texts("en"), "EUR"), TEMPLATES / "fonts")
    point: dict[str, Any] = {"x": 3.0, "y": 2.0, "label": "Mean of 1,234 hours"}
    place = {name: {"field": name, "type": "quantitative"} for name in ("x", "y")}
    layers = [
        {"data": {"values": [{"x": 0.0, "y": 0.0}, point]}, "mark": {"type": "line", "strokeDash": [5, 3]}, "encoding": place},
        text([point], "x", "y", fontWeight=canvas.bold),
    ]  # fmt: skip
    svg = str(
        canvas.svg(frame(321, 120, left=40, right=150) | {"layer": layers}, "A mean that is told in words")
    )
    reader = printed(svg)
    kinds = dict(streams(reader))
    assert "/Image" not in kinds
    assert re.search(r"\[5 3\] 0 d", kinds["/Page"])
    assert "Meanof1,234hours" in re.sub(r"\s", "", reader.pages[0].extract_text())
    figure = kinds["/Page"].partition("/Figure")[2].partition("EMC")[0] + kinds["/Form"]
    names = reader.pages[0]["/Resources"]["/Font"]  # type: ignore[index]
    used = set(re.findall(r"^(/\w+) [\d.]+ Tf$", figure, flags=re.MULTILINE))
    faces = {str(names[name].get_object()["/BaseFont"]).partition("+")[2] for name in used}
    assert len(faces) == 2, "labels are semibold, numbers of axes regular"
    assert all(face.startswith("Report") for face in faces)


def test_a_chart_that_the_engine_cannot_draw_stops_the_report() -> None:
    with pytest.raises(ValueError, match="left something out"):
        printed(SVG.format("<path d='M0,0h9' fill='#000'/>").replace("0 0 100 50", "0 0 wide 50"))
