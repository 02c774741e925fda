"""Owned: what the servers of a strategy cost in each world, beside what is rented."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from brytpunkt.planning.components import (
    COLOCATION_RENT,
    ENERGY_CAPACITY,
    ENERGY_SPOT,
    FACILITY_CAPEX,
    HARDWARE_STAFF,
    SERVER_CAPEX,
)
from brytpunkt.planning.energy.price_currency import DAY_AHEAD
from brytpunkt.planning.inputs.units import MONTHS_PER_YEAR
from brytpunkt.planning.own.unit_costs import colocation_rent, crew_by_server, least_crew

if TYPE_CHECKING:
    from brytpunkt.planning.optimal.milp import Floats
    from brytpunkt.planning.risk.simulation.decisions import Strategy
    from brytpunkt.planning.risk.simulation.draw_batch import Chunk
    from brytpunkt.planning.risk.simulation.drawn_dispatch import Dispatch
    from brytpunkt.planning.risk.simulation.recourse import Fleet
    from brytpunkt.planning.risk.simulation.server_cost_tables import Servers


@dataclass(frozen=True)
class Owned:
    """Costs of owning [H, D] as paid and discounted, what of it is deducted for tax, and value at the horizon [D].

    ``value_at`` [H + 1, D] as in ``Served``; ``tax`` [D] what depreciation saves (negative) and the value costs.
    """

    cash: Floats
    discounted: Floats
    deducted: Floats
    value: Floats
    value_at: Floats | None
    tax: Floats


def own_costs(chunk: Chunk, strategy: Strategy, dispatch: Dispatch, *, values: bool) -> Owned:
    """Purchases, upkeep, space, crew, hall, energy and continuing value of a strategy's servers.

    ``values``: whether continuing values at earlier horizons are asked for.
    """
    servers, fleet = strategy.servers, dispatch.fleet
    assert servers is not None
    assert fleet is not None
    terrain, worlds = chunk.terrain, chunk.worlds
    horizon = terrain.horizon
    bought = _bought(chunk, servers, fleet, values=values)
    start, running, value_at = bought.start, bought.running, bought.value_at
    is_left = fleet.leaves < horizon
    value = bought.value * ~is_left
    hall = _hall(chunk, servers, fleet, strategy.room, values=values)
    if hall is not None:
        start += hall.start
        running += hall.end
        value += hall.value * ~is_left
        if value_at is not None:
            value_at += hall.value_at
    if is_left.any():
        running *= np.arange(horizon)[:, None] < fleet.leaves
        running[np.minimum(fleet.leaves, horizon) - 1, np.arange(worlds.count)] -= bought.resold * is_left
        if value_at is not None:
            until = np.where(is_left, fleet.leaves - 1, horizon)
            value_at *= np.arange(horizon + 1)[:, None] <= until
    running += _space(chunk, servers, fleet)
    running[dispatch.first :] += _energy(chunk, servers, dispatch)
    relief = np.zeros(worlds.count)
    tax = terrain.plan.finance.tax
    if tax is not None:
        built = 0.0 if hall is None else hall.saved
        relief = tax.rate * (value - bought.saved - built)
    discounted = running * chunk.end_factor
    discounted += start * chunk.start_factor
    start += running
    return Owned(start, discounted, running, value, value_at, relief)


@dataclass(frozen=True)
class _Bought:
    """Purchases and upkeep [H, D], and by world what servers are worth at the horizon, what they bring when sold, and what is written off."""

    start: Floats
    running: Floats
    value_at: Floats | None
    value: Floats
    resold: Floats
    saved: Floats


def _bought(chunk: Chunk, servers: Servers, fleet: Fleet, *, values: bool) -> _Bought:
    """All orders together, whatever becomes of the site."""
    horizon, worlds = chunk.terrain.horizon, chunk.worlds
    hardware = worlds.hardware * worlds.currency(servers.currencies[SERVER_CAPEX])
    worth = hardware * worlds.residual
    start, running = (np.zeros((horizon, worlds.count)) for _ in range(2))
    value_at = np.zeros((horizon + 1, worlds.count)) if values else None
    value, saved, resold = (np.zeros(worlds.count) for _ in range(3))
    each = np.arange(worlds.count)
    is_left = fleet.leaves < horizon
    more = worlds.failures - 1
    for _, count, arrives in fleet.orders:
        price = servers.bought[arrives] + servers.spares[arrives] * worlds.failures
        start[np.minimum(arrives, horizon - 1), each] += count * price * (arrives < horizon)
        running += np.take(servers.upkeep_by_month, arrives, axis=1) * count
        if value_at is not None:
            value_at += np.take(servers.value_by_month, arrives, axis=1) * count
            value_at += np.take(servers.spares_value_by_month, arrives, axis=1) * (count * more)
        value += count * (servers.value[arrives] + servers.spares_value_at[arrives, -1] * more)
        resold += count * servers.resale[arrives, np.minimum(fleet.leaves, horizon)]
        if chunk.terrain.plan.finance.tax is not None:
            kept = servers.written_off[arrives] + servers.book[arrives]
            off = np.where(is_left, servers.sold_off[arrives], kept)
            saved += count * off * (1 + servers.spares_share * more)
    start *= hardware
    running *= hardware
    if value_at is not None:
        value_at *= worth
    return _Bought(start, running, value_at, value * worth, resold * worth, saved * hardware)


def _space(chunk: Chunk, servers: Servers, fleet: Fleet) -> Floats:
    """Colocation and crew [H, D]."""
    pool, worlds = servers.pool, chunk.worlds
    rate = worlds.currency(servers.currencies[COLOCATION_RENT])
    paid = worlds.currency(servers.currencies[HARDWARE_STAFF])
    standing = fleet.standing
    crew = (standing > 0) * least_crew(pool.number) + crew_by_server(pool.number, standing)
    cost = colocation_rent(pool.number, standing) * rate + crew * paid
    cost *= chunk.escalator
    return np.asarray(cost)


def _energy(chunk: Chunk, servers: Servers, dispatch: Dispatch) -> Floats:
    """Energy by component, the capacity fee, and a tariff in straight lines with each month's own peak [H - first, D]."""
    pool, worlds, first = servers.pool, chunk.worlds, dispatch.first
    kw, fleet = dispatch.kw, dispatch.fleet
    assert kw is not None
    assert fleet is not None
    cost = np.zeros((kw.shape[0], worlds.count))
    drawn = np.matmul(servers.prices[first:], kw) if servers.energy else None
    for at, key in enumerate(servers.energy):
        assert drawn is not None
        amount = drawn[:, at]
        if dispatch.extra_busy is not None:
            above = (pool.number("load_kw") - pool.number("idle_kw")) / pool.gpus
            through = servers.prices[first:, at].sum(axis=1)[:, None]
            amount = amount + dispatch.extra_busy[first:] * (above * through)
        if key == ENERGY_SPOT:
            moved = worlds.energy.get(servers.zone)
            cost += amount * worlds.currency(DAY_AHEAD) * (1.0 if moved is None else moved[first:])
        else:
            cost += amount * worlds.currency(key)
    fee = 0.0 if pool.row["is_power_included"] else pool.number("capacity_fee") / MONTHS_PER_YEAR
    has_tariff = servers.fee.any() or servers.fixed.any()
    if not fee and not has_tariff:
        return cost
    billed = np.multiply(kw, servers.peak[first:, :, None], out=chunk.scratch("billed", first)).max(axis=1)
    if fee:
        money = worlds.currency(servers.currencies[ENERGY_CAPACITY])
        cost += billed * (chunk.escalator[first:] * (fee * (1 + pool.bill.vat))) * money
    if has_tariff:
        stands = fleet.standing[first:] > 0
        charged = billed * servers.fee[first:, None] + servers.fixed[first:, None] * stands
        cost += charged * worlds.currency(servers.tariff_currency)
    return cost


