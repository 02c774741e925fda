"""Native documents of energy publishers, written by hand in each publisher's format, and landed.

Belongs here: building a day in a native format. Does not belong here: what a parser makes of it.
"""

from __future__ import annotations

import datetime as dt
import gzip
import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl

from brytpunkt.publishers._shared.protocol import Batch, Document, Listing
from brytpunkt.series.market_days import day_start, hours_of_day

FETCHED = dt.datetime(2026, 11, 25, 12, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)


class Desk:
    """Lands documents in a folder of the test's own."""

    def __init__(self, folder: Path, origin: str = "a-source") -> None:
        """Keep documents under ``folder``."""
        self.folder = folder
        self.origin = origin

    def land(
        self,
        name: str,
        body: str | bytes | Any,
        media_type: str = "application/json",
        *,
        licence: str = "terms",
    ) -> Document:
        """A landed document; what is neither text nor bytes is written as JSON."""
        if not isinstance(body, str | bytes):
            body = json.dumps(body)
        raw = body.encode() if isinstance(body, str) else body
        digest = hashlib.sha256(raw).hexdigest()
        path = self.folder / f"{digest}.gz"
        path.write_bytes(gzip.compress(raw))
        return Document(name, f"https://example.org/{name}", path, digest, media_type, licence, FETCHED)

    def listing(self, *documents: Document) -> Listing:
        """The documents as one publication."""
        return Listing(self.origin, documents)


def prices(batches: Iterable[Batch]) -> pl.DataFrame:
    """All intervals of a parse."""
    return pl.concat(b.frame for b in batches if b.table == "day_ahead_intervals")


def findings(batches: Iterable[Batch]) -> list[tuple[str, str]]:
    """Kind and detail of everything that a parse found odd."""
    return [
        (row["kind"], row["detail"])
        for b in batches
        if b.table == "series_findings"
        for row in b.frame.iter_rows(named=True)
    ]


def steps(day: dt.date, minutes: int) -> list[tuple[dt.datetime, float]]:
    """The intervals of a market day [UTC] with a price that names its position: 10.00, 10.01, ..."""
    begin, count = day_start(day), hours_of_day(day) * 60 // minutes
    return [(begin + dt.timedelta(minutes=minutes * n), round(10 + n / 100, 2)) for n in range(count)]


def entsoe(periods: list[str], *, zone: str = "10Y1001A1001A46L", revision: int = 1, series: str = "") -> str:
    """A publication document with one time series a period; ``series`` goes into each of them."""
    body = "".join(
        f"<TimeSeries><mRID>{n}</mRID><auction.type>A01</auction.type><businessType>A62</businessType>"
        f'<in_Domain.mRID codingScheme="A01">{zone}</in_Domain.mRID>'
        f'<out_Domain.mRID codingScheme="A01">{zone}</out_Domain.mRID>'
        "<contract_MarketAgreement.type>A01</contract_MarketAgreement.type>"
        f"<currency_Unit.name>EUR</currency_Unit.name><price_Measure_Unit.name>MWH</price_Measure_Unit.name>{series}"
        f"<curveType>A03</curveType>{period}</TimeSeries>"
        for n, period in enumerate(periods, 1)
    )
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n'
        '<Publication_MarketDocument xmlns="urn:iec62325.351:tc57wg16:451-3:publicationdocument:7:3">'
        f"<mRID>1</mRID><revisionNumber>{revision}</revisionNumber><type>A44</type>{body}</Publication_MarketDocument>"
    )


def period(day: dt.date, minutes: int, points: dict[int, float] | None = None) -> str:
    """A period over a market day; without ``points``, every position has its price."""
    stated = points or {n: price for n, (_, price) in enumerate(steps(day, minutes), 1)}
    listed = "".join(
        f"<Point><position>{n}</position><price.amount>{price}</price.amount></Point>"
        for n, price in stated.items()
    )
    return (
        f"<Period><timeInterval><start>{day_start(day):%Y-%m-%dT%H:%MZ}</start>"
        f"<end>{day_start(day + DAY):%Y-%m-%dT%H:%MZ}</end></timeInterval>"
        f"<resolution>PT{minutes}M</resolution>{listed}</Period>"
    )


def per_kwh(
    day: dt.date, minutes: int, *, currency: str = "SEK", timezone: str = "Europe/Stockholm"
) -> list[Any]:
    """A file of elprisetjustnu.se or hvakosterstrommen.no."""
    zone = ZoneInfo(timezone)
    return [
        {
            f"{currency}_per_kWh": round(price / 1000 * 11, 5),
            "EUR_per_kWh": round(price / 1000, 5),
            "EXR": 11.0,
            "time_start": at.astimezone(zone).isoformat(),
            "time_end": (at + dt.timedelta(minutes=minutes)).astimezone(zone).isoformat(),
        }
        for at, price in steps(day, minutes)
    ]


def eds(dataset: str, days: list[dt.date], areas: tuple[str, ...] = ("DK1", "SYSTEM")) -> dict[str, Any]:
    """An answer of Energi Data Service."""
    hourly = dataset == "Elspotprices"
    names = (
        ("HourUTC", "SpotPriceEUR", "SpotPriceDKK")
        if hourly
        else ("TimeUTC", "DayAheadPriceEUR", "DayAheadPriceDKK")
    )
    records = [
        {names[0]: f"{at:%Y-%m-%dT%H:%M:%S}", "PriceArea": area, names[1]: price, names[2]: price * 7.46}
        for day in days
        for at, price in steps(day, 60 if hourly else 15)
        for area in areas
    ]
    return {"total": len(records), "filters": "{}", "dataset": dataset, "records": records}


def energy_charts(
    days: list[tuple[dt.date, int]],
    licence: str = "CC BY 4.0 (creativecommons.org) from Bundesnetzagentur | SMARD.de",
) -> dict[str, Any]:
    """An answer of energy-charts.info over days of given resolution."""
    pairs = [pair for day, minutes in days for pair in steps(day, minutes)]
    return {
        "license_info": licence,
        "unix_seconds": [int(at.timestamp()) for at, _ in pairs],
        "price": [price for _, price in pairs],
        "unit": "EUR / MWh",
        "deprecated": False,
    }


def nord_pool(
    day: dt.date,
    minutes: int,
    *,
    version: int = 1,
    currency: str = "EUR",
    rate: float = 1.0,
    mean: float | None = None,
) -> dict[str, Any]:
    """A delivery day of the data portal for SE3."""
    pairs = steps(day, minutes)
    average = sum(price for _, price in pairs) / len(pairs)
    stamp = "%Y-%m-%dT%H:%M:%SZ"
    return {
        "deliveryDateCET": day.isoformat(),
        "version": version,
        "updatedAt": f"{day - DAY}T12:15:03.8832404Z",
        "deliveryAreas": ["SE3"],
        "market": "DayAhead",
        "multiAreaEntries": [
            {
                "deliveryStart": at.strftime(stamp),
                "deliveryEnd": (at + dt.timedelta(minutes=minutes)).strftime(stamp),
                "entryPerArea": {"SE3": round(price * rate, 2)},
            }
            for at, price in pairs
        ],
        "blockPriceAggregates": [],
        "currency": currency,
        "exchangeRate": rate,
        "areaStates": [{"state": "Final", "areas": ["SE3"]}],
        "areaAverages": [{"areaCode": "SE3", "price": round((average if mean is None else mean) * rate, 2)}],
    }
