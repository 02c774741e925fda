"""The offer model: what every price publisher's rows become, and which of several prices of a key holds.

Belongs here: one row a provider, region, SKU and term; superseded, doubled, ended and coming prices; looking names up.
Does not belong here: any publisher's format, and the remarks and accounts themselves (``notes``).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from brytpunkt.publishers._shared.notes import Notes, Provided
from brytpunkt.publishers._shared.protocol import Batch, Document
from brytpunkt.publishers._shared.rows import STEP, frame, keys, provenance
from brytpunkt.tables import name_maps

__all__ = ["STEP", "TERM_HOURS", "Collection", "Offer", "Provided", "Row", "frame", "keys", "provenance"]

HOURS_PER_YEAR = 8760
TERM_HOURS = {
    "reserved_1y": HOURS_PER_YEAR,
    "reserved_3y": 3 * HOURS_PER_YEAR,
    "reserved_5y": 5 * HOURS_PER_YEAR,
}
OFFERS, MARKET, COMING = "gpu_offers", "market_prices", "announced_prices"
NO_PRICE = "no price is released"
SUPERSEDED = "superseded by a newer price"
ENDED = "a price that no longer holds"
REPEATED = "the same price again"
NO_SPOT_MARKET = "spot at the price of on demand: there is no spot market for it"

Key = tuple[str, str, str, str]
Row = tuple[Document, str]


@dataclass(frozen=True)
class Offer:
    """One price as published: of a whole instance, per hour. [currency/h]

    It holds from ``valid_from`` on (None: not stated) until the day before ``valid_to``. ``rows``: the rows of documents
    that it was read from.
    """

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
    valid_to: date | None = None
    rows: tuple[Row, ...] = ()

    @property
    def key(self) -> Key:
        """What identifies an offer."""
        return self.provider, self.region, self.sku, self.term

    @property
    def since(self) -> date:
        """First day on which it holds."""
        return self.valid_from or date.min


@dataclass
class Collection(Notes):
    """Offers and remarks of one listing, in the order in which they are read."""

    offers: list[Offer] = field(default_factory=list)

    def add(self, offer: Offer) -> None:
        """Keep an offer; a missing or zero price is never a row, and says nothing of the price before."""
        if offer.price > 0:
            self.offers.append(offer)
            return
        self._leave_out(offer, NO_PRICE)
        self.doubt_offer(offer)

    def doubt_offer(self, offer: Offer) -> None:
        """The price of an offer's key is in doubt."""
        self.doubt(
            offer.document, provider=offer.provider, region=offer.region, sku=offer.sku, term=offer.term
        )

    def instance(
        self, provider: str, sku: str, document: Document, stated: int | None = None, place: str | None = None
    ) -> name_maps.Mapped | None:
        """GPUs of an instance type; an unknown one, or one whose stated count differs, is remarked and None.

        One that is known and left out is None without a remark; ``place`` is the row in whose account that is said.
        """
        found = name_maps.instance(provider, sku)
        reason = None
        if found is None:
            reason = "the map of instances does not know it"
        elif found.gpu_model is not None and stated is not None and stated != found.gpu_count:
            reason = f"the document states {stated} GPUs, the map {found.gpu_count}"
        if reason is not None:
            self.remark("instance", sku, reason, document, place)
            self.doubt(document, provider=provider, sku=sku)
            return None
        if found is not None and found.gpu_model is None:
            if place is not None:
                self.account(document).leave_out(place, f"not planned with: {found.note or 'by the map'}")
            return None
        return found

    def gpu(self, name: str, document: Document, place: str | None = None) -> str | None:
        """Canonical name of a GPU; an unknown one is remarked and None, one that is left out is None."""
        found = name_maps.gpu(self.provided.publisher, name)
        if found is None:
            self.remark("gpu", name, "the map of GPU names does not know it", document, place)
            return None
        if found.gpu_model is None and place is not None:
            self.account(document).leave_out(place, f"not planned with: {found.note or 'by the map'}")
        return found.gpu_model

    def country(self, provider: str, region: str, document: Document) -> str | None:
        """Country of a region; an unknown region is remarked and None, and its offers keep no country."""
        found = name_maps.country(provider, region)
        if found is None:
            self.remark("region", region, "the map of regions does not know it", document)
        return found

    def batches(self, table: str = OFFERS, *, says_empty: bool = True) -> Iterator[Batch]:
        """One batch of the table a document, one of the prices that are coming or will end, and one of remarks.

        Without any offer there is an empty batch, because an empty list is an answer, unless ``says_empty`` is false.
        Raises ``InputError`` if too many rows were refused.
        """
        holding, coming = self._in_time(self.offers)
        kept = self.without_false_spot(holding)
        for offer in (*kept, *coming):
            for document, place in offer.rows:
                self.account(document).take(place)
        self.check_refused()
        doubtful = self.doubtful_documents()
        if not kept and not doubtful and says_empty:
            doubtful = list(self.documents.values())[:1]
        yield from self._tables(table, kept, doubtful if kept or says_empty else [])
        if table == OFFERS:
            ending = [offer for offer in kept if offer.valid_to is not None]
            yield from self._tables(COMING, [*ending, *coming], [])
        yield from self.remark_batches()

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
                self._remark_offer(offer, reason)
            else:
                self._leave_out(offer, NO_SPOT_MARKET)
        return kept

    def _in_time(self, offers: Iterable[Offer]) -> tuple[list[Offer], list[Offer]]:
        """One offer a key that holds now, the newest, and those that were announced for later, one a key and day."""
        found: dict[Key, list[Offer]] = {}
        for offer in offers:
            found.setdefault(offer.key, []).append(offer)
        holding, coming = [], []
        for _, same in sorted(found.items()):
            day = same[0].document.fetched_at.date()
            ended = [offer for offer in same if offer.valid_to is not None and offer.valid_to <= day]
            for offer in ended:
                self._leave_out(offer, ENDED)
            for offer in (one for one in same if one.valid_to is not None and one.valid_to <= one.since):
                if offer not in ended:
                    self._remark_offer(
                        offer, f"it ends on {offer.valid_to}, before it begins on {offer.since}"
                    )
                    ended.append(offer)
            later = [offer for offer in same if offer.since > day and offer not in ended]
            now = [offer for offer in same if offer not in ended and offer not in later]
            newest = max((offer.since for offer in now), default=None)
            for offer in now:
                if offer.since != newest:
                    self._leave_out(offer, SUPERSEDED)
            holding += self._one(offer for offer in now if offer.since == newest)
            for start in sorted({offer.since for offer in later}):
                coming += self._one(offer for offer in later if offer.since == start)
            if not now and not ended:
                # Only a coming price is listed: nothing says that today's is gone, or what it is.
                self.doubt_offer(same[0])
        return holding, coming

    def _one(self, offers: Iterable[Offer]) -> list[Offer]:
        """Of several prices of one key and day the one that they agree on; others are a remark."""
        same = list(offers)
        prices = {(offer.price, offer.currency) for offer in same}
        if len(prices) > 1:
            shown = ", ".join(f"{price:f}" for price, _ in sorted(prices))
            for offer in same:
                self._remark_offer(offer, f"several prices of one day: {shown}")
            return []
        for offer in same[1:]:
            self._leave_out(offer, REPEATED)
        return same[:1]

    def _remark_offer(self, offer: Offer, reason: str) -> None:
        self.remark("price", " ".join(offer.key), reason, offer.document)
        for document, place in offer.rows:
            self.account(document).remark(place, reason)
        self.doubt_offer(offer)

    def _leave_out(self, offer: Offer, reason: str) -> None:
        for document, place in offer.rows:
            self.account(document).leave_out(place, reason)

    def _tables(self, table: str, offers: list[Offer], also: list[Document]) -> Iterator[Batch]:
        by_document: dict[str, tuple[Document, list[dict[str, object]]]] = {
            document.name: (document, []) for document in also
        }
        for offer in offers:
            rows = by_document.setdefault(offer.document.name, (offer.document, []))[1]
            rows.append(self._offer_row(offer, table))
        for _, (document, found) in sorted(by_document.items()):
            doubtful = None if table == COMING else self.doubts_of(table, document)
            yield Batch(table, frame(table, found), document, doubtful)

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
        own: dict[str, object] = {"upfront_share": offer.upfront_share}
        if table == MARKET:
            own = {"publisher": self.provided.publisher}
        if table == COMING:
            own["valid_to"] = offer.valid_to
        return row | own | self.provenance(offer.document, offer.confidence, offer.note)
