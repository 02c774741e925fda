"""Drawings: inline SVG of a page as images that draw themselves straight into the PDF.

Belongs here: the part of SVG that our charts use. Does not belong here: how a chart looks (see charts/).
"""

from __future__ import annotations

import re
from math import cos, radians, sin
from typing import TYPE_CHECKING, Any

from brytpunkt.reporting.lettering import REGULAR, Letters, colour, write
from brytpunkt.reporting.strokes import operators

if TYPE_CHECKING:
    import xml.etree.ElementTree as ET
    from collections.abc import Iterator

SCHEME = "drawing:"
MOVE = re.compile(r"(translate|rotate)\(([-\d.e]+)(?:[ ,]+([-\d.e]+))?\)")
NAMED = re.compile(r"url\(#([\w-]+)\)")
SHIFTS = {"start": 0.0, "middle": 0.5, "end": 1.0}
CAPS = {"butt": 0, "round": 1, "square": 2}
JOINS = {"miter": 0, "round": 1, "bevel": 2}
MITER_LIMIT = 10
MARKS: dict[str, frozenset[str]] = {
    "g": frozenset({"transform", "clip-path", "fill", "stroke-miterlimit"}),
    "path": frozenset(
        {"transform", "d", "fill", "stroke", "stroke-width", "stroke-linecap", "stroke-linejoin",
         "stroke-dasharray", "opacity", "fill-opacity", "stroke-opacity"}
    ),
    "text": frozenset(
        {"transform", "text-anchor", "font-family", "font-size", "font-weight", "font-style", "fill", "opacity",
         "fill-opacity"}
    ),
}  # fmt: skip
SILENT = {"title", "defs", "clipPath"}


def taken_out(root: ET.Element, font_config: Any) -> dict[str, Drawing]:
    """Replace every `svg` element of a page by an image; returns the drawings by the address of their image.

    As inline SVG, every mark of a drawing goes through the style sheet of the page, and the engine sets its text
    letter by letter. The title of a drawing becomes the alternative text of its image.
    """
    drawings: dict[str, Drawing] = {}
    for parent in root.iter():
        for at, child in enumerate(parent):
            if child.tag == "svg":
                address = f"{SCHEME}{len(drawings)}"
                drawings[address] = Drawing(child, font_config)
                image = child.makeelement("img", {"alt": child.findtext("title") or "", "src": address})
                image.tail = child.tail
                parent[at] = image
    return drawings


class Drawing:
    """One SVG drawing, as an image of the PDF engine: its size, and how it draws itself into a page.

    Raises ValueError for an element or an attribute that it would draw wrongly: charts use few of them.
    """

    def __init__(self, svg: ET.Element, font_config: Any) -> None:
        self.width, self.height = float(svg.get("width", 0)), float(svg.get("height", 0))
        self._svg = svg
        self._font_config = font_config
        self._clips = {clip.get("id"): clip for clip in svg.iter("clipPath")}
        if svg.get("viewBox") != f"0 0 {svg.get('width')} {svg.get('height')}":
            message = f"a drawing of {self.width} by {self.height} has the view {svg.get('viewBox')}"
            raise ValueError(message)
        _check(svg)

    def get_intrinsic_size(self, resolution: Any, font_size: Any) -> tuple[float, float, float]:
        """Width and height [px], and their ratio, as the engine asks for them."""
        del resolution, font_size
        return self.width, self.height, self.width / self.height

    def draw(self, stream: Any, width: float, height: float, style: Any) -> None:
        """Draw at a size [px] at the origin of the stream, which the engine has moved."""
        del style
        with stream.stacked():
            stream.transform(a=width / self.width, d=height / self.height)
            stream.set_miter_limit(MITER_LIMIT)
            for child in self._svg:
                self._draw(stream, child)

    def _draw(self, stream: Any, element: ET.Element) -> None:
        if element.tag in SILENT:
            return
        with stream.stacked():
            for matrix in _moves(element.get("transform", "")):
                stream.transform(*matrix)
            if "clip-path" in element.attrib:
                self._clip(stream, element.attrib["clip-path"])
            if element.tag == "path":
                _draw_path(stream, element)
            elif element.tag == "text" and (element.text or "").strip():
                self._draw_text(stream, element, element.text or "")
            for child in element:
                self._draw(stream, child)

    def _clip(self, stream: Any, name: str) -> None:
        found = NAMED.fullmatch(name)
        clip = self._clips[found[1] if found else ""]
        for shape in clip:
            if shape.tag == "rect":
                stream.rectangle(*(float(shape.get(side, 0)) for side in ("x", "y", "width", "height")))
            else:
                stream.stream.append(operators(shape.attrib["d"]))
        stream.clip()
        stream.end()

    def _draw_text(self, stream: Any, element: ET.Element, text: str) -> None:
        if _ink(stream, element, "fill", "fill-opacity", is_stroke=False):
            letters = Letters(
                float(element.get("font-size", "0").removesuffix("px")),
                _weight(element.get("font-weight", "normal")),
                element.get("font-style", "normal"),
                element.get("font-family", ""),
            )
            share = SHIFTS[element.get("text-anchor", "start")]
            write(stream, self._font_config, text, letters, share=share)


def _check(svg: ET.Element) -> None:
    for element in svg.iter():
        if element is svg or element.tag in SILENT or element.tag == "rect":
            continue
        unknown = sorted(set(element.attrib) - MARKS.get(element.tag, frozenset()))
        if element.tag not in MARKS or unknown:
            message = f"a drawing has <{element.tag}> with {unknown}, which reports cannot draw"
            raise ValueError(message)


def _moves(transform: str) -> Iterator[tuple[float, ...]]:
    """Matrices of a transform, outermost first."""
    for kind, first, second in MOVE.findall(transform):
        if kind == "translate":
            yield 1, 0, 0, 1, float(first), float(second or 0)
        else:
            turn = radians(float(first))
            across, along = round(cos(turn), 9), round(sin(turn), 9)
            yield across, along, -along, across, 0, 0


def _weight(name: str) -> int:
    return int(name) if name.isdecimal() else {"normal": REGULAR, "bold": 700}[name]


def _ink(stream: Any, element: ET.Element, name: str, opacity: str, *, is_stroke: bool) -> bool:
    """Set the colour that an attribute names, with its opacity; whether there is one."""
    named = element.get(name, "none")
    if named in {"none", "transparent"}:
        return False
    stream.set_color(colour(named), is_stroke)
    stream.set_alpha(float(element.get("opacity", 1)) * float(element.get(opacity, 1)), is_stroke)
    return True


def _draw_path(stream: Any, path: ET.Element) -> None:
    is_filled = _ink(stream, path, "fill", "fill-opacity", is_stroke=False)
    is_stroked = _ink(stream, path, "stroke", "stroke-opacity", is_stroke=True)
    if not is_filled and not is_stroked:
        return
    if is_stroked:
        stream.set_line_width(float(path.get("stroke-width", 1)))
        stream.set_line_cap(CAPS[path.get("stroke-linecap", "butt")])
        stream.set_line_join(JOINS[path.get("stroke-linejoin", "miter")])
        dashes = [float(dash) for dash in path.get("stroke-dasharray", "").split(",") if dash]
        stream.set_dash(dashes, 0)
    stream.stream.append(operators(path.attrib["d"]))
    if is_filled and is_stroked:
        stream.fill_and_stroke()
    elif is_filled:
        stream.fill()
    else:
        stream.stroke()
