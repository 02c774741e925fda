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
NOT_WHOLE = "the file is not a whole CSV table: a line has more or fewer fields than the header, or a quote stays open"


@dataclass(frozen=True)
class Table:
    """What to take out of a file: columns by our name, and which lines.

    Lines are wanted whose column has one of the values of ``among``, or whose ``stated`` column says something.
    """

    offer_code: str
    columns: Mapping[str, str]
    among: tuple[str, Sequence[str]]
    stated: str | None = None


@dataclass(frozen=True)
class Scan:
    """A file that was scanned: its day of publication, its header, the wanted lines, and how many there are besides.

    An empty field is an empty text. ``others`` may be asked for when the lines have been read.
    """

    published: date
    header: Sequence[str]
    lines: Iterator[dict[str, str]]
    document: Document
    table: Table

    def others(self) -> int:
        """Lines that are not wanted."""
        condition, values = _condition(self.table)
        query = f"SELECT count(*) FROM {_source(self.header)} WHERE NOT ({condition})"  # noqa: S608 - names are quoted
        [[count]] = _run(self.document, query, values)
        return int(count)


def scanned(document: Document, table: Table) -> Scan:
    """The wanted lines of a file.

    Raises ``InputError`` for another offer, a lacking column, a web page, or a file that is not whole.
    """
    preamble, header = _head(document)
    if preamble.get("FormatVersion") != "v1.0" or preamble.get("OfferCode") != table.offer_code:
        found = f"FormatVersion {preamble.get('FormatVersion')}, OfferCode {preamble.get('OfferCode')}"
        raise wrong(document, "lines 1-5", f"not a {table.offer_code} file of format v1.0: {found}")
    check_header(document, header, list(dict.fromkeys(table.columns.values())), "line 6")
    published = day_of(preamble.get("Publication Date"), document, "line 3")
    return Scan(published, header, _lines(document, table, header), document, table)


def _head(document: Document) -> tuple[dict[str, str], list[str]]:
    with document.open() as file:
        lines = [file.readline(LONGEST_LINE) for _ in range(PREAMBLE_LINES + 1)]
    refuse_html(document, lines[0])
    try:
        rows = list(csv.reader(line.decode("utf-8-sig").rstrip("\r\n") for line in lines))
    except (UnicodeDecodeError, csv.Error) as error:
        raise wrong(document, "lines 1-6", "the head of the file is not CSV in UTF-8") from error
    if len(rows) <= PREAMBLE_LINES or not rows[PREAMBLE_LINES]:
        raise wrong(document, "line 6", "the file ends before its header")
    return {row[0]: row[1] for row in rows[:PREAMBLE_LINES] if len(row) > 1}, rows[PREAMBLE_LINES]


def _lines(document: Document, table: Table, header: Sequence[str]) -> Iterator[dict[str, str]]:
    condition, values = _condition(table)
    chosen = ", ".join(f"coalesce({_quoted(name)}, '') AS {alias}" for alias, name in table.columns.items())
    query = f"SELECT {chosen} FROM {_source(header)} WHERE {condition}"  # noqa: S608 - names are quoted
    for row in _run(document, query, values):
        yield dict(zip(table.columns, row, strict=True))


def _run(document: Document, query: str, values: dict[str, object]) -> Iterator[tuple[str, ...]]:
    filled = values | {"path": str(document.path), "codec": CODECS.get(document.path.suffix, "none")}
    with duckdb.connect() as engine:
        engine.execute("SET memory_limit = ?", [MEMORY])
        engine.execute("SET enable_progress_bar = false")
        try:
            result = engine.execute(query, filled)
            while chunk := result.fetchmany(10_000):
                yield from chunk
        except duckdb.Error as error:
            raise wrong(document, "", NOT_WHOLE) from error


def _source(header: Sequence[str]) -> str:
    # All columns are texts, and the header is ours: nothing is guessed from the first lines.
    columns = ", ".join(f"{_quoted(name)}: 'VARCHAR'" for name in _unique(header))
    return (
        f"read_csv($path, skip = {PREAMBLE_LINES + 1}, header = false, columns = {{{columns}}}, auto_detect = false, "
        f"delim = ',', quote = '\"', escape = '\"', max_line_size = {LONGEST_LINE}, compression = $codec)"
    )


def _condition(table: Table) -> tuple[str, dict[str, object]]:
    column, values = table.among
    condition = f"list_contains($among, coalesce({_quoted(column)}, ''))"
    if table.stated:
        condition += f" OR coalesce({_quoted(table.stated)}, '') NOT IN ('', 'NA', '0')"
    return condition, {"among": list(values)}


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
