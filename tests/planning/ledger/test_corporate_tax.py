"""Tax, depreciation, losses, return and financing: by hand, against slow loops, and at the limits."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from brytpunkt.declarations import Money
from brytpunkt.declarations.sections.taxation import Depreciation, Financing, Tax
from brytpunkt.planning.inputs.planning_inputs import Facts
from brytpunkt.planning.ledger.corporate_tax import relief, tax_rows, written_off, yearly_shares
from brytpunkt.planning.ledger.evaluate import evaluate
from brytpunkt.planning.ledger.ledger import mix_ledger
from brytpunkt.planning.optimal.dispatch import dispatch
from brytpunkt.planning.optimal.shocks import own_field, own_mix
from brytpunkt.planning.verdicts.financing import compare_financing
from brytpunkt.planning.verdicts.internal_rate import internal_rate
from tests.planning.optimal.test_optimal import planned

SWEDEN = 0.206


def test_straight_line_and_a_part_of_a_year() -> None:
    assert yearly_shares(Depreciation(years=5.0)) == pytest.approx((0.2,) * 5)
    assert yearly_shares(Depreciation(years=2.5)) == pytest.approx((0.4, 0.4, 0.2))


def test_declining_balance_falls_to_the_straight_line() -> None:
    """30 % of the book value, at least down to 20 % a year: 1 -> 0.7 -> 0.49 -> 0.343 -> 0.2 -> 0."""
    shares = yearly_shares(Depreciation(method="declining"))
    assert shares == pytest.approx((0.3, 0.21, 0.147, 0.143, 0.2))


def test_a_declared_table() -> None:
    shares = yearly_shares(Depreciation(method="table", table_shares=(0.5, 0.3, 0.2)))
    assert shares == (0.5, 0.3, 0.2)
    assert written_off(Depreciation(method="table", table_shares=(0.5, 0.5)), 30)[[0, 6, 12, 24, 30]] == (
        pytest.approx([0, 0.25, 0.5, 1, 1])
    )


@given(st.sampled_from(["straight_line", "declining"]), st.floats(1, 12))
def test_the_whole_cost_is_written_off_and_never_more(method: Any, years: float) -> None:
    shares = yearly_shares(Depreciation(method=method, years=years))
    assert sum(shares) == pytest.approx(1)
    assert min(shares) >= -1e-12


def test_losses_wait_for_income_by_hand() -> None:
    """Deductions 150, 0, 50 against an income of 100: 50 waits a year; tax at 20 % saves 20, 10, 10."""
    deductions = np.zeros(36)
    deductions[[3, 30]] = 150, 50
    saved, carried = relief(deductions, Tax(rate=0.2), 100.0)
    assert saved == pytest.approx([20, 10, 10])
    assert carried == pytest.approx([50, 0, 0])


@given(
    st.lists(st.floats(0, 1000), min_size=1, max_size=40),
    st.floats(0, 2000),
    st.floats(0, 1),
)
def test_relief_as_a_slow_loop_has_it(deductions: list[float], income: float, rate: float) -> None:
    saved, carried = relief(np.array(deductions), Tax(rate=rate), income)
    loss = 0.0
    for year in range(-(-len(deductions) // 12)):
        months = deductions[12 * year : 12 * year + 12]
        available = income * len(months) / 12
        wanted = sum(months) + loss
        used = min(wanted, available)
        loss = wanted - used
        assert saved[year] == pytest.approx(rate * used, abs=1e-6)
        assert carried[year] == pytest.approx(loss, abs=1e-6)


def test_tax_rows_by_hand() -> None:
    """24 months: opex 10 a month; 600 bought in month 6 for 60 months, written off over five years.

    Year 1: 120 + 600 / 60 x 6 = 180, saves 36; year 2: 120 + 120 = 240, saves 48. In the books at month 24:
    600 x (1 - 18 / 60) = 420; worth 400, so the state pays 0.2 x 20 back.
    """
    flows = pl.DataFrame(
        {
            "k": ["a"] * 26,
            "month": [*range(24), 6, 23],
            "component": ["rent_on_demand"] * 24 + ["server_capex", "continuing_value"],
            "timing": ["end"] * 24 + ["start", "horizon"],
            "amount": [10.0] * 24 + [600.0, -400.0],
        }
    )
    purchases = pl.DataFrame({"k": ["a"], "delivery_month": [6], "retire_month": [66], "cost": [600.0]})
    rows = tax_rows(Tax(rate=0.2), None, flows, purchases, ["k"], 24)
    assert rows.select("month", "component", "amount").rows() == [
        (11, "tax", pytest.approx(-36)),
        (23, "tax", pytest.approx(-48)),
        (23, "tax_on_continuing_value", pytest.approx(-4)),
    ]


def test_what_is_retired_early_is_written_off_then() -> None:
    flows = pl.DataFrame(
        {"k": ["a"], "month": [0], "component": ["server_capex"], "timing": ["start"], "amount": [600.0]}
    )
    purchases = pl.DataFrame({"k": ["a"], "delivery_month": [0], "retire_month": [12], "cost": [600.0]})
    rows = tax_rows(Tax(rate=0.5), None, flows, purchases, ["k"], 24)
    assert rows.select("month", "amount").rows() == [(11, pytest.approx(-300))]


@pytest.mark.parametrize("income", [None, {"eur": 300_000}])
def test_ledger_and_dispatch_agree_on_tax(tmp_path: Any, known: Facts, income: Any) -> None:
    """Two implementations: polars over the ledger's flows, numpy over the dispatch."""
    tax: dict[str, Any] = {"rate": SWEDEN, "depreciation": {"method": "declining"}}
    if income:
        tax["other_income_per_year"] = income
    plan = planned(tmp_path, finance={"horizon_months": 30, "tax": tax}, build={"life_years": 2})
    evaluation = evaluate(plan, known, 30)
    field = own_field(evaluation.basis, "here/own_colocation/box")
    flows = dispatch(plan, field, own_mix(evaluation, field)).flows
    mixed = mix_ledger(plan, evaluation.basis, flows.with_columns(site=pl.lit("here")))
    for component in ("tax", "tax_on_continuing_value"):
        ours = mixed.filter(pl.col("component") == component).sort("month")["cents"].to_list()
        theirs = evaluation.own.filter(pl.col("component") == component).sort("month")["cents"].to_list()
        assert ours == pytest.approx(theirs, abs=2), component
    assert evaluation.own.filter(pl.col("component") == "tax").height >= 2


