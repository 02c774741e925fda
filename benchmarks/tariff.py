"""Tariff benchmark: cost, PUE and carbon of twelve sites in every hour of a year, beside the same sums in NumPy.

Belongs here: one comparison in one process. Does not belong here: what the figures mean (docs/model.md, section 6).
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from brytpunkt.planning.energy.cooling import pue
from brytpunkt.planning.energy.site_prices import site_cells
from brytpunkt.planning.inputs.calendar import calendars, plan_months
from brytpunkt.planning.inputs.money import exchange_rates

if TYPE_CHECKING:
    from brytpunkt.declarations import Plan
    from brytpunkt.planning.inputs.planning_inputs import Facts

SITES, HOURS = 12, 8760
SYSTEMS = ("outside_air", "dry_cooler_chiller", "direct_liquid_w40", "water_chiller_economiser")
LOAD_KW, MARGIN, ENERGY_FEE, HIGH_FEE, POWER_FEE, TAX = 250.0, 0.002, 0.004, 0.001, 40.0, 0.03


def year() -> pl.DataFrame:
    """A typical year by hour: site, system, hour, month, weather [degC], spot [EUR/kWh], carbon [g/kWh]."""
    draw = np.random.default_rng(7)
    hour = np.tile(np.arange(HOURS), SITES)
    site = np.repeat(np.arange(SITES), HOURS)
    season = -np.cos(2 * np.pi * hour / HOURS)
    dry = 5 + site / 2 + 12 * season + 4 * np.sin(2 * np.pi * hour / 24) + draw.normal(0, 3, hour.size)
    spot = np.maximum(0.0, 0.05 - 0.02 * season + draw.normal(0, 0.03, hour.size))
    return pl.DataFrame(
        {
            "site": site,
            "hour": hour,
            "month": np.minimum(hour // 730, 11),
            "dry": dry,
            "wet": dry - 2.5,
            "spot": spot,
            "g": 20.0 + site,
            "is_high": (hour % 24 >= 6) & (hour % 24 < 22),
        }
    )


def planned(hours: pl.DataFrame) -> pl.DataFrame:
    """Cost of the year [EUR], mean PUE and carbon [kg] by site, with the plan's own cooling relations."""
    by_system = pl.concat(
        hours.filter(pl.col("site") % len(SYSTEMS) == number).with_columns(
            pue=pue(system, pl.col("dry"), pl.col("wet"))
        )
        for number, system in enumerate(SYSTEMS)
    )
    kw = LOAD_KW * pl.col("pue")
    fee = ENERGY_FEE + pl.when("is_high").then(HIGH_FEE).otherwise(0.0)
    by_month = by_system.group_by("site", "month").agg(
        cost=(kw * (pl.col("spot") + MARGIN + fee + TAX)).sum() + kw.max() * POWER_FEE / 12,
        pue=pl.col("pue").sum(),
        carbon=(kw * pl.col("g")).sum() / 1000,
    )
    return (
        by_month.group_by("site")
        .agg(pl.col("cost").sum(), pl.col("pue").sum() / HOURS, pl.col("carbon").sum())
        .sort("site")
    )


def floor(columns: dict[str, np.ndarray]) -> np.ndarray:
    """The same arithmetic on bare arrays: cost, PUE and carbon [3, sites]."""
    shape = (SITES, HOURS)
    dry, wet, spot = (columns[name].reshape(shape) for name in ("dry", "wet", "spot"))
    ratio = np.empty(shape)
    for number, system in enumerate(SYSTEMS):
        ratio[number :: len(SYSTEMS)] = pue(system, dry[number :: len(SYSTEMS)], wet[number :: len(SYSTEMS)])
    kw = LOAD_KW * ratio
    fee = ENERGY_FEE + HIGH_FEE * columns["is_high"].reshape(shape)
    cost = (kw * (spot + MARGIN + fee + TAX)).sum(axis=1)
    for month in range(12):
        in_month = slice(730 * month, 730 * (month + 1))
        cost += kw[:, in_month].max(axis=1) * POWER_FEE / 12
    carbon = (kw * columns["g"].reshape(shape)).sum(axis=1) / 1000
    return np.stack([cost, ratio.mean(axis=1), carbon])


def fastest(work: Callable[[], object], rounds: int = 5) -> float:
    """Shortest of a few rounds [s]."""
    taken = []
    for _ in range(rounds):
        begun = time.perf_counter()
        work()
        taken.append(time.perf_counter() - begun)
    return min(taken)


def report() -> None:
    """Print times and the ratio; both must agree."""
    hours = year()
    columns = {name: hours[name].to_numpy() for name in hours.columns}
    ours, theirs = planned(hours), floor(columns)
    for number, name in enumerate(("cost", "pue", "carbon")):
        np.testing.assert_allclose(ours[name].to_numpy(), theirs[number], rtol=1e-9)
    here, bare = fastest(lambda: planned(hours)), fastest(lambda: floor(columns))
    sys.stdout.write(f"energy of {SITES} sites in {HOURS:,} hours: cost, PUE and carbon together\n")
    sys.stdout.write(f"  {'polars, by month and site':<64}{here:8.3f} s\n")
    sys.stdout.write(f"  {'bare NumPy':<64}{bare:8.3f} s\n  ratio polars / NumPy {here / bare:.2f}\n")


def report_grid(plan: Plan, known: Facts) -> None:
    """Print the time of a plan's own grid: price by component, PUE and water in every cell of every month."""
    months = plan_months(plan.finance, 12)
    hours = calendars(plan, known, months)
    fx = exchange_rates(plan.finance, known)
    taken = fastest(lambda: site_cells(plan, known, fx, months, hours))
    sys.stdout.write(
        f"  {'the grid of the plan, ' + str(len(plan.sites)) + ' sites x 12 months':<64}{taken:8.3f} s\n"
    )


if __name__ == "__main__":
    report()
