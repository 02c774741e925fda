"""The publisher ``ecb``: euro reference exchange rates of the European Central Bank, daily, as CSV or zipped CSV.

The table ends every line with a comma, writes N/A where a currency has no rate, and has no weekends and holidays:
a day without a rate is no row, and whoever needs one takes the last before it.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from datetime import date

from brytpunkt.publishers._shared.offers import STEP, frame, provenance
from brytpunkt.publishers._shared.protocol import Batch, Document, Listing, Request
from brytpunkt.publishers._shared.single_document import following, probe, version
from brytpunkt.publishers._shared.source import Source
from brytpunkt.publishers._shared.strict_reading import (
    check_header,
    day_of,
    decimal_of,
    refuse_html,
    unzipped,
    wrong,
)

__all__ = ["following", "parse", "probe", "start", "version"]

ROOT = "https://www.ecb.europa.eu/stats/eurofxref/eurofxref-hist.zip"
NAME = "eurofxref-hist.csv"
CURRENCIES = ("USD", "SEK", "NOK", "DKK", "ISK", "GBP")
NO_RATE = "N/A"
# Before this day no plan looks back; the list itself begins in 1999.
FIRST_DAY = date(2015, 1, 1)
TITLE = "European Central Bank, euro foreign exchange reference rates"


def start(source: Source, pointer: Document | None) -> Sequence[Request]:
    """The whole history, zipped."""
    del pointer
    return [Request(name="eurofxref-hist.zip", url=source.url or ROOT, media_type="application/zip")]


def parse(listing: Listing) -> Iterator[Batch]:
    """The history -> one row a currency and day of rates.

    Raises ``InputError`` for a lacking currency, a day that is none, a rate that is none, or days twice.
    """
    for document in listing.documents:
        body = _body(document)
        yield Batch("fx_rates", frame("fx_rates", list(_rates(document, body))), document)


def _body(document: Document) -> bytes:
    body = document.read()
    if not body.startswith(b"PK"):
        return body
    files = unzipped(document, NAME)
    if NAME not in files:
        raise wrong(document, "", f"the archive has no {NAME}")
    return files[NAME]


def _rates(document: Document, body: bytes) -> Iterator[dict[str, object]]:
    refuse_html(document, body[:200])
    try:
        reader = csv.reader(io.StringIO(body.decode("utf-8-sig"), newline=""))
    except UnicodeDecodeError as error:
        raise wrong(document, "", "the document is not UTF-8 text") from error
    header = [name.strip() for name in next(reader, [])]
    check_header(document, header, ("Date", *CURRENCIES), "line 1")
    seen: set[date] = set()
    for row in reader:
        place = f"line {reader.line_num}"
        if len(row) != len(header):
            raise wrong(
                document, place, f"{len(row)} fields where the header has {len(header)}", "is the file whole?"
            )
        line = dict(zip(header, row, strict=True))
        day = day_of(line["Date"], document, place)
        if day in seen:
            raise wrong(document, place, f"the day {day} is there twice")
        seen.add(day)
        if day < FIRST_DAY:
            continue
        for currency in CURRENCIES:
            text = line[currency].strip()
            if text in {NO_RATE, ""}:
                continue
            rate = decimal_of(text, document, f"{place}, {currency}")
            if rate <= 0:
                raise wrong(document, f"{place}, {currency}", f"{text} is not a rate")
            row_of = {"currency": currency, "date": day, "units_per_eur": rate.quantize(STEP)}
            yield row_of | provenance(document, TITLE, day, note="daily reference rate")
    if not seen:
        raise wrong(document, "", "the history has no days")
