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


def start(source: Source, pointer: Document | None) -> Sequence[Request]:
    """Offers that can be rented now."""
    del pointer
    wanted = {"rentable": {"eq": True}, "rented": {"eq": False}, "limit": LIMIT}
    body = json.dumps(wanted).encode()
    headers = {"Content-Type": "application/json"}
    return [Request(name="bundles.json", url=source.url or ROOT, method="POST", headers=headers, body=body)]


def parse(listing: Listing) -> Iterator[Batch]:
    """Offers of the marketplace -> one market price a GPU.

    Raises ``InputError`` for a missing field or an empty list.
    """
    collection = Collection(Provided("vast", f"Vast.ai marketplace, {ROOT}"))
    for document in listing.documents:
        offers = field(json_of(document), "offers", list, document, "")
        if not offers:
            raise wrong(document, "offers", "the list is empty")
        prices: dict[str, list[Decimal]] = defaultdict(list)
        for index, offer in enumerate(offers):
            place = f"offers[{index}]"
            gpu = collection.gpu(field(offer, "gpu_name", str, document, place), document)
            count = field(offer, "num_gpus", int, document, place)
            price = number(offer, "dph_total", document, place)
            if gpu is not None and count > 0 and price > 0:
                prices[gpu].append(price / count)
        for gpu, found in sorted(prices.items()):
            if len(found) < FEWEST:
                collection.remark("price", gpu, f"only {len(found)} offers", document)
                continue
            collection.add(_signal(gpu, found, document))
    yield from collection.batches("market_prices")


def _signal(gpu: str, prices: list[Decimal], document: Document) -> Offer:
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
    )
