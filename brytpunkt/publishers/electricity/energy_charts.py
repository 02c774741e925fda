"""energy-charts.info (Fraunhofer ISE): day-ahead prices as parallel lists, one zone a request.

The licence is stated in every answer and differs by zone, so it is kept with every row. The resolution may change
within an answer and is read from the steps.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import urlencode

import polars as pl

from brytpunkt.publishers._shared.accounting import Account, Fields, meaning, value
from brytpunkt.publishers._shared.intervals import across_documents, taken
from brytpunkt.publishers._shared.protocol import Batch, Document, Listing, Request
from brytpunkt.publishers._shared.series_rows import (
    POINTS,
    field,
    finding,
    named_zone,
    no_more,
    no_probe,
    own_digest,
    problem,
    read_json,
    wanted_days,
)
from brytpunkt.publishers._shared.source import Source
from brytpunkt.publishers._shared.taken_apart import one_by_one, unlisted
from brytpunkt.series.market_days import market_day

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
# The lengths of an interval that its zones have had; half-hours they had not.
STEPS = (15, 60)
# With some statuses the API says why it has nothing for a zone.
ANSWERS = (200, 400, 404)
FIELDS: Fields = {
    "unit": meaning("EUR / MWh, else refused"),
    "deprecated": meaning("false, else refused"),
    "license_info": value("licence"),
    "unix_seconds": value("start_utc, and resolution_minutes from the steps of a day"),
    "price": value("price_eur_per_mwh"),
}

probe, version, following = no_probe, own_digest, no_more
APART = True


def start(source: Source, pointer: Document | None) -> Sequence[Request]:
    """One request a zone."""
    del pointer
    first, last = wanted_days(source)
    return [
        Request(
            name=f"{zone}_{first}.json",
            url=f"{source.url}?" + urlencode({"bzn": zone, "start": first, "end": last}),
            accepts=ANSWERS,
        )
        for zone in source.parameters.get("zones", ZONES)
    ]


def named(source: Source, name: str, number: int, head: bytes) -> str:
    """The answer does not say its zone: a file is of the one that its name has, or else of the source's first."""
    del number, head
    zones = source.parameters.get("zones", ZONES)
    found = named_zone(name, ZONES)
    return (
        name if name.rpartition("_")[0] in ZONES else f"{found or next(iter(zones))}_{name.replace('_', '-')}"
    )


def parse(listing: Listing) -> Iterator[Batch]:
    """Answers named ``<zone>_<first day>.json`` -> intervals with the licence that each states."""
    found = one_by_one(listing, _read, publisher=PUBLISHER, source=SOURCE, subject=zone_of)
    yield from across_documents(list(found), PUBLISHER, SOURCE)


def zone_of(document: Document) -> str:
    """The zone that a document is named after."""
    return document.name.rpartition("_")[0] or document.name


def _read(document: Document, account: Account) -> Iterator[Batch]:
    zone = zone_of(document)
    answer = read_json(document)
    if isinstance(answer, dict) and "detail" in answer and "price" not in answer:
        raise problem(document, f"energy-charts answered: {str(answer['detail'])[:200]}")
    unit = str(field(document, answer, "unit")).replace(" ", "")
    if unit != "EUR/MWh":
        raise problem(document, f"prices of {zone} are in {unit}, not in EUR/MWh")
    if zone not in ZONES:
        raise problem(document, f"the file's name begins with {zone}, which is none of the known zones")
    if field(document, answer, "deprecated") is not False:
        raise problem(document, f"the answer is marked as deprecated ({answer['deprecated']})")
    seconds, prices = field(document, answer, "unix_seconds"), field(document, answer, "price")
    if not isinstance(seconds, list) or not isinstance(prices, list) or len(seconds) != len(prices):
        raise problem(document, "times and prices are not two lists of the same length")
    for n, (second, price) in enumerate(zip(seconds, prices, strict=True)):
        if isinstance(second, bool) or not isinstance(second, int):
            raise problem(document, f"time {n + 1} is {second!r}, not whole seconds")
        if price is not None and (isinstance(price, bool) or not isinstance(price, int | float)):
            raise problem(document, f"price {n + 1} is {price!r}, not a number")
    points, findings = _points(zone, seconds, prices)
    licence = str(field(document, answer, "license_info") or "").strip() or "none stated"
    yield from taken(
        points.with_columns(licence=pl.lit(licence)), document, account, publisher=PUBLISHER, source=SOURCE,
        findings=findings, place="price[{}]",
    )  # fmt: skip
    yield from unlisted(FIELDS, answer, document, account, publisher=PUBLISHER, source=SOURCE, subject=zone)


def _points(
    zone: str, seconds: list[int], prices: list[float | None]
) -> tuple[pl.DataFrame, list[dict[str, Any]]]:
    """Each interval lasts as long as the shortest step of its market day; where the next one is later, there is a gap.

    A coupled market has one resolution a day. So an interval that nobody published is a gap on whatever grid, and
    never lengthens the one before it.
    """
    frame = (
        pl.DataFrame({"s": seconds, "p": prices}, schema={"s": pl.Int64, "p": pl.Float64})
        .with_row_index("row")
        .with_columns(
            pl.col("row").cast(pl.Int64),
            start_utc=pl.from_epoch("s").cast(pl.Datetime("us")).dt.replace_time_zone("UTC"),
        )
        .with_columns(day=market_day())
    )
    times = frame.unique("s").sort("s").with_columns(step=(pl.col("s").shift(-1) - pl.col("s")) // 60)
    is_known = pl.col("step").is_in(STEPS)
    days = (
        times.group_by("day", maintain_order=True)
        .agg(resolution_minutes=pl.col("step").filter(is_known).min())
        .with_columns(pl.col("resolution_minutes").forward_fill().backward_fill())
    )
    gaps = (
        times.join(days, on="day")
        .filter(pl.col("step") > pl.col("resolution_minutes"))
        .group_by("day", maintain_order=True)
        .agg(pl.col("start_utc").first(), pl.col("step").first(), count=pl.len())
    )
    findings: list[dict[str, Any]] = [
        finding(
            zone, PUBLISHER, day, "gap",
            f"{minutes} minutes from {at:%H:%M} UTC to the next interval{f', and {count - 1} more' if count > 1 else ''}",
        )
        for day, at, minutes, count in gaps.iter_rows()
    ]  # fmt: skip
    points = frame.join(days, on="day", maintain_order="left").with_columns(
        zone=pl.lit(zone), price_eur_per_mwh="p"
    )
    if points["resolution_minutes"].null_count():
        findings += [
            finding(zone, PUBLISHER, day, "length not known", "a single interval; left out")
            for day in points.filter(pl.col("resolution_minutes").is_null())["day"].unique().sort()
        ]
        points = points.with_columns(
            price_eur_per_mwh=pl.when(pl.col("resolution_minutes").is_not_null()).then("price_eur_per_mwh")
        )
    return points.select(*POINTS, "row").cast(POINTS | {"row": pl.Int64}), findings  # type: ignore[arg-type]
