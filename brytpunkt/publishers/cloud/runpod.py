"""The publisher ``runpod``: GPU types of RunPod, priced per GPU and hour, by one GraphQL query.

The secure cloud becomes offers of one GPU; the community cloud is a marketplace of third-party hosts and becomes
market prices, which are never planned with.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

from brytpunkt.publishers._shared.accounting import IGNORED, Fields, paths, value
from brytpunkt.publishers._shared.offers import Collection, Offer, Provided
from brytpunkt.publishers._shared.protocol import Batch, Document, Listing, Request
from brytpunkt.publishers._shared.single_document import following, probe, version
from brytpunkt.publishers._shared.source import Source
from brytpunkt.publishers._shared.strict_reading import field, json_of, number, wrong

__all__ = ["following", "parse", "probe", "start", "version"]

ROOT = "https://api.runpod.io/graphql"
PRICES = {
    "securePrice": ("secure", "on_demand"),
    "secureSpotPrice": ("secure", "spot"),
    "communityPrice": ("community", "on_demand"),
    "communitySpotPrice": ("community", "spot"),
}
FIELDS: Fields = {
    "id": value("gpu_model"),
    "memoryInGb": IGNORED,
    "displayName": IGNORED,
} | {name: value("price_native_per_instance_hour") for name in PRICES}
QUERY = f"query GpuTypes {{ gpuTypes {{ id displayName memoryInGb {' '.join(PRICES)} }} }}"


def start(source: Source, pointer: Document | None) -> Sequence[Request]:
    """The query; it needs no key."""
    del pointer
    body = json.dumps({"query": QUERY, "variables": {}}).encode()
    headers = {"Content-Type": "application/json"}
    return [Request(name="gpu-types.json", url=source.url or ROOT, method="POST", headers=headers, body=body)]


def parse(listing: Listing) -> Iterator[Batch]:
    """GPU types -> offers of the secure cloud and market prices of the community cloud.

    Raises ``InputError`` for an answer with errors, a missing field, or an empty list.
    """
    title = f"RunPod GPU types, {ROOT}"
    secure = Collection(Provided("runpod", title), listing.accounts)
    community = Collection(Provided("runpod", title), listing.accounts)
    for document in listing.documents:
        secure.opened(document)
        whole = json_of(document)
        if "errors" in whole:
            raise wrong(document, "errors", f"the service refused the query: {_said(whole['errors'])}")
        types = field(field(whole, "data", dict, document, ""), "gpuTypes", list, document, "data")
        if not types:
            raise wrong(document, "data.gpuTypes", "the list is empty")
        for index, entry in enumerate(types):
            place = f"gpuTypes[{index}]"
            name = str(entry.get("id", place)) if isinstance(entry, dict) else place
            with secure.row(document, place, name):
                _type(entry, document, place, secure, community)
    yield from community.batches("market_prices", says_empty=False)
    yield from secure.batches()


def _said(errors: Any) -> str:
    """The messages of the service's errors."""
    listed = errors if isinstance(errors, list) else [errors]
    messages = [
        str(error.get("message", "no message")) if isinstance(error, dict) else str(error) for error in listed
    ]
    return "; ".join(messages)[:200]


def _type(entry: Any, document: Document, place: str, secure: Collection, community: Collection) -> None:
    gpu = secure.gpu(field(entry, "id", str, document, place), document, place)
    if gpu is None:
        return
    secure.check_fields(FIELDS, paths(entry), document)
    missing = [name for name in PRICES if name not in entry]
    if missing:
        raise wrong(document, place, f"the field {missing[0]} is missing")
    secure.account(document).leave_out(place, "no price is released")
    for name, (cloud, term) in PRICES.items():
        if entry[name] is None:
            # It is not offered now, which says nothing of its price.
            if cloud == "secure":
                secure.doubt(document, provider="runpod", sku=f"{cloud}-{gpu.lower()}", term=term)
            else:
                community.doubt(document, provider="runpod", sku=f"{cloud}-{gpu.lower()}", term=term)
            continue
        offer = _offer(gpu, cloud, term, number(entry, name, document, place), document, place)
        (secure if cloud == "secure" else community).add(offer)


def _offer(gpu: str, cloud: str, term: str, price: Decimal, document: Document, place: str) -> Offer:
    return Offer(
        provider="runpod",
        region="",
        country=None,
        sku=f"{cloud}-{gpu.lower()}",
        gpu_model=gpu,
        gpu_count=1,
        term=term,
        price=price,
        currency="USD",
        valid_from=None,
        document=document,
        note="price per GPU; location and since when are not stated",
        rows=((document, place),),
    )