def test_rent_is_deducted_as_well(tmp_path: Any, known: Facts) -> None:
    before = evaluate(planned(tmp_path, finance={"horizon_months": 12}), known, 12).rent
    plan = planned(tmp_path, finance={"horizon_months": 12, "tax": {"rate": 0.25}})
    after = evaluate(plan, known, 12).rent.filter(pl.col("strategy") == "rent")
    paid = before.filter(pl.col("strategy") == "rent")["cents"].sum()
    assert after.filter(pl.col("component") == "tax")["cents"].sum() == pytest.approx(-paid / 4, abs=2)


def test_a_rate_of_return_by_hand() -> None:
    flows = [-100.0, *([0.0] * 11), 110.0]
    assert internal_rate(flows).rates == pytest.approx((0.1,))


def test_no_rate_and_several_rates_say_so() -> None:
    assert internal_rate([-1.0, -2.0, -3.0]).kind == "none"
    yearly = [0.0] * 25
    yearly[0], yearly[12], yearly[24] = -100.0, 230.0, -132.0
    assert internal_rate(yearly).kind == "several"
    assert internal_rate(yearly).rates == pytest.approx((0.1, 0.2))
    assert internal_rate([0.0, 0.0]).kind == "none"


@given(st.floats(0.01, 0.3), st.floats(1_000, 1e6))
def test_a_loan_at_the_rate_of_discount_costs_what_cash_costs(rate: float, price: float) -> None:
    """Debt is worth its flows: before tax and after, a loan of the whole price is neither gain nor loss."""
    for tax in (None, Tax(rate=SWEDEN)):
        frame = compare_financing(price, tax, Financing(loan_rate_per_year=rate))
        assert frame["advantage_over_cash"][1] == pytest.approx(0, abs=price * 1e-9)


def test_a_lease_by_hand() -> None:
    """12 payments of 10 in advance, no tax, no interest: 120 against 100 in cash."""
    terms = Financing(loan_rate_per_year=0.0, lease_payment_share_per_month=0.1, lease_years=1.0)
    lease = compare_financing(100.0, None, terms).row(2, named=True)
    assert lease["monthly_payment"] == 10
    assert lease["after_tax_value"] == pytest.approx(120)
    assert lease["advantage_over_cash"] == pytest.approx(-20)


def test_a_dearer_lease_is_worse() -> None:
    values = [
        compare_financing(100.0, Tax(rate=SWEDEN), Financing(lease_rate_per_year=rate))["after_tax_value"][2]
        for rate in (0.05, 0.07, 0.09)
    ]
    assert values == sorted(values)


@pytest.mark.parametrize("wrong", [20.6, 1.5])
def test_a_tax_rate_above_one_is_refused(wrong: float) -> None:
    with pytest.raises(ValueError, match="above one"):
        Tax(rate=wrong)


def test_tables_that_do_not_add_up_are_refused() -> None:
    with pytest.raises(ValueError, match="sum to 0"):
        Depreciation(method="table", table_shares=(0.5, 0.4))
    with pytest.raises(ValueError, match="needs the table"):
        Depreciation(method="table")


def test_income_is_money_of_a_currency() -> None:
    assert Tax(rate=0.2, other_income_per_year=Money(amount=1e6, currency="SEK")).other_income_per_year
