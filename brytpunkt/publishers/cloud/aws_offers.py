"""Reading an EC2 offer file of a region, CSV or JSON, into on-demand and reserved offers.

The CSV has five lines about the file before its header, and one line a price; a reservation with an upfront fee has
two. The JSON keeps products and terms apart. Filter and prices are the same for both: Linux without licence and
without software, shared tenancy, capacity "Used", in the region proper (no Local Zones).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

import ijson

from brytpunkt.publishers._shared.offers import TERM_HOURS, Collection, Offer
from brytpunkt.publishers._shared.protocol import Document
from brytpunkt.publishers._shared.strict_reading import day_of, decimal_of, wrong
from brytpunkt.publishers.cloud.aws_csv import Table, scanned
from brytpunkt.tables import name_maps
from brytpunkt.tables.provenance import WAY

COLUMNS = {
    "sku": "SKU",
    "term_code": "OfferTermCode",
    "term_type": "TermType",
    "effective": "EffectiveDate",
    "unit": "Unit",
    "price": "PricePerUnit",
    "currency": "Currency",
    "lease": "LeaseContractLength",
    "purchase": "PurchaseOption",
    "offering": "OfferingClass",
    "instance": "Instance Type",
    "gpus": "GPU",
}
FILTER = {
    "Product Family": "Compute Instance%",
    "Location Type": "AWS Region",
    "Tenancy": "Shared",
    "Operating System": "Linux",
    "CapacityStatus": "Used",
}
SOFTWARE = "Pre Installed S/W"
NO_SOFTWARE = ("", "NA")
# Attributes of the JSON that say what the filter columns of the CSV say.
ATTRIBUTES = {
    "locationType": "AWS Region",
    "tenancy": "Shared",
    "operatingSystem": "Linux",
    "capacitystatus": "Used",
}
LEASES = {"1yr": "reserved_1y", "3yr": "reserved_3y"}
WAYS = {"No Upfront": "", "Partial Upfront": "partial-upfront", "All Upfront": "all-upfront"}
ON_DEMAND, RESERVED, STANDARD = "OnDemand", "Reserved", "standard"


@dataclass(frozen=True)
class Product:
    """An instance type behind a SKU."""

    instance: str
    gpus: name_maps.Mapped


@dataclass
class Term:
    """The prices of one way to buy a SKU: an upfront fee, a price per hour, or both."""

    sku: str
    term_type: str
    lease: str
    purchase: str
    offering: str
    effective: str
    currency: str
    place: str
    prices: dict[str, list[Decimal]] = field(default_factory=lambda: defaultdict(list))


def offers_of(
    document: Document, region: str, collection: Collection, products: dict[str, Product]
) -> Iterator[Offer]:
    """Offers of a region's file; ``products`` is filled with the SKUs that savings plans refer to."""
    read = _csv_terms if document.name.endswith(".csv") else _json_terms
    country = collection.country("aws", region, document)
    for term in read(document, region, collection, products):
        offer = _offer(term, document, region, country, products[term.sku], collection)
        if offer is not None:
            yield offer


def _offer(
    term: Term, document: Document, region: str, country: str | None, product: Product, collection: Collection
) -> Offer | None:
    if term.currency != "USD":
        raise wrong(
            document,
            term.place,
            f"the currency is {term.currency}, not USD",
            "China has a price list of its own",
        )
    hourly, upfront = sum(term.prices["Hrs"], Decimal(0)), sum(term.prices["Quantity"], Decimal(0))
    if any(len(prices) > 1 for prices in term.prices.values()):
        collection.remark(
            "price", f"{product.instance} {term.purchase}", "a term has several prices of a unit", document
        )
        return None
    name, share, price = "on_demand", 0.0, hourly
    way = ""
    if term.term_type == RESERVED:
        if term.offering != STANDARD:
            return None
        if term.lease not in LEASES or term.purchase not in WAYS:
            collection.remark(
                "price", f"{term.lease} {term.purchase}", "an unknown kind of reservation", document
            )
            return None
        if (not upfront and term.purchase != "No Upfront") or (not hourly and term.purchase != "All Upfront"):
            collection.remark(
                "price", f"{product.instance} {term.purchase}", "a part of the price is missing", document
            )
            return None
        name, way = LEASES[term.lease], WAYS[term.purchase]
        spread = upfront / TERM_HOURS[name]
        price = spread + hourly
        share = float(spread / price)
    return Offer(
        provider="aws",
        region=region,
        country=country,
        sku=WAY.join(filter(None, (product.instance, way))),
        gpu_model=str(product.gpus.gpu_model),
        gpu_count=product.gpus.gpu_count,
        term=name,
        price=price,
        currency="USD",
        valid_from=day_of(term.effective, document, term.place),
        document=document,
        upfront_share=share,
        note="Linux, shared"
        if name == "on_demand"
        else "Linux, shared; standard class; upfront fee spread over the term",
    )


