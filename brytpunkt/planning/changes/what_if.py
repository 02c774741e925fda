"""What if: the verdict of a plan before and after changed declarations, and how much each of them did.

Pure strategies are planned anew in the changed world; the optimal plan keeps its orders and signatures, as decided. Nothing is
optimised and nothing is drawn, unless asked for.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from brytpunkt.errors import InputError
from brytpunkt.planning.inputs.references import check_names
from brytpunkt.planning.inputs.units import CENTS
from brytpunkt.planning.ledger.evaluate import evaluate, strategies
from brytpunkt.planning.ledger.ledger import totals
from brytpunkt.planning.ledger.prepare import prepare
from brytpunkt.planning.optimal.kept_orders import KeptOptimum, kept_mixes, kept_optima, kept_values
from brytpunkt.planning.verdicts.feasibility import nothing_ruled_out
from brytpunkt.planning.verdicts.verdicts import rent_value, switch, verdict_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from brytpunkt.declarations import Plan
    from brytpunkt.planning.inputs.planning_inputs import Facts
    from brytpunkt.planning.ledger.evaluate import Evaluation
    from brytpunkt.planning.note import Note
    from brytpunkt.planning.risk.results.uncertainty import Progress

CORES = 2
PROGRAMME = "programme"
MEASURES = ("rent", "own", "own_less_rent", "best_less_rent", "optimal")
TOGETHER, TOTAL = "together", "total"
OUTLOOK_SCHEMA = {
    "site": pl.String,
    "site_name": pl.String,
    "is_comparator": pl.Boolean,
    "verdict": pl.String,
    "switch_month": pl.Int64,
    "rent": pl.Float64,
    "own": pl.Float64,
    "best": pl.Float64,
    "optimal": pl.Float64,
}


@dataclass(frozen=True)
class StoredOptima:
    """The optimal plans of a kept run, by site: the strategy that each one is, and its decisions where it is a mix."""

    sources: dict[str, str]
    kept: dict[str, KeptOptimum]

    @classmethod
    def of(cls, optimal: pl.DataFrame, schedule: pl.DataFrame) -> StoredOptima:
        """From the run's frames ``optimal`` and ``optimal_schedule``."""
        plans = optimal.filter(pl.col("site").is_not_null(), pl.col("is_feasible"))
        return cls(
            sources=dict(plans.select("site", "source").iter_rows()),
            kept={kept.site: kept for kept in kept_optima(schedule)},
        )

    def mixes(self) -> list[KeptOptimum]:
        """The decisions of every site whose plan is a mix; nothing is decided where all is rented by the hour."""
        programmes = [site for site, source in sorted(self.sources.items()) if source == PROGRAMME]
        return [self.kept.get(site, KeptOptimum(site, (), ())) for site in programmes]

    def values(self, evaluation: Evaluation) -> dict[str, float]:
        """Present value of each site's stored plan in an evaluated world; left out where it does not exist there."""
        return kept_values(evaluation.basis, self.mixes()) | self.pure_values(evaluation)

    def pure_values(self, evaluation: Evaluation) -> dict[str, float]:
        """The same of the sites whose stored plan is a pure strategy."""
        rented = dict(totals(evaluation.rent, ["strategy"]).select("strategy", "pv_cents").iter_rows())
        owned = {
            (site, mode): cents
            for site, mode, cents in evaluation.best.select("site", "mode", "pv_cents").iter_rows()
        }
        pure = {
            site: rented.get(source, owned.get((site, source)))
            for site, source in self.sources.items()
            if source != PROGRAMME
        }
        return {site: cents / CENTS for site, cents in pure.items() if cents is not None}


