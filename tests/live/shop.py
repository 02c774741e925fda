"""The shop's publisher: pages of offers as JSON, each naming the next; a pointer where the source declares one."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal, InvalidOperation

import polars as pl

from brytpunkt.errors import BrytpunktError
from brytpunkt.publishers._shared.protocol import Batch, Document, Listing, Request
from brytpunkt.publishers._shared.source import Source
from brytpunkt.tables.contracts import CONTRACTS


def probe(source: Source) -> Request | None:
    """The pointer, if the source declares one."""
    where = source.parameters.get("pointer")
    return Request("pointer.json", where) if where else None


def version(pointer: Document) -> str:
    """What the pointer says."""
    return str(json.loads(pointer.read())["version"])


def start(source: Source, pointer: Document | None) -> Sequence[Request]:
    """The first page."""
    headers = {"Authorization": "Bearer {credential}"} if source.credentials else {}
    return [
        Request(
            "page-001.json", source.url, headers=headers, credential="key" if source.credentials else None
        )
    ]


def following(source: Source, document: Document) -> Sequence[Request]:
    """The page after."""
    link = json.loads(document.read()).get("next")
    number = int(document.name.removeprefix("page-").removesuffix(".json")) + 1
    return [Request(f"page-{number:03d}.json", link)] if link else []


def fingerprint(document: Document) -> str:
    """Its offers; the page also says when it was made."""
    return json.dumps(json.loads(document.read())["offers"])


def parse(listing: Listing) -> Iterator[Batch]:
    """Offers of every page; raises where a page has another shape."""
    for document in listing.documents:
        content = json.loads(document.read())
        if content.get("schema") != "shop/1":
            raise BrytpunktError(f"{document.name}: schema {content.get('schema')!r} instead of shop/1")
        rows = [_row(offer, document) for offer in content["offers"]]
        names = list(CONTRACTS["gpu_offers"].columns())
        types = {name: column.dtype for name, column in CONTRACTS["gpu_offers"].columns().items()}
        yield Batch("gpu_offers", pl.DataFrame(rows, schema=types).select(names), document)


def _row(offer: dict[str, str], document: Document) -> dict[str, object]:
    try:
        price = Decimal(offer["price"])
    except InvalidOperation as error:
        raise BrytpunktError(f"{document.name}: {offer['price']!r} is not a price") from error
    return {
        "provider": "shop",
        "region": "north-1",
        "country": "SE",
        "sku": offer["sku"],
        "gpu_model": "H100",
        "gpu_count": 8,
        "term": offer.get("term", "on_demand"),
        "upfront_share": 0.0,
        "price_native_per_instance_hour": price,
        "native_currency": offer.get("currency", "USD"),
        "valid_from": date.fromisoformat(offer.get("since", "2026-01-01")),
        "source": document.url.partition("?")[0],
        "source_date": document.fetched_at.date(),
        "retrieved_on": document.fetched_at.date(),
        "licence": document.licence,
        "confidence": "stated",
        "note": None,
    }
