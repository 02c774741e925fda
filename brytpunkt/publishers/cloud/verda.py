"""The publisher ``verda``: instance types and locations of Verda (formerly DataCrunch), per instance and hour.

Prices are texts. A price that is missing means that the type is not available now, not that it is free. The list
price holds in every location; whether there is stock is another question and not answered here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from brytpunkt.publishers._shared.accounting import IGNORED, Fields, meaning, paths, value
from brytpunkt.publishers._shared.offers import Collection, Offer, Provided
from brytpunkt.publishers._shared.protocol import Batch, Document, Listing, Request
from brytpunkt.publishers._shared.single_document import following, probe, version
from brytpunkt.publishers._shared.source import Source
from brytpunkt.publishers._shared.strict_reading import decimal_of, field, json_of, wrong
from brytpunkt.tables.provenance import CURRENCIES

__all__ = ["following", "parse", "probe", "start", "version"]

ROOT = "https://api.verda.com/v1"
TYPES, LOCATIONS = "instance-types.json", "locations.json"
DESCRIPTION = re.compile(r"(?P<count>\d+)x (?P<gpu>.+)")
PRICES = {"price_per_hour": "on_demand", "spot_price": "spot"}
FIELDS: Fields = {
    "instance_type": value("sku"),
    "price_per_hour": value("price_native_per_instance_hour"),
    "spot_price": value("price_native_per_instance_hour"),
    "currency": meaning("a currency with an exchange rate"),
    "gpu.description": value("gpu_model"),
    "gpu.number_of_gpus": meaning("the count in the description"),
} | dict.fromkeys(
    (
        *("id", "model", "name", "description", "best_for[]", "cpu.**", "memory.**", "gpu_memory.**"),
        *("storage.**", "p2p", "dynamic_price", "max_dynamic_price", "serverless_price", "manufacturer"),
        *("serverless_spot_price", "deploy_warning", "display_name", "supported_os[]", "cpu_type"),
    ),
    IGNORED,
)
LOCATION_FIELDS: Fields = {"code": value("region"), "country_code": value("country"), "name": IGNORED}


@dataclass(frozen=True)
class Location:
    """A data centre of the provider."""

    code: str
    country: str


def start(source: Source, pointer: Document | None) -> Sequence[Request]:
    """The two lists, with an access token that the fetcher is given for the client's id and secret."""
    del pointer
    root = source.url or ROOT
    headers = {"Authorization": "Bearer {credential}"}
    return [
        Request(
            name=name, url=f"{root}/{name.removesuffix('.json')}", headers=headers, credential="access_token"
        )
        for name in (TYPES, LOCATIONS)
    ]


def named(source: Source, name: str, number: int, head: bytes) -> str:
    """The list of locations has their countries, the list of types their prices."""
    del source, number
    return name if name in {TYPES, LOCATIONS} else LOCATIONS if b"country_code" in head else TYPES


def parse(listing: Listing) -> Iterator[Batch]:
    """Instance types and locations -> on-demand and spot offers.

    Raises ``InputError`` for a missing document, an empty list or an odd location, or if a field is missing or odd in more
    than a fifth of the types; the others are taken, and the odd ones remarked.
    """
    documents = {document.name: document for document in listing.documents}
    if set(documents) != {TYPES, LOCATIONS}:
        raise wrong(listing.documents[0], "", f"the publication is {TYPES} and {LOCATIONS}")
    collection = Collection(Provided("verda", f"Verda instance types, {ROOT}"), listing.accounts)
    for document in documents.values():
        collection.opened(document)
    locations = [
        _location(entry, document, place, collection)
        for document, place, entry in _entries(documents[LOCATIONS])
    ]
    for document, place, entry in _entries(documents[TYPES]):
        name = str(entry.get("instance_type", place)) if isinstance(entry, dict) else place
        with collection.row(document, place, name):
            _instance(entry, locations, document, place, collection)
        if place in collection.account(document).refused:
            collection.doubt(document, provider="verda", sku=name)
    yield from collection.batches()


def _location(entry: Any, document: Document, place: str, collection: Collection) -> Location:
    account = collection.account(document)
    account.read(place)
    found = Location(
        field(entry, "code", str, document, place), field(entry, "country_code", str, document, place)
    )
    if re.fullmatch(r"[A-Z]{2}", found.country) is None or not found.code:
        raise wrong(document, place, f"{found.code!r} in {found.country!r} is no location in a country")
    collection.check_fields(LOCATION_FIELDS, paths(entry), document)
    account.take(place)
    return found


def _entries(document: Document) -> list[tuple[Document, str, Any]]:
    whole = json_of(document)
    if not isinstance(whole, list) or not whole:
        raise wrong(document, "", "a list with entries is expected")
    return [(document, f"[{index}]", entry) for index, entry in enumerate(whole)]


def _instance(
    entry: Any, locations: list[Location], document: Document, place: str, collection: Collection
) -> None:
    gpus = field(entry, "gpu", dict, document, place)
    count = field(gpus, "number_of_gpus", int, document, f"{place}.gpu")
    sku = field(entry, "instance_type", str, document, place)
    if not count and not gpus.get("description"):
        return collection.account(document).leave_out(place, "no GPU")
    collection.check_fields(FIELDS, paths(entry), document)
    described = field(gpus, "description", str, document, f"{place}.gpu")
    said = DESCRIPTION.fullmatch(described)
    if said is None or int(said["count"]) != count:
        raise wrong(document, f"{place}.gpu", f"{described!r} and number_of_gpus {count} do not agree")
    gpu = collection.gpu(said["gpu"], document, place)
    if gpu is None:
        return collection.doubt(document, provider="verda", sku=sku)
    currency = field(entry, "currency", str, document, place).upper()
    if currency not in CURRENCIES:
        raise wrong(document, place, f"the currency is {currency!r}, which has no exchange rate")
    collection.account(document).leave_out(place, "not available now")
    for name, term in PRICES.items():
        if name not in entry:
            raise wrong(document, place, f"the field {name} is missing")
        if entry[name] in {None, ""}:
            collection.doubt(document, provider="verda", sku=sku, term=term)
            continue
        price = decimal_of(entry[name], document, f"{place}.{name}")
        for location in locations:
            collection.add(
                Offer(
                    provider="verda",
                    region=location.code,
                    country=location.country,
                    sku=sku,
                    gpu_model=gpu,
                    gpu_count=count,
                    term=term,
                    price=price,
                    currency=currency,
                    valid_from=None,
                    document=document,
                    note="list price; stock in this location is not stated",
                    rows=((document, place),),
                )
            )
    return None
