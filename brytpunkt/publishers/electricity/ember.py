"""Ember: European wholesale prices by country and month, for the comparators (CC BY 4.0).

A country's figure is one zone's or a mean of zones: only countries that are one zone are taken. Days are UTC days.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator, Sequence

import polars as pl

from brytpunkt.publishers._shared.protocol import Batch, Document, Listing, Request
from brytpunkt.publishers._shared.series_rows import (
    POINTS,
    batches,
    finding,
    newest_revision,
    no_more,
    no_probe,
    own_digest,
    price_rows,
    problem,
)
from brytpunkt.publishers._shared.source import Source
from brytpunkt.series.market_days import hours_of_day, market_day

PUBLISHER, SOURCE = "ember", "Ember, European wholesale electricity price data"
# "Sweden" follows SE3, "Norway" and "Denmark" are means of zones: of no use inside a country.
ZONES = {"DEU": "DE-LU", "NLD": "NL", "FIN": "FI", "FRA": "FR", "BEL": "BE", "IRL": "IE-SEM"}
TIME, PRICE, CODE = "Datetime (UTC)", "Price (EUR/MWhe)", "ISO3 Code"
MAX_BYTES = 400_000_000
# Ireland's hour after the clocks change repeats another one on every fall-back day that was checked.
UNRELIABLE_FALL_BACK = {"IE-SEM"}
HOURS_OF_FALL_BACK = 25

probe, version, following = no_probe, own_digest, no_more


def start(source: Source, pointer: Document | None) -> Sequence[Request]:
    """The archive with every country's hours."""
    del pointer
    return [Request(name="hourly.zip", url=source.url, media_type="application/zip")]


def parse(listing: Listing) -> Iterator[Batch]:
    """The archive's ``all_countries.csv`` (or that file by itself) -> hours of the comparators."""
    for document in listing.documents:
        raw = pl.read_csv(io.BytesIO(_text(document)), infer_schema=False)
        lacking = [name for name in (TIME, PRICE, CODE) if name not in raw.columns]
        if lacking:
            raise problem(document, f"the table has no {', '.join(lacking)}: its format has changed")
        points = (
            raw.filter(pl.col(CODE).is_in(list(ZONES)), pl.col(PRICE).is_not_null())
            .select(
                zone=pl.col(CODE).replace_strict(ZONES, return_dtype=pl.String),
                start_utc=pl.col(TIME)
                .str.to_datetime("%Y-%m-%d %H:%M:%S", time_unit="us")
                .dt.replace_time_zone("UTC"),
                resolution_minutes=pl.lit(60, dtype=pl.Int64),
                price_eur_per_mwh=pl.col(PRICE).cast(pl.Float64),
            )
            .cast(POINTS)  # type: ignore[arg-type]
        )
        rows = newest_revision(price_rows(points, document, publisher=PUBLISHER, source=SOURCE))
        days = (
            rows.filter(pl.col("zone").is_in(list(UNRELIABLE_FALL_BACK)))
            .select("zone", day=market_day())
            .unique()
        )
        findings = [
            finding(
                zone, PUBLISHER, day, "fall-back day", "Ember's Irish hours of this day repeat the 23:00 hour"
            )
            for zone, day in days.sort("zone", "day").iter_rows()
            if hours_of_day(day) == HOURS_OF_FALL_BACK
        ]
        yield from batches(rows, findings, document, SOURCE)


def _text(document: Document) -> bytes:
    if document.media_type == "text/csv":
        return document.read()
    try:
        opened = zipfile.ZipFile(io.BytesIO(document.read()))
    except zipfile.BadZipFile as error:
        raise problem(document, "the document is not a whole zip archive") from error
    with opened as archive:
        names = [info for info in archive.infolist() if info.filename.endswith("all_countries.csv")]
        if not names:
            raise problem(document, "the archive has no all_countries.csv")
        if names[0].file_size > MAX_BYTES:
            raise problem(
                document,
                f"all_countries.csv has {names[0].file_size:,} bytes; at most {MAX_BYTES:,} are read",
            )
        return archive.read(names[0])
