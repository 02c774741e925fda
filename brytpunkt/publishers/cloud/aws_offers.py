"""Reading an EC2 offer file of a region, CSV or JSON, into on-demand and reserved offers.

The CSV has five lines about the file before its header, and one line a price; a reservation with an upfront fee has
two. The JSON keeps products and terms apart and is put together into the same lines. What each field must say stands in
``aws_fields``: Linux without licence and software, shared, sold on demand, in the region proper. A GPU instance of which
that is not stated is remarked, and its last good price stays.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

import ijson

from brytpunkt.publishers._shared.accounting import paths
from brytpunkt.publishers._shared.offers import NO_PRICE, REPEATED, TERM_HOURS, Collection, Offer
from brytpunkt.publishers._shared.protocol import Document
from brytpunkt.publishers._shared.strict_reading import day_of, decimal_of, wrong
from brytpunkt.publishers._shared.strict_reading import field as field_of
from brytpunkt.publishers.cloud.aws_csv import Table, scanned
from brytpunkt.publishers.cloud.aws_fields import (
    COLUMNS,
    LINE,
    OFFER_COLUMNS,
    OFFER_PATHS,
    RESERVED_RULES,
    RULES,
)
from brytpunkt.tables import name_maps
from brytpunkt.tables.provenance import WAY

LEASES = {"1yr": "reserved_1y", "3yr": "reserved_3y"}
WAYS = {"No Upfront": "", "Partial Upfront": "partial-upfront", "All Upfront": "all-upfront"}
ON_DEMAND, RESERVED = "OnDemand", "Reserved"
HOURLY, UPFRONT = "Hrs", "Quantity"
NO_GPU = "no GPU"
OTHER_REGION = "in another region"

# A field is empty where the CSV is, and None where the JSON does not have it.
Line = Mapping[str, str | None]


@dataclass(frozen=True)
class Product:
    """An instance type behind a SKU."""

    instance: str
    gpus: name_maps.Mapped


@dataclass
class Term:
    """The prices of one way to buy a SKU: an upfront fee, a price per hour, or both."""

    product: Product
    line: Line
    place: str
    prices: dict[str, list[Decimal]] = field(default_factory=lambda: defaultdict(list))
    places: list[str] = field(default_factory=list)


def offers_of(
    document: Document, region: str, collection: Collection, products: dict[str, Product]
) -> Iterator[Offer]:
    """Offers of a region's file; ``products`` is filled with the SKUs that savings plans refer to."""
    read = _csv_lines if document.name.endswith(".csv") else _json_lines
    account = collection.opened(document)
    country = collection.country("aws", region, document)
    terms: dict[tuple[str, str], Term] = {}
    seen: dict[str, int] = {}
    for line in read(document, collection):
        name = f"SKU {line['sku']} {line['term_code']} {line['unit']}"
        seen[name] = seen.get(name, 0) + 1
        place = name if seen[name] == 1 else f"{name} ({seen[name]})"
        account.read(place)
        product = _product(line, region, document, place, collection)
        if product is None:
            continue
        sku, code = str(line["sku"] or ""), str(line["term_code"] or "")
        products[sku] = product
        if not sku or not code:
            raise wrong(document, place, "the SKU or the code of the term is empty")
        term = terms.setdefault((sku, code), Term(product, line, f"SKU {sku}"))
        if _is_in_term(term, line, place, document, collection):
            term.places.append(place)
    for term in terms.values():
        offer = _offer(term, document, region, country, collection)
        if offer is not None:
            yield offer


def doubt_instance(collection: Collection, document: Document, region: str, instance: str) -> None:
    """Every price of an instance type in the region is in doubt, however it is paid."""
    for way in WAYS.values():
        sku = WAY.join(filter(None, (instance, way)))
        collection.doubt(document, provider="aws", region=region, sku=sku)


def _product(
    line: Line, region: str, document: Document, place: str, collection: Collection
) -> Product | None:
    """The mapped instance of a line that says what is wanted; the others are accounted for."""
    account, instance = collection.account(document), line["instance"]
    checked = RULES if line["term_type"] != RESERVED else RULES | RESERVED_RULES
    for name, said in checked.items():
        reason = said.reason_to_leave_out(line[name])
        if reason is not None:
            account.leave_out(place, reason)
            return None
    if line["region"] and line["region"] != region:
        account.leave_out(place, OTHER_REGION)
        return None
    if not instance:
        collection.remark("instance", place, "the instance type is not stated", document, place)
        return None
    unclear = [said.doubt(line[name]) for name, said in checked.items() if not said.is_wanted(line[name])]
    if not line["region"]:
        unclear.append("the region is not stated")
    if line["term_type"] == ON_DEMAND:
        bound = {name: line[name] for name in RESERVED_RULES if line[name]}
        unclear += [f"{RESERVED_RULES[name].name} on demand is {said!r}" for name, said in bound.items()]
    found = _mapped(instance, line["gpus"], document, place, collection)
    if found is None:
        doubt_instance(collection, document, region, instance)
        return None
    if found.gpu_model is None:
        return None
    if unclear:
        doubt_instance(collection, document, region, instance)
        collection.remark("instance", instance, unclear[0], document, place)
        return None
    return Product(instance, found)


