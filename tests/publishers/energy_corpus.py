"""Fixtures of the electricity, grid, weather and carbon publishers for the corpus, and what a parser makes of each.

Belongs here: one small whole document a format, and its table of fields. Does not belong here: the operators (``corpus``).
``python -m tests.publishers.energy_corpus`` prints the outcomes by publisher.
"""

from __future__ import annotations

import copy
import datetime as dt
import json
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from unittest.mock import patch

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
from tests.publishers.energy_bodies import (
    DAY,
    DOT,
    ENTSOE_NAMES,
    as_epw,
    as_metobs,
    as_table,
    as_xml,
    as_yaml,
    carbon_body,
    ember_body,
    entsoe_body,
    epw_body,
    fmi_body,
    full_tariff,
    index_body,
    metobs_body,
    nettleie_body,
    nord_pool_body,
    quarter_body,
    zipped,
)
from tests.publishers.grid.test_tariffs_and_carbon import stat
from tests.publishers.weather.test_weather import frost_page, meteo

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
    listed = listing(
        document(
            folder,
            case.name,
            case.render(body),
            url="https://example.org/station/1/?latitude=65.6&longitude=22.1",
        )
    )
    try:
        batches = list(publisher(case.publisher).parse(listed))
    except InputError as error:
        return Read(refused=str(error))
    rows: list[tuple[object, ...]] = []
    said: list[tuple[object, ...]] = []
    doubts = 0
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
    with SHORT[0], SHORT[1], patch.object(corpus, "read", read):
        yield from corpus.mutations(case)


if __name__ == "__main__":
    print(table_of_outcomes([one for case in CASES for one in mutations(case)]))
