"""Reading quote files: a CSV as one sheet, a workbook as its sheets; cells as they are stored.

Belongs here: bounds, headers and places. Does not belong here: what a quote must say.
"""

from __future__ import annotations

import csv
import io
import warnings
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import openpyxl

from brytpunkt.publishers._shared.protocol import Document
from brytpunkt.publishers._shared.strict_reading import unzipped, wrong

# Names of the files that are in the inbox: a document of every publication, even of an emptied inbox.
CONTENTS = "inbox.txt"
MAX_ROWS, MAX_COLUMNS = 2_000, 60
MAX_SHEETS = 50
# A whole table of the largest size has 120,000 cells of four tags each.
MAX_WORKBOOK_BYTES, MAX_TAGS = 60_000_000, 500_000


@dataclass(frozen=True)
class Place:
    """Where a row stands."""

    file: str
    sheet: str | None
    row: int

    @property
    def sheet_of_file(self) -> str:
        """File and sheet."""
        return self.file if self.sheet is None else f"{self.file}, sheet {self.sheet}"

    def __str__(self) -> str:
        """File, sheet and row."""
        return f"{self.sheet_of_file}, row {self.row}"


@dataclass(frozen=True)
class Line:
    """A row below the header: its cells by the name of their column."""

    place: Place
    cells: Mapping[str, object]


@dataclass(frozen=True)
class Sheet:
    """A table of a file; without a header it is empty."""

    head: Place
    header: tuple[str, ...]
    lines: tuple[Line, ...]


def sheets(document: Document) -> Iterator[Sheet]:
    """The tables of a file, by its name. Raises ``InputError`` for another kind of file, or a damaged one."""
    name = document.name.lower()
    if name.endswith(".csv"):
        yield _sheet(document, None, _csv_rows(document))
    elif name.endswith(".xlsx"):
        yield from _workbook(document)
    else:
        raise wrong(document, "", "quotes are .csv or .xlsx files", "save it as one of them")


def _csv_rows(document: Document) -> Iterator[tuple[object, ...]]:
    try:
        text = document.read().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise wrong(document, "", "the file is not UTF-8 text", "save it as CSV UTF-8") from error
    if "\0" in text:
        raise wrong(document, "", "the file is not text")
    # Spreadsheets of countries with a decimal comma write semicolons.
    first = text.split("\n", 1)[0]
    delimiter = ";" if first.count(";") > first.count(",") else ","
    try:
        yield from (tuple(row) for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
    except csv.Error as error:
        raise wrong(document, "", "the file is not CSV", "save it as CSV UTF-8") from error


def _workbook(document: Document) -> Iterator[Sheet]:
    _check_size(document)
    try:
        with warnings.catch_warnings():
            # Styles and extensions that openpyxl does not keep are of no interest: only values are read.
            warnings.simplefilter("ignore")
            book = openpyxl.load_workbook(
                io.BytesIO(document.read()), read_only=True, data_only=True, keep_links=False
            )
            for title in book.sheetnames[:MAX_SHEETS]:
                cells = book[title]
                if hasattr(cells, "iter_rows"):
                    yield _sheet(document, title, cells.iter_rows(values_only=True, max_col=MAX_COLUMNS))
            book.close()
    except (
        KeyError,
        ValueError,
        OSError,
        zipfile.BadZipFile,
        SyntaxError,
        TypeError,
        AttributeError,
    ) as error:
        raise wrong(document, "", "the workbook is damaged or not a workbook") from error


def _check_size(document: Document) -> None:
    """Raise for a workbook that unfolds into more than its tables could need: a small file may hold a million cells."""
    files = unzipped(document, largest_bytes=MAX_WORKBOOK_BYTES)
    if any(b"<!DOCTYPE" in body or b"<!ENTITY" in body for body in files.values()):
        raise wrong(document, "", "the workbook declares a DOCTYPE or an entity, which no spreadsheet needs")
    tags = sum(body.count(b"<") for body in files.values())
    if tags > MAX_TAGS:
        raise wrong(
            document,
            "",
            f"the workbook unfolds into {tags:,} cells and texts, more than is read",
            "leave the table only",
        )


def _sheet(document: Document, title: str | None, rows: Iterator[tuple[object, ...]]) -> Sheet:
    header: tuple[str, ...] = ()
    lines = []
    number = 0
    for number, row in enumerate(rows, 1):
        if number > MAX_ROWS:
            raise wrong(document, title or "", f"more than {MAX_ROWS} rows are not read")
        if not any(str(cell).strip() for cell in row if cell is not None):
            continue
        if not header:
            header = tuple(str(cell).strip().lower() if cell is not None else "" for cell in row)
            head = Place(document.name, title, number)
            continue
        cells = {name: cell for name, cell in zip(header, row, strict=False) if name}
        extra = [cell for cell in row[len(header) :] if cell is not None and str(cell).strip()]
        if extra:
            raise wrong(
                document, f"row {number}", "a cell stands beside the table", "is a comma inside a value?"
            )
        lines.append(Line(Place(document.name, title, number), cells))
    if not header:
        return Sheet(Place(document.name, title, 1), (), ())
    return Sheet(head, header, tuple(lines))
