"""hvakosterstrommen.no: day-ahead prices of its country's zones, a JSON file a day, per kWh and without VAT, from October 2021.

The attribution that it asks for is the source of every row.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from brytpunkt.publishers._shared.protocol import Batch, Document, Listing, Request
from brytpunkt.publishers._shared.series_rows import no_more, no_probe, own_digest
from brytpunkt.publishers._shared.source import Source
from brytpunkt.publishers.electricity.per_kwh import Form, fields_of, named_of, parse_form, requests_of

FORM = Form(
    "hvakosterstrommen",
    "Strømpriser levert av Hva koster strømmen.no",
    "NOK",
    ("NO1", "NO2", "NO3", "NO4", "NO5"),
)

FIELDS = fields_of(FORM)

probe, version, following = no_probe, own_digest, no_more
APART = True


def start(source: Source, pointer: Document | None) -> Sequence[Request]:
    """A request for every day and zone."""
    del pointer
    return requests_of(FORM, source)


def named(source: Source, name: str, number: int, head: bytes) -> str:
    """A file with its zone at the end."""
    del number, head
    return named_of(FORM, source, name)


def parse(listing: Listing) -> Iterator[Batch]:
    """Daily files -> intervals."""
    return parse_form(FORM, listing)
