"""Bill: the tariff of a pool on the home calendar, for the dispatch exactly and for the programme in straight lines.

The same rules as ``brytpunkt.planning.energy.tariff``, on arrays: H months, C cells. Money is in the plan's currency.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from brytpunkt.planning.energy.tariff import COMPONENT, FOUR, YEARLY
from brytpunkt.planning.optimal.cells import CELLS, month_cells

if TYPE_CHECKING:
    from brytpunkt.planning.energy.tariff import Bills
    from brytpunkt.planning.optimal.milp import Floats, Ints

# The programme knows no bands: it takes the rate that holds at this size where a site declares no power limit.
USUAL_KW, FULL_HOURS = 1000.0, 730.0


@dataclass(frozen=True)
class Charge:
    """One charge: its window (share of each cell [H, C]), and by band its edges and price in each month [B, H].

    ``existing`` is what the site's existing load measures already [H], ``before`` what it draws in each cell [H, C].
    """

    kind: str
    is_whole: bool
    window: Floats
    lower: Floats
    upper: Floats
    price: Floats
    existing: Floats
    before: Floats

    def raised(self, peak: Floats) -> Floats:
        """By how much power in each cell [H, C] raises the highest hour of the window in each month [H]."""
        inside = self.window > 0
        together = np.where(inside, self.before + peak, 0.0).max(axis=1)
        return np.asarray(together - np.where(inside, self.before, 0.0).max(axis=1))

    def cost(self, amount: Floats) -> Floats:
        """Cost of a measured amount on top of the existing load in each month [H]."""
        return self._whole_cost(self.existing + amount) - self._whole_cost(self.existing)

    def _whole_cost(self, amount: Floats) -> Floats:
        if self.is_whole:
            inside = (amount >= self.lower) & (amount < self.upper)
            return np.asarray((self.price * np.where(inside, amount, 0.0)).sum(axis=0))
        part = np.clip(amount - self.lower, 0.0, self.upper - self.lower)
        return np.asarray((self.price * part).sum(axis=0))


@dataclass(frozen=True)
class PoolBill:
    """Charges of one site, the calendar year of each month [H], headroom of its subscription, VAT that stays."""

    charges: tuple[Charge, ...]
    fixed: Floats
    year: Ints
    headroom: float
    vat: float
    paid: float

    def monthly(self, peak: Floats, kwh: Floats) -> dict[str, Floats]:
        """Charges by component from each hour's peak power and energy [H, C] -> [H]."""
        found = {name: np.zeros(peak.shape[0]) for name in COMPONENT.values()}
        for charge in self.charges:
            if charge.kind in COMPONENT:
                amount = (
                    charge.raised(peak) if charge.kind == "peak_month" else (kwh * charge.window).sum(axis=1)
                )
                found[COMPONENT[charge.kind]] += charge.cost(amount) * self.paid
        return found

    def yearly(self, peak: Floats, standing: Ints) -> Floats:
        """Fees on the year's highest hour and fixed fees, in months with servers in service [H]."""
        serving = standing > 0
        fees = self.fixed.copy()
        for charge in self.charges:
            if charge.kind in YEARLY:
                highest = charge.raised(peak) * serving
                is_four = charge.kind == "peak_four"
                of_year = _four_highest if is_four else np.max
                by_year = np.array([of_year(highest[self.year == year]) for year in self.year])
                factor = 1 + self.headroom if charge.kind == "subscription" else 1.0
                fees += charge.cost(by_year * factor)
        return np.asarray(fees * serving * self.paid)

    def straight(self, kw: float) -> tuple[Floats, Floats]:
        """Fee by kW of peak and by kWh in every cell, at the rate that holds for ``kw`` [H, C]."""
        by_kw, by_kwh = np.zeros_like(self.shape), np.zeros_like(self.shape)
        for charge in self.charges:
            by_energy = charge.kind in ("energy", "tax")
            size = kw * FULL_HOURS if by_energy else kw
            rate = (charge.cost(np.full(self.fixed.size, size)) / size)[:, None] * (1 + self.vat) * self.paid
            if by_energy:
                by_kwh += rate * charge.window
            else:
                by_kw += rate * (charge.window > 0)
        return by_kw, by_kwh

    @property
    def is_straight(self) -> bool:
        """Whether no charge is less than its straight line: no bands, no existing load, no mean of several peaks."""
        return not any(
            charge.lower.shape[0] > 1
            or charge.existing.any()
            or charge.before.any()
            or charge.kind == "peak_four"
            for charge in self.charges
        )

    @property
    def shape(self) -> Floats:
        """Zeros [H, C]."""
        return np.zeros((self.fixed.size, CELLS))


def _four_highest(peaks: Floats) -> float:
    """Mean of the four highest months of a calendar year; months without servers count as none."""
    return float(np.sort(peaks)[::-1][:FOUR].sum() / FOUR)


def pool_bill(bills: Bills, row: dict[str, object], months: pl.DataFrame, headroom: float) -> PoolBill:
    """The bill of an option at its site."""
    site, horizon = str(row["site"]), months.height
    here = bills.charges.filter(pl.col("site") == site)
    charges = []
    for window in here.filter(pl.col("charge") != "fixed")["window"].unique(maintain_order=True):
        rows = here.filter(pl.col("window") == window)
        edges = sorted(set(rows["band_from"]))
        grids = [np.zeros((len(edges), horizon)) for _ in range(3)]
        grids[1] += np.inf
        existing = np.zeros(horizon)
        columns = ("band_from", "band_to", "price", "month", "existing")
        for lower, upper, price, month, before in rows.select(columns).iter_rows():
            existing[month] = before
            band = edges.index(lower)
            for grid, value in zip(grids, (lower, upper, price), strict=True):
                grid[band, month] = value
        inside = bills.windows.filter(pl.col("site") == site, pl.col("window") == window)
        charges.append(
            Charge(
                str(rows["charge"][0]),
                bool(rows["is_whole"][0]),
                month_cells(inside, "share", horizon),
                grids[0],
                grids[1],
                grids[2],
                existing,
                month_cells(inside, "existing_kw", horizon),
            )
        )
    fixed = np.zeros(horizon)
    for month, price in here.filter(pl.col("charge") == "fixed").select("month", "price").iter_rows():
        fixed[month] += price
    vat = row["vat_share"]
    return PoolBill(
        tuple(charges),
        fixed,
        months["date"].dt.year().to_numpy(),
        headroom,
        float(vat) if isinstance(vat, (int, float)) else 0.0,
        0.0 if row["is_power_included"] else 1.0,
    )
