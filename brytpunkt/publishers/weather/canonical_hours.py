"""What the weather publishers share: readings put into the canonical hours, with their provenance.

Belongs here: forms that several weather publishers share. Does not belong here: any publisher's own format.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import polars as pl

from brytpunkt.publishers._shared.protocol import Batch, Document
from brytpunkt.publishers._shared.series_rows import FINDINGS_TABLE, finding_rows
from brytpunkt.series.findings import FINDINGS
from brytpunkt.series.weather import weather_findings, with_wet_bulb

HOURS = "weather_hours"
READINGS = pl.Schema(
    [
        ("place", pl.String()),
        ("start_utc", pl.Datetime("us", "UTC")),
        ("dry_bulb_c", pl.Float64()),
        ("relative_humidity", pl.Float64()),
        ("wet_bulb_c", pl.Float64()),
        ("pressure_pa", pl.Float64()),
    ]
)
PERCENT, HECTOPASCAL = 100.0, 100.0
PUBLISHED = "published"


def hour_rows(readings: pl.DataFrame, document: Document, *, publisher: str, source: str) -> pl.DataFrame:
    """Readings on the hour -> rows of ``weather_hours``; a missing wet bulb is computed where humidity is known.

    One reading an hour; those between the hours are left out. A column ``note`` is kept.
    """
    retrieved = document.fetched_at.date()
    on_the_hour = readings.filter(
        pl.col("start_utc") == pl.col("start_utc").dt.truncate("1h"), pl.col("dry_bulb_c").is_not_null()
    )
    if "note" not in on_the_hour.columns:
        on_the_hour = on_the_hour.with_columns(note=pl.lit(None, dtype=pl.String))
    stated = on_the_hour.with_columns(
        publisher=pl.lit(publisher),
        wet_bulb_method=pl.when(pl.col("wet_bulb_c").is_not_null()).then(pl.lit(PUBLISHED)),
    )
    return (
        with_wet_bulb(stated)
        .with_columns(
            source=pl.lit(source),
            source_date=pl.min_horizontal(pl.col("start_utc").dt.date(), pl.lit(retrieved)),
            retrieved_on=pl.lit(retrieved),
            licence=pl.lit(document.licence),
            confidence=pl.lit("measured"),
        )
        .select(
            *("place", "start_utc", "publisher", "dry_bulb_c", "relative_humidity", "wet_bulb_c"),
            *("wet_bulb_method", "pressure_pa"),
            *("source", "source_date", "retrieved_on", "licence", "confidence", "note"),
        )
        .sort("place", "start_utc")
    )


def weather_batches(
    rows: pl.DataFrame, document: Document, source: str, findings: list[dict[str, Any]] | None = None
) -> Iterator[Batch]:
    """The hours of a document, and the years in which it is not hourly."""
    if rows.height:
        yield Batch(HOURS, rows, document)
    found = pl.concat([weather_findings(rows), pl.DataFrame(findings or [], schema=FINDINGS)])
    if found.height:
        yield Batch(FINDINGS_TABLE, finding_rows(found, document, source), document)


def place_of(document: Document) -> str:
    """The place that a document is named after: ``<place>_...``."""
    return document.name.partition("_")[0].partition(".")[0]


def utc(moment: dt.datetime) -> dt.datetime:
    """A time without a zone, known to be UTC."""
    return moment.replace(tzinfo=dt.UTC)
