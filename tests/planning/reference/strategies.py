"""Strategies and verdicts: chapters 1 and 7 of the model."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from decimal import ROUND_HALF_EVEN, Decimal
from functools import cache, cached_property
from typing import NamedTuple

from brytpunkt.declarations import Plan
from brytpunkt.planning.inputs.planning_inputs import Facts
from tests.planning.reference.build import Build
from tests.planning.reference.energy import Server
from tests.planning.reference.load import Load
from tests.planning.reference.rent import Flow, Rent
from tests.planning.reference.world import World

CENT = Decimal("0.01")
Key = tuple[int, str, str, str]  # month, component, item, timing


class Row(NamedTuple):
    """A ledger row: amount before rounding, in whole cents, and its present value in whole cents."""

    exact: float
    cents: int
    pv_cents: int


Ledger = dict[Key, Row]


class Reference:
    """Every strategy of a plan, to the cent."""

    def __init__(self, plan: Plan, facts: Facts, horizon: int | None = None) -> None:
        self.plan = plan
        self.world = World(plan, facts, horizon or plan.finance.months)
        self.load = Load(self.world)
        self.rent = Rent(self.world, self.load)
        self.build = Build(self.world, self.load, self.rent)
        self.order = cache(self._order)

    def ledger(self, flows: Iterable[Flow]) -> Ledger:
        """Flows with platform staff, summed by key, rounded once, discounted, rounded once."""
        sums: dict[Key, float] = defaultdict(float)
        for m, component, item, timing, amount in flows:
            sums[m, component, item, timing] += amount
        staff = self.plan.staff
        runs = any(
            amount and (component.startswith("rent_") or component == "server_capex")
            for (_, component, *_), amount in sums.items()
        )
        people = staff.platform_fte if runs else staff.api_fte
        monthly = people * self.world.money(staff.cost_per_fte_year) / 12
        for month in self.world.months:
            sums[month.m, "platform_staff", "", "end"] += monthly * month.escalator
        rows = {}
        for key, amount in sums.items():
            rounded = _cents(amount)
            if rounded:
                factor = self.world.factor(key[0], key[3])
                rows[key] = Row(amount, rounded, _cents(rounded / 100 * factor))
        return rows

    @cached_property
    def rented(self) -> dict[str, Ledger]:
        """on_demand, committed, api and rent; what is kept is rented, too."""
        stored = self.build.storage.flows(self.world.horizon)
        return {name: self.ledger([*flows, *stored]) for name, flows in self.rent.strategies().items()}

    @cached_property
    def servers(self) -> list[Server]:
        """Servers that serve every workload."""
        return self.build.servers()

    def _order(self, site_id: str, mode: str, server_id: str, order: int) -> Ledger | None:
        """Own servers ordered in a month."""
        site = next(s for s in self.plan.sites if s.id == site_id)
        server = next(s for s in self.servers if s.id == server_id)
        flows = self.build.own(site, mode, server, order)
        return None if flows is None else self.ledger(flows)

    @cached_property
    def owned(self) -> dict[tuple[str, str], tuple[str, Ledger]]:
        """(site, mode) -> cheapest server and its ledger, ordered at once."""
        found: dict[tuple[str, str], tuple[str, Ledger]] = {}
        for site in self.plan.sites:
            for mode, room in (("own_colocation", site.colocation), ("own_hall", site.own_hall)):
                ledgers = [
                    (total(ledger), f"{site.id}/{mode}/{server.id}", server.id, ledger)
                    for server in self.servers
                    if room is not None
                    for ledger in [self.order(site.id, mode, server.id, 0)]
                    if ledger is not None
                ]
                if ledgers:
                    best = min(ledgers, key=lambda found: found[:2])
                    found[site.id, mode] = best[2:]
        return found

    def own(self, site_id: str) -> tuple[str, str] | None:
        """Mode and server of a site's own: the cheaper mode."""
        modes = {
            mode: (total(ledger), mode, server)
            for (site, mode), (server, ledger) in self.owned.items()
            if site == site_id
        }
        return min(modes.values())[1:] if modes else None

    def scan(self, site_id: str) -> dict[int, int]:
        """Order month -> present value in cents of own."""
        own = self.own(site_id)
        if own is None:
            return {}
        ledgers = {k: self.order(site_id, *own, k) for k in range(self.world.horizon)}
        return {k: total(ledger) for k, ledger in ledgers.items() if ledger is not None}

    def switch(self, site_id: str) -> int | None:
        """The order month that beats renting by most; None if none does."""
        scan = self.scan(site_id)
        best = min(scan, key=lambda k: (scan[k], k), default=None)
        return best if best is not None and scan[best] < total(self.rented["rent"]) else None


def total(ledger: Ledger) -> int:
    """Present value in cents: a sum of rounded rows."""
    return sum(row.pv_cents for row in ledger.values())


def _cents(amount: float) -> int:
    """Half to even."""
    return int((Decimal(amount).quantize(CENT, ROUND_HALF_EVEN) * 100).to_integral_value())
