"""The publisher ``vast``: Vast.ai's marketplace as a signal of what spare GPUs fetch; never planned with.

Offers come and go by the minute and from anyone's cellar, so that only the median per GPU and hour is kept, as a
market price of one GPU.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from decimal import Decimal
from statistics import median
from typing import Any

from brytpunkt.publishers._shared.accounting import IGNORED, Fields, meaning, value
from brytpunkt.publishers._shared.offers import Collection, Offer, Provided
from brytpunkt.publishers._shared.protocol import Batch, Document, Listing, Request
from brytpunkt.publishers._shared.single_document import following, probe, version
from brytpunkt.publishers._shared.source import Source
from brytpunkt.publishers._shared.strict_reading import field, json_of, number, wrong

__all__ = ["following", "parse", "probe", "start", "version"]

ROOT = "https://console.vast.ai/api/v0/bundles/"
LIMIT = 3000
# The median of fewer offers is one host's opinion.
FEWEST = 3
FIELDS: Fields = {
    "gpu_name": value("gpu_model"),
    "num_gpus": value("divides the price"),
    "dph_total": value("price_native_per_instance_hour"),
    "rentable": meaning("true where it is stated; the query asks for it"),
    "rented": meaning("false where it is stated; the query asks for it"),
    "*": IGNORED,
    "*.**": IGNORED,
}


def start(source: Source, pointer: Document | None) -> Sequence[Request]:
    """Offers that can be rented now."""
    del pointer
    wanted = {"rentable": {"eq": True}, "rented": {"eq": False}, "limit": LIMIT}
    body = json.dumps(wanted).encode()
    headers = {"Content-Type": "application/json"}
    return [Request(name="bundles.json", url=source.url or ROOT, method="POST", headers=headers, body=body)]


def parse(listing: Listing) -> Iterator[Batch]:
    """Offers of the marketplace -> one market price a GPU.

    Raises ``InputError`` for an empty list, or if a field is missing or odd in more than a fifth of the offers.
    """
    collection = Collection(Provided("vast", f"Vast.ai marketplace, {ROOT}"), listing.accounts)
    for document in listing.documents:
        collection.opened(document)
        offers = field(json_of(document), "offers", list, document, "")
        if not offers:
            raise wrong(document, "offers", "the list is empty")
        prices: dict[str, list[tuple[Decimal, str]]] = defaultdict(list)
        for index, offer in enumerate(offers):
            place = f"offers[{index}]"
            with collection.row(document, place, place):
                _offer(offer, document, place, collection, prices)
        for gpu, found in sorted(prices.items()):
            if len(found) < FEWEST:
                reason = f"only {len(found)} offers"
                collection.remark("price", gpu, reason, document)
                collection.doubt(document, provider="vast", sku=f"market-{gpu.lower()}")
                for _, place in found:
                    collection.account(document).remark(place, reason)
                continue
            collection.add(_signal(gpu, found, document))
    yield from collection.batches("market_prices")


def _offer(
    offer: Any,
    document: Document,
    place: str,
    collection: Collection,
    prices: dict[str, list[tuple[Decimal, str]]],
) -> None:
    """Note the price per GPU of an offer that can be rented."""
    account = collection.account(document)
    gpu = collection.gpu(field(offer, "gpu_name", str, document, place), document, place)
    count = field(offer, "num_gpus", int, document, place)
    price = number(offer, "dph_total", document, place)
    if gpu is None:
        return
    if offer.get("rentable") not in {None, True} or offer.get("rented") not in {None, False}:
        account.leave_out(place, "cannot be rented now")
    elif count <= 0 or price <= 0:
        account.leave_out(place, "no price, or no GPU")
    else:
        prices[gpu].append((price / count, place))


def _signal(gpu: str, found: list[tuple[Decimal, str]], document: Document) -> Offer:
    prices = [price for price, _ in found]
    return Offer(
        provider="vast",
        region="",
        country=None,
        sku=f"market-{gpu.lower()}",
        gpu_model=gpu,
        gpu_count=1,
        term="on_demand",
        price=median(prices),
        currency="USD",
        valid_from=None,
        document=document,
        confidence="derived",
        note=f"median of {len(prices)} offers of third-party hosts, {min(prices):.2f} to {max(prices):.2f}",
        rows=tuple((document, place) for _, place in found),
    )
