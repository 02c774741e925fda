"""Smaller clouds and second opinions: each answer becomes offers or market prices, each trap stands beside its row."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from brytpunkt.errors import InputError
from brytpunkt.publishers._shared.protocol import Batch
from brytpunkt.publishers.cloud import gpuhunt, lambdalabs, oci, ovhcloud, runpod, vast, verda
from tests.publishers.documents import document, listing, rows, source, table, text

PRICED = (
    "sku",
    "region",
    "country",
    "gpu_model",
    "gpu_count",
    "term",
    "price_native_per_instance_hour",
    "native_currency",
)


def gpu_product(
    part: str, name: str, prices: list[dict[str, Any]], metric: str = "GPU Per Hour"
) -> dict[str, Any]:
    """A product of Oracle's list."""
    return {
        "partNumber": part,
        "displayName": name,
        "metricName": metric,
        "serviceCategory": "Compute - GPU",
        "currencyCodeLocalizations": [{"currencyCode": "USD", "prices": prices}],
    }


def payg(value: float) -> list[dict[str, Any]]:
    """A pay-as-you-go price."""
    return [{"model": "PAY_AS_YOU_GO", "value": value}]


def test_oci_prices_a_gpu_and_rents_out_a_server(tmp_path: Path) -> None:
    items = [
        gpu_product("B98415", "Oracle Cloud Infrastructure - Compute - GPU - H100", payg(10)),
        gpu_product("B95907", "Compute - GPU - A100 - v2", payg(4.05)),
        gpu_product("B89734", "Compute - GPU Standard - V2", payg(2.95)),
        gpu_product("B99999", "Compute - GPU - R200", payg(12)),
        gpu_product("B92740", "Compute - GPU - E3", payg(3.05) + payg(2.0)),
        gpu_product("B12345", "Compute - Standard", payg(0.06), metric="OCPU Per Hour"),
    ]
    batches = list(oci.parse(listing(document(tmp_path, "products.json", {"items": items}))))
    assert text(rows(batches, "gpu_offers"), *PRICED, "valid_from") == table("""
        B98415 |  |  | H100-SXM-80GB | 8 | on_demand | 80   | USD |
        B95907 |  |  | A100-SXM-80GB | 8 | on_demand | 32.4 | USD |
    """)
    assert text(rows(batches, "source_remarks"), "kind", "name") == table("""
        instance | B99999
        price    | B92740
    """)


def lambda_type(name: str, cents: Any, gpus: int) -> dict[str, Any]:
    """An instance type of Lambda."""
    return {
        "instance_type": {
            "name": name,
            "description": "a type",
            "price_cents_per_hour": cents,
            "specs": {"vcpus": 208, "memory_gib": 1800, "storage_gib": 24780, "gpus": gpus},
        },
        "regions_with_capacity_available": [{"name": "us-east-1", "description": "Virginia, USA"}],
    }


def test_lambda_counts_cents_per_instance(tmp_path: Path) -> None:
    entries = [
        lambda_type("gpu_8x_h100_sxm5", 3592, 8),
        lambda_type("gpu_1x_a10", 75, 1),
        lambda_type("gpu_4x_h100_sxm5", 1796, 2),
        lambda_type("gpu_1x_b400", 999, 1),
        lambda_type("cpu_4x_general", 20, 0),
    ]
    data = {entry["instance_type"]["name"]: entry for entry in entries}
    batches = list(lambdalabs.parse(listing(document(tmp_path, "instance-types.json", {"data": data}))))
    assert text(rows(batches, "gpu_offers"), *PRICED) == table("""
        gpu_8x_h100_sxm5 |  |  | H100-SXM-80GB | 8 | on_demand | 35.92 | USD
    """)
    assert text(rows(batches, "source_remarks"), "name", "reason") == table("""
        gpu_1x_b400      | the map of instances does not know it
        gpu_4x_h100_sxm5 | the document states 2 GPUs, the map 4
    """)


