"""Money: an amount that always says its currency, and guards against prices given in another unit.

Belongs here: the one-key mapping `{eur: 150}` and the plausible range of each kind of price.
Does not belong here: exchange rates used in any result (those come from facts or from `finance`).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Annotated, Any, Literal, get_args

from pydantic import AfterValidator, GetJsonSchemaHandler, model_serializer, model_validator
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from brytpunkt.declarations.values.fields import Section, wrong

Currency = Literal["EUR", "SEK", "NOK", "DKK", "ISK", "USD", "GBP"]
CURRENCIES: tuple[Currency, ...] = get_args(Currency)

MOST_MONEY = 1e13  # of any currency

# Round figures, only to tell a price per kWh from one per MWh; no result is computed with them.
ROUGH_UNITS_PER_EUR: dict[str, float] = {
    "EUR": 1.0,
    "USD": 1.1,
    "GBP": 0.85,
    "DKK": 7.5,
    "NOK": 11.0,
    "SEK": 11.0,
    "ISK": 140.0,
}


class Money(Section):
    """An amount of one currency, written `{eur: 150}`. Never negative."""

    amount: float
    currency: Currency

    @model_validator(mode="before")
    @classmethod
    def _from_one_key_mapping(cls, value: Any) -> Any:
        if isinstance(value, Money):
            return value
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            raise wrong(f"{value} has no currency", f"write {{eur: {value}}}")
        if not isinstance(value, Mapping):
            raise wrong(f"{str(value)[:40]!r} is not an amount of money", "write for example {eur: 150}")
        if set(value) == {"amount", "currency"}:
            currency, amount = value["currency"], value["amount"]
        elif len(value) == 1:
            currency, amount = next(iter(value.items()))
        else:
            raise wrong("expected exactly one currency with its amount", "write for example {eur: 150}")
        if str(currency).upper() not in CURRENCIES:
            known = ", ".join(code.lower() for code in CURRENCIES)
            raise wrong(f"'{str(currency)[:40]}' is not a known currency", f"use one of {known}")
        if isinstance(amount, bool) or not isinstance(amount, (int, float)):
            raise wrong(
                f"expected a number as amount, got {str(amount)[:40]!r}", "write for example {eur: 150}"
            )
        if amount < 0:
            raise wrong(f"{amount:g} is negative; expected more than zero", "write costs as positive amounts")
        if MOST_MONEY < amount < math.inf:
            raise wrong(f"{amount:g} {str(currency).upper()} is more than anybody pays", "check the amount")
        return {"amount": amount, "currency": str(currency).upper()}

    @model_serializer
    def _as_one_key_mapping(self) -> dict[str, float]:
        return {self.currency.lower(): self.amount}

    @classmethod
    def __get_pydantic_json_schema__(cls, _: CoreSchema, __: GetJsonSchemaHandler) -> JsonSchemaValue:
        amount = {"type": "number", "minimum": 0, "maximum": MOST_MONEY}
        return {
            "title": "Money",
            "description": "One currency and its amount, for example {eur: 150}.",
            "type": "object",
            "properties": {code.lower(): amount for code in CURRENCIES},
            "patternProperties": {f"^({'|'.join(CURRENCIES)})$": amount},
            "additionalProperties": False,
            "minProperties": 1,
            "maxProperties": 1,
        }

    def __str__(self) -> str:
        return f"{self.amount:g} {self.currency}"


def _plausible(
    low_eur: float, high_eur: float, per: str, *, too_low: str = "", too_high: str = "", zero: bool = False
) -> Callable[[Money], Money]:
    """A check that a price lies in a generous range; outside it, name the likely mistake. [EUR of `per`]"""

    def check(money: Money) -> Money:
        if money.amount == 0 and zero:
            return money
        if money.amount == 0:
            raise wrong(f"0 is not a price {per}", "give the price, or leave out what has none")
        rough_eur = money.amount / ROUGH_UNITS_PER_EUR[money.currency]
        if rough_eur > high_eur:
            raise wrong(f"{money} {per} is implausibly much", too_high or "check the unit")
        if rough_eur < low_eur:
            raise wrong(f"{money} {per} is implausibly little", too_low or "check the unit")
        return money

    return check


_KWH_HINT = "that looks like a price per MWh; divide by 1000"
_MWH_HINT = "that looks like a price per kWh; multiply by 1000"
_THOUSANDS = "that looks like thousands; write the full amount"

PricePerKwh = Annotated[Money, AfterValidator(_plausible(0.0005, 2.0, "per kWh", too_high=_KWH_HINT))]
FeePerKwh = Annotated[Money, AfterValidator(_plausible(0, 2.0, "per kWh", too_high=_KWH_HINT, zero=True))]
PricePerMwh = Annotated[Money, AfterValidator(_plausible(1.0, 2000.0, "per MWh", too_low=_MWH_HINT))]
FeePerMwh = Annotated[Money, AfterValidator(_plausible(0, 200.0, "per MWh", zero=True))]
FeePerKwYear = Annotated[
    Money,
    AfterValidator(
        _plausible(0, 1000.0, "per kW and year", zero=True, too_high="that looks like a price per MW")
    ),
]
PricePerKwMonth = Annotated[
    Money,
    AfterValidator(
        _plausible(
            10.0,
            2000.0,
            "per kW and month",
            too_low="that looks like a price per kWh",
            too_high="that looks like a price per year or per rack",
        )
    ),
]
PricePerGpuHour = Annotated[Money, AfterValidator(_plausible(0, 100_000.0, "per GPU-hour", zero=True))]
PricePerRackMonth = Annotated[Money, AfterValidator(_plausible(50.0, 200_000.0, "per rack and month"))]
CapexPerKw = Annotated[
    Money,
    AfterValidator(
        _plausible(
            200.0,
            100_000.0,
            "per kW",
            too_low="that looks like millions per MW; multiply by 1000",
            too_high="that looks like a price per MW",
        )
    ),
]
CostPerFteYear = Annotated[
    Money,
    AfterValidator(_plausible(5_000.0, 1_000_000.0, "per full-time person and year", too_low=_THOUSANDS)),
]
ServerPrice = Annotated[
    Money, AfterValidator(_plausible(500.0, 100_000_000.0, "per server", too_low=_THOUSANDS))
]
PricePerInstanceHour = Annotated[
    Money,
    AfterValidator(
        _plausible(
            0.01,
            5_000.0,
            "per instance and hour",
            too_high="that looks like a price per month; divide by 730",
        )
    ),
]
PricePerMillionTokens = Annotated[Money, AfterValidator(_plausible(0.0001, 10_000.0, "per million tokens"))]
