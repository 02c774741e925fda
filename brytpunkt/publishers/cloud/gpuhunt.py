"""The publisher ``gpuhunt``: dstack's collected catalog of several providers, as a second opinion.

A version pointer and a zip with one CSV a provider, US dollars per instance and hour. Its prices become market
prices: shown beside the offers of the providers themselves, never planned with. It knows no terms and no day from
which a price holds, and where it says "H100" it may mean two products: the instance type decides.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from decimal import Decimal

from brytpunkt.publishers._shared.accounting import IGNORED, Fields, meaning, value
from brytpunkt.publishers._shared.offers import Collection, Offer, Provided
from brytpunkt.publishers._shared.protocol import Batch, Document, Listing, Request
from brytpunkt.publishers._shared.source import Source
from brytpunkt.publishers._shared.strict_reading import csv_rows, decimal_of, unzipped, wrong
from brytpunkt.tables import name_maps

ROOT = "https://dstack-gpu-pricing.s3.eu-west-1.amazonaws.com/v3"
COLUMNS = ("instance_name", "location", "price", "gpu_count", "gpu_name", "gpu_memory", "spot", "flags")
FIELDS: Fields = {
    "instance_name": value("sku"),
    "location": value("region"),
    "price": value("price_native_per_instance_hour"),
    "gpu_count": value("gpu_count"),
    "gpu_name": value("gpu_model"),
    "gpu_memory": value("gpu_model"),
    "spot": meaning("True or False; any other is refused"),
    "flags": meaning("nothing, or what leaves the price as it is; other schemes are left out"),
} | dict.fromkeys(("cpu", "memory", "disk_size", "gpu_vendor", "cpu_arch", "provider_data"), IGNORED)
# What the catalog calls a provider, and what it is called here.
PROVIDERS = {"lambdalabs": "lambda", "datacrunch": "verda"}
SPOT = {"True": True, "true": True, "False": False, "false": False}
# Flags hide rows from old clients or mark a scheme; all words of a field are looked at.
HARMLESS_FLAGS = {"oci-spot", "lambda-arm", "aws-g6", "gcp-a4", "gcp-g4", "gcp-g4-preview"}
OTHER_SCHEMES = {
    "gcp-dws-calendar-mode": "reserved by the calendar",
    "runpod-cluster": "in a cluster of several machines",
}
MEMORY_TOLERANCE = Decimal("0.15")
# How the map says that a name stands for several products.
AMBIGUOUS = "left out: SXM or PCIe"
ZONE = re.compile(r"(?P<region>[a-z]+-[a-z]+\d+)-[a-z]")


def probe(source: Source) -> Request | None:
    """The name of the newest version."""
    provider = source.parameters["provider"]
    url = f"{source.url or ROOT}/{provider}/version"
    return Request(name=f"version.{provider}.txt", url=url, media_type="text/plain")


def version(pointer: Document) -> str:
    """The version, for example 20260818-42."""
    text = pointer.read().decode("ascii", "replace").strip()
    if not text.replace("-", "").isdigit():
        raise wrong(pointer, "", f"{text[:40]!r} is not a version", "as in 20260818-42")
    return text


def start(source: Source, pointer: Document | None) -> Sequence[Request]:
    """The catalog of the version."""
    if pointer is None:
        return []
    provider = source.parameters["provider"]
    url = f"{source.url or ROOT}/{provider}/{version(pointer)}/catalog.zip"
    return [Request(name=f"catalog.{provider}.zip", url=url, media_type="application/zip")]


def following(source: Source, document: Document) -> Sequence[Request]:
    """Nothing follows the catalog."""
    del source, document
    return []


def named(source: Source, name: str, number: int, head: bytes) -> str:
    """A table out of a catalog is of the provider that the source is declared for."""
    del number, head
    return f"{source.id.removeprefix('gpuhunt-')}.csv" if name.endswith(".csv") else name


def parse(listing: Listing) -> Iterator[Batch]:
    """Catalogs -> market prices.

    Raises ``InputError`` for a damaged archive, a lacking column, or a number that is none; what the catalog names otherwise
    than the maps is remarked.
    """
    collection = Collection(Provided("gpuhunt", f"dstack gpuhunt catalog, {ROOT}"), listing.accounts)
    for document in listing.documents:
        collection.opened(document)
        found = {document.name: document.read()} if document.name.endswith(".csv") else unzipped(document)
        files = {name: body for name, body in found.items() if name.endswith(".csv")}
        if not files:
            raise wrong(document, "", "the archive has no table")
        for name, body in sorted(files.items()):
            provider = name.rsplit("/", 1)[-1].removesuffix(".csv")
            for number, (line, row) in enumerate(csv_rows(document, body, COLUMNS)):
                if not number:
                    collection.check_fields(FIELDS, row, document)
                place = f"{name} line {line}"
                collection.account(document).read(place)
                _offer(row, PROVIDERS.get(provider, provider), document, place, collection)
    yield from collection.batches("market_prices")


def _offer(
    row: dict[str, str], provider: str, document: Document, place: str, collection: Collection
) -> None:
    account = collection.account(document)
    count = decimal_of(row["gpu_count"] or "0", document, f"{place}, gpu_count")
    if count != int(count):
        raise wrong(document, f"{place}, gpu_count", f"{count} is not a whole number")
    if not count and not row["gpu_name"]:
        return account.leave_out(place, "no GPU")
    name = row["instance_name"].removeprefix("Standard_")
    if not count or not row["gpu_name"]:
        reason = f"{count} GPUs of the name {row['gpu_name'] or 'nothing'}"
        return collection.remark("instance", f"{provider} {name}", reason, document, place)
    if row["spot"] not in SPOT:
        raise wrong(document, f"{place}, spot", f"{row['spot']!r} is neither True nor False")
    for flag in row["flags"].split():
        if flag in OTHER_SCHEMES:
            return account.leave_out(place, OTHER_SCHEMES[flag])
        if flag not in HARMLESS_FLAGS:
            reason = f"the flag {flag!r} is not known"
            return collection.remark("price", f"{provider} {name}", reason, document, place)
    gpu = _gpu(row, provider, int(count), document, place, collection)
    if gpu is None:
        return None
    region = _region(provider, row["location"])
    return collection.add(
        Offer(
            provider=provider,
            region=region,
            country=collection.country(provider, region, document) if region else None,
            sku=_sku(provider, name),
            gpu_model=gpu,
            gpu_count=int(count),
            term="spot" if SPOT[row["spot"]] else "on_demand",
            price=decimal_of(row["price"] or "0", document, f"{place}, price"),
            currency="USD",
            valid_from=None,
            document=document,
            note="second opinion; since when is not stated",
            rows=((document, place),),
        )
    )


def _region(provider: str, location: str) -> str:
    """The region of a location, which may be a zone of it."""
    zone = ZONE.fullmatch(location)
    if zone is not None and name_maps.country(provider, location) is None:
        return zone["region"] if name_maps.country(provider, zone["region"]) else location
    return location


def _sku(provider: str, name: str) -> str:
    """What the provider's own list calls an instance, so that both can be held against each other."""
    if provider == "runpod":
        mapped = name_maps.gpu("runpod", name)
        return f"secure-{mapped.gpu_model.lower()}" if mapped and mapped.gpu_model else name
    return name_maps.sku(provider, name)


