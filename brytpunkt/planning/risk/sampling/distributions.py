"""Distributions: uniform numbers between 0 and 1 turned into values of a declared factor."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from brytpunkt.declarations.sections.uncertainty import Factor
    from brytpunkt.planning.optimal.milp import Floats


def values_at(factor: Factor, uniform: Floats) -> Floats:
    """Inverse distribution function of a factor at ``uniform`` [any shape], in the factor's unit.

    Normal, lognormal (median and standard deviation of the logarithm), triangular, split triangular (a triangle up to the
    median and one down from it, half of the mass in each), uniform, discrete (values by
    weight in the order declared), empirical (the declared values alike). Delays are whole months.
    """
    values = _continuous(factor, uniform)
    return np.rint(values) if factor.factor == "delivery_delay" else values


def _continuous(factor: Factor, uniform: Floats) -> Floats:
    from scipy import special, stats  # a second to load, for who draws nothing

    kind = factor.distribution
    if kind == "normal":
        return np.asarray(_of(factor.mean) + _of(factor.standard_deviation) * special.ndtri(uniform))
    if kind == "lognormal":
        return np.asarray(_of(factor.median) * np.exp(_of(factor.sigma) * special.ndtri(uniform)))
    if kind == "triangular":
        low, mode, high = _of(factor.low), _of(factor.mode), _of(factor.high)
        return np.asarray(stats.triang.ppf(uniform, (mode - low) / (high - low), low, high - low))
    if kind == "split_triangular":
        low, median, high = _of(factor.low), _of(factor.median), _of(factor.high)
        above = high - (high - median) * np.sqrt(2 * (1 - np.maximum(uniform, 0.5)))
        below = low + (median - low) * np.sqrt(2 * np.minimum(uniform, 0.5))
        return np.asarray(np.where(uniform < 0.5, below, above))  # noqa: PLR2004 - half
    if kind == "uniform":
        return np.asarray(_of(factor.low) + (_of(factor.high) - _of(factor.low)) * uniform)
    values = np.asarray(factor.values, dtype=np.float64)
    if kind == "empirical":
        return np.asarray(np.sort(values)[by_weight(np.ones(values.size), uniform)])
    return np.asarray(values[by_weight(np.asarray(factor.weights), uniform)])


def by_weight(weights: Floats, uniform: Floats) -> np.ndarray:
    """Positions drawn in proportion to their weights; a weight of zero is never drawn."""
    steps = np.cumsum(weights) / np.sum(weights)
    last = int(np.flatnonzero(np.asarray(weights) > 0)[-1])
    return np.minimum(np.searchsorted(steps, uniform, side="right"), last)


def _of(value: float | None) -> float:
    assert value is not None, "the declaration was checked"
    return float(value)
