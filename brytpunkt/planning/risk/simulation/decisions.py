"""Strategies as decisions: what each one orders, signs and may rent, whatever world comes.

The closed list of the model: api, on_demand, spot, committed, rent; for each site own_colocation, own_hall, own and
optimal. A strategy that cannot serve the plan as declared is not there.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from brytpunkt.planning.inputs.units import CENTS
from brytpunkt.planning.risk.simulation.server_cost_tables import Servers, servers_of
from brytpunkt.planning.risk.simulation.simulation_inputs import Terrain, Way, terrain_of, ways_of

if TYPE_CHECKING:
    from collections.abc import Hashable

    from brytpunkt.planning.ledger.evaluate import Evaluation
    from brytpunkt.planning.optimal.milp import Floats
    from brytpunkt.planning.optimal.mix import Mix
    from brytpunkt.planning.optimal.problem import Field


@dataclass(frozen=True)
class Order:
    """Servers ordered in a month, as planned to arrive and to leave; ``room`` is the room that is built for them."""

    month: int
    delivery: int
    end: int
    count: int


@dataclass(frozen=True)
class Signature:
    """Instances committed in a month."""

    way: Way
    month: int
    count: int


@dataclass(frozen=True)
class Strategy:
    """One strategy of one site (None for rent): its decisions, its ways to rent, and its value by the ledger.

    ``dearest_first``: workloads in the order in which own servers take them; ``filled``: for each workload the instance
    that is filled first where one must be rented anyway, None where a token API is the cheapest as planned.
    ``room`` servers for which a hall is built with the first delivery; None where it grows with what stands.
    """

    site: str | None
    name: str
    ways: tuple[Way, ...]
    signed: tuple[Signature, ...] = ()
    servers: Servers | None = None
    orders: tuple[Order, ...] = ()
    room: int | None = None
    ledger_value: float = 0.0
    dearest_first: tuple[int, ...] = ()
    filled: tuple[Way | None, ...] = ()

    @property
    def key(self) -> tuple[str | None, str]:
        """Site and name."""
        return self.site, self.name

    def ways_of(self, workload: int) -> tuple[Way, ...]:
        """The ways in which a workload may be rented."""
        return self._by_workload.get(workload, ())

    @cached_property
    def _by_workload(self) -> dict[int, tuple[Way, ...]]:
        found: dict[int, tuple[Way, ...]] = {}
        for way in self.ways:
            found[way.workload] = (*found.get(way.workload, ()), way)
        return found

    @cached_property
    def decisions(self) -> Hashable:
        """What strategies with the same dispatch in every world have in common, wherever their servers stand."""
        machine = None
        if self.servers is not None:
            pool = self.servers.pool
            machine = (
                *(self.servers.profile, pool.gpus, pool.spare),
                *(pool.number("idle_kw"), pool.number("load_kw")),
                *((self.servers.site, pool.number("lead_months")) if pool.number("grid_month") else ()),
            )
        return (
            machine,
            self.orders,
            tuple((s.way.workload, s.way.offer, s.month, s.count) for s in self.signed),
            tuple((way.workload, way.offer) for way in self.ways),
            tuple(None if way is None else way.offer for way in self.filled),
            self.dearest_first,
        )

    @cached_property
    def priced(self) -> Hashable:
        """What strategies that cost the same in every world have in common."""
        option = None if self.servers is None else self.servers.pool.option
        return option, self.room, self.decisions


def strategies_of(
    evaluation: Evaluation,
    mixes: dict[str, tuple[Field, Mix]],
    optimal_values: dict[str, float],
) -> tuple[Terrain, tuple[Strategy, ...]]:
    """All strategies of an evaluated plan; ``mixes`` are the optimal decisions by site, with their ledger values."""
    basis = evaluation.basis
    terrain, field = terrain_of(basis)
    ways = ways_of(basis, field, terrain)
    found = [*_rented(evaluation, terrain, ways)]
    tables = {pool.option: pool for pool in field.pools}
    made: dict[str, Servers] = {}

    def servers(option: str) -> Servers:
        if option not in made:
            made[option] = servers_of(basis, terrain, field, tables[option])
        return made[option]

    owned = [
        *evaluation.best.select("site", "mode", "option", "pv_cents").iter_rows(),
        *(
            (site, "own", option, cents)
            for site, option, cents in evaluation.chosen.select("site", "option", "pv_cents").iter_rows()
        ),
    ]
    anything = (*ways["on_demand"], *ways["spot"], *ways["api"])
    for site, name, option, cents in sorted(owned):
        table = servers(option)
        found.append(
            Strategy(
                site,
                name,
                anything,
                servers=table,
                orders=_planned_orders(evaluation, table, option),
                room=_most_servers(evaluation, option),
                ledger_value=cents / CENTS,
            )
        )
    for site, (mix_field, mix) in sorted(mixes.items()):
        if len(mix_field.pools) > 1 or site not in optimal_values:
            continue
        placed = servers(mix_field.pools[0].option) if mix_field.pools else None
        orders = () if placed is None else _mix_orders(placed, mix)
        signed = tuple(
            Signature(
                _committed(ways, terrain, mix_field.terms[at].workload, mix_field.terms[at].offer),
                month,
                count,
            )
            for at, month, count in sorted(
                mix.signed, key=lambda row: (row[1], mix_field.terms[row[0]].workload, row[0])
            )
        )
        found.append(
            Strategy(
                site,
                "optimal",
                anything,
                signed=signed,
                servers=placed if orders else None,
                orders=orders,
                ledger_value=optimal_values[site],
            )
        )
    return terrain, tuple(_settled(terrain, strategy) for strategy in found)


def _settled(terrain: Terrain, strategy: Strategy) -> Strategy:
    """A strategy with its orders of preference, as planned."""
    costs = [
        [(way, _planned_cost(terrain, way)) for way in strategy.ways if way.workload == workload]
        for workload in range(len(terrain.workloads))
    ]
    filled: list[Way | None] = []
    for pairs in costs:
        best = min(pairs, key=lambda pair: float((pair[1] * terrain.hours).sum()), default=None)
        filled.append(best[0] if best is not None and best[0].share is None else None)
    if strategy.servers is None:
        return replace(strategy, filled=tuple(filled))
    dear = []
    for workload, pairs in enumerate(costs):
        load = terrain.loads[workload, strategy.servers.profile]
        need = terrain.planned_units(workload, load.profile, load.replica_gpus) * load.replica_gpus
        cost = np.min([cost for _, cost in pairs], axis=0) if pairs else np.zeros_like(need)
        each = np.divide(cost, need, out=np.zeros_like(cost), where=need > 0)
        hours = terrain.hours * (need > 0)
        dear.append(float((each * hours).sum() / hours.sum()) if hours.any() else 0.0)
    order = np.argsort(-np.asarray(dear), kind="stable")
    return replace(strategy, filled=tuple(filled), dearest_first=tuple(int(at) for at in order))


def _planned_cost(terrain: Terrain, way: Way) -> Floats:
    """What an hour of a way costs as planned, for the whole workload [H, K]."""
    if way.share is not None:
        hourly = np.divide(way.share, terrain.hours, out=np.zeros_like(way.share), where=terrain.hours > 0)
        return np.asarray(way.price[:, None] * hourly)
    redundant = terrain.redundancy[way.workload]
    units = terrain.planned_units(way.workload, way.profile, way.gpus, is_divisible=way.is_divisible)
    return np.asarray((units + redundant * (units > 0)) * way.price[:, None])


def _rented(evaluation: Evaluation, terrain: Terrain, ways: dict[str, tuple[Way, ...]]) -> list[Strategy]:
    """The rent strategies that can serve every workload."""
    basis = evaluation.basis
    values = dict(
        evaluation.rent.group_by("strategy").agg(pl.col("pv_cents").sum()).sort("strategy").iter_rows()
    )
    choice = basis.choice
    bound = {w for w, mode in choice.rent_modes.items() if mode == "committed"}
    signed = {
        name: tuple(
            Signature(
                _committed(ways, terrain, terrain.workloads.index(workload), offer), int(month), int(count)
            )
            for workload, offer, month, count in choice.signatures()
            .filter(pl.col("workload").is_in(list(workloads)))
            .select("workload", "offer", "signed_month", "count")
            .sort("signed_month", "workload", "offer")
            .iter_rows()
        )
        for name, workloads in (("committed", set(terrain.workloads)), ("rent", bound))
    }
    hourly = {(way.workload, way.offer) for way in ways["on_demand"]}
    above = tuple(
        way
        for way in ways["partner"]
        if terrain.workloads[way.workload] in bound and (way.workload, way.offer) not in hourly
    )
    allowed = {
        "api": ways["api"],
        "on_demand": ways["on_demand"],
        "spot": ways["spot"],
        "committed": ways["partner"],
        "rent": (*ways["on_demand"], *above, *ways["spot"], *ways["api"]),
    }
    return [
        Strategy(None, name, allowed[name], signed.get(name, ()), ledger_value=values[name] / CENTS)
        for name in allowed
        if name in values
    ]


def _committed(ways: dict[str, tuple[Way, ...]], terrain: Terrain, workload: int, offer: str) -> Way:
    del terrain
    return next(way for way in ways["committed"] if way.workload == workload and way.offer == offer)


def _planned_orders(evaluation: Evaluation, servers: Servers, option: str) -> tuple[Order, ...]:
    """Purchases of an own strategy, the first ordered at the start."""
    bought = evaluation.schedule.bought.filter(pl.col("option") == option).sort("delivery_month")
    first = servers.pool.delivery(0)
    return tuple(
        Order(max(0, int(delivery) - first), int(delivery), int(delivery) + servers.pool.life, int(count))
        for delivery, count in bought.select("delivery_month", "servers").iter_rows()
    )


def _most_servers(evaluation: Evaluation, option: str) -> int:
    """The largest number of servers that ever stand as planned; an own hall is built for it at once."""
    most = evaluation.schedule.installed.filter(pl.col("option") == option)["servers"].max()
    return int(most or 0)  # type: ignore[arg-type]


def _mix_orders(servers: Servers, mix: Mix) -> tuple[Order, ...]:
    pool = servers.pool
    orders = [
        Order(month, pool.delivery(month), pool.delivery(month) + pool.life, count)
        for _, month, count in sorted(mix.bought, key=lambda row: row[1])
    ]
    return tuple(order for order in orders if order.delivery < len(servers.bought) - 1)
