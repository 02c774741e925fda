"""The publisher ``oci``: Oracle's price list of cloud products, of which GPUs are priced one by one.

Prices are the same in every region, so the region is empty and no country is claimed. The smallest shape of a GPU
is a whole server; the map says of how many GPUs, and the price is that of the shape.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from brytpunkt.publishers._shared.offers import Collection, Offer, Provided
from brytpunkt.publishers._shared.protocol import Batch, Document, Listing, Request
from brytpunkt.publishers._shared.single_document import following, probe, version
from brytpunkt.publishers._shared.source import Source
from brytpunkt.publishers._shared.strict_reading import field, json_of, number, wrong

__all__ = ["following", "parse", "probe", "start", "version"]

ROOT = "https://apexapps.oracle.com/pls/apex/cetools/api/v1/products"
METRIC = "GPU Per Hour"
NAME = "products.json"


def start(source: Source, pointer: Document | None) -> Sequence[Request]:
    """The list in US dollars."""
    del pointer
    return [Request(name=NAME, url=f"{source.url or ROOT}?currencyCode=USD")]


def parse(listing: Listing) -> Iterator[Batch]:
    """The price list -> on-demand offers of the GPU products.

    Raises ``InputError`` for a missing field, or a list without any GPU product.
    """
    collection = Collection(Provided("oci", f"Oracle Cloud price list, {ROOT}"))
    for document in listing.documents:
        items = field(json_of(document), "items", list, document, "")
        found = [
            (f"items[{index}]", item)
            for index, item in enumerate(items)
            if field(item, "metricName", str, document, f"items[{index}]") == METRIC
        ]
        if not found:
            raise wrong(document, "", f"no product is priced in {METRIC!r}")
        for place, item in found:
            _product(item, document, place, collection)
    yield from collection.batches()


def _product(item: object, document: Document, place: str, collection: Collection) -> None:
    part = field(item, "partNumber", str, document, place)
    field(item, "displayName", str, document, place)
    localised = field(item, "currencyCodeLocalizations", list, document, place)
    dollars = [entry for entry in localised if field(entry, "currencyCode", str, document, place) == "USD"]
    if len(dollars) != 1:
        raise wrong(document, place, f"{len(dollars)} price lists in USD, where one is known")
    prices = [
        number(price, "value", document, place)
        for price in field(dollars[0], "prices", list, document, place)
        if field(price, "model", str, document, place) == "PAY_AS_YOU_GO"
    ]
    gpus = collection.instance("oci", part, document)
    if gpus is None or gpus.gpu_model is None:
        return
    if len(prices) != 1:
        collection.remark("price", part, f"{len(prices)} pay-as-you-go prices, where one is known", document)
        return
    collection.add(
        Offer(
            provider="oci",
            region="",
            country=None,
            sku=part,
            gpu_model=gpus.gpu_model,
            gpu_count=gpus.gpu_count,
            term="on_demand",
            price=prices[0] * gpus.gpu_count,
            currency="USD",
            valid_from=None,
            document=document,
            note=f"{gpus.note}; the same in every region; since when is not stated",
        )
    )
