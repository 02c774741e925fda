"""Building and energy: chapters 5 and 6 of the model, one option at a time."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from statistics import NormalDist

from brytpunkt.declarations import InlineServer, Site
from tests.planning.reference.load import Load
from tests.planning.reference.rent import Flow, Rent
from tests.planning.reference.tariff import Charge, charges, first_connected, heat_price, lost_vat, tax_bands
from tests.planning.reference.world import Cell, World, ceil, path

UNSOURCED_COLOCATION_EUR = 175.0
BOUGHT = ("energy_flat", "energy_spot", "energy_margin", "energy_guarantees", "energy_grid", "energy_tax")
ENERGY = (*BOUGHT, "energy_vat", "energy_heat_pump", "heat_sold")


@dataclass(frozen=True)
class Server:
    """A server type; price in the plan's currency."""

    id: str
    profile: str
    gpus: int
    price: float
    nameplate: float
    load_kw: float
    idle_kw: float


@dataclass(frozen=True)
class Bought:
    """Servers delivered in a month, and what each was paid."""

    month: int
    retire: int
    count: int
    paid_each: float


class Build:
    """Own servers at every site."""

    def __init__(self, world: World, load: Load, rent: Rent) -> None:
        self.world, self.load, self.rent, self.plan = world, load, rent, world.plan
        self.life = round(self.plan.build.life_years * 12)
        extended = round(self.plan.build.extended_years * 12)
        self.serves = self.life + (extended if self.plan.build.refresh == "extend" else 0)
        self.price = cache(self._price)
        self.pue_by_hour = cache(self._pue_by_hour)
        self.charges = cache(self._charges)
        self.total = cache(self._total)
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

    # Energy

    def _pue_by_hour(self, site_id: str) -> dict[tuple[int, int], tuple[float, float]]:
        """Mean PUE and PUE at the 99th percentile, by month of the year and UTC hour."""
        site = self._site(site_id)
        if site.pue is not None:
            return {(month, hour): (site.pue, site.pue) for month in range(1, 13) for hour in range(24)}
        found = {}
        for r in self.world.rows("climate_hours"):
            if r["place"] == site.climate:
                dry, wet = r["dry_bulb_mean_c"], r["wet_bulb_mean_c"]
                dry_sd, wet_sd = (r["dry_bulb_p95_c"] - dry) / 1.6449, (r["wet_bulb_p95_c"] - wet) / 1.6449
                dry, wet = dry + site.cooling_plant.warmer_k, wet + site.cooling_plant.warmer_k
                part = site.cooling_plant.part_load
                quantiles = [NormalDist().inv_cdf(j / 18) for j in range(1, 18, 2)]
                at = [
                    pue(site.cooling, dry + q * dry_sd, wet + q * wet_sd, part) for q in (*quantiles, 2.326)
                ]
                found[int(r["month_of_year"]), int(r["hour_utc"])] = (sum(at[:-1]) / 9, at[-1])
        return found

    def _site(self, site_id: str) -> Site:
        return next(s for s in self.plan.sites if s.id == site_id)

    def _price(self, site_id: str, m: int) -> dict[Cell, dict[str, float]]:
        """Price of a kWh by cell and component."""
        site, month, money = self._site(site_id), self.world.months[m], self.world.money
        energy = site.energy
        cells = self.world.hours_at(site)[m]
        if energy.price_per_kwh is not None:
            flat = money(energy.price_per_kwh) * month.escalator
            return {
                cell: self._with_heat(site, m, cell, dict.fromkeys(BOUGHT, 0.0) | {"energy_flat": flat})
                for cell in cells
            }
        first = self.plan.energy.history_from
        last = self.plan.energy.history_to or f"{self.world.facts.as_of:%Y-%m}"
        means = [
            r["mean_eur_per_mwh"]
            for r in self.world.rows("day_ahead_monthly")
            if r["zone"] == site.zone
            and first <= f"{r['month']:%Y-%m}" <= last
            and r["month"].month == month.first.month
        ]
        level = sum(means) / len(means) / 1000 * self.world.fx("EUR")
        ratios = self._ratios(site.zone or "", month.first.month)
        yearly = self.plan.energy.escalation_per_year
        step = month.escalator if yearly is None else (1 + yearly) ** (m // 12)
        ppa = money(energy.ppa_per_mwh) / 1000
        hedged = energy.hedged_share
        common = {
            "energy_flat": 0.0,
            "energy_margin": money(energy.supplier_margin_per_mwh) / 1000 * month.escalator,
            "energy_guarantees": money(energy.guarantees_per_mwh) / 1000 * month.escalator,
            "energy_tax": self._tax(site, m),
        }
        return {
            cell: self._with_heat(
                site,
                m,
                cell,
                common
                | {
                    "energy_spot": level * ratios[cell] * step * (1 - hedged) + ppa * hedged,
                    "energy_grid": self._fee(site, "energy") * month.escalator + self._by_hour(site, m, cell),
                },
            )
            for cell in cells
        }

    def _charges(self, site_id: str, m: int) -> list[Charge]:
        return charges(self.world, self._site(site_id), m)

    def _by_hour(self, site: Site, m: int, cell: Cell) -> float:
        """Energy elements without bands, in the cell's share of their window."""
        return sum(
            charge.bands[0][1] * charge.window.get(cell, 0.0)
            for charge in self.charges(site.id, m)
            if charge.kind == "energy" and len(charge.bands) == 1
        )

    def _with_heat(self, site: Site, m: int, cell: Cell, bought: dict[str, float]) -> dict[str, float]:
        """Adds what VAT stays, and the heat that is sold with the electricity of its heat pump."""
        price = bought | {"energy_vat": lost_vat(self.world, site) * sum(bought.values())}
        if site.heat is None:
            return price | {"energy_heat_pump": 0.0, "heat_sold": 0.0}
        month = self.world.months[m]
        at = (month.first.month, cell[1])
        mean, deviation = self.weather(site).get(at, (0.0, 0.0))
        mean_pue, _ = self.pue_by_hour(site.id)[at]
        recovered, cop = site.heat.share / mean_pue, site.heat.heat_pump_cop
        lifted, driven = (1.0, 0.0) if cop is None else (cop / (cop - 1), 1 / (cop - 1))
        earned = recovered * lifted * heat_price(self.world, site, mean, deviation) * month.escalator
        return price | {"energy_heat_pump": recovered * driven * sum(price.values()), "heat_sold": -earned}

    def weather(self, site: Site) -> dict[tuple[int, int], tuple[float, float]]:
        """Mean and deviation of the dry bulb by month of the year and UTC hour."""
        warmer = site.cooling_plant.warmer_k
        return {
            (int(r["month_of_year"]), int(r["hour_utc"])): (
                r["dry_bulb_mean_c"] + warmer,
                (r["dry_bulb_p95_c"] - r["dry_bulb_mean_c"]) / 1.6449,
            )
            for r in self.world.rows("climate_hours")
            if r["place"] == site.climate
        }

    def _ratios(self, zone: str, month_of_year: int) -> dict[Cell, float]:
        return {
            (r["day_type"], int(r["hour_utc"])): r["ratio_to_month_mean"]
            for r in self.world.rows("day_ahead_shape")
            if r["zone"] == zone and r["month_of_year"] == month_of_year
        }

    def _tax(self, site: Site, m: int) -> float:
        if site.energy.tax is not None:
            bands = tax_bands(self.world, site, m)
            return bands[0][1] if len(bands) == 1 else 0.0
        rows = sorted(
            (
                r
                for r in self.world.rows("energy_taxes")
                if (r["country"], r["segment"]) == (site.country, site.energy.tax_segment)
            ),
            key=lambda r: r["valid_from"],
        )
        in_force = [r for r in rows if r["valid_from"] <= self.world.months[m].first] or rows[:1]
        return float(in_force[-1]["rate_native_per_kwh"]) * self.world.fx(in_force[-1]["native_currency"])

    def _fee(self, site: Site, kind: str) -> float:
        """Grid fee: on energy [per kWh], or on capacity [per kW and year]."""
        energy = site.energy
        if kind == "capacity" and energy.price_per_kwh is not None:
            return 0.0
        declared = energy.grid_energy_per_kwh if kind == "energy" else energy.grid_capacity_per_kw_year
        if declared is not None:
            return self.world.money(declared)
        rows = [
            r for r in self.world.rows("grid_fees") if (r["grid_fee"], r["kind"]) == (energy.grid_fee, kind)
        ]
        if not rows:
            return 0.0
        row = max(rows, key=lambda r: r["valid_from"])
        return float(row["value_native"]) * self.world.fx(row["native_currency"])

    # Capacity

    def _total(self, site_id: str, profile: str, m: int) -> dict[Cell, tuple[float, int]]:
        """GPUs busy and needed by all workloads, by cell."""
        site = self._site(site_id)
        return {
            cell: (
                sum(self.load.busy(w, profile, m, cell, site) for w in self.plan.workloads),
                sum(self.load.need(w, profile, m, cell, site) for w in self.plan.workloads),
            )
            for cell in self.world.hours_at(site)[m]
        }

    def _needed(self, site_id: str, server: Server, m: int) -> int:
        """S(m): servers needed."""
        highest = max(need for _, need in self.total(site_id, server.profile, m).values())
        spare = max(w.redundancy_units for w in self.plan.workloads)
        return ceil(highest / server.gpus) + spare if highest else 0

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
            if site.power_limit_kw is not None:
                highest = max(p99 for _, p99 in self.pue_by_hour(site.id).values())
                target = min(target, math.floor(site.power_limit_kw / (server.nameplate * highest) + 1e-9))
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
        """All flows of building with one server type; None if it would be delivered too late."""
        delivery = self.delivery(site, mode, order)
        if delivery >= self.world.horizon:
            return None
        bought = self.purchases(site, server, delivery)
        flows = [*self.rent.bridge(delivery), *self._acquisition(bought)]
        facility = self._facility(site, mode, server, bought)
        if facility:
            flows.append((delivery, "facility_capex", "", "start", facility))
        for m in range(delivery, self.world.horizon):
            standing = [b for b in bought if b.month <= m < b.retire]
            count = sum(b.count for b in standing)
            value = sum(b.count * b.paid_each for b in standing)
            old = sum(b.count * b.paid_each for b in standing if m - b.month >= self.life)
            supported = value + old * (self.plan.build.extended_support_multiple - 1)
            costs = self._upkeep(site, mode, server, count, value, facility)
            costs["support"] = self.plan.build.support_share_per_year / 12 * supported
            for component, amount in costs.items():
                flows.append((m, component, "", "end", amount * self.world.months[m].escalator))
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
        """Monthly costs before the escalator."""
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

    def _energy(self, site: Site, server: Server, count: int, m: int) -> dict[str, float]:
        """Energy of a month by component."""
        month = self.world.months[m]
        costs, peak = dict.fromkeys(ENERGY, 0.0), 0.0
        for cell, (busy, _) in self.total(site.id, server.profile, m).items():
            used = min(1.0, busy / (count * server.gpus))
            it_kw = count * server.idle_kw + used * count * (server.load_kw - server.idle_kw)
            mean, p99 = self.pue_by_hour(site.id)[month.first.month, cell[1]]
            peak = max(peak, it_kw * p99)
            kwh = it_kw * mean * self.world.n(site, m, cell)
            for name, price in self.price(site.id, m)[cell].items():
                costs[name] += kwh * price
        costs["energy_capacity"] = self._fee(site, "capacity") / 12 * month.escalator * peak
        fees = self._month_fees(site, server, count, m)
        vat = lost_vat(self.world, site)
        costs["energy_vat"] += vat * (costs["energy_capacity"] + sum(fees.values()))
        return costs | {name: costs[name] + fee for name, fee in fees.items()}

    def _shown(self, site: Site, server: Server, count: int, m: int, charge: Charge) -> tuple[float, float]:
        """Highest hour and energy in a charge's window. [kW, kWh]"""
        peak, kwh = 0.0, 0.0
        for cell, (busy, _) in self.total(site.id, server.profile, m).items():
            if cell in charge.window:
                used = min(1.0, busy / (count * server.gpus))
                it_kw = count * server.idle_kw + used * count * (server.load_kw - server.idle_kw)
                mean, p99 = self.pue_by_hour(site.id)[self.world.months[m].first.month, cell[1]]
                peak = max(peak, it_kw * p99)
                kwh += it_kw * mean * self.world.n(site, m, cell) * charge.window[cell]
        return peak, kwh

    def _month_fees(self, site: Site, server: Server, count: int, m: int) -> dict[str, float]:
        """Peaks of the month, and energy and tax in bands."""
        fees = {"energy_grid": 0.0, "energy_tax": 0.0, "energy_capacity": 0.0}
        if site.energy.price_per_kwh is not None:
            return fees
        found = self.charges(site.id, m)
        if site.energy.tax is not None:
            bands = tax_bands(self.world, site, m)
            everywhere = dict.fromkeys(self.world.hours_at(site)[m], 1.0)
            by_month = tuple((edge / 12, rate) for edge, rate in bands)
            found = [
                *found,
                *(
                    [Charge("tax", "tax", whole=False, bands=by_month, window=everywhere)]
                    if len(bands) > 1
                    else []
                ),
            ]
        for charge in found:
            peak, kwh = self._shown(site, server, count, m, charge)
            if charge.kind == "peak_month":
                fees["energy_capacity"] += charge.cost(peak)
            elif charge.kind == "tax":
                fees["energy_tax"] += charge.cost(kwh)
            elif charge.kind == "energy" and len(charge.bands) > 1:
                fees["energy_grid"] += charge.cost(kwh)
        return fees

    def year_fees(self, site: Site, server: Server, counts: dict[int, int]) -> list[Flow]:
        """Fees on the highest hour of the calendar year and fixed fees, in months with servers."""
        flows: list[Flow] = []
        vat = lost_vat(self.world, site)
        year = {m: self.world.months[m].first.year for m in counts}
        for m in counts:
            amount = 0.0
            for charge in self.charges(site.id, m):
                if charge.kind == "fixed":
                    amount += charge.bands[0][1]
                elif charge.kind in ("peak_year", "subscription"):
                    peaks = [
                        self._shown(site, server, counts[k], k, other)[0]
                        for k in counts
                        if year[k] == year[m]
                        for other in self.charges(site.id, k)
                        if other.name == charge.name
                    ]
                    headroom = site.energy.subscription_headroom if charge.kind == "subscription" else 0.0
                    amount += charge.cost(max(peaks) * (1 + headroom))
            flows.append((m, "energy_subscription", "", "end", amount))
            flows.append((m, "energy_fees_vat", "", "end", amount * vat))
        return flows

    def _above(self, site: Site, server: Server, count: int, m: int) -> list[Flow]:
        """On-demand rent above the capacity of the servers."""
        flows: list[Flow] = []
        rate = self.plan.rent.gpu_price_path_per_year
        for cell, (_, need) in self.total(site.id, server.profile, m).items():
            phi = max(0.0, 1 - count * server.gpus / need) if need else 0.0
            if phi:
                for w in self.plan.workloads:
                    name, offer, _ = self.rent.chosen(w.id)["on_demand"]
                    assert offer is not None
                    rented = ceil(phi * self.load.instances(w, offer.profile, offer.gpus, m, cell, site))
                    cost = rented * self.world.n(site, m, cell) * offer.price * path(rate, m)
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


def pue(system: str, t: float, w: float, load: float = 1.0) -> float:
    """f: PUE of a cooling system at dry bulb t and wet bulb w [degC]."""

    def clip(value: float, low: float, high: float) -> float:
        return min(high, max(low, value))

    cop = clip(7.5 - 0.13 * (t - 10), 2.5, 8)
    dry = 0.09 + (1 - clip((26 - (t + 8)) / 6, 0, 1)) / cop

    def loop(supply: float) -> float:
        return 0.034 + (1 - clip((supply + 6 - (t + 8)) / 6, 0, 1)) / cop

    fans = 1 / (1.01 * 12) / 1.2 * 500 / 0.7 / 1000
    pumps = 1 / (4.186 * 6) * 250 / 0.7 / 1000
    c, part = clip(w + 4.5, 10, 40), clip(load, 0.2, 0.8)
    cop_water = 16.798751 + 0.008840 * c * c - 8.528931 * part**2 + 9.885294 * part
    cop_water += -0.760621 * c + 0.084615 * part * c
    x = {
        "outside_air": 0.05 + 0.2 * clip((w - 22) / 10, 0, 1),
        "chilled_water_tower": 0.085 + (1 - clip((26 - (w + 7)) / 6, 0, 1)) / (10 - 0.12 * (w - 10)),
        "dry_cooler_chiller": dry,
        "direct_liquid": 0.8 * loop(40) + 0.2 * dry,
        "direct_liquid_w32": 0.8 * loop(32) + 0.2 * dry,
        "direct_liquid_w40": 0.8 * loop(40) + 0.2 * dry,
        "direct_liquid_w45": 0.8 * loop(45) + 0.2 * dry,
        "immersion": loop(40),
        "water_chiller_economiser": fans
        + 2 * pumps
        + 0.01
        + (1 + fans) * (1 - clip((26 - (w + 6.7)) / 6, 0, 1)) / cop_water,
        "district_cooling": fans + pumps + (1 + fans) / 5,
    }
    return 1 + (0.045 + 0.01) * (1 + 0.4 * (1 / load - 1)) + x[system]
