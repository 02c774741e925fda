"""MET Norway, Frost: hourly observations of a station as JSON-LD, page by page.

Basic authentication: the client id is the user, the password is empty.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import quote, urlencode

import polars as pl

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
from brytpunkt.publishers.weather.canonical_hours import (
    HECTOPASCAL,
    PERCENT,
    READINGS,
    hour_rows,
    place_of,
    weather_batches,
)

PUBLISHER, SOURCE = "frost", "MET Norway, Frost API"
ELEMENTS = {
    "air_temperature": ("dry_bulb_c", "degC", 1.0),
    "relative_humidity": ("relative_humidity", "percent", 1 / PERCENT),
    "surface_air_pressure": ("pressure_pa", "hPa", HECTOPASCAL),
}
# Codes above 2 are values that quality control corrected or rejected.
WORST_QUALITY = 2

probe, version = no_probe, own_digest


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
        )
        for place, station in source.parameters["stations"].items()
        for year in range(first.year, last.year + 1)
    ]


def following(source: Source, document: Document) -> Sequence[Request]:
    """The next page, if the answer names one."""
    del source
    link = read_json(document).get("nextLink")
    if not link:
        return ()
    stem, _, page = document.name.removesuffix(".json").partition("+")
    return (
        Request(
            name=f"{stem}+{int(page or 0) + 1}.json", url=str(link), headers=_headers(), credential="client"
        ),
    )


def parse(listing: Listing) -> Iterator[Batch]:
    """Answers named ``<place>_...json`` -> hours."""
    for document in listing.documents:
        records: dict[Any, dict[str, Any]] = {}
        for entry in field(document, read_json(document), "data"):
            moment = instant(str(field(document, entry, "referenceTime")))
            for observation in field(document, entry, "observations"):
                name = str(field(document, observation, "elementId"))
                if name not in ELEMENTS or observation.get("qualityCode", 0) > WORST_QUALITY:
                    continue
                column, unit, factor = ELEMENTS[name]
                if field(document, observation, "unit") != unit:
                    raise problem(document, f"{name} is in {observation['unit']}, not in {unit}")
                records.setdefault(moment, {"place": place_of(document), "start_utc": moment})[column] = (
                    float(field(document, observation, "value")) * factor
                )
        readings = pl.DataFrame(list(records.values()), schema=READINGS)
        rows = hour_rows(readings, document, publisher=PUBLISHER, source=SOURCE)
        yield from weather_batches(rows, document, SOURCE)
