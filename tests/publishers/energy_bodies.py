"""Small whole documents of the electricity, grid, weather and carbon publishers, as nested values and rendered.

Belongs here: a body in each publisher's format. Does not belong here: what is done to it (``energy_corpus``).
"""

from __future__ import annotations

import copy
import datetime as dt
import io
import zipfile
from collections.abc import Callable
from typing import Any

from ruamel.yaml import YAML

from brytpunkt.publishers.electricity import entsoe
from brytpunkt.publishers.weather import epw
from brytpunkt.series.market_days import day_start
from tests.publishers.corpus import Body
from tests.publishers.electricity import documents as native
from tests.publishers.electricity.test_quarter_table import LABELS, values
from tests.publishers.grid.test_tariffs_and_carbon import NETTLEIE, component, peak, tariff, window
from tests.publishers.weather.test_weather import START, epw_file

DAY = dt.date(2026, 2, 11)
DOT = "\u2024"
ENTSOE_NAMES = (
    *("classificationSequence_AttributeInstanceComponent.position", "contract_MarketAgreement.type", "auction.type"),
    *("in_Domain.mRID", "out_Domain.mRID", "currency_Unit.name", "price_Measure_Unit.name", "price.amount"),
)  # fmt: skip


def entsoe_body() -> Body:
    """A day of hours as nested elements."""
    points = [{"position": str(n), f"price{DOT}amount": str(price)} for n, (_, price) in enumerate(native.steps(DAY, 60), 1)]  # fmt: skip
    span = {"start": f"{day_start(DAY):%Y-%m-%dT%H:%MZ}", "end": f"{day_start(DAY + native.DAY):%Y-%m-%dT%H:%MZ}"}  # fmt: skip
    area = entsoe.ZONES["SE3"]
    said = {
        "mRID": "1",
        "auction.type": "A01",
        "businessType": "A62",
        "in_Domain.mRID": area,
        "out_Domain.mRID": area,
        "contract_MarketAgreement.type": "A01",
        "currency_Unit.name": "EUR",
        "price_Measure_Unit.name": "MWH",
        "classificationSequence_AttributeInstanceComponent.position": "1",
        "curveType": "A01",
    }
    series = {name.replace(".", DOT): text for name, text in said.items()}
    series["Period"] = [{"timeInterval": span, "resolution": "PT60M", "Point": points}]  # type: ignore[assignment]
    return {"mRID": "x", "revisionNumber": "1", "type": "A44", "createdDateTime": "x", "TimeSeries": [series]}


def as_xml(root: str) -> Callable[[Body], str]:
    """Rendering of nested elements."""

    def element(name: str, inner: Any) -> str:
        if isinstance(inner, list):
            return "".join(element(name, one) for one in inner)
        content = (
            "".join(element(child, one) for child, one in inner.items())
            if isinstance(inner, dict)
            else "" if inner is None else str(inner)
        )  # fmt: skip
        tag = name.replace(DOT, ".")
        return f"<{tag}>{content}</{tag}>"

    return lambda body: f'<?xml version="1.0"?>{element(root, body)}'


def nord_pool_body() -> Body:
    """A delivery day with a block and a mean."""
    file = native.nord_pool(DAY, 60)
    prices = [entry["entryPerArea"]["SE3"] for entry in file["multiAreaEntries"]]
    ends = file["multiAreaEntries"][0]["deliveryStart"], file["multiAreaEntries"][-1]["deliveryEnd"]
    file["blockPriceAggregates"] = [
        {
            "blockName": "Base",
            "deliveryStart": ends[0],
            "deliveryEnd": ends[1],
            "averagePricePerArea": {
                "SE3": {"average": sum(prices) / 24, "min": min(prices), "max": max(prices)}
            },
        }
    ]
    return file


def index_body() -> Body:
    """A delivery day of price indices."""
    file = native.nord_pool(DAY, 60) | {"indexNames": ["SE3"], "resolutionInMinutes": 60}
    file["multiIndexEntries"] = file.pop("multiAreaEntries")
    return file


def ember_body() -> list[dict[str, Any]]:
    """A day of one country as rows of a table."""
    return [
        {
            "Country": "Germany",
            "ISO3 Code": "DEU",
            "Datetime (UTC)": f"{at:%Y-%m-%d %H:%M:%S}",
            "Datetime (Local)": "x",
            "Price (EUR/MWhe)": str(price),
        }
        for at, price in native.steps(DAY, 60)
    ]


