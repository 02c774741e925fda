"""ENTSO-E Transparency Platform: day-ahead prices (document type A44) as XML.

Format: ``Publication_MarketDocument`` of IEC 62325-451-3; request parameters and codes by the platform's
RESTful API guide. Points that curve type A03 leaves out equal the one before.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from xml.etree import ElementTree as ET

import polars as pl

from brytpunkt.publishers._shared.accounting import IGNORED, Account, Fields, meaning, value
from brytpunkt.publishers._shared.intervals import across_documents, taken
from brytpunkt.publishers._shared.protocol import Batch, Document, Listing, Request
from brytpunkt.publishers._shared.series_rows import (
    POINTS,
    Schema,
    finding,
    instant,
    local_name,
    no_more,
    no_probe,
    own_digest,
    problem,
    read_xml,
    wanted_days,
)
from brytpunkt.publishers._shared.source import Source
from brytpunkt.publishers._shared.taken_apart import day_of, one_by_one, unlisted_names
from brytpunkt.series.findings import OTHER_SERIES
from brytpunkt.series.market_days import day_start, market_day

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
NOT_STATED, OTHER_AUCTION = "no point", "another auction than the coupled one"
DAY_AHEAD_DOCUMENT = "A44"
# What a time series of day-ahead prices must say: name, codes, and what they are about.
MEANINGS = (
    ("contract_MarketAgreement.type", ("A01",), "its contract"),
    ("auction.type", ("A01",), "its type of auction"),
    ("businessType", ("A62",), "its business type"),
    ("curveType", ("A01", "A03"), "its type of curve"),
)
FIELDS: Fields = {
    "type": meaning("A44, else the document is refused"),
    "revisionNumber": value("revision"),
    "TimeSeries.contract_MarketAgreement.type": meaning(
        "A01 (day-ahead); other series are left out with a finding"
    ),
    "TimeSeries.auction.type": meaning("A01 (implicit)"),
    "TimeSeries.businessType": meaning("A62 (spot price)"),
    "TimeSeries.curveType": meaning("A01 or A03 (points equal to the one before are left out)"),
    "TimeSeries.in_Domain.mRID": meaning("the same area as out_Domain.mRID"),
    "TimeSeries.out_Domain.mRID": meaning("a known zone, the one that was asked for"),
    "TimeSeries.currency_Unit.name": meaning("EUR, else the document is refused"),
    "TimeSeries.price_Measure_Unit.name": meaning("MWH, else the document is refused"),
    "TimeSeries.classificationSequence_AttributeInstanceComponent.position": meaning(
        "1 (coupled) before others"
    ),
    "TimeSeries.Period.timeInterval.start": value("start_utc"),
    "TimeSeries.Period.timeInterval.end": meaning("the period's length, which bounds its positions"),
    "TimeSeries.Period.resolution": value("resolution_minutes"),
    "TimeSeries.Period.Point.position": value("start_utc"),
    "TimeSeries.Period.Point.price.amount": value("price_eur_per_mwh"),
    "TimeSeries.mRID": IGNORED,
    "mRID": IGNORED,
    "createdDateTime": IGNORED,
    "period.timeInterval.start": IGNORED,
    "period.timeInterval.end": IGNORED,
    "sender_MarketParticipant.mRID": IGNORED,
    "sender_MarketParticipant.marketRole.type": IGNORED,
    "receiver_MarketParticipant.mRID": IGNORED,
    "receiver_MarketParticipant.marketRole.type": IGNORED,
}
ROW: Schema = POINTS | {
    "fill_method": pl.String,
    "revision": pl.Int64,
    "note": pl.String,
    "auction": pl.Int64,
    "row": pl.Int64,
}

probe, version, following = no_probe, own_digest, no_more
APART = True


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
    """XML documents -> intervals; an acknowledgement without data yields nothing, any other one is an error.

    A document that cannot be read is a finding, and the others are taken.
    """
    found = one_by_one(listing, _read, publisher=PUBLISHER, source=SOURCE, subject=zone_of)
    yield from across_documents(list(found), PUBLISHER, SOURCE)


def zone_of(document: Document) -> str:
    """The zone that a document is named after: ``<zone>_<first day>.xml``; its whole name if it is none."""
    name = document.name.partition("_")[0]
    return name if name in ZONES else document.name


def _read(document: Document, account: Account) -> Iterator[Batch]:
    root = read_xml(document)
    name = local_name(root)
    if name == "Acknowledgement_MarketDocument":
        _acknowledged(document, root)
        return
    if name != "Publication_MarketDocument":
        raise problem(document, f"the document is a {name}, not a Publication_MarketDocument")
    said = _texts(root)
    if said.get("type") != DAY_AHEAD_DOCUMENT:
        raise problem(
            document,
            f"document type {said.get('type')} is not {DAY_AHEAD_DOCUMENT}, prices of the day-ahead market",
        )
    records, findings = _points(document, account, root)
    points = pl.DataFrame(records, schema=ROW)
    chosen = _one_auction(points)
    for row in points.drop_nulls("row").join(chosen, on="row", how="anti")["row"]:
        account.leave_out(f"point {row}", "another auction or a coarser resolution of the same hour")
    others = chosen.filter(pl.col("note").is_not_null())
    findings += [
        finding(zone, PUBLISHER, day, OTHER_AUCTION, f"{count} intervals: {note}")
        for zone, day, note, count in others.group_by("zone", market_day().alias("day"), "note")
        .len()
        .sort("zone", "day")
        .iter_rows()
    ]
    yield from taken(
        chosen, document, account, publisher=PUBLISHER, source=SOURCE, findings=findings, place="point {}"
    )
    names = set(_paths(root)) - set(FIELDS)
    yield from unlisted_names(
        sorted(names), document, account, publisher=PUBLISHER, source=SOURCE, subject=zone_of(document)
    )


def _paths(element: ET.Element, place: str = "") -> Iterator[str]:
    """Names of an XML document's elements, those below a time series as ``TimeSeries.``..."""
    for child in element:
        path = f"{place}{local_name(child)}"
        if len(child):
            yield from _paths(child, f"{path}.")
        else:
            yield path


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


