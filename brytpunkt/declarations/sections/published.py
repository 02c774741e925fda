"""Published: figures of somebody else's calculation that this plan declares and recomputes.

Belongs here: what was published, by which conventions, and whether it adds up.
Does not belong here: the recomputation (planning does that).
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, ValidationInfo, WrapValidator, field_validator

from brytpunkt.declarations.values.fields import (
    Date,
    Id,
    Items,
    LongText,
    Section,
    Text,
    described,
    unique_ids,
    wrong,
)
from brytpunkt.declarations.values.money import Money, PricePerMillionTokens

Measure = Literal[
    "break_even_hours",
    "break_even_months",
    "own_total",
    "rent_total",
    "saving",
    "saving_share",
    "own_opex_per_hour",
    "own_cost_per_hour",
    "own_per_million_tokens",
    "rent_per_million_tokens",
    "rent_to_own_ratio",
    "api_to_own_ratio",
    "threshold_hours_per_day",
    "sheet_item",
    "sheet_monthly",
    "sheet_total",
    "sheet_ratio",
    "sheet_per_unit",
]
SHEET = frozenset({"sheet_item", "sheet_monthly", "sheet_total", "sheet_ratio", "sheet_per_unit"})

NEEDS_OFFER = frozenset(
    {
        "break_even_hours",
        "break_even_months",
        "rent_total",
        "saving",
        "saving_share",
        "rent_per_million_tokens",
        "rent_to_own_ratio",
        "threshold_hours_per_day",
    }
)
NEEDS_MODEL = frozenset(
    {"own_per_million_tokens", "rent_per_million_tokens", "rent_to_own_ratio", "api_to_own_ratio"}
)


class Conventions(Section):
    """Rules of the publication that differ from this model's."""

    life_hours: Annotated[
        float | None,
        described(
            "Hours over which the purchase is spread evenly; default: build.life_years, at finance's cost of capital.",
            unit="hours",
            gt=0,
            le=1e6,
        ),
    ] = None
    power_follows_use: Annotated[
        bool, described("Whether the own server draws power only in the hours that are compared.")
    ] = False
    hours_per_year: Annotated[
        float, described("Hours over which yearly shares are spread.", unit="hours", ge=8000, le=8784)
    ] = 8760.0
    hours_per_month_breakeven: Annotated[
        float, described("Hours per month when break-even hours become months.", unit="hours", ge=600, le=750)
    ] = 730.0
    hours_per_month_colocation: Annotated[
        float,
        described(
            "Hours per month when a monthly colocation price becomes an hourly one.",
            unit="hours",
            ge=600,
            le=750,
        ),
    ] = 730.0
    truncate_hourly_components_to: Annotated[
        float | None,
        described(
            "Each hourly cost component is cut down to a multiple of this before the sum; default: not cut.",
            unit="plan currency per hour",
            gt=0,
            le=1,
        ),
    ] = None


class SheetItem(Section):
    """One line of a published cost sheet."""

    id: Id
    column: Annotated[Text, described("Column of the sheet that the line belongs to.")] = "total"
    amount: Annotated[Money | None, described("Price of one unit.")] = None
    quantity: Annotated[
        float, described("Units: GPUs, servers, people, kW, watts.", unit="units", gt=0, le=1e12)
    ] = 1.0
    basis: Annotated[
        Literal["one_time", "per_month", "per_year", "per_hour", "per_kwh"],
        described("What one unit's price is for; per_kwh takes the quantity as kW."),
    ] = "per_month"
    share_of: Annotated[
        Items[Id], described("Lines of which this one is a share, instead of an amount.", max_length=50)
    ] = ()
    share: Annotated[float | None, described("That share.", unit="share", gt=0, le=10)] = None
    life_months: Annotated[
        float | None,
        described(
            "Months over which a one-time cost is spread; default: the sheet's.", unit="months", ge=1, le=600
        ),
    ] = None
    rate_per_year: Annotated[
        float, described("Interest of a one-time cost, nominal a year.", unit="share per year", ge=0, le=1)
    ] = 0.0
    annuity: Annotated[
        Literal["monthly", "annual_over_12"],
        described("Whether interest runs by the month, or by the year with a twelfth of the payment."),
    ] = "monthly"
    pue: Annotated[float, described("PUE of a kWh line.", unit="ratio", ge=1, le=4)] = 1.0
    used_share: Annotated[
        float, described("Share of the hours that an hourly or kWh line is in use.", unit="share", gt=0, le=1)
    ] = 1.0
    basis_note: Annotated[LongText | None, described("Where the line comes from.")] = Field(
        default=None, validate_default=True
    )

    @field_validator("basis_note", mode="after")
    @classmethod
    def _one_value(cls, note: str | None, info: ValidationInfo) -> str | None:
        amount, shares, share = (info.data.get(key) for key in ("amount", "share_of", "share"))
        if (amount is None) == (not shares) or (bool(shares) != (share is not None)):
            raise wrong(
                "a line is an amount, or a share of other lines",
                "give amount, or share and share_of together",
            )
        return note


