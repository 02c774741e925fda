"""Internal rate of return: every rate at which flows are worth nothing, because there may be none, or several."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from brytpunkt.planning.inputs.units import MONTHS_PER_YEAR

NOTHING = 1e-12  # share of the flows' own size, below which what they add up to is their rounding
HALVINGS = 200


@dataclass(frozen=True)
class InternalRate:
    """Rates per year, ascending; ``kind`` says whether that is one, none or several."""

    rates: tuple[float, ...]

    @property
    def kind(self) -> Literal["one", "none", "several"]:
        """How many there are."""
        return "none" if not self.rates else "one" if len(self.rates) == 1 else "several"


def internal_rate(flows: Sequence[float]) -> InternalRate:
    """All internal rates above -100 % of flows at 0, 1, 2 ... months, as annual rates ``(1 + monthly) ** 12 - 1``.

    No range is searched. Worth grown by ``m`` months, ``sum of f(k) exp(s (m - k))`` with ``s = log(1 + monthly)``, has
    the roots of the worth, and its slope has the flows ``f(k) (m - k)``. With ``m`` between two flows of opposite sign
    these change sign once less (the step in the proof of Descartes' rule of signs), down to flows of one sign, whose
    worth is never nothing. Between two roots of the slope the worth has at most one root; where it only touches
    nothing, it does so at a root of the slope.
    """
    amounts = np.asarray(flows, dtype=np.float64)
    months = np.flatnonzero(amounts).astype(np.float64)
    roots = _roots(amounts[amounts != 0], months)
    return InternalRate(tuple(float(np.expm1(MONTHS_PER_YEAR * root)) for root in roots))


def _roots(amounts: np.ndarray, months: np.ndarray) -> list[float]:
    """Every log(1 + monthly rate) at which non-zero amounts in ascending months are worth nothing, ascending."""
    changes = np.flatnonzero(np.sign(amounts[1:]) != np.sign(amounts[:-1]))
    if not changes.size:
        return []
    at = changes[changes.size // 2]
    grown = (months[at] + months[at + 1]) / 2
    turns = _roots(amounts * (grown - months), months)
    found = [turn for turn in turns if _sign(amounts, months, turn) == 0]
    for left, right in zip([None, *turns], [*turns, None], strict=True):
        low = _beyond(amounts, months, right, -1.0) if left is None else left
        high = _beyond(amounts, months, left, 1.0) if right is None else right
        if _sign(amounts, months, low) * _sign(amounts, months, high) < 0:
            found.append(_halved(amounts, months, low, high))
    return sorted(found)


def _sign(amounts: np.ndarray, months: np.ndarray, log_rate: float, nothing: float = NOTHING) -> float:
    """Sign of the worth: -1, 0 or 1. The largest discount factor is taken as one, so that none overflows."""
    powers = -log_rate * months
    terms = amounts * np.exp(powers - powers.max())
    worth = terms.sum()
    return 0.0 if abs(worth) <= nothing * np.abs(terms).sum() else float(np.sign(worth))


def _beyond(amounts: np.ndarray, months: np.ndarray, turn: float | None, direction: float) -> float:
    """A log rate on that side of the last turn, from where on the first (or the last) flow decides the sign."""
    final = np.sign(amounts[0] if direction > 0 else amounts[-1])
    step = 1 / MONTHS_PER_YEAR
    while _sign(amounts, months, (turn or 0.0) + direction * step) != final:
        step *= 2
    return (turn or 0.0) + direction * step


def _halved(amounts: np.ndarray, months: np.ndarray, low: float, high: float) -> float:
    """The only root between two log rates at which the worth has opposite signs."""
    before = _sign(amounts, months, low)
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        if middle in (low, high):
            break
        if _sign(amounts, months, middle, nothing=0.0) == before:
            low = middle
        else:
            high = middle
    return (low + high) / 2
