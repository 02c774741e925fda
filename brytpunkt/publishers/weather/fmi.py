"""FMI open data: observations of a station through WFS, the simple feature form, at most 168 hours a request."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterator, Sequence
from urllib.parse import urlencode

from brytpunkt.publishers._shared.accounting import Account, Fields, meaning, unknown, value
from brytpunkt.publishers._shared.protocol import Batch, Document, Listing, Request
from brytpunkt.publishers._shared.series_rows import (
    instant,
    local_name,
    no_more,
    no_probe,
    own_digest,
    problem,
    read_xml,
    wanted_days,
)
from brytpunkt.publishers._shared.source import Source
from brytpunkt.publishers._shared.taken_apart import one_by_one, unlisted_names
from brytpunkt.publishers.weather.canonical_hours import (
    HECTOPASCAL,
    PERCENT,
    hour_rows,
    place_of,
    weather_batches,
)
from brytpunkt.publishers.weather.readings import Readings

PUBLISHER, SOURCE = "fmi", "Finnish Meteorological Institute, open data"
PARAMETERS = {
    "t2m": ("dry_bulb_c", 1.0),
    "rh": ("relative_humidity", 1 / PERCENT),
    "p_sea": ("pressure_pa", HECTOPASCAL),
}
FIELDS: Fields = {
    "Location": meaning("one place a document, else refused"),
    "Time": value("start_utc"),
    "ParameterName": meaning("t2m, rh or p_sea, whose units are fixed; others are left out"),
    "ParameterValue": value("dry_bulb_c, relative_humidity, pressure_pa; NaN is no value"),
}
OK, BAD_REQUEST = 200, 400
QUERY = "fmi::observations::weather::simple"
DAYS_PER_REQUEST = 7

probe, version, following = no_probe, own_digest, no_more
APART = True


def start(source: Source, pointer: Document | None) -> Sequence[Request]:
    """One request a station and week."""
    del pointer
    first, last = wanted_days(source)
    requests = []
    for place, station in source.parameters["stations"].items():
        begin = first
        while begin <= last:
            end = min(last, begin + dt.timedelta(days=DAYS_PER_REQUEST - 1))
            query = {
                "service": "WFS",
                "version": "2.0.0",
                "request": "getFeature",
                "storedquery_id": QUERY,
                "fmisid": station,
                "parameters": ",".join(PARAMETERS),
                "timestep": 60,
                "starttime": f"{begin}T00:00:00Z",
                "endtime": f"{end}T23:00:00Z",
            }
            requests.append(
                Request(
                    name=f"{place}_{begin}.xml",
                    url=f"{source.url}?{urlencode(query)}",
                    media_type="application/xml",
                    accepts=(OK, BAD_REQUEST),
                )
            )
            begin = end + dt.timedelta(days=1)
    return requests


def parse(listing: Listing) -> Iterator[Batch]:
    """Answers named ``<place>_...xml`` -> hours; NaN is no value. Sea-level pressure stands for that of the station."""
    yield from one_by_one(
        listing, _read, publisher=PUBLISHER, source=SOURCE, subject=place_of, series="weather"
    )


def _read(document: Document, account: Account) -> Iterator[Batch]:
    root = read_xml(document)
    if local_name(root) == "ExceptionReport":
        said = " ".join(text.strip() for text in root.itertext() if text.strip())
        raise problem(document, f"FMI answered with an error: {said[:200]}")
    if local_name(root) != "FeatureCollection":
        raise problem(document, f"the document is a {local_name(root)}, not a FeatureCollection")
    readings, place = Readings(PUBLISHER), place_of(document)
    stations: set[str] = set()
    names: set[str] = set()
    for number, element in enumerate(one for one in root.iter() if local_name(one) == "BsWfsElement"):
        row = f"member {number + 1}"
        account.read(row)
        said_of = {local_name(child): (child.text or "").strip() for child in element}
        names |= set(said_of)
        stations |= {
            (position.text or "").strip() for position in element.iter() if local_name(position) == "pos"
        }
        name = said_of.get("ParameterName")
        if not name:
            raise problem(document, f"{row} does not say which parameter it is")
        if name not in PARAMETERS:
            account.leave_out(row, f"the parameter {name} is not read")
            continue
        column, factor = PARAMETERS[name]
        readings.add(
            account,
            row,
            place,
            _moment(document, row, said_of),
            column,
            _value(document, row, said_of, factor),
        )
    if len(stations) > 1:
        raise problem(document, f"the readings are of {len(stations)} places, not of one")
    rows = hour_rows(readings.hours().drop("is_checked"), document, publisher=PUBLISHER, source=SOURCE)
    yield from weather_batches(rows, document, SOURCE, readings.findings)
    yield from unlisted_names(
        unknown(FIELDS, names),
        document,
        account,
        publisher=PUBLISHER,
        source=SOURCE,
        subject=place,
        series="weather",
    )


def _moment(document: Document, row: str, said: dict[str, str]) -> dt.datetime:
    try:
        return instant(said.get("Time", ""))
    except ValueError as error:
        raise problem(
            document, f"{row}: {said.get('Time', 'nothing')} is not a time with an offset"
        ) from error


def _value(document: Document, row: str, said: dict[str, str], factor: float) -> float | None:
    text = said.get("ParameterValue")
    try:
        found = float(text or "")
    except ValueError as error:
        raise problem(document, f"{row}: {text or 'nothing'} is not a reading") from error
    return None if math.isnan(found) else found * factor
