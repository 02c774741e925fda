"""The publisher ``azure``: Azure Retail Prices, the virtual machines of one region, page by page.

What the API does not say aloud: a reservation's price is the total of its term although its unit is "1 Hour", while
the savings plans inside an item are per hour; Windows, Cloud Services and Dedicated Host stand only in the product's
name, Spot and Low Priority only in the meter's; superseded and future prices come with current ones; 0.0 means that
no price was released; GPUs are not stated at all.
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

from brytpunkt.publishers._shared.offers import TERM_HOURS, Collection, Offer, Provided
from brytpunkt.publishers._shared.protocol import Batch, Document, Listing, Request
from brytpunkt.publishers._shared.single_document import probe, version
from brytpunkt.publishers._shared.source import Source
from brytpunkt.publishers._shared.strict_reading import day_of, field, json_of, number, wrong

__all__ = ["fingerprint", "following", "parse", "probe", "start", "version"]

ROOT = "https://prices.azure.com/api/retail/prices"
# The preview version is the one that carries savings plans.
API_VERSION = "2023-01-01-preview"
SERVICE = "Virtual Machines"
OTHER_PRODUCTS = re.compile(r"Windows| Win\b|Cloud Services|CloudServices|Dedicated Host|Promo")
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


@dataclass(frozen=True)
class Item:
    """A price of the list that may be an offer."""

    sku: str
    region: str
    kind: str
    term: str
    price: Decimal
    valid_from: date
    savings: tuple[tuple[str, Decimal], ...]
    document: Document


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


def parse(listing: Listing) -> Iterator[Batch]:
    """All pages of a region -> offers of GPU sizes.

    Raises ``InputError`` for a page that is not whole, a field that is missing, another currency, or no item at all.
    """
    documents = [document for document in listing.documents if PAGE.fullmatch(document.name)]
    items = [item for document in documents for item in _items(document)]
    if not items:
        raise wrong(
            listing.documents[0], "", "the list of the region is empty", "is the region's name right?"
        )
    collection = Collection(Provided("azure", f"Azure Retail Prices, {ROOT}"))
    for document, place, item in items:
        found = _read(item, document, place, collection)
        if found is not None:
            for offer in _offers(found, collection):
                collection.add(offer)
    yield from collection.batches()


def _envelope(document: Document) -> dict[str, Any]:
    whole = json_of(document)
    field(whole, "Items", list, document, "")
    if "NextPageLink" not in whole:
        raise wrong(document, "", "the field NextPageLink is missing", "a page states its next one, or null")
    return dict(whole)


def _items(document: Document) -> Iterator[tuple[Document, str, dict[str, Any]]]:
    whole = _envelope(document)
    items = whole["Items"]
    currency = field(whole, "BillingCurrency", str, document, "")
    if currency != "USD":
        # Other currencies are dollars at a monthly rate of the publisher's, rounded, sometimes to nothing.
        raise wrong(document, "BillingCurrency", f"the list is in {currency}, not in USD")
    count = field(whole, "Count", int, document, "")
    if count != len(items):
        raise wrong(document, "Count", f"the page announces {count} items and holds {len(items)}")
    for index, item in enumerate(items):
        yield document, f"Items[{index}]", item


def _read(item: dict[str, Any], document: Document, place: str, collection: Collection) -> Item | None:
    sku = field(item, "armSkuName", str, document, place).strip()
    product = field(item, "productName", str, document, place)
    if field(item, "serviceName", str, document, place) != SERVICE or not sku.startswith(GPU_SERIES):
        return None
    meter = f"{field(item, 'meterName', str, document, place)} {field(item, 'skuName', str, document, place)}"
    kind = field(item, "type", str, document, place)
    if OTHER_PRODUCTS.search(product) or GROUPING.search(sku) or "Low Priority" in meter:
        return None
    if kind == "DevTestConsumption" or number(item, "tierMinimumUnits", document, place) != 0:
        return None
    unit = field(item, "unitOfMeasure", str, document, place)
    if kind not in {"Consumption", "Reservation"} or unit != "1 Hour":
        collection.remark("price", f"{sku} {kind}", f"an unknown kind of price: {kind} per {unit}", document)
        return None
    term = "on_demand"
    if kind == "Reservation":
        years = field(item, "reservationTerm", str, document, place)
        if years not in RESERVATIONS:
            collection.remark("price", f"{sku} {years}", "an unknown term of reservation", document)
            return None
        term = RESERVATIONS[years]
    elif "Spot" in meter:
        term = "spot"
    valid_from = day_of(field(item, "effectiveStartDate", str, document, place), document, place)
    price = number(item, "retailPrice", document, place)
    if price <= PLACEHOLDER or valid_from > document.fetched_at.date():
        return None
    if field(item, "currencyCode", str, document, place) != "USD":
        raise wrong(document, place, "the item is not in USD")
    savings = item.get("savingsPlan", []) if term == "on_demand" else []
    return Item(
        sku=sku.removeprefix(PREFIX),
        region=field(item, "armRegionName", str, document, place),
        kind=kind,
        term=term,
        price=price / TERM_HOURS.get(term, 1),
        valid_from=valid_from,
        savings=tuple(
            (field(plan, "term", str, document, place), number(plan, "retailPrice", document, place))
            for plan in savings
        ),
        document=document,
    )


def _offers(item: Item, collection: Collection) -> Iterator[Offer]:
    gpus = collection.instance("azure", item.sku, item.document)
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
    )
    yield offer
    for years, price in item.savings:
        if years in SAVINGS:
            yield replace(offer, term=SAVINGS[years], price=price, note=f"{NOTE}; savings plan")