def _mapped(
    instance: str, gpus: str | None, document: Document, place: str, collection: Collection
) -> name_maps.Mapped | None:
    """What the map says of an instance; None if it is unknown, or if the count that is stated is another."""
    stated = (gpus or "").strip()
    known = name_maps.instance("aws", instance)
    if stated and not stated.isdigit() and stated != "NA":
        collection.remark("instance", instance, f"the count of GPUs is {stated[:20]!r}", document, place)
        return None
    count = int(stated) if stated.isdigit() else None
    if known is not None and known.gpu_model is None:
        collection.instance("aws", instance, document, None, place)
        return known
    return collection.instance("aws", instance, document, count, place)


def _is_in_term(term: Term, line: Line, place: str, document: Document, collection: Collection) -> bool:
    """Add the price of a line to its term; the same price again adds nothing."""
    if line["currency"] != "USD":
        message = f"the currency is {line['currency'] or 'not stated'}, not USD"
        raise wrong(document, term.place, message, "China has a price list of its own")
    unit = str(line["unit"])
    price = decimal_of(line["price"], document, term.place)
    if unit != HOURLY and (unit != UPFRONT or line["term_type"] != RESERVED):
        reason = f"the unit is {unit or 'not stated'}, where {HOURLY} was known"
        collection.remark("price", f"{line['instance']} {line['term_type']}", reason, document, place)
        term.prices["unknown"].append(price)
        return True
    if price in term.prices[unit]:
        collection.account(document).leave_out(place, REPEATED)
        return False
    term.prices[unit].append(price)
    return True


def _offer(
    term: Term, document: Document, region: str, country: str | None, collection: Collection
) -> Offer | None:
    product, line = term.product, term.line
    name, way = "on_demand", ""
    purchase = str(line["purchase"] or "")
    if line["term_type"] == RESERVED:
        name, way = LEASES[str(line["lease"])], WAYS[purchase]
    sku = WAY.join(filter(None, (product.instance, way)))
    reason = _fault(term)
    if reason is not None:
        for place in term.places:
            collection.account(document).remark(place, reason)
        collection.remark("price", f"{product.instance} {purchase}", reason, document)
        collection.doubt(document, provider="aws", region=region, sku=sku, term=name)
        return None
    hourly, upfront = sum(term.prices[HOURLY], Decimal(0)), sum(term.prices[UPFRONT], Decimal(0))
    spread = upfront / TERM_HOURS.get(name, 1)
    price = spread + hourly
    if not price:
        for place in term.places:
            collection.account(document).leave_out(place, NO_PRICE)
    return Offer(
        provider="aws",
        region=region,
        country=country,
        sku=sku,
        gpu_model=str(product.gpus.gpu_model),
        gpu_count=product.gpus.gpu_count,
        term=name,
        price=price,
        currency="USD",
        valid_from=day_of(line["effective"], document, term.place),
        document=document,
        upfront_share=float(spread / price) if price else 0.0,
        note="Linux, shared"
        if name == "on_demand"
        else "Linux, shared; standard class; upfront fee spread over the term",
        rows=tuple((document, place) for place in term.places),
    )


def _fault(term: Term) -> str | None:
    """What is odd in the prices of a term, or None."""
    if term.prices["unknown"]:
        return "a price of the term has an unknown unit"
    if any(len(prices) > 1 for prices in term.prices.values()):
        return "a term has several prices of a unit"
    if term.line["term_type"] != RESERVED:
        return None
    hourly, upfront = any(term.prices[HOURLY]), any(term.prices[UPFRONT])
    purchase = term.line["purchase"]
    if (not upfront and purchase != "No Upfront") or (not hourly and purchase != "All Upfront"):
        return "a part of the price is missing"
    if upfront and purchase == "No Upfront":
        return "an upfront fee where none is announced"
    return None


