"""Rooms: where servers can stand at a site, rented or one's own.

Belongs here: prices and lead times of colocation and of an own hall.
Does not belong here: cooling and weather, which set the PUE (the site declares them).
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, ValidationInfo, field_validator

from brytpunkt.declarations.values.fields import (
    NO_SOURCE,
    LongText,
    Months,
    QuoteId,
    Section,
    Years,
    default,
    described,
    wrong,
)
from brytpunkt.declarations.values.money import CapexPerKw, PricePerKwMonth, PricePerRackMonth

PRICE_KEYS = ("price_per_kw_month", "price_per_rack_month", "quote")


class Colocation(Section):
    """Room, power path and cooling rented from a colocation operator."""

    price_per_kw_month: Annotated[
        PricePerKwMonth | None, described("Price of contracted power.", unit="per kW and month")
    ] = None
    price_per_rack_month: Annotated[
        PricePerRackMonth | None,
        described("Price of a rack, instead of a price per kW.", unit="per rack and month"),
    ] = None
    quote: Annotated[
        QuoteId | None,
        described("Id of a quote in the inbox, instead of a price: it brings price, rack and power terms."),
    ] = None
    rack_power_kw: Annotated[
        float | None,
        described("Power that one rack may draw; needed with a rack price.", unit="kW", gt=0, le=500),
    ] = Field(default=None, validate_default=True)
    accept_unsourced: Annotated[
        bool, described("Plan with an unsourced range instead of a price; the report warns on page one.")
    ] = Field(default=False, validate_default=True)
    power_included: Annotated[bool, described("Whether the price contains the energy.")] = False
    lead_time_months: Months = default(
        3, unit="months", source=NO_SOURCE, description="From signing to the first server in place."
    )
    basis: Annotated[
        LongText | None, described("Where the price comes from: a quote, a list, an assumption.")
    ] = None

    @field_validator("rack_power_kw", mode="after")
    @classmethod
    def _racks_have_power(cls, power: float | None, info: ValidationInfo) -> float | None:
        if power is None and info.data.get("price_per_rack_month") is not None:
            raise wrong("a price per rack needs the power of a rack", "add rack_power_kw")
        return power

    @field_validator("accept_unsourced", mode="after")
    @classmethod
    def _one_price(
        cls,
        accept: bool,  # noqa: FBT001 - pydantic calls it
        info: ValidationInfo,
    ) -> bool:
        prices = [info.data[key] for key in PRICE_KEYS if key in info.data]
        if len(prices) < len(PRICE_KEYS):
            return accept
        given = [price for price in prices if price is not None]
        if len(given) > 1:
            named = [key for key in PRICE_KEYS if info.data[key] is not None]
            raise wrong(f"both `{named[0]}` and `{named[1]}` are given", "keep one of the two")
        if given and accept:
            raise wrong(
                "`accept_unsourced` is for a missing price, and there is one", "leave one of the two out"
            )
        if not given and not accept:
            raise wrong(
                "colocation has no price, and no default, because no published Nordic price is known",
                "give price_per_kw_month, the id of a quote, or accept_unsourced: true for a range and a warning",
            )
        return accept


class OwnHall(Section):
    """A hall of one's own: built or refitted, written off, maintained."""

    capex_per_kw: Annotated[
        CapexPerKw,
        described(
            "Building, power and cooling per kW of IT power; published: 7-12 MUSD per MW.", unit="per kW"
        ),
    ]
    life_years: Years = default(
        15.0,
        unit="years",
        source="data-centre provisioning over 15 years (Compass model defaults)",
        description="Time over which the hall is used up.",
    )
    maintenance_share_per_year: float = default(
        0.03,
        unit="share of facility capex per year",
        source=NO_SOURCE,
        description="Upkeep of building and cooling.",
        ge=0,
        le=1,
    )
    lead_time_months: Months = default(
        18,
        unit="months",
        source="mobilisation 12-24 months (second-hand, n.d.)",
        description="From the order to the first server in place.",
    )
    basis: Annotated[LongText | None, described("Where the capex comes from.")] = None
