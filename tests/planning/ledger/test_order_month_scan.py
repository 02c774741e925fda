"""The scan sums what order months share once; the ledgers of every order month, summed row by row, must agree to the cent."""

from __future__ import annotations

import polars as pl
from polars.testing import assert_frame_equal

from brytpunkt.declarations import Plan
from brytpunkt.declarations.sections.storage import Storage
from brytpunkt.planning.inputs.planning_inputs import Facts
from brytpunkt.planning.ledger.evaluate import Evaluation, evaluate
from brytpunkt.planning.ledger.order_month_scan import WITHOUT, order_scan, summed, summed_ledgers
from brytpunkt.planning.own.own_costs import Schedule
from brytpunkt.planning.own.purchase_schedule import energy_of, make_schedule

MONTHS = [0, 1, 5, 17, 40, 70]


def schedules(evaluation: Evaluation) -> tuple[Schedule, pl.DataFrame]:
    """Orders in a few months, and what their servers draw."""
    basis = evaluation.basis
    schedule = make_schedule(basis, basis.options.join(evaluation.chosen, on="option", how="semi"), MONTHS)
    return schedule, energy_of(basis, schedule.installed)


def test_sums_are_those_of_whole_ledgers(plan: Plan, known: Facts) -> None:
    first, *others = plan.workloads
    stored = first.model_copy(update={"storage": Storage(capacity_tb=200.0)})
    evaluation = evaluate(plan.model_copy(update={"workloads": (stored, *others)}), known, 84, scan=False)
    asked = schedules(evaluation)
    short, long = (sums(evaluation.basis, *asked) for sums in (summed, summed_ledgers))
    assert short.height > len(MONTHS)
    assert_frame_equal(short, long, check_row_order=False, check_column_order=False)
    assert (short["pv_cents"] < short[WITHOUT]).all(), "what is left at the end is worth something"


def test_an_order_at_the_start_costs_what_own_costs(plan: Plan, known: Facts) -> None:
    evaluation = evaluate(plan, known, 84, scan=False)
    scanned = order_scan(evaluation.basis, evaluation.chosen, [0, 6])
    own = evaluation.chosen.select("site", "pv_cents").sort("site")
    assert_frame_equal(scanned.filter(order_month=0).select("site", "pv_cents"), own)
