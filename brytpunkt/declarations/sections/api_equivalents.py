"""Token APIs that may stand in for a workload's own model: where they are served, and what they cost.

Belongs here: an equivalent, from the table of token prices or with its price quoted inline.
Does not belong here: the price lists themselves (facts).
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import ValidationInfo, field_validator

from brytpunkt.declarations.values.fields import LongText, Section, Share, Text, described, wrong
from brytpunkt.declarations.values.geography import AREAS, Country
from brytpunkt.declarations.values.money import PricePerMillionTokens


class TokenPrice(Section):
    """Prices of a token API as quoted, for a model that the table of token prices does not list, or at other prices."""

    input: Annotated[PricePerMillionTokens, described("Input tokens.", unit="per million tokens")]
    cached_input: Annotated[
        PricePerMillionTokens | None,
        described("Input tokens from its prompt cache; default: as other input.", unit="per million tokens"),
    ] = None
    output: Annotated[PricePerMillionTokens, described("Output tokens.", unit="per million tokens")]
    batch_discount_share: Annotated[
        Share,
        described("What is off for work that may wait (max_delay_days above 0).", unit="share"),
    ] = 0.0
    basis: Annotated[LongText | None, described("Where the prices come from.")] = None


class ApiEquivalent(Section):
    """A token API that may serve the workload instead of own or rented GPUs."""

    provider: Annotated[
        Text, described("Vendor, as named in the table of token prices unless a price is declared.")
    ]
    model: Annotated[
        Text, described("Model, as named in the table of token prices unless a price is declared.")
    ]
    tokens_per_task_ratio: Annotated[
        float,
        described(
            "Its tokens for the same task, relative to the workload's model.", unit="ratio", gt=0, le=100
        ),
    ]
    price: Annotated[
        TokenPrice | None,
        described("Its prices where they are quoted; default: the newest of the table of token prices."),
    ] = None
    quality_note: Annotated[LongText, described("Why it may stand in, and what is lost or won.")]
    country: Annotated[
        Country | None,
        described("Country in which it is served, as the contract says; default: not known."),
    ] = None
    region: Annotated[
        Literal["nordic", "eu", "eea"] | None,
        described("Area in which it is served, where the contract names no country; default: not known."),
    ] = None
    regional_surcharge_share: Annotated[
        float,
        described(
            "What it costs above the list price to be served there; regional endpoints often cost a tenth more.",
            unit="share",
            ge=0,
            le=2,
        ),
    ] = 0.0

    @property
    def countries(self) -> frozenset[str] | None:
        """Where it may be served; None where that is not known."""
        if self.country is not None:
            return frozenset({self.country})
        return None if self.region is None else AREAS[self.region]

    @field_validator("region", mode="after")
    @classmethod
    def _one_place(cls, region: str | None, info: ValidationInfo) -> str | None:
        country = info.data.get("country")
        if region is not None and country is not None:
            raise wrong(
                f"the country {country} and the region {region} are both declared",
                "keep the country where the contract names one, else the region",
            )
        return region
