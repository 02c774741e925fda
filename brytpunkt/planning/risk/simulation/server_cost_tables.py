"""Servers of an option as tables by delivery month: what one server costs and is worth, whenever it arrives.

The tables come from ``optimal.owning``, one server at a time, so that a server costs here what it costs in a mix.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from brytpunkt.planning.components import (
    CONTINUING_VALUE,
    ENERGY_SPOT,
    PURCHASE,
    SERVER_CAPEX,
    SPARES,
    of_group,
    of_part,
)
from brytpunkt.planning.energy.price_currency import DAY_AHEAD
from brytpunkt.planning.inputs.money import annuity_left, monthly_rate
from brytpunkt.planning.ledger.native_currency import native_currencies
from brytpunkt.planning.optimal import unit_cash_flows
from brytpunkt.planning.optimal.mix import Mix, servers_in_service
from brytpunkt.planning.optimal.mix_costs import owning
from brytpunkt.planning.optimal.pool_tariff import USUAL_KW
from brytpunkt.planning.own.unit_costs import (
    OPTION_LIVES,
    life_months,
    paid_share,
    purchase_shares,
    resale_share,
)

if TYPE_CHECKING:
    from brytpunkt.planning.ledger.prepare import Basis
    from brytpunkt.planning.optimal.milp import Floats
    from brytpunkt.planning.optimal.problem import Field, Pool
    from brytpunkt.planning.risk.simulation.simulation_inputs import Terrain


@dataclass(frozen=True)
class Servers:
    """One server of an option by delivery month, the hall's kilowatts, and the power of what stands.

    By delivery month d, at planned prices: ``bought`` [H] and ``spares`` [H] paid at the start of d, ``upkeep`` [H, H]
    paid at the end of each month, ``value`` [H] continuing value discounted to the start, ``value_at`` [H, H + 1] the
    same at the end of each earlier horizon, ``spares_value_at`` the part of the spares, ``written_off`` [H] and ``book`` [H] for
    tax, discounted, ``sold_off`` [H] written off where all is sold because every workload failed, ``spares_share`` the part
    of the spares in what is paid at delivery. Row H is a server that never arrives. ``hall_*`` the same for the room of one
    server. ``energy``: by currency, the price of a kW drawn through a segment [H, K]; ``fee`` [H] a tariff's charges by kW
    of the month's peak, ``fixed`` [H] its fixed ones, both in ``tariff_currency``. ``currencies``: native ones by component, the euro
    where no one document states the price.
    """

    pool: Pool
    zone: str
    bought: Floats
    spares: Floats
    upkeep: Floats
    value: Floats
    value_at: Floats
    spares_value_at: Floats
    spares_share: float
    written_off: Floats
    book: Floats
    sold_off: Floats
    resale: Floats
    hall: Hall | None
    energy: dict[str, Floats]
    peak: Floats
    currencies: dict[str, str]
    tariff_currency: str
    fee: Floats
    fixed: Floats

    @property
    def profile(self) -> str:
        """GPU type, as benchmarks name it."""
        return str(self.pool.row["profile"])

    @property
    def site(self) -> str:
        """Where the servers stand."""
        return str(self.pool.row["site"])

    @cached_property
    def prices(self) -> Floats:
        """Prices of ``energy`` side by side [H, what moves them, K]."""
        return np.stack([*self.energy.values()], axis=1)

    @cached_property
    def upkeep_by_month(self) -> Floats:
        """``upkeep`` with the month it is paid in first [H, H + 1]."""
        return np.ascontiguousarray(self.upkeep.T)

    @cached_property
    def value_by_month(self) -> Floats:
        """``value_at`` with the horizon first [H + 1, H + 1]."""
        return np.ascontiguousarray(self.value_at.T)

    @cached_property
    def spares_value_by_month(self) -> Floats:
        """``spares_value_at`` with the horizon first [H + 1, H + 1]."""
        return np.ascontiguousarray(self.spares_value_at.T)


@dataclass(frozen=True)
class Hall:
    """Room for one server in one's own hall, by month in which it is built."""

    bought: Floats
    upkeep: Floats
    value: Floats
    value_at: Floats
    written_off: Floats
    book: Floats

    @cached_property
    def upkeep_by_month(self) -> Floats:
        """``upkeep`` with the month it is paid in first [H, H]."""
        return np.ascontiguousarray(self.upkeep.T)

    @cached_property
    def value_by_month(self) -> Floats:
        """``value_at`` with the horizon first [H + 1, H]."""
        return np.ascontiguousarray(self.value_at.T)


