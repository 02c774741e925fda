"""What if: the effects add up, the verdict is that of a plan computed whole, and stored decisions stay."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from brytpunkt.declarations import Plan, read_plan
from brytpunkt.declarations.reading.overrides import Overriding, read_overrides
from brytpunkt.planning.changes.what_if import StoredOptima, WhatIf, effects, optimised, outlook, what_if
from brytpunkt.planning.inputs.planning_inputs import Facts
from brytpunkt.planning.ledger.evaluate import evaluate
from brytpunkt.planning.optimal.results import optimal_plans, site_optima
from brytpunkt.planning.verdicts.verdicts import rent_value, switch, verdict_of
from tests.conftest import SMALL_PLAN

CHEAP_SERVER = "build.servers.dgx_b200.price.usd=60000"
GROWTH = "workloads.chat.demand.output_tokens_per_day=9.0e9"
CHANGES = (CHEAP_SERVER, GROWTH)
CENT = 0.0051


@pytest.fixture(scope="module")
def overriding(tmp_path_factory: pytest.TempPathFactory) -> Overriding:
    path: Path = tmp_path_factory.mktemp("what_if") / "small.yaml"
    path.write_text(SMALL_PLAN, encoding="utf-8")
    return Overriding(read_plan(path))


def changed(overriding: Overriding, *texts: str) -> Plan:
    return overriding.plan(*read_overrides(texts))


@pytest.fixture(scope="module")
def stored(overriding: Overriding, known: Facts) -> StoredOptima:
    """The optimal plans of a run of a plan that builds, so that there are decisions to keep."""
    plan = changed(overriding, CHEAP_SERVER)
    evaluation = evaluate(plan, known, plan.finance.months, scan=False)
    optimal = optimal_plans(evaluation, [*site_optima(evaluation, known).values()])
    return StoredOptima.of(optimal.plans, optimal.schedule)


@pytest.fixture(scope="module")
def answer(overriding: Overriding, known: Facts, stored: StoredOptima) -> WhatIf:
    alone = [changed(overriding, text) for text in CHANGES]
    return what_if(changed(overriding), alone, changed(overriding, *CHANGES), known, stored)


def test_before_and_after_are_those_of_plans_computed_whole(
    answer: WhatIf, overriding: Overriding, known: Facts
) -> None:
    for frame, texts in ((answer.before, ()), (answer.after, CHANGES)):
        plan = changed(overriding, *texts)
        whole = evaluate(plan, known, plan.finance.months)
        assert frame["rent"].unique().to_list() == [rent_value(whole)]
        by_site = frame.sort("site")
        assert by_site["verdict"].to_list() == verdict_of(whole).sort("site")["verdict"].to_list()
        assert by_site["switch_month"].to_list() == switch(whole).sort("site")["switch_month"].to_list()
        own = (whole.chosen.sort("site")["pv_cents"] / 100).to_list()
        assert by_site["own"].to_list() == own
    assert answer.before["verdict"].to_list() == ["rent", "rent"]
    assert answer.after["verdict"].to_list() == ["build", "build"]


def test_the_changes_and_what_they_do_together_add_up(answer: WhatIf) -> None:
    parts = (
        answer.effects.filter(pl.col("change") != "total")
        .group_by("site", "measure")
        .agg(pl.col("amount").sum(), pl.len())
    )
    compared = parts.join(answer.effects.filter(change="total"), on=["site", "measure"], suffix="_total")
    assert compared.height == 10
    assert compared["len"].unique().to_list() == [3]
    assert (compared["amount"] - compared["amount_total"]).abs().max() < CENT  # type: ignore[operator]
    together = answer.effects.filter(change="together", measure="own_less_rent")["amount"]
    assert together.abs().min() > 1  # type: ignore[operator] # a cheaper server matters more where more are needed


def test_a_change_alone_is_the_whole_effect(
    overriding: Overriding, known: Facts, stored: StoredOptima
) -> None:
    plan = changed(overriding, "finance.discount_rate_per_year=0.05")
    found = what_if(changed(overriding), [plan], plan, known, stored)
    assert found.effects.filter(change="together")["amount"].to_list() == [0.0] * 10
    assert found.effects.filter(change="1", measure="rent")["amount"].min() > 0  # type: ignore[operator]


def test_a_change_that_is_no_plan_alone_goes_into_together(
    overriding: Overriding, known: Facts, stored: StoredOptima
) -> None:
    both = changed(overriding, *CHANGES)
    found = what_if(changed(overriding), [None, changed(overriding, GROWTH)], both, known, stored)
    assert found.alone[0] is None
    assert set(found.effects["change"]) == {"2", "together", "total"}


def test_stored_decisions_are_priced_and_not_chosen_anew(
    overriding: Overriding, known: Facts, stored: StoredOptima
) -> None:
    assert stored.mixes(), "a mix is stored, or this tests nothing"
    dear = changed(overriding, "build.servers.dgx_b200.price.usd=550000")
    evaluation = evaluate(dear, known, dear.finance.months, scan=False)
    kept = stored.values(evaluation)
    anew = dict(optimised(dear, known).select("site", "present_value").iter_rows())
    for mix in stored.mixes():
        assert kept[mix.site] > 1.2 * anew[mix.site], "servers bought stay bought"


def test_a_stored_pure_strategy_is_that_strategy(overriding: Overriding, known: Facts) -> None:
    plan = changed(overriding)
    evaluation = evaluate(plan, known, plan.finance.months, scan=False)
    stored = StoredOptima({"lulea": "on_demand", "oslo": "own_colocation"}, {})
    seen = outlook(plan, known, stored)
    found = dict(seen.select("site", "optimal").iter_rows())
    own = dict(seen.select("site", "own").iter_rows())
    rows = evaluation.rent.filter(strategy="on_demand")
    assert found == {"lulea": rows["pv_cents"].sum() / 100, "oslo": own["oslo"]}


def test_effects_of_a_small_table() -> None:
    """Given 100 and 90, when one change gives 110 and 90, the other 100 and 80, both 110 and 75, then the rest is -5."""

    def seen(rent: float, own: float) -> pl.DataFrame:
        return pl.DataFrame(
            {"site": ["x"], "rent": [rent], "own": [own], "best": [own], "optimal": [None]}
        ).cast({"optimal": pl.Float64})

    found = effects(seen(100, 90), [seen(110, 90), seen(100, 80)], seen(110, 75))
    own = dict(found.filter(measure="own_less_rent").select("change", "amount").iter_rows())
    assert own == {"1": -10, "2": -10, "together": -5, "total": -25}
    assert found.filter(measure="optimal")["amount"].null_count() == 4
