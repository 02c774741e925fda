"""Storage: what every strategy keeps, rented or bought; one workload, one month at a time."""

from __future__ import annotations

from brytpunkt.declarations import Workload
from tests.planning.reference.rent import Flow
from tests.planning.reference.world import World


class Storage:
    """The storage of a plan."""

    def __init__(self, world: World) -> None:
        self.world, self.costs = world, world.plan.storage
        self.life = round(self.costs.life_years * 12)

    def kept(self, w: Workload, m: int) -> float:
        """Terabytes held in month m."""
        return 0.0 if w.storage is None else w.storage.capacity_tb * self._grown(w, m)

    def _grown(self, w: Workload, m: int) -> float:
        assert w.storage is not None
        return float((1 + w.storage.growth_per_year) ** (m / 12))

    def kind(self, w: Workload) -> str:
        """The declared kind, else the cheapest that carries the last month."""
        assert w.storage is not None
        if w.storage.tier != "auto":
            return w.storage.tier
        last = self.world.horizon - 1
        rate = w.storage.throughput_gb_per_s * self._grown(w, last)
        if rate <= self.costs.nas_max_gb_per_s:
            if self.kept(w, last) <= self.costs.nas_max_tb:
                return "nas"
            if rate <= self.costs.object_max_gb_per_s:
                return "object"
        return "parallel"

    def flows(self, first: int) -> list[Flow]:
        """All storage of a strategy whose first own servers stand in month ``first``; at the horizon: never."""
        return [flow for w in self.world.plan.workloads if w.storage for flow in self._one(w, first)]

    def _one(self, w: Workload, first: int) -> list[Flow]:
        assert w.storage is not None
        kind, horizon, money = self.kind(w), self.world.horizon, self.world.money
        rent = money(getattr(self.costs, f"{kind}_rent_per_tb_month"))
        out = w.storage.egress_tb_per_month * money(self.costs.egress_per_tb)
        inflation = self.world.plan.finance.inflation_per_year
        flows: list[Flow] = []
        for m in range(min(first, horizon)):
            escalator = self.world.months[m].escalator
            flows.append((m, "storage_rent", w.id, "end", self.kept(w, m) * rent * escalator))
            flows.append((m, "egress", w.id, "end", out * self._grown(w, m) * escalator))
        for bought in range(first, horizon, self.life):
            serves = range(bought, min(bought + self.life, horizon))
            cost = max(self.kept(w, m) for m in serves) * money(getattr(self.costs, f"{kind}_capex_per_tb"))
            flows.append((bought, "storage_capex", w.id, "start", cost))
            support = cost * self.costs.maintenance_share_per_year / 12
            flows += [
                (m, "storage_maintenance", w.id, "end", support * (1 + inflation) ** ((m - bought) // 12))
                for m in serves
            ]
            left, i = bought + self.life - horizon, self.world.rate
            if left > 0:
                share = left / self.life if i == 0 else (1 - (1 + i) ** -left) / (1 - (1 + i) ** -self.life)
                flows.append((horizon - 1, "continuing_value", w.id, "horizon", -cost * share))
        return flows
