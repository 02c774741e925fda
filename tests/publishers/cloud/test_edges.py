"""Edges of price documents: another market, a price to come, a name that is new, an answer that is empty."""

from __future__ import annotations

import csv
import json
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from brytpunkt.errors import InputError
from brytpunkt.publishers._shared.protocol import Batch, Listing
from brytpunkt.publishers.cloud import aws, azure, gcp, genai_prices, gpuhunt, oci
from tests.publishers.cloud import test_aws, test_azure, test_gcp, test_neoclouds
from tests.publishers.documents import document, listing, native, rows, table, text

PRICED = ("sku", "term", "price_native_per_instance_hour", "valid_from")
OFFER = test_aws.OFFER


def parsed(module: Any, folder: Path, name: str, body: Any) -> tuple[list[Batch], Listing]:
    """Batches of one document, and the listing with its account."""
    listed = listing(document(folder, name, body))
    return list(module.parse(listed)), listed


def doubtful(batches: list[Batch], *columns: str) -> set[tuple[object, ...]]:
    """Keys whose last good version stays."""
    frames = [batch.doubtful for batch in batches if batch.doubtful is not None]
    return {row for frame in frames for row in frame.select(columns or frame.columns).rows()}


def ec2(changes: list[dict[str, str]], *, as_json: bool) -> tuple[str, Any]:
    """An offer file of p5.48xlarge lines, each the fixture's first one but for some columns; and its name."""
    head, lines = native("aws", OFFER).splitlines()[:5], native("aws", OFFER).splitlines()[5:7]
    [first] = csv.DictReader(lines)
    listed = [first | {"SKU": f"S{number}"} | change for number, change in enumerate(changes)]
    body = "\n".join([*head, ",".join(f'"{name}"' for name in first)])
    body += "".join("\n" + ",".join(f'"{value}"' for value in line.values()) for line in listed)
    return ("ec2.eu-north-1.json", test_aws.as_json(body)) if as_json else (OFFER, body)


FORMATS = pytest.mark.parametrize("as_json", [False, True], ids=["CSV", "JSON"])


@FORMATS
@pytest.mark.parametrize("since", ["2026-11-01", "2026-11-19"], ids=["same day", "newer"])
def test_a_capacity_block_is_not_on_demand(tmp_path: Path, since: str, as_json: bool) -> None:
    block = {"MarketOption": "CapacityBlock", "PricePerUnit": "27.25", "EffectiveDate": since}
    batches, listed = parsed(aws, tmp_path, *ec2([{"PricePerUnit": "61.5"}, block], as_json=as_json))
    assert text(rows(batches, "gpu_offers"), *PRICED) == "p5.48xlarge | on_demand | 61.5 | 2026-11-01"
    [account] = listed.accounts
    assert account.left_out == {"sold in Capacity Blocks": 1}
    assert not doubtful(batches)


@FORMATS
@pytest.mark.parametrize(
    ("column", "said"),
    [
        ("MarketOption", ""),
        ("MarketOption", "Auction"),
        ("Tenancy", ""),
        ("CapacityStatus", ""),
        ("Operating System", ""),
    ],
)
def test_what_is_not_stated_of_a_machine_is_remarked_and_its_last_price_stays(
    tmp_path: Path,
    column: str,
    said: str,
    as_json: bool,
) -> None:
    other = {"Instance Type": "p5en.48xlarge"}
    batches, _ = parsed(aws, tmp_path, *ec2([{column: said}, other], as_json=as_json))
    assert rows(batches, "gpu_offers")["sku"].to_list() == ["p5en.48xlarge"]
    assert rows(batches, "source_remarks")["name"].to_list() == ["p5.48xlarge"]
    assert ("aws", "eu-north-1", "p5.48xlarge") in doubtful(batches, "provider", "region", "sku")


@FORMATS
def test_a_price_of_next_year_waits_for_its_day(tmp_path: Path, as_json: bool) -> None:
    later = {"PricePerUnit": "71.25", "EffectiveDate": "2027-02-01"}
    batches, _ = parsed(aws, tmp_path, *ec2([{"PricePerUnit": "61.5"}, later], as_json=as_json))
    assert text(rows(batches, "gpu_offers"), *PRICED) == "p5.48xlarge | on_demand | 61.5 | 2026-11-01"
    announced = rows(batches, "announced_prices")
    assert (
        text(announced, *PRICED, "valid_to") == "p5.48xlarge | on_demand | 71.25 | 2027-02-01 |"[:-2] + " | "
    )