@dataclass(frozen=True)
class _HallCosts:
    start: Floats
    end: Floats
    value: Floats
    value_at: Floats
    saved: Floats


def _hall(
    chunk: Chunk, servers: Servers, fleet: Fleet, room: int | None, *, values: bool
) -> _HallCosts | None:
    """Room is built for a delivery as far as more servers stand than ever before; all ``room`` of it with the first."""
    hall = servers.hall
    if hall is None:
        return None
    money = chunk.worlds.currency(servers.currencies[FACILITY_CAPEX])
    highest = np.maximum.accumulate(fleet.standing, axis=0)
    if room is not None:
        highest = np.maximum(highest, room * (highest > 0))
    more = np.diff(highest, axis=0, prepend=0.0)
    end = np.zeros_like(more)
    value_at = np.zeros((more.shape[0] + 1, more.shape[1]))
    value, saved = np.zeros(more.shape[1]), np.zeros(more.shape[1])
    each = np.arange(more.shape[1])
    unbuilt = more.copy()
    for _, _, arrives in fleet.orders:
        month = np.minimum(arrives, more.shape[0] - 1)
        has_come = arrives < more.shape[0]
        built = unbuilt[month, each] * has_come * money
        unbuilt[month, each] *= ~has_come  # orders that arrive together build together
        if not built.any():
            continue
        end += np.take(hall.upkeep_by_month, month, axis=1) * built
        if values:
            value_at += np.take(hall.value_by_month, month, axis=1) * built
        value += built * hall.value[month]
        saved += built * (hall.written_off[month] + hall.book[month])
    return _HallCosts(more * hall.bought[:, None] * money, end, value, value_at, saved)
