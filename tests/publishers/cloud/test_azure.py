"""Azure: the pages of a region become offers; the fixture names the trap in each of its items."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from brytpunkt.errors import InputError
from brytpunkt.publishers._shared.protocol import Batch
from brytpunkt.publishers.cloud import azure
from tests.publishers.documents import document, listing, native, rows, source, table, text

COLUMNS = ("sku", "gpu_model", "gpu_count", "term", "price_native_per_instance_hour", "valid_from")
ORDINARY = {
    "currencyCode": "USD",
    "tierMinimumUnits": 0.0,
    "armRegionName": "swedencentral",
    "location": "SE Central",
    "effectiveStartDate": "2026-05-01T00:00:00Z",
    "meterId": "25385797-d48b-5b47-9e0c-6ee37b6b9a8d",
    "productId": "DZH318Z0K9JH",
    "skuId": "DZH318Z0K9JH/00QW",
    "serviceName": "Virtual Machines",
    "serviceId": "DZH313Z7MMC8",
    "serviceFamily": "Compute",
    "unitOfMeasure": "1 Hour",
    "type": "Consumption",
    "isPrimaryMeterRegion": True,
    "productName": "Virtual Machines Series",
    "skuName": "a size",
    "meterName": "a size",
}
Item = dict[str, Any]


def items() -> list[Item]:
    """The items of the fixture, each filled up with what every item has."""
    listed: list[tuple[str, Item]] = json.loads(native("azure", "swedencentral.json"))
    return [ORDINARY | {"unitPrice": item["retailPrice"]} | item for _, item in listed]


def page(found: list[Item], following: str | None = None, **envelope: Any) -> dict[str, Any]:
    """A page as the service sends it."""
    return {
        "BillingCurrency": "USD",
        "CustomerEntityId": "Default",
        "CustomerEntityType": "Retail",
        "Items": found,
        "NextPageLink": following,
        "Count": len(found),
    } | envelope


def parsed(folder: Path, *pages: dict[str, Any] | str) -> list[Batch]:
    """Batches of some pages."""
    documents = [document(folder, f"page-{n:04d}.json", body) for n, body in enumerate(pages, 1)]
    return list(azure.parse(listing(*documents)))


def test_a_region_in_two_pages_becomes_offers(tmp_path: Path) -> None:
    found = items()
    batches = parsed(tmp_path, page(found[:9], "https://prices.azure.com/next"), page(found[9:]))
    offers = rows(batches, "gpu_offers")
    assert text(offers, *COLUMNS) == table("""
        ND96isr_H100_v5 | H100-SXM-80GB  | 8 | on_demand   | 127.84 | 2026-05-01
        ND96isr_H100_v5 | H100-SXM-80GB  | 8 | savings_1y  | 88.4   | 2026-05-01
        ND96isr_H100_v5 | H100-SXM-80GB  | 8 | savings_3y  | 61.5   | 2026-05-01
        ND96isr_H100_v5 | H100-SXM-80GB  | 8 | spot        | 23.6   | 2026-05-01
        ND96isr_H100_v5 | H100-SXM-80GB  | 8 | reserved_1y | 81.84  | 2026-05-01
        ND96isr_H100_v5 | H100-SXM-80GB  | 8 | reserved_3y | 56.08  | 2026-05-01
        ND96isr_H200_v5 | H200-SXM-141GB | 8 | on_demand   | 110.24 | 2026-05-01
    """)
    assert set(offers["country"]) == {"SE"}
    assert {batch.document.name for batch in batches} == {"page-0001.json", "page-0002.json"}


def test_what_is_not_understood_is_remarked(tmp_path: Path) -> None:
    remarks = rows(parsed(tmp_path, page(items())), "source_remarks")
    assert text(remarks, "kind", "name", "reason") == table("""
        instance | ND256isr_R200_v7                                   | the map of instances does not know it
        price    | azure swedencentral NC40ads_H100_v5 on_demand      | several prices of one day: 9.07, 9.99
        price    | Standard_NC48ads_A100_v4 Consumption               | an unknown kind of price: Consumption per 1 Month
    """)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (page([]), "the list of the region is empty"),
        (
            page(items(), BillingCurrency="SEK"),
            r"page-0001\.json BillingCurrency: the list is in SEK, not in USD",
        ),
        (page(items(), Count=1000), "announces 1000 items and holds 25"),
        ({"error": "throttled"}, "the field Items is missing"),
        (page([item | {"armSkuName": 7} for item in items()]), r"Items\[0\]: armSkuName: 7 is not a text"),
        (
            page([{k: v for k, v in item.items() if k != "retailPrice"} for item in items()]),
            "retailPrice is missing",
        ),
        (
            page([{k: v for k, v in item.items() if k != "productName"} for item in items()]),
            "productName is missing",
        ),
        (page([item | {"retailPrice": "12"} for item in items()]), "retailPrice: '12' is not a number"),
        (page([item | {"effectiveStartDate": "soon"} for item in items()]), "'soon' is not a date"),
        ("<html><body>busy</body></html>", "is a web page"),
        (json.dumps(page(items()))[:-400], "not whole JSON"),
    ],
)
def test_a_changed_page_is_refused_where_it_differs(
    tmp_path: Path, body: dict[str, Any] | str, message: str
) -> None:
    with pytest.raises(InputError, match=message):
        parsed(tmp_path, body)


def test_the_walk_follows_the_links_and_mends_the_one_that_the_service_refuses(tmp_path: Path) -> None:
    declared = source("azure-swedencentral")
    assert azure.probe(declared) is None
    [first] = azure.start(declared, None)
    assert "armRegionName+eq+%27swedencentral%27" in first.url
    assert "currencyCode=USD" in first.url
    link = "https://prices.azure.com/api/retail/prices?currencyCode='USD'&$filter=x&$skip=1000&$top=0"
    [second] = azure.following(declared, document(tmp_path, first.name, page(items(), link)))
    assert second.name == "page-0002.json"
    assert "skip=1000" in second.url
    assert "top" not in second.url
    assert azure.following(declared, document(tmp_path, second.name, page(items()))) == []


def test_a_page_that_leads_to_itself_ends_the_walk(tmp_path: Path) -> None:
    url = "https://prices.azure.com/api/retail/prices?skip=1000"
    looping = document(tmp_path, "page-0002.json", page(items(), url), url=url)
    with pytest.raises(InputError, match="leads to itself"):
        azure.following(source("azure-swedencentral"), looping)


def test_a_page_is_the_same_whatever_its_link(tmp_path: Path) -> None:
    one, two = (
        document(tmp_path, "page-0001.json", page(items(), link)) for link in ("https://a", "https://b")
    )
    other = document(tmp_path, "page-0001.json", page(items()[1:], "https://a"))
    assert azure.fingerprint(one) == azure.fingerprint(two) != azure.fingerprint(other)
