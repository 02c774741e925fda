"""What the publishers of series share: reading JSON and XML of strangers, and putting rows into the canonical form.

Belongs here: forms that several native documents share. Does not belong here: any publisher's own format.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any
from xml.etree import ElementTree as ET

import polars as pl

from brytpunkt.errors import InputError, Problem
from brytpunkt.publishers._shared.protocol import Batch, Document, Request
from brytpunkt.publishers._shared.source import Source
from brytpunkt.series.findings import FINDINGS
from brytpunkt.series.market_days import market_day

HTML_STARTS = (b"<!doctype", b"<html", b"<head")
MAX_XML_BYTES = 50_000_000
PRICES, FINDINGS_TABLE = "day_ahead_intervals", "series_findings"
Schema = dict[str, Any]
POINTS: Schema = {
    "zone": pl.String,
    "start_utc": pl.Datetime("us", "UTC"),
    "resolution_minutes": pl.Int64,
    "price_eur_per_mwh": pl.Float64,
}
DEFAULTS: Mapping[str, tuple[Any, Any]] = {
    "native_currency": ("EUR", pl.String),
    "fx_units_per_eur": (None, pl.Float64),
    "vat_rate_removed": (0.0, pl.Float64),
    "fill_method": (None, pl.String),
    "revision": (1, pl.Int64),
    "note": (None, pl.String),
}


def no_probe(source: Source) -> Request | None:
    """``probe`` of a publisher without a cheap pointer."""
    del source
    return None


def own_digest(pointer: Document) -> str:
    """``version`` of a publisher without a pointer: the document's digest."""
    return pointer.sha256


def no_more(source: Source, document: Document) -> Sequence[Request]:
    """``following`` of a publisher whose documents lead to no other."""
    del source, document
    return ()


def problem(document: Document, message: str, suggestion: str | None = None) -> InputError:
    """An error about a document, for a person."""
    return InputError((Problem(document.name, message, suggestion),))


def read_json(document: Document) -> Any:
    """The document as JSON; raises ``InputError`` for anything else."""
    body = document.read()
    if body[:200].lstrip(b"\xef\xbb\xbf \t\r\n").lower().startswith(HTML_STARTS):
        raise problem(document, "the document is a web page, not JSON", "the publisher may be out of order")
    if not body.strip():
        raise problem(document, "the document is empty")
    try:
        return json.loads(body)
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise problem(document, f"the document is not JSON from {where} on", "is it whole?") from error
    except (UnicodeDecodeError, RecursionError) as error:
        raise problem(document, "the document is not JSON text") from error


def field(document: Document, record: Any, *names: str) -> Any:
    """A value deep in a JSON record; raises ``InputError`` naming the first key that is not there."""
    value = record
    for name in names:
        if not isinstance(value, dict) or name not in value:
            raise problem(document, f"the document has no {'.'.join(names)}: its format has changed")
        value = value[name]
    return value


def read_xml(document: Document) -> ET.Element:
    """The root of an XML document; a DOCTYPE or an entity is refused before anything is parsed."""
    body = document.read()
    if len(body) > MAX_XML_BYTES:
        raise problem(document, f"the document has {len(body):,} bytes; at most {MAX_XML_BYTES:,} are read")
    # UTF-16 would hide the word from the search below; none of these publishers writes it.
    if body[:2] in {b"\xff\xfe", b"\xfe\xff"} or b"\0" in body[:64]:
        raise problem(document, "the document is not UTF-8")
    if re.search(rb"<!\s*(DOCTYPE|ENTITY)", body, re.IGNORECASE):
        raise problem(document, "the document declares a DOCTYPE or an entity, which no publisher needs")
    try:
        return ET.fromstring(body)  # noqa: S314 - no DTD and no entity can be in it
    except ET.ParseError as error:
        line, column = error.position
        raise problem(
            document, f"the document is not XML from line {line}, column {column} on", "is it whole?"
        ) from error


def local_name(element: ET.Element) -> str:
    """Tag without its namespace."""
    return element.tag.rpartition("}")[2]


