"""Owned: what the servers of a strategy cost in each world, beside what is rented."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from brytpunkt.planning.calendar import MONTHS_PER_YEAR
from brytpunkt.planning.risk.servers import EUR, SPOT
from brytpunkt.planning.risk.terrain import FORGIVEN

if TYPE_CHECKING:
    from collections.abc import Sequence

    from brytpunkt.planning.optimal.program import Floats
    from brytpunkt.planning.risk.kernel import Chunk
    from brytpunkt.planning.risk.orders import Fleet
    from brytpunkt.planning.risk.servers import Servers
    from brytpunkt.planning.risk.strategies import Strategy
    from brytpunkt.planning.risk.waiting_work import Waited


@dataclass(frozen=True)
class Owned:
    """Costs of owning [D, H] as paid and discounted, what of it is deducted for tax, and value at the horizon [D].

    ``value_at`` [D, H + 1] as in ``Served``; ``tax`` [D] what depreciation saves (negative) and the value costs.
    """

    cash: Floats
    discounted: Floats
    deducted: Floats
    value: Floats
    value_at: Floats
    tax: Floats


def own_costs(
    chunk: Chunk,
    strategy: Strategy,
    fleet: Fleet,
    taken: Sequence[Floats | None],
    waiting: Waited | None,
) -> Owned:
    """Purchases, upkeep, space, crew, hall, energy and continuing value of a strategy's servers."""
    servers = strategy.servers
    assert servers is not None
    terrain, worlds = chunk.terrain, chunk.worlds
    hardware = worlds.hardware * worlds.currency(servers.currencies["server_capex"])
    start = np.zeros_like(fleet.standing)
    end = np.zeros_like(fleet.standing)
    value_at = np.zeros((worlds.count, terrain.horizon + 1))
    value, saved, resold = (np.zeros(worlds.count) for _ in range(3))
    tax = terrain.plan.finance.tax
    rows = np.arange(worlds.count)
    for _, count, arrives in fleet.orders:
        price = servers.bought[arrives] + servers.spares[arrives] * worlds.failures
        at = np.minimum(arrives, terrain.horizon - 1)
        start[rows, at] += count * price * (arrives < terrain.horizon)
        end += count[:, None] * servers.upkeep[arrives]
        value_at += count[:, None] * servers.value_at[arrives]
        value += count * servers.value[arrives]
        resold += count * servers.resale[arrives, np.minimum(fleet.leaves, terrain.horizon)]
        if tax is not None:
            saved += count * (servers.written_off[arrives] + servers.book[arrives])
    stays = np.arange(terrain.horizon) < fleet.leaves[:, None]
    is_left = fleet.leaves < terrain.horizon
    start, end = start * hardware[:, None], end * hardware[:, None] * stays
    worth = hardware * worlds.residual
    value, value_at = value * worth * ~is_left, value_at * worth[:, None]
    out = np.zeros_like(end)
    out[rows, np.minimum(fleet.leaves, terrain.horizon) - 1] = -resold * worth * is_left
    running = end + out + _space(chunk, servers, fleet) + _energy(chunk, servers, fleet, taken, waiting)
    hall = _hall(chunk, servers, fleet, strategy.room)
    if hall is not None:
        start, running = start + hall.start, running + hall.end * stays
        value, value_at = value + hall.value * ~is_left, value_at + hall.value_at
    relief = np.zeros(worlds.count)
    if tax is not None:
        built = 0.0 if hall is None else hall.saved
        relief = tax.rate * (value - saved * hardware - built)
    return Owned(
        cash=start + running,
        discounted=start * terrain.start_factor + running * terrain.end_factor,
        deducted=running,
        value=value,
        value_at=value_at,
        tax=relief,
    )


