"""FMI open data: observations of a station through WFS, the simple feature form, at most 168 hours a request."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import urlencode

import polars as pl

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
from brytpunkt.publishers.weather.canonical_hours import (
    HECTOPASCAL,
    PERCENT,
    READINGS,
    hour_rows,
    place_of,
    weather_batches,
)

PUBLISHER, SOURCE = "fmi", "Finnish Meteorological Institute, open data"
PARAMETERS = {
    "t2m": ("dry_bulb_c", 1.0),
    "rh": ("relative_humidity", 1 / PERCENT),
    "p_sea": ("pressure_pa", HECTOPASCAL),
}
QUERY = "fmi::observations::weather::simple"
DAYS_PER_REQUEST = 7

probe, version, following = no_probe, own_digest, no_more


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
                )
            )
            begin = end + dt.timedelta(days=1)
    return requests


def parse(listing: Listing) -> Iterator[Batch]:
    """Answers named ``<place>_...xml`` -> hours; NaN is no value. Sea-level pressure stands for that of the station."""
    for document in listing.documents:
        root = read_xml(document)
        if local_name(root) == "ExceptionReport":
            said = " ".join(text.strip() for text in root.itertext() if text.strip())
            raise problem(document, f"FMI answered with an error: {said[:200]}")
        if local_name(root) != "FeatureCollection":
            raise problem(document, f"the document is a {local_name(root)}, not a FeatureCollection")
        records: dict[dt.datetime, dict[str, Any]] = {}
        for element in root.iter():
            if local_name(element) != "BsWfsElement":
                continue
            said_of = {local_name(child): (child.text or "").strip() for child in element}
            name, value = said_of.get("ParameterName", ""), float(said_of.get("ParameterValue", "nan"))
            if name not in PARAMETERS or math.isnan(value):
                continue
            moment = instant(said_of["Time"])
            column, factor = PARAMETERS[name]
            record = records.setdefault(moment, {"place": place_of(document), "start_utc": moment})
            record[column] = value * factor
        readings = pl.DataFrame(list(records.values()), schema=READINGS)
        rows = hour_rows(readings, document, publisher=PUBLISHER, source=SOURCE)
        yield from weather_batches(rows, document, SOURCE)
