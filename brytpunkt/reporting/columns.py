"""Columns: widths of the columns of tables, reckoned from their text before the PDF engine lays them out.

Belongs here: what text needs, and how a table shares its width. Does not belong here: the looks of cells (base.css).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from brytpunkt.reporting import fonts

if TYPE_CHECKING:
    import xml.etree.ElementTree as ET
    from collections.abc import Iterator, Sequence
    from pathlib import Path

PX_PER_MM = 96 / 25.4
PX_PER_PT = 96 / 72
TABLE = 174 * PX_PER_MM
SIZES = {"dense": 8.0, "matrix": 8.6}  # [pt] as in base.css
SIZE, HEAD_SIZE, BOLD_ROWS = 8.8, 8.4, {"group", "total", "here", "section"}
REGULAR, BOLD = 400, 600
SLACK = 1.0  # [px] for what kerning adds
BREAKS = re.compile(r"(?<=[-/])(?=\w)|[ \n]+")
LONGEST = 150.0  # [px] a longer word may be broken
ROW_HEAD_INDENT, NUMBER_GAP, TEXT_GAP, WIDE_GAP = 4.0, 2.0, 1.6, 4.0  # [mm]


@dataclass(frozen=True)
class Need:
    """What a column needs [px]: for its longest word, and to break no line."""

    least: float
    most: float


def settle(root: ET.Element, font_folder: Path) -> None:
    """Give every table of a page that has no widths of columns yet those that its text asks for.

    The engine would set every cell three times to find them: at its narrowest, at its widest, and in its place.
    """
    for table in root.iter("table"):
        names = set(table.get("class", "").split())
        if "fixed" in names:
            continue
        widths = shares(_needs(table, names, font_folder), TABLE)
        group = table.makeelement("colgroup", {})
        for width in widths:
            group.append(table.makeelement("col", {"style": f"width:{width:.1f}px"}))
        table.insert(0, group)
        table.set("class", " ".join(sorted(names | {"settled"})))


def shares(needs: Sequence[Need], whole: float) -> list[float]:
    """Widths of columns that fill a table, as CSS shares them out (css-tables-3, width distribution algorithm).

    Columns that all fit grow in proportion; where they do not, each has its longest word and a like share of what
    else it asks for; where not even those fit, words are broken in proportion.

    >>> shares([Need(10, 40), Need(10, 20)], 30)
    [17.5, 12.5]
    """
    least, most = sum(need.least for need in needs), sum(need.most for need in needs)
    if most <= whole:
        return [need.most * whole / most for need in needs] if most else [whole / len(needs) for _ in needs]
    if least >= whole:
        return [need.least * whole / least for need in needs]
    share = (whole - least) / (most - least)
    return [need.least + (need.most - need.least) * share for need in needs]


def _needs(table: ET.Element, names: set[str], font_folder: Path) -> list[Need]:
    size = next((points for name, points in SIZES.items() if name in names), SIZE)
    columns: list[Need] = []
    for group in table:
        is_head = group.tag == "thead"
        for row in group:
            is_bold = is_head or not BOLD_ROWS.isdisjoint(row.get("class", "").split())
            letters = fonts.advances(font_folder, BOLD if is_bold else REGULAR)
            px = (HEAD_SIZE if is_head else size) * PX_PER_PT
            for at, need in enumerate(_of_row(row, letters, px, is_head=is_head)):
                if at == len(columns):
                    columns.append(need)
                else:
                    had = columns[at]
                    columns[at] = Need(max(had.least, need.least), max(had.most, need.most))
    return columns


def _of_row(row: ET.Element, letters: fonts.Advances, px: float, *, is_head: bool) -> Iterator[Need]:
    before: set[str] = set()
    for at, cell in enumerate(row):
        names = set(cell.get("class", "").split())
        text = "".join(cell.itertext()).strip()
        left = NUMBER_GAP if "n" in names else WIDE_GAP if "n" in before else 2.5 if "gap" in names else 0.0
        if "part" in row.get("class", "").split() and cell.tag == "th":
            left = ROW_HEAD_INDENT
        right = 0.0 if "n" in names or at == len(row) - 1 else 3.0 if "together" in names else TEXT_GAP
        around = (left + right) * PX_PER_MM + SLACK
        most = letters.width(text) * px
        words = max((letters.width(word) for word in BREAKS.split(text) if word), default=0.0) * px
        is_whole = (not is_head and "n" in names) or "together" in names or _is_chip(cell)
        yield Need(around + (most if is_whole else min(words, LONGEST)), around + most)
        before = names


def _is_chip(cell: ET.Element) -> bool:
    return any("rating" in part.get("class", "") for part in cell.iter("span"))
