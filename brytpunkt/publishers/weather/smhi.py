"""SMHI metobs: temperature (parameter 1) and humidity (6) of a station, as CSV with a BOM and three blocks of metadata.

Old stations read at 06 and 18 UTC only; such a series is kept and found not to be hourly.
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
    utc,
    weather_batches,
)

PUBLISHER, SOURCE = "smhi", "SMHI, meteorologiska observationer (metobs)"
COLUMNS = {"Lufttemperatur": "dry_bulb_c", "Relativ Luftfuktighet": "relative_humidity"}
PARAMETERS = (1, 6)
# G: checked and approved, Y: suspected or aggregated.
QUALITIES = {"G", "Y"}

probe, version, following = no_probe, own_digest, no_more


def start(source: Source, pointer: Document | None) -> Sequence[Request]:
    """Two files a station: the corrected archive and the latest months, which it excludes, of both parameters."""
    del pointer
    periods = source.parameters.get("periods", ["corrected-archive", "latest-months"])
    return [
        Request(
            name=f"{place}_{parameter}_{period}.csv",
            url=f"{source.url}/parameter/{parameter}/station/{station}/period/{period}/data.csv",
            media_type="text/csv",
        )
        for place, station in source.parameters["stations"].items()
        for parameter in PARAMETERS
        for period in periods
    ]


def parse(listing: Listing) -> Iterator[Batch]:
    """Files named ``<place>_...csv`` -> hours with dry bulb, and humidity where the station has it at that hour."""
    places: dict[str, dict[str, list[pl.DataFrame]]] = {}
    newest: dict[str, Document] = {}
    for document in listing.documents:
        column, readings = _read(document)
        places.setdefault(place_of(document), {}).setdefault(column, []).append(readings)
        newest[place_of(document)] = document
    for place, columns in places.items():
        if "dry_bulb_c" not in columns:
            raise problem(newest[place], f"{place} has humidity and no temperature")
        dry = _latest(columns["dry_bulb_c"], "dry_bulb_c")
        damp = _latest(columns.get("relative_humidity", [dry.clear()]), "relative_humidity")
        readings = (
            dry.join(damp, on="start_utc", how="left")
            .with_columns(
                place=pl.lit(place),
                relative_humidity=pl.col("relative_humidity") / PERCENT,
                wet_bulb_c=pl.lit(None, dtype=pl.Float64),
                pressure_pa=pl.lit(None, dtype=pl.Float64),
            )
            .select(*READINGS)
            .cast(READINGS)
        )
        rows = hour_rows(readings, newest[place], publisher=PUBLISHER, source=SOURCE)
        yield from weather_batches(rows, newest[place], SOURCE)


def _latest(frames: list[pl.DataFrame], column: str) -> pl.DataFrame:
    """One value an hour; the archive and the latest months may overlap."""
    whole = pl.concat(frame.select("start_utc", pl.col(frame.columns[1]).alias(column)) for frame in frames)
    return whole.unique("start_utc", keep="last", maintain_order=True)


def _read(document: Document) -> tuple[str, pl.DataFrame]:
    """The readings after the blocks of metadata -> column, (start_utc, value)."""
    try:
        text = document.read().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise problem(document, f"the file is not UTF-8: {error}") from error
    lines = csv.reader(io.StringIO(text), delimiter=";")
    column: str | None = None
    records: list[dict[str, Any]] = []
    for cells in lines:
        if column is None:
            if cells[:2] == ["Datum", "Tid (UTC)"]:
                name = cells[2]
                if name not in COLUMNS:
                    raise problem(document, f"the parameter {name} is neither of {', '.join(COLUMNS)}")
                column = COLUMNS[name]
            continue
        # The last two columns carry notes on the first lines only.
        if len(cells) < 4 or not cells[2] or cells[3] not in QUALITIES:  # noqa: PLR2004 - date, time, value, quality
            continue
        moment = utc(dt.datetime.fromisoformat(f"{cells[0]}T{cells[1]}"))
        records.append({"start_utc": moment, "value": float(cells[2])})
    if column is None:
        raise problem(
            document, "the file has no line that begins with Datum;Tid (UTC): its format has changed"
        )
    return column, pl.DataFrame(records, schema={"start_utc": pl.Datetime("us", "UTC"), "value": pl.Float64})
