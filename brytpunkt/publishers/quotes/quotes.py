"""The publisher ``quotes``: prices that nobody publishes, dropped into a folder as CSV or XLSX files.

A CSV file is one table, an XLSX workbook one table a sheet; the header says which kind it is. Formulas are never
evaluated: what a spreadsheet last computed is read. Every problem of every file is reported at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from brytpunkt.errors import InputError, Problem
from brytpunkt.publishers._shared.offers import STEP, frame, provenance
from brytpunkt.publishers._shared.protocol import Batch, Document, Listing
from brytpunkt.publishers.quotes.quote_files import CONTENTS, Line, Place, Sheet, sheets
from brytpunkt.tables.provenance import CURRENCIES

YES, NO = {"yes", "true", "1", "y"}, {"no", "false", "0", "n"}
TOO_LONG = 400


class CellError(ValueError):
    """A cell that does not say what its column is for."""


def _text(value: object) -> str:
    words = str(value).strip()
    if not words or len(words) > TOO_LONG:
        raise CellError(f"a text of 1 to {TOO_LONG} characters is expected")
    return words


def _id(value: object) -> str:
    words = _text(int(value) if isinstance(value, float) and value.is_integer() else value)
    plain = words.replace("-", "").replace("_", "").replace(".", "")
    if not (plain.isascii() and plain.isalnum() and words[0].isalnum()) or len(words) > 40:  # noqa: PLR2004
        raise CellError(f"{words[:50]!r} is not an id of letters, digits, dots and dashes, up to 40")
    return words


def _amount(value: object) -> Decimal:
    try:
        amount = Decimal(str(value).strip())
    except ArithmeticError as error:
        hint = "write it with a decimal point and without separators, as in 245000.50"
        raise CellError(f"{str(value)[:40]!r} is not a number; {hint}") from error
    if not amount.is_finite() or amount <= 0:
        raise CellError(f"{str(value)[:40]!r} is not a price or a size above zero")
    return amount.quantize(STEP)


def _size(value: object) -> float:
    return float(_amount(value))


def _day(value: object) -> date:
    if isinstance(value, date):
        return date(value.year, value.month, value.day)
    try:
        return date.fromisoformat(str(value).strip())
    except ValueError as error:
        raise CellError(f"{str(value)[:40]!r} is not a date (YYYY-MM-DD)") from error


def _currency(value: object) -> str:
    code = str(value).strip().upper()
    if code not in CURRENCIES:
        raise CellError(f"{code[:10]!r} is not one of {', '.join(CURRENCIES)}")
    return code


def _country(value: object) -> str:
    code = str(value).strip().upper()
    if len(code) != 2 or not code.isalpha():  # noqa: PLR2004
        raise CellError(f"{code[:20]!r} is not a country of two letters, as in SE")
    return code


def _choice(value: object) -> bool:
    word = str(value).strip().lower()
    if word not in YES | NO:
        raise CellError(f"{word[:20]!r} is neither yes nor no")
    return word in YES


@dataclass(frozen=True)
class Column:
    """A column of a kind of quote: the table's column that it fills, how a cell is read, whether it must be filled."""

    fills: str
    read: Callable[[object], object]
    is_required: bool = True


@dataclass(frozen=True)
class Kind:
    """A kind of quote: its table, the columns that tell it, and all its columns."""

    table: str
    told_by: tuple[str, ...]
    columns: Mapping[str, Column]


COMMON = {
    "currency": Column("native_currency", _currency),
    "quoted_on": Column("quoted_on", _day),
    "valid_until": Column("valid_until", _day, is_required=False),
    "note": Column("note", _text, is_required=False),
}
SERVERS = Kind(
    "server_quotes",
    ("server", "price_per_server"),
    {
        "quote": Column("quote", _id),
        "vendor": Column("vendor", _text),
        "server": Column("server", _text),
        "price_per_server": Column("price_native_per_server", _amount),
    }
    | COMMON,
)
COLOCATION = Kind(
    "colocation_quotes",
    ("power_included",),
    {
        "quote": Column("quote", _id),
        "provider": Column("provider", _text),
        "country": Column("country", _country),
        "price_per_kw_month": Column("price_native_per_kw_month", _amount, is_required=False),
        "price_per_rack_month": Column("price_native_per_rack_month", _amount, is_required=False),
        "rack_power_kw": Column("rack_power_kw", _size, is_required=False),
        "power_included": Column("is_power_included", _choice),
    }
    | COMMON,
)
KINDS = (SERVERS, COLOCATION)


