"""The publisher ``gpuhunt``: dstack's collected catalog of several providers, as a second opinion.

A version pointer and a zip with one CSV a provider, US dollars per instance and hour. Its prices become market
prices: shown beside the offers of the providers themselves, never planned with. It knows no terms and no day from
which a price holds, and where it says "H100" it may mean two products: the instance type decides.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from brytpunkt.publishers._shared.offers import Collection, Offer, Provided
from brytpunkt.publishers._shared.protocol import Batch, Document, Listing, Request
from brytpunkt.publishers._shared.source import Source
from brytpunkt.publishers._shared.strict_reading import csv_rows, decimal_of, unzipped, wrong
from brytpunkt.tables import name_maps

ROOT = "https://dstack-gpu-pricing.s3.eu-west-1.amazonaws.com/v3"
COLUMNS = ("instance_name", "location", "price", "gpu_count", "gpu_name", "gpu_memory", "spot")
# What the catalog calls a provider, and what it is called here.
PROVIDERS = {"lambdalabs": "lambda", "datacrunch": "verda"}
SPOT = {"True": True, "true": True, "False": False, "false": False}


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


def parse(listing: Listing) -> Iterator[Batch]:
    """Catalogs -> market prices.

    Raises ``InputError`` for a damaged archive, a lacking column, or a number that is none.
    """
    collection = Collection(Provided("gpuhunt", f"dstack gpuhunt catalog, {ROOT}"))
    for document in listing.documents:
        files = {name: body for name, body in unzipped(document).items() if name.endswith(".csv")}
        if not files:
            raise wrong(document, "", "the archive has no table")
        for name, body in sorted(files.items()):
            provider = name.rsplit("/", 1)[-1].removesuffix(".csv")
            for line, row in csv_rows(document, body, COLUMNS):
                _offer(row, PROVIDERS.get(provider, provider), document, f"{name} line {line}", collection)
    yield from collection.batches("market_prices")


def _offer(
    row: dict[str, str], provider: str, document: Document, place: str, collection: Collection
) -> None:
    count = int(decimal_of(row["gpu_count"] or "0", document, f"{place}, gpu_count"))
    if not count or not row["gpu_name"]:
        return
    if row["spot"] not in SPOT:
        raise wrong(document, f"{place}, spot", f"{row['spot']!r} is neither True nor False")
    gpu = _gpu(row, provider, count, document, collection)
    if gpu is None:
        return
    region = row["location"]
    collection.add(
        Offer(
            provider=provider,
            region=region,
            country=name_maps.country(provider, region),
            sku=row["instance_name"].removeprefix("Standard_"),
            gpu_model=gpu,
            gpu_count=count,
            term="spot" if SPOT[row["spot"]] else "on_demand",
            price=decimal_of(row["price"] or "0", document, f"{place}, price"),
            currency="USD",
            valid_from=None,
            document=document,
            note="second opinion; since when is not stated",
        )
    )


def _gpu(
    row: dict[str, str], provider: str, count: int, document: Document, collection: Collection
) -> str | None:
    known = name_maps.instance(provider, row["instance_name"].removeprefix("Standard_"))
    if known is not None:
        return known.gpu_model if known.gpu_count == count else None
    memory = row["gpu_memory"]
    size = (
        f"{decimal_of(memory, document, 'gpu_memory'):f}".rstrip("0").rstrip(".") if "." in memory else memory
    )
    return collection.gpu(f"{row['gpu_name']} {size}".strip(), document)
