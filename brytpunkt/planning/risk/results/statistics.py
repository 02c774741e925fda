"""Statistics of drawn costs: quantiles, win probability, regret, variance shares, the value of information.

Arrays hold one row a draw, in the order of the draws; every reduction runs in that order, so that no number depends
on how many threads evaluated the draws. Standard errors come from the independently scrambled replicates.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from brytpunkt.planning.optimal.milp import Floats, Ints

MOST_BINS = 32
QUANTILES = (0.1, 0.5, 0.9)


def by_replicate(replicate: Ints, statistic: Callable[[Ints], float]) -> tuple[float, float]:
    """A statistic of the rows of each replicate -> its mean over replicates and the standard error of that mean."""
    found = np.array([statistic(np.flatnonzero(replicate == name)) for name in np.unique(replicate)])
    return float(found.mean()), standard_error(found)


def standard_error(values: Floats) -> float:
    """Standard error of a mean; NaN for fewer than two values."""
    if values.size < 2:  # noqa: PLR2004 - no spread of one value
        return float("nan")
    return float(values.std(ddof=1) / np.sqrt(values.size))


def quantile(values: Floats, level: float) -> float:
    """Quantile of values of which some may be infinite: the smallest value with at least ``level`` at or below it."""
    ordered = np.sort(values)
    position = min(int(np.ceil(level * ordered.size)) - 1, ordered.size - 1)
    return float(ordered[max(position, 0)])


def bins_for(draws: int) -> int:
    """Groups of equal size in which draws are gathered: few enough that each group's mean is firm."""
    return int(np.clip(np.sqrt(draws) / 4, 4, MOST_BINS))


def groups_of(index: Floats) -> Ints:
    """Rows -> groups of equal size by a factor's value, or one group a value where there are few [D]."""
    bins = bins_for(index.size)
    values, at = np.unique(index, return_inverse=True)
    if values.size <= bins:
        return np.asarray(at, dtype=np.int64)
    rank = np.empty(index.size, dtype=np.int64)
    rank[np.argsort(index, kind="stable")] = np.arange(index.size)
    return np.asarray(rank * bins // index.size, dtype=np.int64)


def first_order(index: Floats, output: Floats) -> float:
    """Share of the output's variance that knowing one driver takes away: Var(E[Y | X]) / Var(Y).

    From given draws, as the variance of the means of groups of equal size (the correlation ratio; Plischke, Borgonovo
    and Smith, European Journal of Operational Research 226 (2013)). Too high by at most groups over draws.
    """
    variance = float(output.var())
    if variance <= 0:
        return 0.0
    groups = groups_of(index)
    count = np.bincount(groups)
    means = np.bincount(groups, weights=output) / count
    return float((count * (means - output.mean()) ** 2).sum() / output.size / variance)


def total_order(base: Floats, swapped: Floats) -> float:
    """Total index of a driver: E[(f(A) - f(A with the driver from B))^2] / 2 Var(Y).

    M. J. W. Jansen, Analysis of variance designs for model output, Computer Physics Communications 117 (1999).
    """
    variance = float(base.var())
    return 0.0 if variance <= 0 else float(((base - swapped) ** 2).mean() / (2 * variance))


def best_on_average(costs: Floats) -> int:
    """The strategy with the lowest mean cost [D, S] -> its column."""
    return int(np.argmin(costs.mean(axis=0)))


def perfect_information(costs: Floats, replicate: Ints) -> tuple[float, float]:
    """EVPI: what knowing everything before deciding saves on average, and its standard error. ``costs`` [D, S]."""
    saved = costs[:, best_on_average(costs)] - costs.min(axis=1)
    return by_replicate(replicate, lambda rows: float(saved[rows].mean()))


def partial_information(index: Floats, costs: Floats, replicate: Ints) -> tuple[float, float]:
    """EVPPI: what knowing one factor before deciding saves on average, and its standard error.

    The decision of each group is taken from the other half of the replicates, so that noise is not taken for insight;
    the figure is therefore rather low than high, and never below zero.
    """
    groups = groups_of(index)
    number = int(groups.max()) + 1
    blind = best_on_average(costs)
    halves = replicate % 2
    saved = np.zeros(costs.shape[0])
    for half in (0, 1):
        learned, applied = halves != half, halves == half
        count = np.bincount(groups[learned], minlength=number)
        choice = np.full(number, blind)
        sums = np.stack(
            [
                np.bincount(groups[learned], weights=costs[learned, s], minlength=number)
                for s in range(costs.shape[1])
            ],
            axis=1,
        )
        known = count > 0
        choice[known] = np.argmin(sums[known], axis=1)
        rows = np.flatnonzero(applied)
        saved[rows] = costs[rows, blind] - costs[rows, choice[groups[rows]]]
    mean, error = by_replicate(replicate, lambda rows: float(saved[rows].mean()))
    return max(0.0, mean), error
