"""ENTSO-E Transparency Platform: day-ahead prices (document type A44) as XML.

Format: ``Publication_MarketDocument`` of IEC 62325-451-3; request parameters and codes by the platform's
RESTful API guide. Points that curve type A03 leaves out equal the one before.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Sequence
from typing import Any
from xml.etree import ElementTree as ET

import polars as pl

from brytpunkt.publishers._shared.protocol import Batch, Document, Listing, Request
from brytpunkt.publishers._shared.series_rows import (
    POINTS,
    Schema,
    batches,
    finding,
    instant,
    local_name,
    newest_revision,
    no_more,
    no_probe,
    own_digest,
    price_rows,
    problem,
    read_xml,
    wanted_days,
)
from brytpunkt.publishers._shared.source import Source
from brytpunkt.series.market_days import day_start

PUBLISHER, SOURCE = "entsoe", "ENTSO-E Transparency Platform, day-ahead prices (A44)"
ZONES = {
    "SE1": "10Y1001A1001A44P",
    "SE2": "10Y1001A1001A45N",
    "SE3": "10Y1001A1001A46L",
    "SE4": "10Y1001A1001A47J",
    "NO1": "10YNO-1--------2",
    "NO2": "10YNO-2--------T",
    "NO3": "10YNO-3--------J",
    "NO4": "10YNO-4--------9",
    "NO5": "10Y1001A1001A48H",
    "FI": "10YFI-1--------U",
    "DK1": "10YDK-1--------W",
    "DK2": "10YDK-2--------M",
    "DE-LU": "10Y1001A1001A82H",
    "NL": "10YNL----------L",
    "IE-SEM": "10Y1001A1001A59C",
}
NAMES = {code: zone for zone, code in ZONES.items()}
RESOLUTIONS = {"PT15M": 15, "PT30M": 30, "PT60M": 60, "PT1H": 60}
# Where an area has several auctions for one interval, position 1 is the coupled one (SDAC), 2 is EXAA.
COUPLED = 1
NO_DATA = "999"
# Without data the platform answers with an acknowledgement, under either status.
OK, BAD_REQUEST = 200, 400
LONGEST_REQUEST_DAYS = 365
REPEATED = "A03: equal to the interval before"
ROW: Schema = POINTS | {
    "fill_method": pl.String,
    "revision": pl.Int64,
    "note": pl.String,
    "auction": pl.Int64,
}

probe, version, following = no_probe, own_digest, no_more


def start(source: Source, pointer: Document | None) -> Sequence[Request]:
    """One request a zone and at most a year, for market days ``first`` to ``last``."""
    del pointer
    first, last = wanted_days(source)
    requests = []
    for zone in source.parameters.get("zones", list(ZONES)):
        begin = first
        while begin <= last:
            end = min(last, begin + dt.timedelta(days=LONGEST_REQUEST_DAYS - 1))
            window = (day_start(begin), day_start(end + dt.timedelta(days=1)))
            query = (
                f"securityToken={{credential}}&documentType=A44&in_Domain={ZONES[zone]}&out_Domain={ZONES[zone]}"
                f"&periodStart={window[0]:%Y%m%d%H%M}&periodEnd={window[1]:%Y%m%d%H%M}"
                "&contract_MarketAgreement.type=A01"
            )
            requests.append(
                Request(
                    name=f"{zone}_{begin}.xml",
                    url=f"{source.url}?{query}",
                    media_type="application/xml",
                    credential="token",
                    accepts=(OK, BAD_REQUEST),
                )
            )
            begin = end + dt.timedelta(days=1)
    return requests


def parse(listing: Listing) -> Iterator[Batch]:
    """XML documents -> intervals; an acknowledgement without data yields nothing, any other one is an error."""
    for document in listing.documents:
        root = read_xml(document)
        name = local_name(root)
        if name == "Acknowledgement_MarketDocument":
            _acknowledged(document, root)
            continue
        if name != "Publication_MarketDocument":
            raise problem(document, f"the document is a {name}, not a Publication_MarketDocument")
        records, findings = _points(document, root)
        points = pl.DataFrame(records, schema=ROW)
        rows = price_rows(_one_auction(points), document, publisher=PUBLISHER, source=SOURCE)
        yield from batches(newest_revision(rows), findings, document, SOURCE)


def _texts(element: ET.Element) -> dict[str, str]:
    return {local_name(child): (child.text or "").strip() for child in element}


def _children(element: ET.Element, name: str) -> list[ET.Element]:
    return [child for child in element if local_name(child) == name]


def _acknowledged(document: Document, root: ET.Element) -> None:
    reasons = [_texts(reason) for reason in _children(root, "Reason")]
    said = "; ".join(f"{reason.get('code')} {reason.get('text')}" for reason in reasons)
    if not any(
        reason.get("code") == NO_DATA
        and re.search(r"no (matching )?data", reason.get("text", ""), re.IGNORECASE)
        for reason in reasons
    ):
        raise problem(document, f"ENTSO-E answered with an acknowledgement: {said}")


def _points(document: Document, root: ET.Element) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Every interval of every time series, with what was repeated or lacking."""
    records: list[dict[str, Any]] = []
    findings: list[dict[str, Any]] = []
    revision = int(_texts(root).get("revisionNumber", "1"))
    for series in _children(root, "TimeSeries"):
        said = _texts(series)
        zone = NAMES.get(said.get("out_Domain.mRID", ""))
        if zone is None:
            raise problem(document, f"area {said.get('out_Domain.mRID')} is none of the known bidding zones")
        if (said.get("currency_Unit.name"), said.get("price_Measure_Unit.name")) != ("EUR", "MWH"):
            unit = f"{said.get('currency_Unit.name')}/{said.get('price_Measure_Unit.name')}"
            raise problem(document, f"prices of {zone} are in {unit}, not in EUR/MWH")
        position = said.get("classificationSequence_AttributeInstanceComponent.position")
        auction = int(position) if position else COUPLED
        for period in _children(series, "Period"):
            for at, minutes, price, fill in _period(document, period, said.get("curveType", "A01")):
                if price is None:
                    day = at.date()
                    findings.append(
                        finding(
                            zone, PUBLISHER, day, "interval without price", f"{at:%H:%M} UTC has no point"
                        )
                    )
                    continue
                records.append(
                    {
                        "zone": zone,
                        "start_utc": at,
                        "resolution_minutes": minutes,
                        "price_eur_per_mwh": price,
                        "fill_method": fill,
                        "revision": revision,
                        "note": None,
                        "auction": auction,
                    }
                )
    return records, findings


