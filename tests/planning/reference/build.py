"""Building: chapter 5 of the model, one option at a time."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache

from brytpunkt.declarations import InlineServer, Site
from brytpunkt.declarations.sections.room_limits import RoomLimits
from tests.planning.reference.energy import Energy, Server
from tests.planning.reference.load import Load
from tests.planning.reference.offers import COUNTRIES, HOURS
from tests.planning.reference.rent import Flow, Rent
from tests.planning.reference.storage import Storage
from tests.planning.reference.tariff import SUPPLY, first_connected, usable_share
from tests.planning.reference.world import World, ceil, path

UNSOURCED_COLOCATION_EUR = 175.0


@dataclass(frozen=True)
class Bought:
    """Servers delivered in a month, and what each was paid."""

    month: int
    retire: int
    count: int
    paid_each: float


class Build(Energy):
    """Own servers at every site."""

    def __init__(self, world: World, load: Load, rent: Rent) -> None:
        super().__init__(world, load)
        self.rent = rent
        self.storage = Storage(world)
        self.life = round(self.plan.build.life_years * 12)
        extended = round(self.plan.build.extended_years * 12)
        self.serves = self.life + (extended if self.plan.build.refresh == "extend" else 0)
        self.needed = cache(self._needed)

    def servers(self) -> list[Server]:
        """Servers that serve every workload."""
        found = []
        for s in self.plan.build.servers:
            if isinstance(s, InlineServer):
                profile = f"inline:{s.id}" if s.output_tokens_per_second else s.gpu_model
                kw, gpus, price = s.nameplate_kw, s.gpu_count, self.world.money(s.price)
                load_share, idle_share = s.load_share, s.idle_share
            else:
                row = next(r for r in self.world.rows("servers") if r["server"] == s.catalog)
                profile, kw, gpus = row["gpu_model"], row["nameplate_kw"], int(row["gpu_count"])
                load_share, idle_share = row["load_share"], row["idle_share"]
                price = (
                    self.world.money(s.price)
                    if s.price
                    else (row["price_low_usd"] + row["price_high_usd"]) / 2 * self.world.fx("USD")
                )
            rates = [self.load.rate(w.id, profile) for w in self.plan.workloads]
            if all(rate is not None and rate.replica <= gpus for rate in rates):
                found.append(Server(s.id, profile, gpus, price, kw, kw * load_share, kw * idle_share))
        return found

    # Capacity

    def _needed(self, site_id: str, server: Server, m: int) -> int:
        """S(m): servers needed."""
        highest = max(need for _, need in self.total(site_id, server.profile, m).values())
        return ceil(highest / server.gpus) + self.spare() if highest else 0

    def most(self, site: Site, server: Server) -> int | None:
        """The most servers that the site's power and cooling allow."""
        if site.power_limit_kw is None:
            return None
        highest = max(p99 for _, p99 in self.pue_by_hour(site.id).values())
        cooled = site.power_limit_kw * usable_share(self.world, site)
        return math.floor(cooled / (server.nameplate * highest) + 1e-9)

    def fits(self, site: Site, mode: str, server: Server) -> bool:
        """Whether every workload may be there, and one server has power, and rack and cooling where limits are declared."""
        if any(
            w.residency != "any" and site.country not in COUNTRIES[w.residency] for w in self.plan.workloads
        ):
            return False
        if self.most(site, server) == 0:
            return False
        limits = site.limits
        if limits == RoomLimits():
            return True
        inline = next((s for s in self.plan.build.servers if s.id == server.id), None)
        if isinstance(inline, InlineServer):
            height, cooling = inline.rack_units, inline.cooling
        else:
            row = next(r for r in self.world.rows("servers") if r["server"] == server.id)
            height, cooling = row["rack_units"], row["cooling"]
        carries = [limits.rack_density_limit_kw]
        if mode == "own_colocation" and site.colocation is not None:
            carries.append(site.colocation.rack_power_kw)
        racks = max(1, math.ceil((height or 0) / 48))
        is_dense = any(kw is not None and server.nameplate / racks > kw + 1e-9 for kw in carries)
        is_wet = cooling in ("liquid", "air_liquid")
        has_water = limits.liquid_cooling_installed or site.cooling in SUPPLY
        assert limits.retrofit is None, "this reference knows no refits"
        return not is_dense and not (is_wet and not has_water)

    def delivery(self, site: Site, mode: str, order: int) -> int:
        """First delivery of an order."""
        room = site.colocation if mode == "own_colocation" else site.own_hall
        assert room is not None
        lead = max(self.plan.build.lead_time_months, room.lead_time_months)
        return max(order + lead, first_connected(self.world, site))

    def purchases(self, site: Site, server: Server, delivery: int) -> list[Bought]:
        """What is bought at each review."""
        step, horizon = self.plan.build.review_months, self.world.horizon
        bought: list[Bought] = []
        for review in range(delivery, horizon, step):
            target = max(self.needed(site.id, server, m) for m in range(review, min(review + step, horizon)))
            most = self.most(site, server)
            target = target if most is None else min(target, most)
            in_life = sum(b.count for b in bought if self._counts(b, review))
            if target > in_life:
                price = server.price * path(self.plan.build.price_path_per_year, review)
                bought.append(Bought(review, review + self.serves, target - in_life, price))
        return bought

    def _counts(self, b: Bought, review: int) -> bool:
        """Whether a purchase still counts as capacity when the next one is decided."""
        policy = self.plan.build.refresh
        gap = self.plan.build.skip_months if policy == "skip" else 0
        return policy == "keep" or b.retire + gap > review

    # Costs

    def own(self, site: Site, mode: str, server: Server, order: int) -> list[Flow] | None:
        """All flows of building with one server type; None if it does not fit or would be delivered too late."""
        delivery = self.delivery(site, mode, order)
        if delivery >= self.world.horizon or not self.fits(site, mode, server):
            return None
        bought = self.purchases(site, server, delivery)
        flows = [*self.rent.bridge(delivery), *self._acquisition(bought)]
        flows += self.storage.flows(min((b.month for b in bought), default=self.world.horizon))
        facility = self._facility(site, mode, server, bought) * self.grown(delivery)
        if facility:
            flows.append((delivery, "facility_capex", "", "start", facility))
        for m in range(delivery, self.world.horizon):
            standing = [b for b in bought if b.month <= m < b.retire]
            count = sum(b.count for b in standing)
            insured = [(b, b.count * b.paid_each * self.grown(m - b.month)) for b in standing]
            value = sum(worth for _, worth in insured)
            old = sum(worth for b, worth in insured if m - b.month >= self.life)
            supported = value + old * (self.plan.build.extended_support_multiple - 1)
            costs = self._upkeep(site, mode, server, count, value, facility)
            costs["support"] = self.plan.build.support_share_per_year / 12 * supported
            for component, amount in costs.items():
                agreed = {"insurance": m, "support": m, "facility_maintenance": delivery}.get(component, 0)
                flows.append((m, component, "", "end", amount * self.grown(m - agreed)))
            if count and not (
                mode == "own_colocation" and site.colocation and site.colocation.power_included
            ):
                flows += [(m, name, "", "end", a) for name, a in self._energy(site, server, count, m).items()]
            flows += self._above(site, server, count, m)
        counts = {
            m: sum(b.count for b in bought if b.month <= m < b.retire)
            for m in range(delivery, self.world.horizon)
        }
        if not (mode == "own_colocation" and site.colocation and site.colocation.power_included):
            flows += self.year_fees(site, server, {m: count for m, count in counts.items() if count})
        value = self.continuing_value(site, mode, bought, delivery, facility, self.world.horizon)
        flows.append((self.world.horizon - 1, "continuing_value", "", "horizon", -value))
        return flows

    def grown(self, months: int) -> float:
        """Prices after so many months of a contract that steps at each anniversary."""
        return float((1 + self.plan.finance.inflation_per_year) ** (months // 12))

    def _acquisition(self, bought: list[Bought]) -> list[Flow]:
        build = self.plan.build
        flows: list[Flow] = []
        for b in bought:
            paid = b.count * b.paid_each
            for component, share in (
                ("server_capex", 1.0),
                ("freight_and_duty", build.freight_and_duty_share),
                ("installation", build.installation_share),
                ("spares", build.spares_share),
                ("network_capex", build.network_share),
            ):
                flows.append((b.month, component, "", "start", paid * share))
            if b.retire <= self.world.horizon:
                flows.append((b.retire - 1, "decommissioning", "", "end", paid * build.decommissioning_share))
        return flows

    def _facility(self, site: Site, mode: str, server: Server, bought: list[Bought]) -> float:
        if mode != "own_hall" or site.own_hall is None:
            return 0.0
        most = max(
            (sum(b.count for b in bought if b.month <= m < b.retire) for m in range(self.world.horizon)),
            default=0,
        )
        return self.world.money(site.own_hall.capex_per_kw) * server.nameplate * most

    def _upkeep(
        self, site: Site, mode: str, server: Server, count: int, value: float, facility: float
    ) -> dict[str, float]:
        """Monthly costs; of those that follow a purchase ``value`` has grown with its contracts, the others are before the escalator."""
        build, kw = self.plan.build, server.nameplate * count
        fte = site.staff.min_fte + site.staff.fte_per_100_gpus * count * server.gpus / 100
        costs = {
            "insurance": build.insurance_share_per_year / 12 * value,
            "hardware_staff": fte * self.world.money(site.staff.cost_per_fte_year) / 12,
        }
        if mode == "own_hall" and site.own_hall is not None:
            costs["facility_maintenance"] = site.own_hall.maintenance_share_per_year / 12 * facility
        elif site.colocation is not None:
            room = site.colocation
            if room.price_per_rack_month is not None:
                racks = ceil(kw / room.rack_power_kw)  # type: ignore[operator]
                costs["colocation_rent"] = self.world.money(room.price_per_rack_month) * racks
            elif room.price_per_kw_month is not None:
                costs["colocation_rent"] = self.world.money(room.price_per_kw_month) * kw
            else:
                costs["colocation_rent"] = UNSOURCED_COLOCATION_EUR * self.world.fx("EUR") * kw
        return costs

    def _above(self, site: Site, server: Server, count: int, m: int) -> list[Flow]:
        """On-demand rent of what the servers at work do not carry; those that stand by are spare for it, too."""
        flows: list[Flow] = []
        rate = self.plan.rent.gpu_price_path_per_year
        for cell, (_, need) in self.total(site.id, server.profile, m).items():
            phi = 1 - self.carried(server, count, need) if need else 0.0
            if phi:
                for w in self.plan.workloads:
                    if "on_demand" not in self.rent.chosen(w.id):  # a token API takes the part of the volume
                        name = self.rent.chosen(w.id)["api"][0]
                        month = sum(flow[4] for flow in self.rent.api(w, m + 1)[name] if flow[0] == m)
                        part = self.load.share(w.id, m, self.load.calendar(site))[cell]
                        part *= self.world.n(site, m, cell)
                        flows.append((m, "token_api", name, "end", phi * month * part))
                        continue
                    name, offer, _ = self.rent.chosen(w.id)["on_demand"]
                    assert offer is not None
                    spare = w.redundancy_units
                    n = self.world.n(site, m, cell)
                    job = self.load.job(w, offer.profile, offer.gpus)
                    assert offer.increment != "month", (
                        "this reference knows no monthly machines beside own servers"
                    )
                    if job is not None:
                        step = HOURS[offer.increment]
                        one = job.hours(1e-9 / 3600, step)  # the least that is billed
                        day = job.hours(self.load.busy(w, offer.profile, m, cell, site) * 24, step)
                        cost = ceil(phi * day / one) * one / 24 * n * offer.price * path(rate, m)
                        flows.append((m, "rent_on_demand", name, "end", cost))
                        continue
                    alone = self.load.instances(w, offer.profile, offer.gpus, m, cell, site)
                    if not alone:
                        continue
                    rented = ceil(phi * (alone - spare)) + max(0, spare - count)
                    cost = rented * n * offer.price * path(rate, m)
                    flows.append((m, "rent_on_demand", name, "end", cost))
        return flows

    def continuing_value(
        self, site: Site, mode: str, bought: list[Bought], delivery: int, facility: float, at: int
    ) -> float:
        """Present value at month `at` of the annuity payments that still lie ahead."""
        build = self.plan.build
        with_server = 1 + build.freight_and_duty_share + build.installation_share + build.spares_share
        parts = [(b.count * b.paid_each * with_server, b.month, self.life) for b in bought if b.month < at]
        network = round(build.network_life_years * 12)
        parts += [
            (b.count * b.paid_each * build.network_share, b.month, network) for b in bought if b.month < at
        ]
        if mode == "own_hall" and site.own_hall is not None and delivery < at:
            parts.append((facility, delivery, round(site.own_hall.life_years * 12)))
        return sum(self._left(cost, life, month + life - at) for cost, month, life in parts)

    def _left(self, cost: float, life: int, remaining: int) -> float:
        i = self.world.rate
        if remaining <= 0:
            return 0.0
        if i == 0:
            return cost * remaining / life
        annuity = cost * i / (1 - (1 + i) ** -life)
        return float(annuity * (1 - (1 + i) ** -remaining) / i)
