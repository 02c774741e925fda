"""The publisher ``lambdalabs``: Lambda's instance types, in cents per instance and hour.

One price holds in every region; the list of regions with capacity changes by the minute and is not read. The region
is empty, and no country is claimed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal

from brytpunkt.publishers._shared.offers import Collection, Offer, Provided
from brytpunkt.publishers._shared.protocol import Batch, Document, Listing, Request
from brytpunkt.publishers._shared.single_document import following, probe, version
from brytpunkt.publishers._shared.source import Source
from brytpunkt.publishers._shared.strict_reading import field, json_of, wrong

__all__ = ["following", "parse", "probe", "start", "version"]

ROOT = "https://cloud.lambdalabs.com/api/v1/instance-types"
PROVIDER = "lambda"
CENT = Decimal("0.01")


def start(source: Source, pointer: Document | None) -> Sequence[Request]:
    """The list, with the key of the API."""
    del pointer
    headers = {"Authorization": "Bearer {credential}"}
    return [
        Request(name="instance-types.json", url=source.url or ROOT, headers=headers, credential="api_key")
    ]


def parse(listing: Listing) -> Iterator[Batch]:
    """Instance types -> on-demand offers.

    Raises ``InputError`` for a missing field, a price that is not whole cents, or an empty list.
    """
    collection = Collection(Provided("lambdalabs", f"Lambda Cloud instance types, {ROOT}"))
    for document in listing.documents:
        types = field(json_of(document), "data", dict, document, "")
        if not types:
            raise wrong(document, "data", "the list is empty")
        for name, entry in types.items():
            _instance(entry, document, f"data.{name}", collection)
    yield from collection.batches()


def _instance(entry: object, document: Document, place: str, collection: Collection) -> None:
    described = field(entry, "instance_type", dict, document, place)
    name = field(described, "name", str, document, f"{place}.instance_type")
    cents = field(described, "price_cents_per_hour", int, document, f"{place}.instance_type")
    specs = field(described, "specs", dict, document, f"{place}.instance_type")
    count = field(specs, "gpus", int, document, f"{place}.instance_type.specs")
    gpus = collection.instance(PROVIDER, name, document, count) if count else None
    if gpus is None or gpus.gpu_model is None:
        return
    collection.add(
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
        )
    )
