"""The comparison at other discount rates: the plan's own figures in the middle, whole plans at those rates on either side."""

from __future__ import annotations

import polars as pl
import pytest

from brytpunkt.declarations import Plan, read_plan
from brytpunkt.planning.inputs.planning_inputs import Facts
from brytpunkt.planning.ledger.evaluate import Evaluation, evaluate
from brytpunkt.planning.verdicts.discount_rates import STEPS, discount_rates
from brytpunkt.planning.verdicts.verdicts import rent_value
from tests.conftest import SMALL_PLAN

TAXED = SMALL_PLAN.replace(
    "currency: EUR",
    "currency: EUR, tax: {rate: 0.206, depreciation: {method: straight_line, years: 3}}",
)


@pytest.fixture(scope="module", params=[SMALL_PLAN, TAXED], ids=["as it is", "taxed"])
def small(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Plan:
    path = tmp_path_factory.mktemp("rates") / "small.yaml"
    path.write_text(request.param, encoding="utf-8")
    return read_plan(path).plan


def at_rate(plan: Plan, known: Facts, rate: float) -> Evaluation:
    """The whole plan, had it declared another rate."""
    finance = plan.finance.model_copy(update={"discount_rate_per_year": rate})
    return evaluate(plan.model_copy(update={"finance": finance}), known, plan.finance.months, scan=False)


def test_each_row_is_what_a_plan_with_that_rate_would_say(small: Plan, known: Facts) -> None:
    evaluation = at_rate(small, known, small.finance.discount_rate_per_year)
    found = discount_rates(evaluation)
    assert found["change"].unique().sort().to_list() == list(STEPS)
    for step in STEPS:
        whole = at_rate(small, known, small.finance.discount_rate_per_year + step)
        rows = found.filter(pl.col("change") == step)
        assert rows["npv_rent"].to_list() == pytest.approx([rent_value(whole)] * rows.height, abs=0.005)
        own = {
            site: whole.own.filter(pl.col("option") == option)["pv_cents"].sum() / 100
            for site, option in evaluation.chosen.select("site", "option").iter_rows()
        }
        assert dict(rows.select("site", "npv_own").iter_rows()) == pytest.approx(own, abs=0.005)


def test_at_the_rate_that_turns_it_both_cost_the_same(small: Plan, known: Facts) -> None:
    found = discount_rates(at_rate(small, known, small.finance.discount_rate_per_year))
    turning = found.filter(pl.col("change") == 0.0)
    for row in turning.iter_rows(named=True):
        if row["flips_at"] is None:  # neither nought nor 30 % turns it
            ends = [discount_rates(at_rate(small, known, rate)) for rate in (0.0, 0.30)]
            signs = {
                end.filter(pl.col("site") == row["site"], pl.col("change") == 0.0)["difference"][0] > 0
                for end in ends
            }
            assert signs == {row["difference"] > 0}
            continue
        there = discount_rates(at_rate(small, known, row["flips_at"]))
        left = there.filter(pl.col("site") == row["site"], pl.col("change") == 0.0)["difference"][0]
        assert abs(left) < 2e-3 * row["npv_rent"]
