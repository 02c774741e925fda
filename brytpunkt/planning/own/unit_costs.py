"""What own servers cost by component: the only formulas, for the ledger, the programme, the dispatch, the draws and unit economics.

NumPy arrays of any shape that broadcasts: months [H], months and draws [H, D], or the rows of a frame. Money is in the plan's
currency. Shares of a purchase price are nominal and escalate from the purchase; all else is at today's prices unless a name says
otherwise, and whoever asks multiplies with the escalator. Belongs here: one server, one hall, one crew. Does not belong here: when
servers are bought (capacity.py), and what they draw (energy_cost.py).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from brytpunkt.planning.components import BY_KEY, COMPONENTS, DECOMMISSIONING, PURCHASE, SUPPORT, Life
from brytpunkt.planning.inputs.money import annuity_left, escalation, monthly_rate, whole
from brytpunkt.planning.inputs.units import MONTHS_PER_YEAR
from brytpunkt.planning.own.capacity import server_life_months

if TYPE_CHECKING:
    import polars as pl

    from brytpunkt.declarations import Plan
    from brytpunkt.declarations.sections.build import Build
    from brytpunkt.planning.inputs.money import Floats

Number = Callable[[str], "Floats | float"]
"""A figure of an option by its column (own/options.py), zero where it has none."""
GPUS_OF_A_CREW = 100
OPTION_LIVES: tuple[Life, ...] = ("server", "network")
"""Of what every option buys with its servers."""


def numbers(frame: pl.DataFrame) -> Number:
    """The figures of a frame of options, row by row."""
    return lambda name: frame[name].fill_null(0).cast(float).to_numpy()


def purchase_shares(build: Build, *lives: Life) -> dict[str, float]:
    """What is paid at delivery by component, as shares of the server's price; ``lives`` keeps to those of some lives."""
    kept = lives or OPTION_LIVES
    return {
        key: 1.0 if (share := BY_KEY[key].share) is None else share(build)
        for key in PURCHASE
        if BY_KEY[key].life in kept
    }


def paid_share(build: Build) -> float:
    """What is paid at delivery in all, as a multiple of the server's price: 1 + freight + installation + spares + network."""
    return sum(sum(purchase_shares(build, life).values()) for life in OPTION_LIVES)


def upkeep_shares(plan: Plan, ages: Floats) -> dict[str, Floats]:
    """What a server in service costs a month by component, as nominal shares of its price, at ages in months.

    Contracts follow the purchase: they escalate at its anniversaries. Support is dearer once the server is past its life.
    """
    escalator = escalation(plan.finance, ages)
    late = np.where(ages >= server_life_months(plan), plan.build.extended_support_multiple, 1.0)
    return {
        c.key: c.share(plan.build) / MONTHS_PER_YEAR * escalator * (late if c.key == SUPPORT else 1.0)
        for c in COMPONENTS
        if c.group == "upkeep" and c.paid == "month" and c.share is not None
    }


def disposal_share(build: Build) -> float:
    """What taking a server out of service costs, as a share of its price."""
    share = BY_KEY[DECOMMISSIONING].share
    assert share is not None
    return share(build)


def resale_share(plan: Plan, age_months: int) -> float:
    """Market value of a used server less its removal, as a share of what was paid; straight lines between years."""
    curve = (1.0, *plan.build.resale_share_by_year)
    years = np.arange(len(curve))
    return float(np.interp(age_months / MONTHS_PER_YEAR, years, curve)) - plan.build.removal_share


def life_months(plan: Plan, life: Life) -> int:
    """Life over which the cost of what all options buy alike is spread. [months]"""
    return (
        server_life_months(plan)
        if life == "server"
        else round(plan.build.network_life_years * MONTHS_PER_YEAR)
    )


def worth_share(plan: Plan, delivery: Floats | int, at: Floats | int) -> Floats:
    """Continuing value at month ``at`` of what was paid at ``delivery``, as a multiple of the server's price."""
    rate = monthly_rate(plan.finance)
    shares: Floats = np.zeros(np.broadcast(delivery, at).shape)
    for life in OPTION_LIVES:
        months = life_months(plan, life)
        left = annuity_left(rate, months, np.asarray(delivery + months - at))
        shares = shares + sum(purchase_shares(plan.build, life).values()) * left
    return shares


def colocation_rent(number: Number, servers: Floats, *, in_whole_racks: bool = True) -> Floats:
    """Rent of the room of ``servers`` a month: by kW, by rack, or both."""
    kw = np.asarray(number("nameplate_kw") * servers)
    of_a_rack = np.asarray(number("rack_kw"))
    racks = np.divide(kw, of_a_rack, out=np.zeros(np.broadcast(kw, of_a_rack).shape), where=of_a_rack > 0)
    return np.asarray(
        number("kw_month") * kw + number("rack_month") * (whole(racks) if in_whole_racks else racks)
    )


def crew_by_server(number: Number, servers: Floats) -> Floats:
    """Pay a month of the staff that grows with the servers."""
    people = number("fte_per_100_gpus") * servers * number("server_gpus") / GPUS_OF_A_CREW
    return np.asarray(people * number("fte_month"))


def least_crew(number: Number) -> Floats:
    """Pay a month of the staff that a site with servers has at least."""
    return np.asarray(number("min_fte") * number("fte_month"))


def hall_of_a_server(number: Number) -> Floats:
    """Cost of the room of one server in one's own hall, at the plan's start; it escalates until the hall is built."""
    return np.asarray(number("facility_per_kw") * number("nameplate_kw"))


def hall_upkeep_share(number: Number) -> Floats:
    """Upkeep a month of one's own hall in its first year, as a share of what it cost; it escalates from then on."""
    return np.asarray(number("facility_maintenance_share")) / MONTHS_PER_YEAR
