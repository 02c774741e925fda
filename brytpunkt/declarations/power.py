"""Power: what a site pays for electricity besides the spot price of its zone.

Belongs here: price components and hedges that a site declares.
Does not belong here: spot prices, tax rates and published tariffs (those are facts).
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import ValidationInfo, field_validator

from brytpunkt.declarations.fields import NO_SOURCE, Section, Share, Text, default, described, wrong
from brytpunkt.declarations.money import (
    FeePerKwh,
    FeePerKwYear,
    FeePerMwh,
    Money,
    PricePerKwh,
    PricePerMwh,
)


class SiteEnergy(Section):
    """What the site pays for electricity besides the spot price of its zone."""

    price_per_kwh: Annotated[
        PricePerKwh | None,
        described("All-in flat price; replaces spot, margin, grid and tax.", unit="per kWh"),
    ] = None
    tax_segment: Text = default(
        "datacentre",
        unit="segment",
        source="convention of this model",
        description="Which row of the country's energy taxes applies.",
    )
    grid_fee: Annotated[Text | None, described("A named tariff of the table of grid fees.")] = None
    grid_energy_per_kwh: Annotated[
        FeePerKwh | None, described("Energy part of the grid fee, instead of a named tariff.", unit="per kWh")
    ] = None
    grid_capacity_per_kw_year: Annotated[
        FeePerKwYear | None,
        described("Capacity part of the grid fee, on the billed peak.", unit="per kW and year"),
    ] = None
    supplier_margin_per_mwh: FeePerMwh = default(
        Money(amount=2.0, currency="EUR"),
        unit="per MWh",
        source=NO_SOURCE,
        description="The supplier's margin and certificates on top of spot.",
    )
    ppa_per_mwh: Annotated[
        PricePerMwh | None, described("Price of the hedged share: a PPA or a fixed contract.", unit="per MWh")
    ] = None
    hedged_share: Share = default(
        0.0,
        unit="share",
        source="planning assumption: all energy at spot",
        description="Share of the energy bought at `ppa_per_mwh`.",
    )

    @field_validator("hedged_share", mode="after")
    @classmethod
    def _hedge_has_price(cls, share: float, info: ValidationInfo) -> float:
        if share > 0 and "ppa_per_mwh" in info.data and info.data["ppa_per_mwh"] is None:
            raise wrong(
                "a hedged share needs the price of the hedge", "add ppa_per_mwh, for example {eur: 45}"
            )
        return share

    @field_validator("grid_energy_per_kwh", "grid_capacity_per_kw_year", mode="after")
    @classmethod
    def _one_grid_fee(cls, fee: Any, info: ValidationInfo) -> Any:
        if fee is not None and info.data.get("grid_fee") is not None:
            raise wrong("`grid_fee` names a tariff and this key gives another one", "keep one of the two")
        return fee

    @field_validator(
        "grid_fee", "grid_energy_per_kwh", "grid_capacity_per_kw_year", "ppa_per_mwh", mode="after"
    )
    @classmethod
    def _flat_price_is_all_in(cls, value: Any, info: ValidationInfo) -> Any:
        if value is not None and info.data.get("price_per_kwh") is not None:
            raise wrong(
                "`price_per_kwh` is all-in, so nothing may be added to it", "leave one of the two out"
            )
        return value
