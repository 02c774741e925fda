"""Energi Data Service (Energinet): ``Elspotprices`` by the hour to 2025-09-30, ``DayAheadPrices`` by the quarter since.

JSON as the API answers, or the CSV download with semicolons and decimal commas. Times are UTC without a Z.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from urllib.parse import urlencode

import polars as pl

from brytpunkt.publishers._shared.protocol import Batch, Document, Listing, Request
from brytpunkt.publishers._shared.series_rows import (
    POINTS,
    batches,
    field,
    finding,
    newest_revision,
    no_more,
    no_probe,
    own_digest,
    price_rows,
    problem,
    read_json,
    wanted_days,
)
from brytpunkt.publishers._shared.source import Source

PUBLISHER, SOURCE = "energi-data-service", "Energi Data Service (Energinet)"
# The hourly data set ends where the quarter-hourly one begins.
FIRST_QUARTERS = dt.date(2025, 10, 1)
DATASETS = {
    "Elspotprices": ("HourUTC", "SpotPriceEUR", "SpotPriceDKK", 60),
    "DayAheadPrices": ("TimeUTC", "DayAheadPriceEUR", "DayAheadPriceDKK", 15),
}
AREAS = {"DE": "DE-LU", "DK1": "DK1", "DK2": "DK2", "NO2": "NO2", "SE3": "SE3", "SE4": "SE4"}
# The system price belongs to no zone.
LEFT_OUT = {"SYSTEM"}
PLAUSIBLE_DKK = (7.4, 7.5)

probe, version, following = no_probe, own_digest, no_more


def start(source: Source, pointer: Document | None) -> Sequence[Request]:
    """One request a data set, split at the day on which one took over from the other."""
    del pointer
    first, last = wanted_days(source)
    day = dt.timedelta(days=1)
    spans = {
        "Elspotprices": (first, min(last + day, FIRST_QUARTERS)),
        "DayAheadPrices": (max(first, FIRST_QUARTERS), last + day),
    }
    areas = ",".join(f'"{area}"' for area in source.parameters.get("areas", list(AREAS)))
    return [
        Request(
            name=f"{dataset}_{begin}.json",
            url=f"{source.url}/{dataset}?"
            + urlencode({"start": begin, "end": end, "filter": f'{{"PriceArea":[{areas}]}}', "limit": 0}),
        )
        for dataset, (begin, end) in spans.items()
        if begin < end
    ]


def parse(listing: Listing) -> Iterator[Batch]:
    """Both data sets -> one series: hours to the end of September 2025, quarters after."""
    for document in listing.documents:
        dataset, records = _csv(document) if document.media_type == "text/csv" else _json(document)
        time, euro, krone, minutes = DATASETS[dataset]
        lacking = [name for name in (time, euro, krone, "PriceArea") if name not in records.columns]
        if lacking and records.height:
            raise problem(document, f"{dataset} has no {', '.join(lacking)}: its format has changed")
        unknown = set(records["PriceArea"]) - set(AREAS) - LEFT_OUT
        if unknown:
            raise problem(document, f"price area {min(unknown)} is not known")
        points = (
            records.filter(~pl.col("PriceArea").is_in(LEFT_OUT))
            .with_columns(
                start_utc=pl.col(time)
                .str.replace(" ", "T")
                .str.to_datetime("%Y-%m-%dT%H:%M:%S", time_unit="us")
                .dt.replace_time_zone("UTC"),
                zone=pl.col("PriceArea").replace(AREAS),
                resolution_minutes=pl.lit(minutes, dtype=pl.Int64),
                price_eur_per_mwh=pl.col(euro).cast(pl.Float64),
                rate=pl.col(krone).cast(pl.Float64) / pl.col(euro).cast(pl.Float64),
            )
            .with_columns(fx_units_per_eur=pl.when(pl.col("rate").is_between(*PLAUSIBLE_DKK)).then("rate"))
        )
        begins = dt.datetime.combine(FIRST_QUARTERS, dt.time(), dt.UTC) - dt.timedelta(hours=2)
        is_ours = pl.col("start_utc") < begins if minutes == 60 else pl.col("start_utc") >= begins  # noqa: PLR2004
        kept = points.filter(is_ours, pl.col("price_eur_per_mwh").is_not_null())
        empty = points.filter(pl.col("price_eur_per_mwh").is_null())
        findings = [
            finding(
                zone, PUBLISHER, at.date(), "interval without price", f"{at:%H:%M} UTC has no price in euros"
            )
            for zone, at in empty.select("zone", "start_utc").iter_rows()
        ]
        rows = price_rows(
            kept.select(*POINTS, "fx_units_per_eur"),
            document,
            publisher=PUBLISHER,
            source=f"{SOURCE}, {dataset}",
        )
        yield from batches(newest_revision(rows), findings, document, SOURCE)


def _json(document: Document) -> tuple[str, pl.DataFrame]:
    answer = read_json(document)
    dataset = str(field(document, answer, "dataset"))
    records = field(document, answer, "records")
    if dataset not in DATASETS:
        raise problem(document, f"data set {dataset} is neither Elspotprices nor DayAheadPrices")
    total = answer.get("total")
    if isinstance(total, int) and total != len(records):
        raise problem(
            document, f"{len(records)} of {total} records: the answer is cut short", "ask with limit=0"
        )
    time, euro, krone, _ = DATASETS[dataset]
    schema = {time: pl.String, "PriceArea": pl.String, euro: pl.Float64, krone: pl.Float64}
    try:
        return dataset, pl.DataFrame(
            [{name: record[name] for name in schema} for record in records], schema=schema
        )
    except (KeyError, TypeError, pl.exceptions.PolarsError) as error:
        raise problem(document, f"a record of {dataset} is not as expected: {error}") from error


def _csv(document: Document) -> tuple[str, pl.DataFrame]:
    raw = pl.read_csv(document.read(), separator=";", infer_schema=False)
    found = [name for name, (time, *_) in DATASETS.items() if time in raw.columns]
    if not found:
        raise problem(document, f"the columns {', '.join(raw.columns[:6])} are of neither data set")
    numbers = [name for name in DATASETS[found[0]][1:3] if name in raw.columns]
    return found[0], raw.with_columns(pl.col(numbers).str.replace(",", ".", literal=True).cast(pl.Float64))
