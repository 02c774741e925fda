"""The shop's publisher: pages of offers as JSON, each naming the next; a pointer where the source declares one.

A page may also have prices that others ask (market prices), and names that the shop cannot place (remarks).
"""

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

# A price that stands in the list and that nobody can read.
UNREADABLE = "?"


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
    """Offers, opinions and remarks of every page; raises where a page has another shape."""
    for document in listing.documents:
        content = json.loads(document.read())
        if content.get("schema") != "shop/1":
            raise BrytpunktError(f"{document.name}: schema {content.get('schema')!r} instead of shop/1")
        rows = [_row(offer, document) for offer in content["offers"] if offer["price"] != UNREADABLE]
        yield Batch("gpu_offers", _frame("gpu_offers", rows), document, _in_doubt(content["offers"]))
        for table, found in (
            (
                "market_prices",
                [_opinion(sku, price, document) for sku, price in content.get("opinions", {}).items()],
            ),
            ("source_remarks", [_remark(name, document) for name in content.get("odd", [])]),
        ):
            if found:
                yield Batch(table, _frame(table, found), document)


def _in_doubt(offers: list[dict[str, str]]) -> pl.DataFrame | None:
    """Offers whose price cannot be read, whatever their region and term; the sku ``*`` stands for all."""
    found = [offer["sku"] for offer in offers if offer["price"] == UNREADABLE]
    key = pl.DataFrame(CONTRACTS["gpu_offers"].create_empty()).select(CONTRACTS["gpu_offers"].primary_key())
    rows = [{"sku": None if sku == "*" else sku} for sku in found]
    return pl.DataFrame(rows, schema=key.schema) if found else None


def _frame(table: str, rows: list[dict[str, object]]) -> pl.DataFrame:
    types = {name: column.dtype for name, column in CONTRACTS[table].columns().items()}
    return pl.DataFrame(rows, schema=types)


def _opinion(sku: str, price: str, document: Document) -> dict[str, object]:
    row = _row({"sku": sku, "price": price}, document)
    return {name: value for name, value in row.items() if name != "upfront_share"} | {"publisher": "shop"}


def _remark(name: str, document: Document) -> dict[str, object]:
    own = {"publisher": "shop", "kind": "gpu", "name": name, "reason": "nobody knows it", "occurrences": 1}
    shared = ("source", "source_date", "retrieved_on", "licence", "confidence", "note")
    row = _row({"sku": name, "price": "1"}, document)
    return own | {column: row[column] for column in shared}


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
