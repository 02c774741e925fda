"""Answers: what drawn costs say, one small frame a question."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from brytpunkt.planning.risk.results import statistics
from brytpunkt.planning.risk.results.statistics import QUANTILES, by_replicate
from brytpunkt.planning.risk.sampling.centring import centring_of, planned_value

if TYPE_CHECKING:
    from brytpunkt.declarations import Plan
    from brytpunkt.planning.optimal.milp import Floats
    from brytpunkt.planning.risk.sampling.draws import Drawn, Factors
    from brytpunkt.planning.risk.simulation.simulate import Simulated, Simulator

LEVELS = ("p10", "p50", "p90")
HISTOGRAM_BINS = 40
NARROWEST = 1e-6  # of the values: a bin that floats can tell apart
EVERYTHING = "everything"
CONVERGENCE_SCHEMA = {
    "site": pl.String,
    "draws": pl.Int64,
    "p50": pl.Float64,
    "p90": pl.Float64,
    "p50_error_share": pl.Float64,
    "p90_error_share": pl.Float64,
}
Pairs = dict[str, "Floats"]


def spreads(simulator: Simulator, simulated: Simulated) -> Pairs:
    """Own less rent by site [D]: below zero, building wins."""
    rent = simulated.costs[:, simulator.position(None, "rent")]
    return {site: simulated.costs[:, simulator.position(site, "own")] - rent for site in simulator.sites}


def quantiles(simulator: Simulator, simulated: Simulated, switch: Floats) -> pl.DataFrame:
    """P10, P50 and P90 of every strategy's present value and level monthly cost, and of the months of own.

    | column | unit |
    |---|---|
    | site (null for rent), strategy, measure | key; present_value, monthly_cost, ahead_month, switch_month |
    | p10, p50, p90 | plan currency, or months from the start; null: never within the horizon |
    | mean, standard_deviation | plan currency; null for months |
    | planned | value in the world of the plan |

    The monthly cost is the level payment over the horizon with the same present value.
    """
    level = 1 / float(simulator.terrain.end_factor.sum())
    rows: list[tuple[object, ...]] = []
    for at, strategy in enumerate(simulator.strategies):
        for measure, scale in (("present_value", 1.0), ("monthly_cost", level)):
            values = simulated.costs[:, at] * scale
            found = [statistics.quantile(values, q) for q in QUANTILES]
            planned = strategy.ledger_value * scale
            rows.append((*strategy.key, measure, *found, float(values.mean()), float(values.std()), planned))
    for position, site in enumerate(simulator.sites):
        for measure, months in (("ahead_month", simulated.ahead), ("switch_month", switch)):
            found = [statistics.quantile(months[:, position], q) for q in QUANTILES]
            rows.append(
                (site, "own", measure, *(v if np.isfinite(v) else None for v in found), None, None, None)
            )
    names = (*("site", "strategy", "measure"), *LEVELS, "mean", "standard_deviation", "planned")
    schema = {name: pl.String if at < 3 else pl.Float64 for at, name in enumerate(names)}  # noqa: PLR2004 - keys
    return pl.DataFrame(rows, schema=schema, orient="row")


def months(simulator: Simulator, simulated: Simulated) -> pl.DataFrame:
    """P10, P50, P90 of the cash of each month -> site, strategy, month, p10, p50, p90 [plan currency]."""
    frames = []
    for at, cash in simulated.cash.items():
        site, name = simulator.strategies[at].key
        found = np.quantile(cash, QUANTILES, axis=0).astype(np.float64)
        frames.append(
            pl.DataFrame({"month": np.arange(cash.shape[1]), **dict(zip(LEVELS, found, strict=True))}).select(
                pl.lit(site, dtype=pl.String).alias("site"), pl.lit(name).alias("strategy"), pl.all()
            )
        )
    return pl.concat(frames)


def chances(simulator: Simulator, simulated: Simulated, drawn: Drawn) -> pl.DataFrame:
    """Probability that each strategy is the cheapest of its site's list, and that building beats renting.

    Strategies that cost the same share the win: own, and the one of its two places that the plan takes.

    | column | unit |
    |---|---|
    | site, strategy | key; strategy ``building`` is own against rent alone |
    | probability, standard_error | share of draws; draws with unserved work are never won |
    | mean_unserved_gpu_hours | GPU-h a draw |
    """
    rows: list[tuple[object, ...]] = []
    costs = np.where(simulated.unserved > 0, np.inf, simulated.costs)
    for site in simulator.sites:
        own, rent = simulator.position(site, "own"), simulator.position(None, "rent")
        rows.append(
            _chance(site, "building", costs[:, own] < costs[:, rent], simulated.unserved[:, own], drawn)
        )
        listed = simulator.list_of(site)
        best = costs[:, listed].min(axis=1)
        for at in listed:
            won = (costs[:, at] <= best) & np.isfinite(best)
            rows.append(_chance(site, simulator.strategies[at].name, won, simulated.unserved[:, at], drawn))
    names = ("site", "strategy", "probability", "standard_error", "mean_unserved_gpu_hours")
    schema = {name: pl.String if at < 2 else pl.Float64 for at, name in enumerate(names)}  # noqa: PLR2004 - keys
    return pl.DataFrame(rows, schema=schema, orient="row")


def _chance(site: str, name: str, won: np.ndarray, unserved: Floats, drawn: Drawn) -> tuple[object, ...]:
    share, error = by_replicate(drawn.replicate, lambda rows: float(won[rows].mean()))
    return site, name, share, error, float(unserved.mean())


def regret(simulator: Simulator, simulated: Simulated) -> pl.DataFrame:
    """Cost less that of the cheapest strategy of the same list in the same draw.

    -> site, strategy, mean, p50, p90, largest [plan currency]
    """
    rows = []
    for site in simulator.sites:
        listed = simulator.list_of(site)
        best = simulated.costs[:, listed].min(axis=1)
        for at in listed:
            lost = simulated.costs[:, at] - best
            quantiles_of = [statistics.quantile(lost, q) for q in QUANTILES[1:]]
            rows.append(
                (site, simulator.strategies[at].name, float(lost.mean()), *quantiles_of, float(lost.max()))
            )
    names = ("site", "strategy", "mean", "p50", "p90", "largest")
    schema = {name: pl.String if at < 2 else pl.Float64 for at, name in enumerate(names)}  # noqa: PLR2004 - keys
    return pl.DataFrame(rows, schema=schema, orient="row")


def histogram(spread: Pairs) -> pl.DataFrame:
    """How own less rent is distributed, the same bins at every site -> site, low, high [plan currency], share.

    Below zero building wins; zero is an edge. The outermost half per cent of either side go into the last bins.
    """
    if not spread:
        return pl.DataFrame(
            schema={"site": pl.String, "low": pl.Float64, "high": pl.Float64, "share": pl.Float64}
        )
    together = np.concatenate(list(spread.values()))
    low, high = np.quantile(together, [0.005, 0.995])
    width = max((high - low) / HISTOGRAM_BINS, NARROWEST * max(abs(low), abs(high))) or 1.0
    edges = np.arange(np.floor(low / width), np.ceil(high / width) + 1) * width
    frames = []
    for site, values in spread.items():
        counts, _ = np.histogram(np.clip(values, edges[0], edges[-1]), edges)
        frames.append(
            pl.DataFrame({"low": edges[:-1], "high": edges[1:], "share": counts / values.size}).select(
                pl.lit(site).alias("site"), pl.all()
            )
        )
    return pl.concat(frames)


def factor_table(factors: Factors, drawn: Drawn, plan: Plan) -> pl.DataFrame:
    """The drawn factors.

    | column | unit |
    |---|---|
    | factor | key |
    | distribution, parameters, basis | text |
    | p10, p50, p90, planned | quantiles of the draws, and the plan's value [the factor's unit] |
    | centring | centred, one_sided, success or not_centred |
    | origin | declared or default |
    """
    declared = {factor.name for factor in plan.uncertainty.factors}
    rows = []
    for factor in factors.drawn:
        index = factors.index_of(drawn, factor)
        given = ("mean", "standard_deviation", "median", "sigma", "low", "mode", "high")
        text = ", ".join(f"{n} {getattr(factor, n):g}" for n in given if getattr(factor, n, None) is not None)
        if factor.distribution == "historical_years" and factors.energy.known is not None:
            text = ", ".join(f"from {start:%Y-%m}" for start in factors.energy.known.starts)
        if factor.factor == "production_success" and factor.weights is not None:
            text = f"probability {factor.weights[1] / sum(factor.weights):g}"
        rows.append(
            (
                factor.name,
                factor.distribution,
                text,
                *(statistics.quantile(index, q) for q in QUANTILES),
                planned_value(factor),
                centring_of(factor),
                factor.basis or "declared in the plan",
                "declared" if factor.name in declared else "default",
            )
        )
    names = ("factor", "distribution", "parameters", *LEVELS, "planned", "centring", "basis", "origin")
    schema = {name: pl.Float64 if name in (*LEVELS, "planned") else pl.String for name in names}
    return pl.DataFrame(rows, schema=schema, orient="row")


def indices(factors: Factors, drawn: Drawn, spread: Pairs) -> pl.DataFrame:
    """First-order Sobol indices of own less rent, for the independent drivers before correlation.

    -> site, factor, first_order, standard_error. For historical years the driver is the mean multiple of the horizon.
    """
    rows = []
    drivers = {
        factor.name: factors.index_of(drawn, factor)
        if factor.distribution == "historical_years"
        else drawn.drivers[:, position]
        for position, factor in enumerate(factors.drawn)
    }
    for site, values in spread.items():
        for name, driver in drivers.items():
            whole = statistics.first_order(driver, values)
            _, error = by_replicate(
                drawn.replicate,
                lambda r, d=driver, v=values: statistics.first_order(d[r], v[r]),  # type: ignore[misc]
            )
            rows.append((site, name, whole, error))
    schema = {"site": pl.String, "factor": pl.String, "first_order": pl.Float64, "standard_error": pl.Float64}
    return pl.DataFrame(rows, schema=schema, orient="row")


def information(simulator: Simulator, factors: Factors, drawn: Drawn, simulated: Simulated) -> pl.DataFrame:
    """What knowing a factor before deciding is worth at each site, and what knowing everything is.

    -> site, factor (or ``everything``), value, standard_error [plan currency]
    """
    rows = []
    known = {factor.name: factors.index_of(drawn, factor) for factor in factors.drawn}
    for site in simulator.sites:
        costs = simulated.costs[:, simulator.list_of(site)]
        rows.append((site, EVERYTHING, *statistics.perfect_information(costs, drawn.replicate)))
        rows += [
            (site, name, *statistics.partial_information(index, costs, drawn.replicate))
            for name, index in known.items()
        ]
    schema = {"site": pl.String, "factor": pl.String, "value": pl.Float64, "standard_error": pl.Float64}
    return pl.DataFrame(rows, schema=schema, orient="row")


def tipping_over_time(simulator: Simulator, simulated: Simulated, switch: Floats) -> pl.DataFrame:
    """Probability that own is ahead for good, counting what is left, and that ordering has become right, by each month.

    -> site, month, ahead_probability, switch_probability
    """
    at = np.arange(simulator.terrain.horizon + 1)
    frames = [
        pl.DataFrame(
            {
                "month": at,
                "ahead_probability": (simulated.ahead[:, position, None] <= at).mean(axis=0),
                "switch_probability": (switch[:, position, None] <= at).mean(axis=0),
            }
        ).select(pl.lit(site).alias("site"), pl.all())
        for position, site in enumerate(simulator.sites)
    ]
    schema = {
        "site": pl.String,
        "month": pl.Int64,
        "ahead_probability": pl.Float64,
        "switch_probability": pl.Float64,
    }
    return pl.concat([pl.DataFrame(schema=schema), *frames])


def convergence(simulator: Simulator, simulated: Simulated, drawn: Drawn) -> pl.DataFrame:
    """P50 and P90 of own less rent with ever more draws, and their standard errors over replicates.

    -> site, draws, p50, p90 [plan currency], p50_error_share, p90_error_share [share of the P50 total cost of the cheaper]
    """
    rows: list[tuple[object, ...]] = []
    names = np.unique(drawn.replicate)
    members = [np.flatnonzero(drawn.replicate == name) for name in names]
    rent = simulated.costs[:, simulator.position(None, "rent")]
    each = members[0].size
    steps = [each // 2**power for power in range(6) if each // 2**power >= 8]  # noqa: PLR2004 - fewer say nothing
    for site in simulator.sites:
        own = simulated.costs[:, simulator.position(site, "own")]
        base = min(statistics.quantile(own, 0.5), statistics.quantile(rent, 0.5))
        for step in sorted(steps or [each]):
            taken = [rows_of[:step] for rows_of in members]
            together = np.concatenate(taken)
            found = [statistics.quantile(own[together] - rent[together], q) for q in QUANTILES[1:]]
            errors = [
                statistics.standard_error(np.array([statistics.quantile(own[r] - rent[r], q) for r in taken]))
                / base
                for q in QUANTILES[1:]
            ]
            rows.append((site, step * names.size, *found, *errors))
    return pl.DataFrame(rows, schema=CONVERGENCE_SCHEMA, orient="row")


def stands(frame: pl.DataFrame, p50: float, p90: float) -> bool:
    """Whether the errors at the most draws are within the rule at every site."""
    last = frame.filter(pl.col("draws") == pl.col("draws").max())
    return bool(
        last.select(((pl.col("p50_error_share") <= p50) & (pl.col("p90_error_share") <= p90)).all()).item()
    )
