"""Tax and financing: what the state shares in, and how a purchase may be paid for.

Belongs here: rates and methods. Does not belong here: value added tax and energy tax.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, ValidationInfo, field_validator

from brytpunkt.declarations.values.fields import (
    NO_SOURCE,
    Items,
    Section,
    Share,
    Years,
    default,
    described,
    wrong,
)
from brytpunkt.declarations.values.money import Money

ROUNDING = 1e-6


def _share_not_percent(value: object) -> object:
    if isinstance(value, (int, float)) and not isinstance(value, bool) and value > 1:
        raise wrong(f"a tax rate of {value:g} is above one", f"write {value / 100:g} for {value:g} per cent")
    return value


TaxRate = Annotated[float, BeforeValidator(_share_not_percent), Field(ge=0, le=1)]


class Depreciation(Section):
    """How a purchase is written off for tax, from the month in which it enters service."""

    method: Literal["straight_line", "declining", "table"] = default(
        "straight_line",
        unit="method",
        source="convention of this model",
        description="Equal parts; a share of the book value (with the straight line as its floor); or a table.",
    )
    years: Years = default(
        5.0,
        unit="years",
        source="Swedish Income Tax Act, chapter 18: 20 % a year under the complementary rule",
        description="Time over which the straight line reaches zero.",
    )
    declining_rate_per_year: float = default(
        0.30,
        unit="share of book value per year",
        source="Swedish Income Tax Act, chapter 18: 30 % a year under the main rule",
        description="Written off each year under `declining`.",
        gt=0,
        lt=1,
    )
    table_shares: Annotated[
        Items[Share] | None,
        described("Shares of the cost by year of life under `table`; they sum to 1.", min_length=1),
    ] = Field(default=None, validate_default=True)

    @field_validator("table_shares", mode="after")
    @classmethod
    def _whole_table(cls, shares: tuple[float, ...] | None, info: ValidationInfo) -> tuple[float, ...] | None:
        method = info.data.get("method")
        if method == "table" and shares is None:
            raise wrong(
                "depreciation by table needs the table", "add table_shares, for example [0.5, 0.3, 0.2]"
            )
        if method != "table" and shares is not None:
            raise wrong("`table_shares` belongs to method: table", "change the method, or leave it out")
        if shares is not None and abs(sum(shares) - 1) > ROUNDING:
            raise wrong(f"the shares sum to {sum(shares):g}; expected 1", "write off the whole cost, no more")
        return shares


class Tax(Section):
    """Corporate tax. Without this section everything is before tax."""

    rate: Annotated[TaxRate, described("Corporate tax rate, 0.206 in Sweden.", unit="share")]
    depreciation: Depreciation = Depreciation()
    other_income_per_year: Annotated[
        Money | None,
        described(
            "Taxable profit that deductions may be set against; what exceeds it is carried forward. Default: enough "
            "for every deduction in its own year.",
            unit="per year",
        ),
    ] = None


class Financing(Section):
    """Cash, loan and lease of the same purchase; compared beside the plan, never inside it."""

    loan_rate_per_year: float = default(
        0.07,
        unit="share per year",
        source="financing 5-8 % in textbooks, 8-12 % in the market (second-hand, n.d.)",
        description="Interest of a loan, before tax.",
        ge=0,
        le=1,
    )
    loan_years: Years = default(5.0, unit="years", source=NO_SOURCE, description="Term of the loan.")
    loan_share: Share = default(
        1.0,
        unit="share of the purchase",
        source="convention of this model",
        description="Lent; the rest is cash.",
    )
    lease_rate_per_year: float = default(
        0.09,
        unit="share per year",
        source=NO_SOURCE,
        description="Rate in the lease payments, unless a payment is quoted.",
        ge=0,
        le=1,
    )
    lease_payment_share_per_month: Annotated[
        Share | None, described("A quoted payment, as a share of the purchase.", unit="share per month")
    ] = None
    lease_years: Years = default(5.0, unit="years", source=NO_SOURCE, description="Term of the lease.")
    lease_in_advance: Annotated[bool, described("Whether payments fall at the start of each month.")] = True
    lease_residual_share: Share = default(
        0.0,
        unit="share of the purchase",
        source="convention of this model",
        description="Price at which the servers are taken over when the lease ends.",
    )
