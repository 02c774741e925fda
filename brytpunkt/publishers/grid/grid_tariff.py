"""What the two publishers of grid tariffs share: elements of a tariff as rows, and tariffs that rows cannot say.

Belongs here: the canonical row. Does not belong here: either publisher's own format. A tariff with any element that a
row cannot say is left out whole, with a finding: without it the tariff would look too cheap.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import polars as pl

from brytpunkt.publishers._shared.accounting import Account
from brytpunkt.publishers._shared.protocol import Batch, Document
from brytpunkt.publishers._shared.series_rows import FINDINGS_TABLE, finding, finding_rows
from brytpunkt.publishers._shared.taken_apart import anything
from brytpunkt.series.findings import FINDINGS
from brytpunkt.tables.contracts import CONTRACTS

TABLE, SERIES = "grid_tariffs", "grid_tariff"
TWO_TARIFFS = "two tariffs of one name from one day on differ"
LEFT_OUT, NOT_STATED = "tariff left out", "tariff with something not stated"
UNITS = {"energy": "per_kwh", "peak_month": "per_kw_year", "peak_year": "per_kw_year", "fixed": "per_year"}
PRICE = pl.Decimal(18, 6)
ROW: dict[str, Any] = {
    "tariff": pl.String,
    "country": pl.String,
    "operator": pl.String,
    "level": pl.String,
    "element": pl.String,
    "charge": pl.String,
    "band_from": pl.Float64,
    "band_rule": pl.String,
    "value_native": PRICE,
    "unit": pl.String,
    "native_currency": pl.String,
    "months": pl.String,
    "days": pl.String,
    "hours": pl.String,
    "valid_from": pl.Date,
    "valid_to": pl.Date,
}
NAME_LENGTH = 60


class UnsayableError(Exception):
    """An element of a tariff that a row of ``grid_tariffs`` cannot say."""


@dataclass(frozen=True)
class Element:
    """One element of a tariff; ``months``, ``days`` and ``hours`` are empty where it always holds."""

    name: str
    charge: str
    value: Decimal
    valid_from: dt.date
    valid_to: dt.date | None
    months: str = ""
    days: str = ""
    hours: str = ""
    note: str | None = None
    currency: str = ""

    def __post_init__(self) -> None:
        """A discount on another element is not a fee."""
        if self.value < 0:
            message = f"{self.name} is negative ({self.value})"
            raise UnsayableError(message)


@dataclass(frozen=True)
class _Found:
    """A tariff as it was read: its elements, and the rows of the account that they came from."""

    tariff: str
    operator: str
    level: str
    elements: tuple[Element, ...]
    places: tuple[str, ...]

    def overlaps(self, other: _Found) -> bool:
        """Whether both price an element of one name from one day on."""
        keys = {(element.name, element.valid_from) for element in self.elements}
        return self.tariff == other.tariff and any((e.name, e.valid_from) in keys for e in other.elements)

    def says_the_same(self, other: _Found) -> bool:
        """Whether both have the same elements at the same prices."""
        return (self.operator, self.level, self.elements) == (other.operator, other.level, other.elements)


@dataclass
class Tariffs:
    """Tariffs of one document as rows, and those that rows cannot say."""

    publisher: str
    country: str
    currency: str = ""
    found: list[_Found] = field(default_factory=list)
    findings: list[dict[str, Any]] = field(default_factory=list)
    doubtful: list[str] = field(default_factory=list)

    def add(
        self,
        tariff: str,
        operator: str,
        level: str,
        elements: Sequence[Element],
        places: Sequence[str],
    ) -> None:
        """A tariff that rows can say, and the rows of the account that it is made of."""
        self.found.append(_Found(tariff[:NAME_LENGTH], operator, level, tuple(elements), tuple(places)))

    def _settled(self, account: Account) -> Iterator[_Found]:
        """Tariffs less repetitions, and less those that differ under one name at one time."""
        seen: set[_Found] = set()
        for one in self.found:
            others = [other for other in self.found if other is not one and other.overlaps(one)]
            if any(not other.says_the_same(one) for other in others):
                for place in one.places:
                    account.remark(place, TWO_TARIFFS)
                if one.tariff not in self.doubtful:
                    self.leave_out(one.tariff, min(e.valid_from for e in one.elements), TWO_TARIFFS)
            elif any(other in seen for other in others):
                for place in one.places:
                    account.leave_out(place, "said twice")
            else:
                seen.add(one)
                for place in one.places:
                    account.take(place)
                yield one

    def _row(self, one: _Found, element: Element) -> dict[str, Any]:
        return {
            "tariff": one.tariff,
            "country": self.country,
            "operator": one.operator,
            "level": one.level,
            "element": element.name,
            "charge": element.charge,
            "band_from": 0.0,
            "band_rule": "parts",
            "value_native": element.value.quantize(Decimal("0.000001")),
            "unit": UNITS[element.charge],
            "native_currency": element.currency or self.currency,
            "months": element.months,
            "days": element.days,
            "hours": element.hours,
            "valid_from": element.valid_from,
            "valid_to": element.valid_to,
        }

    def leave_out(self, tariff: str, day: dt.date, why: str) -> None:
        """A tariff that rows cannot say: its last good version stays."""
        self.doubtful.append(tariff[:NAME_LENGTH])
        self._find(tariff, day, LEFT_OUT, why)

    def note(self, tariff: str, day: dt.date, what: str) -> None:
        """What a tariff does not state, and how it was read."""
        self._find(tariff, day, NOT_STATED, what)

    def _find(self, tariff: str, day: dt.date, kind: str, said: str) -> None:
        self.findings.append(finding(tariff[:NAME_LENGTH], self.publisher, day, kind, said, series=SERIES))

    def batches(self, document: Document, source: str, account: Account) -> Iterator[Batch]:
        """Rows with their provenance, and what was left out."""
        retrieved = document.fetched_at.date()
        pairs = [(one, element) for one in self._settled(account) for element in one.elements]
        doubtful = self._doubtful() if self.doubtful else None
        if pairs:
            rows = [self._row(one, element) for one, element in pairs]
            frame = pl.DataFrame(rows, schema=ROW).with_columns(
                source=pl.lit(source),
                source_date=pl.min_horizontal("valid_from", pl.lit(retrieved)),
                retrieved_on=pl.lit(retrieved),
                licence=pl.lit(document.licence),
                confidence=pl.lit("stated"),
                note=pl.Series([element.note for _, element in pairs], dtype=pl.String),
            )
            yield Batch(TABLE, frame.sort("tariff", "valid_from", "element"), document, doubtful)
        elif doubtful is not None:
            yield Batch(TABLE, pl.DataFrame(CONTRACTS[TABLE].create_empty()), document, doubtful)
        if self.findings:
            found = pl.DataFrame(self.findings, schema=FINDINGS)
            yield Batch(FINDINGS_TABLE, finding_rows(found, document, source), document)

    def _doubtful(self) -> pl.DataFrame:
        """Keys of the tariffs that are left out, whatever their elements."""
        return anything(TABLE, len(self.doubtful)).with_columns(tariff=pl.Series(self.doubtful))