def servers_of(basis: Basis, terrain: Terrain, field: Field, pool: Pool) -> Servers:
    """Tables of an option."""
    horizon = terrain.horizon
    at_once = replace(pool, row=pool.row | {"lead_months": 0, "grid_month": 0, "facility_per_kw": None})
    alone = replace(field, pools=(at_once,))
    lines = [_one_server(basis, alone, at_once, delivery) for delivery in range(horizon)]

    def table(names: tuple[str, ...]) -> Floats:
        sums = [sum((line[name] for name in names if name in line), np.zeros(horizon)) for line in lines]
        return np.vstack([*sums, np.zeros((1, horizon))])

    bought = table(tuple(name for name in PURCHASE if name != SPARES))
    spares = table((SPARES,)).sum(axis=1)
    paid = bought.sum(axis=1) + spares
    values = np.array([-line[CONTINUING_VALUE].sum() for line in lines] + [0.0])
    space = _currencies(basis, pool)
    tariff = _tariff_currency(basis, str(pool.row["site"]))
    return Servers(
        pool=pool,
        zone=str(next(site.zone for site in basis.plan.sites if site.id == pool.row["site"])),
        bought=bought.sum(axis=1),
        spares=spares,
        upkeep=table(of_group("upkeep")),
        value=values * terrain.horizon_factor,
        value_at=_values_at(basis, terrain, paid, _with_server_share(basis)),
        spares_value_at=_values_at(basis, terrain, spares, 1.0),
        spares_share=purchase_shares(basis.plan.build)[SPARES] / paid_share(basis.plan.build),
        **_depreciated(basis, terrain, paid, pool.life),
        sold_off=_sold_off(basis, terrain, paid, pool.life),
        resale=_resale(basis, table((SERVER_CAPEX,)).sum(axis=1)),
        hall=_hall(basis, terrain, field, pool),
        energy=_energy(terrain, pool, space, tariff),
        peak=_peaks(terrain, pool),
        currencies=space,
        tariff_currency=tariff,
        fee=_straight(pool)[0].max(axis=1),
        fixed=pool.bill.fixed * (1 + pool.bill.vat) * pool.bill.paid,
    )


def _one_server(basis: Basis, field: Field, pool: Pool, delivery: int) -> dict[str, Floats]:
    mix = Mix(((0, delivery, 1),), ())
    standing = servers_in_service(field, mix, 0)
    return {line.component: line.amount for line in owning(basis.plan, field, pool, mix, 0, standing)}


def _currencies(basis: Basis, pool: Pool) -> dict[str, str]:
    rows = native_currencies(basis, otherwise=DAY_AHEAD).filter(pl.col("option") == pool.option)
    return dict(rows.select("component", "native_currency").iter_rows())


def _tariff_currency(basis: Basis, site: str) -> str:
    """Currency of what a site's grid charges by tariff; of its taxes where the tariff is those alone."""
    stated = basis.energy_currencies[site]
    return next((stated[name] for name in (*of_part("grid"), *of_part("tax")) if name in stated), DAY_AHEAD)


def _with_server_share(basis: Basis) -> float:
    """Part of what is paid at delivery that is spread over the server's life; the rest is network."""
    build = basis.plan.build
    return 1 - sum(purchase_shares(build, "network").values()) / paid_share(build)


def _values_at(basis: Basis, terrain: Terrain, paid: Floats, with_server: float) -> Floats:
    """Continuing value of what arrived in month d, at the end of every horizon t, discounted [H + 1, H + 1]."""
    rate = monthly_rate(basis.plan.finance)
    server, network = (life_months(basis.plan, life) for life in OPTION_LIVES)
    return _annuities(terrain, rate, paid * with_server, server) + _annuities(
        terrain, rate, paid * (1 - with_server), network
    )


def _annuities(terrain: Terrain, rate: float, paid: Floats, life: int) -> Floats:
    delivery = np.arange(terrain.horizon + 1)[:, None]
    at = np.arange(terrain.horizon + 1)[None, :]
    share = annuity_left(rate, life, delivery + life - at)
    values: Floats = np.where(delivery < at, paid[:, None] * share * (1 + rate) ** -at, 0.0)
    return values


