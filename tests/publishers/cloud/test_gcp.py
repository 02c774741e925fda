"""GCP: machines are composed from their SKUs; what is sold by another scheme looks like them and is left out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from brytpunkt.errors import InputError
from brytpunkt.publishers._shared.protocol import Batch
from brytpunkt.publishers.cloud import gcp
from tests.publishers.documents import document, listing, native, rows, source, table, text

Sku = dict[str, Any]


def skus() -> list[Sku]:
    """The lines of the fixture as the service nests them; a first tier is free."""
    header, *lines = (
        [cell.strip() for cell in line.split("|")] for line in native("gcp", "catalog.txt").splitlines()
    )
    return [sku(**dict(zip(header, line, strict=True))) for line in lines]


def sku(description: str, usage: str, unit: str, price: str, regions: str, since: str) -> Sku:
    """One SKU."""
    units, _, nanos = f"{float(price):.9f}".partition(".")
    free = {"startUsageAmount": 0, "unitPrice": {"currencyCode": "USD", "units": "0", "nanos": 0}}
    paid = {"startUsageAmount": 1, "unitPrice": {"currencyCode": "USD", "units": units, "nanos": int(nanos)}}
    return {
        "name": "services/6F81-5844-456A/skus/039F-D0DA-4055",
        "skuId": "039F-D0DA-4055",
        "description": description,
        "category": {"resourceFamily": "Compute", "resourceGroup": "GPU", "usageType": usage},
        "serviceRegions": regions.split(","),
        "pricingInfo": [
            {
                "summary": "",
                "pricingExpression": {"usageUnit": unit, "displayQuantity": 1, "tieredRates": [free, paid]},
                "currencyConversionRate": 1,
                "effectiveTime": f"{since}T10:52:50.681Z",
            }
        ],
        "geoTaxonomy": {"type": "REGIONAL", "regions": regions.split(",")},
    }


def parsed(folder: Path, *pages: list[Sku]) -> list[Batch]:
    """Batches of some pages."""
    documents = [
        document(folder, f"page-{n:04d}.json", {"skus": page, "nextPageToken": ""})
        for n, page in enumerate(pages, 1)
    ]
    return list(gcp.parse(listing(*documents)))


def test_machines_are_composed_over_pages(tmp_path: Path) -> None:
    found = skus()
    offers = rows(parsed(tmp_path, found[:7], found[7:]), "gpu_offers")
    wanted = ("a3-highgpu-8g", "a4-highgpu-8g", "a2-highgpu-1g")
    # 208 x 0.03 + 1,872 x 0.004 + 8 x 9.8 + 6,000 x 0.0876 / 730 = 92.848; spot alike
    # committed: 208 x 0.02 + 1,872 x 0.003 + 8 x 6.5 + 6,000 x 0.073 / 730 = 62.376
    assert text(
        offers.filter(pl.col("sku").is_in(wanted)),
        *(
            "sku",
            "region",
            "country",
            "gpu_model",
            "gpu_count",
            "term",
            "price_native_per_instance_hour",
            "valid_from",
        ),
    ) == table("""
        a3-highgpu-8g | europe-north1 | FI | H100-SXM-80GB  | 8 | on_demand | 92.848   | 2026-09-01
        a3-highgpu-8g | europe-north1 | FI | H100-SXM-80GB  | 8 | spot      | 21.912   | 2026-09-01
        a3-highgpu-8g | europe-north1 | FI | H100-SXM-80GB  | 8 | reserved_1y | 62.376 | 2026-10-01
        a4-highgpu-8g | europe-north1 | FI | B200-SXM-180GB | 8 | reserved_3y | 56.8   | 2026-10-01
        a4-highgpu-8g | europe-north1 | FI | B200-SXM-180GB | 8 | on_demand | 128.88   | 2026-06-01
        a4-highgpu-8g | europe-north1 | FI | B200-SXM-180GB | 8 | spot      | 39.6     | 2026-06-01
        a2-highgpu-1g | us-central1   | US | A100-SXM-40GB  | 1 | on_demand | 3.673385 | 2026-06-01
    """)
    assert set(offers["confidence"]) == {"derived"}


def test_a_commitment_is_told_by_its_description_and_its_usage_type(tmp_path: Path) -> None:
    batches = parsed(tmp_path, skus())
    reasons = dict(rows(batches, "source_remarks").select("name", "reason").iter_rows())
    misfiled = "Commitment v1: Nvidia Tesla A100 GPU running in Americas for 1 Year"
    assert reasons[misfiled] == "its usage type says OnDemand"
    assert reasons["a3-megagpu-8g europe-north1 on_demand"].startswith("there is a GPU price, but none for")
    committed = rows(batches, "gpu_offers").filter(pl.col("term").str.starts_with("reserved"))
    assert set(committed["sku"]) == {
        *(f"a3-highgpu-{n}g" for n in (1, 2, 4, 8)),
        "a4-highgpu-8g",
    }
    assert all("committed to by resource" in note for note in committed["note"])


def test_an_odd_commitment_costs_nothing_but_itself(tmp_path: Path) -> None:
    local = sku(
        "Commitment v1: Local SSD In Finland For 3 Years",
        "Commit3Yr",
        "mo",
        "9",
        "europe-north1",
        "2026-11-01",
    )
    batches = parsed(tmp_path, [*skus(), local])
    reasons = dict(rows(batches, "source_remarks").select("name", "reason").iter_rows())
    assert "the unit is mo, where GiBy.mo was known" in reasons[local["description"]]
    assert rows(batches, "gpu_offers").equals(rows(parsed(tmp_path, skus()), "gpu_offers"))


def test_a_machine_with_a_missing_part_is_remarked_and_left_out(tmp_path: Path) -> None:
    batches = parsed(tmp_path, skus())
    names = set(rows(batches, "source_remarks")["name"])
    # The other spelling of the Mega GPU is known, its cores and memory are not listed.
    assert "a3-megagpu-8g europe-north1 on_demand" in names
    assert "a2-ultragpu-8g us-east4 on_demand" in names
    assert rows(batches, "gpu_offers").filter(sku="a3-megagpu-8g").is_empty()


def test_two_prices_of_one_part_and_day_are_a_remark(tmp_path: Path) -> None:
    twice = sku("A3 Instance Core running in Finland", "OnDemand", "h", "0.99", "europe-north1", "2026-09-01")
    batches = parsed(tmp_path, [*skus(), twice])
    assert "A3 Instance Core, europe-north1" in set(rows(batches, "source_remarks")["name"])
    assert rows(batches, "gpu_offers").filter(sku="a3-highgpu-8g", term="on_demand").is_empty()


def test_a_newer_price_of_a_part_supersedes(tmp_path: Path) -> None:
    newer = sku(
        "Nvidia H100 80GB GPU running in Finland", "OnDemand", "h", "8.8", "europe-north1", "2026-11-01"
    )
    offers = rows(parsed(tmp_path, [*skus(), newer]), "gpu_offers")
    [price] = offers.filter(sku="a3-highgpu-8g", term="on_demand")["price_native_per_instance_hour"]
    assert float(price) == pytest.approx(84.848)


def edited(old: str, new: str) -> list[Sku]:
    """The SKUs with a text replaced everywhere."""
    before = json.dumps(skus())
    assert old in before
    changed: list[Sku] = json.loads(before.replace(old, new))
    return changed


@pytest.mark.parametrize(
    ("found", "message"),
    [
        (edited('"currencyCode": "USD"', '"currencyCode": "IDR"'), "the currency is IDR, not USD"),
        (edited('"usageUnit": "h"', '"usageUnit": "mo"'), r"skus\[0\]: the unit is mo, where h was known"),
        (edited('"effectiveTime"', '"EffectiveTime"'), "the field effectiveTime is missing"),
        (edited('"tieredRates"', '"rates"'), "the field tieredRates is missing"),
        (edited('"serviceRegions"', '"regions"'), "the field serviceRegions is missing"),
        (edited('"units": "9"', '"units": 9'), "units: 9 is not a text"),
        ([], "none of the parts of a GPU machine"),
    ],
)
def test_a_changed_catalog_is_refused_where_it_differs(
    tmp_path: Path, found: list[Sku], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        parsed(tmp_path, found)


def test_the_walk_carries_the_token_and_never_the_key(tmp_path: Path) -> None:
    declared = source("gcp")
    [first] = gcp.start(declared, None)
    assert first.credential == "api_key"
    assert first.url.endswith("&key={credential}")
    page = document(tmp_path, first.name, {"skus": [], "nextPageToken": "a/b="})
    [second] = gcp.following(declared, page)
    assert "&pageToken=a/b%3D&" in second.url
    assert gcp.following(declared, document(tmp_path, second.name, {"skus": [], "nextPageToken": ""})) == []


def test_a_page_is_the_same_whatever_its_token(tmp_path: Path) -> None:
    one, two = (document(tmp_path, "p", {"skus": skus(), "nextPageToken": token}) for token in ("a", "b"))
    assert gcp.fingerprint(one) == gcp.fingerprint(two)
