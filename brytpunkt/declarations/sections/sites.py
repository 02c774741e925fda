"""Sites: where the compute could stand, how it is cooled there, and who looks after it.

Belongs here: what the user declares about a place.
Does not belong here: weather, spot prices and taxes of the place (those are facts).
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, ValidationInfo, field_validator

from brytpunkt.declarations.sections.plant import Connection, CoolingPlant, HeatReuse
from brytpunkt.declarations.sections.power import SiteEnergy
from brytpunkt.declarations.sections.room_limits import RoomLimits
from brytpunkt.declarations.sections.rooms import Colocation, OwnHall
from brytpunkt.declarations.values.fields import (
    Date,
    Id,
    Section,
    Text,
    Timezone,
    default,
    described,
    id_as_name,
    wrong,
)
from brytpunkt.declarations.values.geography import Country, check_zone, zones_of
from brytpunkt.declarations.values.money import CostPerFteYear, Money

Cooling = Literal[
    "outside_air",
    "chilled_water_tower",
    "dry_cooler_chiller",
    "direct_liquid",
    "water_chiller_economiser",
    "direct_liquid_w32",
    "direct_liquid_w40",
    "direct_liquid_w45",
    "immersion",
    "district_cooling",
]
STAFF_COST_SOURCE = (
    "planning assumption within USD 225-300 thousand per person over three years (Introl, second-hand)"
)


class SiteStaff(Section):
    """People who look after hardware and hall; platform staff is declared once for the plan."""

    min_fte: float = default(
        0.0,
        unit="full-time people",
        source="planning assumption: who looks after one server does other work, too; 0.25-1.5 FTE at small sites (alpha-one, sesamedisk; second-hand)",
        description="A crew that the site has at least as soon as one server stands there.",
        ge=0,
        le=1000,
    )
    fte_per_100_gpus: float = default(
        0.5,
        unit="full-time people per 100 GPUs",
        source="planning assumption below the published 1 FTE per 50-100 GPUs (second-hand), which includes "
        "the platform staff that is declared separately",
        description="Crew that grows with the hardware.",
        ge=0,
        le=1000,
    )
    cost_per_fte_year: CostPerFteYear = default(
        Money(amount=90_000.0, currency="EUR"),
        unit="per full-time person and year",
        source=STAFF_COST_SOURCE,
        description="Full cost of one person: salary, social charges, overhead.",
    )


class Site(Section):
    """A place that could hold the servers, by colocation, in a hall of its own, or either."""

    id: Annotated[Id, described("Short name for files and tables.")]
    name: Text = Field(default_factory=id_as_name, description="Display name.")
    country: Annotated[Country, described("Two-letter ISO code.")]
    zone: Annotated[Text | None, described("Bidding zone of the spot price, for example SE1.")] = None
    pue: Annotated[
        float | None,
        described("Pinned PUE; default: from cooling and climate, hour by hour.", unit="ratio", ge=1, le=4),
    ] = None
    climate: Annotated[Text | None, described("Place of the climate tables, for example lulea.")] = Field(
        default=None, validate_default=True
    )
    timezone: Annotated[
        Timezone | None, described("IANA name; default: of the climate place or the country.")
    ] = None
    cooling: Cooling = default(
        "dry_cooler_chiller",
        unit="system",
        source="planning assumption: the least efficient of the simple systems in the cold",
        description="Cooling system of the hall, which sets PUE by temperature.",
    )
    power_limit_kw: Annotated[
        float | None,
        described("Power that the site can give to IT and cooling together.", unit="kW", gt=0, le=1e7),
    ] = None
    grid_available_from: Annotated[
        Date | None, described("When the grid connection is live; before it, rent.")
    ] = None
    connection: Annotated[
        Connection | None,
        described("A connection without a date: its usual waiting time in the country."),
    ] = None
    cooling_plant: CoolingPlant = CoolingPlant()
    heat: HeatReuse | None = None
    colocation: Colocation | None = None
    own_hall: OwnHall | None = Field(default=None, validate_default=True)
    energy: SiteEnergy = Field(default=SiteEnergy(), validate_default=True)
    staff: SiteStaff = SiteStaff()
    limits: RoomLimits = RoomLimits()
    is_comparator: Annotated[bool, described("Shown beside the others to compare, never recommended.")] = (
        False
    )

    @property
    def waits_for_grid(self) -> bool:
        """Whether the site's grid connection is still to come."""
        return self.connection is not None or self.grid_available_from is not None

    @field_validator("id", mode="after")
    @classmethod
    def _not_a_report_name(cls, name: str) -> str:
        if name == "portfolio":
            raise wrong(
                "a site cannot be called 'portfolio': its report would overwrite the portfolio's", "rename it"
            )
        return name

    @field_validator("zone", mode="after")
    @classmethod
    def _zone_in_country(cls, zone: str | None, info: ValidationInfo) -> str | None:
        return None if zone is None else check_zone(zone, info.data.get("country"))

    @field_validator("connection", mode="after")
    @classmethod
    def _date_or_wait(cls, connection: Connection | None, info: ValidationInfo) -> Connection | None:
        if connection is not None and info.data.get("grid_available_from") is not None:
            raise wrong("the connection has a date already", "keep `grid_available_from` or `connection`")
        return connection

    @field_validator("cooling_plant", mode="after")
    @classmethod
    def _cold_is_bought(cls, plant: CoolingPlant, info: ValidationInfo) -> CoolingPlant:
        if plant.district_price_per_mwh is not None and info.data.get("cooling") != "district_cooling":
            raise wrong("only district cooling has a price of its cold", "add cooling: district_cooling")
        return plant

    @field_validator("climate", mode="after")
    @classmethod
    def _climate_or_pue(cls, climate: str | None, info: ValidationInfo) -> str | None:
        if climate is None and "pue" in info.data and info.data["pue"] is None:
            raise wrong(
                "the site has no climate to compute a PUE from",
                "add climate (a place, e.g. lulea) or pin pue",
            )
        return climate

    @field_validator("heat", mode="after")
    @classmethod
    def _heat_has_weather(cls, heat: HeatReuse | None, info: ValidationInfo) -> HeatReuse | None:
        if heat is None:
            return None
        plant = info.data.get("cooling_plant")
        if plant is not None and plant.district_price_per_mwh is not None:
            raise wrong("the network that sells the cold takes the heat", "leave one of the two out")
        if heat.price is None and heat.price_per_mwh is None:
            raise wrong("the heat has no price", "add price (a named one) or price_per_mwh")
        if heat.price is not None and info.data.get("climate") is None and "climate" in info.data:
            raise wrong("a price by outdoor temperature needs a climate", "add climate, or price_per_mwh")
        return heat

    @field_validator("own_hall", mode="after")
    @classmethod
    def _some_room(cls, hall: OwnHall | None, info: ValidationInfo) -> OwnHall | None:
        if hall is None and "colocation" in info.data and info.data["colocation"] is None:
            raise wrong("the site has no room for servers", "declare colocation, own_hall or both")
        return hall

    @field_validator("energy", mode="after")
    @classmethod
    def _energy_has_price(cls, energy: SiteEnergy, info: ValidationInfo) -> SiteEnergy:
        contracted = energy.hedged_share == 1 and energy.ppa_per_mwh is not None
        if (
            "zone" in info.data
            and info.data["zone"] is None
            and energy.price_per_kwh is None
            and not contracted
        ):
            zones = ", ".join(zones_of(str(info.data.get("country", ""))))
            choice = f"add zone ({zones}) or " if zones else "add "
            raise wrong(
                "the site has neither a bidding zone nor a price of its own",
                choice + "energy.price_per_kwh, or contract all of it: ppa_per_mwh and hedged_share: 1",
            )
        return energy
