"""Exploring: one factor at a time, two against each other, and the designs that total indices need."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from brytpunkt.planning.risk.results.statistics import total_order
from brytpunkt.planning.risk.sampling.centring import planned_value
from brytpunkt.planning.risk.sampling.distributions import values_at
from brytpunkt.planning.risk.sampling.draws import EDGE

if TYPE_CHECKING:
    from brytpunkt.planning.ledger.evaluate import Evaluation
    from brytpunkt.planning.optimal.milp import Floats, Ints
    from brytpunkt.planning.risk.sampling.draws import Factors
    from brytpunkt.planning.risk.simulation.simulate import Simulator

LOW, HIGH = 0.1, 0.9
DESIGN = 1024
UTILISATIONS = tuple(round(0.1 * step, 1) for step in range(1, 11))
DISCOUNTS = tuple(round(0.1 * step, 1) for step in range(8))


def tornado(simulator: Simulator, factors: Factors) -> pl.DataFrame:
    """Own less rent with one factor at its P10 and P90, all others as planned.

    | column | unit |
    |---|---|
    | site, factor | key |
    | low_value, high_value | the factor's P10 and P90, in its unit |
    | at_low, at_high, planned | own less rent [plan currency] |
    | swing | distance between the two [plan currency] |
    """
    cases = [(factor, level) for factor in factors.drawn for level in (LOW, HIGH)]
    years = simulator.as_planned(len(cases) + 1)
    values: dict[str, Floats] = {}
    stated: list[float] = []
    for row, (factor, level) in enumerate(cases):
        if factor.distribution == "historical_years":
            year, multiple = _year_at(factors, level)
            years[row] = year
            stated.append(multiple)
            continue
        value = float(values_at(factor, np.array([np.clip(level, EDGE, 1 - EDGE)]))[0])
        if factor.factor == "production_success":
            value = 0.0 if level == LOW else 1.0
        stated.append(value)
        column = values.setdefault(factor.name, np.full(len(cases) + 1, planned_value(factor)))
        column[row] = value
    costs = simulator.run(values, years).costs
    rent = costs[:, simulator.position(None, "rent")]
    rows = []
    for site in simulator.sites:
        spread = costs[:, simulator.position(site, "own")] - rent
        for position, factor in enumerate(factors.drawn):
            low, high = 2 * position, 2 * position + 1
            rows.append(
                (site, factor.name, stated[low], stated[high], *(float(spread[at]) for at in (low, high, -1)))
            )
    names = ("site", "factor", "low_value", "high_value", "at_low", "at_high", "planned")
    schema = {name: pl.String if at < 2 else pl.Float64 for at, name in enumerate(names)}  # noqa: PLR2004 - keys
    return (
        pl.DataFrame(rows, schema=schema, orient="row")
        .with_columns(swing=(pl.col("at_high") - pl.col("at_low")).abs())
        .sort(["site", "swing", "factor"], descending=[False, True, False])
    )


def _year_at(factors: Factors, level: float) -> tuple[int, float]:
    """The historical year at a level of mean multiples, every plan year alike."""
    count = len(factors.energy.known.starts) if factors.energy.known is not None else 0
    multiples = np.array([factors.energy.mean_multiple(np.array([[year]]))[0] for year in range(count)])
    order = np.argsort(multiples, kind="stable")
    year = int(order[min(int(level * count), count - 1)])
    return year, float(multiples[year])


def heat_map(simulator: Simulator, evaluation: Evaluation) -> pl.DataFrame:
    """Own less rent over the utilisation of the planned servers and a discount on every rented GPU-hour.

    -> site, utilisation, cloud_discount [shares], difference [plan currency; below zero building wins]

    Demand is scaled to reach the utilisation, purchases stand, and what the servers cannot carry is rented.
    """
    used = _planned_utilisation(evaluation)
    rows = []
    for site in simulator.sites:
        if used.get(site, 0.0) <= 0:
            continue
        levels = np.array([u / used[site] for u in UTILISATIONS for _ in DISCOUNTS])
        prices = np.array([1 - d for _ in UTILISATIONS for d in DISCOUNTS])
        values = {"demand_level": levels, "cloud_price": prices}
        costs = (
            simulator.only((None, "rent"), (site, "own")).run(values, simulator.as_planned(levels.size)).costs
        )
        rows += [
            (site, u, d, float(costs[at, 1] - costs[at, 0]))
            for at, (u, d) in enumerate((u, d) for u in UTILISATIONS for d in DISCOUNTS)
        ]
    names = ("site", "utilisation", "cloud_discount", "difference")
    schema = {name: pl.String if at == 0 else pl.Float64 for at, name in enumerate(names)}
    return pl.DataFrame(rows, schema=schema, orient="row")


def _planned_utilisation(evaluation: Evaluation) -> dict[str, float]:
    """GPU-hours required over GPU-hours in service of each site's own, as planned."""
    basis = evaluation.basis
    chosen = evaluation.chosen.join(basis.options, on="option").select(
        "site", "option", "profile", "server_gpus"
    )
    work = basis.gpu_hours.group_by("profile", "month").agg(pl.col("gpu_hours").sum())
    return dict(
        evaluation.schedule.installed.join(chosen, on="option")
        .join(basis.months.select("month", "hours"), on="month")
        .join(work, on=["profile", "month"], how="left")
        .group_by("site")
        .agg(
            pl.col("gpu_hours").fill_null(0.0).sum()
            / (pl.col("servers") * pl.col("server_gpus") * pl.col("hours")).sum()
        )
        .sort("site")
        .iter_rows()
    )


def total_indices(simulator: Simulator, factors: Factors) -> pl.DataFrame:
    """Total Sobol indices of own less rent, for the independent drivers before correlation -> site, factor, total_order.

    Two independent designs A and B of 1,024 draws; for each factor A with the factor's columns from B. The years of
    historical energy prices are one factor.
    """
    first, replicate = factors.points(DESIGN // 8)
    second, _ = factors.points(DESIGN // 8, DESIGN // 8)
    base = _spreads(simulator, factors, first, replicate)
    rows = []
    for position, factor in enumerate(factors.drawn):
        mixed = first.copy()
        columns = [position]
        if factor.distribution == "historical_years":
            columns += list(range(len(factors.drawn), factors.dimensions))
        mixed[:, columns] = second[:, columns]
        swapped = _spreads(simulator, factors, mixed, replicate)
        rows += [(site, factor.name, total_order(base[site], swapped[site])) for site in simulator.sites]
    schema = {"site": pl.String, "factor": pl.String, "total_order": pl.Float64}
    return pl.DataFrame(rows, schema=schema, orient="row")


def _spreads(simulator: Simulator, factors: Factors, points: Floats, replicate: Ints) -> dict[str, Floats]:
    drawn = factors.draw(points, replicate)
    keys = [(None, "rent"), *((site, "own") for site in simulator.sites)]
    costs = simulator.only(*keys).run(drawn.values, drawn.years).costs
    return {site: costs[:, at + 1] - costs[:, 0] for at, site in enumerate(simulator.sites)}
