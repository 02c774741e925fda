"""Scanning a large AWS price CSV as it was landed, compressed, with an in-memory engine.

Hundreds of megabytes with a hundred columns: DuckDB reads them in one pass with bounded memory, which no reader in
Python does. It is used as an engine for one file only; no warehouse is opened here.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import duckdb

from brytpunkt.publishers._shared.protocol import Document
from brytpunkt.publishers._shared.strict_reading import check_header, day_of, refuse_html, wrong

PREAMBLE_LINES = 5
MEMORY = "500MB"
LONGEST_LINE = 2_000_000
CODECS = {".gz": "gzip", ".zst": "zstd"}


@dataclass(frozen=True)
class Table:
    """What to take out of a file: columns by our name, and which lines.

    ``filters`` are LIKE patterns by column; ``software`` a column and the values that it may have; ``region`` the
    region code; ``not_empty`` a column that must say something; ``among`` a column and the values to keep.
    """

    offer_code: str
    columns: Mapping[str, str]
    filters: Mapping[str, str]
    software: tuple[str, Sequence[str]] | None = None
    region: str | None = None
    region_column: str = "Region Code"
    not_empty: str | None = None
    among: tuple[str, Sequence[str]] | None = None


def scanned(document: Document, table: Table) -> tuple[date, Iterator[dict[str, str]]]:
    """Day of publication, and the wanted lines; an empty field is an empty text.

    Raises ``InputError`` for another offer, a lacking column, a web page, or a file that is not whole.
    """
    preamble, header = _head(document)
    if preamble.get("FormatVersion") != "v1.0" or preamble.get("OfferCode") != table.offer_code:
        found = f"FormatVersion {preamble.get('FormatVersion')}, OfferCode {preamble.get('OfferCode')}"
        raise wrong(document, "lines 1-5", f"not a {table.offer_code} file of format v1.0: {found}")
    used = [*table.columns.values(), *table.filters, *_others(table)]
    check_header(document, header, list(dict.fromkeys(used)), "line 6")
    return day_of(preamble.get("Publication Date"), document, "line 3"), _lines(document, table, header)


def _others(table: Table) -> list[str]:
    return [
        *([table.software[0]] if table.software else []),
        *([table.region_column] if table.region else []),
        *([table.not_empty] if table.not_empty else []),
        *([table.among[0]] if table.among else []),
    ]


def _head(document: Document) -> tuple[dict[str, str], list[str]]:
    with document.open() as file:
        lines = [file.readline(LONGEST_LINE) for _ in range(PREAMBLE_LINES + 1)]
    refuse_html(document, lines[0])
    try:
        rows = list(csv.reader(line.decode("utf-8-sig").rstrip("\r\n") for line in lines))
    except (UnicodeDecodeError, csv.Error) as error:
        raise wrong(document, "lines 1-6", f"the head of the file is not CSV: {error}") from error
    if len(rows) <= PREAMBLE_LINES or not rows[PREAMBLE_LINES]:
        raise wrong(document, "line 6", "the file ends before its header")
    return {row[0]: row[1] for row in rows[:PREAMBLE_LINES] if len(row) > 1}, rows[PREAMBLE_LINES]


def _lines(document: Document, table: Table, header: Sequence[str]) -> Iterator[dict[str, str]]:
    conditions, values = _conditions(table)
    chosen = ", ".join(f"coalesce({_quoted(name)}, '') AS {alias}" for alias, name in table.columns.items())
    # All columns are texts, and the header is ours: nothing is guessed from the first lines.
    columns = ", ".join(f"{_quoted(name)}: 'VARCHAR'" for name in _unique(header))
    source = (
        f"read_csv($path, skip = {PREAMBLE_LINES + 1}, header = false, columns = {{{columns}}}, auto_detect = false, "
        f"delim = ',', quote = '\"', escape = '\"', max_line_size = {LONGEST_LINE}, compression = $codec)"
    )
    query = f"SELECT {chosen} FROM {source} WHERE {' AND '.join(conditions)}"  # noqa: S608 - names are quoted
    values |= {"path": str(document.path), "codec": CODECS.get(document.path.suffix, "none")}
    with duckdb.connect() as engine:
        engine.execute("SET memory_limit = ?", [MEMORY])
        engine.execute("SET enable_progress_bar = false")
        try:
            result = engine.execute(query, values)
            while chunk := result.fetchmany(10_000):
                yield from (dict(zip(table.columns, row, strict=True)) for row in chunk)
        except duckdb.Error as error:
            message = str(error).splitlines()[0]
            raise wrong(document, "", f"the file is not a whole CSV table: {message}") from error


def _conditions(table: Table) -> tuple[list[str], dict[str, object]]:
    values: dict[str, object] = {}
    conditions = []
    for number, (column, pattern) in enumerate(table.filters.items()):
        operator = "LIKE" if pattern.endswith("%") else "="
        conditions.append(f"{_quoted(column)} {operator} $filter{number}")
        values[f"filter{number}"] = pattern
    if table.software:
        conditions.append(f"list_contains($software, coalesce({_quoted(table.software[0])}, ''))")
        values["software"] = list(table.software[1])
    if table.region:
        conditions.append(f"{_quoted(table.region_column)} = $region")
        values["region"] = table.region
    if table.not_empty:
        conditions.append(f"coalesce({_quoted(table.not_empty)}, '') NOT IN ('', 'NA')")
    if table.among:
        conditions.append(f"list_contains($among, {_quoted(table.among[0])})")
        values["among"] = list(table.among[1])
    return conditions, values


def _unique(header: Sequence[str]) -> list[str]:
    """Names of columns that we do not use may occur twice, which the engine refuses."""
    seen: dict[str, int] = {}
    names = []
    for name in header:
        seen[name.lower()] = seen.get(name.lower(), 0) + 1
        names.append(name if seen[name.lower()] == 1 else f"{name} ({seen[name.lower()]})")
    return names


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
