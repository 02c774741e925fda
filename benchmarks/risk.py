"""Risk benchmark: drawn worlds of twelve sites, beside the same arithmetic written by hand in NumPy.

    python -m benchmarks.risk

Belongs here: one comparison in one process, how cost grows with draws, and how far 4,096 draws are from 262,144. Does not
belong here: the case, the kernel by hand.
"""

from __future__ import annotations

import resource
import sys
import time
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.known import bundled
from benchmarks.risk_by_hand import by_hand
from benchmarks.risk_case import MONTHS, case_of
from brytpunkt.declarations import read_plan
from brytpunkt.folders import folders
from brytpunkt.planning.risk.results.statistics import quantile

if TYPE_CHECKING:
    from benchmarks.risk_case import Case
    from brytpunkt.declarations import Plan
    from brytpunkt.planning.inputs.planning_inputs import Facts
    from brytpunkt.planning.optimal.milp import Floats
    from brytpunkt.planning.risk.sampling.draws import Drawn

DRAWS, ROUNDS = 10_000, 3
FEW, MANY = 4_096, 262_144
ALIKE = 1e-9


def report(plan: Plan, known: Facts) -> None:
    """Print times, the ratio, memory and errors."""
    case = case_of(plan, known)
    simulator = case.simulator
    each = len(simulator.list_of(simulator.sites[0])) - 1  # own is the cheaper of own_colocation and own_hall
    strategies = {strategy.priced for strategy in simulator.strategies}
    dispatches = {strategy.decisions for strategy in simulator.strategies}
    sys.stdout.write(
        f"risk: {len(simulator.sites)} sites x {each} strategies x {MONTHS} months: {len(strategies)} different ones, since "
        f"renting is the same everywhere, with {len(dispatches)} different schedules\n"
    )
    drawn = case.draws(DRAWS)
    quarter, quarter_cpu, _ = _ours(case, case.draws(DRAWS // 4))
    ours, cpu, costs = _ours(case, drawn)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    start, busy = time.perf_counter(), time.process_time()
    theirs = by_hand(simulator, drawn)
    hand, hand_cpu = time.perf_counter() - start, time.process_time() - busy
    apart = float(np.abs(theirs / (costs - simulator.correction) - 1).max())
    assert apart < ALIKE, apart
    sys.stdout.write(
        f"  {DRAWS:,} draws {ours:.2f} s (processor {cpu:.1f} s), peak {memory:.0f} MB\n"
        f"  {DRAWS // 4:,} draws {quarter:.2f} s ({quarter_cpu:.1f} s): four times as many take {ours / quarter:.2f} times as long "
        f"({cpu / quarter_cpu:.2f})\n"
        f"  by hand {hand:.2f} s ({hand_cpu:.1f} s): ratio ours / by hand {ours / hand:.2f} ({cpu / hand_cpu:.2f}); "
        f"present values at most {apart:.0e} apart\n"
    )
    _errors(case)


def _ours(case: Case, drawn: Drawn) -> tuple[float, float, Floats]:
    """Shortest of a few rounds, by the clock and of processors [s], and what each strategy costs in each world."""
    taken, worked = [], []
    for _ in range(ROUNDS):
        start, busy = time.perf_counter(), time.process_time()
        costs = case.simulator.run(drawn.values, drawn.years).costs
        taken.append(time.perf_counter() - start)
        worked.append(time.process_time() - busy)
    return min(taken), min(worked), costs


def _errors(case: Case) -> None:
    site = case.simulator.sites[0]
    pair = case.simulator.only((None, "rent"), (site, "own"))
    found = {}
    for count in (FEW, MANY):
        drawn = case.draws(count)
        costs = pair.run(drawn.values, drawn.years).costs
        spread = costs[:, 1] - costs[:, 0]
        cheaper = min(quantile(costs[:, 0], 0.5), quantile(costs[:, 1], 0.5))
        found[count] = (quantile(spread, 0.5), quantile(spread, 0.9), cheaper)
    p50, p90 = (abs(found[FEW][at] - found[MANY][at]) / found[MANY][2] for at in (0, 1))
    sys.stdout.write(f"  {FEW:,} against {MANY:,} draws: P50 {p50:.3%}, P90 {p90:.3%} of the cheaper's P50\n")


def main() -> int:
    """The benchmark alone."""
    report(read_plan(folders().plans / "nordic.yaml").plan, bundled())
    return 0


if __name__ == "__main__":
    sys.exit(main())
