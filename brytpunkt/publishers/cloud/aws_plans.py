"""Reading a region's Compute Savings Plans, CSV or JSON, joined to the SKUs of the EC2 offer file.

The discounted rate is per hour whatever the way of paying; of an all-upfront plan everything is paid at signing, of
a partial one half.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import ijson

from brytpunkt.publishers._shared.accounting import paths
from brytpunkt.publishers._shared.offers import Collection, Offer
from brytpunkt.publishers._shared.protocol import Document
from brytpunkt.publishers._shared.strict_reading import day_of, decimal_of, field, wrong
from brytpunkt.publishers.cloud.aws_csv import Table, scanned
from brytpunkt.publishers.cloud.aws_fields import PLAN_COLUMNS, PLAN_LINE, PLAN_PATHS
from brytpunkt.publishers.cloud.aws_offers import WAYS, Product
from brytpunkt.tables import name_maps
from brytpunkt.tables.provenance import WAY

OFFER_CODE = "AWSComputeSavingsPlan"
TERMS = {1: "savings_1y", 3: "savings_3y"}
UPFRONT = {"No Upfront": 0.0, "Partial Upfront": 0.5, "All Upfront": 1.0}
DESCRIPTION = re.compile(
    r"(?P<years>[13]) years? (?P<purchase>No|Partial|All) Upfront .*Compute Savings Plan"
)
OTHER_SKUS = "of a SKU that is no offer"


def plans_of(
    document: Document, region: str, collection: Collection, products: dict[str, Product]
) -> Iterator[Offer]:
    """Offers of the plans whose discounted SKU is one of ``products``."""
    read = _csv_rates if document.name.endswith(".csv") else _json_rates
    account = collection.opened(document)
    country = name_maps.country("aws", region)
    for number, rate in enumerate(read(document, collection, products)):
        place = f"rate {number} of SKU {rate['sku']}"
        account.read(place)
        product, years, purchase = products[rate["sku"]], rate["years"], rate["purchase"]
        if years not in {"1", "3"} or purchase not in WAYS:
            raise wrong(document, f"SKU {rate['sku']}", f"an unknown plan: {years} years, {purchase}")
        if rate["currency"] != "USD" or rate["unit"] != "Hrs":
            raise wrong(
                document, f"SKU {rate['sku']}", f"{rate['currency']} per {rate['unit']}, not USD per Hrs"
            )
        sku = WAY.join(filter(None, (product.instance, WAYS[purchase])))
        if (rate["region"], rate["instance"]) != (region, product.instance):
            said = f"{rate['instance']} in {rate['region']}, where its SKU is {product.instance} in {region}"
            collection.remark(
                "price", f"{sku} {TERMS[int(years)]}", f"the plan is for {said}", document, place
            )
            collection.doubt(document, provider="aws", region=region, sku=sku, term=TERMS[int(years)])
            continue
        yield Offer(
            provider="aws",
            region=region,
            country=country,
            sku=sku,
            gpu_model=str(product.gpus.gpu_model),
            gpu_count=product.gpus.gpu_count,
            term=TERMS[int(years)],
            price=decimal_of(rate["rate"], document, f"SKU {rate['sku']}"),
            currency="USD",
            valid_from=day_of(rate["effective"], document, f"SKU {rate['sku']}"),
            document=document,
            upfront_share=UPFRONT[purchase],
            note="Linux, shared; Compute Savings Plan",
            rows=((document, place),),
        )


def _csv_rates(
    document: Document, collection: Collection, products: dict[str, Product]
) -> Iterator[dict[str, str]]:
    scan = scanned(document, Table(OFFER_CODE, PLAN_LINE, (PLAN_LINE["sku"], sorted(products))))
    collection.published[document.name] = scan.published
    collection.check_fields(PLAN_COLUMNS, scan.header, document)
    for line in scan.lines:
        years = line["length"] if line["length_unit"] == "year" else ""
        yield line | {"years": years}
    collection.account(document).left_out_unseen(OTHER_SKUS, scan.others())


def _json_rates(
    document: Document, collection: Collection, products: dict[str, Product]
) -> Iterator[dict[str, str]]:
    with document.open() as file:
        try:
            published = next(ijson.items(file, "publicationDate"), None)
            collection.published[document.name] = day_of(published, document, "publicationDate")
        except ijson.JSONError as error:
            raise wrong(document, "publicationDate", "the document is not whole JSON") from error
    others = 0
    with document.open() as file:
        try:
            for plan in ijson.items(file, "terms.savingsPlan.item"):
                place = "terms.savingsPlan[]"
                rates = field(plan, "rates", list, document, place)
                wanted = [
                    rate
                    for rate in rates
                    if field(rate, "discountedSku", str, document, f"{place}.rates[]") in products
                ]
                others += len(rates) - len(wanted)
                said = {name: inner for name, inner in plan.items() if name != "rates"}
                for rate in wanted:
                    collection.check_fields(PLAN_PATHS, paths({"plan": said, "rate": rate}), document)
                    yield _rate_of(plan, rate, document)
        except ijson.JSONError as error:
            raise wrong(document, "terms.savingsPlan", "the document is not whole JSON") from error
    collection.account(document).left_out_unseen(OTHER_SKUS, others)


def _rate_of(plan: object, rate: object, document: Document) -> dict[str, str]:
    place, below = "terms.savingsPlan[]", "terms.savingsPlan[].rates[]"
    description = field(plan, "description", str, document, place)
    said = DESCRIPTION.fullmatch(description)
    if said is None:
        raise wrong(
            document, place, f"the plan {description!r} is not a Compute Savings Plan of 1 or 3 years"
        )
    price = field(rate, "discountedRate", dict, document, below)
    return {
        "sku": field(rate, "discountedSku", str, document, below),
        "rate": field(price, "price", str, document, f"{below}.discountedRate"),
        "currency": field(price, "currency", str, document, f"{below}.discountedRate"),
        "unit": field(rate, "unit", str, document, below),
        "region": field(rate, "discountedRegionCode", str, document, below),
        "instance": field(rate, "discountedInstanceType", str, document, below),
        "effective": field(plan, "effectiveDate", str, document, place),
        "purchase": f"{said['purchase']} Upfront",
        "years": said["years"],
    }