class Sheet(Section):
    """A published calculation as lines that a calculator can follow."""

    months: Annotated[float, described("Months of the calculation.", unit="months", ge=1, le=600)]
    hours_per_month: Annotated[
        float, described("Hours of a month for hourly lines.", unit="hours", ge=600, le=750)
    ] = 730.0
    items: Annotated[
        Items[SheetItem], described("The lines.", min_length=1, max_length=200), WrapValidator(unique_ids)
    ]

    @field_validator("items", mode="after")
    @classmethod
    def _shares_of_earlier_lines(cls, items: tuple[SheetItem, ...]) -> tuple[SheetItem, ...]:
        known: set[str] = set()
        for item in items:
            lacking = sorted(set(item.share_of) - known)
            if lacking:
                raise wrong(
                    f"the line '{item.id}' is a share of {', '.join(lacking)}, which no earlier line is",
                    f"lines above it: {', '.join(sorted(known)) or 'none'}",
                )
            known.add(item.id)
        return items


class Case(Section):
    """One published figure."""

    id: Id
    server: Annotated[Text | None, described("Id of the server in `build.servers`.")] = None
    item: Annotated[Text | None, described("Line of the sheet.")] = None
    column: Annotated[Text, described("Column of the sheet.")] = "total"
    to_column: Annotated[Text | None, described("Column that a ratio is taken to.")] = None
    units: Annotated[
        float | None, described("Units a month that a sheet's month is divided by.", unit="units", gt=0)
    ] = None
    used_share: Annotated[
        float, described("Share of the hours in which the server is used.", unit="share", gt=0, le=1)
    ] = 1.0
    offer: Annotated[Text | None, described("Id of the offer in `rent.offers`.")] = None
    model: Annotated[Text | None, described("Model whose throughput counts.")] = None
    api_price_per_million_tokens: Annotated[
        PricePerMillionTokens | None,
        described("Price of the API compared with.", unit="per million output tokens"),
    ] = None
    measure: Measure = Field(validate_default=True)
    published: Annotated[
        float, described("The figure as printed, in the unit of the measure and the plan's currency.")
    ]
    tolerance: Annotated[float, described("Absolute difference that counts as the same figure.", ge=0)]
    reproduces: Annotated[bool, described("Whether the publication's own inputs give its figure.")]
    why: Annotated[LongText | None, described("Why it does not, or what should be known about it.")] = Field(
        default=None, validate_default=True
    )

    @field_validator("measure", mode="after")
    @classmethod
    def _has_what_it_needs(cls, measure: str, info: ValidationInfo) -> str:
        lacking = [
            key
            for key, needed in (
                ("server", measure not in SHEET),
                ("item", measure == "sheet_item"),
                ("to_column", measure == "sheet_ratio"),
                ("units", measure == "sheet_per_unit"),
                ("offer", measure in NEEDS_OFFER),
                ("model", measure in NEEDS_MODEL),
                ("api_price_per_million_tokens", measure == "api_to_own_ratio"),
            )
            if needed and key in info.data and info.data[key] is None
        ]
        if lacking:
            raise wrong(
                f"the measure {measure} needs {' and '.join(f'`{key}`' for key in lacking)}", "add it"
            )
        return measure

    @field_validator("why", mode="after")
    @classmethod
    def _failure_explained(cls, why: str | None, info: ValidationInfo) -> str | None:
        if why is None and info.data.get("reproduces") is False:
            raise wrong("a figure that does not reproduce needs a reason", "add why")
        return why


class Published(Section):
    """A published calculation and its figures."""

    title: Text
    publisher: Text
    url: Annotated[str, described("Where it was published.", pattern=r"^https?://\S{1,300}$")]
    published_on: Annotated[Date, described("Date of publication.")]
    conventions: Conventions = Conventions()
    sheet: Sheet | None = None
    cases: Annotated[
        Items[Case], described("The figures.", min_length=1, max_length=200), WrapValidator(unique_ids)
    ]
