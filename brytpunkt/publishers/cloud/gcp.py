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
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from datetime import date
from decimal import Decimal
from typing import Any
from urllib.parse import quote

from brytpunkt.errors import InputError
from brytpunkt.publishers._shared.accounting import IGNORED, Fields, meaning, paths, value
from brytpunkt.publishers._shared.offers import NO_PRICE, Collection, Offer, Provided, Row
from brytpunkt.publishers._shared.protocol import Batch, Document, Listing, Request
from brytpunkt.publishers._shared.single_document import probe, version
from brytpunkt.publishers._shared.source import Source
from brytpunkt.publishers._shared.strict_reading import day_of, decimal_of, field, json_of, number, wrong
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
# GPUs of earlier generations, displays and licences: known, and no part of a machine that is planned with.
OTHER_PARTS = re.compile(
    r"Tesla (?:T4|V100|P4|P100|K80)|Virtual Workstation|Licensing Fee|vGPU|Nvidia L4 Virtual|TPU",
    re.IGNORECASE,
)
GPU_PART = re.compile(r"\bGPU\b|Nvidia|gpu slice", re.IGNORECASE)
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


ENVELOPE: Fields = {"skus": value("the parts"), "nextPageToken": meaning("the next page, or nothing")}
_INFO, _EXPRESSION = "pricingInfo[]", "pricingInfo[].pricingExpression"
FIELDS: Fields = {
    "description": meaning("what is priced, where, and by which scheme; must match exactly"),
    "category.usageType": meaning("OnDemand, Preemptible, Commit1Yr or Commit3Yr"),
    "serviceRegions[]": value("region"),
    f"{_INFO}.effectiveTime": value("valid_from"),
    f"{_EXPRESSION}.usageUnit": meaning("h, GiBy.h or GiBy.mo, as known of the part"),
    f"{_EXPRESSION}.tieredRates[].startUsageAmount": meaning("the last tier is the price"),
    f"{_EXPRESSION}.tieredRates[].unitPrice.currencyCode": meaning("USD; any other is refused"),
    f"{_EXPRESSION}.tieredRates[].unitPrice.units": value("price_native_per_instance_hour"),
    f"{_EXPRESSION}.tieredRates[].unitPrice.nanos": value("price_native_per_instance_hour"),
} | dict.fromkeys(
    (
        *("name", "skuId", "serviceProviderName", "geoTaxonomy.**"),
        *(f"category.{name}" for name in ("serviceDisplayName", "resourceFamily", "resourceGroup")),
        *(f"{_INFO}.{name}" for name in ("summary", "currencyConversionRate", "aggregationInfo.**")),
        *(
            f"{_EXPRESSION}.{name}"
            for name in (
                *("displayQuantity", "usageUnitDescription", "baseUnit", "baseUnitDescription"),
                "baseUnitConversionFactor",
            )
        ),
    ),
    IGNORED,
)
NOT_A_PART = "no part of a GPU machine"


@dataclass(frozen=True)
class Part:
    """A price of a part in a region. [USD per unit and hour]"""

    price: Decimal
    valid_from: date
    document: Document
    place: str


Prices = Mapping[tuple[str, str, str], Sequence[Part]]


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


def named(source: Source, name: str, number: int, head: bytes) -> str:
    """A file of one page, by its number among those that are held."""
    del source, head
    return name if PAGE.fullmatch(name) else f"page-{number:04d}.json"


def parse(listing: Listing) -> Iterator[Batch]:
    """All pages of the catalog -> offers of the machine types of the map.

    Raises ``InputError`` for a page that is not whole, a field of a wanted SKU that is missing, another currency or unit.
    """
    title = f"Google Cloud Billing Catalog, Compute Engine, {ROOT}"
    collection = Collection(Provided("gcp", title), listing.accounts)
    catalog = _Catalog(collection, _wanted_parts())
    for document in listing.documents:
        catalog.read(document)
    if not catalog.prices:
        raise wrong(listing.documents[0], "", "the catalog has none of the parts of a GPU machine")
    regions = sorted({region for _, region, _ in catalog.prices})
    for machine in name_maps.machines():
        for region in regions:
            for term in ("on_demand", "spot", *TERMS.values()):
                for offer in _composed(machine, region, catalog, term):
                    collection.add(offer)
    catalog.account_for_parts()
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


