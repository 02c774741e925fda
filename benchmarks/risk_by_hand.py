"""Drawn worlds by hand: the rules of docs/risk.md in straight NumPy over [draws, months, segments], a strategy at a time.

The yardstick of the risk benchmark: what somebody would write who wants the numbers and nothing else. Needs are computed once
for all strategies of a chunk, everything else anew for each strategy. It serves what the benchmark's case declares and refuses
the rest: tax, grid connections that come when they come, waiting work, a market that is too small, servers sold after a failure.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np

from brytpunkt.planning.risk.simulation.drawn_paths import worlds_of

if TYPE_CHECKING:
    from brytpunkt.planning.optimal.milp import Floats, Ints
    from brytpunkt.planning.risk.sampling.draws import Drawn
    from brytpunkt.planning.risk.simulation.decisions import Strategy
    from brytpunkt.planning.risk.simulation.server_cost_tables import Servers
    from brytpunkt.planning.risk.simulation.simulate import Simulator
    from brytpunkt.planning.risk.simulation.simulation_inputs import Terrain, Way

CHUNK, CORES = 64, 2
TINY = 1e-9


def by_hand(simulator: Simulator, drawn: Drawn) -> Floats:
    """Present values of every strategy in every world, before they are tied to the ledger [D, S].

    Raises ``ValueError`` where the plan declares what is not served here.
    """
    plan = simulator.terrain.plan
    if (
        plan.finance.tax is not None
        or plan.uncertainty.rentable_gpus is not None
        or plan.build.on_failure == "sell"
        or any(site.connection is not None for site in plan.sites)
        or any(workload.max_delay_months for workload in plan.workloads)
    ):
        message = "the plan declares what the kernel written by hand does not serve"
        raise ValueError(message)
    count = drawn.years.shape[0]
    out = np.empty((count, len(simulator.strategies)))

    def one(first: int) -> None:
        rows = slice(first, min(first + CHUNK, count))
        values = {name: value[rows] for name, value in drawn.values.items()}
        worlds = _Worlds(simulator, values, drawn.years[rows])
        costs: dict[tuple[str | None, tuple[object, ...], int | None], Floats] = {}
        for at, strategy in enumerate(simulator.strategies):
            servers = strategy.servers
            alias = (None if servers is None else servers.pool.option, strategy.orders, strategy.room)
            if strategy.name in {"own", "own_colocation", "own_hall"}:  # own is one of the other two
                if alias not in costs:
                    costs[alias] = worlds.cost(strategy)
                out[rows, at] = costs[alias]
            else:
                out[rows, at] = worlds.cost(strategy)

    with ThreadPoolExecutor(CORES) as pool:
        list(pool.map(one, range(0, count, CHUNK)))
    return out


class _Worlds:
    """A chunk of worlds: draws first, then months, then segments."""

    def __init__(self, simulator: Simulator, values: dict[str, Floats], years: Ints) -> None:
        self.terrain: Terrain = simulator.terrain
        worlds = worlds_of(self.terrain, values, years, simulator.energy)
        self.worlds = worlds
        self.count, self.horizon = worlds.count, self.terrain.horizon
        self.volume, self.work = (
            np.ascontiguousarray(np.swapaxes(m, 1, 2)) for m in (worlds.volume, worlds.work)
        )
        self.cloud, self.token = (np.ascontiguousarray(m.T) for m in (worlds.cloud, worlds.token))
        self.spot = {zone: np.ascontiguousarray(multiple.T) for zone, multiple in worlds.energy.items()}
        self.needs: dict[tuple[object, ...], Floats] = {}

    # --- needs and prices --------------------------------------------------------------------------------

    def busy(self, w: int, profile: str) -> Floats:
        key = ("busy", w, profile)
        if key not in self.needs:
            self.needs[key] = self.work[w][:, :, None] * self.terrain.loads[w, profile].busy
        return self.needs[key]

    def need(self, w: int, profile: str) -> Floats:
        key = ("need", w, profile)
        if key not in self.needs:
            size, least = self.terrain.loads[w, profile].replica_gpus, self.terrain.least_replicas[w]
            busy = self.busy(w, profile)
            replicas = np.ceil(busy * (1 + self.terrain.headroom[w]) / size - TINY)
            self.needs[key] = np.where(busy > 0, np.maximum(replicas, least) * size, 0.0)
        return self.needs[key]

    def instances(self, way: Way) -> Floats:
        w = way.workload
        key = ("instances", w, way.profile, way.gpus)
        if key not in self.needs:
            size = self.terrain.loads[w, way.profile].replica_gpus
            least = np.ceil(self.terrain.least_replicas[w] * size / way.gpus - TINY)
            busy = self.busy(w, way.profile)
            wanted = np.ceil(busy * (1 + self.terrain.headroom[w]) / way.gpus - TINY)
            self.needs[key] = np.where(busy > 0, np.maximum(wanted, least) + self.terrain.redundancy[w], 0.0)
        return self.needs[key]

    def fx(self, currency: str) -> Floats | float:
        rate = self.worlds.currency(currency)
        return rate[:, None] if isinstance(rate, np.ndarray) else rate

    def price(self, way: Way) -> Floats:
        if way.share is not None:
            return np.asarray(way.price * self.token * self.volume[way.workload] * self.fx(way.currency))
        return np.asarray(way.price * self.cloud * self.fx(way.currency))

    # --- one strategy ------------------------------------------------------------------------------------

    def cost(self, strategy: Strategy) -> Floats:
        """Present value of a strategy [D]."""
        terrain = self.terrain
        start = np.zeros((self.count, self.horizon))
        end = np.zeros((self.count, self.horizon)) + terrain.fixed
        left = self._sign(strategy, start, end)
        value = np.zeros(self.count)
        if strategy.servers is not None:
            value = self._own(strategy, left, start, end)
        for w in range(len(terrain.workloads)):
            end += self._rent(strategy, w, left[w])
        return np.asarray((start * terrain.start_factor + end * terrain.end_factor).sum(axis=1) - value)

    def _expected(
        self, highest: Floats, planned: Floats, month: int, window: tuple[int, int]
    ) -> tuple[Floats, float]:
        back = slice(max(0, month - 3), month)
        ahead = float(planned[window[0] : max(window[1], window[0] + 1)].max(initial=0.0))
        mean = float(planned[back].mean())
        if mean <= 0:
            return np.full(self.count, ahead), ahead
        return np.asarray(highest[:, back].mean(axis=1) * ahead / mean), ahead

    def _sign(self, strategy: Strategy, start: Floats, end: Floats) -> list[Floats | float]:
        """Commitments: flows, and the share of each workload that they leave."""
        terrain = self.terrain
        left: list[Floats | float] = [1.0] * len(terrain.workloads)
        standing: dict[tuple[int, str], tuple[Way, Floats]] = {}
        of_size: dict[tuple[int, str, float, bool, bool], Floats] = {}
        for signature in strategy.signed:
            way, month = signature.way, signature.month
            stop = min(month + way.months, self.horizon)
            _, here = standing.setdefault(
                (way.workload, way.offer), (way, np.zeros((self.count, self.horizon)))
            )
            same = of_size.setdefault(way.fleet, np.zeros((self.count, self.horizon)))
            count = np.full(self.count, float(signature.count))
            if month > 0:
                planned = terrain.planned_units(way.workload, way.profile, way.gpus)
                planned = (planned + terrain.redundancy[way.workload] * (planned > 0)).max(axis=1)
                wanted, ahead = self._expected(self.instances(way).max(axis=2), planned, month, (month, stop))
                as_planned = (wanted >= ahead * (1 - TINY)) & (wanted > 0)
                count *= (np.ceil(wanted - TINY) > same[:, month] + TINY) | as_planned
            here[:, month:stop] += count[:, None]
            same[:, month:stop] += count[:, None]
            monthly = (count * self.price(way)[:, month])[:, None] * terrain.month_hours[month:stop]
            start[:, month] += monthly.sum(axis=1) * way.upfront_share
            end[:, month:stop] += monthly * (1 - way.upfront_share)
        for way, here in standing.values():
            need = self.instances(way)
            cover = np.divide(here[:, :, None], need, out=np.zeros_like(need), where=need > 0)
            left[way.workload] = np.maximum(left[way.workload] - cover, 0.0)
        return left

    def _rent(self, strategy: Strategy, w: int, left: Floats | float) -> Floats:
        """The cheapest way of each month for what is left of a workload."""
        terrain, costs = self.terrain, []
        for way in strategy.ways:
            if way.workload != w:
                continue
            if way.share is not None:
                amount = (left * way.share).sum(axis=-1)
            else:
                amount = (np.ceil(np.maximum(left * self.instances(way) - TINY, 0.0)) * terrain.hours).sum(
                    axis=2
                )
            costs.append(amount * self.price(way))
        return np.asarray(np.min(costs, axis=0))

    # --- owning ------------------------------------------------------------------------------------------

    def _own(self, strategy: Strategy, left: list[Floats | float], start: Floats, end: Floats) -> Floats:
        """Orders, what servers take, and what they cost -> continuing value [D]; ``left`` becomes what is left."""
        servers, terrain, worlds = strategy.servers, self.terrain, self.worlds
        assert servers is not None
        pool, months = servers.pool, np.arange(self.horizon)
        hardware = worlds.hardware * worlds.currency(servers.currencies["server_capex"])
        placed = self._orders(strategy)
        standing = np.zeros((self.count, self.horizon))
        value = np.zeros(self.count)
        failed = worlds.failures - 1
        for count, arrives, leaves in placed:
            standing += count[:, None] * ((months >= arrives[:, None]) & (months < leaves[:, None]))
            price = servers.bought[arrives] + servers.spares[arrives] * worlds.failures
            start += (count * price * hardware)[:, None] * (months == arrives[:, None])
            end += (count * hardware)[:, None] * servers.upkeep[arrives]
            worth = servers.value[arrives] + servers.spares_value_at[arrives, -1] * failed
            value += count * worth * hardware * worlds.residual
        self._space(servers, standing, end)
        room = (np.maximum(standing - pool.spare, 0.0) * pool.gpus)[:, :, None]
        above = (pool.number("load_kw") - pool.number("idle_kw")) / pool.gpus
        kw = np.zeros((self.count, *terrain.hours.shape)) + (standing * pool.number("idle_kw"))[:, :, None]
        for w in strategy.dearest_first:
            need, share, way = self.need(w, servers.profile), left[w], strategy.filled[w]
            part = np.divide(np.minimum(need * share, room), need, out=np.zeros_like(need), where=need > 0)
            if way is not None:
                whole = self.instances(way)
                rented = np.ceil((share - part) * whole - TINY)
                each = np.divide(rented, whole, out=np.zeros_like(need), where=whole > 0)
                part = np.maximum(share - each, 0.0)
            room = room - part * need
            kw += part * self.busy(w, servers.profile) * above
            left[w] = share - part
        self._energy(servers, kw, end)
        return value + self._hall(strategy, servers, standing, (start, end))

    def _orders(self, strategy: Strategy) -> list[tuple[Floats, Ints, Ints]]:
        """Count, month of arrival and of retirement of every order [D]; the horizon where it never arrives."""
        servers, terrain = strategy.servers, self.terrain
        assert servers is not None
        pool, horizon = servers.pool, self.horizon
        workloads = range(len(terrain.workloads))
        highest = np.sum([self.need(w, servers.profile) for w in workloads], axis=0).max(axis=2)
        sizes = [terrain.loads[w, servers.profile].replica_gpus for w in workloads]
        planned = np.sum(
            [terrain.planned_units(w, servers.profile, size) * size for w, size in enumerate(sizes)], axis=0
        ).max(axis=1)
        found: list[tuple[Floats, Ints, Ints]] = []
        before: list[tuple[Floats, int, int]] = []
        for order in strategy.orders:
            count = np.full(self.count, float(order.count))
            if order.month > 0:
                later = [o.delivery for o in strategy.orders if o.delivery > order.delivery]
                window = order.delivery, min([*later, horizon])
                wanted, ahead = self._expected(highest, planned, order.month, window)
                servers_wanted = (np.ceil(wanted / pool.gpus - TINY) + pool.spare) * (wanted > 0)
                here = sum((n * (d <= order.delivery < e) for n, d, e in before), np.zeros(self.count))
                as_planned = (wanted >= ahead * (1 - TINY)) & (wanted > 0)
                count *= (servers_wanted > here + TINY) | as_planned
            before.append((count, order.delivery, order.end))
            arrives = np.minimum(order.delivery + self.worlds.delay, horizon)
            found.append((count, arrives, order.end - order.delivery + arrives))
        return found

    def _space(self, servers: Servers, standing: Floats, end: Floats) -> None:
        pool = servers.pool
        kw = standing * pool.number("nameplate_kw")
        racks = np.ceil(kw / pool.number("rack_kw") - TINY) if pool.row["rack_kw"] else 0.0
        space = pool.number("kw_month") * kw + pool.number("rack_month") * racks
        people = pool.number("min_fte") * (standing > 0)
        people = people + pool.number("fte_per_100_gpus") / 100 * pool.gpus * standing
        end += space * self.terrain.escalator * self.fx(servers.currencies["colocation_rent"])
        crew = people * pool.number("fte_month") * self.terrain.escalator
        end += crew * self.fx(servers.currencies["hardware_staff"])

    def _energy(self, servers: Servers, kw: Floats, end: Floats) -> None:
        pool = servers.pool
        for name, price in servers.energy.items():
            amount = np.einsum("dmk,mk->dm", kw, price)
            is_spot = name == "energy_spot"
            end += amount * (self.fx("EUR") * self.spot.get(servers.zone, 1.0) if is_spot else self.fx(name))
        peak = (kw * servers.peak).max(axis=2)
        end += peak * servers.fee + servers.fixed * (kw.max(axis=2) > 0)
        if not pool.row["is_power_included"]:
            fee = pool.number("capacity_fee") / 12 * (1 + pool.bill.vat) * self.terrain.escalator
            end += peak * fee * self.fx(servers.currencies["energy_capacity"])

    def _hall(
        self, strategy: Strategy, servers: Servers, standing: Floats, flows: tuple[Floats, Floats]
    ) -> Floats | float:
        """Room for the plan's servers with the first of them, or for more than ever stood -> its continuing value [D]."""
        hall = servers.hall
        if hall is None:
            return 0.0
        money = self.fx(servers.currencies["facility_capex"])
        highest = np.maximum.accumulate(standing, axis=1)
        if strategy.room is not None:
            highest = np.maximum(highest, strategy.room * (highest > 0))
        more = np.diff(highest, axis=1, prepend=0.0) * money
        start, end = flows
        start += more * hall.bought
        end += more @ hall.upkeep
        return np.asarray(more @ hall.value)
