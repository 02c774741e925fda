"""EPW weather files that the user puts into the inbox: a typical year, spliced from months of several years.

Hours 1 to 24 are local standard time without summer time. Format: EnergyPlus Auxiliary Programs, weather data.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Iterator, Sequence
from typing import Any

import polars as pl

from brytpunkt.publishers._shared.protocol import Batch, Document, Listing, Request
from brytpunkt.publishers._shared.series_rows import no_more, no_probe, own_digest, problem
from brytpunkt.publishers._shared.source import Source
from brytpunkt.publishers.weather.canonical_hours import (
    PERCENT,
    READINGS,
    hour_rows,
    place_of,
    weather_batches,
)

PUBLISHER = "epw"
HEADER_LINES = 8
DRY_BULB, HUMIDITY, PRESSURE, COLUMNS = 6, 8, 9, 35
MISSING = {DRY_BULB: 99.9, HUMIDITY: 999.0, PRESSURE: 999999.0}
HOURS = 8760
TYPICAL_YEAR = 2001

probe, version, following = no_probe, own_digest, no_more


def start(source: Source, pointer: Document | None) -> Sequence[Request]:
    """Nothing is requested: licences of EPW files differ, so the user brings them."""
    del source, pointer
    return ()


def parse(listing: Listing) -> Iterator[Batch]:
    """Files named ``<place>_...epw`` -> hours of the nominal year ``TYPICAL_YEAR``, in UTC.

    The last local hours of December stand at the beginning of the nominal year.
    """
    for document in listing.documents:
        lines = list(csv.reader(io.StringIO(document.read().decode("utf-8", errors="replace"))))
        if len(lines) <= HEADER_LINES or not lines[0] or lines[0][0] != "LOCATION":
            raise problem(document, "the file does not begin with LOCATION: it is no EPW file")
        location = lines[0]
        offset = dt.timezone(dt.timedelta(hours=float(location[8])))
        records = [
            _reading(document, place_of(document), offset, cells) for cells in lines[HEADER_LINES:] if cells
        ]
        if len(records) != HOURS:
            raise problem(document, f"the file has {len(records)} hours, not {HOURS}")
        source = f"EPW {location[1]}, {location[3]}, {location[4]} (WMO {location[5]})"
        readings = pl.DataFrame(records, schema=READINGS)
        rows = hour_rows(readings, document, publisher=PUBLISHER, source=source)
        yield from weather_batches(
            rows.with_columns(
                confidence=pl.lit("derived"), note=pl.lit("a typical year, spliced from months of several")
            ),
            document,
            source,
        )


def _reading(document: Document, place: str, offset: dt.timezone, cells: list[str]) -> dict[str, Any]:
    if len(cells) < COLUMNS - 1:
        raise problem(document, f"a line has {len(cells)} values, not {COLUMNS}")
    month, day, hour = (int(value) for value in cells[1:4])
    # Hour 1 is the hour that ends at 01:00 local standard time.
    begin = dt.datetime(TYPICAL_YEAR, month, day, hour - 1, tzinfo=offset).astimezone(dt.UTC)
    values = {at: float(cells[at]) for at in MISSING}
    known = {at: value for at, value in values.items() if value < MISSING[at]}
    return {
        "place": place,
        "start_utc": begin.replace(year=TYPICAL_YEAR),
        "dry_bulb_c": known.get(DRY_BULB),
        "relative_humidity": min(known[HUMIDITY] / PERCENT, 1.0) if HUMIDITY in known else None,
        "wet_bulb_c": None,
        "pressure_pa": known.get(PRESSURE),
    }
