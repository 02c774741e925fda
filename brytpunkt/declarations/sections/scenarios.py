"""Scenarios: other worlds that the same plan is computed in, and blows that its decisions must stand.

Belongs here: what differs in each. Does not belong here: distributions (those are uncertainty, not scenarios).
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, ValidationInfo, field_validator

from brytpunkt.declarations.values.fields import Id, Section, Text, described, id_as_name, wrong

Path = Annotated[float, Field(gt=-1, le=2)]
Multiple = Annotated[float, Field(gt=0, le=100)]


class Scenario(Section):
    """Another world: every strategy is planned anew in it. What is left out stays as planned."""

    id: Annotated[Id, described("Short name for tables.")]
    name: Text = Field(default_factory=id_as_name, description="Display name.")
    gpu_price_path_per_year: Annotated[
        Path | None, described("Yearly change of GPU-hour prices.", unit="share per year")
    ] = None
    token_price_path_per_year: Annotated[
        Path | None, described("Yearly change of token API prices.", unit="share per year")
    ] = None
    hardware_price_path_per_year: Annotated[
        Path | None, described("Yearly change of server prices.", unit="share per year")
    ] = None
    demand_multiple: Annotated[Multiple, described("All volumes, relative to the plan.", unit="ratio")] = 1.0
    cloud_price_multiple: Annotated[
        Multiple, described("Prices of rented GPUs, relative to the lists.", unit="ratio")
    ] = 1.0
    energy_price_multiple: Annotated[
        Multiple, described("Spot and flat energy prices, relative to the history.", unit="ratio")
    ] = 1.0
    hardware_price_multiple: Annotated[
        Multiple, described("Server prices, relative to the plan.", unit="ratio")
    ] = 1.0
    delivery_delay_months: Annotated[
        int, described("Months that every delivery comes later.", unit="months", ge=0, le=120)
    ] = 0
    growth_multiple: Annotated[
        float,
        described("Yearly growth of demand, relative to the plan; 0: a plateau.", unit="ratio", ge=0, le=10),
    ] = 1.0
    gpu_work_multiple: Annotated[
        Multiple,
        described(
            "GPU time of the same work, relative to the plan: a smaller model needs less.", unit="ratio"
        ),
    ] = 1.0
    energy_year: Annotated[
        int | None,
        described("Day-ahead prices of this calendar year in every year of the plan.", ge=2000, le=2100),
    ] = None


class Disruption(Section):
    """A blow to decisions already made: orders and commitments stand, only what is rented adapts."""

    id: Annotated[Id, described("Short name for tables.")]
    name: Text = Field(default_factory=id_as_name, description="Display name.")
    kind: Annotated[
        Literal["forced_exit", "price_shock", "delivery_embargo", "transfer_ban"],
        described(
            "forced_exit: own sites are left and servers sold; price_shock: rent dearer; delivery_embargo: nothing "
            "arrives for a time; transfer_ban: only operators seated in the EEA may be rented from."
        ),
    ]
    from_month: Annotated[int, described("Month in which it begins.", unit="months", ge=0, le=240)]
    until_month: Annotated[
        int | None, described("First month after an embargo.", unit="months", ge=1, le=260)
    ] = Field(default=None, validate_default=True)
    price_multiple: Annotated[
        Multiple | None, described("Rented prices after a shock, relative to before.", unit="ratio")
    ] = Field(default=None, validate_default=True)

    @field_validator("until_month", mode="after")
    @classmethod
    def _end_of_embargo(cls, until: int | None, info: ValidationInfo) -> int | None:
        if info.data.get("kind") == "delivery_embargo":
            if until is None:
                raise wrong("an embargo needs its end", "add until_month")
            if until <= info.data.get("from_month", 0):
                raise wrong("the embargo ends before it begins", "give a later until_month")
        return until

    @field_validator("price_multiple", mode="after")
    @classmethod
    def _size_of_shock(cls, multiple: float | None, info: ValidationInfo) -> float | None:
        if info.data.get("kind") == "price_shock" and multiple is None:
            raise wrong("a price shock needs its size", "add price_multiple, for example 1.5")
        return multiple


STANDARD_SCENARIOS = (
    Scenario(id="plateau", name="Demand stops growing once in production", growth_multiple=0.0),
    Scenario(id="demand-double", name="Twice the demand", demand_multiple=2.0),
    Scenario(
        id="price-war",
        name="Price war: GPU rent falls 25 %, tokens 50 % a year",
        gpu_price_path_per_year=-0.25,
        token_price_path_per_year=-0.50,
    ),
    Scenario(id="cloud-rises", name="GPU rent rises 10 % a year", gpu_price_path_per_year=0.10),
    Scenario(id="energy-2022", name="Every year is the energy crisis of 2022", energy_year=2022),
    Scenario(id="embargo", name="Embargo: deliveries come 24 months later", delivery_delay_months=24),
    Scenario(id="model-shrink", name="A model of 40 % of the size does the same work", gpu_work_multiple=0.4),
    Scenario(id="hardware-dearer", name="Servers cost 25 % more", hardware_price_multiple=1.25),
)
STANDARD_DISRUPTIONS = (
    Disruption(id="exit-36", name="Forced exit after three years", kind="forced_exit", from_month=36),
    Disruption(
        id="shock-12",
        name="Rent half as dear again after a year",
        kind="price_shock",
        from_month=12,
        price_multiple=1.5,
    ),
    Disruption(
        id="embargo-24",
        name="No deliveries for the first two years",
        kind="delivery_embargo",
        from_month=0,
        until_month=24,
    ),
    Disruption(id="ban-12", name="Only European operators after a year", kind="transfer_ban", from_month=12),
)
