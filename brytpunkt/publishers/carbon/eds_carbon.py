"""Energi Data Service, ``CO2Emis``: emissions of the electricity consumed in Denmark by five minutes, as years.

Basis consumption (imports included), scope direct: the plants' own emissions, without what was emitted before.
"""

from __future__ import annotations

import datetime as dt
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

SOURCE = "Energi Data Service (Energinet), CO2Emis"
AREAS = ("DK1", "DK2")
LEAST_COVERAGE = 0.95
MINUTES = 5

probe, version, following = no_probe, own_digest, no_more


def start(source: Source, pointer: Document | None) -> Sequence[Request]:
    """One request a whole calendar year [UTC]."""
    del pointer
    first, last = wanted_days(source)
    query = {"filter": '{"PriceArea":["DK1","DK2"]}', "limit": 0, "timezone": "UTC"}
    return [
        Request(
            name=f"co2_{year}.json",
            url=f"{source.url}/CO2Emis?"
            + urlencode({"start": f"{year}-01-01T00:00", "end": f"{year + 1}-01-01T00:00"} | query),
        )
        for year in range(first.year, last.year + 1)
        if dt.date(year, 12, 31) <= last
    ]


def parse(listing: Listing) -> Iterator[Batch]:
    """Five-minute records -> the mean of every year that is nearly complete."""
    for document in listing.documents:
        answer = read_json(document)
        if field(document, answer, "dataset") != "CO2Emis":
            raise problem(document, f"the data set is {answer['dataset']}, not CO2Emis")
        names = {"Minutes5UTC": pl.String, "PriceArea": pl.String, "CO2Emission": pl.Float64}
        records = field(document, answer, "records")
        try:
            frame = pl.DataFrame([{name: record[name] for name in names} for record in records], schema=names)
        except (KeyError, TypeError, pl.exceptions.PolarsError) as error:
            raise problem(document, f"a record is not as expected: {error}") from error
        retrieved = document.fetched_at.date()
        years = (
            frame.filter(pl.col("PriceArea").is_in(AREAS))
            .unique(["Minutes5UTC", "PriceArea"])
            .with_columns(year=pl.col("Minutes5UTC").str.slice(0, 4).cast(pl.Int64))
            .group_by(zone="PriceArea", year="year")
            .agg(g_per_kwh=pl.col("CO2Emission").mean().round(2), count=pl.col("CO2Emission").count())
            .with_columns(last=pl.date(pl.col("year"), 12, 31))
            .with_columns(wanted=pl.col("last").dt.ordinal_day().cast(pl.Int64) * 24 * 60 // MINUTES)
            .filter(pl.col("count") >= LEAST_COVERAGE * pl.col("wanted"), pl.col("last") <= retrieved)
        )
        if years.height:
            yield Batch(
                "carbon_intensity",
                years.select(
                    *("zone", "year"),
                    basis=pl.lit("consumption"),
                    scope=pl.lit("direct"),
                    g_per_kwh="g_per_kwh",
                    source=pl.lit(SOURCE),
                    source_date="last",
                    retrieved_on=pl.lit(retrieved),
                    licence=pl.lit(document.licence),
                    confidence=pl.lit("derived"),
                    note=pl.lit("mean over time of five-minute values, not weighted by consumption"),
                ).sort("zone", "year"),
                document,
            )
