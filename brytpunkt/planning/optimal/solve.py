"""The optimum of a site and of the portfolio: the programme's plan beside every pure strategy, at ledger prices.

What is published is the cheapest, by the ledger, of the programme's plan and of every pure strategy that keeps
to the same constraints; so it is never dearer than the best of them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from brytpunkt.planning.optimal.dispatch import Dispatched
from brytpunkt.planning.optimal.formulation import Columns, Limits, build
from brytpunkt.planning.optimal.limits import broken, limits_of, tightened
from brytpunkt.planning.optimal.local_search import polish
from brytpunkt.planning.optimal.milp import Program, clash, solve
from brytpunkt.planning.optimal.mix import Mix
from brytpunkt.planning.optimal.problem import field_of, quarters

if TYPE_CHECKING:
    from brytpunkt.planning.inputs.planning_inputs import Facts
    from brytpunkt.planning.ledger.evaluate import Evaluation
    from brytpunkt.planning.optimal.milp import Floats, Solution
    from brytpunkt.planning.optimal.problem import Field

SITE_GAP = 0.005
PORTFOLIO_GAP = 0.02
NODES = 60
TIGHTENED = (0.03, 0.08, 0.15)
MOST_SHARES = 8_000  # shares in a portfolio's programme; it has as many segments as that allows
FEWEST_SEGMENTS, MOST_SEGMENTS = 3, 12
RENT = "rent"


@dataclass(frozen=True)
class Optimum:
    """The programme's answer for a site (or the portfolio, ``site`` None).

    ``objective``, ``bound`` [plan currency, platform staff left out] and ``gap`` are the programme's; ``bound`` is None where
    the programme proves none (``_proven``); ``done`` is its
    plan served hour by hour. ``clashing`` names the constraints that no plan can keep together.
    """

    site: str | None
    field: Field
    limits: Limits
    mix: Mix | None
    done: Dispatched | None
    objective: float | None
    bound: float | None
    gap: float | None
    clashing: tuple[str, ...]


def site_optimum(evaluation: Evaluation, facts: Facts, site: str) -> Optimum:
    """The cheapest mix with servers at one site, or with none."""
    basis = evaluation.basis
    arrives = evaluation.schedule.first.select("option").unique()
    options = _undominated(
        basis.options.filter(pl.col("site") == site).join(arrives, on="option", how="semi")
    )
    trials = []
    for name in options["option"]:
        field = field_of(basis, options.filter(pl.col("option") == name))
        limits = limits_of(basis, facts, field)
        program, columns = build(basis.plan, field, limits)
        relaxed = solve(program.model(relaxed=True), gap=0.0, nodes=0)
        if relaxed is not None:
            trials.append((relaxed.objective, str(name), field, limits, program, columns))
    if not trials:
        return _without_trials(evaluation, facts, site, options)
    trials.sort(key=lambda trial: trial[:2])
    best: tuple[Solution, Field, Limits, Columns] | None = None
    bound, slack = np.inf, 0.0
    for relaxed_value, _, field, limits, program, columns in trials:
        if best is not None and relaxed_value >= best[0].objective:
            bound = min(bound, relaxed_value)
            slack = max(slack, columns.slack)
            continue
        found = solve(program.model(), gap=SITE_GAP, nodes=NODES, start=_start(evaluation, field, columns))
        if found is None:
            continue
        bound = min(bound, found.bound)
        slack = max(slack, columns.slack)
        if best is None or found.objective < best[0].objective:
            best = (found, field, limits, columns)
    if best is None:
        return _impossible(site, trials[0][2], trials[0][3], trials[0][4])
    return _kept(evaluation, _optimum(evaluation, site, best, float(bound), slack))


def _kept(evaluation: Evaluation, optimum: Optimum) -> Optimum:
    """The optimum, or a dearer plan where the hour-by-hour dispatch of the programme's breaks a constraint.

    Whole instances cost and emit a little more than the programme's fractions: what they break is tightened.
    """
    for share in TIGHTENED:
        if optimum.done is None or not broken(optimum.limits, optimum.field, optimum.done):
            break
        limits = tightened(optimum.limits, share)
        program, columns = build(evaluation.basis.plan, optimum.field, limits)
        found = solve(program.model(), gap=SITE_GAP, nodes=NODES)
        if found is None:
            break
        mix, done = polish(
            evaluation.basis.plan, optimum.field, optimum.limits, _mix(optimum.field, columns, found.values)
        )
        optimum = replace(optimum, mix=mix, done=done, objective=found.objective, gap=found.gap)
    return optimum


def _without_trials(evaluation: Evaluation, facts: Facts, site: str, options: pl.DataFrame) -> Optimum:
    """No option can even be relaxed to a plan: either nothing can be owned, or constraints clash."""
    basis = evaluation.basis
    field = field_of(basis, options.head(1))
    limits = limits_of(basis, facts, field)
    program, columns = build(basis.plan, field, limits)
    found = solve(program.model(), gap=SITE_GAP, nodes=NODES)
    if found is None:
        return _impossible(site, field, limits, program)
    return _optimum(evaluation, site, (found, field, limits, columns), found.bound, columns.slack)


def _impossible(site: str | None, field: Field, limits: Limits, program: Program) -> Optimum:
    return Optimum(
        site, field, limits, None, None, None, None, None, clash(program, limits.names, nodes=NODES)
    )


def _optimum(
    evaluation: Evaluation,
    site: str | None,
    best: tuple[Solution, Field, Limits, Columns],
    bound: float,
    slack: float,
) -> Optimum:
    found, field, limits, columns = best
    mix, done = polish(evaluation.basis.plan, field, limits, _mix(field, columns, found.values))
    gap = max(0.0, (found.objective - bound) / abs(found.objective)) if found.objective else 0.0
    proven = _proven(evaluation, field, limits, bound - slack)
    return Optimum(site, field, limits, mix, done, found.objective, proven, gap, ())


def _proven(evaluation: Evaluation, field: Field, limits: Limits, bound: float) -> float | None:
    """What no plan can cost less than; None where the programme may count more than a plan pays.

    It counts budgets, shares and carbon by the means of segments, redundancy of what is rented beside own servers twice, and
    fees with bands, existing load or a mean of several peaks as straight lines.
    """
    is_doubled = bool(field.pools) and any(w.redundancy_units for w in evaluation.basis.plan.workloads)
    is_bent = not all(pool.bill.is_straight for pool in field.pools)
    return None if is_doubled or is_bent or limits.names[1:] else bound


def _undominated(options: pl.DataFrame) -> pl.DataFrame:
    """Options that no other of the same GPU, place and size beats in price and in power."""
    kept = []
    rows = options.sort("option").to_dicts()
    for row in rows:
        rivals = [
            other
            for other in rows
            if other["option"] != row["option"]
            and (other["mode"], other["profile"], other["server_gpus"])
            == (row["mode"], row["profile"], row["server_gpus"])
            and all(other[name] <= row[name] for name in ("price", "nameplate_kw", "load_kw", "idle_kw"))
        ]
        strictly = [
            other for other in rivals if (other["price"], other["option"]) < (row["price"], row["option"])
        ]
        if not strictly:
            kept.append(row["option"])
    return options.filter(pl.col("option").is_in(kept)).sort("option")


def _mix(field: Field, columns: Columns, values: Floats, allowed: np.ndarray | None = None) -> Mix:
    when = quarters(field.horizon)
    counts = np.rint(values).astype(np.int64)
    bought = tuple(
        (position, int(when[index]), int(counts[column]))
        for position, indices in enumerate(columns.servers)
        for index, column in enumerate(indices)
        if counts[column] > 0
    )
    signed = tuple(
        (position, int(when[index]), int(counts[column]))
        for position, indices in enumerate(columns.signed)
        for index, column in enumerate(indices)
        if counts[column] > 0
    )
    return Mix(bought, signed, allowed)


def _start(evaluation: Evaluation, field: Field, columns: Columns) -> dict[int, float]:
    """The purchases of the pure strategy of the same option, as a first solution."""
    start = {int(column): 0.0 for indices in (*columns.servers, *columns.signed) for column in indices}
    for position, pool in enumerate(field.pools):
        by_delivery = {
            pool.delivery(int(order)): int(column)
            for order, column in zip(quarters(field.horizon), columns.servers[position], strict=False)
        }
        bought = evaluation.schedule.bought.filter(pl.col("option") == pool.option)
        for delivery, count in bought.select("delivery_month", "servers").iter_rows():
            if delivery not in by_delivery:
                return {}
            start[by_delivery[delivery]] = float(count)
    return start


def portfolio_optimum(evaluation: Evaluation, facts: Facts, sites: dict[str, Optimum]) -> Optimum:
    """All sites together: each workload at the sites that serve it best, or at none.

    Every site takes part with the option of its own optimum; comparators take none.
    """
    basis = evaluation.basis
    comparators = {site.id for site in basis.plan.sites if site.is_comparator}
    options = [
        optimum.field.pools[0].option
        for site, optimum in sites.items()
        if site not in comparators and optimum.mix is not None and optimum.mix.bought
    ]
    chosen = basis.options.filter(pl.col("option").is_in(options))
    field = field_of(basis, chosen)
    limits = limits_of(basis, facts, field)
    most = basis.plan.constraints.max_sites
    program, columns = build(basis.plan, field, limits, most=_segments(field), max_sites=most)
    found = solve(program.model(), gap=PORTFOLIO_GAP, nodes=NODES)
    if found is None:
        return _impossible(None, field, limits, program)
    allowed = columns.allowed_of(found.values)
    mix, done = polish(basis.plan, field, limits, _mix(field, columns, found.values, allowed))
    proven = _proven(evaluation, field, limits, found.bound - columns.slack)
    return Optimum(None, field, limits, mix, done, found.objective, proven, found.gap, ())


def _segments(field: Field) -> int:
    """Segments of a month, so that a small plan's peaks stay apart across its sites and a large one can be solved."""
    shares = len(field.workloads) * field.horizon * (len(field.pools) + 2)
    return min(MOST_SEGMENTS, max(FEWEST_SEGMENTS, MOST_SHARES // shares))
