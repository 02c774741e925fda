"""Fixtures of the electricity, grid, weather and carbon publishers for the corpus, and what a parser makes of each.

Belongs here: one small whole document a format, and its table of fields. Does not belong here: the operators (``corpus``).
``python -m tests.publishers.energy_corpus`` prints the outcomes by publisher.
"""

from __future__ import annotations

import copy
import datetime as dt
import io
import json
import tempfile
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from unittest.mock import patch

from ruamel.yaml import YAML

from brytpunkt.errors import InputError
from brytpunkt.publishers._shared.accounting import Fields
from brytpunkt.publishers.carbon import eds_carbon
from brytpunkt.publishers.electricity import (
    elprisetjustnu,
    ember,
    energi_data_service,
    energy_charts,
    entsoe,
    eurostat,
    hvakosterstrommen,
    nord_pool,
    quarter_table,
)
from brytpunkt.publishers.find import publisher
from brytpunkt.publishers.grid import eltariff, fri_nettleie
from brytpunkt.publishers.weather import epw, fmi, frost, open_meteo, smhi
from tests.publishers import corpus
from tests.publishers.corpus import Body, Case, Mutation, Read, table_of_outcomes
from tests.publishers.documents import document, listing
from tests.publishers.electricity import documents as native
from tests.publishers.electricity.test_quarter_table import LABELS, values
from tests.publishers.grid.test_tariffs_and_carbon import NETTLEIE, component, peak, stat, tariff, window
from tests.publishers.weather.test_weather import START, epw_file, frost_page, meteo

DAY = dt.date(2026, 2, 11)
DOT = "\u2024"
# Rows of tables that say what was odd.
SAID = ("source_remarks", "series_findings")


def whole(body: Body) -> Any:
    """The whole body is the row."""
    return body


def first(body: Body) -> Any:
    """The first entry is the row."""
    return body[0]


def doubled_at(*path: str | int) -> Callable[[Body, Any], None]:
    """Adding the changed entry of a list beside the one it was made of; ``path`` leads to the list."""

    def double(body: Body, twin: Any) -> None:
        inner, other = body, twin
        for step in path:
            inner, other = inner[step], other[step]
        inner.append(copy.deepcopy(other[0]))
        if "total" in body:
            body["total"] += 1

    return double


def nothing_to_double(body: Body, twin: Any) -> None:
    """A document that is one row: its twin takes its place."""
    body.clear()
    body.update(twin)


def in_list(body: list[Any], twin: Any) -> None:
    """One row more."""
    body.append(twin)


def relative(fields: Fields, prefix: str) -> Fields:
    """Fields of a row, by their paths below it."""
    return {path.removeprefix(prefix): role for path, role in fields.items() if path.startswith(prefix)}


def undotted(fields: Fields, names: tuple[str, ...], lists: tuple[str, ...] = ()) -> Fields:
    """Fields whose names have dots, as the corpus steps through them; ``lists`` are repeated elements."""
    found = {}
    for path, role in fields.items():
        for name in names:
            path = path.replace(name, name.replace(".", DOT))  # noqa: PLW2901 - step by step
        for name in lists:
            path = path.replace(f"{name}.", f"{name}[].")  # noqa: PLW2901 - step by step
        found[path] = role
    return found


ENTSOE_NAMES = (
    *("classificationSequence_AttributeInstanceComponent.position", "contract_MarketAgreement.type", "auction.type"),
    *("in_Domain.mRID", "out_Domain.mRID", "currency_Unit.name", "price_Measure_Unit.name", "price.amount"),
)  # fmt: skip


def entsoe_body() -> Body:
    """A day of hours as nested elements."""
    points = [{"position": str(n), f"price{DOT}amount": str(price)} for n, (_, price) in enumerate(native.steps(DAY, 60), 1)]  # fmt: skip
    span = {"start": f"{native.day_start(DAY):%Y-%m-%dT%H:%MZ}", "end": f"{native.day_start(DAY + native.DAY):%Y-%m-%dT%H:%MZ}"}  # fmt: skip
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


def case(
    module: Any,
    name: str,
    body: Callable[[], Body],
    render: Callable[[Body], str | bytes] = json.dumps,
    *,
    row: Callable[[Body], Any] = whole,
    double: Callable[[Body, Any], None] = nothing_to_double,
    fields: Fields | None = None,
    **more: Any,
) -> Case:
    """A fixture of a publisher."""
    short = module.__name__.rpartition(".")[2]
    stated = module.FIELDS if fields is None else fields
    # entries of a list of plain values are the list's own
    known = {**{f"{path}[]": role for path, role in stated.items() if not path.endswith("*")}, **stated}
    return Case(short, name, known, body, row, double, render, **more)


def per_kwh(module: Any, zone: str, currency: str, timezone: str) -> Case:
    """A file of one of the two publishers of a form."""
    return case(
        module, f"{DAY}_{zone}.json", lambda: native.per_kwh(DAY, 60, currency=currency, timezone=timezone),
        row=first, double=in_list, fields=relative(module.FIELDS, "[]."),
    )  # fmt: skip


