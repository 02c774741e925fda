"""Centring: whether the median of a drawn factor is the plan's own value.

Belongs here: the plan's value of a factor, its median, and what is exempt. Does not belong here: distributions themselves.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

from brytpunkt.declarations.sections.uncertainty import CONNECTION
from brytpunkt.planning.risk.sampling.distributions import values_at

if TYPE_CHECKING:
    from brytpunkt.declarations.sections.uncertainty import Factor
    from brytpunkt.planning.optimal.milp import Floats

Centring = Literal["centred", "one_sided", "success", "not_centred"]
CHANGES = ("demand_growth", "efficiency_gain", "cloud_price_path", "token_price_path")
ONE_SIDED = ("delivery_delay",)
TOLERANCE = 1e-9
FINEST = 1e-4  # to which multiples are told apart where several years are drawn


def planned_value(factor: Factor) -> float:
    """The value that a factor has in the plan: no change, no delay, once the planned figure, a project that succeeds."""
    return 0.0 if factor.factor in (*CHANGES, *ONE_SIDED, CONNECTION) else 1.0


def median_of(factor: Factor) -> float:
    """Median of a factor, in its unit; of historical years, which are scaled to it, the plan's value."""
    if factor.distribution == "historical_years":
        return planned_value(factor)
    return float(values_at(factor, np.array([0.5]))[0])


def centring_of(factor: Factor) -> Centring:
    """Whether half of a factor's draws lie on either side of the plan's value.

    Exempt are what can only be late, whose plan is its best case, and whether a project succeeds, whose plan is that it does.
    """
    if factor.factor in ONE_SIDED:
        return "one_sided"
    if factor.factor == "production_success":
        return "success"
    away = abs(median_of(factor) - planned_value(factor))
    return "centred" if away <= TOLERANCE else "not_centred"


def median_of_means(values: Floats, weights: Floats, count: int) -> float:
    """Median of the mean of ``count`` independent draws from values with weights.

    Exact for one draw, else from the whole distribution on a grid of ``FINEST``. Where half of the mass ends between two
    values, the middle between them.

    >>> median_of_means(np.array([0.5, 1.0, 3.0]), np.ones(3), 1)
    1.0
    >>> round(median_of_means(np.array([1.0, 2.0]), np.ones(2), 2), 6)
    1.5
    """
    mass = np.asarray(weights) / np.sum(weights)
    if count == 1:
        order = np.argsort(values, kind="stable")
        return _median(values[order], mass[order])
    steps = np.rint(values / FINEST).astype(np.int64)
    least = int(steps.min())
    single = np.bincount(steps - least, weights=mass)
    size = count * (single.size - 1) + 1
    length = 1 << (size - 1).bit_length() if size > 1 else 1
    together = np.fft.irfft(np.fft.rfft(single, 2 * length) ** count, 2 * length)[:size]
    means = (np.arange(size) + count * least) * (FINEST / count)
    return _median(np.asarray(means), np.asarray(np.maximum(together, 0.0), dtype=np.float64))


def _median(ordered: Floats, mass: Floats) -> float:
    """Median of ordered values with their mass."""
    below = np.cumsum(mass) / mass.sum()
    low = int(np.searchsorted(below, 0.5 - TOLERANCE))
    high = int(np.searchsorted(below, 0.5 + TOLERANCE))
    return float((ordered[low] + ordered[high]) / 2)