def _csv_lines(document: Document, collection: Collection) -> Iterator[Line]:
    wanted = (COLUMNS["instance"], name_maps.planned_instances("aws"))
    scan = scanned(document, Table("AmazonEC2", COLUMNS, wanted, stated=COLUMNS["gpus"]))
    collection.published[document.name] = scan.published
    collection.check_fields(OFFER_COLUMNS, scan.header, document)
    yield from scan.lines
    collection.account(document).left_out_unseen(NO_GPU, scan.others())


def _json_lines(document: Document, collection: Collection) -> Iterator[Line]:
    """Lines of the JSON, in passes over its parts, so that it is never held as one value."""
    collection.published[document.name] = _published(document)
    products = dict(_products(document))
    others = 0
    for kind, sku, offered in _terms(document):
        for code, entry in offered.items():
            place = f"terms.{kind}.{sku}.{code}"
            dimensions = field_of(entry, "priceDimensions", dict, document, place)
            if sku not in products:
                others += len(dimensions)
                continue
            for dimension in dimensions.values():
                whole = {"product": products[sku], "term": entry, "dimension": dimension}
                said = {name: inner for name, inner in entry.items() if name != "priceDimensions"}
                collection.check_fields(OFFER_PATHS, paths(whole | {"term": said}), document)
                yield _line(kind, sku, whole, document, place)
    collection.account(document).left_out_unseen(NO_GPU, others)


def _products(document: Document) -> Iterator[tuple[str, dict[str, Any]]]:
    """Products that have GPUs, by what they state or by what the map knows."""
    planned = set(name_maps.planned_instances("aws"))
    for sku, product in _streamed(document, "products"):
        family = product.get("productFamily") if isinstance(product, dict) else None
        if isinstance(family, str) and not family.startswith("Compute Instance"):
            continue
        attributes = field_of(product, "attributes", dict, document, f"products.{sku}")
        if "instanceType" not in attributes or "regionCode" not in attributes:
            raise wrong(
                document, f"products.{sku}", "attributes.instanceType or attributes.regionCode is missing"
            )
        if attributes["instanceType"] in planned or attributes.get("gpu") not in {None, "", "NA", "0"}:
            yield sku, product


def _terms(document: Document) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for kind, skus in _streamed_kinds(document):
        for sku, offered in skus:
            if not isinstance(offered, dict):
                raise wrong(document, f"terms.{kind}.{sku}", "terms by their code are expected")
            yield kind, sku, offered


def _streamed_kinds(document: Document) -> Iterator[tuple[str, Iterator[tuple[str, Any]]]]:
    for kind in (ON_DEMAND, RESERVED):
        yield kind, _streamed(document, f"terms.{kind}")


def _line(kind: str, sku: str, whole: dict[str, Any], document: Document, place: str) -> Line:
    """A price of the JSON as a line of the CSV."""
    product, term, dimension = whole["product"], whole["term"], whole["dimension"]
    prices = field_of(dimension, "pricePerUnit", dict, document, place)
    if len(prices) != 1:
        raise wrong(document, place, f"{len(prices)} currencies of a price, where one was known")
    [(currency, price)] = prices.items()
    reserved = field_of(term, "termAttributes", dict, document, place)
    parts = (
        product["attributes"] | term | dimension | reserved | {"productFamily": product.get("productFamily")}
    )
    found = {name: _text(parts.get(path)) for name, (_, path) in LINE.items()}
    return found | {"sku": sku, "term_type": kind, "currency": currency, "price": _text(price)}


def _text(said: object) -> str | None:
    return said if said is None or isinstance(said, str) else str(said)


def _published(document: Document) -> date:
    header: dict[str, object] = {}
    with document.open() as file:
        try:
            for prefix, event, said in ijson.parse(file):
                if prefix == "products":
                    break
                if event == "string":
                    header[prefix] = said
        except ijson.JSONError as error:
            raise wrong(document, "", "the document is not whole JSON") from error
    if header.get("formatVersion") != "v1.0" or header.get("offerCode") != "AmazonEC2":
        found = f"formatVersion {header.get('formatVersion')}, offerCode {header.get('offerCode')}"
        raise wrong(document, "", f"the document is not an EC2 offer file of format v1.0: {found}")
    return day_of(header.get("publicationDate"), document, "publicationDate")


def _streamed(document: Document, prefix: str) -> Iterator[tuple[str, Any]]:
    with document.open() as file:
        try:
            yield from ijson.kvitems(file, prefix)
        except ijson.JSONError as error:
            raise wrong(document, prefix, "the document is not whole JSON") from error
