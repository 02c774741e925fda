"""The scan sums the ledger of every order month."""

from __future__ import annotations

from polars.testing import assert_frame_equal

from brytpunkt.declarations import Plan
from brytpunkt.declarations.sections.storage import Storage
from brytpunkt.planning.inputs.planning_inputs import Facts
from brytpunkt.planning.ledger.evaluate import evaluate
from brytpunkt.planning.ledger.order_month_scan import WITHOUT, order_scan

MONTHS = [0, 1, 5, 17, 40, 70]


def test_what_is_left_at_the_end_is_worth_something_in_every_month(plan: Plan, known: Facts) -> None:
    first, *others = plan.workloads
    stored = first.model_copy(update={"storage": Storage(capacity_tb=200.0)})
    evaluation = evaluate(plan.model_copy(update={"workloads": (stored, *others)}), known, 84, scan=False)
    scanned = order_scan(evaluation.basis, evaluation.chosen, MONTHS)
    assert scanned.height > len(MONTHS)
    assert (scanned["pv_cents"] < scanned[WITHOUT]).all()


def test_an_order_at_the_start_costs_what_own_costs(plan: Plan, known: Facts) -> None:
    evaluation = evaluate(plan, known, 84, scan=False)
    scanned = order_scan(evaluation.basis, evaluation.chosen, [0, 6])
    own = evaluation.chosen.select("site", "pv_cents").sort("site")
    assert_frame_equal(scanned.filter(order_month=0).select("site", "pv_cents"), own)