def _space(chunk: Chunk, servers: Servers, fleet: Fleet) -> Floats:
    """Colocation and crew [D, H]."""
    pool, terrain, worlds = servers.pool, chunk.terrain, chunk.worlds
    kw = pool.number("nameplate_kw") * fleet.standing
    space = pool.number("kw_month") * kw
    if pool.row["rack_kw"]:
        space = space + pool.number("rack_month") * np.ceil(kw / pool.number("rack_kw") - FORGIVEN)
    people = (fleet.standing > 0) * pool.number("min_fte")
    people = people + pool.number("fte_per_100_gpus") / 100 * pool.gpus * fleet.standing
    crew = people * pool.number("fte_month")
    rate = _column(worlds.currency(servers.currencies.get("colocation_rent", terrain.currency)))
    paid = _column(worlds.currency(servers.currencies.get("hardware_staff", terrain.currency)))
    return np.asarray((space * rate + crew * paid) * terrain.escalator)


def _column(multiple: Floats | float) -> Floats | float:
    return multiple[:, None] if isinstance(multiple, np.ndarray) else multiple


def _energy(
    chunk: Chunk,
    servers: Servers,
    fleet: Fleet,
    taken: Sequence[Floats | None],
    waiting: Waited | None,
) -> Floats:
    """Energy by component and the capacity fee [D, H]."""
    pool, terrain, worlds = servers.pool, chunk.terrain, chunk.worlds
    idle, load = pool.number("idle_kw"), pool.number("load_kw")
    above = (load - idle) / pool.gpus
    extra = np.zeros_like(fleet.standing) if waiting is None else waiting.extra_busy
    cost = np.zeros_like(fleet.standing)
    for key, price in servers.energy.items():
        drawn = (fleet.standing * idle + extra * above) * (price.sum(axis=1))
        for workload, share in enumerate(taken):
            if share is not None:
                busy = terrain.loads[workload, servers.profile].busy
                drawn += np.einsum("dhk,hk->dh", share, busy * price * above) * worlds.work[workload]
        if key == SPOT:
            cost += drawn * worlds.energy.get(servers.zone, 1.0) * _column(worlds.currency(EUR))
        else:
            cost += drawn * _column(worlds.currency(key))
    fee = 0.0 if pool.row["is_power_included"] else pool.number("capacity_fee") / MONTHS_PER_YEAR
    if fee:
        money = _column(worlds.currency(servers.currencies.get("energy_capacity", terrain.currency)))
        cost += _peak_kw(chunk, servers, fleet, taken) * fee * terrain.escalator * money
    return cost


def _peak_kw(chunk: Chunk, servers: Servers, fleet: Fleet, taken: Sequence[Floats | None]) -> Floats:
    """Billed peak: IT power of the highest segment at its own highest PUE [D, H]."""
    pool = servers.pool
    above = (pool.number("load_kw") - pool.number("idle_kw")) / pool.gpus
    kw = fleet.standing * pool.number("idle_kw")
    for workload, share in enumerate(taken):
        if share is not None:
            busy = chunk.terrain.loads[workload, servers.profile].busy[:, 0]
            kw = kw + share[:, :, 0] * busy * above * chunk.worlds.work[workload]
    return np.asarray(kw * servers.peak[:, 0])


@dataclass(frozen=True)
class _HallCosts:
    start: Floats
    end: Floats
    value: Floats
    value_at: Floats
    saved: Floats


def _hall(chunk: Chunk, servers: Servers, fleet: Fleet, room: int | None) -> _HallCosts | None:
    """Room is built for a delivery as far as more servers stand than ever before; all ``room`` of it with the first."""
    hall = servers.hall
    if hall is None:
        return None
    money = chunk.worlds.currency(servers.currencies.get("facility_capex", chunk.terrain.currency))
    highest = np.maximum.accumulate(fleet.standing, axis=1)
    if room is not None:
        highest = np.maximum(highest, room * (highest > 0))
    more = np.diff(highest, axis=1, prepend=0.0)
    built = np.flatnonzero(more.any(axis=0))
    end = np.zeros_like(more)
    value_at = np.zeros((more.shape[0], more.shape[1] + 1))
    value, saved = np.zeros(more.shape[0]), np.zeros(more.shape[0])
    for month in built:
        end += more[:, month, None] * hall.upkeep[month]
        value_at += more[:, month, None] * hall.value_at[month]
        value += more[:, month] * hall.value[month]
        saved += more[:, month] * (hall.written_off[month] + hall.book[month])
    rate = _column(money)
    return _HallCosts(more * hall.bought * rate, end * rate, value * money, value_at * rate, saved * money)
