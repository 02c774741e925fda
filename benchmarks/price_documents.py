"""Generated price documents of real size and shape.

Belongs here: a region of the EC2 offer file as CSV and as JSON, a region of the Azure Retail Prices API. Does not
belong here: measuring what they cost (``benchmarks.prices``).
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Iterator
from typing import IO, Any

PAGES, ITEMS = 16, 1000
HEADER = [
    *("SKU", "OfferTermCode", "RateCode", "TermType", "PriceDescription", "EffectiveDate", "StartingRange"),
    *(
        "EndingRange",
        "Unit",
        "PricePerUnit",
        "Currency",
        "RelatedTo",
        "LeaseContractLength",
        "PurchaseOption",
    ),
    *("OfferingClass", "Product Family", "serviceCode", "Location", "Location Type", "Instance Type"),
    *(
        "Current Generation",
        "Instance Family",
        "vCPU",
        "Physical Processor",
        "Clock Speed",
        "Memory",
        "Storage",
    ),
    *("Network Performance", "Processor Architecture", "Storage Media", "Volume Type", "Max Volume Size"),
    *(
        "Max IOPS/volume",
        "Max throughput/volume",
        "Provisioned",
        "Tenancy",
        "EBS Optimized",
        "Operating System",
    ),
    *(
        "License Model",
        "Group",
        "Group Description",
        "Transfer Type",
        "usageType",
        "operation",
        "AvailabilityZone",
    ),
    *("CapacityStatus", "ClassicNetworkingSupport", "Dedicated EBS Throughput", "ECU", "GPU", "GPU Memory"),
    *(f"Instance Capacity - {size}xlarge" for size in (2, 4, 8, 10, 12, 16, 18, 24, 32)),
    *("Instance SKU", "Intel AVX2 Available", "Intel AVX Available", "Intel Turbo Available", "MarketOption"),
    *(
        "Normalization Size Factor",
        "Physical Cores",
        "Pre Installed S/W",
        "Processor Features",
        "Product Type",
    ),
    *("Region Code", "Resource Type", "serviceName", "Volume API Name", "VPC Networking Support"),
]
GPUS = {
    "p5.48xlarge": 8,
    "p5en.48xlarge": 8,
    "p4d.24xlarge": 8,
    "g6e.12xlarge": 4,
    "g6.xlarge": 1,
    "g4dn.xlarge": 1,
}
INSTANCES = [
    *GPUS,
    *(f"{f}{n}.{s}" for f in "mcr" for n in (5, 6, 7) for s in ("large", "xlarge", "8xlarge")),
]
SYSTEMS = ("Linux", "Windows", "RHEL", "SUSE", "Red Hat Enterprise Linux with HA", "Ubuntu Pro")
TENANCIES = ("Shared", "Dedicated", "Host")
CAPACITIES = ("Used", "UnusedCapacityReservation", "AllocatedCapacityReservation")
WAYS = [
    (lease, way, offering)
    for lease in ("1yr", "3yr")
    for way in ("No Upfront", "Partial Upfront", "All Upfront")
    for offering in ("standard", "convertible")
]
TEXT = "Intel AVX; Intel AVX2; Intel AVX512; Intel Turbo; Intel Deep Learning Boost"


def products() -> Iterator[dict[str, str]]:
    """Products without end: every instance type times system, tenancy and capacity, again and again."""
    number = 0
    while True:
        for instance in INSTANCES:
            for system in SYSTEMS:
                for tenancy in TENANCIES:
                    for capacity in CAPACITIES:
                        number += 1
                        yield {
                            "SKU": hashlib.sha256(str(number).encode()).hexdigest()[:16].upper(),
                            "Instance Type": instance,
                            "Operating System": system,
                            "Tenancy": tenancy,
                            "CapacityStatus": capacity,
                            # Later rounds repeat the first under other software, as the real file does.
                            "Pre Installed S/W": "NA" if number <= 27 * 6 * 9 + 100 else "SQL Ent",
                            "GPU": str(GPUS.get(instance, "")),
                            "price": f"{1 + number % 97:.10f}",
                        }


def terms(product: dict[str, str]) -> Iterator[dict[str, str]]:
    """The lines of a product: on demand, and reservations in every way of paying."""
    price = float(product["price"])
    yield {
        "OfferTermCode": "JRTCKXETXF",
        "TermType": "OnDemand",
        "Unit": "Hrs",
        "PricePerUnit": product["price"],
    }
    for number, (lease, way, offering) in enumerate(WAYS):
        base = {
            "OfferTermCode": f"TERM{number:06d}",
            "TermType": "Reserved",
            "LeaseContractLength": lease,
            "PurchaseOption": way,
            "OfferingClass": offering,
        }
        hours = 8760 if lease == "1yr" else 26280
        share = {"No Upfront": 0.0, "Partial Upfront": 0.5, "All Upfront": 1.0}[way]
        yield base | {"Unit": "Hrs", "PricePerUnit": f"{price * 0.6 * (1 - share):.10f}"}
        if share:
            yield base | {"Unit": "Quantity", "PricePerUnit": f"{price * 0.6 * share * hours:.0f}"}


def write_offer_csv(file: IO[bytes], megabytes: float) -> None:
    """An EC2 offer file of a size."""
    text = io.TextIOWrapper(file, encoding="utf-8", newline="")
    writer = csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\n")
    preamble = {
        "FormatVersion": "v1.0",
        "Disclaimer": "This pricing list is for informational purposes only. " * 3,
        "Publication Date": "2026-11-18T10:00:00Z",
        "Version": "20261118100000",
        "OfferCode": "AmazonEC2",
    }
    writer.writerows(preamble.items())
    writer.writerow(HEADER)
    written = 0
    for product in products():
        common = dict.fromkeys(HEADER, "") | product_columns(product)
        for number, term in enumerate(terms(product)):
            rate = {
                "RateCode": f"{product['SKU']}.{term['OfferTermCode']}.{number:06d}",
                "EffectiveDate": "2026-11-01",
            }
            row = [(common | term | rate)[name] for name in HEADER]
            writer.writerow(row)
            written += sum(map(len, row)) + 3 * len(row)
        if written > megabytes * 1e6:
            break
    text.flush()
    text.detach()


def product_columns(product: dict[str, str]) -> dict[str, str]:
    """Columns of a product as the real file fills them."""
    return {name: value for name, value in product.items() if name != "price"} | {
        "PriceDescription": f"${product['price']} per {product['Operating System']} {product['Instance Type']} Hour",
        "Currency": "USD",
        "Product Family": "Compute Instance",
        "serviceCode": "AmazonEC2",
        "Location": "EU (Stockholm)",
        "Location Type": "AWS Region",
        "Processor Features": TEXT,
        "Network Performance": "Up to 12500 Megabit",
        "License Model": "No License required",
        "Region Code": "eu-north-1",
        "serviceName": "Amazon Elastic Compute Cloud",
        "MarketOption": "OnDemand",
        "usageType": f"EUN1-BoxUsage:{product['Instance Type']}",
        "operation": "RunInstances",
        "Physical Processor": "Intel Xeon Platinum 8488C (Sapphire Rapids)",
        "Memory": "2048 GiB",
        "Storage": "8 x 3800 GB SSD",
    }


def write_offer_json(file: IO[bytes], megabytes: float) -> None:
    """The same kind of offers as the publisher's JSON: products first, then terms."""
    head = (
        b'{"formatVersion": "v1.0", "disclaimer": "", "offerCode": "AmazonEC2", "version": "20261118100000", '
        b'"publicationDate": "2026-11-18T10:00:00Z", "products": {'
    )
    file.write(head)
    kept, written = [], len(head)
    for product in products():
        kept.append(product)
        attributes = {
            "locationType": "AWS Region",
            "instanceType": product["Instance Type"],
            "tenancy": product["Tenancy"],
            "operatingSystem": product["Operating System"],
            "capacitystatus": product["CapacityStatus"],
            "preInstalledSw": product["Pre Installed S/W"],
            "regionCode": "eu-north-1",
            "processorFeatures": TEXT,
        } | ({"gpu": product["GPU"]} if product["GPU"] else {})
        body = {"sku": product["SKU"], "productFamily": "Compute Instance", "attributes": attributes}
        written += file.write(
            f'{"," if len(kept) > 1 else ""}"{product["SKU"]}": {json.dumps(body)}'.encode()
        )
        # Terms take about thirteen times the room of their product.
        if written > megabytes * 1e6 / 13:
            break
    file.write(b'}, "terms": {')
    for position, kind in enumerate(("OnDemand", "Reserved")):
        file.write(f'{", " if position else ""}"{kind}": {{'.encode())
        for number, product in enumerate(kept):
            body = json_terms(product, kind)
            file.write(f'{"," if number else ""}"{product["SKU"]}": {json.dumps(body)}'.encode())
        file.write(b"}")
    file.write(b'}, "attributesList": {}}')


