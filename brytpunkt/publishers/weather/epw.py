"""EPW weather files that the user puts into the inbox: a typical year, spliced from months of several years.

Hours 1 to 24 are local standard time without summer time. Format: EnergyPlus Auxiliary Programs, weather data.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Iterator, Sequence

import polars as pl

from brytpunkt.publishers._shared.accounting import IGNORED, Account, Fields, meaning, value
from brytpunkt.publishers._shared.protocol import Batch, Document, Listing, Request
from brytpunkt.publishers._shared.series_rows import no_more, no_probe, own_digest, problem
from brytpunkt.publishers._shared.source import Source
from brytpunkt.publishers._shared.taken_apart import day_of, one_by_one
from brytpunkt.publishers.weather.canonical_hours import (
    PERCENT,
    hour_rows,
    place_of,
    weather_batches,
)
from brytpunkt.publishers.weather.readings import Readings
from brytpunkt.series.findings import NOT_STATED

PUBLISHER, SOURCE = "epw", "EPW file of the user"
HEADER_LINES = 8
DRY_BULB, HUMIDITY, PRESSURE, COLUMNS = 6, 8, 9, 35
MISSING = {DRY_BULB: 99.9, HUMIDITY: 999.0, PRESSURE: 999999.0}
HOURS = 8760
TYPICAL_YEAR = 2001
MOST_OFFSET = 14.0
# How files write the minute of a record that is an hour.
ON_THE_HOUR = ("0", "00", "60")
FIELDS: Fields = {
    "LOCATION": meaning("offset from UTC, and where it is for the source"),
    "HOLIDAYS/DAYLIGHT SAVINGS": meaning("without summer time, else refused"),
    "DATA PERIODS": meaning("one record an hour, else refused"),
    "DESIGN CONDITIONS": IGNORED,
    "TYPICAL/EXTREME PERIODS": IGNORED,
    "GROUND TEMPERATURES": IGNORED,
    "COMMENTS 1": IGNORED,
    "COMMENTS 2": IGNORED,
    "1 year": IGNORED,
    "2 month": value("start_utc"),
    "3 day": value("start_utc"),
    "4 hour": value("start_utc"),
    "5 minute": meaning("0 or 60, else refused"),
    "6 flags": IGNORED,
    "7 dry bulb": value("dry_bulb_c; 99.9 is no value"),
    "8 dew point": IGNORED,
    "9 relative humidity": value("relative_humidity; 999 is no value"),
    "10 pressure": value("pressure_pa; 999999 is no value"),
    "11 to 35": IGNORED,
}

probe, version, following = no_probe, own_digest, no_more
APART = True


def start(source: Source, pointer: Document | None) -> Sequence[Request]:
    """Nothing is requested: licences of EPW files differ, so the user brings them."""
    del source, pointer
    return ()


def parse(listing: Listing) -> Iterator[Batch]:
    """Files named ``<place>_...epw`` -> hours of the nominal year ``TYPICAL_YEAR``, in UTC.

    The last local hours of December stand at the beginning of the nominal year.
    """
    yield from one_by_one(
        listing, _read, publisher=PUBLISHER, source=SOURCE, subject=place_of, series="weather"
    )


def _read(document: Document, account: Account) -> Iterator[Batch]:
    lines = list(csv.reader(io.StringIO(document.read().decode("utf-8", errors="replace"))))
    if len(lines) <= HEADER_LINES or not lines[0] or lines[0][0] != "LOCATION":
        raise problem(document, "the file does not begin with LOCATION: it is no EPW file")
    location = lines[0]
    readings, place = Readings(PUBLISHER), place_of(document)
    _check_headers(document, lines[:HEADER_LINES], readings, place)
    offset = dt.timezone(dt.timedelta(hours=_offset(document, location)))
    hours = [(number, cells) for number, cells in enumerate(lines[HEADER_LINES:], HEADER_LINES + 1) if cells]
    if len(hours) != HOURS:
        raise problem(document, f"the file has {len(hours)} hours, not {HOURS}")
    for number, cells in hours:
        begin, values = _reading(document, offset, number, cells)
        account.read(f"line {number}")
        for column, found in values.items():
            row = f"line {number}" if column == "dry_bulb_c" else f"line {number}, {column}"
            readings.add(account, row, place, begin, column, found)
    source = f"EPW {location[1]}, {location[3]}, {location[4]} (WMO {location[5]})"
    rows = hour_rows(readings.hours().drop("is_checked"), document, publisher=PUBLISHER, source=source)
    yield from weather_batches(
        rows.with_columns(
            confidence=pl.lit("derived"), note=pl.lit("a typical year, spliced from months of several")
        ),
        document,
        source,
        readings.findings,
    )


def _check_headers(document: Document, lines: list[list[str]], readings: Readings, place: str) -> None:
    """Hours of local standard time, one a line: anything else is another file, and what is not stated is said."""
    named = {cells[0].strip(): [cell.strip() for cell in cells[1:]] for cells in lines if cells}
    for name, at, known, otherwise in (
        ("DATA PERIODS", slice(0, 2), ["1", "1"], "one period of one record an hour"),
        ("HOLIDAYS/DAYLIGHT SAVINGS", slice(1, 3), ["0", "0"], "hours without summer time"),
    ):
        if name not in named:
            readings.find(place, day_of(document), NOT_STATED, f"no line {name}: taken for {otherwise}")
        elif named[name][at] != known:
            raise problem(document, f"{name} says {','.join(named[name][at]) or 'nothing'}, not {otherwise}")


def _offset(document: Document, location: list[str]) -> float:
    try:
        hours = float(location[8])
    except (IndexError, ValueError) as error:
        raise problem(document, "LOCATION does not say its offset from UTC [h]") from error
    if not abs(hours) <= MOST_OFFSET:
        raise problem(document, f"LOCATION says {hours:g} hours from UTC")
    return hours


def _reading(
    document: Document, offset: dt.timezone, number: int, cells: list[str]
) -> tuple[dt.datetime, dict[str, float | None]]:
    if len(cells) < COLUMNS - 1:
        raise problem(document, f"a line has {len(cells)} values, not {COLUMNS}")
    try:
        month, day, hour = (int(text) for text in cells[1:4])
        # Hour 1 is the hour that ends at 01:00 local standard time.
        begin = dt.datetime(TYPICAL_YEAR, month, day, hour - 1, tzinfo=offset).astimezone(dt.UTC)
        values = {at: float(cells[at]) for at in MISSING}
    except ValueError as error:
        raise problem(document, f"line {number} is not a month, day, hour and numbers") from error
    if cells[4].strip() not in ON_THE_HOUR:
        raise problem(document, f"line {number} is of minute {cells[4].strip()}, not of a whole hour")
    known = {at: found for at, found in values.items() if found < MISSING[at]}
    return begin.replace(year=TYPICAL_YEAR), {
        "dry_bulb_c": known.get(DRY_BULB),
        "relative_humidity": min(known[HUMIDITY] / PERCENT, 1.0) if HUMIDITY in known else None,
        "pressure_pa": known.get(PRESSURE),
    }
