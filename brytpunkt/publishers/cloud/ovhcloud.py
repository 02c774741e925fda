"""The publisher ``ovhcloud``: OVHcloud's public order catalog of cloud instances, in the currency of a subsidiary.

Prices are whole numbers in hundred-millionths of the currency, per hour of the ``.consumption`` plans. Were the
scale to change, every price would be wrong alike: a plan outside plausible bounds per GPU is refused.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

from brytpunkt.publishers._shared.offers import Collection, Offer, Provided
from brytpunkt.publishers._shared.protocol import Batch, Document, Listing, Request
from brytpunkt.publishers._shared.single_document import following, probe, version
from brytpunkt.publishers._shared.source import Source
from brytpunkt.publishers._shared.strict_reading import field, json_of, wrong

__all__ = ["following", "parse", "probe", "start", "version"]

ROOT = "https://api.ovh.com/1.0/order/catalog/public/cloud"
PRODUCT, SUFFIX = "publiccloud-instance", ".consumption"
SCALE = Decimal("1e-8")
LEAST_PER_GPU, MOST_PER_GPU = Decimal("0.1"), Decimal(50)


def start(source: Source, pointer: Document | None) -> Sequence[Request]:
    """The catalog of the subsidiary."""
    del pointer
    subsidiary = source.parameters.get("subsidiary", "IE")
    return [Request(name="catalog.json", url=f"{source.url or ROOT}?ovhSubsidiary={subsidiary}")]


def parse(listing: Listing) -> Iterator[Batch]:
    """The catalog -> on-demand offers of GPU flavours; VAT is not in the prices.

    Raises ``InputError`` for a missing field, a price that is not a whole number or beyond bounds, or no instance.
    """
    collection = Collection(Provided("ovhcloud", f"OVHcloud Public Cloud catalog, {ROOT}"))
    for document in listing.documents:
        whole = json_of(document)
        currency = field(field(whole, "locale", dict, document, ""), "currencyCode", str, document, "locale")
        plans = [
            (f"{part}[{index}]", plan)
            for part in ("plans", "addons")
            for index, plan in enumerate(field(whole, part, list, document, ""))
            if plan.get("product") == PRODUCT
        ]
        if not plans:
            raise wrong(document, "addons", f"no plan is of the product {PRODUCT!r}")
        for place, plan in plans:
            _plan(plan, currency, document, place, collection)
    yield from collection.batches()


def _plan(
    plan: dict[str, Any], currency: str, document: Document, place: str, collection: Collection
) -> None:
    code = field(plan, "planCode", str, document, place)
    technical = ((plan.get("blobs") or {}).get("technical")) or {}
    gpu = technical.get("gpu") or {}
    flavour = code.removesuffix(SUFFIX)
    if not code.endswith(SUFFIX) or not gpu or flavour.startswith("win-"):
        return
    gpus = collection.instance(
        "ovhcloud", flavour, document, field(gpu, "number", int, document, f"{place}.gpu")
    )
    if gpus is None or gpus.gpu_model is None:
        return
    prices = {
        field(pricing, "price", int, document, f"{place}.pricings[]") * SCALE
        for pricing in field(plan, "pricings", list, document, place)
        if pricing.get("intervalUnit") == "hour"
    }
    if len(prices) != 1:
        collection.remark("price", flavour, f"{len(prices)} prices per hour, where one is known", document)
        return
    [price] = prices
    if price and not LEAST_PER_GPU < price / gpus.gpu_count < MOST_PER_GPU:
        raise wrong(
            document,
            place,
            f"{price:f} {currency} per hour for {gpus.gpu_count} GPUs: has the scale changed?",
        )
    collection.add(
        Offer(
            provider="ovhcloud",
            region="",
            country=None,
            sku=flavour,
            gpu_model=gpus.gpu_model,
            gpu_count=gpus.gpu_count,
            term="on_demand",
            price=price,
            currency=currency,
            valid_from=None,
            document=document,
            note="VAT excluded; location and since when are not stated",
        )
    )
