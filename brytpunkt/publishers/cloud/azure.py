"""The publisher ``azure``: Azure Retail Prices, the virtual machines of one region, page by page.

What the API does not say aloud: a reservation's price is the total of its term although its unit is "1 Hour", while
the savings plans inside an item are per hour; Windows, Cloud Services and Dedicated Host stand only in the product's
name, Spot and Low Priority only in the meter's; superseded and coming prices come with current ones; 0.0 means that
no price was released; a secondary meter may have another price, and is not what is billed; GPUs are not stated at all.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from brytpunkt.errors import InputError
from brytpunkt.publishers._shared.accounting import IGNORED, Fields, meaning, paths, value
from brytpunkt.publishers._shared.offers import NO_PRICE, TERM_HOURS, Collection, Offer, Provided
from brytpunkt.publishers._shared.protocol import Batch, Document, Listing, Request
from brytpunkt.publishers._shared.rules import rule
from brytpunkt.publishers._shared.single_document import probe, version
from brytpunkt.publishers._shared.source import Source
from brytpunkt.publishers._shared.strict_reading import day_of, field, json_of, number, shown, wrong

__all__ = ["fingerprint", "following", "parse", "probe", "start", "version"]

ROOT = "https://prices.azure.com/api/retail/prices"
# The preview version is the one that carries savings plans.
API_VERSION = "2023-01-01-preview"
SERVICE = "Virtual Machines"
OTHER_PRODUCTS = re.compile(
    r"Windows| Win\b|Cloud Services|CloudServices|Dedicated Host|Promo|RHEL|Red Hat|SUSE|SLES|SQL"
)
SERIES = "Series"
SPOT, LOW_PRIORITY = "spot", "low priority"
GROUPING = re.compile(r"_Type\d+$|^Type\d+$")
GPU_SERIES = "Standard_N"
PREFIX = "Standard_"
RESERVATIONS = {"1 Year": "reserved_1y", "3 Years": "reserved_3y", "5 Years": "reserved_5y"}
SAVINGS = {"1 Year": "savings_1y", "3 Years": "savings_3y"}
# A stand-in until the real price is released; no GPU is rented for a cent.
PLACEHOLDER = Decimal("0.01")
PAGE = re.compile(r"page-(\d{4})\.json")
NOTE = "Linux"
RESERVED_NOTE = (
    "Linux; term total divided by the hours of the term; monthly payment possible at the same total"
)


ENVELOPE: Fields = {
    "BillingCurrency": meaning("USD; any other is refused"),
    "Items": value("the prices"),
    "Count": meaning("the number of items; any other is refused"),
    "NextPageLink": meaning("the next page, or null"),
    "CustomerEntityId": IGNORED,
    "CustomerEntityType": IGNORED,
}
FIELDS: Fields = {
    "armSkuName": value("sku"),
    "armRegionName": value("region"),
    "retailPrice": value("price_native_per_instance_hour"),
    "effectiveStartDate": value("valid_from"),
    "effectiveEndDate": value("valid_to"),
    "savingsPlan[].retailPrice": value("price_native_per_instance_hour"),
    "savingsPlan[].term": meaning("1 Year or 3 Years"),
    "savingsPlan[].unitPrice": IGNORED,
    "serviceName": meaning(SERVICE),
    "productName": meaning("a Series, no Windows, no Cloud Services, no Dedicated Host"),
    "skuName": meaning("the size of meterName; Spot and Low Priority are told by it"),
    "meterName": meaning("the size of skuName; Spot and Low Priority are told by it"),
    "type": meaning("Consumption or Reservation"),
    "reservationTerm": meaning("1, 3 or 5 years, of a Reservation"),
    "unitOfMeasure": meaning("1 Hour"),
    "tierMinimumUnits": meaning("0: the first tier"),
    "currencyCode": meaning("USD"),
    "isPrimaryMeterRegion": meaning("true: only the primary meter is billed"),
} | dict.fromkeys(
    ("location", "meterId", "productId", "skuId", "serviceId", "serviceFamily", "unitPrice"), IGNORED
)
TYPES = rule(
    "the type of the price", ("Consumption", "Reservation"), for_development_only=("DevTestConsumption",)
)
NO_GPU = "no GPU"


@dataclass(frozen=True)
class Item:
    """A price of the list that may be an offer."""

    sku: str
    region: str
    kind: str
    term: str
    price: Decimal
    valid_from: date
    valid_to: date | None
    is_primary: bool
    savings: tuple[tuple[str, Decimal], ...]
    document: Document
    place: str


def start(source: Source, pointer: Document | None) -> Sequence[Request]:
    """The first page of the region."""
    del pointer
    wanted = f"serviceName eq '{SERVICE}' and armRegionName eq '{source.parameters['region']}'"
    query = urlencode({"api-version": API_VERSION, "currencyCode": "USD", "$filter": wanted})
    return [Request(name="page-0001.json", url=f"{source.url or ROOT}?{query}")]


def following(source: Source, document: Document) -> Sequence[Request]:
    """The next page; a ``$top=0`` in its link is left out, because the service refuses its own link."""
    del source
    page = PAGE.fullmatch(document.name)
    link = _envelope(document).get("NextPageLink")
    if page is None or link is None:
        return []
    if not isinstance(link, str):
        raise wrong(document, "NextPageLink", f"{link!r} is neither a link nor null")
    parts = urlsplit(link)
    query = [
        (name, value) for name, value in parse_qsl(parts.query) if (name.lower(), value) != ("$top", "0")
    ]
    url = urlunsplit((parts.scheme, parts.netloc, parts.path, urlencode(query), ""))
    if url == document.url:
        raise wrong(document, "NextPageLink", "the page leads to itself")
    return [Request(name=f"page-{int(page[1]) + 1:04d}.json", url=url)]


def fingerprint(document: Document) -> str:
    """What must stay on the first page while a walk goes on: its items; a link to the next page may differ."""
    items = json.dumps(_envelope(document)["Items"], sort_keys=True, default=str)
    return hashlib.sha256(items.encode()).hexdigest()


def named(source: Source, name: str, number: int, head: bytes) -> str:
    """A file of one page, by its number among those that are held."""
    del source, head
    return name if PAGE.fullmatch(name) else f"page-{number:04d}.json"


def parse(listing: Listing) -> Iterator[Batch]:
    """All pages of a region -> offers of GPU sizes; none is an answer, too, where the list has other sizes.

    Raises ``InputError`` for a page that is not whole, another currency, no item at all, or a field that is missing or odd in
    more than a fifth of the items of GPU sizes; the others are taken, and the odd ones remarked.
    """
    documents = [document for document in listing.documents if PAGE.fullmatch(document.name)]
    collection = Collection(Provided("azure", f"Azure Retail Prices, {ROOT}"), listing.accounts)
    for document in documents:
        collection.opened(document)
    listed = [item for document in documents for item in _items(document, collection)]
    if not listed:
        raise wrong(
            listing.documents[0], "", "the list of the region is empty", "is the region's name right?"
        )
    items = []
    for document, place, item in listed:
        name = str(item.get("armSkuName", place)) if isinstance(item, dict) else place
        with collection.row(document, place, name):
            read = _read(item, document, place, collection)
            if read is not None:
                items.append(read)
        if place in collection.account(document).refused:
            collection.doubt(document, provider="azure", sku=name.strip().removeprefix(PREFIX))
    for item in _primary(items, collection):
        for offer in _offers(item, collection):
            collection.add(offer)
    yield from collection.batches()


def _primary(items: list[Item], collection: Collection) -> list[Item]:
    """Prices of primary meters; a secondary one is not what is billed, and alone it tells no price."""
    primary = [item for item in items if item.is_primary]
    priced = {(item.sku, item.region, item.term) for item in primary}
    for item in items:
        if item.is_primary:
            continue
        if (item.sku, item.region, item.term) in priced:
            collection.account(item.document).leave_out(item.place, "a secondary meter")
            continue
        name = f"{item.sku} {item.region} {item.term}"
        reason = "only a secondary meter has a price, and that is not what is billed"
        collection.remark("price", name, reason, item.document, item.place)
        collection.doubt(item.document, provider="azure", region=item.region, sku=item.sku, term=item.term)
    return primary


def _envelope(document: Document) -> dict[str, Any]:
    whole = json_of(document)
    field(whole, "Items", list, document, "")
    if "NextPageLink" not in whole:
        raise wrong(document, "", "the field NextPageLink is missing", "a page states its next one, or null")
    return dict(whole)


def _items(document: Document, collection: Collection) -> Iterator[tuple[Document, str, Any]]:
    whole = _envelope(document)
    items = whole["Items"]
    collection.check_fields(ENVELOPE, whole, document)
    currency = field(whole, "BillingCurrency", str, document, "")
    if currency != "USD":
        # Other currencies are dollars at a monthly rate of the publisher's, rounded, sometimes to nothing.
        raise wrong(document, "BillingCurrency", f"the list is in {currency}, not in USD")
    count = field(whole, "Count", int, document, "")
    if count != len(items):
        raise wrong(document, "Count", f"the page announces {count} items and holds {len(items)}")
    for index, item in enumerate(items):
        yield document, f"Items[{index}]", item


def _read(item: Any, document: Document, place: str, collection: Collection) -> Item | None:
    """An item of a GPU size that is billed by the hour; the others are accounted for."""
    account = collection.account(document)
    sku = field(item, "armSkuName", str, document, place).strip()
    product = field(item, "productName", str, document, place)
    service = field(item, "serviceName", str, document, place)
    if service != SERVICE:
        account.leave_out(place, "another service")
        return None
    if not sku.startswith(GPU_SERIES):
        account.leave_out(place, NO_GPU)
        return None
    collection.check_fields(FIELDS, paths(item), document)
    if SERIES not in product:
        collection.doubt(document, provider="azure", sku=sku.removeprefix(PREFIX))
        reason = f"the product {product!r:.60} names no series of virtual machines"
        collection.remark("price", f"{sku} product", reason, document, place)
        return None
    left_out = _not_wanted(item, sku, product, document, place)
    if left_out is not None:
        account.leave_out(place, left_out)
        return None
    size, kind = sku.removeprefix(PREFIX), field(item, "type", str, document, place)
    region = field(item, "armRegionName", str, document, place)
    unit = field(item, "unitOfMeasure", str, document, place)
    if not TYPES.is_wanted(kind) or unit != "1 Hour":
        collection.doubt(document, provider="azure", region=region, sku=size)
        reason = f"an unknown kind of price: {kind} per {unit}"
        collection.remark("price", f"{sku} {kind}", reason, document, place)
        return None
    term = _term(item, kind, document, place)
    if term is None:
        said = item.get("reservationTerm") or "; ".join(_names(item, document, place))
        collection.doubt(document, provider="azure", region=region, sku=size)
        collection.remark("price", f"{sku} {said}", "an unknown term of the price", document, place)
        return None
    price = number(item, "retailPrice", document, place)
    if field(item, "currencyCode", str, document, place) != "USD":
        raise wrong(document, place, "the item is not in USD")
    if price <= PLACEHOLDER:
        collection.doubt(document, provider="azure", region=region, sku=size, term=term)
        account.leave_out(place, NO_PRICE)
        return None
    end = item.get("effectiveEndDate")
    found = Item(
        sku=size,
        region=region,
        kind=kind,
        term=term,
        price=price / TERM_HOURS.get(term, 1),
        valid_from=day_of(field(item, "effectiveStartDate", str, document, place), document, place),
        valid_to=None if end is None else day_of(end, document, place),
        is_primary=field(item, "isPrimaryMeterRegion", bool, document, place),
        savings=(),
        document=document,
        place=place,
    )
    return replace(found, savings=_savings(item, found, collection)) if term == "on_demand" else found


def _not_wanted(item: Any, sku: str, product: str, document: Document, place: str) -> str | None:
    """Why an item of a GPU size is no offer, or None."""
    if OTHER_PRODUCTS.search(product):
        return "Windows, Cloud Services, Dedicated Host or a promotion"
    if GROUPING.search(sku):
        return "a grouping of sizes"
    if any(LOW_PRIORITY in name.lower() for name in _names(item, document, place)):
        return "low priority"
    reason = TYPES.reason_to_leave_out(field(item, "type", str, document, place))
    if reason is None and number(item, "tierMinimumUnits", document, place) != 0:
        return "a tier beyond the first"
    return reason


def _names(item: Any, document: Document, place: str) -> tuple[str, str]:
    return field(item, "meterName", str, document, place), field(item, "skuName", str, document, place)


def _term(item: Any, kind: str, document: Document, place: str) -> str | None:
    """How long the price binds; None where the item does not say so, or says two things."""
    is_spot = {SPOT in name.lower() for name in _names(item, document, place)}
    years = item.get("reservationTerm")
    if kind == "Reservation":
        is_plain = is_spot == {False} and _is_one_size(*_names(item, document, place))
        return RESERVATIONS.get(years) if isinstance(years, str) and is_plain else None
    if len(is_spot) > 1 or years or not _is_one_size(*_names(item, document, place)):
        return None
    return "spot" if is_spot == {True} else "on_demand"


def _is_one_size(meter: str, sku: str) -> bool:
    """Whether a meter and a SKU name one size; a meter may name several, with slashes between them."""
    meters = {_size(part) for part in re.sub(SPOT, "", meter, flags=re.IGNORECASE).split("/")}
    return _size(re.sub(SPOT, "", sku, flags=re.IGNORECASE)) in meters


def _size(name: str) -> str:
    return " ".join(name.lower().split())


def _savings(item: Any, read: Item, collection: Collection) -> tuple[tuple[str, Decimal], ...]:
    """Plans inside an item: term and price per hour; one that cannot be read is remarked, and costs only itself."""
    if "savingsPlan" not in item:
        return ()
    plans, place, document = item["savingsPlan"], f"{read.place}.savingsPlan", read.document
    try:
        if not isinstance(plans, list):
            raise wrong(document, place, f"savingsPlan is {shown(plans)}, not a list of plans")
        found = tuple(
            (SAVINGS[term], number(plan, "retailPrice", document, place))
            for plan in plans
            if (term := field(plan, "term", str, document, place)) in SAVINGS
            or _refuse(term, document, place)
        )
    except InputError as error:
        collection.remark("price", f"{read.sku} savings plan", error.problems[0].message, document)
        for term in SAVINGS.values():
            collection.doubt(document, provider="azure", region=read.region, sku=read.sku, term=term)
        return ()
    return found


def _refuse(term: str, document: Document, place: str) -> bool:
    raise wrong(document, place, f"a savings plan of {term!r} is not known")


def _offers(item: Item, collection: Collection) -> Iterator[Offer]:
    gpus = collection.instance("azure", item.sku, item.document, place=item.place)
    if gpus is None or gpus.gpu_model is None:
        return
    offer = Offer(
        provider="azure",
        region=item.region,
        country=collection.country("azure", item.region, item.document),
        sku=item.sku,
        gpu_model=gpus.gpu_model,
        gpu_count=gpus.gpu_count,
        term=item.term,
        price=item.price,
        currency="USD",
        valid_from=item.valid_from,
        document=item.document,
        note=NOTE if item.kind == "Consumption" else RESERVED_NOTE,
        valid_to=item.valid_to,
        rows=((item.document, item.place),),
    )
    yield offer
    for term, price in item.savings:
        yield replace(offer, term=term, price=price, note=f"{NOTE}; savings plan")