def as_table(delimiter: str) -> Callable[[list[dict[str, Any]]], str]:
    """Rendering of rows under their names."""

    def render(rows: list[dict[str, Any]]) -> str:
        lines = [list(rows[0]), *([str(row.get(name) or "") for name in rows[0]] for row in rows)]
        return "\n".join(delimiter.join(line).replace(DOT, ".") for line in lines) + "\n"

    return render


def zipped(rows: list[dict[str, Any]]) -> bytes:
    """Ember's archive."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("all_countries.csv", as_table(",")(rows))
    return packed.getvalue()


def quarter_body() -> list[dict[str, Any]]:
    """A day of a table of quarters with its mean."""
    stated = values(DAY, 96)
    mean = sum(map(float, stated)) / 96
    return [{"Date": f"{DAY}", **dict(zip(LABELS, stated, strict=True)), "Baseload": f"{mean:.4f}"}]


def full_tariff() -> Body:
    """A tariff of the Eltariff-API with everything that a row can say."""
    hours = window("06:00:00", "22:00:00", "weekdays")
    power = component("Effekt", 20, **peak(), recurringPeriods=hours)
    return copy.deepcopy({"tariffs": [tariff("63A", power) | {"description": "x", "companyOrgNo": "x"}]})


def nettleie_body() -> Body:
    """The file as YAML reads it."""
    body = YAML(typ="safe", pure=True).load(NETTLEIE)
    body["tariffer"][1]["fastledd"]["terskler"].sort(key=lambda band: -band["terskel"])
    return body


def as_yaml(body: Body) -> str:
    """A body as YAML."""
    out = io.StringIO()
    YAML(typ="safe", pure=True).dump(body, out)
    return out.getvalue()


def carbon_body() -> Body:
    """A year of two values: the year is as long as that in this corpus."""
    records = [
        {"Minutes5UTC": f"2025-07-0{n}T00:00:00", "Minutes5DK": "x", "PriceArea": "DK1", "CO2Emission": 80.0 + n}
        for n in (1, 2)
    ]  # fmt: skip
    return {"total": 2, "filters": "{}", "limit": 0, "dataset": "CO2Emis", "records": records}


def metobs_body() -> Body:
    """Blocks of metadata and three readings."""
    return {
        "meta": {
            "Stationsnamn": "Akalla",
            "Stationsnummer": "1",
            "Stationsnät": "x",
            "Mäthöjd (meter över marken)": "2.0",
            "Parameternamn": "Lufttemperatur",
            "Beskrivning": "momentanvärde, 1 gång/tim",
            "Enhet": "celsius",
        },
        "rows": [
            {"Datum": "2026-07-14", "Tid (UTC)": f"{hour:02}:00:00", "Lufttemperatur": str(15 + hour), "Kvalitet": "G"}
            for hour in (9, 10, 11)
        ],
    }  # fmt: skip


def as_metobs(body: Body) -> str:
    """The file of metobs."""
    meta, rows = body["meta"], body["rows"]
    blocks = ";".join(meta), ";".join(str(text or "") for text in meta.values())
    return "\n".join([*blocks, "", as_table(";")(rows)])


def fmi_body() -> Body:
    """Members of two hours."""
    return {
        "member": [
            {
                "BsWfsElement": [
                    {
                        "Location": {"Point": {"pos": "60.3 24.9"}},
                        "Time": f"{START + n * dt.timedelta(hours=1):%Y-%m-%dT%H:%M:%SZ}",
                        "ParameterName": "t2m",
                        "ParameterValue": str(1.5 + n),
                    }
                ]
            }
            for n in range(2)
        ]
    }


def epw_body() -> Body:
    """Header lines by name and the values of the first hours."""
    lines = [line.split(",") for line in epw_file(lines=24).splitlines()]
    names = [name for name in epw.FIELDS if name[0].isdigit() and " to " not in name]
    return {
        "heads": {cells[0]: ",".join(cells[1:]) for cells in lines[:8]},
        "rows": [
            dict(zip(names, cells, strict=False)) | {"rest": ",".join(cells[len(names) :])}
            for cells in lines[8:]
        ],
    }


def as_epw(body: Body) -> str:
    """The file; columns of an EPW have no names, so that what is gone leaves its place empty."""
    names = [name for name in epw.FIELDS if name[0].isdigit() and " to " not in name]
    heads = [f"{name},{text or ''}" for name, text in body["heads"].items()]
    rows = [",".join([*(str(row.get(name) or "") for name in names), row["rest"]]) for row in body["rows"]]
    return "\n".join([*heads, *rows]) + "\n"