def named_zone(name: str, zones: Iterable[str]) -> str | None:
    """The zone that a file's name has as a word of its own."""
    words = re.split(r"[^A-Za-z0-9-]+", name)
    return next((zone for zone in zones if zone in words), None)


def days_between(first: dt.date, last: dt.date) -> Iterator[dt.date]:
    """Every day from the first to the last."""
    for step in range((last - first).days + 1):
        yield first + dt.timedelta(days=step)


def wanted_days(source: Source) -> tuple[dt.date, dt.date]:
    """The days that a declaration asks for: parameters ``first`` and ``last`` (YYYY-MM-DD)."""
    first, last = (dt.date.fromisoformat(str(source.parameters[name])) for name in ("first", "last"))
    return first, last


def price_rows(points: pl.DataFrame, document: Document, *, publisher: str, source: str) -> pl.DataFrame:
    """Points with zone, start, length and price -> rows of ``day_ahead_intervals`` with their provenance.

    Columns that the points do not have take the values of a price published in euros without VAT.
    """
    defaults = [
        pl.lit(value, dtype=dtype).alias(name)
        for name, (value, dtype) in DEFAULTS.items()
        if name not in points.columns
    ]
    retrieved = document.fetched_at.date()
    rows = points.with_columns(
        *defaults,
        publisher=pl.lit(publisher),
        source=pl.lit(source),
        # Tomorrow's prices are published today: the figure cannot be newer than its retrieval.
        source_date=pl.min_horizontal(market_day(), pl.lit(retrieved)),
        retrieved_on=pl.lit(retrieved),
        confidence=pl.lit("stated"),
        **({} if "licence" in points.columns else {"licence": pl.lit(document.licence)}),
    )
    return rows.select(
        "zone",
        "start_utc",
        "publisher",
        *("resolution_minutes", "price_eur_per_mwh", "native_currency", "fx_units_per_eur"),
        *("vat_rate_removed", "fill_method", "revision"),
        *("source", "source_date", "retrieved_on", "licence", "confidence", "note"),
    ).sort("zone", "start_utc")


def finding_rows(findings: pl.DataFrame, document: Document, source: str) -> pl.DataFrame:
    """Findings with the provenance of the document that they are about."""
    retrieved = document.fetched_at.date()
    return findings.unique(
        ["series", "subject", "publisher", "day", "kind"], keep="first", maintain_order=True
    ).select(
        *FINDINGS,
        source=pl.lit(source),
        source_date=pl.min_horizontal("day", pl.lit(retrieved)),
        retrieved_on=pl.lit(retrieved),
        licence=pl.lit(document.licence),
        confidence=pl.lit("derived"),
        note=pl.lit(None, dtype=pl.String),
    )


def finding(
    subject: str, publisher: str, day: dt.date, kind: str, detail: str, *, series: str = "day_ahead"
) -> dict[str, Any]:
    """One finding as a record."""
    return {
        "series": series,
        "subject": subject,
        "publisher": publisher,
        "day": day,
        "kind": kind,
        "detail": detail,
        "value": None,
        "expected": None,
    }


def batches(
    rows: pl.DataFrame, findings: pl.DataFrame | Sequence[dict[str, Any]], document: Document, source: str
) -> Iterator[Batch]:
    """The prices of a document, and what was found odd in it."""
    if rows.height:
        yield Batch(PRICES, rows, document)
    found = findings if isinstance(findings, pl.DataFrame) else pl.DataFrame(list(findings), schema=FINDINGS)
    if found.height:
        yield Batch(FINDINGS_TABLE, finding_rows(found, document, source), document)


def instant(text: str) -> dt.datetime:
    """An ISO 8601 time with Z or an offset -> UTC; raises ``ValueError`` for a time without one."""
    moment = dt.datetime.fromisoformat(text)
    if moment.tzinfo is None:
        message = f"{text} has no time zone"
        raise ValueError(message)
    return moment.astimezone(dt.UTC)
