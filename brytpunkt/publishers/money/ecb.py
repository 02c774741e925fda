"""The publisher ``ecb``: euro reference exchange rates of the European Central Bank, daily, as CSV or zipped CSV.

The table ends every line with a comma, writes N/A where a currency has no rate, and has no weekends and holidays:
a day without a rate is no row, and whoever needs one takes the last before it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal

from brytpunkt.publishers._shared.accounting import IGNORED, Fields, value
from brytpunkt.publishers._shared.notes import Notes, Provided
from brytpunkt.publishers._shared.protocol import Batch, Document, Listing, Request
from brytpunkt.publishers._shared.rows import STEP, frame, provenance
from brytpunkt.publishers._shared.single_document import following, probe, version
from brytpunkt.publishers._shared.source import Source
from brytpunkt.publishers._shared.strict_reading import (
    check_header,
    csv_lines,
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
# Other currencies come and go, and none of them is used.
FIELDS: Fields = {"Date": value("date"), "": IGNORED, "*": IGNORED} | {
    name: value("units_per_eur") for name in CURRENCIES
}
TITLE = "European Central Bank, euro foreign exchange reference rates"


def start(source: Source, pointer: Document | None) -> Sequence[Request]:
    """The whole history, zipped."""
    del pointer
    return [Request(name="eurofxref-hist.zip", url=source.url or ROOT, media_type="application/zip")]


def parse(listing: Listing) -> Iterator[Batch]:
    """The history -> one row a currency and day of rates.

    Raises ``InputError`` for a lacking currency, a day that is none, a rate that is none, days twice, or a day to come.
    """
    notes = Notes(Provided("ecb", TITLE), listing.accounts)
    for document in listing.documents:
        notes.opened(document)
        body = _body(document)
        rates = frame("fx_rates", list(_rates(document, body, notes)))
        yield Batch("fx_rates", rates, document, notes.doubts_of("fx_rates", document))
    yield from notes.remark_batches()


def _body(document: Document) -> bytes:
    body = document.read()
    if not body.startswith(b"PK"):
        return body
    files = unzipped(document, NAME)
    if NAME not in files:
        raise wrong(document, "", f"the archive has no {NAME}")
    return files[NAME]


def _rates(document: Document, body: bytes, notes: Notes) -> Iterator[dict[str, object]]:
    refuse_html(document, body[:200])
    try:
        lines = csv_lines(document, body.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise wrong(document, "", "the document is not UTF-8 text") from error
    _, first = next(lines, (1, []))
    header = [name.strip() for name in first]
    check_header(document, header, ("Date", *CURRENCIES), "line 1")
    notes.check_fields(FIELDS, header, document)
    account = notes.account(document)
    seen: set[date] = set()
    for number, row in lines:
        place = f"line {number}"
        account.read(place)
        if len(row) != len(header):
            raise wrong(
                document, place, f"{len(row)} fields where the header has {len(header)}", "is the file whole?"
            )
        line = dict(zip(header, row, strict=True))
        day = day_of(line["Date"], document, place)
        if day in seen:
            raise wrong(document, place, f"the day {day} is there twice")
        if day > document.fetched_at.date():
            raise wrong(document, place, f"the day {day} is to come, and its rates cannot be known")
        seen.add(day)
        if day < FIRST_DAY:
            account.leave_out(place, "before the first day that a plan looks back to")
            continue
        account.leave_out(place, "a day without rates")
        for currency in CURRENCIES:
            rate = _rate(line[currency].strip(), currency, day, document, place, notes)
            if rate is None:
                continue
            account.take(place)
            row_of = {"currency": currency, "date": day, "units_per_eur": rate.quantize(STEP)}
            yield row_of | provenance(document, TITLE, day, note="daily reference rate")
    if not seen:
        raise wrong(document, "", "the history has no days")


def _rate(
    text: str, currency: str, day: date, document: Document, place: str, notes: Notes
) -> Decimal | None:
    """The rate of a currency on a day; None where there is none, which an empty cell does not say."""
    if text == NO_RATE:
        return None
    if not text:
        notes.remark("price", f"{currency} {day}", "the rate is empty, not N/A", document)
        notes.doubt(document, currency=currency, date=day)
        return None
    rate = decimal_of(text, document, f"{place}, {currency}")
    if rate <= 0:
        raise wrong(document, f"{place}, {currency}", f"{text} is not a rate")
    return rate