def test_runpod_secure_is_offered_and_community_is_a_signal(tmp_path: Path) -> None:
    types = [
        {
            "id": "NVIDIA H100 80GB HBM3",
            "displayName": "H100 SXM",
            "memoryInGb": 80,
            "securePrice": 2.99,
            "secureSpotPrice": 1.75,
            "communityPrice": 2.69,
            "communitySpotPrice": None,
        },
        {
            "id": "NVIDIA B200",
            "displayName": "B200",
            "memoryInGb": 180,
            "securePrice": 5.98,
            "secureSpotPrice": 5.98,
            "communityPrice": 0,
            "communitySpotPrice": None,
        },
        {
            "id": "NVIDIA GeForce RTX 4090",
            "displayName": "RTX 4090",
            "memoryInGb": 24,
            "securePrice": 0.69,
            "secureSpotPrice": None,
            "communityPrice": 0.34,
            "communitySpotPrice": None,
        },
    ]
    body = {"data": {"gpuTypes": types}}
    batches = list(runpod.parse(listing(document(tmp_path, "gpu-types.json", body))))
    assert text(rows(batches, "gpu_offers"), *PRICED) == table("""
        secure-h100-sxm-80gb  |  |  | H100-SXM-80GB  | 1 | on_demand | 2.99 | USD
        secure-h100-sxm-80gb  |  |  | H100-SXM-80GB  | 1 | spot      | 1.75 | USD
        secure-b200-sxm-180gb |  |  | B200-SXM-180GB | 1 | on_demand | 5.98 | USD
    """)
    assert text(rows(batches, "market_prices"), "publisher", *PRICED) == table("""
        runpod | community-h100-sxm-80gb |  |  | H100-SXM-80GB | 1 | on_demand | 2.69 | USD
    """)
    assert rows(batches, "source_remarks").is_empty()


def verda_type(name: str, gpu: str, count: int, price: str | None, spot: str | None) -> dict[str, Any]:
    """An instance type of Verda."""
    return {
        "instance_type": name,
        "currency": "usd",
        "gpu": {"description": f"{count}x {gpu}" if count else "", "number_of_gpus": count},
        "price_per_hour": price,
        "spot_price": spot,
        "model": gpu.split(" ", maxsplit=1)[0] if gpu else "CPU Node",
    }


LOCATIONS = [
    {"code": "FIN-01", "name": "Finland 1", "country_code": "FI"},
    {"code": "ICE-01", "name": "Iceland 1", "country_code": "IS"},
]


def verda_listing(folder: Path, types: list[dict[str, Any]]) -> list[Batch]:
    """Batches of types in two locations."""
    documents = [
        document(folder, "instance-types.json", types),
        document(folder, "locations.json", LOCATIONS),
    ]
    return list(verda.parse(listing(*documents)))


def test_verda_prices_are_texts_and_hold_in_every_location(tmp_path: Path) -> None:
    types = [
        verda_type("1H100.80S.30V", "H100 SXM5 80GB", 1, "3.95", "1.70"),
        verda_type("8B200.240V", "B200 SXM6 180GB", 8, None, None),
        verda_type("2A6000.20V", "RTX A6000 48GB", 2, "1.98", "0.70"),
        verda_type("1X900.30V", "X900 SXM9 999GB", 1, "9.00", ""),
        verda_type("CPU.120V.480G", "", 0, "3.00", "1.50"),
    ]
    batches = verda_listing(tmp_path, types)
    assert text(rows(batches, "gpu_offers"), *PRICED) == table("""
        1H100.80S.30V | FIN-01 | FI | H100-SXM-80GB | 1 | on_demand | 3.95 | USD
        1H100.80S.30V | FIN-01 | FI | H100-SXM-80GB | 1 | spot      | 1.7  | USD
        1H100.80S.30V | ICE-01 | IS | H100-SXM-80GB | 1 | on_demand | 3.95 | USD
        1H100.80S.30V | ICE-01 | IS | H100-SXM-80GB | 1 | spot      | 1.7  | USD
    """)
    assert rows(batches, "source_remarks")["name"].to_list() == ["X900 SXM9 999GB"]


def ovh_plan(code: str, price: Any, gpu: dict[str, Any] | None) -> dict[str, Any]:
    """A plan of OVHcloud's catalog."""
    return {
        "planCode": code,
        "invoiceName": code.split(".", maxsplit=1)[0],
        "product": "publiccloud-instance",
        "pricings": [{"price": price, "interval": 1, "intervalUnit": "hour", "capacities": ["consumption"]}],
        "blobs": {"technical": {"gpu": gpu, "os": {"family": "linux"}} if gpu else {"cpu": {"cores": 4}}},
    }


def ovh_listing(folder: Path, addons: list[dict[str, Any]]) -> list[Batch]:
    """Batches of some addons."""
    whole = {"locale": {"currencyCode": "EUR", "subsidiary": "IE"}, "plans": [], "addons": addons}
    return list(ovhcloud.parse(listing(document(folder, "catalog.json", whole))))


