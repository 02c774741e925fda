"""The publisher ``oci``: Oracle's price list of cloud products, of which GPUs are priced one by one.

Prices are the same in every region, so the region is empty and no country is claimed. The smallest shape of a GPU
is a whole server; the map says of how many GPUs, and the price is that of the shape.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from brytpunkt.publishers._shared.accounting import IGNORED, Fields, meaning, paths, value
from brytpunkt.publishers._shared.offers import Collection, Offer, Provided
from brytpunkt.publishers._shared.protocol import Batch, Document, Listing, Request
from brytpunkt.publishers._shared.single_document import following, probe, version
from brytpunkt.publishers._shared.source import Source
from brytpunkt.publishers._shared.strict_reading import field, json_of, number, wrong
from brytpunkt.tables import name_maps

__all__ = ["following", "parse", "probe", "start", "version"]

ROOT = "https://apexapps.oracle.com/pls/apex/cetools/api/v1/products"
METRIC = "GPU Per Hour"
NAME = "products.json"
CATEGORY = "Compute - GPU"
PAY_AS_YOU_GO = "PAY_AS_YOU_GO"
FIELDS: Fields = {
    "partNumber": value("sku"),
    "displayName": meaning("names the GPU of the map, or is quoted in its note"),
    "metricName": meaning(f"{METRIC}; another metric of a product for GPUs is remarked"),
    "serviceCategory": meaning(f"{CATEGORY} tells a product for GPUs whose metric is another"),
    "currencyCodeLocalizations[].currencyCode": meaning("USD, once"),
    "currencyCodeLocalizations[].prices[].model": meaning(f"{PAY_AS_YOU_GO}, once"),
    "currencyCodeLocalizations[].prices[].value": value("price_native_per_instance_hour"),
    "currencyCodeLocalizations[].prices[].rangeMin": meaning("nothing or 0: the first tier"),
    "currencyCodeLocalizations[].prices[].rangeMax": IGNORED,
    "currencyCodeLocalizations[].prices[].rangeUnit": IGNORED,
    "shortDisplayName": IGNORED,
}


def start(source: Source, pointer: Document | None) -> Sequence[Request]:
    """The list in US dollars."""
    del pointer
    return [Request(name=NAME, url=f"{source.url or ROOT}?currencyCode=USD")]


def parse(listing: Listing) -> Iterator[Batch]:
    """The price list -> on-demand offers of the GPU products.

    Raises ``InputError`` for a list without any GPU product, or if a field is missing or odd in more than a fifth of the
    products; the others are taken, and the odd ones remarked.
    """
    collection = Collection(Provided("oci", f"Oracle Cloud price list, {ROOT}"), listing.accounts)
    for document in listing.documents:
        collection.opened(document)
        items = field(json_of(document), "items", list, document, "")
        is_gpu = [_metric(item) == METRIC for item in items]
        for index, item in enumerate(items):
            place = f"items[{index}]"
            name = str(item.get("partNumber", place)) if isinstance(item, dict) else place
            with collection.row(document, place, name):
                _product(item, document, place, collection)
            if place in collection.account(document).refused:
                collection.doubt(document, provider="oci", sku=name)
        if not any(is_gpu):
            collection.check_refused()
            raise wrong(document, "", f"no product is priced in {METRIC!r}")
    yield from collection.batches()


def _metric(item: object) -> object:
    return item.get("metricName") if isinstance(item, dict) else None


def _product(item: object, document: Document, place: str, collection: Collection) -> None:
    metric = field(item, "metricName", str, document, place)
    part = field(item, "partNumber", str, document, place)
    name = field(item, "displayName", str, document, place)
    known = name_maps.instance("oci", part)
    if metric != METRIC:
        category = field(item, "serviceCategory", str, document, place)
        is_gpu = category == CATEGORY and "GPU" in name
        if not is_gpu and (known is None or known.gpu_model is None):
            return collection.account(document).leave_out(place, "no GPU")
        collection.doubt(document, provider="oci", sku=part)
        return collection.remark(
            "price", part, f"the price is per {metric!r}, not {METRIC!r}", document, place
        )
    collection.check_fields(FIELDS, paths(item), document)
    localised = field(item, "currencyCodeLocalizations", list, document, place)
    dollars = [entry for entry in localised if field(entry, "currencyCode", str, document, place) == "USD"]
    if len(dollars) != 1:
        raise wrong(document, place, f"{len(dollars)} price lists in USD, where one is known")
    prices = [
        number(price, "value", document, place)
        for price in field(dollars[0], "prices", list, document, place)
        if field(price, "model", str, document, place) == PAY_AS_YOU_GO
        and not (price.get("rangeMin") is not None and number(price, "rangeMin", document, place))
    ]
    gpus = collection.instance("oci", part, document, place=place)
    if gpus is None or gpus.gpu_model is None:
        return None
    reason = _contradiction(name, gpus)
    if len(set(prices)) != 1:
        reason = f"{len(prices)} pay-as-you-go prices, where one is known"
    if reason is not None:
        collection.doubt(document, provider="oci", sku=part)
        return collection.remark("price", part, reason, document, place)
    return collection.add(
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
            rows=((document, place),),
        )
    )


def _contradiction(name: str, gpus: name_maps.Mapped) -> str | None:
    """Whether a product's name does not name the GPU of the map, as where a part number was given anew."""
    mapped = str(gpus.gpu_model).split("-")[0]
    families = {known.split("-")[0] for known in name_maps.canonical_gpus()} - {"RTX", "TPU"}
    named = families & set(re.split(r"[^A-Za-z0-9]+", name))
    # A name may have no GPU in it; then the note of the map repeats it.
    is_noted = not named and name.rsplit(" - ", 1)[-1] in gpus.note
    return None if mapped in named or is_noted else f"{name!r} does not name the {mapped} of the map"