@FORMATS
def test_the_map_knows_the_gpus_that_a_file_forgets(tmp_path: Path, as_json: bool) -> None:
    forgotten = [{"GPU": ""}, {"GPU": "", "Instance Type": "m7i.large"}]
    batches, listed = parsed(aws, tmp_path, *ec2(forgotten, as_json=as_json))
    assert rows(batches, "gpu_offers").select("sku", "gpu_count").rows() == [("p5.48xlarge", 8)]
    assert next(iter(listed.accounts)).left_out == {"no GPU": 1}


def azure_items(*changes: dict[str, Any]) -> dict[str, Any]:
    """A page of items of one size, each with some changes."""
    plain = test_azure.ORDINARY | {
        "armSkuName": "Standard_ND96isr_H200_v5",
        "retailPrice": 104.5,
        "unitPrice": 104.5,
    }
    return test_azure.page([plain | change for change in changes])


def test_the_primary_meter_holds(tmp_path: Path) -> None:
    second = {"isPrimaryMeterRegion": False, "retailPrice": 81.25}
    for page in (azure_items({}, second), azure_items(second | {"effectiveStartDate": "2026-08-01"}, {})):
        batches, _ = parsed(azure, tmp_path, "page-0001.json", page)
        assert (
            text(rows(batches, "gpu_offers"), "sku", "price_native_per_instance_hour")
            == "ND96isr_H200_v5 | 104.5"
        )
        assert rows(batches, "source_remarks").is_empty()
    alone, _ = parsed(azure, tmp_path, "page-0001.json", azure_items(second))
    assert rows(alone, "gpu_offers").is_empty()
    assert doubtful(alone) == {("azure", "swedencentral", "ND96isr_H200_v5", "on_demand")}


def test_a_savings_plan_that_is_null_costs_itself(tmp_path: Path) -> None:
    page = azure_items({"savingsPlan": None}, {"armSkuName": "Standard_NC24ads_A100_v4", "retailPrice": 4.25})
    batches, _ = parsed(azure, tmp_path, "page-0001.json", page)
    assert set(rows(batches, "gpu_offers")["sku"]) == {"ND96isr_H200_v5", "NC24ads_A100_v4"}
    assert rows(batches, "source_remarks")["reason"].to_list() == ["savingsPlan is null, not a list of plans"]
    assert {row[-1] for row in doubtful(batches)} == {"savings_1y", "savings_3y"}


def test_one_odd_item_of_many_costs_itself_and_many_odd_ones_the_page(tmp_path: Path) -> None:
    good = [{"armSkuName": f"Standard_NC{size}ads_A100_v4", "retailPrice": 4.5} for size in (24, 48, 96)]
    odd = {"retailPrice": "n/a", "armSkuName": "Standard_NC40ads_H100_v5"}
    page = azure_items({}, *good, {"armSkuName": "Standard_ND96isr_H100_v5"}, odd)
    batches, listed = parsed(azure, tmp_path, "page-0001.json", page)
    assert rows(batches, "gpu_offers").height == 5
    assert next(iter(listed.accounts)).refused == {"Items[5]": "retailPrice: 'n/a' is not a number"}
    with pytest.raises(InputError, match=r"Items\[1\]: retailPrice: 'n/a' is not a number"):
        parsed(azure, tmp_path, "page-0001.json", azure_items({}, odd))


def test_a_region_without_gpus_is_an_answer(tmp_path: Path) -> None:
    page = azure_items({"armSkuName": "Standard_E8s_v6", "retailPrice": 0.5})
    batches, listed = parsed(azure, tmp_path, "page-0001.json", page)
    assert [(batch.table, batch.frame.height) for batch in batches] == [("gpu_offers", 0)]
    assert next(iter(listed.accounts)).left_out == {"no GPU": 1}


@pytest.mark.parametrize(
    ("end", "in_force", "announced"),
    [("2026-12-31T00:00:00Z", 1, [date(2026, 12, 31)]), ("2026-11-20T00:00:00Z", 0, []), (None, 1, [])],
)
def test_a_price_holds_until_its_end(
    tmp_path: Path, end: str | None, in_force: int, announced: list[date]
) -> None:
    other = {"armSkuName": "Standard_NC24ads_A100_v4", "retailPrice": 4.25}
    batches, _ = parsed(azure, tmp_path, "page-0001.json", azure_items({"effectiveEndDate": end}, other))
    assert rows(batches, "gpu_offers").filter(sku="ND96isr_H200_v5").height == in_force
    assert rows(batches, "announced_prices")["valid_to"].to_list() == announced


