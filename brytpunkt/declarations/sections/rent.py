"""Rent: which cloud offers are considered, and what is assumed about their prices.

Belongs here: filters, discounts, price paths, and offers quoted inline.
Does not belong here: the price lists themselves (facts).
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, WrapValidator

from brytpunkt.declarations.sections.build import TokensPerSecond
from brytpunkt.declarations.values.fields import (
    NO_SOURCE,
    Id,
    Items,
    Section,
    Share,
    Text,
    default,
    described,
    unique_ids,
)
from brytpunkt.declarations.values.geography import Country
from brytpunkt.declarations.values.money import PricePerInstanceHour

Term = Literal["on_demand", "spot", "reserved_1y", "reserved_3y", "reserved_5y", "savings_1y", "savings_3y"]

# Months for which each term binds. [months]
TERM_MONTHS: dict[Term, int] = {
    "on_demand": 0,
    "spot": 0,
    "reserved_1y": 12,
    "reserved_3y": 36,
    "reserved_5y": 60,
    "savings_1y": 12,
    "savings_3y": 36,
}


class InlineOffer(Section):
    """A cloud offer quoted in the plan itself; the price is for the whole instance."""

    id: Annotated[Id, described("Short name for files and tables.")]
    provider: Annotated[Text, described("Who offers it.")]
    gpu_model: Annotated[Text, described("GPU, for example H100-SXM-80GB.")]
    gpu_count: Annotated[int, described("GPUs in the instance.", unit="GPUs", ge=1, le=1024)]
    term: Annotated[Term, described("How long it binds.")]
    price: Annotated[
        PricePerInstanceHour,
        described("Effective price, an upfront payment spread over the term.", unit="per instance and hour"),
    ]
    country: Annotated[
        Country | None,
        described("Country of its data centre; left out, it is taken to satisfy each workload's residency."),
    ] = None
    billing_increment: Annotated[
        Literal["second", "minute", "hour", "month"] | None,
        described(
            "What is billed once it has begun; default: as the provider bills, a begun hour where that is not known."
        ),
    ] = None
    upfront_share: Annotated[
        Share, described("Part of a commitment that is paid at signing.", unit="share")
    ] = 0.0
    output_tokens_per_second: Annotated[
        dict[Text, TokensPerSecond] | None,
        described(
            "Measured output of the whole instance by model; replaces benchmarks.", unit="tokens per second"
        ),
    ] = None


class Spot(Section):
    """What interruptions of spot instances cost the workloads that bear them."""

    interruptions_per_day: float = default(
        1.0,
        unit="interruptions per instance and day",
        source=NO_SOURCE,
        description="How often a spot instance is taken away.",
        ge=0,
        le=100,
    )
    restart_minutes: float = default(
        15.0,
        unit="minutes",
        source=NO_SOURCE,
        description="From the loss of an instance to work again on another one.",
        ge=0,
        le=1440,
    )
    checkpoint_interval_minutes: float = default(
        30.0,
        unit="minutes",
        source=NO_SOURCE,
        description="Time between checkpoints; half of it is lost at an interruption.",
        gt=0,
        le=1440,
    )
    checkpoint_overhead_share: Share = default(
        0.03, unit="share of time", source=NO_SOURCE, description="Time spent on writing checkpoints."
    )

    @property
    def wasted_share(self) -> float:
        """Instance-hours paid beyond the useful ones, as a share of those."""
        lost_minutes = self.restart_minutes + self.checkpoint_interval_minutes / 2
        return self.interruptions_per_day * lost_minutes / (24 * 60) + self.checkpoint_overhead_share


class Rent(Section):
    """Which offers may be rented. What is left out does not filter."""

    providers: Annotated[Items[Text] | None, described("Only these; default: all.", min_length=1)] = None
    exclude_providers: Annotated[Items[Text], described("Never these.")] = ()
    countries: Annotated[
        Items[Country] | None, described("Only regions in these countries; default: all.", min_length=1)
    ] = None
    gpu_models: Annotated[Items[Text] | None, described("Only these GPUs; default: all.", min_length=1)] = (
        None
    )
    terms: Items[Term] = default(
        ("on_demand", "spot", "reserved_1y", "reserved_3y", "savings_1y", "savings_3y"),
        unit="terms",
        source="convention of this model",
        description="Terms considered.",
        min_length=1,
    )
    negotiated_discount_share: float = default(
        0.0,
        unit="share",
        source="planning assumption: list prices",
        description="Discount on list prices that was agreed with the providers.",
        ge=0,
        lt=1,
    )
    second_opinion_share: float = default(
        0.25,
        unit="share",
        source="planning assumption: list prices of one offer seldom differ by more",
        description="A rented offer is warned of where somebody else's price for it is farther away than this.",
        ge=0,
        le=10,
    )
    spot: Spot = Spot()
    gpu_price_path_per_year: float = default(
        0.0,
        unit="share per year",
        source="planning assumption: today's price; H100 rates fell through 2025 and some rose in 2026",
        description="Yearly change of GPU-hour prices of a fixed GPU type.",
        gt=-1,
        le=2,
    )
    token_price_path_per_year: float = default(
        0.0,
        unit="share per year",
        source="planning assumption: today's price; equal quality fell about tenfold a year 2021-2024 (a16z, "
        "2024-11-12), frontier prices do not fall at that rate",
        description="Yearly change of token API prices.",
        gt=-1,
        le=2,
    )
    offers: Annotated[
        Items[InlineOffer],
        described("Offers quoted here, beside those of the price lists.", max_length=200),
        WrapValidator(unique_ids),
    ] = Field(default=())
