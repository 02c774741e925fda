"""MET Norway, Frost: hourly observations of a station as JSON-LD, page by page.

Basic authentication: the client id is the user, the password is empty.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import quote, urlencode

import polars as pl

from brytpunkt.publishers._shared.accounting import IGNORED, Account, Fields, meaning, value
from brytpunkt.publishers._shared.protocol import Batch, Document, Listing, Request
from brytpunkt.publishers._shared.series_rows import (
    field,
    instant,
    no_probe,
    own_digest,
    problem,
    read_json,
    wanted_days,
)
from brytpunkt.publishers._shared.source import Source
from brytpunkt.publishers._shared.taken_apart import day_of, one_by_one, unlisted
from brytpunkt.publishers.weather.canonical_hours import (
    HECTOPASCAL,
    PERCENT,
    hour_rows,
    place_of,
    weather_batches,
)
from brytpunkt.publishers.weather.readings import Readings, join, notes
from brytpunkt.series.findings import NOTHING_PUBLISHED

PUBLISHER, SOURCE = "frost", "MET Norway, Frost API"
ELEMENTS = {
    "air_temperature": ("dry_bulb_c", "degC", 1.0),
    "relative_humidity": ("relative_humidity", "percent", 1 / PERCENT),
    "surface_air_pressure": ("pressure_pa", "hPa", HECTOPASCAL),
}
# Codes above 2 are values that quality control corrected or rejected.
WORST_QUALITY = 2
CHECKED, UNCHECKED = (0, 1, 2), "not quality controlled"
AT_TWO_METRES = ("air_temperature", "relative_humidity")
TWO_METRES = ("height_above_ground", "m", 2)
# Precedence among readings of an hour, the weightiest first.
OTHER_HEIGHT, NO_HEIGHT, NOT_CHECKED, SENSORS = 1000, 500, 100, 10
# Statuses with which Frost says that a station has no such readings.
OK, NOTHING = 200, (404, 412)
STATION = re.compile(r"[?&]sources=(SN\d+)")
_OBSERVATION = "data[].observations[]"
FIELDS: Fields = {
    "data[].sourceId": meaning(
        "the station that was asked for, else refused; its first sensor before others"
    ),
    "data[].referenceTime": value("start_utc"),
    f"{_OBSERVATION}.elementId": meaning(
        "air_temperature, relative_humidity, surface_air_pressure; others are left out"
    ),
    f"{_OBSERVATION}.value": value("dry_bulb_c, relative_humidity, pressure_pa"),
    f"{_OBSERVATION}.unit": meaning("degC, percent, hPa, else refused"),
    f"{_OBSERVATION}.level.levelType": meaning("height_above_ground before others"),
    f"{_OBSERVATION}.level.unit": meaning("m before others"),
    f"{_OBSERVATION}.level.value": meaning("2 before others"),
    f"{_OBSERVATION}.timeOffset": meaning("PT0H; others are left out"),
    f"{_OBSERVATION}.timeResolution": meaning("PT1H; others are left out"),
    f"{_OBSERVATION}.timeSeriesId": meaning("0 before others"),
    f"{_OBSERVATION}.qualityCode": meaning("0 to 2; none is unchecked, others are left out"),
    f"{_OBSERVATION}.performanceCategory": IGNORED,
    f"{_OBSERVATION}.exposureCategory": IGNORED,
    f"{_OBSERVATION}.controlInfo.**": IGNORED,
    "nextLink": meaning("the next page"),
    "previousLink": IGNORED,
    "@context": IGNORED,
    "@type": IGNORED,
    "apiVersion": IGNORED,
    "createdAt": IGNORED,
    "currentItemCount": IGNORED,
    "currentLink": IGNORED,
    "itemsPerPage": IGNORED,
    "license": IGNORED,
    "offset": IGNORED,
    "queryTime": IGNORED,
    "totalItemCount": IGNORED,
    "error.code": meaning("404 and 412: nothing is published; any other is a failure"),
    "error.message": meaning("the reason"),
    "error.reason": meaning("the reason"),
}

probe, version = no_probe, own_digest
APART = True


def _headers() -> dict[str, str]:
    return {"Authorization": "Basic {credential}"}


def start(source: Source, pointer: Document | None) -> Sequence[Request]:
    """One request a station and year; ``following`` walks its pages."""
    del pointer
    first, last = wanted_days(source)
    return [
        Request(
            name=f"{place}_{year}.json",
            url=f"{source.url}?"
            + urlencode(
                {
                    "sources": station,
                    "referencetime": f"{max(first, first.replace(year=year, month=1, day=1))}/"
                    f"{min(last, last.replace(year=year, month=12, day=31))}T23:59:59",
                    "elements": ",".join(ELEMENTS),
                    "timeresolutions": "PT1H",
                },
                quote_via=quote,
            ),
            headers=_headers(),
            credential="client",
            accepts=(OK, *NOTHING),
        )
        for place, station in source.parameters["stations"].items()
        for year in range(first.year, last.year + 1)
    ]


def following(source: Source, document: Document) -> Sequence[Request]:
    """The next page, if the answer names one."""
    del source
    answer = read_json(document)
    link = answer.get("nextLink") if isinstance(answer, dict) else None
    if not link:
        return ()
    stem, _, page = document.name.removesuffix(".json").partition("+")
    return (
        Request(
            name=f"{stem}+{int(page or 0) + 1}.json",
            url=str(link),
            headers=_headers(),
            credential="client",
        ),
    )


def parse(listing: Listing) -> Iterator[Batch]:
    """Answers named ``<place>_...json`` -> hours; of several sensors of an hour the best one."""
    places: dict[str, Readings] = {}
    newest: dict[str, Document] = {}

    def read(document: Document, account: Account) -> Iterator[Batch]:
        place = place_of(document)
        answer = read_json(document)
        readings = Readings(PUBLISHER)
        if not _is_empty(document, answer, readings, place):
            _read(document, account, answer, readings, place)
        join(places.setdefault(place, Readings(PUBLISHER)), readings)
        newest[place] = document
        yield from unlisted(
            FIELDS,
            answer,
            document,
            account,
            publisher=PUBLISHER,
            source=SOURCE,
            subject=place,
            series="weather",
        )

    yield from one_by_one(
        listing, read, publisher=PUBLISHER, source=SOURCE, subject=place_of, series="weather",
        has_any_rows=lambda: any(readings.records for readings in places.values()),
    )  # fmt: skip
    for place, readings in places.items():
        hours = readings.hours()
        noted = hours.with_columns(note=pl.Series(notes(hours, UNCHECKED), dtype=pl.String))
        rows = hour_rows(noted.drop("is_checked"), newest[place], publisher=PUBLISHER, source=SOURCE)
        yield from weather_batches(rows, newest[place], SOURCE, readings.findings)


def _is_empty(document: Document, answer: Any, readings: Readings, place: str) -> bool:
    """Whether Frost says that it has nothing of what was asked for, with its reason; any other error is raised."""
    if not isinstance(answer, dict) or "error" not in answer:
        return False
    error = answer["error"] if isinstance(answer["error"], dict) else {}
    said = "; ".join(str(error[name]) for name in ("message", "reason") if error.get(name))
    if error.get("code") not in NOTHING:
        raise problem(document, f"Frost answered: {error.get('code')} {said}".strip())
    readings.find(place, day_of(document), NOTHING_PUBLISHED, f"{document.name}: {said or 'no reason given'}")
    return True


def _read(document: Document, account: Account, answer: Any, readings: Readings, place: str) -> None:
    asked = STATION.search(document.url)
    lacking: Counter[str] = Counter()
    for number, entry in enumerate(field(document, answer, "data")):
        try:
            moment = instant(str(field(document, entry, "referenceTime")))
        except ValueError as error:
            raise problem(
                document, f"referenceTime {entry['referenceTime']} is not a time with an offset"
            ) from error
        station, _, sensor = str(field(document, entry, "sourceId")).partition(":")
        if asked and station != asked[1]:
            raise problem(document, f"the readings are of {station}, not of {asked[1]}")
        for at, observation in enumerate(field(document, entry, "observations")):
            row = f"data[{number}].observations[{at}]"
            account.read(row)
            name = str(field(document, observation, "elementId"))
            if name not in ELEMENTS:
                account.leave_out(row, "an element that is not read")
                continue
            column, unit, factor = ELEMENTS[name]
            if field(document, observation, "unit") != unit:
                raise problem(document, f"{name} is in {observation['unit']}, not in {unit}")
            why = _other_kind(observation, lacking)
            if why is not None:
                account.leave_out(row, why)
                continue
            readings.add(
                account, row, place, moment, column, _value(document, name, observation, factor),
                rank=_rank(name, observation, sensor, lacking),
                is_checked=observation.get("qualityCode") in CHECKED,
            )  # fmt: skip
    readings.not_stated(place, day_of(document), lacking)


def _other_kind(observation: dict[str, Any], lacking: Counter[str]) -> str | None:
    """Why a reading is none of the hour: rejected, or over another time."""
    quality = observation.get("qualityCode")
    if quality is None:
        lacking["no qualityCode: taken for unchecked"] += 1
    elif isinstance(quality, bool) or not isinstance(quality, int) or not 0 <= quality <= WORST_QUALITY:
        return f"quality code {quality}: corrected or rejected"
    for name, known in (("timeResolution", "PT1H"), ("timeOffset", "PT0H")):
        stated = observation.get(name)
        if stated is None:
            lacking[f"no {name}: taken for {known}"] += 1
        elif stated != known:
            return f"{name} {stated}, not {known}"
    return None


def _rank(name: str, observation: dict[str, Any], sensor: str, lacking: Counter[str]) -> int:
    """Precedence: two metres above the ground, then checked, then the main sensor and series."""
    level, rank = observation.get("level"), 0
    if name in AT_TWO_METRES:
        if not isinstance(level, dict) or level.get("value") is None:
            lacking[f"no level of {name}"] += 1
            rank += NO_HEIGHT
        elif (level.get("levelType"), level.get("unit"), level.get("value")) != TWO_METRES:
            lacking[
                f"{name} at {level.get('value')} {level.get('unit')} ({level.get('levelType')}), counted last"
            ] += 1
            rank += OTHER_HEIGHT
    if observation.get("qualityCode") not in CHECKED:
        rank += NOT_CHECKED
    series = observation.get("timeSeriesId", 0)
    return (
        rank + SENSORS * (not sensor.isdigit() or int(sensor) > 0) + (isinstance(series, int) and series > 0)
    )


def _value(document: Document, name: str, observation: dict[str, Any], factor: float) -> float | None:
    found = field(document, observation, "value")
    if found is None:
        return None
    if isinstance(found, bool) or not isinstance(found, int | float):
        raise problem(document, f"{name} is {found!r}, not a number")
    return float(found) * factor
