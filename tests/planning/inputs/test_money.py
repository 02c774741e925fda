"""Money: rates, rounding, annuities and continuing value."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from brytpunkt.declarations import Finance
from brytpunkt.planning.inputs.money import (
    annuity,
    annuity_left,
    cents,
    monthly_rate,
    total,
    whole,
)


def finance(**changes: object) -> Finance:
    """A finance section with the given changes."""
    declared = {
        "start": "2027-01-01",
        "horizon_months": 12,
        "currency": "EUR",
        "discount_rate_per_year": 0.08,
    }
    return Finance.model_validate_json(__import__("json").dumps(declared | changes))


def evaluate(expression: pl.Expr, **columns: list[float]) -> list[float]:
    """Values of an expression over the given columns."""
    return pl.DataFrame(columns).select(value=expression)["value"].to_list()


def test_monthly_rate_compounds_to_the_annual_one() -> None:
    assert (1 + monthly_rate(finance())) ** 12 == pytest.approx(1.08)


def test_real_rate_is_converted_with_fishers_relation() -> None:
    rate = monthly_rate(
        finance(discount_rate_per_year=0.05, discount_rate_basis="real", inflation_per_year=0.02)
    )
    assert (1 + rate) ** 12 == pytest.approx(1.05 * 1.02)


def test_cents_round_half_to_even() -> None:
    assert evaluate(cents(pl.col("x")), x=[0.125, 0.375, -0.125, 2.0]) == [12, 38, -12, 200]


def test_annuity_of_a_loan_known_from_textbooks() -> None:
    # 100,000 over 60 months at 1 % a month is 2,224.44 a month.
    factor = annuity(0.01, 60)
    assert 100_000 * factor == pytest.approx(2224.44, abs=0.01)


def test_continuing_value_is_what_the_remaining_payments_are_worth() -> None:
    payment = 1000 * annuity(0.01, 60)
    by_hand = sum(payment / 1.01**month for month in range(1, 25))
    assert 1000 * float(annuity_left(0.01, 60, 24)) == pytest.approx(by_hand)


@pytest.mark.parametrize(
    ("rate", "left", "expected"), [(0.0, 15, 0.25), (0.01, 60, 1.0), (0.01, 0, 0.0), (0.01, -5, 0.0)]
)
def test_continuing_value_at_the_ends(rate: float, left: int, expected: float) -> None:
    column = pl.select(annuity_left(rate, pl.lit(60), pl.lit(left))).item()
    array = annuity_left(rate, np.array([60, 12]), np.array([left, 6]))
    assert column == array[0] == pytest.approx(expected)
    assert float(annuity_left(rate, 60, left)) == array[0]


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=50), st.randoms())
def test_total_does_not_depend_on_the_order(values: list[float], random: object) -> None:
    shuffled = sorted(values, key=lambda _: random.random())  # type: ignore[attr-defined]
    assert evaluate(total(pl.col("x")), x=values) == evaluate(total(pl.col("x")), x=shuffled)


def test_a_billionth_above_a_whole_unit_is_still_that_unit() -> None:
    assert evaluate(whole(pl.col("x")), x=[3.0000000001, 3.001, 0.0, 2.9999]) == [3, 4, 0, 3]
    assert whole(np.array([3.0000000001, 3.001, 0.0, 2.9999])).tolist() == [3, 4, 0, 3]
