"""Benchmark: vectorised planning beside the plain-Python reference of the tests, on the example plan.

    python -m benchmarks

Both compute the ledgers of every strategy and option (order at month 0) from the same facts in the same
process. What counts is the ratio; the seconds depend on the machine.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from brytpunkt.declarations import Plan, read_plan
from brytpunkt.folders import folders
from brytpunkt.landing import Landing
from brytpunkt.planning.evaluate import evaluate
from brytpunkt.planning.facts import Facts
from brytpunkt.warehouse import Warehouse, facts, refresh_bundled
from tests.planning.reference import Reference

ROUNDS = 3


def bundled() -> Facts:
    """The bundled facts through a warehouse of its own."""
    found = folders()
    with tempfile.TemporaryDirectory() as folder:
        warehouse = Warehouse(Path(folder) / "warehouse.duckdb", found.sql)
        refresh_bundled(warehouse, Landing(Path(folder) / "landing"), found.data)
        with warehouse.open() as connection:
            return facts(connection, found.sql / "queries", None)


def fastest(work: Callable[[], object]) -> float:
    """Shortest of a few rounds [s]."""
    taken = []
    for _ in range(ROUNDS):
        begun = time.perf_counter()
        work()
        taken.append(time.perf_counter() - begun)
    return min(taken)


def obvious(plan: Plan, known: Facts) -> None:
    """Every strategy and option of the reference."""
    reference = Reference(plan, known)
    assert reference.rented
    assert reference.owned


def main() -> int:
    """Print both times and their ratio."""
    known = bundled()
    plan = read_plan(folders().plans / "nordic.yaml").plan
    vectorised = fastest(lambda: evaluate(plan, known, plan.finance.months))
    reference = fastest(lambda: obvious(plan, known))
    sys.stdout.write(
        f"plan {plan.plan}, {plan.finance.months} months, {len(plan.sites)} sites, best of {ROUNDS}\n"
        f"  polars (with the scan of all order months)  {vectorised:7.2f} s\n"
        f"  plain Python (order at month 0 only)        {reference:7.2f} s\n"
        f"  ratio plain Python / polars                 {reference / vectorised:7.2f}\n"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
