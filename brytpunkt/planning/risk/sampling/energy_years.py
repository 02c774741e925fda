"""Energy years: the historical years that a world's energy prices are taken from, as multiples by zone and month."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from brytpunkt.planning.energy.price_history import PriceYears, price_path, price_years
from brytpunkt.planning.inputs.units import MONTHS_PER_YEAR
from brytpunkt.planning.risk.sampling.centring import median_of_means

if TYPE_CHECKING:
    from brytpunkt.declarations import Plan
    from brytpunkt.planning.inputs.planning_inputs import Facts
    from brytpunkt.planning.optimal.milp import Floats, Ints

AS_PLANNED = -1


@dataclass(frozen=True)
class EnergyYears:
    """Historical years of the plan's zones; ``known`` is None where every price is pinned by the plan.

    ``centre`` scales every year so that the median of the mean multiple over the plan's years is 1.
    """

    known: PriceYears | None
    first_month: int
    centre: float = 1.0

    def multiples(self, drawn: Ints, horizon: int, level: Floats | None) -> dict[str, Floats]:
        """Multiple of the planned spot price by zone [D, H].

        ``drawn`` [D, plan years] are positions of historical years, ``AS_PLANNED`` for a year as planned; ``level``
        [D] multiplies.
        """
        if self.known is None:
            return {}
        ratios = self.centre * price_path(self.known, np.maximum(drawn, 0), self.first_month, horizon)
        planned = drawn[:, np.arange(horizon) // MONTHS_PER_YEAR] == AS_PLANNED
        ratios = np.where(planned[:, None, :], 1.0, ratios)
        if level is not None:
            ratios = ratios * level[:, None, None]
        return {zone: ratios[:, position] for position, zone in enumerate(self.known.zones)}

    def mean_multiple(self, drawn: Ints) -> Floats:
        """One number a world: its mean multiple over years and zones [D]."""
        if self.known is None:
            return np.ones(drawn.shape[0])
        by_year = np.append(self.centre * self.known.ratios.mean(axis=(1, 2)), 1.0)
        return np.asarray(by_year[drawn].mean(axis=1))

    def position_of(self, year: int) -> int | None:
        """The whole year that lies mostly in a calendar year, or None."""
        if self.known is None:
            return None
        months = [
            sum(
                (start.year + (start.month - 1 + n) // MONTHS_PER_YEAR) == year
                for n in range(MONTHS_PER_YEAR)
            )
            for start in self.known.starts
        ]
        best = int(np.argmax(months))
        return best if months[best] * 2 > MONTHS_PER_YEAR else None


def energy_years(plan: Plan, facts: Facts, crisis_weight: float = 1.0) -> EnergyYears:
    """Historical years in the zones where the plan pays the spot price."""
    zones = [site.zone for site in plan.sites if site.zone and site.energy.price_per_kwh is None]
    first_month = plan.finance.start.month
    if not zones:
        return EnergyYears(None, first_month)
    known = price_years(
        facts.day_ahead_monthly,
        zones,
        first=_month(plan.energy.history_from),
        last=_month(plan.energy.history_to) if plan.energy.history_to else facts.as_of,
        crisis_weight=crisis_weight,
        fill=plan.energy.month_gaps,
    )
    years = -(-plan.finance.months // MONTHS_PER_YEAR)
    median = median_of_means(known.ratios.mean(axis=(1, 2)), known.weights, years)
    return EnergyYears(known, first_month, 1 / median)


def _month(text: str) -> dt.date:
    year, month = text.split("-")
    return dt.date(int(year), int(month), 1)
