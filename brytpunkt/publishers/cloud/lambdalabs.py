"""The publisher ``lambdalabs``: Lambda's instance types, in cents per instance and hour.

One price holds in every region; the list of regions with capacity changes by the minute and is not read. The region
is empty, and no country is claimed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal

from brytpunkt.publishers._shared.accounting import IGNORED, Fields, meaning, paths, value
from brytpunkt.publishers._shared.offers import Collection, Offer, Provided
from brytpunkt.publishers._shared.protocol import Batch, Document, Listing, Request
from brytpunkt.publishers._shared.single_document import following, probe, version
from brytpunkt.publishers._shared.source import Source
from brytpunkt.publishers._shared.strict_reading import field, json_of, wrong
from brytpunkt.tables import name_maps

__all__ = ["following", "parse", "probe", "start", "version"]

ROOT = "https://cloud.lambdalabs.com/api/v1/instance-types"
PROVIDER = "lambda"
CENT = Decimal("0.01")
FIELDS: Fields = {
    "instance_type.name": value("sku"),
    "instance_type.price_cents_per_hour": value("price_native_per_instance_hour"),
    "instance_type.specs.gpus": meaning("the count of the map"),
    "instance_type.description": IGNORED,
    "instance_type.gpu_description": IGNORED,
    "instance_type.specs.*": IGNORED,
    "regions_with_capacity_available[].**": IGNORED,
}


def start(source: Source, pointer: Document | None) -> Sequence[Request]:
    """The list, with the key of the API."""
    del pointer
    headers = {"Authorization": "Bearer {credential}"}
    return [
        Request(name="instance-types.json", url=source.url or ROOT, headers=headers, credential="api_key")
    ]


def parse(listing: Listing) -> Iterator[Batch]:
    """Instance types -> on-demand offers.

    Raises ``InputError`` for an empty list, or if a field is missing, or a price not in whole cents, in more than a fifth of
    the types; the others are taken, and the odd ones remarked.
    """
    collection = Collection(Provided("lambdalabs", f"Lambda Cloud instance types, {ROOT}"), listing.accounts)
    for document in listing.documents:
        collection.opened(document)
        types = field(json_of(document), "data", dict, document, "")
        if not types:
            raise wrong(document, "data", "the list is empty")
        for name, entry in types.items():
            place = f"data.{name}"
            with collection.row(document, place, name):
                _instance(entry, document, place, collection)
            if place in collection.account(document).refused:
                collection.doubt(document, provider=PROVIDER, sku=name)
    yield from collection.batches()


def _instance(entry: object, document: Document, place: str, collection: Collection) -> None:
    described = field(entry, "instance_type", dict, document, place)
    name = field(described, "name", str, document, f"{place}.instance_type")
    cents = field(described, "price_cents_per_hour", int, document, f"{place}.instance_type")
    specs = field(described, "specs", dict, document, f"{place}.instance_type")
    count = field(specs, "gpus", int, document, f"{place}.instance_type.specs")
    collection.check_fields(FIELDS, paths(entry), document)
    known = name_maps.instance(PROVIDER, name)
    if not count and (known is None or known.gpu_model is None):
        return collection.account(document).leave_out(place, "no GPU")
    gpus = collection.instance(PROVIDER, name, document, count, place)
    if gpus is None or gpus.gpu_model is None:
        return None
    return collection.add(
        Offer(
            provider=PROVIDER,
            region="",
            country=None,
            sku=name,
            gpu_model=gpus.gpu_model,
            gpu_count=gpus.gpu_count,
            term="on_demand",
            price=cents * CENT,
            currency="USD",
            valid_from=None,
            document=document,
            note="one price in every region; since when is not stated",
            rows=((document, place),),
        )
    )
