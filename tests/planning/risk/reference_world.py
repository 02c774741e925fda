"""The world of the second computation: what drawn factors do to volumes, prices and dates (docs/risk.md, section 2)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from brytpunkt.declarations import Plan, Workload
from brytpunkt.planning.risk.sampling.energy_years import EnergyYears

TINY = 1e-9
YEAR = 12


def units(load: float) -> int:
    """Whole units; a billionth above a whole number is still that number."""
    return max(0, math.ceil(load - TINY))


@dataclass
class World:
    """One drawn world: factor values by name, and the historical year of each plan year (-1: as planned)."""

    plan: Plan
    values: dict[str, float]
    years: Sequence[int]
    energy: EnergyYears

    def of(self, factor: str, otherwise: float, workload: str = "") -> float:
        """Value of a factor: that of the workload itself, else that of all."""
        return self.values.get(f"{factor}:{workload}", self.values.get(factor, otherwise))

    def path(self, rate: float, change: float, years: float) -> float:
        """Multiple of a yearly path."""
        return float((max(1 + rate + change, 0.05) / (1 + rate)) ** years)

    def fails(self, workload: Workload) -> int | None:
        """The month from which a workload asks for nothing, if it fails."""
        return None if self.of("production_success", 1.0, workload.id) > 0 else workload.decision_month

    def volume(self, workload: Workload, m: int) -> float:
        """Multiple of the planned volume."""
        ends = self.fails(workload)
        if ends is not None and m >= ends:
            return 0.0
        growth, phases = workload.demand.growth, workload.demand.phases
        production = next((p for p in phases if p.production), phases[0])
        begins = production.from_month + (0 if growth.during_ramp else production.ramp_months)
        rate = 0.0 if growth.kind == "table" else growth.per_year
        change = self.of("demand_growth", 0.0, workload.id)
        return self.of("demand_level", 1.0, workload.id) * self.path(rate, change, max(0, m - begins) / YEAR)

    def work(self, workload: Workload, m: int) -> float:
        """Multiple of the planned GPU work."""
        gain = self.path(
            workload.efficiency_gain_per_year, self.of("efficiency_gain", 0.0, workload.id), m / YEAR
        )
        lost = workload.failures.goodput_loss_share
        kept = (1 - min(lost * self.of("failure_rate", 1.0), 0.95)) / (1 - lost)
        return self.volume(workload, m) / gain / kept

    def hour(self, m: int) -> float:
        """Multiple of the price of a rented hour."""
        change = self.of("cloud_price_path", 0.0)
        return self.of("cloud_price", 1.0) * self.path(
            self.plan.rent.gpu_price_path_per_year, change, m / YEAR
        )

    def token(self, m: int) -> float:
        """Multiple of the price of tokens."""
        change = self.of("token_price_path", 0.0)
        return self.path(self.plan.rent.token_price_path_per_year, change, m / YEAR)

    def fx(self, currency: str) -> float:
        """What money in a currency is worth in euros, relative to now; the Danish krone moves with the euro."""
        return 1.0 if currency in ("EUR", "DKK") else self.values.get(f"fx:{currency}", 1.0)

    def spot(self, zone: str, m: int) -> float:
        """Multiple of the spot price of a zone."""
        level = self.of("energy_price", 1.0)
        known, year = self.energy.known, self.years[m // YEAR]
        if known is None:
            return 1.0
        if year < 0:
            return level
        calendar = (self.energy.first_month - 1 + m) % YEAR
        return level * self.energy.centre * float(known.ratios[year, known.zones.index(zone), calendar])

    @property
    def delay(self) -> int:
        """Months by which deliveries come later."""
        return round(self.of("delivery_delay", 0.0))
