"""energy-charts.info (Fraunhofer ISE): day-ahead prices as parallel lists, one zone a request.

The licence is stated in every answer and differs by zone, so it is kept with every row. The resolution may change
within an answer and is read from the steps.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from typing import Any
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

PUBLISHER, SOURCE = "energy-charts", "energy-charts.info (Fraunhofer ISE)"
ZONES = (
    "SE4",
    "DK1",
    "DK2",
    "NO2",
    "DE-LU",
    "NL",
    "FR",
    "SE1",
    "SE2",
    "SE3",
    "NO1",
    "NO3",
    "NO4",
    "NO5",
    "FI",
)
STEPS = (15, 30, 60)

probe, version, following = no_probe, own_digest, no_more


def start(source: Source, pointer: Document | None) -> Sequence[Request]:
    """One request a zone."""
    del pointer
    first, last = wanted_days(source)
    return [
        Request(
            name=f"{zone}_{first}.json",
            url=f"{source.url}?" + urlencode({"bzn": zone, "start": first, "end": last}),
        )
        for zone in source.parameters.get("zones", ZONES)
    ]


def parse(listing: Listing) -> Iterator[Batch]:
    """Answers named ``<zone>_<first day>.json`` -> intervals with the licence that each states."""
    for document in listing.documents:
        zone = document.name.rpartition("_")[0]
        answer = read_json(document)
        unit = str(field(document, answer, "unit")).replace(" ", "")
        if unit != "EUR/MWh":
            raise problem(document, f"prices of {zone} are in {unit}, not in EUR/MWh")
        if answer.get("deprecated"):
            raise problem(document, "the answer is marked as deprecated")
        seconds, prices = field(document, answer, "unix_seconds"), field(document, answer, "price")
        if len(seconds) != len(prices):
            raise problem(document, f"{len(seconds)} times and {len(prices)} prices")
        points, findings = _points(zone, seconds, prices)
        licence = str(field(document, answer, "license_info")).strip() or "none stated"
        rows = price_rows(
            points.with_columns(licence=pl.lit(licence)), document, publisher=PUBLISHER, source=SOURCE
        )
        yield from batches(newest_revision(rows), findings, document, SOURCE)


def _points(
    zone: str, seconds: list[int], prices: list[float | None]
) -> tuple[pl.DataFrame, list[dict[str, Any]]]:
    """Each interval lasts until the next one begins; the last of a run as long as the one before it."""
    frame = (
        pl.DataFrame({"s": seconds, "p": prices}, schema={"s": pl.Int64, "p": pl.Float64})
        .unique("s", keep="last", maintain_order=True)
        .sort("s")
    )
    step = (pl.col("s").shift(-1) - pl.col("s")) // 60
    known = pl.when(step.is_in(STEPS)).then(step)
    lengths = frame.with_columns(
        start_utc=pl.from_epoch("s").cast(pl.Datetime("us")).dt.replace_time_zone("UTC"),
        step=step,
        resolution_minutes=known.fill_null(strategy="forward").fill_null(strategy="backward"),
    )
    findings: list[dict[str, Any]] = [
        finding(zone, PUBLISHER, _day(at), "interval without price", f"{at:%H:%M} UTC has no price")
        for at in lengths.filter(pl.col("p").is_null())["start_utc"]
    ]
    findings += [
        finding(
            zone, PUBLISHER, _day(at), "gap", f"{minutes} minutes from {at:%H:%M} UTC to the next interval"
        )
        for at, minutes in lengths.filter(pl.col("step").is_not_null(), ~pl.col("step").is_in(STEPS))
        .select("start_utc", "step")
        .iter_rows()
    ]
    points = lengths.filter(pl.col("p").is_not_null(), pl.col("resolution_minutes").is_not_null()).select(
        zone=pl.lit(zone),
        start_utc="start_utc",
        resolution_minutes="resolution_minutes",
        price_eur_per_mwh="p",
    )
    return points.cast(POINTS), findings  # type: ignore[arg-type]


def _day(at: dt.datetime) -> dt.date:
    return at.date()