def _depreciated(basis: Basis, terrain: Terrain, paid: Floats, life: int) -> dict[str, Floats]:
    """Write-offs discounted at the end of their plan year, and what the books hold at the horizon [H + 1]."""
    tax = basis.plan.finance.tax
    off, book = np.zeros(terrain.horizon + 1), np.zeros(terrain.horizon + 1)
    if tax is not None:
        for delivery in range(terrain.horizon):
            monthly, left = unit_cash_flows.depreciation(
                tax.depreciation, delivery, delivery + life, terrain.horizon
            )
            off[delivery] = paid[delivery] * float(monthly @ terrain.year_end_factor)
            book[delivery] = paid[delivery] * left * terrain.horizon_factor
    return {"written_off": off, "book": book}


def _sold_off(basis: Basis, terrain: Terrain, paid: Floats, life: int) -> Floats:
    """Write-offs as above where servers are sold in the last decision month: what is in the books then goes at once [H + 1]."""
    off = np.zeros(terrain.horizon + 1)
    tax = basis.plan.finance.tax
    leaves = min(max(w.decision_month for w in basis.plan.workloads), terrain.horizon)
    if tax is not None:
        for delivery in range(leaves):
            retire = min(delivery + life, leaves)
            monthly, _ = unit_cash_flows.depreciation(tax.depreciation, delivery, retire, terrain.horizon)
            off[delivery] = paid[delivery] * float(monthly @ terrain.year_end_factor)
    return off


def _resale(basis: Basis, price: Floats) -> Floats:
    """What a server that arrived in month d brings when sold at the end of month e - 1 [H + 1, H + 1]."""
    months = price.size
    table = np.zeros((months, months))
    for age in range(1, months):
        share = resale_share(basis.plan, age)
        for delivery in range(months - age):
            table[delivery, delivery + age] = price[delivery] * share
    return table


def _hall(basis: Basis, terrain: Terrain, field: Field, pool: Pool) -> Hall | None:
    if pool.row["facility_per_kw"] is None:
        return None
    horizon = terrain.horizon
    units = [unit_cash_flows.hall(basis.plan, field, pool, month) for month in range(horizon)]
    bought = np.array([float(unit.start.sum()) for unit in units])
    life = int(pool.number("facility_months")) or 1
    value_at = _annuities(terrain, monthly_rate(basis.plan.finance), np.append(bought, 0.0), life)
    book = _depreciated(basis, terrain, np.append(bought, 0.0), 10 * horizon)
    return Hall(
        bought=bought,
        upkeep=np.stack([unit.end for unit in units]),
        value=np.array([-unit.horizon for unit in units]) * terrain.horizon_factor,
        value_at=value_at[:-1],
        written_off=book["written_off"][:-1],
        book=book["book"][:-1],
    )


def _energy(terrain: Terrain, pool: Pool, currencies: dict[str, str], tariff: str) -> dict[str, Floats]:
    """Price of one kW of IT load through each segment, by what moves it: spot, or a currency [plan currency]."""
    parts: list[tuple[str, Floats]] = [(tariff, _straight(pool)[1])]
    parts += [
        (ENERGY_SPOT if component == ENERGY_SPOT else currencies[component], price)
        for component, price in pool.prices.items()
    ]
    found: dict[str, Floats] = {}
    for key, price in parts:
        if price.any():
            whole = terrain.segments.total(price * pool.pue * terrain.segments.field_hours)
            found[key] = found.get(key, 0.0) + whole
    return found


def _straight(pool: Pool) -> tuple[Floats, Floats]:
    """Fees of a tariff in straight lines, as in the programme: by kW of the month's peak and by kWh [H, C]."""
    return pool.bill.straight(pool.number("power_limit_kw") or USUAL_KW)


def _peaks(terrain: Terrain, pool: Pool) -> Floats:
    """The highest PUE of a segment [H, K]."""
    of_cell = terrain.segments.of_cell
    peak = np.zeros((terrain.horizon, terrain.segments.count))
    for month in range(terrain.horizon):
        np.maximum.at(peak[month], of_cell[month], pool.pue_peak[month])
    return peak