@dataclass(frozen=True)
class WhatIf:
    """The answer; money is in the plan's currency, present values of cost.

    ``before``, ``after``, and ``alone`` with one change each (None where that is no plan): site, site_name, is_comparator, verdict
    (of the best order month), switch_month (null: never), rent, own (ordered now), best (own, ordered in the best month),
    optimal (the stored plan). ``effects``: site, measure (``MEASURES``), change (its number from 1 as text, ``together``: what the
    changes do only in company, ``total``), amount; the amounts of the changes and ``together`` add up to the total.
    """

    before: pl.DataFrame
    alone: tuple[pl.DataFrame | None, ...]
    after: pl.DataFrame
    effects: pl.DataFrame


def stored_outlook(verdicts: pl.DataFrame, optimal: pl.DataFrame) -> pl.DataFrame:
    """The state before the change, as a kept run has it -> as ``WhatIf.before``."""
    plans = optimal.filter(pl.col("site").is_not_null()).select("site", optimal="present_value")
    return (
        verdicts.select(
            *("site", "site_name", "is_comparator", "verdict", "switch_month"),
            rent="npv_rent",
            own="npv_own",
            best="switch_npv",
        )
        .join(plans, on="site", how="left")
        .select(pl.col(name).cast(kind) for name, kind in OUTLOOK_SCHEMA.items())
    )


def outlook(plan: Plan, facts: Facts, stored: StoredOptima) -> pl.DataFrame:
    """Verdict and present values of every site in the world of a plan -> as ``WhatIf.before``, the best first."""
    basis = prepare(plan, facts, plan.finance.months)
    with ThreadPoolExecutor(1) as beside:  # what was decided does not wait for what is planned anew
        kept = beside.submit(kept_values, basis, stored.mixes())
        evaluation = strategies(basis)
        values = stored.pure_values(evaluation) | kept.result()
    ruled = _ruled(evaluation, facts, stored, values)
    return (
        pl.DataFrame(
            [(site.id, site.name, site.is_comparator, values.get(site.id)) for site in plan.sites],
            schema={name: OUTLOOK_SCHEMA[name] for name in ("site", "site_name", "is_comparator", "optimal")},
            orient="row",
        )
        .join(evaluation.chosen.select("site", own=pl.col("pv_cents") / CENTS), on="site", how="left")
        .join(switch(evaluation).rename({"best_value": "best"}), on="site", how="left")
        .join(verdict_of(evaluation), on="site")
        .join(ruled, on="site")
        .with_columns(
            rent=pl.lit(rent_value(evaluation)),
            verdict=pl.when("is_ruled").then("ruled_verdict").otherwise("verdict"),
            switch_month=pl.when("is_ruled").then("ruled_month").otherwise("switch_month"),
            best=pl.when("is_ruled").then("ruled_value").otherwise("best"),
        )
        .select(pl.col(name).cast(kind) for name, kind in OUTLOOK_SCHEMA.items())
        .sort("best", "own", "site", nulls_last=True)
    )


def _ruled(
    evaluation: Evaluation, facts: Facts, stored: StoredOptima, values: dict[str, float]
) -> pl.DataFrame:
    """What the plan's constraints rule out, and what is left of the stored plans."""
    if not evaluation.basis.plan.constraints.are_declared:
        return nothing_ruled_out(evaluation)
    from brytpunkt.planning.verdicts.kept_feasibility import kept_ruling  # HiGHS, for these plans alone

    return kept_ruling(evaluation, facts, stored.sources, stored.mixes(), values)


def what_if(
    before: pl.DataFrame | Plan,
    alone: Sequence[Plan | None],
    together: Plan,
    facts: Facts,
    stored: StoredOptima,
) -> WhatIf:
    """Before, after, and what each change does by itself.

    ``before``: the outlook of a kept run, or a plan to be evaluated; ``alone``: the plan with one change each (None where the
    change is no valid plan by itself), ``together``: with all of them.

    Raises ``InputError`` where the changed plan and the facts do not fit together.
    """
    check_names(together, facts)

    def seen(plan: Plan) -> pl.DataFrame:
        return outlook(plan, facts, stored)

    def by_itself(plan: Plan | None) -> pl.DataFrame | None:
        if plan is None:
            return None
        try:
            check_names(plan, facts)
            return seen(plan)
        except InputError:
            return None

    with ThreadPoolExecutor(CORES) as pool:
        whole = pool.submit(seen, together)
        planned = None if isinstance(before, pl.DataFrame) else pool.submit(seen, before)
        single = tuple(pool.map(by_itself, alone)) if len(alone) > 1 else (whole.result(),)
        after = whole.result()
        base = before if isinstance(before, pl.DataFrame) else planned.result()  # type: ignore[union-attr]
    return WhatIf(base, single, after, effects(base, single, after))


