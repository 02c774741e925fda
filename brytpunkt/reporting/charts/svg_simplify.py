"""Tidy: a drawing of the chart engine with the marks that show, and nothing else.

Belongs here: what makes a drawing smaller and leaves its picture as it is. Does not belong here: what a chart shows.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

SPACE = "xmlns", "http://www.w3.org/2000/svg"
SPOKEN = re.compile(r"role|aria-.*|class|pointer-events|version")
GROUP, PATH, LINE, CLIP = "g", "path", "line", "clipPath"
LONG_NUMBER = re.compile(r"-?\d+\.\d{3,}")
SHIFT = re.compile(r"translate\(([-\d.]+),([-\d.]+)\)")
ROUND_TO = 2  # [decimals of a pixel], a fiftieth of a point on paper
SEE_THROUGH = ("opacity", "fill-opacity", "stroke-opacity")


def tidied(svg: str) -> str:
    """A drawing of the engine without what does not show, and marks of one look that follow each other as one path.

    The engine draws every grid line and bar by itself, inside groups and backgrounds that show nothing. What lays
    out the page pays for each of them, as element, as drawing and as tag. Roles and labels of single marks go too:
    they would be read out one by one, where the title speaks for the whole.
    """
    # prefixes of names are a setting of the whole process, which others change: names have none here
    bare = svg.replace(f' {SPACE[0]}="{SPACE[1]}"', "", 1)
    root = ET.fromstring(bare)  # noqa: S314 - written by the engine in this process, without entities
    _clean(root)
    root.set(*SPACE)
    return ET.tostring(root, encoding="unicode")


def _clean(parent: ET.Element) -> None:
    for name in [name for name in parent.attrib if SPOKEN.fullmatch(name)]:
        del parent.attrib[name]
    for name, value in parent.attrib.items():
        parent.attrib[name] = LONG_NUMBER.sub(_rounded, value)
    for name in SEE_THROUGH:
        if parent.get(name) == "1":
            del parent.attrib[name]
    if parent.tag == CLIP:
        return
    kept: list[ET.Element] = []
    for child in parent:
        _clean(child)
        if child.tag == GROUP and not child.attrib:
            kept.extend(child)
        elif _shows(child):
            kept.append(child)
    parent[:] = _joined(kept)


def _shows(element: ET.Element) -> bool:
    if element.tag == GROUP:
        return len(element) > 0
    return element.tag != PATH or "fill" in element.attrib or "stroke" in element.attrib


def _joined(elements: list[ET.Element]) -> list[ET.Element]:
    """Lines and paths that follow each other and look the same, as one path.

    Marks that one can see through stay as they are: where two overlap, the ink adds up.
    """
    joined: list[ET.Element] = []
    for element in elements:
        made = _as_path(element)
        if made.tag == PATH and joined and joined[-1].tag == PATH and _look(joined[-1]) == _look(made):
            joined[-1].set("d", joined[-1].get("d", "") + made.get("d", ""))
        else:
            joined.append(made)
    return joined


def _look(path: ET.Element) -> object:
    if any(name in path.attrib for name in (*SEE_THROUGH, "transform")):
        return path
    return {name: value for name, value in path.attrib.items() if name != "d"}


def _as_path(element: ET.Element) -> ET.Element:
    at = SHIFT.fullmatch(element.get("transform", ""))
    if element.tag != LINE or at is None:
        return element
    look = {name: value for name, value in element.attrib.items() if name not in {"transform", "x2", "y2"}}
    return ET.Element(
        PATH, look | {"d": f"M{at[1]},{at[2]}l{element.get('x2', '0')},{element.get('y2', '0')}"}
    )


def _rounded(found: re.Match[str]) -> str:
    return f"{float(found[0]):.{ROUND_TO}f}".rstrip("0").rstrip(".")
