"""Reading a region's Compute Savings Plans, CSV or JSON, joined to the SKUs of the EC2 offer file.

The discounted rate is per hour whatever the way of paying; of an all-upfront plan everything is paid at signing, of
a partial one half.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import ijson

from brytpunkt.publishers._shared.offers import Collection, Offer
from brytpunkt.publishers._shared.protocol import Document
from brytpunkt.publishers._shared.strict_reading import day_of, decimal_of, field, wrong
from brytpunkt.publishers.cloud.aws_csv import Table, scanned
from brytpunkt.publishers.cloud.aws_offers import WAYS, Product
from brytpunkt.tables import name_maps
from brytpunkt.tables.provenance import WAY

OFFER_CODE = "AWSComputeSavingsPlan"
COLUMNS = {
    "sku": "DiscountedSKU",
    "rate": "DiscountedRate",
    "currency": "Currency",
    "unit": "Unit",
    "effective": "EffectiveDate",
    "purchase": "PurchaseOption",
    "length": "LeaseContractLength",
    "length_unit": "LeaseContractLengthUnit",
}
TERMS = {1: "savings_1y", 3: "savings_3y"}
UPFRONT = {"No Upfront": 0.0, "Partial Upfront": 0.5, "All Upfront": 1.0}
DESCRIPTION = re.compile(
    r"(?P<years>[13]) years? (?P<purchase>No|Partial|All) Upfront .*Compute Savings Plan"
)


def plans_of(
    document: Document, region: str, collection: Collection, products: dict[str, Product]
) -> Iterator[Offer]:
    """Offers of the plans whose discounted SKU is one of ``products``."""
    read = _csv_rates if document.name.endswith(".csv") else _json_rates
    country = name_maps.country("aws", region)
    for rate in read(document, collection, products):
        product, years, purchase = products[rate["sku"]], rate["years"], rate["purchase"]
        if years not in {"1", "3"} or purchase not in WAYS:
            raise wrong(document, f"SKU {rate['sku']}", f"an unknown plan: {years} years, {purchase}")
        if rate["currency"] != "USD" or rate["unit"] != "Hrs":
            raise wrong(
                document, f"SKU {rate['sku']}", f"{rate['currency']} per {rate['unit']}, not USD per Hrs"
            )
        yield Offer(
            provider="aws",
            region=region,
            country=country,
            sku=WAY.join(filter(None, (product.instance, WAYS[purchase]))),
            gpu_model=str(product.gpus.gpu_model),
            gpu_count=product.gpus.gpu_count,
            term=TERMS[int(years)],
            price=decimal_of(rate["rate"], document, f"SKU {rate['sku']}"),
            currency="USD",
            valid_from=day_of(rate["effective"], document, f"SKU {rate['sku']}"),
            document=document,
            upfront_share=UPFRONT[purchase],
            note="Linux, shared; Compute Savings Plan",
        )


def _csv_rates(
    document: Document, collection: Collection, products: dict[str, Product]
) -> Iterator[dict[str, str]]:
    table = Table(OFFER_CODE, COLUMNS, {}, among=("DiscountedSKU", sorted(products)))
    collection.published[document.name], lines = scanned(document, table)
    for line in lines:
        years = line["length"] if line["length_unit"] == "year" else ""
        yield line | {"years": years}


def _json_rates(
    document: Document, collection: Collection, products: dict[str, Product]
) -> Iterator[dict[str, str]]:
    with document.open() as file:
        try:
            published = next(ijson.items(file, "publicationDate"), None)
            collection.published[document.name] = day_of(published, document, "publicationDate")
        except ijson.JSONError as error:
            raise wrong(document, "publicationDate", f"the document is not whole JSON: {error}") from error
    with document.open() as file:
        try:
            for plan in ijson.items(file, "terms.savingsPlan.item"):
                yield from _rates_of(plan, document, products)
        except ijson.JSONError as error:
            raise wrong(document, "terms.savingsPlan", f"the document is not whole JSON: {error}") from error


def _rates_of(plan: object, document: Document, products: dict[str, Product]) -> Iterator[dict[str, str]]:
    place = "terms.savingsPlan[]"
    description = field(plan, "description", str, document, place)
    said = DESCRIPTION.fullmatch(description)
    if said is None:
        raise wrong(
            document, place, f"the plan {description!r} is not a Compute Savings Plan of 1 or 3 years"
        )
    effective = field(plan, "effectiveDate", str, document, place)
    for rate in field(plan, "rates", list, document, place):
        sku = field(rate, "discountedSku", str, document, f"{place}.rates[]")
        if sku not in products:
            continue
        price = field(rate, "discountedRate", dict, document, f"{place}.rates[]")
        yield {
            "sku": sku,
            "rate": field(price, "price", str, document, f"{place}.rates[].discountedRate"),
            "currency": field(price, "currency", str, document, f"{place}.rates[].discountedRate"),
            "unit": field(rate, "unit", str, document, f"{place}.rates[]"),
            "effective": effective,
            "purchase": f"{said['purchase']} Upfront",
            "years": said["years"],
        }