def json_terms(product: dict[str, str], kind: str) -> dict[str, Any]:
    """The terms of a product as the JSON nests them."""
    found: dict[str, dict[str, Any]] = {}
    for line in terms(product):
        if line["TermType"] != kind:
            continue
        code = f"{product['SKU']}.{line['OfferTermCode']}"
        names = ("LeaseContractLength", "OfferingClass", "PurchaseOption")
        entry = found.setdefault(
            code,
            {
                "offerTermCode": line["OfferTermCode"],
                "sku": product["SKU"],
                "effectiveDate": "2026-11-01T00:00:00Z",
                "priceDimensions": {},
                "termAttributes": {name: line[name] for name in names if name in line},
            },
        )
        dimensions = entry["priceDimensions"]
        dimensions[f"{code}.{len(dimensions)}"] = {
            "rateCode": f"{code}.{len(dimensions)}",
            "description": "a price",
            "unit": line["Unit"],
            "pricePerUnit": {"USD": line["PricePerUnit"]},
            "appliesTo": [],
        }
    return found


def azure_pages() -> Iterator[bytes]:
    """The pages of a region: virtual machines in every guise, GPU sizes among them."""
    sizes = ["ND96isr_H100_v5", "ND96isr_H200_v5", "NC24ads_A100_v4", *(f"D{n}s_v5" for n in range(2, 260))]
    guises = [
        ("", "Consumption"),
        (" Spot", "Consumption"),
        (" Low Priority", "Consumption"),
        ("", "Reservation"),
    ]
    products_of = [
        "Virtual Machines {} Series",
        "Virtual Machines {} Series Windows",
        "{} Series Cloud Services",
    ]
    rows: list[dict[str, Any]] = []
    number = 0
    while len(rows) < PAGES * ITEMS:
        for size in sizes:
            for product in products_of:
                for suffix, kind in guises:
                    number += 1
                    price = round(0.1 + number % 89 + 0.1 * (suffix == ""), 4)
                    rows.append(
                        {
                            "currencyCode": "USD",
                            "tierMinimumUnits": 0.0,
                            "retailPrice": price * (8760 * 0.6 if kind == "Reservation" else 1),
                            "unitPrice": price,
                            "armRegionName": "swedencentral",
                            "location": "SE Central",
                            "effectiveStartDate": f"2026-{1 + number % 11:02d}-01T00:00:00Z",
                            "meterId": f"{number:08d}-0000-0000-0000-000000000000",
                            "meterName": size + suffix,
                            "productId": f"DZH{number:09d}",
                            "skuId": f"DZH{number:09d}/0001",
                            "productName": product.format(size),
                            "skuName": size + suffix,
                            "serviceName": "Virtual Machines",
                            "serviceId": "DZH313Z7MMC8",
                            "serviceFamily": "Compute",
                            "unitOfMeasure": "1 Hour",
                            "type": kind,
                            "isPrimaryMeterRegion": True,
                            "armSkuName": f"Standard_{size}",
                        }
                        | ({"reservationTerm": "1 Year"} if kind == "Reservation" else {})
                        | (
                            {"savingsPlan": [{"unitPrice": 1.0, "retailPrice": 1.0, "term": "1 Year"}]}
                            if not suffix
                            else {}
                        )
                    )
    for page in range(PAGES):
        items = rows[page * ITEMS : (page + 1) * ITEMS]
        yield json.dumps(
            {
                "BillingCurrency": "USD",
                "CustomerEntityId": "Default",
                "CustomerEntityType": "Retail",
                "Items": items,
                "NextPageLink": None if page == PAGES - 1 else "https://prices.azure.com/next",
                "Count": len(items),
            }
        ).encode()
