"""The publisher ``ovhcloud``: OVHcloud's public order catalog of cloud instances, in the currency of a subsidiary.

Prices are whole numbers in hundred-millionths of the currency, per hour of the ``.consumption`` plans. Were the
scale to change, every price would be wrong alike: a plan outside plausible bounds per GPU is refused.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

from brytpunkt.publishers._shared.accounting import IGNORED, Fields, meaning, paths, value
from brytpunkt.publishers._shared.offers import Collection, Offer, Provided
from brytpunkt.publishers._shared.protocol import Batch, Document, Listing, Request
from brytpunkt.publishers._shared.single_document import following, probe, version
from brytpunkt.publishers._shared.source import Source
from brytpunkt.publishers._shared.strict_reading import field, json_of, shown, wrong
from brytpunkt.tables import name_maps

__all__ = ["following", "parse", "probe", "start", "version"]

ROOT = "https://api.ovh.com/1.0/order/catalog/public/cloud"
PRODUCT, SUFFIX, CAPACITY = "publiccloud-instance", ".consumption", "consumption"
SCALE = Decimal("1e-8")
FIELDS: Fields = {
    "product": meaning(f"{PRODUCT}: what is no instance is left out"),
    "planCode": value("sku"),
    "pricings[].price": value("price_native_per_instance_hour"),
    "pricings[].interval": meaning("1"),
    "pricings[].intervalUnit": meaning("hour; others are left out"),
    "pricings[].capacities[]": meaning("consumption"),
    "pricings[].commitment": meaning("nothing or 0: without commitment"),
    "blobs.technical.gpu.number": meaning("the count of the map"),
    "blobs.technical.gpu.model": meaning("the GPU of the map"),
    "blobs.technical.os.family": meaning("linux"),
} | dict.fromkeys(
    (
        *("invoiceName", "blobs.**", "pricings[].*", "pricings[].promotions[].**", "pricings[].quantity.**"),
        *("pricings[].repeat.**", "pricings[].engagementConfiguration.**", "family", "pricingType"),
        *(
            "consumptionConfiguration",
            "consumptionConfiguration.**",
            "addonFamilies[].**",
            "configurations[].**",
        ),
    ),
    IGNORED,
)
LEAST_PER_GPU, MOST_PER_GPU = Decimal("0.1"), Decimal(50)


def start(source: Source, pointer: Document | None) -> Sequence[Request]:
    """The catalog of the subsidiary."""
    del pointer
    subsidiary = source.parameters.get("subsidiary", "IE")
    return [Request(name="catalog.json", url=f"{source.url or ROOT}?ovhSubsidiary={subsidiary}")]


def parse(listing: Listing) -> Iterator[Batch]:
    """The catalog -> on-demand offers of GPU flavours; VAT is not in the prices.

    Raises ``InputError`` if there is no instance, or if a field is missing, or a price not a whole number or beyond bounds, in
    more than a fifth of the plans with GPUs; the others are taken, and the odd ones remarked.
    """
    collection = Collection(Provided("ovhcloud", f"OVHcloud Public Cloud catalog, {ROOT}"), listing.accounts)
    for document in listing.documents:
        collection.opened(document)
        whole = json_of(document)
        currency = field(field(whole, "locale", dict, document, ""), "currencyCode", str, document, "locale")
        plans = [
            (f"{part}[{index}]", plan)
            for part in ("plans", "addons")
            for index, plan in enumerate(field(whole, part, list, document, ""))
        ]
        if not any(isinstance(plan, dict) and plan.get("product") == PRODUCT for _, plan in plans):
            raise wrong(document, "addons", f"no plan is of the product {PRODUCT!r}")
        for place, plan in plans:
            name = str(plan.get("planCode", place)) if isinstance(plan, dict) else place
            with collection.row(document, place, name):
                _plan(plan, currency, document, place, collection)
            if place in collection.account(document).refused:
                collection.doubt(document, provider="ovhcloud", sku=name.removesuffix(SUFFIX))
    yield from collection.batches()


def _plan(plan: Any, currency: str, document: Document, place: str, collection: Collection) -> None:
    account = collection.account(document)
    code = field(plan, "planCode", str, document, place)
    flavour = code.removesuffix(SUFFIX)
    known = name_maps.instance("ovhcloud", flavour)
    is_planned = known is not None and known.gpu_model is not None
    product = plan.get("product")
    if product != PRODUCT:
        if not is_planned or not code.endswith(SUFFIX) or isinstance(product, str):
            return account.leave_out(place, "another product")
        raise wrong(document, place, f"product: {shown(product)} is not a text")
    if not code.endswith(SUFFIX):
        return account.leave_out(place, "not per hour of consumption")
    if flavour.startswith("win-"):
        return account.leave_out(place, "Windows")
    technical = (plan.get("blobs") or {}).get("technical") or {}
    gpu = technical.get("gpu") or {}
    if not gpu and not is_planned:
        return account.leave_out(place, "no GPU")
    collection.check_fields(FIELDS, paths(plan), document)
    number_of_gpus = field(gpu, "number", int, document, f"{place}.gpu")
    gpus = collection.instance("ovhcloud", flavour, document, number_of_gpus, place)
    if gpus is None or gpus.gpu_model is None:
        return None
    reason = _contradiction(technical, gpus.gpu_model, document, place)
    prices = _hourly(plan, document, place)
    if len(prices) != 1:
        reason = f"{len(prices)} prices per hour, where one is known"
    if reason is not None:
        collection.doubt(document, provider="ovhcloud", region="", sku=flavour, term="on_demand")
        return collection.remark("price", flavour, reason, document, place)
    [price] = prices
    if price and not LEAST_PER_GPU < price / gpus.gpu_count < MOST_PER_GPU:
        raise wrong(
            document,
            place,
            f"{price:f} {currency} per hour for {gpus.gpu_count} GPUs: has the scale changed?",
        )
    return collection.add(
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
            rows=((document, place),),
        )
    )


def _contradiction(technical: Any, gpu_model: str, document: Document, place: str) -> str | None:
    """What of the technical description is not as the map and the reader know it, or None."""
    model = field(technical["gpu"], "model", str, document, f"{place}.gpu")
    if model.split()[-1:] != [gpu_model.split("-", maxsplit=1)[0]]:
        return f"the document states a {model}, the map a {gpu_model}"
    system = field(
        field(technical, "os", dict, document, place), "family", str, document, f"{place}.technical.os"
    )
    return None if system == "linux" else f"the operating system is {system}, not linux"


def _hourly(plan: Any, document: Document, place: str) -> set[Decimal]:
    """Prices per hour of consumption, without commitment."""
    where = f"{place}.pricings[]"
    prices = set()
    for pricing in field(plan, "pricings", list, document, place):
        if field(pricing, "intervalUnit", str, document, where) != "hour":
            continue
        interval = field(pricing, "interval", int, document, where)
        if interval != 1:
            raise wrong(document, where, f"a price for {interval} hours, where one hour was known")
        if CAPACITY in field(pricing, "capacities", list, document, where) and not pricing.get("commitment"):
            prices.add(field(pricing, "price", int, document, where) * SCALE)
    return prices
