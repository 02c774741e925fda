"""The same storage obligation in every strategy, whatever serves the work, and nowhere a cost that an absent side drops."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from brytpunkt.declarations import Plan, read_plan
from brytpunkt.errors import InputError
from brytpunkt.planning.compute import compute
from brytpunkt.planning.inputs.planning_inputs import Facts
from brytpunkt.planning.ledger.evaluate import Evaluation, evaluate
from brytpunkt.planning.ledger.ledger import mix_ledger, own_rows
from brytpunkt.planning.ledger.order_month_scan import order_scan
from brytpunkt.planning.optimal.dispatch import dispatch
from brytpunkt.planning.optimal.kept_orders import KeptOptimum, kept_mixes
from brytpunkt.planning.optimal.results import mixes_of, optimal_plans, portfolio_plan, site_optima
from brytpunkt.planning.own.own_costs import acquisitions
from brytpunkt.planning.own.purchase_schedule import energy_of, make_schedule, own_flows
from brytpunkt.planning.verdicts.accrual_bill import bill
from brytpunkt.planning.verdicts.disruptions import decided
from brytpunkt.planning.verdicts.scenarios import world
from brytpunkt.planning.verdicts.tipping import rent_at_scales
from brytpunkt.planning.verdicts.verdicts import rent_value
from tests.examples import examples
from tests.planning.generate import plans
from tests.planning.obligation import Obligation
from tests.planning.optimal.test_optimal import SMALL, planned

KEPT = {"capacity_tb": 80, "growth_per_year": 0.4, "egress_tb_per_month": 3}
EXAMPLES = examples(8, thorough=200)  # each computes a whole plan
Problems = list[tuple[str, list[str]]]


def pure(evaluation: Evaluation, owed: Obligation) -> Problems:
    """What the pure strategies do not keep: every rent strategy, and every option ordered at once and later."""
    basis = evaluation.basis
    found = [
        (name, owed.missing(evaluation.rent.filter(pl.col("strategy") == name)))
        for name in evaluation.rent["strategy"].unique().sort()
    ]
    schedule = make_schedule(basis, basis.options, [0, 5])
    flows = own_flows(basis, schedule, energy_of(basis, schedule.installed))
    rows = own_rows(basis.plan, basis, flows, acquisitions(basis.plan, schedule, basis.options))
    for (option, order), ledger in rows.group_by("option", "order_month"):
        found.append((f"{option} ordered in month {order}", owed.missing(ledger)))
    return found


def optimal(evaluation: Evaluation, known: Facts, owed: Obligation) -> Problems:
    """What the optimal plans do not keep: each site's, the portfolio's, and each site's programme as decided."""
    basis = evaluation.basis
    optima = site_optima(evaluation, known)
    whole = portfolio_plan(evaluation, known, optima)
    found = []
    for name, optimum in (*optima.items(), ("portfolio", whole)):
        ledger = optimal_plans(evaluation, [optimum]).ledger
        found.append((f"optimum of {name}", owed.missing(ledger)))
    for choice in decided(evaluation, mixes_of(optima)):
        done = dispatch(basis.plan, choice.field, choice.mix)
        ledger = mix_ledger(basis.plan, basis, done.flows.with_columns(site=pl.lit(choice.site or "")))
        found.append((f"{choice.strategy} of {choice.site} as decided", owed.missing(ledger)))
    return found


def checked(found: Problems) -> Problems:
    """The strategies that keep less or more than they owe."""
    return [(name, problems[:2]) for name, problems in found if problems]


@pytest.fixture(scope="session")
def read(tmp_path_factory: pytest.TempPathFactory) -> Any:
    path = tmp_path_factory.mktemp("kept") / "plan.yaml"

    def read_text(text: str, limit_kw: int | None) -> Plan:
        declared = json.loads(text)
        declared["workloads"][0].setdefault("storage", KEPT)
        if limit_kw is not None:
            declared["sites"][0]["power_limit_kw"] = limit_kw
        path.write_text(json.dumps(declared), encoding="utf-8")
        return read_plan(path).plan

    return read_text


@settings(
    max_examples=EXAMPLES,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(text=plans(), limit_kw=st.sampled_from([None, 6, 40]))
def test_every_strategy_of_plans_made_by_chance_keeps_the_same_data(
    read: Any, known: Facts, text: str, limit_kw: int | None
) -> None:
    """No power for a server, power for a few, and whatever chance gives."""
    plan = read(text, limit_kw)
    try:
        evaluation = evaluate(plan, known, plan.finance.months, scan=False)
    except InputError:
        event("refused: no offer")
        return
    event("nothing can be owned" if evaluation.chosen.is_empty() else "something can be owned")
    owed = Obligation.of(plan, known, plan.finance.months)
    assert owed.owed()
    assert checked([*pure(evaluation, owed), *optimal(evaluation, known, owed)]) == []
    delayed = plan.scenarios[-1].model_copy(update={"delivery_delay_months": 60, "demand_multiple": 0.5})
    for scenario in (plan.scenarios[0], delayed):
        other, there = world(plan, known, scenario)
        assert checked(pure(evaluate(other, there, plan.finance.months, scan=False), owed)) == []


LATE = {"grid_available_from": "2027-12-01"}
ENDED = {"gpu_hours_per_day": 480, "gpu_model": "H100-SXM-80GB", "phases": [{"name": "a", "from_month": 0, "level": 1.0}, {"name": "b", "from_month": 3, "level": 0.0}]}  # fmt: skip


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"sites": [SMALL["sites"][0] | {"power_limit_kw": 11.0}]},
        {"sites": [SMALL["sites"][0] | LATE]},
        {"workloads": [SMALL["workloads"][0] | {"demand": ENDED}], "build": {"lead_time_months": 5}},
        {"finance": {"tax": {"rate": 0.2}}, "build": {"lead_time_months": 4}},
    ],
    ids=["as planned", "no power", "no delivery", "delivered for nothing", "taxed"],
)
def test_what_is_kept_does_not_depend_on_what_can_be_built(
    tmp_path: Path, known: Facts, changes: dict[str, Any]
) -> None:
    workload = changes.get("workloads", SMALL["workloads"])[0] | {"storage": KEPT}
    plan = planned(tmp_path, **changes | {"workloads": [workload]})
    evaluation = evaluate(plan, known, 9)
    owed = Obligation.of(plan, known, 9)
    assert checked([*pure(evaluation, owed), *optimal(evaluation, known, owed)]) == []


