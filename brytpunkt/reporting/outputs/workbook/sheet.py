"""Sheet: rows written cell by cell with the type that each column states; text is never a formula.

Belongs here: heads, widths, formats, safety of text. Does not belong here: what a sheet holds (see book.py).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from brytpunkt.reporting.sanitise import printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from xlsxwriter.format import Format
    from xlsxwriter.workbook import Workbook
    from xlsxwriter.worksheet import Worksheet

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
LONGEST_TEXT = 32_767
MONEY, NUMBER, WHOLE, SHARE, DAY, TEXT = "money", "number", "whole", "share", "day", "text"
NUMBER_FORMATS = {
    MONEY: "#,##0.00;[Red]-#,##0.00", NUMBER: "#,##0.######", WHOLE: "#,##0", SHARE: "0.0%", DAY: "yyyy-mm-dd",
}  # fmt: skip


@dataclass(frozen=True)
class Column:
    """A column: its key in the row, its head, its kind, its width in characters."""

    key: str
    head: str
    kind: str = TEXT
    width: float = 16


@dataclass(frozen=True)
class Formula:
    """A formula and the value that it gives, so that readers that do not calculate show the same."""

    text: str
    value: float


class Styles:
    """Cell formats of a workbook, made once."""

    def __init__(self, book: Workbook) -> None:
        font = {"font_name": "Calibri", "font_size": 10, "valign": "top"}
        self.head: Format = book.add_format(
            font | {"bold": True, "bottom": 1, "text_wrap": True, "bg_color": "#EEF3F6"}
        )
        self.title: Format = book.add_format(font | {"bold": True, "font_size": 14})
        self.bold: Format = book.add_format(font | {"bold": True})
        self.text: Format = book.add_format(font)
        # a text that looks like a formula keeps its apostrophe, also when somebody edits the cell
        self.quoted: Format = book.add_format(font | {"quote_prefix": True})
        self.wrapped: Format = book.add_format(font | {"text_wrap": True})
        self.kinds = {
            kind: book.add_format(font | {"num_format": shown}) for kind, shown in NUMBER_FORMATS.items()
        }
        self.sums = {
            kind: book.add_format(font | {"num_format": shown, "bold": True, "top": 1})
            for kind, shown in NUMBER_FORMATS.items()
        }


def write_text(sheet: Worksheet, row: int, column: int, value: object, styles: Styles) -> None:
    """A text as a text, whatever it starts with."""
    text = printable(str(value))[:LONGEST_TEXT]
    sheet.write_string(row, column, text, styles.quoted if text.startswith(FORMULA_STARTS) else styles.text)


def write_cell(
    sheet: Worksheet, row: int, column: int, value: Any, kind: str, styles: Styles, *, is_sum: bool = False
) -> None:
    """A value by the kind of its column; what is missing or no number leaves the cell empty."""
    if value is None:
        return
    style = styles.text if kind == TEXT else (styles.sums if is_sum else styles.kinds)[kind]
    if isinstance(value, Formula):
        sheet.write_formula(row, column, value.text, style, value.value)
    elif kind == TEXT and not isinstance(value, bool | int | float | Decimal):
        write_text(sheet, row, column, value, styles)
    elif kind == DAY:
        day = value if isinstance(value, date) else date.fromisoformat(value)
        sheet.write_datetime(row, column, day, style)
    elif isinstance(value, bool):
        sheet.write_boolean(row, column, value, style)
    elif math.isfinite(float(value)):
        sheet.write_number(row, column, float(value), style)


def write_table(
    sheet: Worksheet,
    columns: Sequence[Column],
    rows: Iterable[dict[str, Any]],
    styles: Styles,
    *,
    at: int = 0,
    is_main: bool = True,
) -> int:
    """Heads and rows from line `at` on; the main table of a sheet is frozen and filtered. Returns the next line."""
    for number, column in enumerate(columns):
        sheet.write_string(at, number, column.head, styles.head)
        if is_main:
            sheet.set_column(number, number, column.width)
    line = at
    for line, row in enumerate(rows, at + 1):
        for number, column in enumerate(columns):
            write_cell(sheet, line, number, row.get(column.key), column.kind, styles)
    if is_main:
        sheet.freeze_panes(at + 1, 0)
        sheet.autofilter(at, 0, max(line, at + 1), len(columns) - 1)
    return line + 1
