"""Finance: when the plan starts, how long it runs, and what money costs.

Belongs here: what the user declares about time and money.
Does not belong here: discounting or conversion (planning does that).
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, ValidationInfo, field_validator

from brytpunkt.declarations.sections.taxation import Financing, Tax
from brytpunkt.declarations.values.fields import MonthStart, Section, default, described, wrong
from brytpunkt.declarations.values.money import Currency

PlanCurrency = Literal["EUR", "SEK", "NOK", "DKK", "ISK", "USD"]
PinnedCurrency = Annotated[
    Currency, BeforeValidator(lambda code: code.upper() if isinstance(code, str) else code)
]
UnitsPerEur = Annotated[float, Field(gt=0, le=10_000)]
MAX_MONTHS = 240


class Finance(Section):
    """Time axis, currency, cost of capital and price conventions of the plan."""

    start: Annotated[MonthStart, described("First month of the plan.", unit="first of a month")]
    horizon_months: Annotated[
        int | None,
        described("Length of the plan, unless its end is given.", unit="months", ge=1, le=MAX_MONTHS),
    ] = None
    end: Annotated[
        MonthStart | None,
        described("First month after the plan, unless its length is given.", unit="first of a month"),
    ] = Field(default=None, validate_default=True)
    currency: PlanCurrency = default(
        "EUR",
        unit="currency",
        source="convention of this model",
        description="Currency of every result, and of the discount rate.",
    )
    discount_rate_per_year: float = default(
        0.08,
        unit="share per year",
        source="financing 5-8 % in textbooks, 8-12 % in the market (second-hand, n.d.)",
        description="Cost of capital: before tax, or after tax where tax is declared.",
        ge=0,
        le=1,
    )
    discount_rate_basis: Literal["nominal", "real"] = default(
        "nominal",
        unit="basis",
        source="convention of this model",
        description="Whether the rate contains inflation; a real one is converted.",
    )
    inflation_per_year: float = default(
        0.02,
        unit="share per year",
        source="inflation target of the ECB and of Sveriges Riksbank",
        description="Escalates staff, colocation, maintenance and, unless declared, energy.",
        gt=-0.2,
        le=1,
    )
    hours_per_month: Literal[720, 730, "calendar"] = default(
        "calendar",
        unit="hours",
        source="convention of this model",
        description="Hours of a month: true hours, or a constant that follows a publication.",
    )
    tax: Annotated[Tax | None, described("Corporate tax; default: everything is before tax.")] = None
    financing: Financing = Financing()
    fx_units_per_eur: Annotated[
        dict[PinnedCurrency, UnitsPerEur],
        described(
            "Exchange rates pinned by hand, per EUR; others come from the facts.", unit="units per EUR"
        ),
    ] = {}  # noqa: RUF012 - pydantic copies defaults

    @field_validator("end", mode="after")
    @classmethod
    def _one_length(cls, end: date | None, info: ValidationInfo) -> date | None:
        if "horizon_months" not in info.data:
            return end
        horizon = info.data["horizon_months"]
        if end is None and horizon is None:
            raise wrong(
                "the plan has no length", "give finance.horizon_months (for example 84) or finance.end"
            )
        if end is not None and horizon is not None:
            raise wrong("both `horizon_months` and `end` are given", "keep one of the two")
        start = info.data.get("start")
        if end is None or start is None:
            return end
        months = _months_between(start, end)
        if months < 1:
            raise wrong(f"the plan ends ({end}) before it starts ({start})", f"give an end after {start}")
        if months > MAX_MONTHS:
            raise wrong(
                f"the plan is {months} months long; at most {MAX_MONTHS} can be planned",
                "give an earlier end",
            )
        return end

    @field_validator("fx_units_per_eur", mode="after")
    @classmethod
    def _euro_is_one(cls, rates: dict[str, float]) -> dict[str, float]:
        if rates.get("EUR", 1.0) != 1.0:
            raise wrong("one EUR is 1 EUR", "leave EUR out of fx_units_per_eur")
        return rates

    @property
    def months(self) -> int:
        """Length of the plan, however it was declared. [months]"""
        if self.horizon_months is not None:
            return self.horizon_months
        assert self.end is not None
        return _months_between(self.start, self.end)


def _months_between(start: date, end: date) -> int:
    return (end.year - start.year) * 12 + end.month - start.month
