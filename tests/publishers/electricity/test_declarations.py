"""Every declared source of energy and climate has its module, its hosts, and days that move with the calendar."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from brytpunkt.folders import folders
from brytpunkt.publishers._shared.source import Source, read_source, with_window
from brytpunkt.publishers.find import publisher

MINE = (
    *(
        "entsoe",
        "energi-data-service",
        "elprisetjustnu",
        "hvakosterstrommen",
        "energy-charts",
        "nord-pool",
        "quarter-table",
        "ember",
    ),
    *("open-meteo", "smhi", "frost", "fmi", "epw", "eltariff", "fri-nettleie", "eds-carbon", "eurostat"),
)
TODAY = dt.date(2026, 11, 25)


def declared(name: str) -> Source:
    return read_source(Path(folders().data) / "sources" / f"{name}.yaml")


@pytest.mark.parametrize("name", MINE)
def test_a_declaration_leads_to_requests_of_its_own_hosts(name: str) -> None:
    source = declared(name)
    module = publisher(source.publisher)
    requests = module.start(with_window(source, TODAY), None)
    assert {urlsplit(request.url).hostname for request in requests} <= set(source.hosts)
    assert {request.credential for request in requests} - {None} == set(source.credentials)
    assert len({request.name for request in requests}) == len(requests)
    assert bool(requests) == bool(source.url), (
        "only the inbox and a standard without companies ask for nothing"
    )
    assert source.format_seen


def test_days_move_with_the_calendar_and_named_days_stay() -> None:
    source = declared("entsoe")
    assert with_window(source, TODAY).parameters["first"] == "2026-11-18"
    assert with_window(source, TODAY).parameters["last"] == "2026-11-26"
    named = source.model_copy(update={"parameters": source.parameters | {"first": "2024-01-01"}})
    assert with_window(named, TODAY).parameters["first"] == "2024-01-01"


def test_what_was_not_seen_is_unconfirmed() -> None:
    assert [name for name in MINE if declared(name).status == "unconfirmed"] == ["eltariff", "eurostat"]
