"""Internal rate of return: every rate at which flows are worth nothing, because there may be none, or several."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from brytpunkt.planning.inputs.units import MONTHS_PER_YEAR

LOWEST, HIGHEST, POINTS = -0.95, 10.0, 4001
STEPS = 80


@dataclass(frozen=True)
class InternalRate:
    """Rates per year, ascending; ``kind`` says whether that is one, none or several."""

    rates: tuple[float, ...]

    @property
    def kind(self) -> Literal["one", "none", "several"]:
        """How many there are."""
        return "none" if not self.rates else "one" if len(self.rates) == 1 else "several"


def internal_rate(flows: Sequence[float]) -> InternalRate:
    """Internal rates of monthly flows, as annual rates between -95 % and 1,000 %.

    The net present value is scanned over a grid even in log(1 + rate); each change of sign is halved down.
    """
    amounts = np.asarray(flows, dtype=np.float64)
    if not amounts.any():
        return InternalRate(())
    months = np.arange(amounts.size)

    def value(log_rate: float) -> float:
        return float(amounts @ np.exp(-log_rate * months / MONTHS_PER_YEAR))

    grid = np.linspace(np.log1p(LOWEST), np.log1p(HIGHEST), POINTS)
    signs = [np.sign(value(float(at))) for at in grid]
    roots = [float(at) for at, sign in zip(grid, signs, strict=True) if sign == 0]
    for left, right, before, after in zip(grid, grid[1:], signs, signs[1:], strict=False):
        if before * after < 0:
            low, high = float(left), float(right)
            for _ in range(STEPS):
                middle = (low + high) / 2
                low, high = (middle, high) if np.sign(value(middle)) == before else (low, middle)
            roots.append((low + high) / 2)
    return InternalRate(tuple(float(np.expm1(root)) for root in sorted(roots)))
