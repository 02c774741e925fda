"""Room limits: what the room at a site can carry, cool and feed today, and what a refit would change.

Belongs here: limits that the user knows of the room; a limit that is left out is unknown, not unlimited.
Does not belong here: power of the whole site (the site declares it), or which server fits (planning does that).
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, ValidationInfo, field_validator

from brytpunkt.declarations.values.fields import (
    NO_SOURCE,
    LongText,
    Months,
    Section,
    Years,
    default,
    described,
    wrong,
)
from brytpunkt.declarations.values.money import CapexPerKw

RackKw = Annotated[float, Field(gt=0, le=1000)]


class Retrofit(Section):
    """A refit of the room: what it costs, how long it takes, and what the room can do afterwards."""

    capex_per_kw: Annotated[
        CapexPerKw, described("Cost of the refit per kW of server nameplate.", unit="per kW")
    ]
    months: Annotated[Months, described("From the order to the refitted room.", unit="months")]
    rack_density_kw: Annotated[RackKw, described("Power of a rack after the refit.", unit="kW per rack")]
    liquid_cooling: Annotated[bool, described("Whether servers can be cooled by liquid after the refit.")]
    life_years: Years = default(
        10.0, unit="years", source=NO_SOURCE, description="Time over which the refit is used up."
    )
    basis: Annotated[LongText | None, described("Where the cost and the time come from.")] = None


class RoomLimits(Section):
    """What the room allows today. What is left out is reported as not declared."""

    rack_density_limit_kw: Annotated[
        RackKw | None, described("Highest power of one rack; default: unknown.", unit="kW per rack")
    ] = None
    liquid_cooling_installed: Annotated[
        bool, described("Whether servers that are cooled by liquid can be connected.")
    ] = False
    floor_load_limit_kg_per_m2: Annotated[
        float | None,
        described("Highest load of the floor; default: unknown.", unit="kg per m2", gt=0, le=100_000),
    ] = None
    feeds: Literal["single", "dual"] = default(
        "dual",
        unit="feeds",
        source="planning assumption: two feeds, as in Uptime Institute's Tier III and IV",
        description="Independent power feeds of a rack.",
    )
    retrofit: Annotated[Retrofit | None, described("A refit that is possible; default: none.")] = Field(
        default=None, validate_default=True
    )

    @field_validator("retrofit", mode="after")
    @classmethod
    def _refit_takes_nothing_away(cls, retrofit: Retrofit | None, info: ValidationInfo) -> Retrofit | None:
        if retrofit is None:
            return None
        now = info.data.get("rack_density_limit_kw")
        if now is not None and retrofit.rack_density_kw < now:
            raise wrong(
                f"the refit lowers the power of a rack from {now:g} to {retrofit.rack_density_kw:g} kW",
                "give the power after the refit, not what it adds",
            )
        if info.data.get("liquid_cooling_installed") and not retrofit.liquid_cooling:
            raise wrong("the refit takes the liquid cooling away", "write liquid_cooling: true")
        return retrofit
