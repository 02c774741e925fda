"""The offer model: what every price publisher's rows become, and the remarks on what became no row.

Belongs here: one row a provider, region, SKU and term, with its provenance; superseded and doubled rows; remarks.
Does not belong here: any publisher's format.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

import polars as pl

from brytpunkt.publishers._shared.protocol import Batch, Document
from brytpunkt.tables import name_maps
from brytpunkt.tables.contracts import CONTRACTS

HOURS_PER_YEAR = 8760
TERM_HOURS = {
    "reserved_1y": HOURS_PER_YEAR,
    "reserved_3y": 3 * HOURS_PER_YEAR,
    "reserved_5y": 5 * HOURS_PER_YEAR,
}
STEP = Decimal("0.000001")


@dataclass(frozen=True)
class Provided:
    """Whose rows they are: name of the publisher, title for the column ``source``."""

    publisher: str
    title: str


@dataclass(frozen=True)
class Offer:
    """One price as published: of a whole instance, per hour. [currency/h]"""

    provider: str
    region: str
    country: str | None
    sku: str
    gpu_model: str
    gpu_count: int
    term: str
    price: Decimal
    currency: str
    valid_from: date | None
    document: Document
    upfront_share: float = 0.0
    confidence: str = "stated"
    note: str | None = None

    @property
    def key(self) -> tuple[str, str, str, str]:
        """What identifies an offer."""
        return self.provider, self.region, self.sku, self.term


@dataclass
class Collection:
    """Offers and remarks of one listing, in the order in which they are read."""

    provided: Provided
    published: dict[str, date] = field(default_factory=dict)
    offers: list[Offer] = field(default_factory=list)
    remarks: dict[tuple[str, str], tuple[str, int, Document]] = field(default_factory=dict)

    def add(self, offer: Offer) -> None:
        """Keep an offer; a missing or zero price is never a row."""
        if offer.price > 0:
            self.offers.append(offer)

    def remark(self, kind: str, name: str, reason: str, document: Document) -> None:
        """Note something that became no row: kind is gpu, instance, region, price or part."""
        known = self.remarks.get((kind, name))
        self.remarks[kind, name] = (reason, 1 if known is None else known[1] + 1, document)

    def instance(
        self, provider: str, sku: str, document: Document, stated: int | None = None
    ) -> name_maps.Mapped | None:
        """GPUs of an instance type; an unknown one, or one whose stated count differs, is remarked and None."""
        found = name_maps.instance(provider, sku)
        if found is None:
            self.remark("instance", sku, "the map of instances does not know it", document)
            return None
        if found.gpu_model is None:
            return None
        if stated is not None and stated != found.gpu_count:
            reason = f"the document states {stated} GPUs, the map {found.gpu_count}"
            self.remark("instance", sku, reason, document)
            return None
        return found

    def gpu(self, name: str, document: Document) -> str | None:
        """Canonical name of a GPU; an unknown one is remarked and None."""
        found = name_maps.gpu(self.provided.publisher, name)
        if found is None:
            self.remark("gpu", name, "the map of GPU names does not know it", document)
        return None if found is None else found.gpu_model

    def country(self, provider: str, region: str, document: Document) -> str | None:
        """Country of a region; an unknown region is remarked and None, and its offers keep no country."""
        found = name_maps.country(provider, region)
        if found is None:
            self.remark("region", region, "the map of regions does not know it", document)
        return found

    def batches(self, table: str = "gpu_offers") -> Iterator[Batch]:
        """One batch of the table a document, and one of remarks."""
        kept = self.without_false_spot(self.newest(self.offers))
        yield from self._tables(table, ((offer.document, self._offer_row(offer, table)) for offer in kept))
        remarks = (
            (document, self._remark_row(kind, name, reason, count, document))
            for (kind, name), (reason, count, document) in self.remarks.items()
        )
        yield from self._tables("source_remarks", remarks)

    def newest(self, offers: Iterable[Offer]) -> list[Offer]:
        """One offer a key: the newest; several of one day with one price are one, with several prices a remark."""
        found: dict[tuple[str, str, str, str], list[Offer]] = {}
        for offer in offers:
            known = found.setdefault(offer.key, [])
            if known and _since(offer) > _since(known[0]):
                known.clear()
            if not known or _since(offer) == _since(known[0]):
                known.append(offer)
        kept = []
        for key, same in sorted(found.items()):
            prices = {offer.price for offer in same}
            if len(prices) > 1:
                shown = ", ".join(f"{price:f}" for price in sorted(prices))
                self.remark("price", " ".join(key), f"several prices of one day: {shown}", same[0].document)
            else:
                kept.append(same[0])
        return kept

    def without_false_spot(self, offers: list[Offer]) -> list[Offer]:
        """Without spot prices that are not below on demand: there is no spot market for it, or a mistake."""
        lists = {offer.key[:3]: offer.price for offer in offers if offer.term == "on_demand"}
        kept = []
        for offer in offers:
            price = lists.get(offer.key[:3])
            if offer.term != "spot" or price is None or offer.price < price:
                kept.append(offer)
            elif offer.price > price:
                reason = f"spot at {offer.price:f} is not below {price:f} on demand"
                self.remark("price", " ".join(offer.key), reason, offer.document)
        return kept

    def _tables(self, table: str, rows: Iterable[tuple[Document, dict[str, object]]]) -> Iterator[Batch]:
        by_document: dict[str, tuple[Document, list[dict[str, object]]]] = {}
        for document, row in rows:
            by_document.setdefault(document.name, (document, []))[1].append(row)
        for _, (document, found) in sorted(by_document.items()):
            yield Batch(table, frame(table, found), document)

    def _offer_row(self, offer: Offer, table: str) -> dict[str, object]:
        row: dict[str, object] = {
            "provider": offer.provider,
            "region": offer.region,
            "country": offer.country,
            "sku": offer.sku,
            "gpu_model": offer.gpu_model,
            "gpu_count": offer.gpu_count,
            "term": offer.term,
            "price_native_per_instance_hour": offer.price.quantize(STEP),
            "native_currency": offer.currency,
            "valid_from": offer.valid_from,
        }
        own = (
            {"publisher": self.provided.publisher}
            if table == "market_prices"
            else {"upfront_share": offer.upfront_share}
        )
        return row | own | self.provenance(offer.document, offer.confidence, offer.note)

    def _remark_row(
        self, kind: str, name: str, reason: str, count: int, document: Document
    ) -> dict[str, object]:
        row = {
            "publisher": self.provided.publisher,
            "kind": kind,
            "name": name,
            "reason": reason,
            "occurrences": count,
        }
        return row | self.provenance(document, "stated", None)

    def provenance(self, document: Document, confidence: str, note: str | None) -> dict[str, object]:
        """Columns that every row carries; the source is the same for every publication of the same list."""
        return provenance(document, self.provided.title, self.published.get(document.name), confidence, note)


def _since(offer: Offer) -> date:
    return offer.valid_from or date.min


def provenance(
    document: Document,
    title: str,
    published_on: date | None,
    confidence: str = "stated",
    note: str | None = None,
) -> dict[str, object]:
    """Columns that every row carries, from the document that it came from."""
    fetched = document.fetched_at.date()
    return {
        "source": title,
        "source_date": min(published_on or document.published_on or fetched, fetched),
        "retrieved_on": fetched,
        "licence": document.licence,
        "confidence": confidence,
        "note": note,
    }


def frame(table: str, rows: list[dict[str, object]]) -> pl.DataFrame:
    """Rows as a frame with the columns and types of the table's contract."""
    schema = {name: column.dtype for name, column in CONTRACTS[table].columns().items()}
    return pl.DataFrame(rows, schema=schema, orient="row")