def test_ovh_prices_are_hundred_millionths(tmp_path: Path) -> None:
    h100 = {"model": "H100", "number": 1, "memory": {"size": 80}}
    batches = ovh_listing(
        tmp_path,
        [
            ovh_plan("h100-380.consumption", 280_000_000, h100),
            ovh_plan("h100-380.monthly.postpaid", 100_000_000_000, h100),
            ovh_plan("win-h100-380.consumption", 300_000_000, h100),
            ovh_plan("d2-8.consumption", 3_500_000, None),
        ],
    )
    assert text(rows(batches, "gpu_offers"), *PRICED) == table("""
        h100-380 |  |  | H100-PCIE-80GB | 1 | on_demand | 2.8 | EUR
    """)


@pytest.mark.parametrize(
    ("price", "message"),
    [
        (2_800_000, "has the scale changed"),
        (28_000_000_000, "has the scale changed"),
        (2.8, "is not a whole number"),
    ],
)
def test_ovh_in_another_scale_is_refused(tmp_path: Path, price: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        ovh_listing(tmp_path, [ovh_plan("h100-380.consumption", price, {"model": "H100", "number": 1})])


def test_vast_is_a_signal_and_never_an_offer(tmp_path: Path) -> None:
    prices = [
        ("H100 SXM", 1, 2.0),
        ("H100 SXM", 8, 16.8),
        ("H100 SXM", 2, 5.0),
        ("H200", 1, 3.0),
        ("RTX 4090", 1, 0.4),
    ]
    offers = [{"id": n, "gpu_name": g, "num_gpus": c, "dph_total": p} for n, (g, c, p) in enumerate(prices)]
    batches = list(vast.parse(listing(document(tmp_path, "bundles.json", {"offers": offers}))))
    assert {batch.table for batch in batches} == {"market_prices", "source_remarks"}
    assert text(rows(batches, "market_prices"), *PRICED) == table("""
        market-h100-sxm-80gb |  |  | H100-SXM-80GB | 1 | on_demand | 2.1 | USD
    """)
    assert "only 1 offers" in rows(batches, "source_remarks")["reason"].to_list()


CATALOG = """\
instance_name,location,price,cpu,memory,gpu_count,gpu_name,gpu_memory,spot,disk_size,gpu_vendor,flags
p5.48xlarge,eu-north-1,58.8928,192,2048.0,8,H100,80.0,False,,nvidia,
p5.48xlarge,eu-north-1,28.3188,192,2048.0,8,H100,80.0,True,,nvidia,
p5e.48xlarge,eu-north-1,0.0,192,2048.0,8,H200,141.0,False,,nvidia,
m5.large,eu-north-1,0.096,2,8.0,0,,,False,,,
x9.large,eu-north-1,1.0,2,8.0,1,H100,80.0,False,,nvidia,
x9.xlarge,eu-north-1,9.0,2,8.0,1,R200,288.0,False,,nvidia,
"""


def zipped(name: str, body: str) -> bytes:
    """A zip with one file."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, body)
    return buffer.getvalue()


def test_gpuhunt_is_a_second_opinion(tmp_path: Path) -> None:
    body = zipped("aws.csv", CATALOG)
    batches = list(gpuhunt.parse(listing(document(tmp_path, "catalog.aws.zip", body))))
    assert text(rows(batches, "market_prices"), "publisher", "provider", *PRICED) == table("""
        gpuhunt | aws | p5.48xlarge | eu-north-1 | SE | H100-SXM-80GB | 8 | on_demand | 58.8928 | USD
        gpuhunt | aws | p5.48xlarge | eu-north-1 | SE | H100-SXM-80GB | 8 | spot      | 28.3188 | USD
    """)
    assert text(rows(batches, "source_remarks"), "kind", "name") == table("""
        gpu      | R200 288
        instance | aws x9.large
    """)


def test_gpuhunt_walks_from_its_version(tmp_path: Path) -> None:
    declared = source("gpuhunt-aws")
    request = gpuhunt.probe(declared)
    assert request is not None
    assert request.url.endswith("/v3/aws/version")
    pointer = document(tmp_path, request.name, "20260818-42\n")
    assert gpuhunt.version(pointer) == "20260818-42"
    [catalog] = gpuhunt.start(declared, pointer)
    assert catalog.url.endswith("/v3/aws/20260818-42/catalog.zip")
    with pytest.raises(InputError, match="is not a version"):
        gpuhunt.version(document(tmp_path, request.name, "<html>moved</html>"))


def test_an_archive_that_unfolds_is_not_unfolded(tmp_path: Path) -> None:
    bomb = zipped("aws.csv", "0" * 50_000_000)
    with pytest.raises(InputError, match="unfolds into 50,000,000 bytes"):
        list(gpuhunt.parse(listing(document(tmp_path, "catalog.aws.zip", bomb))))


MODULES: list[tuple[Any, str, Any]] = [
    (oci, "products.json", {"items": [gpu_product("B98415", "H100", payg(10))]}),
    (
        lambdalabs,
        "instance-types.json",
        {"data": {"gpu_8x_h100_sxm5": lambda_type("gpu_8x_h100_sxm5", 3592, 8)}},
    ),
    (
        vast,
        "bundles.json",
        {"offers": [{"id": 1, "gpu_name": "H100 SXM", "num_gpus": 1, "dph_total": 2.0}] * 3},
    ),
    (
        ovhcloud,
        "catalog.json",
        {
            "locale": {"currencyCode": "EUR"},
            "plans": [],
            "addons": [ovh_plan("h100-380.consumption", 280_000_000, {"model": "H100", "number": 1})],
        },
    ),
    (
        runpod,
        "gpu-types.json",
        {"data": {"gpuTypes": [{"id": "NVIDIA B200", **dict.fromkeys(runpod.PRICES, 5.98)}]}},
    ),
]


def without(body: Any, name: str) -> Any:
    """The document without a field, wherever it stands."""
    if isinstance(body, dict):
        return {key: without(value, name) for key, value in body.items() if key != name}
    return [without(value, name) for value in body] if isinstance(body, list) else body


NEEDED = {
    "oci": ["items", "metricName", "partNumber", "currencyCodeLocalizations", "prices", "value"],
    "lambdalabs": ["data", "instance_type", "price_cents_per_hour", "specs", "gpus"],
    "vast": ["offers", "gpu_name", "num_gpus", "dph_total"],
    "ovhcloud": ["locale", "addons", "planCode", "pricings", "price", "number"],
    "runpod": ["data", "gpuTypes", "id", "securePrice"],
}


@pytest.mark.parametrize(
    ("publisher", "name", "body", "field"),
    [(*case, field) for case in MODULES for field in NEEDED[case[0].__name__.rsplit(".", 1)[-1]]],
)
def test_a_missing_field_is_named(tmp_path: Path, publisher: Any, name: str, body: Any, field: str) -> None:
    assert list(publisher.parse(listing(document(tmp_path, name, body))))
    with pytest.raises(InputError, match=rf"{name}.*{field}"):
        list(publisher.parse(listing(document(tmp_path, name, without(body, field)))))


@pytest.mark.parametrize(("publisher", "name", "body"), MODULES)
def test_a_web_page_and_half_a_document_are_refused(
    tmp_path: Path, publisher: Any, name: str, body: Any
) -> None:
    for wrong, message in (
        (b"<!doctype html><html>", "is a web page"),
        (json.dumps(body)[:-3], "not whole JSON"),
    ):
        with pytest.raises(InputError, match=message):
            list(publisher.parse(listing(document(tmp_path, name, wrong))))


@pytest.mark.parametrize("name", ["oci", "lambda", "runpod", "verda", "ovhcloud", "vast"])
def test_requests_go_to_the_declared_host_and_carry_no_secret(name: str) -> None:
    modules = {
        "lambda": lambdalabs,
        "oci": oci,
        "runpod": runpod,
        "verda": verda,
        "ovhcloud": ovhcloud,
        "vast": vast,
    }
    declared = source(name)
    for request in modules[name].start(declared, None):
        assert any(f"//{host}/" in request.url for host in declared.hosts)
        secret = "{credential}"
        named = {*declared.credentials, *(["access_token"] if declared.token_url else [])}
        assert (request.credential in named) == (secret in str(request.headers) + request.url)
        assert request.credential is None or request.credential in named


def test_runpod_errors_are_shown(tmp_path: Path) -> None:
    body = {"errors": [{"message": "Cannot query field securePrice"}]}
    with pytest.raises(InputError, match="Cannot query field securePrice"):
        list(runpod.parse(listing(document(tmp_path, "gpu-types.json", body))))
