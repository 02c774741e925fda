"""Numbers, money and dates as a reader of one language expects them.

Belongs here: locale formats and choice of scale. Does not belong here: words (see catalog.py).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING

from babel.core import Locale
from babel.dates import format_date
from babel.numbers import format_decimal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from brytpunkt.reporting.translations import Texts

Number = float | int | Decimal

MINUS = "\u2212"
NO_BREAK = "\u00a0"
NOTHING = "\u2013"
LOCALES = {"en": "en_GB", "no": "nb_NO"}
TEN, HUNDRED = 10, 100
SCALES = {"one": 1.0, "thousand": 1e3, "million": 1e6, "billion": 1e9}


@dataclass(frozen=True)
class Formats:
    """Formats of one language and one currency."""

    texts: Texts
    currency: str

    @property
    def locale(self) -> Locale:
        """Babel's locale of the language."""
        return _locale(self.texts.language)

    def number(self, value: Number | None, digits: int = 0, *, signed: bool = False) -> str:
        """A number with a fixed count of decimals and a true minus sign."""
        if value is None or not math.isfinite(value):
            return NOTHING
        rounded = round(Decimal(str(value)), digits)
        pattern = "#,##0" + ("." + "0" * digits if digits else "")
        text = format_decimal(abs(rounded), format=pattern, locale=self.locale).replace("\u202f", NO_BREAK)
        if rounded < 0:
            return MINUS + text
        return "+" + text if signed and rounded > 0 else text

    def significant(self, value: Number | None, figures: int = 3) -> str:
        """A number with about `figures` significant figures, never more than 4 decimals."""
        if value is None or not math.isfinite(value):
            return NOTHING
        size = math.floor(math.log10(abs(float(value)))) if value else 0
        return self.number(value, min(4, max(0, figures - 1 - size)))

    def plain(self, value: Number | None) -> str:
        """A declared number as it was declared: no padding with zeros, thousands apart."""
        if value is None or not math.isfinite(value):
            return NOTHING
        text = format(Decimal(str(value)).normalize(), "f")
        return self.number(value, len(text.partition(".")[2]))

    def percent(self, share: Number | None, digits: int = 0, *, signed: bool = False) -> str:
        """A share as a percentage."""
        if share is None or not math.isfinite(share):
            return NOTHING
        return self.texts("unit.percent", number=self.number(float(share) * 100, digits, signed=signed))

    def scale_of(self, values: Sequence[float | None]) -> str:
        """The scale (`one`, `thousand`, `million`) in which the largest of the values reads best."""
        largest = max(
            (abs(value) for value in values if value is not None and math.isfinite(value)), default=0.0
        )
        if largest >= SCALES["million"]:
            return "million"
        return "thousand" if largest >= SCALES["thousand"] * 10 else "one"

    def unit(self, scale: str) -> str:
        """The money unit of a scale, for axes and table heads: `M EUR`."""
        return self.texts(f"unit.{scale}", currency=self.currency)

    def money(self, value: Number | None, *, signed: bool = False) -> str:
        """Money with three figures and its unit: `12.3 M EUR`, `845 k EUR`."""
        if value is None or not math.isfinite(value):
            return NOTHING
        scale = self.scale_of([float(value)])
        scaled = float(value) / SCALES[scale]
        digits = 0 if abs(scaled) >= HUNDRED or scale == "one" else 1 if abs(scaled) >= TEN else 2
        return f"{self.number(scaled, digits, signed=signed)}{NO_BREAK}{self.unit(scale)}"

    def cents(self, value: Number | None) -> str:
        """Money to the cent, as the ledger has it."""
        if value is None or not math.isfinite(value):
            return NOTHING
        return f"{self.number(value, 2)}{NO_BREAK}{self.currency}"

    def price(self, value: Number | None) -> str:
        """A unit price: two decimals above one, else three figures."""
        if value is None or not math.isfinite(value):
            return NOTHING
        text = self.number(value, 2) if abs(float(value)) >= 1 else self.significant(value, 3)
        return f"{text}{NO_BREAK}{self.currency}"

    def day(self, value: date | str | None) -> str:
        """`24 Nov 2026`."""
        return NOTHING if value is None else format_date(_date(value), "d MMM y", locale=self.locale)

    def month(self, value: date | str | None) -> str:
        """`June 2028`."""
        return NOTHING if value is None else format_date(_date(value), "LLLL y", locale=self.locale)

    def month_short(self, value: date | str | None) -> str:
        """`Jun 2028`."""
        return NOTHING if value is None else format_date(_date(value), "LLL y", locale=self.locale)

    def vega(self) -> dict[str, object]:
        """The number format of the charts (d3-format locale)."""
        symbols = self.locale.number_symbols["latn"]
        return {
            "decimal": symbols["decimal"],
            "thousands": symbols["group"].replace("\u202f", NO_BREAK),
            "grouping": [3],
            "currency": ["", ""],
            "minus": MINUS,
        }


@cache
def _locale(language: str) -> Locale:
    return Locale.parse(LOCALES.get(language, language))


def _date(value: date | str) -> date:
    return value if isinstance(value, date) else date.fromisoformat(value)