def _meaning(document: Document, said: Mapping[str, str]) -> tuple[str, str | None]:
    """Zone of a time series, and why it is not one of day-ahead prices in euros; raises for what no zone explains."""
    codes = {said.get("in_Domain.mRID", ""), said.get("out_Domain.mRID", "")}
    zone = NAMES.get(said.get("out_Domain.mRID", ""))
    if zone is None:
        raise problem(document, f"area {said.get('out_Domain.mRID')} is none of the known bidding zones")
    unit = (said.get("currency_Unit.name"), said.get("price_Measure_Unit.name"))
    if unit != ("EUR", "MWH"):
        raise problem(document, f"prices of {zone} are in {unit[0]}/{unit[1]}, not in EUR/MWH")
    if len(codes) > 1:
        return zone, f"it is between the areas {' and '.join(sorted(code or 'none' for code in codes))}"
    if (asked := zone_of(document)) in ZONES and asked != zone:
        return zone, f"{asked} was asked for, this is {zone}"
    for name, known, what in MEANINGS:
        if said.get(name) not in known:
            return zone, f"{what} is {said.get(name) or 'not stated'}, not {' or '.join(known)}"
    return zone, None


def _points(
    document: Document, account: Account, root: ET.Element
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Every interval of every time series, with what was repeated or lacking."""
    records: list[dict[str, Any]] = []
    findings: list[dict[str, Any]] = []
    stated = _texts(root).get("revisionNumber", "")
    if not stated.isdigit():
        raise problem(document, f"the revision is {stated or 'not stated'}, not a number")
    row = 0
    for series in _children(root, "TimeSeries"):
        said = _texts(series)
        zone, reason = _meaning(document, said)
        position = said.get("classificationSequence_AttributeInstanceComponent.position")
        if position is not None and not position.isdigit():
            reason = reason or f"its auction's position is {position or 'empty'}, not a number"
        auction = int(position) if position and position.isdigit() else COUPLED
        for period in _children(series, "Period"):
            for at, minutes, price, fill in _period(document, period, said.get("curveType", "")):
                row += fill is None
                if reason is not None:
                    if fill is None:
                        account.read(f"point {row}")
                        account.remark(f"point {row}", reason)
                    continue
                records.append(
                    {
                        "zone": zone,
                        "start_utc": at,
                        "resolution_minutes": minutes,
                        "price_eur_per_mwh": price,
                        "fill_method": fill,
                        "revision": int(stated),
                        "note": None,
                        "auction": auction,
                        "row": row if fill is None else None,
                    }
                )
        if reason is not None:
            detail = f"a time series is left out: {reason}"
            findings.append(finding(zone, PUBLISHER, day_of(document), OTHER_SERIES, detail))
    return records, findings


def _period(
    document: Document, period: ET.Element, curve: str
) -> Iterator[tuple[dt.datetime, int, float | None, str | None]]:
    """Start, minutes and price of every position of a period, by the interval's UTC start.

    A position that is there twice comes twice.
    """
    said = _texts(period)
    minutes = RESOLUTIONS.get(said.get("resolution", ""))
    if minutes is None:
        raise problem(document, f"resolution {said.get('resolution')} is not known")
    spans = [_texts(one) for one in _children(period, "timeInterval")]
    if len(spans) != 1 or not {"start", "end"} <= set(spans[0]):
        raise problem(document, "a period does not say when it starts and ends")
    begin, end = instant(spans[0]["start"]), instant(spans[0]["end"])
    stated: dict[int, list[float]] = {}
    for point in _children(period, "Point"):
        position, price_text = (_number(document, point, name) for name in ("position", "price.amount"))
        stated.setdefault(int(position), []).append(price_text)
    length = int((end - begin).total_seconds() // 60 // minutes)
    if not stated or max(stated) > length or min(stated) < 1:
        raise problem(
            document,
            f"a period of {length} intervals has points {sorted(stated)[:1]} to {sorted(stated)[-1:]}",
        )
    price: float | None = None
    for position in range(1, length + 1):
        at = begin + dt.timedelta(minutes=minutes * (position - 1))
        if position in stated:
            for price in stated[position]:
                yield at, minutes, price, None
        elif curve == "A03":
            yield at, minutes, price, REPEATED
        else:
            price = None
            yield at, minutes, None, NOT_STATED


def _number(document: Document, point: ET.Element, name: str) -> float:
    text = _texts(point).get(name, "")
    try:
        return float(text)
    except ValueError as error:
        raise problem(document, f"a point's {name} is {text or 'not stated'}, not a number") from error


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
