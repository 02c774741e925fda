"""A price that was announced is planned with from its day on, and one with a stated end until it."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from brytpunkt.folders import folders
from brytpunkt.publishers.cloud import azure, genai_prices
from brytpunkt.warehouse import Warehouse, facts, ingest
from brytpunkt.warehouse.upsert import Policy
from brytpunkt.warehouse.views.coming import coming
from pipelines.cli.sources import coming_lines
from tests.publishers.cloud import test_azure
from tests.publishers.documents import NOON, document, listing


def warehouse_of(folder: Path, module: Any, name: str, body: Any) -> Warehouse:
    """A warehouse that has taken in one document."""
    warehouse = Warehouse(folder / "warehouse.duckdb", folders().sql)
    warehouse.migrate()
    listed = listing(document(folder, name, body), origin="a-source")
    with warehouse.open() as connection:
        ingest(connection, warehouse.sql / "queries", listed, module.parse(listed), Policy(seen_at=NOON))
    return warehouse


def page() -> dict[str, Any]:
    """A size at 104.5 that costs 92 from February, and one at 4.5 until the end of the year."""
    size = test_azure.ORDINARY | {"armSkuName": "Standard_ND96isr_H200_v5", "retailPrice": 104.5}
    later = size | {"retailPrice": 92.0, "effectiveStartDate": "2027-02-01T00:00:00Z"}
    ending = size | {"armSkuName": "Standard_NC24ads_A100_v4", "retailPrice": 4.5}
    return test_azure.page([size, later, ending | {"effectiveEndDate": "2027-01-01T00:00:00Z"}])


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (date(2026, 11, 20), {"ND96isr_H200_v5": 104.5, "NC24ads_A100_v4": 4.5}),
        (date(2026, 12, 31), {"ND96isr_H200_v5": 104.5, "NC24ads_A100_v4": 4.5}),
        (date(2027, 1, 1), {"ND96isr_H200_v5": 104.5}),
        (date(2027, 2, 1), {"ND96isr_H200_v5": 92.0}),
    ],
)
def test_offers_are_those_that_hold_on_the_day(tmp_path: Path, day: date, expected: dict[str, float]) -> None:
    warehouse = warehouse_of(tmp_path, azure, "page-0001.json", page())
    with warehouse.open() as connection:
        offers = facts(connection, warehouse.sql / "queries", day).offers
    assert dict(offers.select("sku", "price_native_per_instance_hour").iter_rows()) == expected


def test_what_is_coming_is_shown(tmp_path: Path) -> None:
    warehouse = warehouse_of(tmp_path, azure, "page-0001.json", page())
    with warehouse.open() as connection:
        queries = warehouse.sql / "queries"
        found = coming(connection, queries, "a-source", date(2026, 11, 20))
        later = coming(connection, queries, "a-source", date(2027, 3, 1))
    assert coming_lines(found)[2:] == [
        "  from 2026-05-01 until 2027-01-01  azure swedencentral NC24ads_A100_v4 on_demand  4.5 USD per hour",
        "  from 2027-02-01  azure swedencentral ND96isr_H200_v5 on_demand  92 USD per hour",
    ]
    assert (later, coming_lines(later)) == ([], [])


def test_a_token_price_to_come_is_not_planned_with_before(tmp_path: Path) -> None:
    prices = [
        {"prices": {"input_mtok": 2.5, "output_mtok": 10}},
        {"constraint": {"start_date": "2027-01-15"}, "prices": {"input_mtok": 2.0, "output_mtok": 8}},
    ]
    body = [{"id": "somebody", "models": [{"id": "big", "match": {}, "prices": prices}]}]
    warehouse = warehouse_of(tmp_path, genai_prices, "data.json", body)
    with warehouse.open() as connection:
        known = {
            day: facts(connection, warehouse.sql / "queries", day).token_prices["valid_from"].to_list()
            for day in (date(2026, 12, 1), date(2027, 1, 15))
        }
    assert len(known[date(2026, 12, 1)]) == 1
    assert known[date(2027, 1, 15)][1:] == [date(2027, 1, 15)]
