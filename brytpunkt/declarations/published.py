"""Published: figures of somebody else's calculation that this plan declares and recomputes.

Belongs here: what was published, by which conventions, and whether it adds up.
Does not belong here: the recomputation (planning does that).
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, ValidationInfo, WrapValidator, field_validator

from brytpunkt.declarations.fields import (
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
from brytpunkt.declarations.money import PricePerMillionTokens

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
]

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
        float, described("Hours over which the purchase is spread.", unit="hours", gt=0, le=1e6)
    ]
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


class Case(Section):
    """One published figure."""

    id: Id
    server: Annotated[Text, described("Id of the server in `build.servers`.")]
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
    conventions: Conventions
    cases: Annotated[
        Items[Case], described("The figures.", min_length=1, max_length=200), WrapValidator(unique_ids)
    ]
