"""Disruptions and failure: what decisions already made cost when the world turns against them.

Purchases and commitments stand; only what is rented by the hour or the token adapts, hour by hour.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import polars as pl

from brytpunkt.errors import InputError, Problem
from brytpunkt.planning.inputs.money import monthly_rate
from brytpunkt.planning.ledger.ledger import staff_value
from brytpunkt.planning.optimal import shocks
from brytpunkt.planning.optimal.dispatch import dispatch
from brytpunkt.planning.optimal.mix import Mix
from brytpunkt.planning.optimal.problem import field_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from brytpunkt.declarations.sections.scenarios import Disruption
    from brytpunkt.planning.ledger.evaluate import Evaluation
    from brytpunkt.planning.optimal.problem import Field

MOST_UNCERTAIN = 4
DISRUPTION_SCHEMA = {
    "site": pl.String,
    "strategy": pl.String,
    "disruption": pl.String,
    "disruption_name": pl.String,
    "undisturbed_value": pl.Float64,
    "present_value": pl.Float64,
    "unserved_share": pl.Float64,
}
EXPECTED_SCHEMA = {
    "site": pl.String,
    "strategy": pl.String,
    "probability": pl.Float64,
    "success_value": pl.Float64,
    "failure_value": pl.Float64,
    "expected_value": pl.Float64,
}


@dataclass(frozen=True)
class Decided:
    """A strategy as decisions: a site (None for rent), its field and its mix."""

    site: str | None
    strategy: str
    field: Field
    mix: Mix


def decided(evaluation: Evaluation, optima: dict[str, tuple[Field, Mix]]) -> list[Decided]:
    """Rent, every site's own, and every site's optimal plan; ``optima`` by site."""
    basis = evaluation.basis
    field = field_of(basis, basis.options.clear())
    found = [Decided(None, "rent", field, shocks.rent_mix(evaluation, field))]
    for site, option in evaluation.chosen.select("site", "option").sort("site").iter_rows():
        with_pool = shocks.own_field(basis, option)
        found.append(Decided(site, "own", with_pool, shocks.own_mix(evaluation, with_pool)))
    return [
        *found,
        *(Decided(site, "optimal", field, mix) for site, (field, mix) in sorted(optima.items())),
    ]


def disruptions(evaluation: Evaluation, strategies: list[Decided]) -> pl.DataFrame:
    """Every declared disruption for every strategy.

    | column | unit |
    |---|---|
    | site (null for rent), strategy, disruption | key |
    | undisturbed_value, present_value | plan currency, platform staff included |
    | unserved_share | share of the work that nobody may serve; its cost is not in the value |
    """
    rows = []
    for choice in strategies:
        calm, _ = _value(evaluation, choice.field, choice.mix)
        for blow in evaluation.basis.plan.disruptions:
            if blow.from_month < evaluation.basis.horizon:
                value, unserved = _value(evaluation, *_struck(evaluation, choice, blow))
                rows.append((choice.site, choice.strategy, blow.id, blow.name, calm, value, unserved))
    return pl.DataFrame(rows, schema=DISRUPTION_SCHEMA, orient="row").with_columns(
        extra_cost=pl.col("present_value") - pl.col("undisturbed_value")
    )


def _struck(evaluation: Evaluation, choice: Decided, blow: Disruption) -> tuple[Field, Mix]:
    if blow.kind == "price_shock":
        return shocks.shocked(choice.field, blow.from_month, blow.price_multiple or 1.0), choice.mix
    if blow.kind == "transfer_ban":
        return shocks.banned(evaluation.basis, choice.field, blow.from_month), choice.mix
    if blow.kind == "forced_exit":
        return choice.field, replace(choice.mix, exit_month=blow.from_month)
    return choice.field, replace(choice.mix, embargo=(blow.from_month, blow.until_month or blow.from_month))


def _value(evaluation: Evaluation, field: Field, mix: Mix) -> tuple[float, float]:
    """Present value with platform staff [plan currency], and the share of the work that nobody serves."""
    done = dispatch(evaluation.basis.plan, field, mix)
    basis = evaluation.basis
    paid = staff_value(basis.plan, basis, runs_gpus=done.runs_gpus)
    unserved = sum(
        float(((share * field.work[workload]).sum(axis=1) * field.gpu_hours[workload]).sum())
        for workload, by, _, share in done.shares
        if by == "unserved"
    )
    return (
        done.present_value(monthly_rate(evaluation.basis.plan.finance)) + paid,
        unserved / float(field.gpu_hours.sum()) if field.gpu_hours.any() else 0.0,
    )


def expected(evaluation: Evaluation, strategies: list[Decided]) -> pl.DataFrame:
    """Expected cost when workloads may not reach production, each by itself.

    | column | unit |
    |---|---|
    | site (null for rent), strategy | key |
    | probability | that every workload succeeds |
    | success_value | plan currency: as planned |
    | failure_value | plan currency: mean over all outcomes in which something fails |
    | expected_value | probability-weighted mean of all outcomes |

    Empty where every workload is certain. Orders of the decision month and later are not placed after a failure;
    what was ordered before is kept, or sold where everything failed and the plan says so.
    """
    plan = evaluation.basis.plan
    uncertain = [w for w in plan.workloads if w.success_probability < 1]
    if len(uncertain) > MOST_UNCERTAIN:
        raise InputError(
            (
                Problem(
                    "workloads",
                    f"{len(uncertain)} workloads are uncertain; at most {MOST_UNCERTAIN} can be combined",
                    "give the others success_probability: 1, or declare them as one workload",
                ),
            )
        )
    rows = []
    for choice in strategies if uncertain else []:
        success, _ = _value(evaluation, choice.field, choice.mix)
        sure = math.prod(w.success_probability for w in uncertain)
        lost = sum(
            probability * _failing(evaluation, choice, names)
            for probability, names in _outcomes({w.id: w.success_probability for w in uncertain})
        )
        rows.append((choice.site, choice.strategy, sure, success, lost / (1 - sure), sure * success + lost))
    return pl.DataFrame(rows, schema=EXPECTED_SCHEMA, orient="row")


def _outcomes(chances: dict[str, float]) -> Iterator[tuple[float, tuple[str, ...]]]:
    """Every set of failing workloads but the empty one, with its probability."""
    for fails in itertools.product((False, True), repeat=len(chances)):
        names = tuple(name for name, failed in zip(chances, fails, strict=True) if failed)
        if names:
            yield math.prod(1 - p if f else p for p, f in zip(chances.values(), fails, strict=True)), names


def _failing(evaluation: Evaluation, choice: Decided, names: tuple[str, ...]) -> float:
    plan = evaluation.basis.plan
    field, mix = choice.field, choice.mix
    month = min(w.decision_month for w in plan.workloads if w.id in names)
    for workload in plan.workloads:
        if workload.id in names:
            field = shocks.failed(field, [field.workloads.index(workload.id)], workload.decision_month)
    all_fail = len(names) == len(plan.workloads)
    mix = replace(
        mix,
        bought=tuple(row for row in mix.bought if row[1] < month),
        signed=tuple(row for row in mix.signed if row[1] < month),
        exit_month=month if all_fail and plan.build.on_failure == "sell" else mix.exit_month,
    )
    return _value(evaluation, field, mix)[0]
