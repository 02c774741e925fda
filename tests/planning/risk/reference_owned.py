"""Owning in the second computation: flows, purchases, upkeep, power, hall and tax (docs/model.md, sections 5, 6 and 8)."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from brytpunkt.declarations import Plan
from brytpunkt.planning.inputs.money import monthly_rate
from brytpunkt.planning.ledger.corporate_tax import written_off
from brytpunkt.planning.risk.simulation.decisions import Order, Strategy
from brytpunkt.planning.risk.simulation.simulation_inputs import Terrain
from tests.planning.risk.reference_world import YEAR, World, units

Row = tuple[int, str, float]  # month, timing, amount


@dataclass
class Owned:
    """A strategy in a world with what it owns: ``cohorts`` that arrive, ``sold`` the month by which all is sold, or None."""

    terrain: Terrain
    strategy: Strategy
    world: World
    rows: list[Row] = field(default_factory=list)
    deductions: dict[int, float] = field(default_factory=lambda: defaultdict(float))
    book: float = 0.0
    value: float = 0.0
    unserved: float = 0.0
    cohorts: list[Order] = field(default_factory=list)
    sold: int | None = None

    @property
    def plan(self) -> Plan:
        """The plan."""
        return self.terrain.plan

    @property
    def horizon(self) -> int:
        """Months of the plan."""
        return self.terrain.horizon

    def _standing(self, m: int) -> int:
        return sum(o.count for o in self.cohorts if o.delivery <= m < o.end)

    @property
    def present_value(self) -> float:
        """Sum of discounted flows."""
        i = monthly_rate(self.plan.finance)
        later = {"start": 0, "end": 1}
        return math.fsum(
            amount * (1 + i) ** -(m + later[timing] if timing in later else self.horizon)
            for m, timing, amount in self.rows
        )

    # --- flows -------------------------------------------------------------------------------------------

    def _pay(self, m: int, timing: str, amount: float) -> None:
        """A cost that is deducted in its month."""
        self.rows.append((m, timing, amount))
        self.deductions[m] += amount

    def _buy(self, m: int, amount: float, ends: int | None) -> None:
        """A purchase, deducted over its life by the tax depreciation; ``ends`` None: never retired."""
        self.rows.append((m, "start", amount))
        tax = self.plan.finance.tax
        if tax is None:
            return
        off = written_off(tax.depreciation, self.horizon + 1)
        last = self.horizon if ends is None or ends > self.horizon else ends
        for month in range(m, last):
            self.deductions[month] += amount * float(off[month - m + 1] - off[month - m])
        left = amount * float(1 - off[last - m])
        if ends is not None and ends <= self.horizon:
            self.deductions[ends - 1] += left
        else:
            self.book += left

    def _tax(self) -> None:
        tax = self.plan.finance.tax
        self.rows.append((0, "horizon", -self.value))
        if tax is None:
            return
        for m, amount in self.deductions.items():
            last = min((m // YEAR + 1) * YEAR, self.horizon) - 1
            self.rows.append((last, "end", -tax.rate * amount))
        self.rows.append((0, "horizon", tax.rate * (self.value - self.book)))

    # --- owning ------------------------------------------------------------------------------------------

    def _currency(self, component: str) -> float:
        assert self.strategy.servers is not None
        return self.world.fx(self.strategy.servers.currencies.get(component, self.plan.finance.currency))

    def _energy(self, m: int, gpus_busy: list[float], extra: float) -> None:
        """Power of a month, by component; work that waited is spread evenly and raises no peak."""
        servers = self.strategy.servers
        assert servers is not None
        pool, cells, standing = servers.pool, self.terrain.segments.of_cell[m], self._standing(m)
        idle, above = pool.number("idle_kw"), (pool.number("load_kw") - pool.number("idle_kw")) / pool.gpus
        kilowatts = [standing * idle + min(busy, standing * pool.gpus) * above for busy in gpus_busy]
        hours = self.terrain.segments.field_hours[m]
        amount = 0.0
        for name, prices in pool.prices.items():
            for c, k in enumerate(cells):
                kwh = (kilowatts[int(k)] + extra * above) * float(hours[c]) * float(pool.pue[m, c])
                price = float(prices[m, c])
                if name == "energy_spot":
                    amount += kwh * price * self.world.spot(servers.zone, m) * self.world.fx("EUR")
                else:
                    amount += kwh * price * self._currency(name)
        paid = 0.0 if pool.row["is_power_included"] else 1.0
        peak = max(kilowatts[int(k)] * float(pool.pue_peak[m, c]) for c, k in enumerate(cells))
        fee = pool.number("capacity_fee") / YEAR * float(self.terrain.escalator[m]) * peak * paid
        self._pay(m, "end", amount + fee * self._currency("energy_capacity"))

    def _own(self) -> None:
        """Purchases, upkeep, room and crew of what arrived."""
        servers = self.strategy.servers
        assert servers is not None
        build, pool, world = self.plan.build, servers.pool, self.world
        hardware = world.of("hardware_price", 1.0)
        more = world.of("failure_rate", 1.0)
        residual = world.of("residual_value", 1.0)
        life = round(build.life_years * YEAR)
        network = round(build.network_life_years * YEAR)
        for order in self.cohorts:
            path = (1 + build.price_path_per_year) ** (order.delivery / YEAR)
            price = pool.number("price") * path * hardware * order.count * self._currency("server_capex")
            shares = 1 + build.freight_and_duty_share + build.installation_share
            spares = build.spares_share * more
            self._buy(order.delivery, price * (shares + spares + build.network_share), order.end)
            for m in range(order.delivery, min(order.end, self.horizon)):
                past = m >= order.delivery + life
                support = build.support_share_per_year * (build.extended_support_multiple if past else 1.0)
                share = support + build.insurance_share_per_year
                self._pay(m, "end", price * share / YEAR * self._grown(m - order.delivery))
            if self.sold is not None and order.end == self.sold:
                self._pay(self.sold - 1, "end", -price * residual * self._resale(order.end - order.delivery))
                continue
            if order.end <= self.horizon:
                self._pay(order.end - 1, "end", price * build.decommissioning_share)
            with_server = (shares + spares) * self._left(life, order.delivery)
            self.value += (
                price * residual * (with_server + build.network_share * self._left(network, order.delivery))
            )
        for m in range(self.horizon):
            self._month(m)
        self._hall()

    def _grown(self, months: int) -> float:
        """Prices of a contract so many months after it was made: it steps at each anniversary."""
        return float((1 + self.plan.finance.inflation_per_year) ** (months // YEAR))

    def _left(self, life: int, delivery: int) -> float:
        """Part of a cost that is the value of the annuity payments still to come at the horizon."""
        i = monthly_rate(self.plan.finance)
        remaining = max(0, min(life, delivery + life - self.horizon))
        return remaining / life if i == 0 else (1 - (1 + i) ** -remaining) / (1 - (1 + i) ** -life)

    def _resale(self, age: int) -> float:
        """Straight lines between the years of the curve, less removal."""
        curve = (1.0, *self.plan.build.resale_share_by_year)
        year = age / YEAR
        low = min(int(year), len(curve) - 1)
        high = min(low + 1, len(curve) - 1)
        share = curve[low] + (curve[high] - curve[low]) * (year - low)
        return share - self.plan.build.removal_share

    def _month(self, m: int) -> None:
        """Space and crew."""
        assert self.strategy.servers is not None
        pool, standing = self.strategy.servers.pool, self._standing(m)
        if not standing:
            return
        escalator = float(self.terrain.escalator[m])
        kw = pool.number("nameplate_kw") * standing
        racks = units(kw / pool.number("rack_kw")) if pool.row["rack_kw"] else 0
        rent = pool.number("kw_month") * kw + pool.number("rack_month") * racks
        people = pool.number("min_fte") + pool.number("fte_per_100_gpus") * standing * pool.gpus / 100
        self._pay(m, "end", rent * escalator * self._currency("colocation_rent"))
        self._pay(m, "end", people * pool.number("fte_month") * escalator * self._currency("hardware_staff"))

    def _hall(self) -> None:
        """The hall: for all servers of the plan with the first delivery, and as far as more stand than ever before."""
        assert self.strategy.servers is not None
        pool = self.strategy.servers.pool
        if pool.row["facility_per_kw"] is None or not self.cohorts:
            return
        kw = pool.number("facility_per_kw") * pool.number("nameplate_kw")
        life = int(pool.number("facility_months"))
        for delivery, room in self._rooms():
            built = kw * room * self._grown(delivery)
            capex = built * self._currency("facility_capex")
            self._buy(delivery, capex, None)
            share = pool.number("facility_maintenance_share") / YEAR
            for m in range(delivery, self.sold or self.horizon):
                cost = share * built * self._grown(m - delivery)
                self._pay(m, "end", cost * self._currency("facility_maintenance"))
            if self.sold is None and life:
                self.value += capex * self._left(life, delivery)

    def _rooms(self) -> Iterable[tuple[int, int]]:
        highest = 0
        for delivery in sorted({o.delivery for o in self.cohorts}):
            standing = max(self._standing(delivery), self.strategy.room or 0)
            if standing > highest:
                yield delivery, standing - highest
                highest = standing
