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

from brytpunkt.publishers._shared.protocol import Batch, Document
from brytpunkt.publishers._shared.series_rows import FINDINGS_TABLE, finding, finding_rows
from brytpunkt.publishers._shared.taken_apart import anything
from brytpunkt.series.findings import FINDINGS
from brytpunkt.tables.contracts import CONTRACTS

TABLE, SERIES = "grid_tariffs", "grid_tariff"
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


@dataclass
class Tariffs:
    """Tariffs of one document as rows, and those that rows cannot say."""

    publisher: str
    country: str
    currency: str = ""
    rows: list[dict[str, Any]] = field(default_factory=list)
    notes: list[str | None] = field(default_factory=list)
    findings: list[dict[str, Any]] = field(default_factory=list)
    doubtful: list[str] = field(default_factory=list)

    def add(self, tariff: str, operator: str, level: str, elements: Sequence[Element]) -> None:
        """A tariff that rows can say."""
        for element in elements:
            self.notes.append(element.note)
            self.rows.append(
                {
                    "tariff": tariff[:NAME_LENGTH],
                    "country": self.country,
                    "operator": operator,
                    "level": level,
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
            )

    def leave_out(self, tariff: str, day: dt.date, why: str) -> None:
        """A tariff that rows cannot say: its last good version stays."""
        self.doubtful.append(tariff[:NAME_LENGTH])
        self._find(tariff, day, LEFT_OUT, why)

    def note(self, tariff: str, day: dt.date, what: str) -> None:
        """What a tariff does not state, and how it was read."""
        self._find(tariff, day, NOT_STATED, what)

    def _find(self, tariff: str, day: dt.date, kind: str, said: str) -> None:
        self.findings.append(
            finding(tariff[:NAME_LENGTH], self.publisher, day, kind, said, series=SERIES)
        )

    def batches(self, document: Document, source: str) -> Iterator[Batch]:
        """Rows with their provenance, and what was left out."""
        retrieved = document.fetched_at.date()
        doubtful = self._doubtful() if self.doubtful else None
        if self.rows:
            frame = pl.DataFrame(self.rows, schema=ROW).with_columns(
                source=pl.lit(source),
                source_date=pl.min_horizontal("valid_from", pl.lit(retrieved)),
                retrieved_on=pl.lit(retrieved),
                licence=pl.lit(document.licence),
                confidence=pl.lit("stated"),
                note=pl.Series(self.notes, dtype=pl.String),
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
