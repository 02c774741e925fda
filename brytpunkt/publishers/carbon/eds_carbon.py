"""Energi Data Service, ``CO2Emis``: emissions of the electricity consumed in Denmark by five minutes, as years.

Basis consumption (imports included), scope direct: the plants' own emissions, without what was emitted before.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import urlencode

import polars as pl

from brytpunkt.publishers._shared.accounting import IGNORED, Account, Fields, meaning, unknown, value
from brytpunkt.publishers._shared.protocol import Batch, Document, Listing, Request
from brytpunkt.publishers._shared.series_rows import (
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
from brytpunkt.publishers._shared.taken_apart import noted, one_by_one, unlisted_names

PUBLISHER, SERIES = "eds-carbon", "carbon"
SOURCE = "Energi Data Service (Energinet), CO2Emis"
AREAS = ("DK1", "DK2")
LEAST_COVERAGE = 0.95
MINUTES = 5
# Burning lignite alone emits about as much.
HIGHEST_G_PER_KWH = 1500.0
FIELDS: Fields = {
    "dataset": meaning("CO2Emis, else refused"),
    "total": meaning("the number of records, else refused"),
    "records[].Minutes5UTC": meaning("the year; one value a time"),
    "records[].PriceArea": meaning("DK1 or DK2, else refused"),
    "records[].CO2Emission": value("g_per_kwh, the mean of a year"),
    "records[].Minutes5DK": IGNORED,
    "filters": IGNORED,
    "limit": IGNORED,
    "sort": IGNORED,
}

probe, version, following = no_probe, own_digest, no_more
APART = True


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
    yield from one_by_one(
        listing,
        _read,
        publisher=PUBLISHER,
        source=SOURCE,
        subject=lambda document: document.name,
        series=SERIES,
    )


def _read(document: Document, account: Account) -> Iterator[Batch]:
    answer = read_json(document)
    if field(document, answer, "dataset") != "CO2Emis":
        raise problem(document, f"the data set is {answer['dataset']}, not CO2Emis")
    records = field(document, answer, "records")
    if not isinstance(records, list) or field(document, answer, "total") != len(records):
        raise problem(
            document, "the number of records is not the total that is stated: the answer is cut short"
        )
    frame = _frame(document, records)
    key = ["Minutes5UTC", "PriceArea"]
    grams = pl.col("CO2Emission")
    is_two = grams.n_unique().over(key) > 1
    single = frame.filter(~is_two, grams.is_not_null()).unique(key, keep="first", maintain_order=True)
    _settle(account, frame, single, frame.filter(is_two))
    retrieved = document.fetched_at.date()
    years = (
        single.with_columns(year=pl.col("Minutes5UTC").str.slice(0, 4).cast(pl.Int64))
        .group_by(zone="PriceArea", year="year")
        .agg(g_per_kwh=grams.mean().round(2), count=grams.count(), lowest=grams.min())
        .with_columns(last=pl.date(pl.col("year"), 12, 31))
        .with_columns(wanted=pl.col("last").dt.ordinal_day().cast(pl.Int64) * 24 * 60 // MINUTES)
        .sort("zone", "year")
    )
    is_whole = (pl.col("count") >= LEAST_COVERAGE * pl.col("wanted")) & (pl.col("last") <= retrieved)
    whole = years.filter(is_whole)
    if whole.height:
        yield Batch(
            "carbon_intensity",
            whole.select(
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
            ),
            document,
        )
    odd = [
        finding(
            zone, PUBLISHER, dt.date(year, 1, 1), "year left out",
            f"{count:,} of {wanted:,} five-minute values: a part of a year is no year", series=SERIES,
        )
        for zone, year, count, wanted in years.filter(~is_whole).select("zone", "year", "count", "wanted").iter_rows()
    ]  # fmt: skip
    doubled = frame.filter(is_two).unique(key)
    odd += [
        finding(zone, PUBLISHER, dt.date(int(year), 1, 1), "two values of one time", f"{count:,} times, left out", series=SERIES)
        for zone, year, count in doubled.group_by(
            "PriceArea", pl.col("Minutes5UTC").str.slice(0, 4).alias("year")
        ).len().sort("PriceArea", "year").iter_rows()
    ]  # fmt: skip
    if odd:
        yield noted(document, account, SOURCE, *odd)
    names = {name for record in records for name in record}
    yield from unlisted_names(
        unknown(FIELDS, [*answer, *(f"records[].{name}" for name in names)]), document, account,
        publisher=PUBLISHER, source=SOURCE, subject=document.name, series=SERIES,
    )  # fmt: skip


def _frame(document: Document, records: list[Any]) -> pl.DataFrame:
    """Records of the areas, each with its row; raises for a record that is none."""
    names = {"Minutes5UTC": pl.String, "PriceArea": pl.String, "CO2Emission": pl.Float64}
    for row, record in enumerate(records):
        lacking = [name for name in names if not isinstance(record, dict) or name not in record]
        if lacking:
            raise problem(document, f"record {row + 1} has no {', '.join(lacking)}: its format has changed")
    try:
        frame = pl.DataFrame([{name: record[name] for name in names} for record in records], schema=names)
    except (TypeError, pl.exceptions.PolarsError) as error:
        raise problem(document, "a record's values are not of their kind (time, area, number)") from error
    other = frame.filter(~pl.col("PriceArea").is_in(AREAS).fill_null(value=False))
    if other.height:
        raise problem(document, f"price area {other['PriceArea'][0]} is none of {', '.join(AREAS)}")
    odd = frame.filter(pl.col("Minutes5UTC").str.to_datetime("%Y-%m-%dT%H:%M:%S", strict=False).is_null())
    if odd.height:
        raise problem(document, f"Minutes5UTC {odd['Minutes5UTC'][0]} is not a time")
    wild = frame.filter(~pl.col("CO2Emission").is_between(0, HIGHEST_G_PER_KWH))
    if wild.height:
        raise problem(document, f"{wild['CO2Emission'][0]:g} is no emission in g/kWh: another unit?")
    return frame.with_row_index("row")


def _settle(account: Account, frame: pl.DataFrame, single: pl.DataFrame, doubled: pl.DataFrame) -> None:
    kept, two = set(single["row"]), set(doubled["row"])
    for row, grams in frame.select("row", "CO2Emission").iter_rows():
        place = f"records[{row}]"
        account.read(place)
        if row in kept:
            account.take(place)
        elif row in two:
            account.remark(place, "two values of one time")
        else:
            account.leave_out(place, "no value" if grams is None else "said twice with the same value")
