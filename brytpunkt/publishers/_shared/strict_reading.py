"""Reading native documents strictly: every difference from the known format is an error that names its place.

Belongs here: JSON, CSV and zip as publishers send them. Does not belong here: what the fields mean.
"""

from __future__ import annotations

import csv
import io
import json
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, TypeVar, cast
from urllib.parse import urlsplit, urlunsplit

from brytpunkt.errors import InputError, Problem
from brytpunkt.publishers._shared.protocol import Document

MAX_UNZIPPED_BYTES = 400_000_000
MAX_ZIP_RATIO = 200
SHOWN = 60
HTML_STARTS = (b"<!doctype", b"<html", b"<head", b"<?xml")

Kind = TypeVar("Kind")


def wrong(document: Document, place: str, message: str, suggestion: str | None = None) -> InputError:
    """An error at a place of a document."""
    where = f"{document.name} {place}".strip()
    return InputError((Problem(where, message, suggestion),))


def public_url(document: Document) -> str:
    """Address of a document without its query, where secrets and page numbers stand."""
    parts = urlsplit(document.url)
    return urlunsplit((parts.scheme, parts.netloc, parts.path, "", ""))


def refuse_html(document: Document, start: bytes) -> None:
    """Raise if a document begins like a web page: an error page under a status of success."""
    begins = start.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if begins.startswith(HTML_STARTS):
        raise wrong(document, "", "the document is a web page, not data", "the publisher may be out of order")


def json_of(document: Document) -> Any:
    """A JSON document; numbers with a point become decimals, so that prices stay exact."""
    body = document.read()
    refuse_html(document, body[:200])
    try:
        return json.loads(body, parse_float=Decimal)
    except json.JSONDecodeError as error:
        place = f"line {error.lineno} column {error.colno}"
        raise wrong(document, place, "the document is not whole JSON") from error
    except (ValueError, RecursionError) as error:
        raise wrong(document, "", "the document is not JSON in UTF-8") from error


def field(record: object, name: str, kind: type[Kind], document: Document, place: str) -> Kind:
    """A field that must be there, of a type that must fit."""
    if not isinstance(record, Mapping):
        raise wrong(document, place, f"an object is expected, not {shown(record)}")
    if name not in record:
        raise wrong(
            document, place, f"the field {name} is missing", f"there are: {', '.join(map(str, record))[:200]}"
        )
    value = record[name]
    if not isinstance(value, kind) or (kind is not bool and isinstance(value, bool)):
        raise wrong(document, place, f"{name}: {shown(value)} is not {_article(kind)}")
    return value


def number(record: object, name: str, document: Document, place: str) -> Decimal:
    """A field that must be a number."""
    if not isinstance(record, Mapping) or name not in record:
        field(record, name, object, document, place)
    value = cast("Mapping[str, Any]", record)[name]
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise wrong(document, place, f"{name}: {shown(value)} is not a number")
    return Decimal(value)


def decimal_of(text: object, document: Document, place: str) -> Decimal:
    """A number that the publisher writes as text."""
    try:
        value = Decimal(str(text).strip())
    except InvalidOperation as error:
        raise wrong(document, place, f"{shown(text)} is not a number") from error
    if not value.is_finite():
        raise wrong(document, place, f"{shown(text)} is not a number")
    return value


def day_of(text: object, document: Document, place: str) -> date:
    """The day of an ISO date or time."""
    try:
        return datetime.fromisoformat(str(text)).date()
    except ValueError as error:
        raise wrong(document, place, f"{shown(text)} is not a date (YYYY-MM-DD)") from error


def csv_rows(document: Document, body: bytes, wanted: Sequence[str]) -> Iterable[tuple[int, dict[str, str]]]:
    """Lines of a CSV table with their number, by column name in whatever order; lacking columns are an error."""
    refuse_html(document, body[:200])
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise wrong(document, "", "the document is not UTF-8 text") from error
    lines = csv_lines(document, text)
    _, first = next(lines, (1, []))
    header = [name.strip() for name in first]
    check_header(document, header, wanted, "line 1")
    for line, row in lines:
        if not any(cell.strip() for cell in row):
            continue
        if len(row) != len(header):
            message = f"{len(row)} fields where the header has {len(header)}"
            raise wrong(document, f"line {line}", message, "the document may be truncated")
        yield line, dict(zip(header, row, strict=True))


def csv_lines(document: Document, text: str) -> Iterator[tuple[int, list[str]]]:
    """Lines of a CSV text with the number of their last one; what no CSV can be is an error."""
    reader = csv.reader(io.StringIO(text, newline=""))
    while True:
        try:
            row = next(reader, None)
        except csv.Error as error:
            message = "the line is not CSV: a field is far too long, or holds a NUL"
            raise wrong(document, f"line {reader.line_num}", message) from error
        if row is None:
            return
        yield reader.line_num, row


def check_header(document: Document, header: Sequence[str], wanted: Sequence[str], place: str) -> None:
    """Raise unless every wanted column is there exactly once."""
    lacking = [name for name in wanted if name not in header]
    if lacking:
        raise wrong(
            document, place, f"lacks the columns {', '.join(lacking)}", f"it has: {', '.join(header)[:300]}"
        )
    twice = [name for name in wanted if list(header).count(name) > 1]
    if twice:
        raise wrong(document, place, f"has more than one column {', '.join(twice)}")


def unzipped(
    document: Document, name: str | None = None, largest_bytes: int = MAX_UNZIPPED_BYTES
) -> dict[str, bytes]:
    """The files of a zip, by name; bounded, because a small archive may unfold into a large one."""
    body = document.read()
    refuse_html(document, body[:200])
    try:
        archive = zipfile.ZipFile(io.BytesIO(body))
    except zipfile.BadZipFile as error:
        raise wrong(document, "", "the document is not a whole zip archive") from error
    with archive:
        entries = [entry for entry in archive.infolist() if name is None or entry.filename == name]
        size = sum(entry.file_size for entry in entries)
        if size > min(largest_bytes, MAX_ZIP_RATIO * max(len(body), 1)):
            raise wrong(document, "", f"the archive unfolds into {size:,} bytes, more than is read")
        try:
            return {entry.filename: archive.read(entry) for entry in entries}
        except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError) as error:
            raise wrong(document, "", "the archive is damaged") from error


def shown(value: object) -> str:
    """A value as the publisher writes it, shortened."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    return (str(value) if isinstance(value, Decimal) else repr(value))[:SHOWN]


def _article(kind: type) -> str:
    words = {str: "a text", list: "a list", dict: "an object", int: "a whole number", bool: "true or false"}
    return words.get(kind, f"a {kind.__name__}")