def _gpu(
    row: dict[str, str], provider: str, count: int, document: Document, place: str, collection: Collection
) -> str | None:
    """The GPU of a row: by its instance type, else by what the provider sells, else by its name; or a remark."""
    name = row["instance_name"].removeprefix("Standard_")
    known = _instance(provider, name)
    if known is not None:
        if known.gpu_model is None:
            collection.account(document).leave_out(place, f"not planned with: {known.note or 'by the map'}")
            return None
        reason = _contradiction(row, known, count, document, place)
        if reason is None:
            return known.gpu_model
        collection.remark("instance", f"{provider} {name}", reason, document, place)
        return None
    called = f"{row['gpu_name']} {_memory(row, document, place)}".strip()
    own = name_maps.gpu(f"gpuhunt:{provider}", called)
    if own is not None:
        return own.gpu_model
    found = name_maps.gpu("gpuhunt", called)
    if found is not None and found.gpu_model is None and found.note.startswith(AMBIGUOUS):
        reason = f"{called} may be several products, and the map of instances does not know it"
        collection.remark("instance", f"{provider} {name}", reason, document, place)
        return None
    return collection.gpu(called, document, place)


def _contradiction(
    row: dict[str, str], known: name_maps.Mapped, count: int, document: Document, place: str
) -> str | None:
    """What the catalog states otherwise than the map of instances, or None."""
    if known.gpu_count != count:
        return f"the document states {count} GPUs, the map {known.gpu_count}"
    model = str(known.gpu_model)
    if not _letters(model).startswith(_letters(row["gpu_name"])):
        return f"the document states {row['gpu_name']}, the map {model}"
    size = re.search(r"-(\d+)GB$", model)
    stated = _memory(row, document, place)
    if stated and size and not _is_near(decimal_of(stated, document, f"{place}, gpu_memory"), int(size[1])):
        return f"the document states {stated} GB of memory, the map {model}"
    return None


def _letters(name: str) -> str:
    return re.sub(r"[^A-Z0-9]", "", name.upper())


def _is_near(stated: Decimal, known: int) -> bool:
    """Whether a memory may be the same: some count GiB, or less what is reserved."""
    return abs(stated / known - 1) <= MEMORY_TOLERANCE


def _instance(provider: str, name: str) -> name_maps.Mapped | None:
    if provider == "gcp":
        return next(
            (
                name_maps.Mapped(machine.gpu_model, machine.gpu_count)
                for machine in name_maps.machines()
                if machine.name == name
            ),
            None,
        )
    if provider == "runpod":
        mapped = name_maps.gpu("runpod", name)
        return None if mapped is None or mapped.gpu_model is None else mapped
    return name_maps.instance(provider, name_maps.sku(provider, name))


def _memory(row: dict[str, str], document: Document, place: str) -> str:
    memory = row["gpu_memory"]
    if "." not in memory:
        return memory
    return f"{decimal_of(memory, document, f'{place}, gpu_memory'):f}".rstrip("0").rstrip(".")