def test_a_gpu_of_a_new_name_is_remarked_and_no_machine_of_the_region_is_gone(tmp_path: Path) -> None:
    whole = json.dumps({"skus": test_gcp.skus(), "nextPageToken": ""})
    renamed = whole.replace(
        "Nvidia H100 80GB GPU running in Finland", "Nvidia H100 SXM5 GPU running in Finland"
    )
    batches, _ = parsed(gcp, tmp_path, "page-0001.json", renamed)
    remarks = dict(rows(batches, "source_remarks").select("name", "reason").iter_rows())
    assert remarks["Nvidia H100 SXM5 GPU"] == "a GPU that no machine of the map has"
    assert rows(batches, "gpu_offers").filter(pl.col("sku") == "a3-highgpu-8g", term="on_demand").is_empty()
    assert ("gcp", "europe-north1", "a3-highgpu-8g", "on_demand") in doubtful(batches)
    assert ("gcp", "us-central1", "a2-highgpu-1g", "on_demand") not in doubtful(batches)


def banded(constraint: dict[str, str], night: float = 0.25) -> list[dict[str, Any]]:
    """A model with a price, and another under a constraint."""
    prices = [
        {"prices": {"input_mtok": 0.75, "output_mtok": 3.5}},
        {"constraint": constraint, "prices": {"input_mtok": night, "output_mtok": 1.5}},
    ]
    models = [{"id": "reasoner", "match": {}, "prices": prices}]
    models += [
        {"id": f"other-{n}", "match": {}, "prices": {"input_mtok": 1, "output_mtok": 2}} for n in range(6)
    ]
    return [{"id": "somebody", "name": "Somebody", "models": models}]


@pytest.mark.parametrize(
    ("constraint", "price"),
    [
        ({"start_time": "22:00:00Z", "end_time": "06:00:00Z"}, "0.75"),
        ({"start_time": "05:00:00Z", "end_time": "23:30:00Z"}, "0.25"),
        ({"start_time": "05:00:00+02:00", "end_time": "20:00:00+02:00"}, "0.25"),
    ],
)
def test_the_price_of_most_hours_is_the_price(tmp_path: Path, constraint: dict[str, str], price: str) -> None:
    batches, _ = parsed(genai_prices, tmp_path, "data.json", banded(constraint))
    found = rows(batches, "token_prices").filter(model="reasoner")
    assert text(found, "price_native_per_million_input") == price
    assert "of 24 hours" in found["note"].item()


@pytest.mark.parametrize(
    ("constraint", "reason"),
    [
        ({"start_time": "00:00:00Z", "end_time": "12:00:00Z"}, "no price holds for most hours of the day"),
        ({"region": "EU"}, "the field constraint.region of a price is not known"),
        ({"start_time": "00:00:00", "end_time": "08:00:00"}, "'00:00:00' has no time zone"),
    ],
)
def test_a_condition_that_is_not_known_is_remarked(
    tmp_path: Path, constraint: dict[str, str], reason: str
) -> None:
    batches, _ = parsed(genai_prices, tmp_path, "data.json", banded(constraint))
    assert rows(batches, "token_prices").filter(model="reasoner").is_empty()
    assert rows(batches, "source_remarks")["reason"].to_list() == [reason]
    assert ("somebody", "reasoner") in doubtful(batches, "provider", "model")


def catalog(provider: str, *lines: str) -> bytes:
    """A gpuhunt catalog of some lines: name, location, price, count, GPU, memory."""
    head = "instance_name,location,price,gpu_count,gpu_name,gpu_memory,spot,flags"
    return test_neoclouds.zipped(f"{provider}.csv", "\n".join([head, *lines]))


