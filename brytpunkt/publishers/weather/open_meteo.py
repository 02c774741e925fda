"""Open-Meteo archive (ERA5): hourly air of a place, asked for in GMT only.

With a named zone the whole series has today's offset and no summer time, so any other answer is refused.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import polars as pl

from brytpunkt.publishers._shared.accounting import IGNORED, Account, Fields, meaning, value
from brytpunkt.publishers._shared.protocol import Batch, Document, Listing, Request
from brytpunkt.publishers._shared.series_rows import (
    field,
    no_more,
    no_probe,
    own_digest,
    problem,
    read_json,
    wanted_days,
)
from brytpunkt.publishers._shared.source import Source
from brytpunkt.publishers._shared.taken_apart import one_by_one, unlisted
from brytpunkt.publishers.weather.canonical_hours import (
    HECTOPASCAL,
    PERCENT,
    hour_rows,
    place_of,
    utc,
    weather_batches,
)
from brytpunkt.publishers.weather.readings import Readings

PUBLISHER, SOURCE = "open-meteo", "Open-Meteo archive, ERA5 (Copernicus)"
UNITS = {
    "temperature_2m": "°C",
    "relative_humidity_2m": "%",
    "wet_bulb_temperature_2m": "°C",
    "surface_pressure": "hPa",
}
COLUMNS = {
    "temperature_2m": ("dry_bulb_c", 1.0),
    "relative_humidity_2m": ("relative_humidity", 1 / PERCENT),
    "wet_bulb_temperature_2m": ("wet_bulb_c", 1.0),
    "surface_pressure": ("pressure_pa", HECTOPASCAL),
}
# Cells are 0.1 to 0.25 degrees wide; further away is another place.
CELL_DEGREES = 0.5
OK, BAD_REQUEST = 200, 400
FIELDS: Fields = {
    "timezone": meaning("GMT or UTC, else refused"),
    "utc_offset_seconds": meaning("0, else refused"),
    "latitude": meaning("near what was asked for, else refused"),
    "longitude": meaning("near what was asked for, else refused"),
    "hourly.time": value("start_utc"),
    "hourly_units.time": meaning("iso8601, else refused"),
    **{f"hourly.{name}": value(column) for name, (column, _) in COLUMNS.items()},
    **{f"hourly_units.{name}": meaning(f"{unit}, else refused") for name, unit in UNITS.items()},
    "timezone_abbreviation": IGNORED,
    "elevation": IGNORED,
    "generationtime_ms": IGNORED,
    "error": meaning("the answer is none"),
    "reason": meaning("why there is no answer"),
}
OPTIONAL = ("wet_bulb_temperature_2m", "surface_pressure")

probe, version, following = no_probe, own_digest, no_more
APART = True


def start(source: Source, pointer: Document | None) -> Sequence[Request]:
    """One request a place and year; parameter ``places`` maps each to latitude and longitude."""
    del pointer
    first, last = wanted_days(source)
    requests = []
    for place, (latitude, longitude) in source.parameters["places"].items():
        for year in range(first.year, last.year + 1):
            query = {
                "latitude": latitude,
                "longitude": longitude,
                "start_date": max(first, first.replace(year=year, month=1, day=1)),
                "end_date": min(last, last.replace(year=year, month=12, day=31)),
                "hourly": ",".join(UNITS),
                "timezone": "GMT",
            }
            requests.append(
                Request(
                    name=f"{place}_{year}.json",
                    url=f"{source.url}?{urlencode(query)}",
                    accepts=(OK, BAD_REQUEST),
                )
            )
    return requests


def parse(listing: Listing) -> Iterator[Batch]:
    """Answers named ``<place>_<year>.json`` -> hours."""
    yield from one_by_one(
        listing, _read, publisher=PUBLISHER, source=SOURCE, subject=place_of, series="weather"
    )


def _read(document: Document, account: Account) -> Iterator[Batch]:
    answer, place = read_json(document), place_of(document)
    if isinstance(answer, dict) and answer.get("error"):
        raise problem(document, f"Open-Meteo answered: {str(answer.get('reason', 'no reason given'))[:200]}")
    timezone = field(document, answer, "timezone")
    if timezone not in {"GMT", "UTC"} or field(document, answer, "utc_offset_seconds") != 0:
        raise problem(
            document,
            f"the series is in {timezone}, {answer.get('utc_offset_seconds')} s from UTC, without its summer time",
            "ask for timezone=GMT",
        )
    _check_place(document, answer)
    hourly, units = field(document, answer, "hourly"), field(document, answer, "hourly_units")
    times = field(document, answer, "hourly", "time")
    if field(document, units, "time") != "iso8601":
        raise problem(document, f"time is in {units['time']}, not in iso8601")
    for name, unit in UNITS.items():
        if name in OPTIONAL and name not in hourly:
            continue
        if field(document, units, name) != unit:
            raise problem(document, f"{name} is in {units[name]}, not in {unit}")
        field(document, hourly, name)
    lengths = {len(values) for values in hourly.values()}
    if len(lengths) != 1:
        raise problem(document, f"the lists of the answer differ in length: {sorted(lengths)}")
    readings = Readings(PUBLISHER)
    moments = [_moment(document, text) for text in times]
    for name, (column, factor) in COLUMNS.items():
        for number, (at, found) in enumerate(zip(moments, hourly.get(name, ()), strict=False)):
            row = f"hour {number + 1}" if column == "dry_bulb_c" else f"{name} {number + 1}"
            readings.add(account, row, place, at, column, _value(document, name, found, factor))
    rows = hour_rows(readings.hours().drop("is_checked"), document, publisher=PUBLISHER, source=SOURCE)
    derived = rows.with_columns(confidence=pl.lit("derived"))
    yield from weather_batches(derived, document, SOURCE, readings.findings)
    yield from unlisted(
        FIELDS, answer, document, account, publisher=PUBLISHER, source=SOURCE, subject=place, series="weather"
    )


def _check_place(document: Document, answer: dict[str, Any]) -> None:
    """Raise if the answer is of a grid cell elsewhere than what the address asked for."""
    asked = dict(parse_qsl(urlsplit(document.url).query))
    for name in ("latitude", "longitude"):
        here = field(document, answer, name)
        if isinstance(here, bool) or not isinstance(here, int | float):
            raise problem(document, f"{name} is {here!r}, not a number")
        if name in asked and abs(float(asked[name]) - here) > CELL_DEGREES:
            raise problem(document, f"{name} is {here:g}, not near {asked[name]}, which was asked for")


def _moment(document: Document, text: object) -> dt.datetime:
    try:
        return utc(dt.datetime.strptime(str(text), "%Y-%m-%dT%H:%M"))  # noqa: DTZ007 - GMT, as checked before
    except ValueError as error:
        raise problem(document, f"{text} is not a time (YYYY-MM-DDThh:mm)") from error


def _value(document: Document, name: str, found: object, factor: float) -> float | None:
    if found is None:
        return None
    if isinstance(found, bool) or not isinstance(found, int | float):
        raise problem(document, f"{name}: {found!r} is not a number")
    return float(found) * factor
