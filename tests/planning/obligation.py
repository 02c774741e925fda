"""What a ledger keeps of a plan's data, read back from its amounts: terabytes by workload and month.

A month is kept by rent, at a price for each terabyte, or by storage that was bought and still serves.
"""

from __future__ import annotations

from collections import defaultdict
from typing import NamedTuple

import polars as pl
import pytest

from brytpunkt.planning.inputs.planning_inputs import Facts
from tests.planning.reference.storage import Storage
from tests.planning.reference.world import World

Tb = dict[tuple[str, int], float]


class Held(NamedTuple):
    """Terabytes rented and owned, and terabytes that leave a cloud, by workload and month."""

    rented: Tb
    owned: Tb
    leaving: Tb


class Obligation:
    """The storage that a plan owes in each month, whoever serves its work."""

    def __init__(self, world: World) -> None:
        self.world, self.storage = world, Storage(world)
        self.workloads = [w for w in world.plan.workloads if w.storage is not None]

    @classmethod
    def of(cls, plan: object, known: Facts, horizon: int) -> Obligation:
        """The obligation of a plan."""
        return cls(World(plan, known, horizon))  # type: ignore[arg-type]

    def owed(self) -> Tb:
        """Terabytes by workload and month."""
        months = range(self.world.horizon)
        return {(w.id, m): self.storage.kept(w, m) for w in self.workloads for m in months}

    def held(self, rows: pl.DataFrame) -> Held:
        """What the rows of one strategy keep: month, component, item, cents."""
        money, costs = self.world.money, self.world.plan.storage
        kinds = {w.id: self.storage.kind(w) for w in self.workloads}
        found = Held(defaultdict(float), defaultdict(float), defaultdict(float))
        for month, component, item, cents in rows.select("month", "component", "item", "cents").iter_rows():
            amount = cents / 100
            escalator = self.world.months[month].escalator
            if component == "storage_rent":
                price = money(getattr(costs, f"{kinds[item]}_rent_per_tb_month"))
                found.rented[item, month] += amount / price / escalator
            elif component == "egress":
                found.leaving[item, month] += amount / money(costs.egress_per_tb) / escalator
            elif component == "storage_capex":
                bought = amount / money(getattr(costs, f"{kinds[item]}_capex_per_tb"))
                for m in range(month, min(month + self.storage.life, self.world.horizon)):
                    found.owned[item, m] += bought
        return found

    def missing(self, rows: pl.DataFrame) -> list[str]:
        """Months in which a strategy does not keep what it owes, or pays for it twice."""
        held, problems = self.held(rows), []
        for key, terabytes in self.owed().items():
            rented, owned = held.rented.get(key, 0.0), held.owned.get(key, 0.0)
            is_rented = rented == pytest.approx(terabytes, rel=1e-3, abs=0.01)
            is_owned = owned >= terabytes * (1 - 1e-3) - 0.01
            if is_rented == is_owned or (rented and owned):
                problems.append(f"{key}: owes {terabytes:.2f} TB, rents {rented:.2f}, owns {owned:.2f}")
            workload = next(w for w in self.workloads if w.id == key[0])
            assert workload.storage is not None
            leaves = workload.storage.egress_tb_per_month * terabytes / workload.storage.capacity_tb
            if held.leaving.get(key, 0.0) != pytest.approx(leaves if is_rented else 0.0, rel=1e-2, abs=0.01):
                problems.append(f"{key}: {held.leaving.get(key, 0.0):.2f} TB leave a cloud")
        return problems