def _period(
    document: Document, period: ET.Element, curve: str
) -> Iterator[tuple[dt.datetime, int, float | None, str | None]]:
    """Start, minutes and price of every position of a period, by the interval's UTC start."""
    said = _texts(period)
    minutes = RESOLUTIONS.get(said.get("resolution", ""))
    if minutes is None:
        raise problem(document, f"resolution {said.get('resolution')} is not known")
    begin, end = (instant(text) for text in _texts(_children(period, "timeInterval")[0]).values())
    stated: dict[int, float] = {}
    for point in _children(period, "Point"):
        values = _texts(point)
        stated[int(values["position"])] = float(values["price.amount"])
    length = int((end - begin).total_seconds() // 60 // minutes)
    if not stated or max(stated) > length or min(stated) < 1:
        raise problem(
            document,
            f"a period of {length} intervals has points {sorted(stated)[:1]} to {sorted(stated)[-1:]}",
        )
    price: float | None = None
    for position in range(1, length + 1):
        fill = None
        if position in stated:
            price = stated[position]
        elif curve == "A03":
            fill = REPEATED
        else:
            price = None
        yield begin + dt.timedelta(minutes=minutes * (position - 1)), minutes, price, fill


def _one_auction(points: pl.DataFrame) -> pl.DataFrame:
    """One time series for every interval: the coupled auction, then the finer resolution.

    Since October 2025 the numbering of auctions is not dependable: where an interval has no position 1, the lowest
    is taken and the row says so.
    """
    ranked = points.with_columns(
        note=pl.when(pl.col("auction") != COUPLED).then(
            pl.format("auction {} only: no series of position 1 has this interval", pl.col("auction"))
        ),
        hour=pl.col("start_utc").dt.truncate("1h"),
    )
    best = ranked.group_by("zone", "hour").agg(
        auction=pl.col("auction").min(),
    )
    chosen = ranked.join(best, on=["zone", "hour", "auction"])
    finest = chosen.group_by("zone", "hour").agg(resolution_minutes=pl.col("resolution_minutes").min())
    return chosen.join(finest, on=["zone", "hour", "resolution_minutes"]).drop("hour", "auction")