@dataclass
class _Catalog:
    """The parts of a catalog by name, region and term, and the regions that have a GPU of an unknown name."""

    collection: Collection
    wanted: dict[str, str]
    prices: dict[tuple[str, str, str], list[Part]] = dataclass_field(default_factory=dict)
    unknown_in: set[tuple[str, str]] = dataclass_field(default_factory=set)
    odd: set[tuple[str, str, str]] = dataclass_field(default_factory=set)

    def read(self, document: Document) -> None:
        """Take the parts of a page in."""
        self.collection.opened(document)
        whole = json_of(document)
        skus = field(whole, "skus", list, document, "")
        self.collection.check_fields(ENVELOPE, whole, document)
        for index, sku in enumerate(skus):
            self._sku(sku, document, f"skus[{index}]")

    def account_for_parts(self) -> None:
        """Parts of which no machine was composed are told apart from those that were used."""
        for parts in self.prices.values():
            for part in parts:
                self.collection.account(part.document).leave_out(part.place, "a part of no whole machine")

    def _sku(self, sku: Any, document: Document, place: str) -> None:
        account = self.collection.account(document)
        account.read(place)
        description = field(sku, "description", str, document, place)
        part = _part_of(description)
        if part is None:
            self._unread(description, document, place)
            return
        what, said = part
        if what not in self.wanted:
            self._other(sku, what, said, document, place)
            return
        self.collection.check_fields(FIELDS, paths(sku), document)
        usage = field(
            field(sku, "category", dict, document, place), "usageType", str, document, f"{place}.category"
        )
        # Some spot SKUs are filed under OnDemand: the description is right.
        term = "spot" if usage == "Preemptible" else said
        is_committed = term in COMMITTED_USAGES.values()
        regions = [str(region) for region in field(sku, "serviceRegions", list, document, place)]
        if usage not in USAGES or COMMITTED_USAGES.get(usage) != (term if is_committed else None):
            self._odd(what, regions, term)
            reason = f"its usage type says {usage}"
            self.collection.remark("part", description, reason, document, place)
            return
        try:
            parts = _priced(sku, self.wanted[what], document, place)
        except InputError as error:
            if not is_committed:
                raise
            self._odd(what, regions, term)
            self.collection.remark("part", description, error.problems[0].message, document, place)
            return
        for region in regions:
            self.prices.setdefault((what, region, term), []).extend(parts)
        if not any(part.price for part in parts):
            account.leave_out(place, NO_PRICE)

    def _unread(self, description: str, document: Document, place: str) -> None:
        """A description of another form: sold by another scheme, or perhaps a GPU under a new name."""
        if OTHER_SCHEMES.search(description):
            self.collection.account(document).leave_out(place, "sold by another scheme")
        elif GPU_PART.search(description) and not OTHER_PARTS.search(description):
            reason = "it does not say what is priced and where as was known"
            self.collection.remark("part", description, reason, document, place)
        else:
            self.collection.account(document).leave_out(place, NOT_A_PART)

    def _other(self, sku: Any, what: str, term: str, document: Document, place: str) -> None:
        """A part that no machine of the map has: a GPU of an unknown name is remarked, as it may be a new name."""
        if not GPU_PART.search(what) or OTHER_PARTS.search(what):
            self.collection.account(document).leave_out(place, NOT_A_PART)
            return
        regions = field(sku, "serviceRegions", list, document, place)
        self.unknown_in |= {(str(region), term) for region in regions}
        self.collection.remark("part", what, "a GPU that no machine of the map has", document, place)

    def _odd(self, what: str, regions: Sequence[str], term: str) -> None:
        self.odd |= {(what, region, term) for region in regions}

    def is_doubtful(self, names: Sequence[str], region: str, term: str) -> bool:
        """Whether a missing part may be there under another name, or be there and odd."""
        return (region, term) in self.unknown_in or any((name, region, term) in self.odd for name in names)

    def at(self, names: Sequence[str], region: str, term: str, day: date) -> Part | None:
        """The newest price of a part that holds on a day; several of that one day are a remark."""
        for name in names:
            parts = [part for part in self.prices.get((name, region, term), []) if part.valid_from <= day]
            newest = max((part.valid_from for part in parts), default=None)
            same = [part for part in parts if part.valid_from == newest and part.price > 0]
            if len({part.price for part in same}) > 1:
                shown = f"{name}, {region}{'' if term == 'on_demand' else f', {term}'}"
                for part in same:
                    reason = "several prices of one day"
                    self.collection.remark("part", shown, reason, part.document, part.place)
                self.odd.add((name, region, term))
                continue
            if same:
                return same[0]
        return None

    def later_days(self, names: Sequence[str], region: str, term: str, day: date) -> set[date]:
        """Days after ``day`` from which a part has another price."""
        parts = (part for name in names for part in self.prices.get((name, region, term), []))
        return {part.valid_from for part in parts if part.valid_from > day}


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


