"""A second computation of risk: one strategy in one drawn world, in loops over months and segments, from docs/risk.md.

It takes decisions, load and list prices as they are planned; every cost, and what becomes of a decision, is computed here anew.
"""

from __future__ import annotations

from dataclasses import dataclass

from brytpunkt.planning.risk.simulation.decisions import Order
from brytpunkt.planning.risk.simulation.simulation_inputs import Way
from tests.planning.risk.reference_owned import Owned
from tests.planning.risk.reference_world import TINY, units

TRAILING = 3


@dataclass
class Reference(Owned):
    """A strategy in a world: ``rows`` are its flows, ``unserved`` GPU-hours."""

    def __post_init__(self) -> None:
        """Serve the world."""
        by_id = {workload.id: workload for workload in self.plan.workloads}
        self.workloads = [by_id[name] for name in self.terrain.workloads]
        self.work = [[self.world.work(w, m) for m in range(self.horizon)] for w in self.workloads]
        self.segments = range(self.terrain.hours.shape[1])
        self.sold = self._sold()
        self.cohorts = self._cohorts() if self.strategy.servers is not None else []
        self.committed = self._committed()
        for m in range(self.horizon):
            staff = self.plan.staff.cost_per_fte_year.currency
            self._pay(m, "end", float(self.terrain.fixed[m]) * self.world.fx(staff))
        self._serve()
        if self.strategy.servers is not None:
            self._own()
        self._tax()

    # --- load --------------------------------------------------------------------------------------------

    def _busy(self, w: int, profile: str, m: int, k: int) -> float:
        """GPUs busy."""
        return float(self.terrain.loads[w, profile].busy[m, k]) * self.work[w][m]

    def _need(self, w: int, profile: str, m: int, k: int) -> float:
        """GPUs in whole replicas."""
        return self._replicas(w, profile, self._busy(w, profile, m, k))

    def _replicas(self, w: int, profile: str, busy: float) -> float:
        size = self.terrain.loads[w, profile].replica_gpus
        if busy <= 0:
            return 0.0
        rules = self.workloads[w]
        return max(rules.min_replicas, units(busy * (1 + self._headroom(w)) / size)) * size

    def _headroom(self, w: int) -> float:
        return float(self.terrain.headroom[w])

    def _instances(self, way: Way, busy: float) -> float:
        """Instances of a way to rent, redundancy included."""
        if busy <= 0:
            return 0
        w = way.workload
        size = self.terrain.loads[w, way.profile].replica_gpus
        least = units(self.workloads[w].min_replicas * size / way.gpus)
        filled = busy * (1 + self._headroom(w)) / way.gpus
        wanted = filled if way.is_divisible else units(filled)
        return max(least, wanted) + int(self.terrain.redundancy[w])

    # --- decisions ---------------------------------------------------------------------------------------

    def _sold(self) -> int | None:
        """The month by which servers are sold, because every workload failed."""
        ends = [self.world.fails(workload) for workload in self.workloads]
        if self.plan.build.on_failure != "sell" or any(month is None for month in ends):
            return None
        last = max(month for month in ends if month is not None)
        return last if last < self.horizon else None

    def _highest(self, m: int, *, planned: bool) -> float:
        """The highest need of a month on the GPU type of the servers [GPUs]."""
        assert self.strategy.servers is not None
        profile = self.strategy.servers.profile
        return max(
            sum(
                self._replicas(w, profile, float(self.terrain.loads[w, profile].busy[m, k]))
                if planned
                else self._need(w, profile, m, k)
                for w in range(len(self.workloads))
            )
            for k in self.segments
        )

    @staticmethod
    def _mean_before(values: list[float], m: int) -> float:
        back = values[max(0, m - TRAILING) : m]
        return sum(back) / len(back) if back else 0.0

    @staticmethod
    def _reaches(need: float, stands: float, plan_need: float, plan_stands: float, ordered: float) -> bool:
        """Need over what stands, against the plan's own; where nothing stands, against the plan's need or half of the order."""
        if stands == 0:
            return need >= min(plan_need, ordered / 2) * (1 - TINY)
        return plan_stands > 0 and need / stands >= plan_need / plan_stands * (1 - TINY)

    def _asked(self, planned: int, last: int) -> list[int]:
        """When an order is thought of: at its date, and a quarter, two quarters ... later."""
        return [m for m in range(planned, last) if (m - planned) % 3 == 0]

    def _cohorts(self) -> list[Order]:
        """Orders that are placed and arrive, with their dates in this world."""
        assert self.strategy.servers is not None
        pool, orders = self.strategy.servers.pool, self.strategy.orders
        highest = [self._highest(m, planned=False) for m in range(self.horizon)]
        planned = [self._highest(m, planned=True) for m in range(self.horizon)]
        over = [self.world.fails(workload) for workload in self.workloads]
        stops = self.horizon if None in over else max(month for month in over if month is not None)
        placed: dict[int, Order] = {}  # by place in the plan
        calendar = sorted((m, at) for at, o in enumerate(orders) for m in self._asked(o.month, self.horizon))
        for m, at in calendar:
            order = orders[at]
            if at in placed or (m > 0 and m >= stops):
                continue
            stands = sum(o.count for j, o in placed.items() if orders[j].month != order.month and m < o.end)
            as_planned = sum(o.count for o in orders if o.month < order.month < o.end)
            together = sum(o.count for o in orders if o.month == order.month)
            if m == 0 or self._reaches(
                self._mean_before(highest, m),
                float(stands * pool.gpus),
                self._mean_before(planned, order.month),
                float(as_planned * pool.gpus),
                float(together * pool.gpus),
            ):
                delivery = min(self._connected(order, m) + self.world.delay, self.horizon)
                end = delivery + order.end - order.delivery
                placed[at] = Order(
                    m, delivery, end if self.sold is None else min(end, self.sold), order.count
                )
        arrived = [order for order in placed.values() if order.delivery < min(self.horizon, order.end)]
        return sorted(arrived, key=lambda order: order.delivery)

    def _connected(self, order: Order, m: int) -> int:
        """The month of delivery of an order placed in a month: what waits for the grid connection as planned moves with it."""
        assert self.strategy.servers is not None
        row = self.strategy.servers.pool.row
        site = next(site for site in self.plan.sites if site.id == row["site"])
        if site.connection is None and site.grid_available_from is None:
            return order.delivery + m - order.month
        planned = int(str(row["grid_month"]))
        live = planned + round(self.world.of("connection_delay", 0.0, site.id)) if planned else 0
        if order.delivery == planned:
            return max(m + int(str(row["lead_months"])), live)
        return max(order.delivery + m - order.month, live)

    def _committed(self) -> list[tuple[Way, list[int]]]:
        """Instances under commitment in each month, by way, and their charges."""
        found: dict[tuple[int, str], tuple[Way, list[int]]] = {}
        signed = self.strategy.signed
        ends: dict[int, int] = {}
        calendar = sorted(
            (m, at)
            for at, s in enumerate(signed)
            for m in self._asked(s.month, self.horizon)
            if m == s.month or m + s.way.months - self.horizon <= self.horizon - m
        )
        for m, at in calendar:
            way, date = signed[at].way, signed[at].month
            stops = self.world.fails(self.workloads[way.workload])
            if at in ends or (m > 0 and stops is not None and m >= stops):
                continue
            of_size = [j for j, s in enumerate(signed) if self._size(s.way) == self._size(way)]
            others = [j for j in of_size if signed[j].month != date]
            need, planned = self._instances_by_month(way)
            if m > 0 and not self._reaches(
                self._mean_before(need, m),
                sum(signed[j].count for j in others if m < ends.get(j, 0)),
                self._mean_before(planned, date),
                sum(
                    signed[j].count
                    for j in others
                    if signed[j].month < date < signed[j].month + signed[j].way.months
                ),
                sum(signed[j].count for j in of_size if signed[j].month == date),
            ):
                continue
            ends[at] = m + way.months
            self._sign(
                way,
                m,
                signed[at].count,
                found.setdefault((way.workload, way.offer), (way, [0] * self.horizon))[1],
            )
        return list(found.values())

    @staticmethod
    def _size(way: Way) -> tuple[int, float, str]:
        return way.workload, way.gpus, way.profile

    def _instances_by_month(self, way: Way) -> tuple[list[float], list[float]]:
        """Highest instances of a way in each month: in this world, and as planned."""
        busy = self.terrain.loads[way.workload, way.profile].busy
        here, planned = [], []
        for m in range(self.horizon):
            drawn = [self._instances(way, self._busy(way.workload, way.profile, m, k)) for k in self.segments]
            here.append(float(max(drawn)))
            planned.append(float(max(self._instances(way, float(busy[m, k])) for k in self.segments)))
        return here, planned

    def _sign(self, way: Way, begins: int, count: int, standing: list[int]) -> None:
        """Charges of instances from a month on."""
        price = float(way.price[begins]) * self._dearer(way, begins)
        charge = 0.0
        for m in range(begins, min(begins + way.months, self.horizon)):
            standing[m] += count
            hours = price * count * float(self.terrain.month_hours[m])
            charge += hours
            self._pay(m, "end", hours * (1 - way.upfront_share))
        self._pay(begins, "start", charge * way.upfront_share)

    def _dearer(self, way: Way, m: int) -> float:
        """Multiple of a way's price."""
        path = self.world.hour(m) if way.share is None else self.world.token(m)
        return path * self.world.fx(way.currency)

    # --- serving -----------------------------------------------------------------------------------------

    def _serve(self) -> None:
        """Commitments, own servers, what waits for them, and rent; then the power of the servers."""
        months, everyone = range(self.horizon), range(len(self.workloads))
        left = [[[1.0 for _ in self.segments] for _ in everyone] for _ in months]
        for way, standing in self.committed:
            for m in months:
                for k in self.segments:
                    need = self._instances(way, self._busy(way.workload, way.profile, m, k))
                    share = left[m][way.workload]
                    if need:
                        share[k] -= min(standing[m] / need, share[k])
        busy = [[0.0 for _ in self.segments] for _ in months]
        extra = [0.0 for _ in months]
        waited: set[int] = set()
        if self.cohorts:
            room = [self._serve_by_own(m, left[m], busy[m]) for m in months]
            waited = self._wait(left, room, extra)
        for m in months:
            for w in everyone:
                if w not in waited:
                    self._serve_by_rent(w, m, left[m][w])
            self._missing(m, left[m], waited)
            if self._standing(m):
                self._energy(m, busy[m], extra[m])

    def _serve_by_own(self, m: int, left: list[list[float]], busy: list[float]) -> float:
        """Own servers take the dearest workload first -> GPU-hours of room that are left."""
        servers = self.strategy.servers
        assert servers is not None
        pool, standing = servers.pool, self._standing(m)
        idle_hours = 0.0
        for k in self.segments:
            room = float(max(0, standing - pool.spare) * pool.gpus)
            for w in self.strategy.dearest_first:
                need = self._need(w, servers.profile, m, k)
                if need <= 0:
                    continue
                share = left[w][k]
                part = min(need * share, room) / need
                way = self.strategy.filled[w]
                if way is not None:
                    whole = self._instances(way, self._busy(w, way.profile, m, k))
                    rented = units((share - part) * whole)
                    part = max(0.0, share - rented / whole)
                left[w][k] -= part
                room -= part * need
                busy[k] += self._busy(w, servers.profile, m, k) * part
            idle_hours += max(room, 0.0) * float(self.terrain.hours[m, k])
        return idle_hours

    def _wait(self, left: list[list[list[float]]], room: list[float], extra: list[float]) -> set[int]:
        """Work that may wait queues for room; what has waited enough is rented -> workloads that do so."""
        servers = self.strategy.servers
        assert servers is not None
        found = set()
        for w, workload in enumerate(self.workloads):
            ways = [way for way in self.strategy.ways if way.workload == w and way.share is None]
            if not workload.max_delay_months or not ways:
                continue
            found.add(w)
            queue: list[list[float]] = []  # month in which it came, GPU-hours of need
            for m in range(self.horizon):
                needs = [self._need(w, servers.profile, m, k) for k in self.segments]
                for item in queue:
                    given = min(item[1], room[m])
                    item[1] -= given
                    room[m] -= given
                    extra[m] += given / float(self.terrain.month_hours[m]) / (1 + self._headroom(w))
                late = sum(hours for came, hours in queue if m - came >= workload.max_delay_months)
                queue = [item for item in queue if m - item[0] < workload.max_delay_months]
                short = sum(left[m][w][k] * needs[k] * float(self.terrain.hours[m, k]) for k in self.segments)
                queue.append([m, max(short, 0.0)])
                if m == self.horizon - 1:
                    late += sum(hours for _, hours in queue)
                if sum(needs) > 0:
                    self._pay(m, "end", late * min(self._packed(way, m) for way in ways) / sum(needs))
        return found

    def _packed(self, way: Way, m: int) -> float:
        """Cost of an hour of a workload's mean load in packed instances, summed over segments."""
        busy = sum(self._busy(way.workload, way.profile, m, k) for k in self.segments)
        hours = busy * (1 + self._headroom(way.workload)) / way.gpus
        return hours * float(way.price[m]) * self._dearer(way, m)

    def _missing(self, m: int, left: list[list[float]], waited: set[int]) -> None:
        """Work that no way serves, and work above what can be rented at once."""
        limit, gpu_hours = self.plan.uncertainty.rentable_gpus, 0.0
        for k in self.segments:
            on_market = 0.0
            for w in range(len(self.workloads)):
                ways = [way for way in self.strategy.ways if way.workload == w]
                profile = ways[0].profile if ways else min(name for at, name in self.terrain.loads if at == w)
                if not ways:
                    gpu_hours += left[w][k] * self._busy(w, profile, m, k) * float(self.terrain.hours[m, k])
                elif w not in waited and all(way.share is None for way in ways):
                    on_market += left[w][k] * self._busy(w, profile, m, k)
            if limit is not None:
                gpu_hours += max(0.0, on_market - limit) * float(self.terrain.hours[m, k])
        self.unserved += gpu_hours
        charged = self.plan.uncertainty.unserved_price_per_gpu_hour
        assert charged.currency == self.plan.finance.currency, "the plans of these tests state it so"
        self._pay(m, "end", gpu_hours * charged.amount * self.world.fx(charged.currency))

    def _serve_by_rent(self, w: int, m: int, left: list[float]) -> None:
        """The cheapest way of the month, for what is left of it."""
        costs = []
        rest = [share if share > TINY else 0.0 for share in left]
        for way in self.strategy.ways:
            if way.workload != w:
                continue
            if way.share is not None:
                volume = self.world.volume(self.workloads[w], m)
                amount = sum(rest[k] * float(way.share[m, k]) for k in self.segments) * volume
            else:
                amount = sum(
                    units(rest[k] * self._instances(way, self._busy(w, way.profile, m, k)))
                    * float(self.terrain.hours[m, k])
                    for k in self.segments
                )
            costs.append(amount * float(way.price[m]) * self._dearer(way, m))
        if costs:
            self._pay(m, "end", min(costs))
