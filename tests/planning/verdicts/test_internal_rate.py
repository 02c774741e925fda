"""Internal rates: every rate above -100 % a month, however high, and roots that only touch nothing."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from brytpunkt.planning.verdicts.internal_rate import internal_rate


def yearly(monthly: float) -> float:
    """A rate a month as a rate a year."""
    return float((1 + monthly) ** 12 - 1)


def worthless_at(*growths: float) -> list[float]:
    """Flows that are worth nothing exactly at these monthly growth factors: the product of (x - growth)."""
    return [float(each) for each in np.poly(growths)]


def test_a_purchase_that_pays_itself_back_in_four_months() -> None:
    """100,000 spent, 27,000 saved a month for ten years: 27 % a month but for the end, 1,661 % a year."""
    found = internal_rate([-100_000.0, *([27_000.0] * 120)])
    assert found.rates == pytest.approx((yearly(0.27),), rel=1e-9)


@pytest.mark.parametrize("monthly", [-0.999, -0.6, -0.25, 0.0, 0.35, 4.0, 900.0])
def test_a_single_payment_returns_what_it_returns(monthly: float) -> None:
    found = internal_rate([0.0, 0.0, -1000.0, 1000.0 * (1 + monthly)])
    assert found.rates == pytest.approx((yearly(monthly),), rel=1e-9, abs=1e-12)


def test_a_root_that_only_touches_nothing_is_a_root() -> None:
    """-(x - 1.05)^2: worth below nothing at every rate but 5 % a month, where it is nothing."""
    found = internal_rate([-each for each in worthless_at(1.05, 1.05)])
    assert found.kind == "one"
    assert found.rates == pytest.approx((yearly(0.05),), rel=1e-6)


def test_a_touching_root_beside_crossing_ones() -> None:
    found = internal_rate(worthless_at(0.4, 1.02, 1.02, 1.5))
    assert found.kind == "several"
    assert found.rates == pytest.approx((yearly(-0.6), yearly(0.02), yearly(0.5)), rel=1e-6)


def test_a_near_miss_is_no_root() -> None:
    """The smallest worth of 100 (x - 1.1)^2 + 0.01 is above nothing."""
    assert internal_rate([100.0, -220.0, 121.01]).kind == "none"


def test_no_flow_overflows() -> None:
    assert internal_rate([-1.0, *([0.0] * 599), 2.0]).rates == pytest.approx((2 ** (12 / 600) - 1,))


@given(
    st.lists(st.sampled_from([0.1, 0.5, 0.9, 1.0, 1.03, 1.2, 2.0, 30.0]), min_size=1, max_size=4, unique=True)
)
def test_all_of_several_rates_are_found(growths: list[float]) -> None:
    found = internal_rate(worthless_at(*growths))
    assert found.rates == pytest.approx(
        tuple(yearly(growth - 1) for growth in sorted(growths)), rel=1e-6, abs=1e-6
    )
