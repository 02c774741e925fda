"""Plant: how the cooling is dimensioned, where the heat goes, and how long the grid connection takes.

Belongs here: what a user may declare about them. Does not belong here: weather, heat prices, waiting times (facts).
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import ValidationInfo, field_validator

from brytpunkt.declarations.values.fields import NO_SOURCE, Section, Share, Text, default, described, wrong
from brytpunkt.declarations.values.money import Money, PricePerMwh

HardwareClass = Literal["A1", "A2", "A3", "A4", "H1", "W17", "W27", "W32", "W40", "W45"]
LIMIT_SOURCE = "ASHRAE TC9.9 thermal guidelines, allowable range; general knowledge"


class CoolingPlant(Section):
    """Details of the cooling plant beyond its system."""

    part_load: float = default(
        1.0,
        unit="share",
        source="convention: the plant runs at the load that it was built for",
        description="Mean load over rated load; fixed losses weigh more at part load.",
        ge=0.1,
        le=1.0,
    )
    hardware_class: Annotated[
        HardwareClass | None,
        described(
            f"Class that limits air or water at the servers; default A2 for air, by system for liquid. {LIMIT_SOURCE}."
        ),
    ] = None
    on_limit: Annotated[
        Literal["warn", "reduce"],
        described("Above the class limit: warn, or run only the servers that can be cooled."),
    ] = "warn"
    district_price_per_mwh: Annotated[
        PricePerMwh | None,
        described(
            "Price of the cold of a district cooling network; without it, its electricity.", unit="per MWh"
        ),
    ] = None
    summer: Annotated[
        Literal["normal", "hottest"],
        described("Weather of the class limit: normals, or the hottest year of the place's history."),
    ] = "normal"
    warmer_k: float = default(
        0.0,
        unit="K",
        source="climate normals as they are; a hot year is declared",
        description="Added to every outdoor temperature: a hot year or a warmer climate.",
        ge=-10,
        le=10,
    )


class HeatReuse(Section):
    """Heat that is sold to a district heating network."""

    share: Share = default(
        0.7,
        unit="share of the IT energy",
        source=NO_SOURCE,
        description="Share of the servers' heat that is recovered.",
    )
    price: Annotated[Text | None, described("A named price of the table of heat prices.")] = None
    price_per_mwh: Annotated[
        PricePerMwh | None, described("A flat price instead of a named one.", unit="per MWh")
    ] = None
    heat_pump_cop: Annotated[
        float | None,
        described("Heat delivered over electricity of the heat pump; none: heat as it is.", gt=1, le=20),
    ] = None

    @field_validator("price_per_mwh", mode="after")
    @classmethod
    def _one_price(cls, price: Money | None, info: ValidationInfo) -> Money | None:
        if price is not None and info.data.get("price") is not None:
            raise wrong("the heat has two prices", "keep `price` or `price_per_mwh`")
        return price


class Connection(Section):
    """A grid connection that is still to come and has no date yet."""

    size_mw: Annotated[float, described("Power that is asked for.", unit="MW", gt=0, le=2000)]
    kind: Annotated[
        Literal["brownfield", "new"], described("brownfield: the power is at the site already.")
    ] = "new"
