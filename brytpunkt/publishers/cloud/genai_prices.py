"""The publisher ``genai-prices``: pydantic's collected price list of token APIs, as JSON with a published schema.

US dollars per million tokens. The base tier is kept; a price that begins on a later day than the list was fetched
is not valid yet; a price that holds only at certain hours, and models without a price for text in both directions,
are left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from brytpunkt.publishers._shared.offers import STEP, frame, provenance
from brytpunkt.publishers._shared.protocol import Batch, Document, Listing, Request
from brytpunkt.publishers._shared.single_document import following, probe, version
from brytpunkt.publishers._shared.source import Source
from brytpunkt.publishers._shared.strict_reading import day_of, field, json_of, number, wrong

__all__ = ["following", "parse", "probe", "start", "version"]

ROOT = "https://raw.githubusercontent.com/pydantic/genai-prices/main/prices/data.json"
TITLE = "genai-prices (pydantic/genai-prices), prices/data.json"
# A price without a stated start counts from the day of the bundled list: it then has the key of the bundled row, and
# the same key again in the next list.
UNDATED_SINCE = date(2026, 11, 3)
WANTED = {
    "price_native_per_million_input": "input_mtok",
    "price_native_per_million_cached_input": "cache_read_mtok",
    "price_native_per_million_output": "output_mtok",
}


def start(source: Source, pointer: Document | None) -> Sequence[Request]:
    """The whole list."""
    del pointer
    return [Request(name="data.json", url=source.url or ROOT)]


def parse(listing: Listing) -> Iterator[Batch]:
    """Providers with their models -> one row a model and day from which its price holds.

    Raises ``InputError`` for a missing field or an empty list.
    """
    for document in listing.documents:
        providers = json_of(document)
        if not isinstance(providers, list) or not providers:
            raise wrong(document, "", "a list of providers is expected")
        rows = [
            row for index, entry in enumerate(providers) for row in _provider(entry, document, f"[{index}]")
        ]
        yield Batch("token_prices", frame("token_prices", rows), document)


def _provider(entry: Any, document: Document, place: str) -> Iterator[dict[str, object]]:
    provider = field(entry, "id", str, document, place)
    for index, model in enumerate(field(entry, "models", list, document, place)):
        where = f"{place}.models[{index}]"
        name = field(model, "id", str, document, where)
        if "prices" not in model:
            raise wrong(document, where, "the field prices is missing")
        if model.get("deprecated") is True:
            continue
        for day, prices in _in_force(model["prices"], document, where):
            row = _row(prices, document, where)
            if row is not None:
                stated = day or UNDATED_SINCE
                note = None if day else "since when is not stated"
                yield (
                    {"provider": provider, "model": name, "native_currency": "USD", "valid_from": stated}
                    | row
                    | provenance(document, TITLE, None, note=note)
                )


def _in_force(prices: Any, document: Document, place: str) -> list[tuple[date | None, dict[str, Any]]]:
    """The price in force on the day of fetching, with the day since which it holds."""
    if isinstance(prices, dict):
        return [(None, prices)]
    if not isinstance(prices, list):
        raise wrong(document, f"{place}.prices", "neither prices nor a list of them")
    found: list[tuple[date | None, dict[str, Any]]] = []
    for index, entry in enumerate(prices):
        where = f"{place}.prices[{index}]"
        constraint = entry.get("constraint") or {}
        if constraint and "start_date" not in constraint:
            continue
        day = day_of(constraint["start_date"], document, where) if constraint else None
        if day is None or day <= document.fetched_at.date():
            found.append((day, field(entry, "prices", dict, document, where)))
    # Later entries take precedence over earlier ones.
    return found[-1:]


def _row(prices: dict[str, Any], document: Document, place: str) -> dict[str, object] | None:
    found = {
        column: _base(prices, name, document, place) if prices.get(name) is not None else None
        for column, name in WANTED.items()
    }
    both = (found["price_native_per_million_input"], found["price_native_per_million_output"])
    return None if not all(both) else {name: price and price.quantize(STEP) for name, price in found.items()}


def _base(prices: dict[str, Any], name: str, document: Document, place: str) -> Decimal:
    value = prices[name]
    return (
        number(value, "base", document, f"{place}.{name}")
        if isinstance(value, dict)
        else number(prices, name, document, place)
    )
