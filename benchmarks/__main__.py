"""Benchmarks: planning beside the plain-Python reference, the optimal plan beside HiGHS, reports beside WeasyPrint.

    python -m benchmarks

Each ratio compares two ways to the same answer in the same process; the seconds depend on the machine.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

import highspy
import polars as pl

from benchmarks import energy, prices, refresh, report, risk, tariff, what_if
from benchmarks.known import bundled
from brytpunkt.declarations import Plan, read_plan
from brytpunkt.folders import folders
from brytpunkt.planning.inputs.planning_inputs import Facts
from brytpunkt.planning.ledger.evaluate import evaluate
from brytpunkt.planning.optimal.formulation import build
from brytpunkt.planning.optimal.limits import limits_of
from brytpunkt.planning.optimal.milp import solve
from brytpunkt.planning.optimal.problem import field_of
from brytpunkt.planning.optimal.solve import NODES, SITE_GAP, portfolio_optimum, site_optimum
from tests.planning.reference import Reference

ROUNDS = 3
SITES = 12


def fastest(work: Callable[[], object], rounds: int = ROUNDS) -> float:
    """Shortest of a few rounds [s]."""
    taken = []
    for _ in range(rounds):
        begun = time.perf_counter()
        work()
        taken.append(time.perf_counter() - begun)
    return min(taken)


def obvious(plan: Plan, known: Facts) -> None:
    """Every strategy and option of the reference."""
    reference = Reference(plan, known)
    assert reference.rented
    assert reference.owned


def longer(plan: Plan, months: int, sites: int) -> Plan:
    """The plan over other months, with its sites repeated under other names up to a number."""
    named = [
        plan.sites[n % len(plan.sites)].model_copy(update={"id": f"site{n}", "is_comparator": False})
        for n in range(sites)
    ]
    finance = plan.finance.model_copy(update={"horizon_months": months, "end": None})
    return plan.model_copy(update={"sites": tuple(named), "finance": finance})


def bare(lp: highspy.HighsLp) -> None:
    """The same matrix in HiGHS with its own settings, no start and no gap of ours but the same target."""
    solver = highspy.Highs()  # type: ignore[no-untyped-call]
    solver.setOptionValue("output_flag", False)  # noqa: FBT003 - HiGHS's own signature
    solver.setOptionValue("mip_rel_gap", SITE_GAP)
    solver.passModel(lp)
    solver.run()


def say(text: str, seconds: float) -> None:
    """One line of the report."""
    sys.stdout.write(f"  {text:<64}{seconds:8.2f} s\n")


def main() -> int:
    """Print times and ratios."""
    known = bundled()
    plan = read_plan(folders().plans / "nordic.yaml").plan
    months = plan.finance.months
    risk.report(plan, known)
    tariff.report()
    tariff.report_grid(longer(plan, 12, SITES), known)
    vectorised = fastest(lambda: evaluate(plan, known, months))
    reference = fastest(lambda: obvious(plan, known), 1)
    sys.stdout.write(f"plan {plan.plan}, {months} months, {len(plan.sites)} sites\n")
    say("polars, every strategy and every order month", vectorised)
    say("plain Python, order at month 0 only", reference)
    sys.stdout.write(f"  ratio plain Python / polars {reference / vectorised:.2f}\n")
    large = longer(plan, 120, SITES)
    say(
        f"polars, {SITES} sites x 120 months, without the scan",
        fastest(lambda: evaluate(large, known, 120, scan=False)),
    )
    say(
        f"polars, {SITES} sites x 120 months, every order month", fastest(lambda: evaluate(large, known, 120))
    )
    for horizon in (months, 120):
        here = plan.model_copy(
            update={"finance": plan.finance.model_copy(update={"horizon_months": horizon, "end": None})}
        )
        evaluation = evaluate(here, known, horizon)
        site = str(evaluation.chosen.sort("pv_cents")["site"][0])
        whole = fastest(lambda e=evaluation, s=site: site_optimum(e, known, s), 1)  # type: ignore[misc]
        options = evaluation.basis.options.filter(pl.col("site") == site)
        option = str(evaluation.chosen.filter(pl.col("site") == site)["option"][0])
        field = field_of(evaluation.basis, options.filter(pl.col("option") == option))
        program, _ = build(here, field, limits_of(evaluation.basis, known, field))
        ours = fastest(lambda p=program: solve(p.model(), gap=SITE_GAP, nodes=NODES), 1)  # type: ignore[misc]
        theirs = fastest(lambda p=program: bare(p.model()), 1)  # type: ignore[misc]
        sys.stdout.write(f"optimal plan of {site}, {horizon} months, gap {SITE_GAP:.1%}\n")
        say(f"all {options.height} options, with dispatch and steps", whole)
        say("its option alone", ours)
        say("bare HiGHS on the same matrix", theirs)
        sys.stdout.write(f"  ratio ours / bare {ours / theirs:.2f}\n")
    evaluation = evaluate(longer(plan, months, SITES), known, months, scan=False)
    begun = time.perf_counter()
    optima = {
        str(site): site_optimum(evaluation, known, str(site)) for site in evaluation.chosen["site"].sort()
    }
    alone = time.perf_counter() - begun
    together = fastest(lambda: portfolio_optimum(evaluation, known, optima), 1)
    sys.stdout.write(f"portfolio of {SITES} sites, {months} months\n")
    say("its sites one by one", alone)
    say("the coupled programme, gap 2 %", together)
    sys.stdout.write("\n".join(energy.report()) + "\n")
    refresh.main()
    prices.main()
    report.measure(known)
    return what_if.main()


if __name__ == "__main__":
    sys.exit(main())
