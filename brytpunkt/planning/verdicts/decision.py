"""The decision: build now, wait, rent, no clear difference, or infeasible, and why; a pure function of what plans cost.

In: what the recommended plan and ``rent`` cost, and W(k), the cost of the optimum with no order before month k. Out: the verdict,
the window in which the order may still be placed, the reason, and whether a little more or less would change it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from brytpunkt.declarations.sections.verdict import VerdictRules

Verdict = Literal["infeasible", "rent", "no_clear_difference", "build_now", "wait"]
Reason = Literal[
    "nothing_feasible", "owns_nothing", "saving_below_least", "saving_below_gap", "mean_saving_not_positive", "seldom_cheaper",
    "window_ends_before_review", "window_ends_later",
]  # fmt: skip
VERDICT_OF: Final[dict[Reason, Verdict]] = {
    "nothing_feasible": "infeasible",
    "owns_nothing": "rent",
    "saving_below_least": "no_clear_difference",
    "saving_below_gap": "no_clear_difference",
    "mean_saving_not_positive": "no_clear_difference",
    "seldom_cheaper": "no_clear_difference",
    "window_ends_before_review": "build_now",
    "window_ends_later": "wait",
}
SLACK_OF_SAVING: Final = 0.05
LEAST_CHEAPER_SHARE: Final = 0.4
LEAST_ORDER_SHARE: Final = 0.1
NUDGES: Final = (0.8, 1.2)
EQUAL: Final = 1e-9
"""Relative: shares and slacks that differ by less are equal."""


@dataclass(frozen=True)
class Costs:
    """What is decided on; present values in the plan's currency.

    ``best``: of the recommended plan, None where nothing is feasible; ``owns``: whether it owns anything; ``gap``: the programme's,
    as a share of ``best``. ``rent``: None where renting is infeasible; ``rent_gap``: its own, as a share. ``waiting``: W(k) for
    0 < k < ``horizon``, None where no order before k is infeasible. ``mean_saving`` over the drawn worlds and the share of them in
    which the plan is cheaper than ``rent``; None: not drawn.
    """

    best: float | None
    owns: bool
    rent: float | None
    waiting: Callable[[int], float | None]
    horizon: int
    gap: float = 0.0
    rent_gap: float = 0.0
    mean_saving: float | None = None
    cheaper_share: float | None = None


@dataclass(frozen=True)
class Decision:
    """A verdict.

    ``window_end``: the last month k with W(k) - W(0) within the ``slack``, None where the order is not in question; equal to the
    horizon it means that the order may wait for good. ``saving``: rent less the recommended plan, None where renting is infeasible
    or nothing is feasible. ``is_close``: a saving or a slack 20 % larger or smaller changes the verdict.
    """

    verdict: Verdict
    reason: Reason
    window_end: int | None
    saving: float | None
    slack: float | None
    is_close: bool


def decide(costs: Costs, rules: VerdictRules) -> Decision:
    """The verdict, tested in this order: infeasible, rent, no clear difference, build now, wait.

    W(k) is asked for by bisection, each k once. It never falls with k: what a later k finds for less is a candidate of every
    earlier one, and counts there.
    """
    if costs.best is None:
        return Decision("infeasible", "nothing_feasible", None, None, None, is_close=False)
    saving = None if costs.rent is None else costs.rent - costs.best
    window = Window(costs, costs.best)
    reason, end, slack = _tested(costs, rules, costs.best, window)
    verdict = VERDICT_OF[reason]
    nudged = [pair for nudge in NUDGES for pair in ((nudge, 1.0), (1.0, nudge))]
    is_close = any(
        VERDICT_OF[_tested(costs, rules, costs.best, window, *pair)[0]] != verdict for pair in nudged
    )
    return Decision(verdict, reason, end, saving, slack, is_close)


class Window:
    """W(k) less the recommended plan's cost, asked for once a month k."""

    def __init__(self, costs: Costs, best: float) -> None:
        self._costs, self._best = costs, best
        self._found: dict[int, float] = {0: 0.0}

    def dearer_by(self, k: int) -> float:
        """What ordering nothing before month k costs more; infinite where it is infeasible. [plan currency]"""
        if k not in self._found:
            costs = self._costs
            value = costs.rent if k >= costs.horizon else costs.waiting(k)
            self._found[k] = float("inf") if value is None else max(0.0, value - self._best)
        return min(extra for month, extra in self._found.items() if month >= k)

    def end(self, slack: float) -> int:
        """The last month k of 0..horizon that costs more by no more than ``slack``."""
        if self.dearer_by(self._costs.horizon) <= slack:
            return self._costs.horizon
        within, beyond = 0, self._costs.horizon
        while beyond - within > 1:
            middle = (within + beyond) // 2
            if self.dearer_by(middle) <= slack:
                within = middle
            else:
                beyond = middle
        return within


def first_order(purchases: Iterable[tuple[int, float]], total: float) -> int | None:
    """The month of the first order that counts: what is ordered up to it reaches a tenth of what the plan costs.

    ``purchases``: month of the first payment or of a signature that cannot be undone, and its present value; ``total``: of the
    whole plan. None where nothing that counts is ever ordered.
    """
    by_month: dict[int, float] = {}
    for month, amount in purchases:
        by_month[month] = by_month.get(month, 0.0) + amount
    ordered = 0.0
    for month in sorted(by_month):
        ordered += by_month[month]
        if ordered >= LEAST_ORDER_SHARE * total * (1 - EQUAL):
            return month
    return None


def _tested(
    costs: Costs,
    rules: VerdictRules,
    best: float,
    window: Window,
    saving_nudge: float = 1.0,
    slack_nudge: float = 1.0,
) -> tuple[Reason, int | None, float | None]:
    """The first test that decides, the end of the window and the slack, with saving and slack nudged."""
    if not costs.owns:
        return "owns_nothing", None, None
    saving = 0.0
    if costs.rent is not None:
        saving = (costs.rent - best) * saving_nudge
        share = saving / abs(costs.rent) if costs.rent else 0.0
        if share < rules.least_saving_share * (1 - EQUAL):
            return "saving_below_least", None, None
        if share < costs.rent_gap * (1 - EQUAL):
            return "saving_below_gap", None, None
        if costs.mean_saving is not None and costs.mean_saving <= 0:
            return "mean_saving_not_positive", None, None
        if costs.cheaper_share is not None and costs.cheaper_share < LEAST_CHEAPER_SHARE:
            return "seldom_cheaper", None, None
    slack = max(costs.gap * abs(best), SLACK_OF_SAVING * saving) * slack_nudge * (1 + EQUAL)
    end = window.end(slack)
    return ("window_ends_before_review" if end < rules.review_months else "window_ends_later"), end, slack
