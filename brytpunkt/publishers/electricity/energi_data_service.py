"""Energi Data Service (Energinet): ``Elspotprices`` by the hour to 2025-09-30, ``DayAheadPrices`` by the quarter since.

JSON as the API answers, or the CSV download with semicolons and decimal commas. Times are UTC without a Z.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import urlencode

import polars as pl

from brytpunkt.publishers._shared.accounting import IGNORED, Account, Fields, meaning, unknown, value
from brytpunkt.publishers._shared.intervals import across_documents, taken
from brytpunkt.publishers._shared.protocol import Batch, Document, Listing, Request
from brytpunkt.publishers._shared.series_rows import (
    POINTS,
    field,
    finding,
    no_more,
    no_probe,
    own_digest,
    problem,
    read_json,
    wanted_days,
)
from brytpunkt.publishers._shared.source import Source
from brytpunkt.publishers._shared.taken_apart import one_by_one, unlisted_names
from brytpunkt.series.findings import CURRENCIES_APART
from brytpunkt.series.market_days import market_day

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
# Both prices are rounded to hundredths. [DKK/MWh]
DKK_ROUNDING = 0.05
FIELDS: Fields = {
    "dataset": meaning("Elspotprices (hours) or DayAheadPrices (quarters), else refused"),
    "total": meaning("the number of records, else refused"),
    "records[].HourUTC": value("start_utc"),
    "records[].TimeUTC": value("start_utc"),
    "records[].PriceArea": meaning("a known zone, else refused; the system price is left out"),
    "records[].SpotPriceEUR": value("price_eur_per_mwh"),
    "records[].DayAheadPriceEUR": value("price_eur_per_mwh"),
    "records[].SpotPriceDKK": meaning("the price in euros at the krone's fixed rate, else a finding"),
    "records[].DayAheadPriceDKK": meaning("the price in euros at the krone's fixed rate, else a finding"),
    "records[].HourDK": IGNORED,
    "records[].TimeDK": IGNORED,
    "filters": IGNORED,
    "limit": IGNORED,
    "sort": IGNORED,
}

probe, version, following = no_probe, own_digest, no_more
APART = True


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
    found = one_by_one(
        listing, _read, publisher=PUBLISHER, source=SOURCE, subject=lambda document: document.name
    )
    yield from across_documents(list(found), PUBLISHER, SOURCE)


def _read(document: Document, account: Account) -> Iterator[Batch]:
    is_csv = document.media_type == "text/csv"
    dataset, records, extra = _csv(document) if is_csv else _json(document)
    time, euro, krone, minutes = DATASETS[dataset]
    unknown_areas = set(records["PriceArea"]) - set(AREAS) - LEFT_OUT
    if unknown_areas:
        raise problem(document, f"price area {min(str(area) for area in unknown_areas)} is not known")
    points = (
        records.with_row_index("row")
        .with_columns(
            pl.col("row").cast(pl.Int64),
            start_utc=pl.col(time)
            .str.replace(" ", "T")
            .str.to_datetime("%Y-%m-%dT%H:%M:%S", time_unit="us", strict=False)
            .dt.replace_time_zone("UTC"),
            zone=pl.col("PriceArea").replace(AREAS),
            resolution_minutes=pl.lit(minutes, dtype=pl.Int64),
            price_eur_per_mwh=pl.col(euro),
            rate=pl.col(krone) / pl.col(euro),
        )
        .with_columns(fx_units_per_eur=pl.when(pl.col("rate").is_between(*PLAUSIBLE_DKK)).then("rate"))
    )
    wrong_time = points.filter(pl.col("start_utc").is_null())
    if wrong_time.height:
        raise problem(document, f"{time} {wrong_time[time][0]} is not a time (YYYY-MM-DDThh:mm:ss)")
    begins = dt.datetime.combine(FIRST_QUARTERS, dt.time(), dt.UTC) - dt.timedelta(hours=2)
    is_ours = pl.col("start_utc") < begins if minutes == 60 else pl.col("start_utc") >= begins  # noqa: PLR2004
    is_zone = ~pl.col("PriceArea").is_in(LEFT_OUT)
    account.left_out_unseen("the system price is of no zone", points.filter(~is_zone).height)
    account.left_out_unseen("the other data set has this time", points.filter(is_zone, ~is_ours).height)
    kept = points.filter(is_zone, is_ours)
    yield from taken(
        kept.select(*POINTS, "fx_units_per_eur", "row"), document, account, publisher=PUBLISHER,
        source=f"{SOURCE}, {dataset}", findings=_apart(kept, krone),
    )  # fmt: skip
    yield from unlisted_names(
        unknown(FIELDS, extra), document, account, publisher=PUBLISHER, source=SOURCE, subject=dataset
    )


def _apart(points: pl.DataFrame, krone: str) -> list[dict[str, Any]]:
    """Days on which a price in kroner is not that in euros at the rate to which the krone is tied."""
    euro, low, high = pl.col("price_eur_per_mwh"), *PLAUSIBLE_DKK
    middle = euro * (low + high) / 2
    days = (
        points.filter(
            pl.col(krone).is_not_null(),
            (pl.col(krone) - middle).abs() > DKK_ROUNDING + middle.abs() * (high - low) / (high + low),
        )
        .sort("start_utc")
        .with_columns(day=market_day())
        .unique(["zone", "day"], keep="first", maintain_order=True)
    )
    return [
        finding(zone, PUBLISHER, day, CURRENCIES_APART, f"{native:g} DKK/MWh is not {price:g} EUR/MWh")
        for zone, day, native, price in days.select("zone", "day", krone, "price_eur_per_mwh").iter_rows()
    ]


def _json(document: Document) -> tuple[str, pl.DataFrame, list[str]]:
    """Data set, its records, and the names of all fields."""
    answer = read_json(document)
    dataset = str(field(document, answer, "dataset"))
    records = field(document, answer, "records")
    if dataset not in DATASETS:
        raise problem(document, f"data set {dataset} is neither Elspotprices nor DayAheadPrices")
    if not isinstance(records, list):
        raise problem(document, "records is no list: its format has changed")
    total = field(document, answer, "total")
    if total != len(records):
        raise problem(
            document, f"{len(records)} of {total} records: the answer is cut short", "ask with limit=0"
        )
    time, euro, krone, _ = DATASETS[dataset]
    schema = {time: pl.String, "PriceArea": pl.String, euro: pl.Float64, krone: pl.Float64}
    names: set[str] = set()
    for row, record in enumerate(records):
        lacking = [name for name in schema if not isinstance(record, dict) or name not in record]
        if lacking:
            raise problem(
                document, f"record {row + 1} of {dataset} has no {', '.join(lacking)}: its format has changed"
            )
        names.update(record)
    try:
        frame = pl.DataFrame([{name: record[name] for name in schema} for record in records], schema=schema)
    except (TypeError, pl.exceptions.PolarsError) as error:
        raise problem(document, f"a price or time of {dataset} is not of its kind (number, text)") from error
    found = [*answer, *(f"records[].{name}" for name in names)]
    return dataset, frame, found


def _csv(document: Document) -> tuple[str, pl.DataFrame, list[str]]:
    raw = pl.read_csv(document.read(), separator=";", infer_schema=False)
    found = [name for name, (time, *_) in DATASETS.items() if time in raw.columns]
    if not found:
        raise problem(document, f"the columns {', '.join(raw.columns[:6])} are of neither data set")
    lacking = [name for name in (*DATASETS[found[0]][:3], "PriceArea") if name not in raw.columns]
    if lacking:
        raise problem(document, f"{found[0]} has no {', '.join(lacking)}: its format has changed")
    numbers = list(DATASETS[found[0]][1:3])
    read = raw.with_columns(
        pl.col(numbers).str.replace(",", ".", literal=True).cast(pl.Float64, strict=False)
    )
    for name in numbers:
        odd = raw.filter(raw[name].is_not_null() & read[name].is_null() & (raw[name] != ""))
        if odd.height:
            raise problem(document, f"{name} {odd[name][0]!r} is not a number")
    return found[0], read, [f"records[].{name}" for name in raw.columns]