def _priced(sku: dict[str, Any], unit: str, document: Document, place: str) -> list[Part]:
    """Prices of a part, each with the day from which it holds."""
    infos = field(sku, "pricingInfo", list, document, place)
    if not infos:
        raise wrong(document, place, "pricingInfo is empty")
    return [_price(info, unit, document, place) for info in infos]


def _price(info: Any, unit: str, document: Document, place: str) -> Part:
    expression = field(info, "pricingExpression", dict, document, f"{place}.pricingInfo")
    stated = field(expression, "usageUnit", str, document, f"{place}.pricingExpression")
    if stated != unit:
        raise wrong(document, place, f"the unit is {stated}, where {unit} was known")
    rates = field(expression, "tieredRates", list, document, f"{place}.pricingExpression")
    if not rates:
        raise wrong(document, place, "tieredRates is empty")
    # A first tier may be free; what a machine in use costs is the last one.
    last = max(rates, key=lambda rate: number(rate, "startUsageAmount", document, f"{place}.tieredRates"))
    price = [_amount(rate, document, place) for rate in rates][rates.index(last)]
    if unit == "GiBy.mo":
        price /= HOURS_PER_MONTH
    since = day_of(field(info, "effectiveTime", str, document, place), document, place)
    return Part(price, since, document, place)


def _amount(rate: Any, document: Document, place: str) -> Decimal:
    amount = field(rate, "unitPrice", dict, document, f"{place}.tieredRates")
    if field(amount, "currencyCode", str, document, f"{place}.unitPrice") != "USD":
        raise wrong(
            document, place, f"the currency is {amount['currencyCode']}, not USD", "ask for currencyCode=USD"
        )
    price = decimal_of(field(amount, "units", str, document, place), document, place)
    return price + field(amount, "nanos", int, document, place) * NANO


def _composed(machine: name_maps.Machine, region: str, catalog: _Catalog, term: str) -> Iterator[Offer]:
    """A machine's price now, and from each later day on which one of its parts changes."""
    parts = [
        (label, _spelled(spellings, term), amount)
        for label, spellings, amount in (
            ("GPUs", machine.gpu, machine.gpu_count),
            ("cores", machine.core, machine.vcpus),
            ("memory", machine.ram, machine.memory_gib),
            ("local disk", (LOCAL_DISK,), machine.local_ssd_gib),
        )
        if amount
    ]
    today = next(iter(catalog.collection.documents.values())).fetched_at.date()
    later = {day for _, names, _ in parts for day in catalog.later_days(names, region, term, today)}
    for day in (today, *sorted(later)):
        found = [
            (label, names, amount, catalog.at(names, region, term, day)) for label, names, amount in parts
        ]
        gpu = found[0][3]
        lacking = [label for label, _, _, part in found if part is None]
        if day == today and any(
            part is None and catalog.is_doubtful(names, region, term) for _, names, _, part in found
        ):
            _doubt(machine, region, term, catalog)
        if gpu is None:
            continue
        if lacking:
            reason = f"there is a GPU price, but none for {', '.join(lacking)}"
            name = f"{machine.name} {region} {term}"
            catalog.collection.remark("part", name, reason, gpu.document, gpu.place)
            _doubt(machine, region, term, catalog)
            continue
        priced = [(amount, part) for _, _, amount, part in found if part is not None]
        rows: tuple[Row, ...] = tuple((part.document, part.place) for _, part in priced)
        yield Offer(
            provider="gcp",
            region=region,
            country=catalog.collection.country("gcp", region, gpu.document),
            sku=machine.name,
            gpu_model=machine.gpu_model,
            gpu_count=machine.gpu_count,
            term=term,
            price=sum((amount * part.price for amount, part in priced), Decimal(0)),
            currency="USD",
            valid_from=max(part.valid_from for _, part in priced),
            document=gpu.document,
            confidence="derived",
            note=COMMITTED_NOTE if term in COMMITTED_USAGES.values() else NOTE,
            rows=rows,
        )


def _doubt(machine: name_maps.Machine, region: str, term: str, catalog: _Catalog) -> None:
    document = next(iter(catalog.collection.documents.values()))
    catalog.collection.doubt(document, provider="gcp", region=region, sku=machine.name, term=term)


def _spelled(spellings: Sequence[str], term: str) -> tuple[str, ...]:
    """Names of a part by the term that it is bought for."""
    return tuple(map(_committed, spellings)) if term in COMMITTED_USAGES.values() else tuple(spellings)
