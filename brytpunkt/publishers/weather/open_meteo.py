"""Open-Meteo archive (ERA5): hourly air of a place, asked for in GMT only.

With a named zone the whole series has today's offset and no summer time, so any other answer is refused.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from urllib.parse import urlencode

import polars as pl

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
from brytpunkt.publishers.weather.canonical_hours import (
    HECTOPASCAL,
    PERCENT,
    READINGS,
    hour_rows,
    place_of,
    weather_batches,
)

PUBLISHER, SOURCE = "open-meteo", "Open-Meteo archive, ERA5 (Copernicus)"
UNITS = {
    "temperature_2m": "°C",
    "relative_humidity_2m": "%",
    "wet_bulb_temperature_2m": "°C",
    "surface_pressure": "hPa",
}
OPTIONAL = ("wet_bulb_temperature_2m", "surface_pressure")

probe, version, following = no_probe, own_digest, no_more


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
            requests.append(Request(name=f"{place}_{year}.json", url=f"{source.url}?{urlencode(query)}"))
    return requests


def parse(listing: Listing) -> Iterator[Batch]:
    """Answers named ``<place>_<year>.json`` -> hours."""
    for document in listing.documents:
        answer = read_json(document)
        if field(document, answer, "timezone") not in {"GMT", "UTC"} or answer.get("utc_offset_seconds") != 0:
            raise problem(
                document,
                f"the series is in {answer['timezone']}, without its summer time",
                "ask for timezone=GMT",
            )
        hourly, units = field(document, answer, "hourly"), field(document, answer, "hourly_units")
        for name, unit in UNITS.items():
            if name in OPTIONAL and name not in hourly:
                continue
            if field(document, units, name) != unit:
                raise problem(document, f"{name} is in {units[name]}, not in {unit}")
        lengths = {len(values) for values in hourly.values()}
        if len(lengths) != 1:
            raise problem(document, f"the lists of the answer differ in length: {sorted(lengths)}")
        absent = pl.lit(None, dtype=pl.Float64)
        frame = pl.DataFrame(hourly, schema_overrides={name: pl.Float64 for name in UNITS if name in hourly})
        readings = frame.select(
            place=pl.lit(place_of(document)),
            start_utc=pl.col("time")
            .str.to_datetime("%Y-%m-%dT%H:%M", time_unit="us")
            .dt.replace_time_zone("UTC"),
            dry_bulb_c="temperature_2m",
            relative_humidity=pl.col("relative_humidity_2m") / PERCENT,
            wet_bulb_c=pl.col("wet_bulb_temperature_2m") if "wet_bulb_temperature_2m" in hourly else absent,
            pressure_pa=pl.col("surface_pressure") * HECTOPASCAL if "surface_pressure" in hourly else absent,
        ).cast(READINGS)
        rows = hour_rows(readings, document, publisher=PUBLISHER, source=SOURCE)
        yield from weather_batches(rows.with_columns(confidence=pl.lit("derived")), document, SOURCE)