def parse(listing: Listing) -> Iterator[Batch]:
    """Files of the inbox -> quotes of servers and of colocation; of a kind that has none, no rows.

    Raises ``InputError`` with every problem, by file, sheet, row and column.
    """
    problems: list[Problem] = []
    seen: dict[tuple[object, ...], Place] = {}
    contents = [document for document in listing.documents if document.name == CONTENTS]
    for document in (document for document in listing.documents if document.name != CONTENTS):
        found: dict[str, list[dict[str, object]]] = {kind.table: [] for kind in KINDS}
        try:
            for sheet in sheets(document):
                kind = _kind(sheet, problems)
                if kind is not None:
                    rows = (_row(line, kind, document, problems) for line in sheet.lines)
                    found[kind.table] += [
                        row for row in rows if row is not None and _is_new(row, kind, seen, problems)
                    ]
        except InputError as error:
            problems += error.problems
        for table, rows_found in found.items():
            if rows_found and not problems:
                rows_kept = [{name: row[name] for name in row if name != "place"} for row in rows_found]
                yield Batch(table, frame(table, rows_kept), document)
    if problems:
        raise InputError(tuple(problems))
    for document in contents:
        yield from (Batch(kind.table, frame(kind.table, []), document) for kind in KINDS)


def _kind(sheet: Sheet, problems: list[Problem]) -> Kind | None:
    if not sheet.header:
        return None
    for kind in KINDS:
        if set(kind.told_by) <= set(sheet.header):
            lacking = [
                name
                for name, column in kind.columns.items()
                if column.is_required and name not in sheet.header
            ]
            unknown = [name for name in sheet.header if name and name not in kind.columns]
            twice = sorted({name for name in sheet.header if name and sheet.header.count(name) > 1})
            for names, words in (
                (lacking, "lacks"),
                (unknown, "does not know"),
                (twice, "has more than once"),
            ):
                if names:
                    known = f"columns: {', '.join(kind.columns)}"
                    problems.append(Problem(str(sheet.head), f"the header {words} {', '.join(names)}", known))
            return None if lacking or unknown or twice else kind
    told = " or ".join(" and ".join(kind.told_by) for kind in KINDS)
    problems.append(
        Problem(str(sheet.head), "the header is neither of servers nor of colocation", f"it has {told}")
    )
    return None


def _row(line: Line, kind: Kind, document: Document, problems: list[Problem]) -> dict[str, object] | None:
    row: dict[str, object] = {"place": line.place}
    is_good = True
    for name, column in kind.columns.items():
        value = line.cells.get(name)
        if value is None or not str(value).strip():
            row[column.fills] = None
            if column.is_required:
                hint = "a formula counts only with the value that the spreadsheet stored with it"
                problems.append(Problem(f"{line.place}, column {name}", "the cell is empty", hint))
                is_good = False
            continue
        try:
            row[column.fills] = column.read(value)
        except CellError as error:
            problems.append(Problem(f"{line.place}, column {name}", str(error)))
            is_good = False
    if not is_good or not _fits(row, kind, line.place, problems):
        return None
    who = row.get("vendor") or row.get("provider")
    quoted = row["quoted_on"]
    assert isinstance(quoted, date)
    title = f"quote {row['quote']} of {who}, {line.place.sheet_of_file}"
    return row | provenance(
        document, title, quoted, note=row["note"] if isinstance(row["note"], str) else None
    )


def _fits(row: dict[str, object], kind: Kind, place: Place, problems: list[Problem]) -> bool:
    found = []
    quoted, until = row["quoted_on"], row["valid_until"]
    if isinstance(until, date) and isinstance(quoted, date) and until < quoted:
        found.append(
            Problem(f"{place}, column valid_until", f"{until} is before {quoted}, the day of the quote")
        )
    if kind is COLOCATION:
        per_kw, per_rack = row["price_native_per_kw_month"], row["price_native_per_rack_month"]
        if (per_kw is None) == (per_rack is None):
            found.append(
                Problem(str(place), "one of price_per_kw_month and price_per_rack_month is needed, not both")
            )
        elif per_rack is not None and row["rack_power_kw"] is None:
            found.append(
                Problem(f"{place}, column rack_power_kw", "a price per rack needs the power of a rack")
            )
    problems += found
    return not found


def _is_new(
    row: dict[str, object], kind: Kind, seen: dict[tuple[object, ...], Place], problems: list[Problem]
) -> bool:
    key = (kind.table, row["quote"], row.get("server"))
    place = row["place"]
    assert isinstance(place, Place)
    if key in seen:
        problems.append(
            Problem(f"{place}, column quote", f"quote {row['quote']} stands already in {seen[key]}")
        )
        return False
    seen[key] = place
    return True
