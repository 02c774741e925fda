"""The publisher ``gcp``: the Cloud Billing Catalog of Compute Engine, from which machine prices are composed.

The catalog has no machines. A machine costs its cores, its memory, its GPUs and its built-in local disks, each a SKU
of its own that is told by its description alone: on demand, as spot, or committed to for one or three years.
Descriptions must match exactly: "Nvidia Tesla A100 GPU" is not the 80 GB one, and what is sold by another scheme
(Defined Duration, Calendar Mode, Reserved, Sole Tenancy, Custom, Premium) has a description that begins like the real
one. No whole document with commitments was seen, so that an odd one is a remark, and costs nothing but itself.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from urllib.parse import quote

from brytpunkt.errors import InputError
from brytpunkt.publishers._shared.offers import Collection, Offer, Provided
from brytpunkt.publishers._shared.protocol import Batch, Document, Listing, Request
from brytpunkt.publishers._shared.single_document import probe, version
from brytpunkt.publishers._shared.source import Source
from brytpunkt.publishers._shared.strict_reading import day_of, decimal_of, field, json_of, wrong
from brytpunkt.tables import name_maps

__all__ = ["fingerprint", "following", "parse", "probe", "start", "version"]

ROOT = "https://cloudbilling.googleapis.com/v1/services/6F81-5844-456A/skus"
PAGE = re.compile(r"page-(\d{4})\.json")
SPOT_PREFIX, SPOT_SUFFIX = "Spot Preemptible ", " attached to Spot Preemptible VMs"
DESCRIPTION = re.compile(r"(?P<what>.+?) (?:running )?in (?P<where>[^()]+)")
# A committed part is called otherwise than the same part on demand.
COMMITMENT = re.compile(
    r"Commitment v1: (?P<what>.+?)(?: running)? in (?P<where>[^()]+) for (?P<years>[13]) Years?",
    re.IGNORECASE,
)
OTHER_SCHEMES = re.compile(
    r"DWS|Defined Duration|Calendar Mode|Reserved|Sole Tenancy|Custom|Premium|Commitment|Capacity Optimized|suspended",
    re.IGNORECASE,
)
LOCAL_DISK, COMMITTED_DISK = "SSD backed Local Storage", "Local SSD"
# Hours in which the catalog counts a month of storage.
HOURS_PER_MONTH = 730
NANO = Decimal("1e-9")
NOTE = "sum of the SKUs of cores, memory, GPUs and built-in local disk"
COMMITTED_NOTE = f"{NOTE}, each committed to by resource and paid by the month"
USAGES = {"OnDemand", "Preemptible", "Commit1Yr", "Commit3Yr"}
TERMS = {"1": "reserved_1y", "3": "reserved_3y"}
COMMITTED_USAGES = {"Commit1Yr": "reserved_1y", "Commit3Yr": "reserved_3y"}


@dataclass(frozen=True)
class Part:
    """The newest price of a part in a region. [USD per unit and hour]"""

    price: Decimal
    valid_from: date
    document: Document


Prices = Mapping[tuple[str, str, str], Part]


def start(source: Source, pointer: Document | None) -> Sequence[Request]:
    """The first page; the key of the API stands in the address and is filled in by the fetcher."""
    del pointer
    return [_page(source, 1, None)]


def following(source: Source, document: Document) -> Sequence[Request]:
    """The next page."""
    page = PAGE.fullmatch(document.name)
    token = json_of(document).get("nextPageToken")
    return [] if page is None or not token else [_page(source, int(page[1]) + 1, str(token))]


def fingerprint(document: Document) -> str:
    """What must stay on the first page while a walk goes on: its SKUs; the token of the next page differs each time."""
    skus = json.dumps(field(json_of(document), "skus", list, document, ""), sort_keys=True, default=str)
    return hashlib.sha256(skus.encode()).hexdigest()


def parse(listing: Listing) -> Iterator[Batch]:
    """All pages of the catalog -> offers of the machine types of the map.

    Raises ``InputError`` for a page that is not whole, a field of a wanted SKU that is missing, another currency or unit.
    """
    title = f"Google Cloud Billing Catalog, Compute Engine, {ROOT}"
    collection = Collection(Provided("gcp", title))
    wanted = _wanted_parts()
    prices = _prices(listing.documents, wanted, collection)
    if not prices:
        raise wrong(listing.documents[0], "", "the catalog has none of the parts of a GPU machine")
    regions = sorted({region for _, region, _ in prices})
    for machine in name_maps.machines():
        for region in regions:
            for term in ("on_demand", "spot", *TERMS.values()):
                offer = _composed(machine, region, prices, collection, term)
                if offer is not None:
                    collection.add(offer)
    yield from collection.batches()


def _page(source: Source, number: int, token: str | None) -> Request:
    after = "" if token is None else f"&pageToken={quote(token)}"
    url = f"{source.url or ROOT}?currencyCode=USD&pageSize=5000{after}&key={{credential}}"
    return Request(name=f"page-{number:04d}.json", url=url, credential="api_key")


def _wanted_parts() -> dict[str, str]:
    """Unit of every description that is a part of a machine."""
    parts = {LOCAL_DISK: "GiBy.mo"}
    for machine in name_maps.machines():
        parts |= dict.fromkeys((*machine.core, *machine.gpu), "h") | dict.fromkeys(machine.ram, "GiBy.h")
    return parts | {_committed(part): unit for part, unit in parts.items()}


def _committed(part: str) -> str:
    """What a part is called where it is committed to: ``A3 Instance Core`` is ``A3 Cpu``; a GPU keeps its name."""
    if part == LOCAL_DISK:
        return COMMITTED_DISK
    return part.replace(" Instance Core", " Cpu").replace(" Instance Ram", " Ram")


def _prices(documents: Sequence[Document], wanted: dict[str, str], collection: Collection) -> Prices:
    found: dict[tuple[str, str, str], list[Part]] = defaultdict(list)
    for document in documents:
        skus = field(json_of(document), "skus", list, document, "")
        for index, sku in enumerate(skus):
            place = f"skus[{index}]"
            description = field(sku, "description", str, document, place)
            part = _part_of(description)
            if part is None or part[0] not in wanted:
                continue
            usage = field(
                field(sku, "category", dict, document, place), "usageType", str, document, f"{place}.category"
            )
            if usage not in USAGES:
                continue
            what, said = part
            # Some spot SKUs are filed under OnDemand: the description is right.
            term = "spot" if usage == "Preemptible" else said
            is_committed = term in COMMITTED_USAGES.values()
            if COMMITTED_USAGES.get(usage) != (term if is_committed else None):
                collection.remark("part", description, f"its usage type says {usage}", document)
                continue
            try:
                price = _price(sku, wanted[what], document, place)
            except InputError as error:
                if not is_committed:
                    raise
                collection.remark("part", description, error.problems[0].message, document)
                continue
            for region in field(sku, "serviceRegions", list, document, place):
                found[what, str(region), term].append(price)
    newest = {key: _newest(key, parts, collection) for key, parts in found.items()}
    return {key: price for key, price in newest.items() if price is not None}


def _part_of(description: str) -> tuple[str, str] | None:
    """What a description prices, and by which term; None if it is sold by another scheme."""
    committed = COMMITMENT.fullmatch(description)
    if committed is not None:
        return committed["what"], TERMS[committed["years"]]
    if OTHER_SCHEMES.search(description):
        return None
    term = "spot" if SPOT_PREFIX.strip() in description else "on_demand"
    plain = description.removeprefix(SPOT_PREFIX).replace(SPOT_SUFFIX, "")
    if plain.startswith(LOCAL_DISK):
        return LOCAL_DISK, term
    said = DESCRIPTION.fullmatch(plain)
    return None if said is None else (said["what"], term)


def _price(sku: dict[str, Any], unit: str, document: Document, place: str) -> Part:
    infos = field(sku, "pricingInfo", list, document, place)
    if not infos:
        raise wrong(document, place, "pricingInfo is empty")
    info = infos[-1]
    expression = field(info, "pricingExpression", dict, document, f"{place}.pricingInfo")
    stated = field(expression, "usageUnit", str, document, f"{place}.pricingExpression")
    if stated != unit:
        raise wrong(document, place, f"the unit is {stated}, where {unit} was known")
    rates = field(expression, "tieredRates", list, document, f"{place}.pricingExpression")
    if not rates:
        raise wrong(document, place, "tieredRates is empty")
    # A first tier may be free; what a machine in use costs is the last one.
    last = max(rates, key=lambda rate: rate.get("startUsageAmount", 0))
    amount = field(last, "unitPrice", dict, document, f"{place}.tieredRates")
    if field(amount, "currencyCode", str, document, f"{place}.unitPrice") != "USD":
        raise wrong(
            document, place, f"the currency is {amount['currencyCode']}, not USD", "ask for currencyCode=USD"
        )
    price = decimal_of(field(amount, "units", str, document, place), document, place)
    price += field(amount, "nanos", int, document, place) * NANO
    if unit == "GiBy.mo":
        price /= HOURS_PER_MONTH
    return Part(price, day_of(field(info, "effectiveTime", str, document, place), document, place), document)


def _newest(key: tuple[str, str, str], parts: list[Part], collection: Collection) -> Part | None:
    """The newest price of a part; several of one day are a remark."""
    day = max(part.valid_from for part in parts)
    newest = [part for part in parts if part.valid_from == day and part.price > 0]
    if len({part.price for part in newest}) > 1:
        name = f"{key[0]}, {key[1]}{'' if key[2] == 'on_demand' else f', {key[2]}'}"
        collection.remark("part", name, "several prices of one day", newest[0].document)
        return None
    return newest[0] if newest else None


def _composed(
    machine: name_maps.Machine, region: str, prices: Prices, collection: Collection, term: str
) -> Offer | None:
    gpu = _any(machine.gpu, region, prices, term)
    if gpu is None:
        return None
    total, valid_from, lacking = machine.gpu_count * gpu.price, gpu.valid_from, []
    for name, spellings, amount in (
        ("cores", machine.core, machine.vcpus),
        ("memory", machine.ram, machine.memory_gib),
        ("local disk", (LOCAL_DISK,), machine.local_ssd_gib),
    ):
        part = _any(spellings, region, prices, term)
        if not amount:
            continue
        if part is None:
            lacking.append(name)
            continue
        total += amount * part.price
        valid_from = max(valid_from, part.valid_from)
    if lacking:
        reason = f"there is a GPU price, but none for {', '.join(lacking)}"
        collection.remark("part", f"{machine.name} {region} {term}", reason, gpu.document)
        return None
    return Offer(
        provider="gcp",
        region=region,
        country=collection.country("gcp", region, gpu.document),
        sku=machine.name,
        gpu_model=machine.gpu_model,
        gpu_count=machine.gpu_count,
        term=term,
        price=total,
        currency="USD",
        valid_from=valid_from,
        document=gpu.document,
        confidence="derived",
        note=COMMITTED_NOTE if term in COMMITTED_USAGES.values() else NOTE,
    )


def _any(spellings: Sequence[str], region: str, prices: Prices, term: str) -> Part | None:
    names = map(_committed, spellings) if term in COMMITTED_USAGES.values() else spellings
    found = (prices.get((name, region, term)) for name in names)
    return next((part for part in found if part is not None), None)
