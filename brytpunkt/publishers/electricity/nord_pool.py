"""Nord Pool: day-ahead prices out of files that the user downloaded from the data portal (JSON, one delivery day).

Nord Pool's terms forbid automatic extraction, so nothing is requested: the files are put into the inbox.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from typing import Any

import polars as pl

from brytpunkt.publishers._shared.protocol import Batch, Document, Listing, Request
from brytpunkt.publishers._shared.series_rows import (
    POINTS,
    batches,
    field,
    finding,
    instant,
    newest_revision,
    no_more,
    no_probe,
    own_digest,
    price_rows,
    problem,
    read_json,
)
from brytpunkt.publishers._shared.source import Source
from brytpunkt.series.findings import mean_mismatches

PUBLISHER, SOURCE = "nord-pool", "Nord Pool data portal, file downloaded by the user"
AREAS = {"GER": "DE-LU"}
LEFT_OUT = {"SYS", "SYSTEM", "TEL"}
CURRENCIES = {"EUR", "SEK", "NOK", "DKK"}

probe, version, following = no_probe, own_digest, no_more


def start(source: Source, pointer: Document | None) -> Sequence[Request]:
    """Nothing is requested: the files come from the inbox."""
    del source, pointer
    return ()


def parse(listing: Listing) -> Iterator[Batch]:
    """Delivery days -> intervals; of a day that is there twice the highest version counts, whatever its name."""
    frames, means, last = [], [], None
    findings: list[dict[str, Any]] = []
    for document in listing.documents:
        answer = read_json(document)
        entries = field(document, answer, "multiAreaEntries")
        version_ = int(field(document, answer, "version"))
        if version_ == 0 or not entries:
            continue
        points, stated, odd = _day(document, answer, entries)
        frames.append(
            price_rows(
                points.with_columns(revision=pl.lit(version_, dtype=pl.Int64)),
                document,
                publisher=PUBLISHER,
                source=SOURCE,
            )
        )
        means.append(stated.with_columns(revision=pl.lit(version_, dtype=pl.Int64)))
        findings += odd
        last = document
    if last is None:
        return
    rows = newest_revision(pl.concat(frames))
    newest = (
        pl.concat(means)
        .sort("revision", maintain_order=True)
        .unique(["zone", "day"], keep="last", maintain_order=True)
    )
    odd_means = mean_mismatches(rows, newest)
    yield from batches(rows, odd_means, last, SOURCE)
    yield from batches(rows.clear(), findings, last, SOURCE)


def _day(
    document: Document, answer: dict[str, Any], entries: list[dict[str, Any]]
) -> tuple[pl.DataFrame, pl.DataFrame, list[dict[str, Any]]]:
    """Intervals of a day, its stated means, and the areas that are not final."""
    currency = str(field(document, answer, "currency"))
    rate = float(answer.get("exchangeRate") or 0)
    if currency not in CURRENCIES or rate <= 0:
        raise problem(document, f"currency {currency} at an exchange rate of {rate:g} is not known")
    day = dt.date.fromisoformat(str(field(document, answer, "deliveryDateCET")))
    final = {
        area
        for state in answer.get("areaStates", [])
        if state.get("state") == "Final"
        for area in state["areas"]
    }
    records = []
    for entry in entries:
        begin, end = instant(entry["deliveryStart"]), instant(entry["deliveryEnd"])
        for area, price in entry["entryPerArea"].items():
            if area in LEFT_OUT or price is None or (final and area not in final):
                continue
            records.append(
                {
                    "zone": AREAS.get(area, area),
                    "start_utc": begin,
                    "resolution_minutes": int((end - begin).total_seconds() // 60),
                    "price_eur_per_mwh": float(price) / rate,
                    "native_currency": currency,
                    "fx_units_per_eur": rate,
                }
            )
    schema = POINTS | {"native_currency": pl.String, "fx_units_per_eur": pl.Float64}
    stated = pl.DataFrame(
        [
            {
                "zone": AREAS.get(a["areaCode"], a["areaCode"]),
                "day": day,
                "mean_eur_per_mwh": float(a["price"]) / rate,
            }
            for a in answer.get("areaAverages", [])
            if a.get("price") is not None
        ],
        schema={"zone": pl.String, "day": pl.Date, "mean_eur_per_mwh": pl.Float64},
    )
    odd = [
        finding(
            AREAS.get(area, area),
            PUBLISHER,
            day,
            "not final",
            "the area's prices were preliminary and are left out",
        )
        for area in answer.get("deliveryAreas", [])
        if final and area not in final
    ]
    return pl.DataFrame(records, schema=schema), stated, odd
