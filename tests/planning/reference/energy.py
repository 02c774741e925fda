"""Energy: chapter 6 of the model, what a number of servers draws and pays."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from statistics import NormalDist

from brytpunkt.declarations import Site
from brytpunkt.planning.inputs.weekly_shapes import NAMED_SHAPES
from tests.planning.reference.load import Load
from tests.planning.reference.rent import Flow
from tests.planning.reference.tariff import Charge, charges, heat_price, lost_vat, tax_bands
from tests.planning.reference.world import Cell, World

BOUGHT = (
    "energy_flat",
    "energy_spot",
    "energy_ppa",
    "energy_margin",
    "energy_guarantees",
    "energy_grid",
    "energy_tax",
)
FANS = 1 / (1.01 * 12) / 1.2 * 500 / 0.7 / 1000
ENERGY = (*BOUGHT, "energy_cooling", "energy_vat", "energy_heat_pump", "heat_sold")


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


class Energy:
    """What servers draw and what that costs, at every site."""

    def __init__(self, world: World, load: Load) -> None:
        self.world, self.load, self.plan = world, load, world.plan
        self.price = cache(self._price)
        self.pue_by_hour = cache(self._pue_by_hour)
        self.charges = cache(self._charges)
        self.total = cache(self._total)

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
                bought = (1 + FANS) / 5 if site.cooling_plant.district_price_per_mwh else 0.0
                key = int(r["month_of_year"]), int(r["hour_utc"])
                found[key] = (sum(at[:-1]) / 9 - bought, at[-1] - bought)
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
        level = sum(means) / max(len(means), 1) / 1000 * self.world.fx("EUR")
        ratios = self._ratios(site.zone, month.first.month) if site.zone else dict.fromkeys(cells, 1.0)
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
                    "energy_spot": level * ratios[cell] * step * (1 - hedged),
                    "energy_ppa": ppa * hedged,
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
        at = (self.world.months[m].first.month, cell[1])
        cold = self.world.money(site.cooling_plant.district_price_per_mwh) / 1000 * (1 + FANS)
        cold *= self.world.months[m].escalator / self.pue_by_hour(site.id)[at][0]
        vat = lost_vat(self.world, site) * (sum(bought.values()) + cold)
        price = bought | {"energy_cooling": cold, "energy_vat": vat}
        if site.heat is None:
            return price | {"energy_heat_pump": 0.0, "heat_sold": 0.0}
        month = self.world.months[m]
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

    def _total(self, site_id: str, profile: str, m: int) -> dict[Cell, tuple[float, float]]:
        """GPUs busy and needed by all workloads, by cell."""
        site = self._site(site_id)
        return {
            cell: (
                sum(self.load.busy(w, profile, m, cell, site) for w in self.plan.workloads),
                sum(self.load.need(w, profile, m, cell, site) for w in self.plan.workloads),
            )
            for cell in self.world.hours_at(site)[m]
        }

    def spare(self) -> int:
        """Servers that stand by: they carry nothing, however short of servers the site is."""
        return max(w.redundancy_units for w in self.plan.workloads)

    def carried(self, server: Server, count: int, need: float) -> float:
        """Part of a need that so many servers carry while the spare ones stand by."""
        at_work = max(0, count - self.spare()) * server.gpus
        return min(1.0, at_work / need) if need else 0.0

    def _energy(self, site: Site, server: Server, count: int, m: int) -> dict[str, float]:
        """Energy of a month by component."""
        month = self.world.months[m]
        costs, peak = dict.fromkeys(ENERGY, 0.0), 0.0
        for cell, (busy, need) in self.total(site.id, server.profile, m).items():
            used = busy * self.carried(server, count, need) / (count * server.gpus)
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
        """Highest hour on top of that of the existing load, and energy, in a charge's window. [kW, kWh]"""
        peak, kwh, before = 0.0, 0.0, self._existing(site, m)
        for cell, (busy, need) in self.total(site.id, server.profile, m).items():
            if cell in charge.window:
                used = busy * self.carried(server, count, need) / (count * server.gpus)
                it_kw = count * server.idle_kw + used * count * (server.load_kw - server.idle_kw)
                mean, p99 = self.pue_by_hour(site.id)[self.world.months[m].first.month, cell[1]]
                peak = max(peak, before[cell] + it_kw * p99)
                kwh += it_kw * mean * self.world.n(site, m, cell) * charge.window[cell]
        return peak - max((before[cell] for cell in charge.window), default=0.0), kwh

    def _existing(self, site: Site, m: int) -> dict[Cell, float]:
        """What the site draws already in an hour of each cell. [kW]"""
        shape = site.energy.existing_load_shape
        weights = NAMED_SHAPES[shape] if isinstance(shape, str) else shape
        mean = sum(weights) / 168
        return {
            cell: site.energy.existing_load_kw
            * sum(weights[hour] / mean * n for hour, n in hours.items())
            / sum(hours.values())
            for cell, hours in self.world.hours_at(site)[m].items()
        }

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
        before = self._existing(site, m)
        for charge in found:
            peak, kwh = self._shown(site, server, count, m, charge)
            drawn = sum(before[c] * self.world.n(site, m, c) * share for c, share in charge.window.items())
            if charge.kind == "peak_month":
                highest = max((before[cell] for cell in charge.window), default=0.0)
                fees["energy_capacity"] += charge.added(highest, peak)
            elif charge.kind == "tax":
                fees["energy_tax"] += charge.added(drawn, kwh)
            elif charge.kind == "energy" and len(charge.bands) > 1:
                fees["energy_grid"] += charge.added(drawn, kwh)
        return fees

    def year_fees(self, site: Site, server: Server, counts: dict[int, int]) -> list[Flow]:
        """Fees on the highest hour of the calendar year and fixed fees, in months with servers."""
        flows: list[Flow] = []
        vat = lost_vat(self.world, site)
        year = {m: self.world.months[m].first.year for m in counts}
        for m in counts:
            amount, before = 0.0, self._existing(site, m)
            for charge in self.charges(site.id, m):
                if charge.kind == "fixed":
                    amount += 0.0 if site.energy.existing_load_kw else charge.bands[0][1]
                elif charge.kind in ("peak_year", "peak_four", "subscription"):
                    peaks = [
                        self._shown(site, server, counts[k], k, other)[0]
                        for k in counts
                        if year[k] == year[m]
                        for other in self.charges(site.id, k)
                        if other.name == charge.name
                    ]
                    headroom = site.energy.subscription_headroom if charge.kind == "subscription" else 0.0
                    top = sorted(peaks)[-4:] if charge.kind == "peak_four" else [max(peaks)]
                    peak = sum(top) / (4 if charge.kind == "peak_four" else 1)
                    highest = max((before[cell] for cell in charge.window), default=0.0)
                    amount += charge.added(highest * (1 + headroom), peak * (1 + headroom))
            flows.append((m, "energy_subscription", "", "end", amount))
            flows.append((m, "energy_fees_vat", "", "end", amount * vat))
        return flows


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
