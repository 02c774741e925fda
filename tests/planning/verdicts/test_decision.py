"""The verdict as a pure function: the order of its tests, the window by bisection, and when it is close."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from brytpunkt.declarations.sections.verdict import VerdictRules
from brytpunkt.planning.verdicts.decision import (
    LEAST_CHEAPER_SHARE,
    NUDGES,
    VERDICT_OF,
    Costs,
    Decision,
    Window,
    decide,
    first_order,
)

RULES = VerdictRules()
HORIZON = 36


def costs(waits: Sequence[float | None] | None = None, **given_: Any) -> Costs:
    """A plan of 900 against rent of 1,000, where each month of waiting costs 5; ``waits`` lists W(1), W(2), ..."""
    asked: dict[str, Any] = {"best": 900.0, "owns": True, "rent": 1000.0, "horizon": HORIZON}
    if waits is not None:
        asked["horizon"] = len(waits) + 1
        asked["waiting"] = lambda k: waits[k - 1]
    else:
        asked["waiting"] = lambda k: min(1000.0, 900.0 + 5.0 * k)
    return Costs(**(asked | given_))


def test_an_order_that_may_not_wait_is_placed_now() -> None:
    """Slack is 5 % of 100: one month of waiting costs just that, two do not fit."""
    found = decide(costs(), RULES)
    assert (found.verdict, found.reason) == ("build_now", "window_ends_before_review")
    assert (found.window_end, found.saving) == (1, 100.0)
    assert found.slack == pytest.approx(5.0)
    assert not found.is_close


def test_an_order_that_may_wait_longer_than_the_review_waits() -> None:
    found = decide(costs([900.0] * 9 + [960.0] * 10), RULES)
    assert (found.verdict, found.window_end) == ("wait", 9)


def test_the_window_ends_before_the_review_or_it_does_not() -> None:
    assert decide(costs([900.0] * 5 + [960.0] * 10), RULES).verdict == "build_now"
    assert decide(costs([900.0] * 6 + [960.0] * 10), RULES).verdict == "wait"
    later = VerdictRules(review_months=7)
    assert decide(costs([900.0] * 6 + [960.0] * 10), later).verdict == "build_now"


def test_the_programmes_gap_is_slack() -> None:
    """A gap of 2 % of 900 is 18: three months of 5 fit."""
    found = decide(costs(gap=0.02), RULES)
    assert found.window_end == 3
    assert found.slack == pytest.approx(18.0)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"best": None, "owns": False, "rent": None}, "nothing_feasible"),
        ({"best": 1000.0, "owns": False}, "owns_nothing"),
        ({"best": 970.01}, "saving_below_least"),
        ({"best": 970.0}, "window_ends_before_review"),
        ({"rent_gap": 0.11}, "saving_below_gap"),
        ({"mean_saving": 0.0, "cheaper_share": 0.9}, "mean_saving_not_positive"),
        ({"mean_saving": 1.0, "cheaper_share": 0.39}, "seldom_cheaper"),
        ({"mean_saving": 1.0, "cheaper_share": 0.4}, "window_ends_before_review"),
    ],
)
def test_each_test_by_itself(change: dict[str, Any], reason: str) -> None:
    waiting = lambda k: (change.get("best") or 900.0) + 5.0 * k  # noqa: E731 - one line a case
    found = decide(costs(**{"waiting": waiting} | change), RULES)
    assert found.reason == reason
    assert found.verdict == VERDICT_OF[found.reason]


def test_where_renting_is_infeasible_there_is_no_saving_and_no_test_of_it() -> None:
    """Draws in which the plan loses against a rent that nobody may pay say nothing; waiting for good is infeasible, too."""
    found = decide(costs([900.0] * 7 + [None] * 10, rent=None, mean_saving=-5.0, cheaper_share=0.0), RULES)
    assert (found.verdict, found.window_end, found.saving) == ("wait", 7, None)
    assert found.slack == pytest.approx(0.0, abs=1e-6)


def test_a_later_plan_found_for_less_is_a_candidate_of_every_earlier_month() -> None:
    """The solver finds 907 for month 1 and 904 for month 2, and ordering in month 2 is ordering nothing before month 1."""
    found = costs([907.0, 904.0, 950.0, 950.0])
    assert decide(found, RULES).window_end == 2
    window = Window(found, 900.0)
    assert window.dearer_by(1) == 7.0
    assert window.dearer_by(2) == 4.0
    assert window.dearer_by(1) == 4.0


def test_waiting_for_good_is_renting() -> None:
    """A gap as large as the saving: no month is worse than another, and the window is the whole plan."""
    found = decide(costs(gap=0.12), RULES)
    assert (found.verdict, found.window_end) == ("wait", HORIZON)


@pytest.mark.parametrize(("best", "is_close"), [(970.5, True), (976.0, False), (969.0, True), (960.0, False)])
def test_a_saving_near_its_threshold_is_close(best: float, is_close: bool) -> None:
    """Of 1,000 the threshold is 30: 29.5 x 1.2 and 31 x 0.8 cross it, 24 x 1.2 and 40 x 0.8 do not."""
    assert decide(costs(best=best, waiting=lambda k: best + 50.0 * k), RULES).is_close == is_close


def test_a_slack_near_the_review_is_close() -> None:
    """Month 6 costs 5.5 more: beyond a slack of 5, within one of 6."""
    assert decide(costs([900.0] * 5 + [905.5] * 3 + [1000.0] * 10), RULES).is_close
    assert not decide(costs([900.0] * 5 + [906.5] * 3 + [1000.0] * 10), RULES).is_close


def scanned(asked: Costs, slack: float) -> int:
    """The end of the window by looking at every month from the last one down."""
    assert asked.best is not None
    for k in range(asked.horizon, 0, -1):
        value = asked.rent if k == asked.horizon else asked.waiting(k)
        if value is not None and value - asked.best <= slack:
            return k
    return 0


@st.composite
def situations(draw: st.DrawFn) -> Costs:
    """Any situation with W(k) that never falls, infeasible from some month on or not."""
    best = draw(st.floats(100, 10_000))
    steps = draw(st.lists(st.one_of(st.just(0.0), st.floats(0, 0.05)), min_size=2, max_size=40))
    waits: list[float | None] = []
    value = best
    for step in steps:
        value += best * step
        waits.append(value)
    gone = draw(st.integers(0, len(waits)))
    if draw(st.booleans()):
        waits[gone:] = [None] * (len(waits) - gone)
        rent = None
    else:
        rent = value
    asked = set()

    def waiting(k: int) -> float | None:
        assert k not in asked, "each k is a programme: asked for once"
        assert 0 < k < len(waits)
        asked.add(k)
        return waits[k - 1]

    is_drawn = draw(st.booleans())
    return Costs(
        best=draw(st.sampled_from([best] * 9 + [None])),
        owns=draw(st.sampled_from([True] * 5 + [False])),
        rent=rent,
        waiting=waiting,
        horizon=len(waits),
        gap=draw(st.sampled_from([0.0, 0.001, 0.02])),
        rent_gap=draw(st.sampled_from([0.0, 0.01, 0.2])),
        mean_saving=draw(st.floats(-10, 100)) if is_drawn else None,
        cheaper_share=draw(st.floats(0, 1)) if is_drawn else None,
    )


def again(asked: Costs, waits: dict[int, float | None], **change: Any) -> Decision:
    """The decision of the same situation from a list of what waiting costs."""
    return decide(replace(asked, waiting=waits.__getitem__, **change), RULES)


@given(situations())
def test_bisection_finds_what_a_scan_finds_and_the_order_of_tests_holds(asked: Costs) -> None:
    raw = asked.waiting
    waits = {k: raw(k) for k in range(1, asked.horizon)}
    found = again(asked, waits)
    event(found.reason)
    event(f"close: {found.is_close}")
    if asked.best is None:
        assert found.verdict == "infeasible"
        return
    if not asked.owns:
        assert found.verdict == "rent"
        return
    saving = None if asked.rent is None else asked.rent - asked.best
    assert found.saving == saving
    unclear = saving is not None and (
        saving / (asked.rent or 1) < max(RULES.least_saving_share, asked.rent_gap) - 1e-9
        or (asked.mean_saving is not None and asked.mean_saving <= 0)
        or (asked.cheaper_share is not None and asked.cheaper_share < LEAST_CHEAPER_SHARE)
    )
    if unclear:
        assert found.verdict == "no_clear_difference"
    if found.slack is not None:
        assert found.window_end == scanned(replace(asked, waiting=waits.__getitem__), found.slack)
        assert (found.verdict == "build_now") == (found.window_end < RULES.review_months)


@given(situations())
def test_each_month_is_asked_for_once_and_few_are(asked: Costs) -> None:
    decide(asked, RULES)  # asserts in ``situations``


@given(situations(), st.sampled_from(NUDGES))
def test_a_verdict_that_is_not_close_stands_a_nudge_of_the_saving(asked: Costs, nudge: float) -> None:
    """The saving is nudged by moving rent and threshold alike: the share scales, W(k) stays."""
    raw = asked.waiting
    waits = {k: raw(k) for k in range(1, asked.horizon)}
    found = again(asked, waits)
    if found.is_close or asked.best is None or asked.rent is None or not asked.owns:
        return
    loose = VerdictRules(least_saving_share=min(1.0, RULES.least_saving_share / nudge))
    moved = decide(replace(asked, waiting=waits.__getitem__, rent_gap=asked.rent_gap / nudge), loose)
    event(found.verdict)
    assert (moved.verdict == "no_clear_difference") == (found.verdict == "no_clear_difference")


def test_an_order_counts_from_a_tenth_of_what_the_plan_costs() -> None:
    """A switch for 50 in month 0 is no order; with 60 in month 4 a tenth of 1,000 is reached; later orders are later."""
    assert first_order([(4, 60.0), (0, 50.0), (9, 400.0)], 1000.0) == 4
    assert first_order([(3, 40.0), (3, 60.0)], 1000.0) == 3
    assert first_order([(0, 99.0)], 1000.0) is None
    assert first_order([], 1000.0) is None
