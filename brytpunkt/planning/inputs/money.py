"""Money: currencies, the discount rate, and rounding to whole cents.

Inside planning, amounts that were rounded are whole cents [Int64]; everything before that is float.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar, overload

import numpy as np
import polars as pl
from numpy.typing import NDArray

from brytpunkt.errors import InputError, Problem
from brytpunkt.planning.inputs.units import CENTS, FORGIVEN, MONTHS_PER_YEAR

if TYPE_CHECKING:
    from brytpunkt.declarations import Finance, Money
    from brytpunkt.planning.inputs.planning_inputs import Facts

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Amounts = TypeVar("Amounts", float, Floats, pl.Expr)
FIXED_POINT = 10**8
FINE = 10**12  # of hours in a month, far below what 64 bits hold


@dataclass(frozen=True)
class Fx:
    """Flat exchange rates: units of each currency per euro, and the plan's own currency."""

    currency: str
    units_per_eur: dict[str, float]

    def rate(self, currency: str) -> float:
        """Plan currency per unit of ``currency`` [plan currency / unit]."""
        for name in (currency, self.currency):
            if name not in self.units_per_eur:
                raise InputError(
                    (
                        Problem(
                            "finance.fx_units_per_eur",
                            f"no exchange rate for {name} is known",
                            f"pin one, as in {{{name}: 1.0}}",
                        ),
                    )
                )
        return self.units_per_eur[self.currency] / self.units_per_eur[currency]

    def convert(self, money: Money) -> float:
        """A declared amount in the plan's currency."""
        return money.amount * self.rate(money.currency)


def exchange_rates(finance: Finance, facts: Facts) -> Fx:
    """Newest rate of each currency at the as-of date, overridden by the declared pins."""
    newest = (
        facts.fx_rates.filter(pl.col("date") <= facts.as_of)
        .sort("currency", "date")
        .group_by("currency", maintain_order=True)
        .last()
    )
    rates: dict[str, float] = dict(newest.select("currency", "units_per_eur").iter_rows())
    return Fx(finance.currency, {"EUR": 1.0} | rates | dict(finance.fx_units_per_eur))


def annual_rate(finance: Finance) -> float:
    """Nominal discount rate per year; a real one is converted with Fisher's relation."""
    if finance.discount_rate_basis == "real":
        return (1 + finance.discount_rate_per_year) * (1 + finance.inflation_per_year) - 1
    return finance.discount_rate_per_year


def monthly_rate(finance: Finance) -> float:
    """Nominal discount rate per month, compounding to the annual one."""
    return float((1 + annual_rate(finance)) ** (1 / MONTHS_PER_YEAR) - 1)


def cents(amount: pl.Expr) -> pl.Expr:
    """Amount in the plan's currency -> whole cents, half to even."""
    return (amount * CENTS).round(0, mode="half_to_even").cast(pl.Int64)


def total(amount: pl.Expr, parts: int = FIXED_POINT) -> pl.Expr:
    """Sum in fixed point, so that neither thread count nor row order can change the last digit.

    ``parts`` of a whole are kept: 1e-8 of money, finer of what is multiplied with money afterwards.
    """
    return (amount * parts).round(0).cast(pl.Int64).sum() / parts


@overload
def whole(value: pl.Expr) -> pl.Expr: ...
@overload
def whole(value: Floats) -> Floats: ...
def whole(value: pl.Expr | Floats) -> pl.Expr | Floats:
    """Whole units that cover ``value``; a billionth above a whole number is still that number."""
    if isinstance(value, pl.Expr):
        return (value - FORGIVEN).ceil().clip(lower_bound=0)
    return np.asarray(np.ceil(np.maximum(value - FORGIVEN, 0.0)))


def escalation(finance: Finance, months: Amounts) -> Amounts:
    """Price relative to what was agreed ``months`` ago: inflation, stepping at each anniversary of the agreement."""
    factor: Amounts = (1 + finance.inflation_per_year) ** (months // MONTHS_PER_YEAR)
    return factor


def price_path(rate: float, months: Amounts) -> Amounts:
    """Price relative to the plan's start along a smooth yearly path."""
    path: Amounts = (1 + rate) ** (months / MONTHS_PER_YEAR)
    return path


def annuity(rate: float, life: Amounts) -> Amounts:
    """Payment a month per unit of cost over a life [months] at the monthly ``rate``.

    Two payments at 10 % repay 1 if each is 1.21 / 2.1.

    >>> round(annuity(0.1, 2), 6)
    0.57619
    """
    return 1 / life if rate == 0 else rate / (1 - (1 + rate) ** -life)


@overload
def annuity_left(rate: float, life: pl.Expr, left: pl.Expr) -> pl.Expr: ...
@overload
def annuity_left(rate: float, life: float | Ints, left: float | Ints) -> Floats: ...
def annuity_left(rate: float, life: pl.Expr | float | Ints, left: pl.Expr | float | Ints) -> pl.Expr | Floats:
    """Continuing value per unit of cost with ``left`` of ``life`` months to come: their annuity payments, discounted.

    Zero once nothing remains; 1 when the whole life remains. The last of two payments at 10 % is worth 0.57619 / 1.1.

    >>> [round(float(annuity_left(0.1, 2, left)), 5) for left in (2, 1, 0)]
    [1.0, 0.52381, 0.0]
    """
    if isinstance(left, pl.Expr):
        remaining = left.clip(0, life)  # type: ignore[arg-type]
        return remaining / life if rate == 0 else (1 - (1 + rate) ** -remaining) / (1 - (1 + rate) ** -life)
    months = np.clip(left, 0, life)  # type: ignore[arg-type]
    if rate == 0:
        return np.asarray(months / life)
    return np.asarray(
        (1 - (1 + rate) ** -months.astype(float)) / (1 - (1 + rate) ** -np.asarray(life, dtype=float))
    )
