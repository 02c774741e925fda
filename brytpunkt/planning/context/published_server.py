"""Published servers: one declared server beside one declared offer, by hourly rates.

Costs are those of the unit economics; the publication's conventions replace only what they name.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from brytpunkt.declarations import InlineServer
from brytpunkt.declarations.sections.published import NEEDS_OFFER
from brytpunkt.errors import InputError, Problem
from brytpunkt.planning.context.not_defined import NotDefinedError, quotient
from brytpunkt.planning.context.published_sheet import payment
from brytpunkt.planning.inputs.money import monthly_rate
from brytpunkt.planning.inputs.units import (
    FORGIVEN,
    HOURS_PER_DAY,
    HOURS_PER_YEAR,
    MILLION_TOKENS,
    MONTHS_PER_YEAR,
    SECONDS_PER_HOUR,
)
from brytpunkt.planning.note import Note
from brytpunkt.planning.own.unit_costs import life_months, paid_share, upkeep_shares

if TYPE_CHECKING:
    from collections.abc import Callable

    from brytpunkt.declarations import InlineOffer, Plan, Published
    from brytpunkt.declarations.sections.published import Case
    from brytpunkt.planning.inputs.money import Fx

RENT_IS_FREE = Note("not_defined_rent_is_free")
OWN_IS_FREE = Note("not_defined_own_is_free")


@dataclass(frozen=True)
class _Hourly:
    """One declared server: its purchase and what belongs to it, and cost per hour. [plan currency]"""

    acquisition: float
    capital: float
    operating: float
    power: float
    life_hours: float

    @property
    def cost(self) -> float:
        return self.capital + self.operating

    @property
    def total(self) -> float:
        return self.cost * self.life_hours


@dataclass(frozen=True)
class _Rented:
    """An offer as many times as the server has GPUs: price per hour [plan currency], tokens per second."""

    price: float
    speed: float | None


def server_measure(plan: Plan, published: Published, case: Case, fx: Fx) -> float:
    """A figure of one server, or of it beside an offer of as many GPUs.

    Raises ``NotDefinedError`` where it has no value, ``InputError`` where what it is computed from is not declared.
    """
    server = next(s for s in plan.build.servers if s.id == case.server)
    if not isinstance(server, InlineServer):
        where = f"published.cases.{case.id}.server"
        raise InputError((Problem(where, "a published case needs a server described inline"),))
    own = _hourly(plan, published, server, fx)
    offer = next((o for o in plan.rent.offers if o.id == case.offer), None)
    if offer is not None and case.measure in NEEDS_OFFER:
        return _compared(own, _rented(offer, server, case, fx), server, published, case)
    api = fx.convert(case.api_price_per_million_tokens) if case.api_price_per_million_tokens else math.nan
    figures: dict[str, Callable[[], float]] = {
        "own_total": lambda: own.total,
        "own_opex_per_hour": lambda: own.operating,
        "own_cost_per_hour": lambda: own.cost,
        "own_per_million_tokens": lambda: _own_per_mtok(own, server, case),
        "api_to_own_ratio": lambda: quotient(api, _own_per_mtok(own, server, case), OWN_IS_FREE),
    }
    return figures[case.measure]()


def _compared(own: _Hourly, rent: _Rented, server: InlineServer, published: Published, case: Case) -> float:
    """Figures that need an offer."""
    rules = published.conventions
    rent_total = rent.price * own.life_hours
    figures: dict[str, Callable[[], float]] = {
        "break_even_hours": lambda: _break_even(own, rent),
        "break_even_months": lambda: _break_even(own, rent) / rules.hours_per_month_breakeven,
        "rent_total": lambda: rent_total,
        "saving": lambda: rent_total - own.total,
        "saving_share": lambda: 1 - quotient(own.total, rent_total, RENT_IS_FREE),
        "rent_per_million_tokens": lambda: _rent_per_mtok(rent, case),
        "rent_to_own_ratio": lambda: quotient(
            _rent_per_mtok(rent, case), _own_per_mtok(own, server, case), OWN_IS_FREE
        ),
        "threshold_hours_per_day": lambda: _threshold(own, rent, published),
    }
    return figures[case.measure]()


def _rented(offer: InlineOffer, server: InlineServer, case: Case, fx: Fx) -> _Rented:
    """As many GPUs as the server has. Without a throughput of its own, an offer of the same GPU is as fast."""
    instances = server.gpu_count / offer.gpu_count
    declared = (offer.output_tokens_per_second or {}).get(case.model or "")
    if declared is not None:
        speed: float | None = declared * instances
    elif offer.gpu_model == server.gpu_model:
        speed = (server.output_tokens_per_second or {}).get(case.model or "")
    else:
        speed = None
    return _Rented(fx.convert(offer.price) * instances, speed)


def _own_per_mtok(own: _Hourly, server: InlineServer, case: Case) -> float:
    speed = (server.output_tokens_per_second or {})[case.model or ""]
    return own.cost / (speed * case.used_share * SECONDS_PER_HOUR) * MILLION_TOKENS


def _rent_per_mtok(rent: _Rented, case: Case) -> float:
    if rent.speed is None:
        said = {"offer": case.offer or "", "model": case.model or ""}
        raise NotDefinedError(Note("not_defined_throughput", None, said))
    return rent.price / (rent.speed * SECONDS_PER_HOUR) * MILLION_TOKENS


def _break_even(own: _Hourly, rent: _Rented) -> float:
    """Hours after which what owning costs at once and by the hour is what renting costs by the hour."""
    return quotient(
        own.acquisition,
        rent.price - own.operating,
        Note("no_crossing_operation", None, {"rent": rent.price, "own": own.operating}),
    )


def _threshold(own: _Hourly, rent: _Rented, published: Published) -> float:
    """Hours a day above which the own server is cheaper over its life; a day has 24."""
    power = own.power if published.conventions.power_follows_use else 0.0
    hours = HOURS_PER_DAY * quotient(
        own.cost - power,
        rent.price - power,
        Note("no_crossing_power", None, {"rent": rent.price, "own": power}),
    )
    if hours > HOURS_PER_DAY:
        said = {"own": own.cost, "rent": rent.price}
        raise NotDefinedError(Note("no_crossing_around_the_clock", None, said))
    return hours


def _hourly(plan: Plan, published: Published, server: InlineServer, fx: Fx) -> _Hourly:
    """Maintenance, power and space of one server per hour, as in the unit economics, by the publication's rules."""
    site, rules = plan.sites[0], published.conventions
    energy, space = site.energy.price_per_kwh, site.colocation
    if (
        energy is None
        or site.pue is None
        or space is None
        or space.price_per_rack_month is None
        or space.rack_power_kw is None
    ):
        raise InputError(
            (
                Problem(
                    f"sites.{site.id}",
                    "a published calculation is recomputed from a pinned price_per_kwh, a pinned pue and a colocation "
                    "price_per_rack_month of the first site",
                    "declare all three",
                ),
            )
        )
    price = fx.convert(server.price)
    upkeep = sum(float(share[0]) for share in upkeep_shares(plan, np.zeros(1)).values())
    racks = math.ceil(server.nameplate_kw / space.rack_power_kw)
    power = server.nameplate_kw * server.load_share * fx.convert(energy) * site.pue
    components = (
        price * upkeep * MONTHS_PER_YEAR / rules.hours_per_year,
        0.0 if space.power_included else power,
        racks * fx.convert(space.price_per_rack_month) / rules.hours_per_month_colocation,
    )
    step = rules.truncate_hourly_components_to
    operating = sum(math.floor(c / step + FORGIVEN) * step for c in components) if step else sum(components)
    acquisition = price * paid_share(plan.build)
    months = life_months(plan, "server")
    if rules.life_hours is not None:
        return _Hourly(
            acquisition, acquisition / rules.life_hours, operating, components[1], rules.life_hours
        )
    capital = acquisition * payment(monthly_rate(plan.finance), months) * MONTHS_PER_YEAR / HOURS_PER_YEAR
    return _Hourly(acquisition, capital, operating, components[1], months * HOURS_PER_YEAR / MONTHS_PER_YEAR)