def effects(before: pl.DataFrame, alone: Sequence[pl.DataFrame | None], after: pl.DataFrame) -> pl.DataFrame:
    """What each change does by itself, and what only all of them do -> site, measure, change, amount.

    | in | outlooks of the same sites |
    |---|---|
    | out: amount | plan currency; null where a site or its strategy is missing on one side |
    """
    base = _measures(before)
    total = _less(_measures(after), base, TOTAL)
    parts = [
        _less(_measures(frame), base, str(number))
        for number, frame in enumerate(alone, 1)
        if frame is not None
    ]
    summed = (
        pl.concat([*parts, total.clear()])
        .group_by("site", "measure")
        .agg(whole=pl.col("amount").sum(), is_whole=pl.col("amount").is_not_null().all())
    )
    rest = total.join(summed, on=["site", "measure"], how="left").select(
        "site",
        "measure",
        change=pl.lit(TOGETHER),
        amount=pl.col("amount")
        - pl.when(pl.col("is_whole").fill_null(value=True)).then(pl.col("whole").fill_null(0.0)),
    )
    return pl.concat([*parts, rest, total])


def _measures(frame: pl.DataFrame) -> pl.DataFrame:
    return (
        frame.with_columns(
            own_less_rent=pl.col("own") - pl.col("rent"), best_less_rent=pl.col("best") - pl.col("rent")
        )
        .unpivot(on=list(MEASURES), index="site", variable_name="measure", value_name="value")
        .sort("site", "measure")
    )


def _less(one: pl.DataFrame, other: pl.DataFrame, change: str) -> pl.DataFrame:
    return one.join(other, on=["site", "measure"], how="full", coalesce=True, suffix="_before").select(
        "site", "measure", change=pl.lit(change), amount=pl.col("value") - pl.col("value_before")
    )


def optimised(plan: Plan, facts: Facts) -> pl.DataFrame:
    """Every site's plan optimised anew -> site, is_feasible, reason, source, present_value [plan currency]."""
    from brytpunkt.planning.optimal.results import (  # HiGHS, for this question alone
        optimal_plans,
        site_optima,
    )

    evaluation = evaluate(plan, facts, plan.finance.months)
    found = site_optima(evaluation, facts)
    return optimal_plans(evaluation, [*found.values()]).plans.select(
        "site", "is_feasible", "reason", "source", "present_value"
    )


def drawn(
    plan: Plan, facts: Facts, stored: StoredOptima, progress: Progress | None = None
) -> tuple[pl.DataFrame, tuple[Note, ...]]:
    """How sure the verdict is, by the plan's own draws, and notes; ``progress`` is told how many of how many are done.

    -> site, probability (that building wins), standard_error, p10, p50, p90 (present value of own) [plan currency]
    """
    from brytpunkt.planning.risk.results.uncertainty import risk  # SciPy, for this question alone

    evaluation = evaluate(plan, facts, plan.finance.months)
    mixes = kept_mixes(evaluation.basis, stored.mixes())
    values = stored.values(evaluation)
    found = risk(evaluation, facts, mixes, values, progress)
    assert found is not None, "draws were asked for"
    own = found.risk_quantiles.filter(pl.col("strategy") == "own", pl.col("measure") == "present_value")
    chances = found.risk_chances.filter(pl.col("strategy") == "building")
    return chances.select("site", "probability", "standard_error").join(
        own.select("site", "p10", "p50", "p90"), on="site", how="left"
    ), found.notes
