"""Fixtures of the price and hardware publishers for the corpus: a body, a good row of it, and its table of fields.

Belongs here: one small whole document a format. Does not belong here: what is done to them.
"""

from __future__ import annotations

import copy
import csv
import io
import json
from collections.abc import Callable
from typing import Any

from brytpunkt.publishers.cloud import (
    aws_fields,
    azure,
    gcp,
    genai_prices,
    gpuhunt,
    lambdalabs,
    oci,
    ovhcloud,
    runpod,
    vast,
    verda,
)
from brytpunkt.publishers.hardware import epoch, mlperf
from brytpunkt.publishers.money import ecb
from tests.publishers.cloud import test_aws, test_azure, test_gcp, test_neoclouds
from tests.publishers.corpus import Body, Case
from tests.publishers.documents import native
from tests.publishers.hardware import test_catalogs

OFFER, PLANS = test_aws.OFFER, test_aws.PLANS
BESIDE_PLANS = {"ec2.eu-north-1.json": test_aws.as_json(native("aws", OFFER))}


def as_json(body: Body) -> str:
    """A body as JSON."""
    return json.dumps(body)


def rows_of(text: str) -> list[dict[str, str]]:
    """A CSV as rows by column."""
    return list(csv.DictReader(io.StringIO(text)))