@pytest.mark.parametrize(
    ("provider", "line", "expected"),
    [
        ("gcp", "a3-megagpu-8g,europe-north1-b,91.5,8,H100,80.0,False,", "gcp | europe-north1 | FI | a3-megagpu-8g | H100-SXM-80GB"),
        ("oci", "BM.GPU.H200.8,eu-stockholm-1,80.0,8,H200,141.0,False,", "oci | eu-stockholm-1 | SE | B110519 | H200-SXM-141GB"),
        ("nebius", "gpu-h100-sxm 8gpu-128vcpu-1600gb,eu-north1,30.8,8,H100,80.0,False,",
         "nebius | eu-north1 | FI | gpu-h100-sxm_8gpu-128vcpu-1600gb | H100-SXM-80GB"),
        ("datacrunch", "1H100.80S.30V,FIN-01,2.5,1,H100,80.0,False,", "verda | FIN-01 |  | 1H100.80S.30V | H100-SXM-80GB"),
        ("runpod", "NVIDIA H100 PCIe,SE-STO-1,2.1,1,H100,80.0,False,", "runpod | SE-STO-1 |  | secure-h100-pcie-80gb | H100-PCIE-80GB"),
        ("azure", "Standard_ND96isr_H100_v5,swedencentral,99.5,8,H100,80.0,False,",
         "azure | swedencentral | SE | ND96isr_H100_v5 | H100-SXM-80GB"),
        ("lambdalabs", "gpu_8x_h100_sxm5,us-east-1,30.1,8,H100,80.0,False,", "lambda | us-east-1 |  | gpu_8x_h100_sxm5 | H100-SXM-80GB"),
    ],
)  # fmt: skip
def test_a_second_opinion_is_named_as_the_provider_names_it(
    tmp_path: Path, provider: str, line: str, expected: str
) -> None:
    batches, _ = parsed(gpuhunt, tmp_path, "catalog.zip", catalog(provider, line))
    columns = ("provider", "region", "country", "sku", "gpu_model")
    assert text(rows(batches, "market_prices"), *columns) == expected


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("z9.metal,eu-north-1,9.5,1,A100,80.0,False,", "A100 80 may be several products"),
        ("z9.metal,eu-north-1,9.5,1,B900,512.0,False,", "the map of GPU names does not know it"),
        ("p5.48xlarge,eu-north-1,50.5,4,H100,80.0,False,", "the document states 4 GPUs, the map 8"),
        (
            "p5.48xlarge,eu-north-1,50.5,8,H200,141.0,False,",
            "the document states H200, the map H100-SXM-80GB",
        ),
        ("p5.48xlarge,eu-north-1,50.5,8,H100,80.0,False,half-price", "the flag 'half-price' is not known"),
    ],
)
def test_a_second_opinion_that_is_not_understood_is_remarked(tmp_path: Path, line: str, reason: str) -> None:
    batches, _ = parsed(gpuhunt, tmp_path, "catalog.zip", catalog("aws", line))
    assert rows(batches, "market_prices").is_empty()
    assert rows(batches, "source_remarks")["reason"][0].startswith(reason)


def test_the_newest_parts_of_oracle_are_known_and_a_part_that_was_given_anew_is_remarked(
    tmp_path: Path,
) -> None:
    product, price = test_neoclouds.gpu_product, test_neoclouds.payg
    named = [
        ("B110519", "H200", 9.5),
        ("B109485", "MI300X", 5.5),
        ("B109479", "L40S", 3.25),
        ("B112140", "GB300", 17),
    ]
    items = [product(part, f"OCI - Compute - GPU - {name}", price(one)) for part, name, one in named]
    items.append(product("B98415", "OCI - Compute - GPU - B300", price(12)))
    batches, _ = parsed(oci, tmp_path, "products.json", {"items": items})
    assert text(
        rows(batches, "gpu_offers"), "sku", "gpu_model", "gpu_count", "price_native_per_instance_hour"
    ) == table("""
        B109479 | L40S-48GB       | 4 | 13
        B109485 | MI300X-192GB    | 8 | 44
        B110519 | H200-SXM-141GB  | 8 | 76
        B112140 | GB300-NVL-288GB | 4 | 68
    """)
    [reason] = rows(batches, "source_remarks")["reason"]
    assert reason == "'OCI - Compute - GPU - B300' does not name the H100 of the map"


def test_every_row_of_a_fixture_is_accounted_for(tmp_path: Path) -> None:
    bodies: list[tuple[Any, str, Any, int]] = [
        (azure, "page-0001.json", test_azure.page(test_azure.items()), 25),
        (gcp, "page-0001.json", {"skus": test_gcp.skus(), "nextPageToken": ""}, 27),
        (aws, OFFER, native("aws", OFFER), 22),
    ]
    for module, name, body, total in bodies:
        _, listed = parsed(module, tmp_path, name, body)
        [account] = listed.accounts
        parts = [account.taken, sum(account.left_out.values()), len(account.remarked), len(account.refused)]
        assert account.unaccounted == []
        assert account.rows == sum(parts) == total
        assert all(parts[:3])


def test_a_new_field_is_remarked_and_costs_nothing(tmp_path: Path) -> None:
    page = test_azure.page([item | {"tenancy": "Dedicated"} for item in test_azure.items()])
    batches, listed = parsed(azure, tmp_path, "page-0001.json", page)
    plain, _ = parsed(azure, tmp_path, "page-0001.json", test_azure.page(test_azure.items()))
    assert rows(batches, "gpu_offers").rows() == rows(plain, "gpu_offers").rows()
    assert next(iter(listed.accounts)).unknown_fields == ("tenancy",)
    assert ("field", "tenancy") in rows(batches, "source_remarks").select("kind", "name").rows()