def test_the_scan_of_order_months_keeps_what_the_ledger_keeps(tmp_path: Path, known: Facts) -> None:
    """Work ends in month 3 and servers ordered at once come in month 5: nothing is bought, the data stay rented."""
    workload = SMALL["workloads"][0] | {"demand": ENDED, "storage": KEPT}
    evaluation = evaluate(planned(tmp_path, workloads=[workload], build={"lead_time_months": 5}), known, 9)
    assert evaluation.schedule.bought.is_empty()
    scanned = order_scan(evaluation.basis, evaluation.chosen, [0])["pv_cents"].to_list()
    assert scanned == evaluation.chosen["pv_cents"].to_list()
    kept = evaluation.own.filter(pl.col("component") == "storage_rent")
    assert sorted(kept["month"]) == list(range(9))


def test_a_stored_plan_keeps_its_data_in_a_changed_world(tmp_path: Path, known: Facts) -> None:
    """What if servers take half a year longer: the stored orders arrive later, and until then the data are rented."""
    stored = KeptOptimum("here", (("here/own_colocation/box", 0, 2),), ())
    plan = planned(
        tmp_path,
        workloads=[SMALL["workloads"][0] | {"storage": KEPT}],
        build={"lead_time_months": 6},
    )
    basis = evaluate(plan, known, 9).basis
    ((field, mix),) = kept_mixes(basis, [stored]).values()
    rows = mix_ledger(plan, basis, dispatch(plan, field, mix).flows.with_columns(site=pl.lit("here")))
    assert Obligation.of(plan, known, 9).missing(rows) == []
    assert rows.filter(pl.col("component") == "storage_rent")["month"].n_unique() == 6


def test_renting_at_other_volumes_keeps_the_data_too(tmp_path: Path, known: Facts) -> None:
    """At the declared volume the curve of the tipping point is the ledger's rent, storage included."""
    evaluation = evaluate(planned(tmp_path, workloads=[SMALL["workloads"][0] | {"storage": KEPT}]), known, 9)
    curve = rent_at_scales(evaluation).filter(pl.col("volume_scale") == 1.0)
    assert curve["rent"].to_list() == pytest.approx([rent_value(evaluation)], abs=1)


def test_a_bill_counts_storage_as_cost_that_no_volume_carries(tmp_path: Path, known: Facts) -> None:
    """80 TB, not growing, at 150 EUR: 12,000 EUR a month rented; bought at 400 EUR, 32,000 EUR over five years."""
    kept = {"capacity_tb": 80}
    finance = {"discount_rate_per_year": 0.0, "inflation_per_year": 0.0}
    plan = planned(tmp_path, workloads=[SMALL["workloads"][0] | {"storage": kept}], finance=finance)
    evaluation = evaluate(plan, known, 9)
    fixed = {
        choice.strategy: bill(evaluation, choice.field, choice.mix)
        .filter(pl.col("mode") == "fixed")
        .sort("month")["cost"]
        .to_list()
        for choice in decided(evaluation, {})
    }
    assert fixed["rent"] == pytest.approx([12_000.0] * 9)
    assert fixed["own"] == pytest.approx([32_000 / 60 + 32_000 * 0.10 / 12] * 9)


def test_a_bill_keeps_what_idle_servers_cost(tmp_path: Path, known: Facts) -> None:
    """Servers stand from the start and their work ends in month 3: they are paid in the months after, too."""
    finance = {"discount_rate_per_year": 0.0, "inflation_per_year": 0.0}
    plan = planned(tmp_path, workloads=[SMALL["workloads"][0] | {"demand": ENDED}], finance=finance)
    evaluation = evaluate(plan, known, 9)
    own = next(choice for choice in decided(evaluation, {}) if choice.strategy == "own")
    by_month = bill(evaluation, own.field, own.mix).group_by("month").agg(pl.col("cost").sum()).sort("month")
    assert by_month["month"].to_list() == list(range(9))
    assert min(by_month["cost"][3:].to_list()) > 200_000 / 60


def test_the_programme_reckons_storage_where_nothing_can_be_owned(tmp_path: Path, known: Facts) -> None:
    plan = planned(
        tmp_path,
        workloads=[SMALL["workloads"][0] | {"storage": KEPT}],
        sites=[SMALL["sites"][0] | LATE],
    )
    for row in compute(plan, known).optimal.iter_rows(named=True):
        assert row["objective"] == pytest.approx(row["present_value"], rel=1e-4)