def as_csv(rows: list[dict[str, str]]) -> str:
    """Rows as a CSV."""
    out = io.StringIO()
    writer = csv.DictWriter(out, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def after(head: str) -> Callable[[list[dict[str, str]]], str]:
    """Rendering of rows below some lines about the file."""
    return lambda rows: f"{head}\n{as_csv(rows)}"


def head_of(name: str) -> str:
    """The five lines about an AWS file."""
    return "\n".join(native("aws", name).splitlines()[:5])


def table_of(name: str) -> list[dict[str, str]]:
    """The lines of an AWS file."""
    return rows_of("\n".join(native("aws", name).splitlines()[5:]))


def first_row(body: list[dict[str, str]]) -> dict[str, str]:
    """The first row."""
    return body[0]


def appended(body: list[dict[str, Any]], twin: dict[str, Any]) -> None:
    """A row more."""
    body.append(twin)


def offer_parts(body: Body) -> dict[str, Any]:
    """The on-demand price of the JSON offer file: its product, term and dimension."""
    [term] = body["terms"]["OnDemand"]["AAA"].values()
    [dimension] = term["priceDimensions"].values()
    return {"product": body["products"]["AAA"], "term": term, "dimension": dimension}


def with_offer(body: Body, twin: dict[str, Any]) -> None:
    """Another SKU of the same."""
    term = twin["term"] | {"priceDimensions": {"AA2.J.6": twin["dimension"]}}
    body["products"]["AA2"] = twin["product"]
    body["terms"]["OnDemand"]["AA2"] = {"AA2.J": term}


def plan_parts(body: Body) -> dict[str, Any]:
    """The first plan with the rate that is taken."""
    plan = body["terms"]["savingsPlan"][0]
    return {"plan": plan, "rate": plan["rates"][0]}


def with_plan(body: Body, twin: dict[str, Any]) -> None:
    """Another plan with one rate."""
    body["terms"]["savingsPlan"].append(twin["plan"] | {"rates": [twin["rate"]]})


def azure_page() -> Body:
    """A region with a size whose price has savings plans, and others besides."""
    odd = {"Standard_ND256isr_R200_v7", "Standard_NC40ads_H100_v5", "Standard_NC48ads_A100_v4"}
    found = [item for item in test_azure.items() if item["armSkuName"] not in odd]
    more = [
        test_azure.ORDINARY | {"armSkuName": sku, "retailPrice": price, "unitPrice": price}
        for sku, price in (("Standard_NC24ads_A100_v4", 4.1), ("Standard_ND96isr_MI300X_v5", 48.0))
    ]
    return test_azure.page([*found, *more])


def with_item(body: Body, twin: dict[str, Any]) -> None:
    """Another item of the page."""
    body["Items"].append(twin)
    body["Count"] += 1


def reservation(body: Body) -> dict[str, Any]:
    """The item that is a reservation of one year."""
    return next(item for item in body["Items"] if item.get("reservationTerm") == "1 Year")


def ending(body: Body) -> dict[str, Any]:
    """An item with a stated end."""
    found: dict[str, Any] = next(
        item for item in body["Items"] if item["armSkuName"] == "Standard_ND96isr_MI300X_v5"
    )
    return found


def page_with_an_end() -> Body:
    """The region in which one price has a stated end."""
    page = azure_page()
    ending(page)["effectiveEndDate"] = "2027-02-28T00:00:00Z"
    return page


def catalog() -> Body:
    """The parts of some machines in a page of the GCP catalog."""
    body = {"skus": test_gcp.skus(), "nextPageToken": ""}
    [expression] = (info["pricingExpression"] for info in gpu_part(body)["pricingInfo"])
    # Without the free tier, so that the one price is the one that is changed.
    expression["tieredRates"] = [expression["tieredRates"][-1] | {"startUsageAmount": 0}]
    return body


def gpu_part(body: Body) -> dict[str, Any]:
    """The GPU of one machine."""
    found: dict[str, Any] = next(
        sku for sku in body["skus"] if sku["description"] == "Nvidia H100 80GB GPU running in Finland"
    )
    return found


def with_sku(body: Body, twin: dict[str, Any]) -> None:
    """Another SKU of the catalog."""
    body["skus"].append(twin)


def models() -> list[dict[str, Any]]:
    """Six models of a provider."""
    names = ("one", "two", "three", "four", "five", "six")
    return [
        {"id": name, "name": name, "match": {"equals": name}, "context_window": 128000}
        | {"prices": {"input_mtok": 1.5, "cache_read_mtok": 0.3, "output_mtok": 6.5, "requests_kcount": 5}}
        for name in names
    ]


def providers() -> Body:
    """A list of one provider; its first model is deprecated: no."""
    found = models()
    found[0]["deprecated"] = False
    return [{"id": "somebody", "name": "Somebody", "api_pattern": "https://x", "models": found}]


def banded() -> Body:
    """A list in which one model has another price at night, and one from a later day on."""
    listed = providers()
    dear, cheap = {"input_mtok": 2.0, "output_mtok": 8.0}, {"input_mtok": 1.0, "output_mtok": 4.0}
    listed[0]["models"][0]["prices"] = [
        {"prices": dear},
        {"constraint": {"start_time": "17:00:00Z", "end_time": "23:00:00Z"}, "prices": cheap},
    ]
    return listed


def dated() -> Body:
    """A list in which one model has another price from a day on."""
    listed = banded()
    listed[0]["models"][0]["prices"][1]["constraint"] = {"start_date": "2026-06-01"}
    return listed


def lambda_types() -> Body:
    """Six instance types."""
    names = [("gpu_8x_h100_sxm5", 3592, 8), ("gpu_1x_gh200", 229, 1), ("gpu_8x_b200_sxm6", 4792, 8)]
    names += [("gpu_1x_h100_pcie", 329, 1), ("gpu_4x_b200_sxm6", 2440, 4), ("gpu_1x_b200_sxm6", 630, 1)]
    return {"data": {name: test_neoclouds.lambda_type(name, cents, count) for name, cents, count in names}}


def lambda_row(body: Body) -> dict[str, Any]:
    """One type."""
    found: dict[str, Any] = body["data"]["gpu_8x_h100_sxm5"]
    return found


def with_type(body: Body, twin: dict[str, Any]) -> None:
    """The same type once more."""
    body["data"]["gpu_8x_h100_sxm5 again"] = twin


def oci_products() -> Body:
    """Six GPU products."""
    parts = [("B98415", "H100", 10), ("B95907", "A100 - v2", 4.05), ("B110978", "B200", 14)]
    parts += [("B110519", "H200", 10.5), ("B109485", "MI300X", 6), ("B109479", "L40S", 3.5)]
    return {
        "items": [
            test_neoclouds.gpu_product(part, f"OCI - Compute - GPU - {name}", test_neoclouds.payg(price))
            for part, name, price in parts
        ]
    }


def oci_row(body: Body) -> dict[str, Any]:
    """One product."""
    found: dict[str, Any] = body["items"][0]
    return found


def ovh_catalog() -> Body:
    """Six flavours."""
    flavours = [("h100-380", 280, "H100", 1), ("h100-760", 560, "H100", 2), ("h100-1520", 1120, "H100", 4)]
    flavours += [("l40s-90", 140, "L40S", 1), ("l40s-180", 280, "L40S", 2), ("a100-180", 275, "A100", 1)]
    addons = [
        test_neoclouds.ovh_plan(f"{code}.consumption", price * 1_000_000, {"model": model, "number": count})
        for code, price, model, count in flavours
    ]
    return {"locale": {"currencyCode": "EUR", "subsidiary": "IE"}, "plans": [], "addons": addons}


def ovh_row(body: Body) -> dict[str, Any]:
    """One flavour."""
    found: dict[str, Any] = body["addons"][0]
    return found


def runpod_types() -> Body:
    """Six types of GPU."""
    names = [
        "NVIDIA H100 80GB HBM3",
        "NVIDIA H200",
        "NVIDIA B200",
        "NVIDIA L40S",
        "NVIDIA L4",
        "NVIDIA H100 NVL",
    ]
    prices = {"securePrice": 2.99, "secureSpotPrice": 1.75, "communityPrice": 2.69, "communitySpotPrice": 1.4}
    return {
        "data": {"gpuTypes": [{"id": name, "displayName": name, "memoryInGb": 80} | prices for name in names]}
    }


def runpod_row(body: Body) -> dict[str, Any]:
    """One type."""
    found: dict[str, Any] = body["data"]["gpuTypes"][0]
    return found


def vast_offers() -> Body:
    """Seven offers of one GPU."""
    offer = {"gpu_name": "H100 SXM", "num_gpus": 2, "rentable": True, "rented": False, "geolocation": "SE"}
    return {"offers": [offer | {"id": n, "dph_total": 4.0 + n / 10} for n in range(7)]}


def vast_row(body: Body) -> dict[str, Any]:
    """The one in the middle, so that the median tells."""
    found: dict[str, Any] = body["offers"][3]
    return found


def verda_types() -> Body:
    """Six instance types."""
    names = [("1H100.80S.30V", "H100 SXM5 80GB", 1), ("8H100.80S.176V", "H100 SXM5 80GB", 8)]
    names += [("1H200.141S.44V", "H200 SXM5 141GB", 1), ("8H200.141S.176V", "H200 SXM5 141GB", 8)]
    names += [("1B200.30V", "B200 SXM6 180GB", 1), ("1L40S.20V", "L40S 48GB", 1)]
    return [test_neoclouds.verda_type(name, gpu, count, "3.95", "1.70") for name, gpu, count in names]


def gpuhunt_rows() -> list[dict[str, str]]:
    """Some machines of one provider."""
    return rows_of(test_neoclouds.CATALOG)[:2] + [
        row | {"instance_name": name, "gpu_name": gpu, "gpu_memory": memory}
        for row in rows_of(test_neoclouds.CATALOG)[:1]
        for name, gpu, memory in (("p5en.48xlarge", "H200", "141.0"), ("p4de.24xlarge", "A100", "80.0"))
    ]


def zipped_rows(rows: list[dict[str, str]]) -> bytes:
    """A catalog."""
    return test_neoclouds.zipped("aws.csv", as_csv(rows))


def rate_rows() -> list[dict[str, str]]:
    """A history of rates without the empty last column."""
    lines = [line.removesuffix(",") for line in test_catalogs.RATES.splitlines()]
    return rows_of("\n".join(lines))


def results() -> Body:
    """Six results of a round."""
    return [test_catalogs.result(ID=str(n), Performance_Result=100000.0 + 1000 * n) for n in range(7)]


def later_results() -> Body:
    """Results as rounds since v6.1 write them."""
    return {str(n): test_catalogs.renamed(entry) for n, entry in enumerate(results())}


def middle(body: Body) -> dict[str, Any]:
    """The result in the middle, so that the median tells."""
    found: dict[str, Any] = body["3" if isinstance(body, dict) else 3]
    return found


def with_result(body: Body, twin: dict[str, Any]) -> None:
    """Another result of a round."""
    if isinstance(body, dict):
        body["twin"] = twin
    else:
        body.append(twin)


def copied(body: Body) -> Callable[[], Body]:
    """The same body anew each time."""
    return lambda: copy.deepcopy(body)


CASES = [
    Case("aws", OFFER, aws_fields.OFFER_COLUMNS, lambda: table_of(OFFER), first_row, appended, after(head_of(OFFER)),
         is_table=True, label="aws CSV"),
    Case("aws", OFFER, aws_fields.OFFER_COLUMNS, lambda: table_of(OFFER), lambda body: body[3], appended,
         after(head_of(OFFER)), is_table=True, label="aws CSV, reserved",
         only=("TermType", "OfferingClass", "LeaseContractLength", "PurchaseOption", "Unit", "PricePerUnit")),
    Case("aws", "ec2.eu-north-1.json", aws_fields.OFFER_PATHS, lambda: test_aws.as_json(native("aws", OFFER)),
         offer_parts, with_offer, as_json, label="aws JSON", skip="term.priceDimensions"),
    Case("aws", PLANS, aws_fields.PLAN_COLUMNS, lambda: table_of(PLANS), first_row, appended, after(head_of(PLANS)),
         beside=BESIDE_PLANS, is_table=True, label="aws savings plans CSV"),
    Case("aws", "savings.eu-north-1.json", aws_fields.PLAN_PATHS, test_aws.plans_json, plan_parts, with_plan, as_json,
         beside=BESIDE_PLANS, label="aws savings plans JSON", skip="plan.rates"),
    Case("azure", "page-0001.json", azure.FIELDS, azure_page, lambda body: body["Items"][0], with_item, as_json),
    Case("azure", "page-0001.json", azure.FIELDS, azure_page, reservation, with_item, as_json, label="azure, reserved",
         only=("type", "reservationTerm", "retailPrice", "meterName", "skuName", "unitOfMeasure")),
    Case("azure", "page-0001.json", azure.FIELDS, page_with_an_end, ending, with_item, as_json, label="azure, ending",
         only=("effectiveStartDate", "effectiveEndDate", "retailPrice")),
    Case("gcp", "page-0001.json", gcp.FIELDS, catalog, gpu_part, with_sku, as_json),
    Case("genai_prices", "data.json", genai_prices.FIELDS, providers,
         first_row, appended, as_json, label="genai_prices, models", skip="models[].prices"),
    Case("genai_prices", "data.json", genai_prices.PRICES, providers, lambda body: body[0]["models"][0]["prices"],
         lambda body, twin: body[0]["models"].append(body[0]["models"][0] | {"prices": twin}), as_json,
         label="genai_prices, prices"),
    Case("genai_prices", "data.json", genai_prices.CONDITIONAL, banded, lambda body: body[0]["models"][0]["prices"][1],
         lambda body, twin: body[0]["models"][0]["prices"].append(twin), as_json, label="genai_prices, hours"),
    Case("genai_prices", "data.json", genai_prices.CONDITIONAL, dated, lambda body: body[0]["models"][0]["prices"][1],
         lambda body, twin: body[0]["models"][0]["prices"].append(twin), as_json, label="genai_prices, days"),
    Case("gpuhunt", "catalog.aws.zip", gpuhunt.FIELDS, gpuhunt_rows, first_row, appended, zipped_rows, is_table=True),
    Case("lambdalabs", "instance-types.json", lambdalabs.FIELDS, lambda_types, lambda_row, with_type, as_json),
    Case("oci", "products.json", oci.FIELDS, oci_products, oci_row, lambda body, twin: body["items"].append(twin),
         as_json),
    Case("ovhcloud", "catalog.json", ovhcloud.FIELDS, ovh_catalog, ovh_row,
         lambda body, twin: body["addons"].append(twin), as_json),
    Case("runpod", "gpu-types.json", runpod.FIELDS, runpod_types, runpod_row,
         lambda body, twin: body["data"]["gpuTypes"].append(twin), as_json),
    Case("vast", "bundles.json", vast.FIELDS, vast_offers, vast_row, lambda body, twin: body["offers"].append(twin),
         as_json),
    Case("verda", "instance-types.json", verda.FIELDS, verda_types, first_row, appended, as_json,
         beside={"locations.json": test_neoclouds.LOCATIONS}),
    Case("verda", "locations.json", verda.LOCATION_FIELDS, copied(test_neoclouds.LOCATIONS), first_row, appended,
         as_json, beside={"instance-types.json": verda_types()}, label="verda, locations"),
    Case("ecb", "eurofxref-hist.csv", ecb.FIELDS, rate_rows, first_row, appended, as_csv, is_table=True),
    Case("epoch", "ml_hardware.csv", epoch.FIELDS, lambda: rows_of(test_catalogs.HARDWARE), first_row, appended, as_csv,
         is_table=True),
    Case("mlperf", "summary_results.json", mlperf.FIELDS, results, middle, with_result, as_json),
    Case("mlperf", "summary_results.json", mlperf.LATER_FIELDS, later_results, middle, with_result, as_json,
         label="mlperf, since v6.1"),
]  # fmt: skip
