"""Power: what a site pays for electricity besides the spot price of its zone.

Belongs here: price components and hedges that a site declares.
Does not belong here: spot prices, tax rates and published tariffs (those are facts).
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import ValidationInfo, field_validator

from brytpunkt.declarations.sections.tariffs import TariffElement, TaxSituation, bands_fit
from brytpunkt.declarations.sections.weekly_shape import WeeklyShape
from brytpunkt.declarations.values.fields import (
    NO_SOURCE,
    Items,
    Section,
    Share,
    Text,
    default,
    described,
    wrong,
)
from brytpunkt.declarations.values.money import (
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
    tariff: Annotated[
        Text | None, described("A named tariff of the table of grid tariffs, with its windows and peaks.")
    ] = None
    tariff_elements: Annotated[
        Items[TariffElement],
        described("A grid tariff of your own, element by element.", max_length=60),
    ] = ()
    subscription_headroom: float = default(
        0.1,
        unit="share",
        source=NO_SOURCE,
        description="Subscribed power above the year's highest hour, where the tariff has a subscription.",
        ge=0,
        le=1,
    )
    existing_load_kw: Annotated[
        float,
        described(
            "Power that the connection carries already, mean of the week; only what comes on top of it is charged.",
            unit="kW",
            ge=0,
            le=1e7,
        ),
    ] = 0.0
    existing_load_shape: Annotated[
        WeeklyShape,
        described("The existing load over the week in local time: a name, or 168 numbers from Monday 00:00."),
    ] = "flat"
    tax: Annotated[
        TaxSituation | None,
        described("What decides the electricity tax, by the conditional rows; instead of `tax_segment`."),
    ] = None
    vat_recoverable_share: Share = default(
        1.0,
        unit="share",
        source="convention: a business that recovers all of its VAT",
        description="VAT on energy that is recovered; the rest is a cost.",
    )
    guarantees_per_mwh: Annotated[
        FeePerMwh | None, described("Guarantees of origin for every MWh drawn.", unit="per MWh")
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
    ppa_is_renewable: Annotated[bool, described("Whether the hedge is a PPA of renewable energy.")] = False

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

    @field_validator("tariff", mode="after")
    @classmethod
    def _tariff_instead_of_fee(cls, tariff: str | None, info: ValidationInfo) -> str | None:
        fees = ("grid_fee", "grid_energy_per_kwh", "grid_capacity_per_kw_year")
        given = [key for key in fees if info.data.get(key) is not None]
        if tariff is not None and given:
            raise wrong(f"`tariff` and `{given[0]}` are both grid fees", "keep one of the two")
        return tariff

    @field_validator("tariff_elements", mode="after")
    @classmethod
    def _own_tariff(
        cls, elements: tuple[TariffElement, ...], info: ValidationInfo
    ) -> tuple[TariffElement, ...]:
        fees = ("grid_fee", "grid_energy_per_kwh", "grid_capacity_per_kw_year", "tariff", "price_per_kwh")
        given = [key for key in fees if info.data.get(key) is not None]
        if elements and given:
            raise wrong(f"`tariff_elements` and `{given[0]}` are both given", "keep one of the two")
        return bands_fit(elements)

    @field_validator(
        "grid_fee",
        "grid_energy_per_kwh",
        "grid_capacity_per_kw_year",
        "ppa_per_mwh",
        "tariff",
        "tax",
        "guarantees_per_mwh",
        mode="after",
    )
    @classmethod
    def _flat_price_is_all_in(cls, value: Any, info: ValidationInfo) -> Any:
        if value is not None and info.data.get("price_per_kwh") is not None:
            raise wrong(
                "`price_per_kwh` is all-in, so nothing may be added to it", "leave one of the two out"
            )
        return value
