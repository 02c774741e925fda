"""Financing: the same purchase paid in cash, by loan or by lease, at the after-tax cost of debt.

The standard comparison of leasing with borrowing (Brealey, Myers and Allen, Principles of Corporate Finance, the chapter
on leasing): both are debt, so their flows after tax are discounted at the after-tax rate of the loan.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from brytpunkt.planning.inputs.units import MONTHS_PER_YEAR
from brytpunkt.planning.ledger.corporate_tax import written_off

if TYPE_CHECKING:
    from brytpunkt.declarations.sections.taxation import Financing, Tax
    from brytpunkt.planning.optimal.milp import Floats

SCHEMA = {
    "kind": pl.String,
    "monthly_payment": pl.Float64,
    "total_paid": pl.Float64,
    "after_tax_value": pl.Float64,
    "advantage_over_cash": pl.Float64,
}


def compare_financing(acquisition: float, tax: Tax | None, terms: Financing) -> pl.DataFrame:
    """Cash, loan and lease of a purchase -> kind, monthly_payment, total_paid, after_tax_value, advantage_over_cash.

    All in the plan's currency; the value is a present value of cost. Interest, depreciation and lease payments are
    deducted in their month; a purchase at the end of a lease is not.
    """
    rate = tax.rate if tax else 0.0
    debt = (1 + terms.loan_rate_per_year) ** (1 / MONTHS_PER_YEAR) - 1
    after_tax = debt * (1 - rate)
    loan_months = round(terms.loan_years * MONTHS_PER_YEAR)
    lease_months = round(terms.lease_years * MONTHS_PER_YEAR)
    shield = rate * acquisition * _present(np.diff(_off(tax)), after_tax) if tax else 0.0
    payment = _payment(acquisition * terms.loan_share, debt, loan_months)
    interest = _interest(acquisition * terms.loan_share, debt, payment, loan_months)
    loan = acquisition * (1 - terms.loan_share) + _present(payment - rate * interest, after_tax) - shield
    lease_payment = _lease_payment(acquisition, terms, lease_months)
    paid = np.full(lease_months, lease_payment * (1 - rate))
    advance = 1 + after_tax if terms.lease_in_advance else 1.0
    residual = acquisition * terms.lease_residual_share
    lease = _present(paid, after_tax) * advance + residual * (1 + after_tax) ** -lease_months
    cash = acquisition - shield
    rows = [
        ("cash", None, acquisition, cash, 0.0),
        (
            "loan",
            payment,
            acquisition * (1 - terms.loan_share) + payment * loan_months,
            loan,
            cash - loan,
        ),
        ("lease", lease_payment, lease_payment * lease_months + residual, lease, cash - lease),
    ]
    return pl.DataFrame(rows, schema=SCHEMA, orient="row")


def _off(tax: Tax) -> Floats:
    return written_off(tax.depreciation, 40 * MONTHS_PER_YEAR)


def _present(amounts: Floats, rate: float) -> float:
    """Value of amounts at the ends of months."""
    return float(amounts @ np.power(1 + rate, -np.arange(1.0, amounts.size + 1)))


def _payment(debt: float, rate: float, months: int) -> float:
    return debt / months if rate == 0 else debt * rate / (1 - (1 + rate) ** -months)


def _interest(debt: float, rate: float, payment: float, months: int) -> Floats:
    """Interest part of each payment of an annuity loan."""
    before = np.arange(months)
    grown = np.power(1 + rate, before)
    left = debt * grown - (payment * (grown - 1) / rate if rate else payment * before)
    return np.asarray(left * rate)


def _lease_payment(acquisition: float, terms: Financing, months: int) -> float:
    """The quoted payment, or the annuity that pays off all but the residual."""
    if terms.lease_payment_share_per_month is not None:
        return acquisition * terms.lease_payment_share_per_month
    rate = (1 + terms.lease_rate_per_year) ** (1 / MONTHS_PER_YEAR) - 1
    lent = acquisition * (1 - terms.lease_residual_share * (1 + rate) ** -months)
    payment = _payment(lent, rate, months)
    return payment / (1 + rate) if terms.lease_in_advance else payment
