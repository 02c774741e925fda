"""Statistics against functions whose answers are known."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import special, stats
from scipy.stats import qmc

from brytpunkt.planning.risk.results.statistics import (
    by_replicate,
    first_order,
    groups_of,
    partial_information,
    perfect_information,
    quantile,
    standard_error,
    total_order,
)

# Ishigami and Homma (1990) with a = 7, b = 0.1
FIRST = (0.3139, 0.4424, 0.0)
TOTAL = (0.5576, 0.4424, 0.2437)


def ishigami(x: np.ndarray) -> np.ndarray:
    return np.asarray(np.sin(x[:, 0]) + 7 * np.sin(x[:, 1]) ** 2 + 0.1 * x[:, 2] ** 4 * np.sin(x[:, 0]))


def points(count: int, dimensions: int, seed: int = 1) -> np.ndarray:
    return np.asarray(qmc.Sobol(dimensions, rng=np.random.default_rng(seed)).random(count))


def test_first_order_indices_of_ishigami() -> None:
    x = np.pi * (2 * points(16_384, 3) - 1)
    output = ishigami(x)
    found = [first_order(x[:, at], output) for at in range(3)]
    assert found == pytest.approx(FIRST, abs=0.006)


def test_total_indices_of_ishigami() -> None:
    both = np.pi * (2 * points(16_384, 6) - 1)
    base, other = both[:, :3], both[:, 3:]
    found = []
    for at in range(3):
        mixed = base.copy()
        mixed[:, at] = other[:, at]
        found.append(total_order(ishigami(base), ishigami(mixed)))
    assert found == pytest.approx(TOTAL, abs=0.01)


def test_win_probability_of_two_normal_costs() -> None:
    normal = special.ndtri(points(8192, 2))
    one, other = 10 + 2 * normal[:, 0], 11 + 3 * normal[:, 1]
    replicate = np.arange(8192) // 1024
    share, error = by_replicate(replicate, lambda rows: float((one[rows] < other[rows]).mean()))
    assert share == pytest.approx(stats.norm.cdf(1 / np.sqrt(13)), abs=0.002)
    assert 0 < error < 0.01


def test_information_about_the_only_uncertain_figure_is_worth_what_everything_is() -> None:
    x = special.ndtri(points(8192, 1))[:, 0]
    costs = np.stack([np.zeros(8192), x], axis=1)  # rent costs 0, own costs x
    replicate = np.arange(8192) // 1024
    everything, _ = perfect_information(costs, replicate)
    assert everything == pytest.approx(1 / np.sqrt(2 * np.pi), abs=0.003)  # E[max(0, -x)]
    partial, error = partial_information(x, costs, replicate)
    assert partial == pytest.approx(everything, abs=0.01)
    assert error < 0.02


def test_information_about_what_does_not_matter_is_worth_nothing() -> None:
    both = special.ndtri(points(8192, 2))
    costs = np.stack([np.zeros(8192), 0.5 + both[:, 0]], axis=1)
    replicate = np.arange(8192) // 1024
    partial, _ = partial_information(both[:, 1], costs, replicate)
    everything, _ = perfect_information(costs, replicate)
    assert partial < 0.02 * everything


def test_never_is_infinity_in_quantiles() -> None:
    months = np.array([3.0, np.inf, 12.0, np.inf, 40.0])
    assert quantile(months, 0.1) == 3.0
    assert quantile(months, 0.5) == 40.0
    assert quantile(months, 0.9) == np.inf


def test_few_values_are_groups_of_their_own() -> None:
    assert groups_of(np.array([2.0, 5.0, 2.0, 9.0])).tolist() == [0, 1, 0, 2]
    sizes = np.bincount(groups_of(np.linspace(0, 1, 4096)))
    assert sizes.tolist() == [256] * 16


def test_no_error_without_spread() -> None:
    assert np.isnan(standard_error(np.array([1.0])))
    assert standard_error(np.array([1.0, 1.0])) == 0.0