def _product(instance: str, gpus: str | None, document: Document, collection: Collection) -> Product | None:
    """The mapped instance behind an attribute; None without GPUs, left out, or unknown."""
    if gpus is None or not gpus.strip() or not instance:
        return None
    stated = gpus.strip()
    found = collection.instance("aws", instance, document, int(stated) if stated.isdigit() else None)
    return None if found is None else Product(instance, found)


def _csv_terms(
    document: Document, region: str, collection: Collection, products: dict[str, Product]
) -> Iterator[Term]:
    table = Table(
        "AmazonEC2", COLUMNS, FILTER, software=(SOFTWARE, NO_SOFTWARE), region=region, not_empty="GPU"
    )
    published, lines = scanned(document, table)
    collection.published[document.name] = published
    known: dict[str, Product | None] = {}
    terms: dict[tuple[str, str], Term] = {}
    for line in lines:
        sku, instance = line["sku"], line["instance"]
        if sku not in known:
            known[sku] = _product(instance, line["gpus"], document, collection)
        if known[sku] is None:
            continue
        term = terms.setdefault(
            (sku, line["term_code"]),
            Term(
                sku=sku,
                term_type=line["term_type"],
                lease=line["lease"],
                purchase=line["purchase"],
                offering=line["offering"],
                effective=line["effective"],
                currency=line["currency"],
                place=f"SKU {sku}",
            ),
        )
        term.prices[line["unit"]].append(decimal_of(line["price"], document, term.place))
    products.update({sku: product for sku, product in known.items() if product is not None})
    yield from terms.values()


def _json_terms(
    document: Document, region: str, collection: Collection, products: dict[str, Product]
) -> Iterator[Term]:
    """Terms of the JSON, in passes over its parts, so that it is never held as one value."""
    collection.published[document.name] = _published(document)
    for sku, product in _streamed(document, "products"):
        if not str(product.get("productFamily", "")).startswith("Compute Instance"):
            continue
        attributes = product.get("attributes")
        if (
            not isinstance(attributes, dict)
            or "instanceType" not in attributes
            or "regionCode" not in attributes
        ):
            raise wrong(
                document, f"products.{sku}", "attributes.instanceType or attributes.regionCode is missing"
            )
        wanted = ATTRIBUTES | {"regionCode": region}
        software = attributes.get("preInstalledSw", "NA") in NO_SOFTWARE
        if not software or any(attributes.get(name) != value for name, value in wanted.items()):
            continue
        found = _product(attributes["instanceType"], attributes.get("gpu"), document, collection)
        if found is not None:
            products[sku] = found
    for kind in (ON_DEMAND, RESERVED):
        for sku, offered in _streamed(document, f"terms.{kind}"):
            if sku in products:
                yield from _terms_of(sku, kind, offered, document)


def _terms_of(sku: str, kind: str, offered: dict[str, Any], document: Document) -> Iterable[Term]:
    for code, entry in offered.items():
        place = f"terms.{kind}.{sku}.{code}"
        try:
            attributes, dimensions = entry["termAttributes"], list(entry["priceDimensions"].values())
            [currency] = {name for dimension in dimensions for name in dimension["pricePerUnit"]}
            term = Term(
                sku=sku,
                term_type=kind,
                lease=attributes.get("LeaseContractLength", ""),
                purchase=attributes.get("PurchaseOption", ""),
                offering=attributes.get("OfferingClass", ""),
                effective=entry["effectiveDate"],
                currency=currency,
                place=place,
            )
            for dimension in dimensions:
                price = decimal_of(dimension["pricePerUnit"][currency], document, place)
                term.prices[dimension["unit"]].append(price)
        except (KeyError, ValueError, TypeError, AttributeError) as error:
            raise wrong(document, place, f"the term is not in the known form: {error}") from error
        yield term


def _published(document: Document) -> date:
    header: dict[str, object] = {}
    with document.open() as file:
        try:
            for prefix, event, value in ijson.parse(file):
                if prefix == "products":
                    break
                if event == "string":
                    header[prefix] = value
        except ijson.JSONError as error:
            raise wrong(document, "", f"the document is not whole JSON: {error}") from error
    if header.get("formatVersion") != "v1.0" or header.get("offerCode") != "AmazonEC2":
        found = f"formatVersion {header.get('formatVersion')}, offerCode {header.get('offerCode')}"
        raise wrong(document, "", f"the document is not an EC2 offer file of format v1.0: {found}")
    return day_of(header.get("publicationDate"), document, "publicationDate")


def _streamed(document: Document, prefix: str) -> Iterator[tuple[str, dict[str, Any]]]:
    with document.open() as file:
        try:
            yield from ijson.kvitems(file, prefix)
        except ijson.JSONError as error:
            raise wrong(document, prefix, f"the document is not whole JSON: {error}") from error