METOBS = undotted(smhi.FIELDS, tuple(name for name in smhi.FIELDS if "." in name))
CASES = (
    case(entsoe, f"SE3_{DAY}.xml", entsoe_body, as_xml("Publication_MarketDocument"), double=doubled_at("TimeSeries"), fields=undotted(entsoe.FIELDS, ENTSOE_NAMES, ("TimeSeries", "Period", "Point"))),
    per_kwh(elprisetjustnu, "SE3", "SEK", "Europe/Stockholm"),
    per_kwh(hvakosterstrommen, "NO1", "NOK", "Europe/Oslo"),
    case(energi_data_service, "DayAheadPrices.json", lambda: native.eds("DayAheadPrices", [DAY], areas=("DK1",)), double=doubled_at("records")),
    case(energi_data_service, "Elspotprices.json", lambda: native.eds("Elspotprices", [dt.date(2025, 2, 11)], areas=("DK1",)), double=doubled_at("records")),
    case(energy_charts, f"SE4_{DAY}.json", lambda: native.energy_charts([(DAY, 15)])),
    case(nord_pool, f"{DAY}.json", nord_pool_body, double=doubled_at("multiAreaEntries")),
    case(nord_pool, f"{DAY}.json", index_body, double=doubled_at("multiIndexEntries"), label="nord_pool indices"),
    case(ember, "hourly.zip", ember_body, zipped, row=first, double=in_list, is_table=True),
    case(quarter_table, "SE3-q.csv", quarter_body, as_table(","), row=first, double=in_list, is_table=True),
    case(eurostat, "nrg_pc_205.json", lambda: stat(label="x", source="x", updated="x")),
    case(eltariff, "nat.json", full_tariff, double=doubled_at("tariffs")),
    case(fri_nettleie, "fjord.yml", nettleie_body, as_yaml, row=lambda body: body["tariffer"][1], double=lambda body, twin: body["tariffer"].append(twin), fields=relative(fri_nettleie.FIELDS, "tariffer[].")),
    case(eds_carbon, "co2_2025.json", carbon_body, double=doubled_at("records")),
    case(smhi, "lulea_1_corrected-archive.csv", metobs_body, as_metobs, row=lambda body: body["meta"], double=lambda body, twin: body["meta"].update(twin), fields=METOBS),
    case(smhi, "lulea_1_corrected-archive.csv", metobs_body, as_metobs, row=lambda body: body["rows"][0], double=lambda body, twin: body["rows"].append(twin), fields=METOBS),
    case(frost, "oslo_2025.json", lambda: frost_page(0, 3), double=doubled_at("data")),
    case(fmi, "helsinki_2025-01-01.xml", fmi_body, as_xml("FeatureCollection"), row=lambda body: body["member"][0]["BsWfsElement"][0], double=lambda body, twin: body["member"].append({"BsWfsElement": [twin]}), fields={"Location.Point.pos": fmi.FIELDS["Location"], **fmi.FIELDS}),
    case(open_meteo, "lulea_2025.json", lambda: meteo(3, generationtime_ms=1.0, elevation=1.0, timezone_abbreviation="GMT")),
    case(epw, "ashburn_x.epw", epw_body, as_epw, row=lambda body: body["heads"], double=lambda body, twin: body["heads"].update(twin)),
    case(epw, "ashburn_x.epw", epw_body, as_epw, row=lambda body: body["rows"][0], double=lambda body, twin: body["rows"].append(twin), skip="rest"),
)  # fmt: skip
# Years are as short as the fixtures.
SHORT = (patch.object(epw, "HOURS", 24), patch.object(eds_carbon, "LEAST_COVERAGE", 0.0))


def read(case: Case, body: Body, folder: Path) -> Read:
    """Parse a body; any error but ``InputError`` is one of the parser and is raised."""
    listed = listing(document(folder, case.name, case.render(body), url="https://example.org/station/1/?latitude=65.6&longitude=22.1"))
    try:
        batches = list(publisher(case.publisher).parse(listed))
    except InputError as error:
        return Read(refused=str(error))
    rows, said, doubts = [], [], 0
    for batch in batches:
        kept = [name for name in batch.frame.columns if name not in corpus.SEEN - {"licence", "note"}]
        found = [(batch.table, *row) for row in batch.frame.select(kept).rows()]
        (said if batch.table in SAID else rows).extend(found)
        doubts += 0 if batch.doubtful is None else batch.doubtful.height
    for account in listed.accounts:
        assert not account.unaccounted, f"{case.publisher}: nothing is said of {account.unaccounted}"
        assert account.rows == (
            account.taken + sum(account.left_out.values()) + len(account.remarked) + len(account.refused)
        )
    left_out = sum((Counter(account.left_out) for account in listed.accounts), Counter[str]())
    return Read(
        tuple(sorted(rows, key=repr)),
        tuple(sorted(said, key=repr)),
        doubts,
        tuple(sorted(left_out.items())),
        sum(len(account.refused) for account in listed.accounts),
    )


def mutations(case: Case) -> Iterator[Mutation]:
    """Every field of a case's row under every operator that fits it."""
    with tempfile.TemporaryDirectory() as folder, SHORT[0], SHORT[1], patch.object(corpus, "read", read):
        yield from corpus.mutations(case)


if __name__ == "__main__":
    print(table_of_outcomes([one for case in CASES for one in mutations(case)]))
