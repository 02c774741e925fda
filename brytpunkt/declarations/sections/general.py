"""The small sections: energy prices in general, platform staff, and the report.

Belongs here: sections of a few keys that concern the whole plan.
Does not belong here: anything that differs by site or workload.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, ValidationInfo, field_validator

from brytpunkt.declarations.sections.sites import STAFF_COST_SOURCE
from brytpunkt.declarations.values.fields import NO_SOURCE, Section, Text, default, described, wrong
from brytpunkt.declarations.values.money import CostPerFteYear, Money, PricePerMwh
from brytpunkt.folders import report_languages

YearMonth = Annotated[str, Field(pattern=r"^20[0-9]{2}-(0[1-9]|1[0-2])$")]


class ForwardPrice(Section):
    """What a year's electricity costs on the forward market, or in a quote: it replaces history for that year."""

    zone: Text = Field(description="Bidding zone, for example SE3.")
    year: Annotated[int, Field(ge=2020, le=2070, description="Calendar year of delivery.")]
    price_per_mwh: Annotated[PricePerMwh, described("Base load, nominal, VAT excluded.", unit="per MWh")]


class Energy(Section):
    """Which price history stands for the future, and how prices drift."""

    history_from: YearMonth = default(
        "2021-01",
        unit="month",
        source="planning assumption: several years; 2025 alone understates 2026 up to fourfold in the north",
        description="First month of the day-ahead history that prices are taken from.",
    )
    history_to: Annotated[YearMonth | None, described("Last month of that history; default: the newest.")] = (
        None
    )
    escalation_per_year: Annotated[
        float | None,
        described("Yearly change of energy prices; default: inflation.", unit="share per year", gt=-1, le=1),
    ] = None

    month_gaps: Literal["correlated_zone", "planning_mean", "refuse"] = default(
        "correlated_zone",
        unit="method",
        source="planning assumption: zones with the same weather move alike",
        description="How a month that a zone lacks is filled in the outlook: by the zone that moves alike, by the "
        "planning mean, or not at all.",
    )
    least_history_years: float = default(
        3.0,
        unit="years",
        source="planning assumption: 2025 alone understates 2026 up to fourfold in the north",
        description="A zone with a shorter price history is warned about.",
        ge=1,
        le=20,
    )

    forwards: tuple[ForwardPrice, ...] = Field(
        default=(),
        description="Forward prices by zone and year; the months keep their shape, the drift is theirs.",
    )

    @field_validator("forwards", mode="after")
    @classmethod
    def _one_price_a_year(cls, forwards: tuple[ForwardPrice, ...]) -> tuple[ForwardPrice, ...]:
        seen: set[tuple[str, int]] = set()
        for forward in forwards:
            if (forward.zone, forward.year) in seen:
                raise wrong(
                    f"{forward.zone} has two forward prices for {forward.year}", "keep one of the two"
                )
            seen.add((forward.zone, forward.year))
        return forwards

    @field_validator("history_to", mode="after")
    @classmethod
    def _after_its_start(cls, last: str | None, info: ValidationInfo) -> str | None:
        first = info.data.get("history_from")
        if last is not None and first is not None and last < first:
            raise wrong(
                f"the price history ends ({last}) before it starts ({first})", "give a later history_to"
            )
        return last


class Staff(Section):
    """People who run the platform, needed whether the GPUs are owned or rented, and who see to a token API alone."""

    platform_fte: float = default(
        1.0,
        unit="full-time people",
        source=NO_SOURCE,
        description="Platform engineers, charged to whatever runs GPUs, owned or rented.",
        ge=0,
        le=1000,
    )
    api_fte: float = default(
        0.0,
        unit="full-time people",
        source="planning assumption: a token API is run by its vendor",
        description="People charged instead of the platform engineers where token APIs serve everything.",
        ge=0,
        le=1000,
    )
    cost_per_fte_year: CostPerFteYear = default(
        Money(amount=90_000.0, currency="EUR"),
        unit="per full-time person and year",
        source=STAFF_COST_SOURCE,
        description="Full cost of one person: salary, social charges, overhead.",
    )


class Report(Section):
    """How the report is written."""

    language: Annotated[
        str,
        described(
            "Language of the report: one that has a file in brytpunkt/reporting/texts.", pattern=r"^[a-z]{2}$"
        ),
    ] = "en"

    @field_validator("language", mode="after")
    @classmethod
    def _has_a_catalog(cls, language: str) -> str:
        known = report_languages()
        if language not in known:
            raise wrong(f"there are no report texts in {language!r}", f"write one of {', '.join(known)}")
        return language
