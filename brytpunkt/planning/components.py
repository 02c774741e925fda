"""The table of cost components: what each one is, what moves its price, in whose currency it is, and who pays it.

Ledger, programme, dispatch, draws, break-even prices, price movements, unit economics, tax, accrual bill, report and workbook
take their components from here. Belongs here: what is true of a component in every plan. Does not belong here: amounts.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from brytpunkt.declarations.sections.build import Build

Group = Literal["purchase", "upkeep", "space", "staff", "energy", "rent", "storage", "worth", "tax"]
ReportGroup = Literal["servers", "space", "support", "people", "energy", "rented", "storage", "end", "tax"]
Payer = Literal["own", "rent", "both"]
Price = Literal["cloud", "hardware", "energy", "space", "staff"]
Paid = Literal["delivery", "month", "year", "disposal", "horizon"]
Life = Literal["server", "network", "hall", "storage"]
Part = Literal["spot", "tax", "grid", "margin", "flat", "heat", "cold"]
Share = Callable[["Build"], float]
Native = Literal[
    "server", "hall", "colocation", "site_staff", "platform", "offer", "storage", "flat_price", "spot", "ppa",
    "margin", "guarantees", "grid_energy", "grid_power", "grid_year", "electricity_tax", "country", "cold", "heat", "plan",
]  # fmt: skip

SERVER_CAPEX: Final = "server_capex"
FREIGHT: Final = "freight_and_duty"
NETWORK_CAPEX: Final = "network_capex"
INSTALLATION: Final = "installation"
SPARES: Final = "spares"
FACILITY_CAPEX: Final = "facility_capex"
COLOCATION_RENT: Final = "colocation_rent"
FACILITY_MAINTENANCE: Final = "facility_maintenance"
SUPPORT: Final = "support"
INSURANCE: Final = "insurance"
HARDWARE_STAFF: Final = "hardware_staff"
PLATFORM_STAFF: Final = "platform_staff"
ENERGY_SPOT: Final = "energy_spot"
ENERGY_PPA: Final = "energy_ppa"
ENERGY_MARGIN: Final = "energy_margin"
ENERGY_GUARANTEES: Final = "energy_guarantees"
ENERGY_GRID: Final = "energy_grid"
ENERGY_CAPACITY: Final = "energy_capacity"
ENERGY_SUBSCRIPTION: Final = "energy_subscription"
ENERGY_TAX: Final = "energy_tax"
ENERGY_FLAT: Final = "energy_flat"
ENERGY_COOLING: Final = "energy_cooling"
ENERGY_VAT: Final = "energy_vat"
ENERGY_FEES_VAT: Final = "energy_fees_vat"
ENERGY_HEAT_PUMP: Final = "energy_heat_pump"
HEAT_SOLD: Final = "heat_sold"
RENT_ON_DEMAND: Final = "rent_on_demand"
RENT_SPOT: Final = "rent_spot"
RENT_COMMITTED: Final = "rent_committed"
RENT_COMMITTED_UPFRONT: Final = "rent_committed_upfront"
TOKEN_API: Final = "token_api"  # noqa: S105 - tokens of a language model
STORAGE_RENT: Final = "storage_rent"
EGRESS: Final = "egress"
STORAGE_CAPEX: Final = "storage_capex"
STORAGE_MAINTENANCE: Final = "storage_maintenance"
DECOMMISSIONING: Final = "decommissioning"
RESALE: Final = "resale"
CONTINUING_VALUE: Final = "continuing_value"
TAX: Final = "tax"
TAX_ON_CONTINUING_VALUE: Final = "tax_on_continuing_value"


@dataclass(frozen=True)
class Component:
    """One component of cost.

    ``native``: the document whose currency its rows are in (own/native_currency.py finds it). ``payer``: owning, renting or both.
    ``price``: which break-even price it moves with, if any. ``paid``: when. ``share``: what it is of the server's price, where it
    is a share of that. ``life``: of what is capitalised. ``part``: of a price of energy; ``by_kwh``: charged on each kWh
    drawn; ``is_vat_base``: bought by the kWh before VAT.
    """

    key: str
    group: Group
    report: ReportGroup
    payer: Payer
    native: Native
    paid: Paid = "month"
    price: Price | None = None
    is_per_server: bool = False
    share: Share | None = None
    life: Life | None = None
    part: Part | None = None
    by_kwh: bool = False
    is_vat_base: bool = False

    @property
    def is_capitalised(self) -> bool:
        """Whether tax writes it off over its life instead of deducting it."""
        return self.life is not None

    @property
    def name_key(self) -> str:
        """Where every language has its name."""
        return f"component.{self.key}"


def _bought(key: str, share: Share | None = None, life: Life = "server") -> Component:
    """What is paid for a server at its delivery, as a share of its price."""
    return Component(
        key, "purchase", "servers", "own", "server", paid="delivery", price="hardware", is_per_server=True,
        share=share, life=life,
    )  # fmt: skip


def _upkeep(key: str, share: Share) -> Component:
    """What is paid each month for a server in service, as a share of its price a year."""
    return Component(
        key, "upkeep", "support", "own", "server", price="hardware", is_per_server=True, share=share
    )


def _by_kwh(key: str, part: Part, native: Native, *, is_vat_base: bool = True) -> Component:
    """A price of each kWh drawn."""
    return Component(
        key, "energy", "energy", "own", native, price="energy", is_per_server=True, part=part, by_kwh=True,
        is_vat_base=is_vat_base,
    )  # fmt: skip


def _fee(key: str, native: Native, paid: Paid) -> Component:
    """A fee of the grid on the peak of a month or year, or what comes with it."""
    return Component(key, "energy", "energy", "own", native, paid=paid, price="energy", part="grid")


def _rented(key: str, price: Price | None = "cloud", paid: Paid = "month") -> Component:
    """What is rented from others."""
    return Component(key, "rent", "rented", "both", "offer", paid=paid, price=price)


# In the order in which reports list them.
COMPONENTS: Final[tuple[Component, ...]] = (
    _bought(SERVER_CAPEX),
    _bought(FREIGHT, lambda build: build.freight_and_duty_share),
    _bought(NETWORK_CAPEX, lambda build: build.network_share, "network"),
    _bought(INSTALLATION, lambda build: build.installation_share),
    _bought(SPARES, lambda build: build.spares_share),
    Component(FACILITY_CAPEX, "space", "space", "own", "hall", paid="delivery", price="space", life="hall"),
    Component(COLOCATION_RENT, "space", "space", "own", "colocation", price="space"),
    Component(FACILITY_MAINTENANCE, "space", "space", "own", "hall", price="space"),
    _upkeep(SUPPORT, lambda build: build.support_share_per_year),
    _upkeep(INSURANCE, lambda build: build.insurance_share_per_year),
    Component(HARDWARE_STAFF, "staff", "people", "own", "site_staff", price="staff"),
    Component(PLATFORM_STAFF, "staff", "people", "both", "platform"),
    _by_kwh(ENERGY_SPOT, "spot", "spot"),
    _by_kwh(ENERGY_PPA, "spot", "ppa"),
    _by_kwh(ENERGY_MARGIN, "margin", "margin"),
    _by_kwh(ENERGY_GUARANTEES, "margin", "guarantees"),
    _by_kwh(ENERGY_GRID, "grid", "grid_energy"),
    _fee(ENERGY_CAPACITY, "grid_power", "month"),
    _fee(ENERGY_SUBSCRIPTION, "grid_year", "year"),
    _by_kwh(ENERGY_TAX, "tax", "electricity_tax"),
    _by_kwh(ENERGY_FLAT, "flat", "flat_price"),
    _by_kwh(ENERGY_COOLING, "cold", "cold"),
    _by_kwh(ENERGY_VAT, "tax", "country", is_vat_base=False),
    _fee(ENERGY_FEES_VAT, "country", "year"),
    _by_kwh(ENERGY_HEAT_PUMP, "heat", "plan", is_vat_base=False),
    _by_kwh(HEAT_SOLD, "heat", "heat", is_vat_base=False),
    _rented(RENT_ON_DEMAND),
    _rented(RENT_SPOT),
    _rented(RENT_COMMITTED),
    _rented(RENT_COMMITTED_UPFRONT, paid="delivery"),
    _rented(TOKEN_API, price=None),
    Component(STORAGE_RENT, "storage", "storage", "both", "storage"),
    Component(EGRESS, "storage", "storage", "both", "storage"),
    Component(STORAGE_CAPEX, "storage", "storage", "own", "storage", paid="delivery", life="storage"),
    Component(STORAGE_MAINTENANCE, "storage", "storage", "own", "storage"),
    Component(
        DECOMMISSIONING, "upkeep", "end", "own", "server", paid="disposal", price="hardware", is_per_server=True,
        share=lambda build: build.decommissioning_share,
    ),
    Component(RESALE, "worth", "end", "own", "server", paid="disposal", is_per_server=True),
    Component(CONTINUING_VALUE, "worth", "end", "own", "plan", paid="horizon"),
    Component(TAX, "tax", "tax", "both", "plan", paid="year"),
    Component(TAX_ON_CONTINUING_VALUE, "tax", "tax", "own", "plan", paid="horizon"),
)  # fmt: skip
BY_KEY: Final = {component.key: component for component in COMPONENTS}


def of_group(*groups: Group) -> tuple[str, ...]:
    """Components of some groups."""
    return tuple(c.key for c in COMPONENTS if c.group in groups)


def of_price(price: Price) -> tuple[str, ...]:
    """Components that move with a price."""
    return tuple(c.key for c in COMPONENTS if c.price == price)


def of_part(*parts: Part) -> tuple[str, ...]:
    """Prices by kWh, and fees, that make up some parts of what energy costs."""
    return tuple(c.key for c in COMPONENTS if c.part in parts)


PURCHASE: Final = of_group("purchase")
"""What is paid for a server when it is delivered."""
ACQUISITION: Final = tuple(c.key for c in COMPONENTS if c.is_capitalised and c.group in ("purchase", "space"))
"""Servers and the room for them."""
CAPITALISED: Final = tuple(c.key for c in COMPONENTS if c.is_capitalised)
"""What tax writes off over its life."""
VAT_BASE: Final = tuple(c.key for c in COMPONENTS if c.is_vat_base)
"""What is bought by the kWh, before VAT."""
KWH_PRICES: Final = tuple(c.key for c in COMPONENTS if c.by_kwh)
"""Everything charged on each kWh drawn."""
ELECTRICITY: Final = tuple(c.key for c in COMPONENTS if c.by_kwh and c.part not in ("cold", "heat"))
"""What a kWh of electricity costs, VAT included."""
MONTHLY_ENERGY: Final = tuple(c.key for c in COMPONENTS if c.group == "energy" and c.paid == "month")
"""What energy costs in a month, without fees on the peak of a year."""
YEARLY_FEES: Final = tuple(c.key for c in COMPONENTS if c.group == "energy" and c.paid == "year")
"""Fees on the peak of a year, and their VAT."""
MONTHLY: Final = tuple(
    c.key
    for c in COMPONENTS
    if c.payer == "own" and c.paid == "month" and c.group in ("space", "upkeep", "staff", "energy")
)
"""What servers in service cost at the end of each month."""
REPORT_GROUPS: Final[dict[str, tuple[str, ...]]] = {
    group: tuple(c.key for c in COMPONENTS if c.report == group)
    for group in dict.fromkeys(c.report for c in COMPONENTS)
}
"""Components by the group that a report shows them in, in its order."""


# Where any of these is paid, somebody runs GPUs.
RUNS_GPUS: Final = frozenset(
    {RENT_ON_DEMAND, RENT_SPOT, RENT_COMMITTED, RENT_COMMITTED_UPFRONT, SERVER_CAPEX}
)
