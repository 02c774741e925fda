"""Ruling: the verdict of a site where a declared constraint rules out renting, owning, or both.

Where nothing is ruled out the verdict is that of the cheapest order month (verdicts.py); else it is that of the cheapest plan
which keeps to everything declared, and there may be none.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import polars as pl

from brytpunkt.planning.own.reasons import BROKEN_SCHEMA, own_reasons

if TYPE_CHECKING:
    from collections.abc import Mapping

    from brytpunkt.planning.ledger.evaluate import Evaluation
    from brytpunkt.planning.optimal.results import Optimal

OWN_MODES = ("own_colocation", "own_hall")
RULING_SCHEMA = {
    "site": pl.String,
    "is_ruled": pl.Boolean,
    "ruled_verdict": pl.String,
    "ruled_month": pl.Int64,
    "ruled_value": pl.Float64,
    "own_reason": pl.String,
    "rent_reason": pl.String,
}


def verdict_cost(row: Mapping[str, Any]) -> float | None:
    """What the verdict of a row of ``verdicts`` costs; None where nothing is feasible. [plan currency, present value]"""
    if row["verdict"] == "infeasible":
        return None
    by_plan = row["verdict"] == "build" or (row.get("is_ruled") and row.get("rent_reason") is not None)
    return float(row["switch_npv"] if by_plan else row["npv_rent"])


@dataclass(frozen=True)
class Kept:
    """The cheapest plan found at a site that keeps to every constraint.

    ``value``: present value [plan currency]; ``order_month``: of its first order, None where it owns nothing.
    """

    value: float
    order_month: int | None


def kept_plans(optimal: Optimal) -> dict[str, Kept | None]:
    """What each site's optimal plan is -> by site; None where nothing keeps to the constraints."""
    orders = dict(
        optimal.schedule.filter(pl.col("kind") == "buy", pl.col("site").is_not_null())
        .group_by("site")
        .agg(pl.col("order_month").min())
        .iter_rows()
    )
    found: dict[str, Kept | None] = {}
    plans = optimal.plans.filter(pl.col("site").is_not_null())
    for site, feasible, source, value in plans.select(
        "site", "is_feasible", "source", "present_value"
    ).iter_rows():
        month = 0 if source in OWN_MODES else orders.get(site) if source == "programme" else None
        found[site] = Kept(value, month) if feasible else None
    return found


def nothing_ruled_out(evaluation: Evaluation) -> pl.DataFrame:
    """The ruling of a plan without constraints -> ``RULING_SCHEMA``."""
    return ruling(evaluation, pl.DataFrame(schema=BROKEN_SCHEMA), {})


def ruling(evaluation: Evaluation, broken: pl.DataFrame, kept: Mapping[str, Kept | None]) -> pl.DataFrame:
    """What is ruled out at each site, why, and the verdict that is left -> ``RULING_SCHEMA``.

    ``broken`` (``reasons.BROKEN_SCHEMA``): the strategies that break a constraint; ``kept``: what keeps to all of them, None
    where nothing does. ``is_ruled``: renting or owning breaks one, or nothing keeps to them; the columns of the verdict hold
    only there.
    """
    reasons = {(site, strategy): reason for site, strategy, reason in broken.iter_rows()}
    unowned = own_reasons(evaluation)
    rows = []
    for site in (site.id for site in evaluation.basis.plan.sites):
        rent, own = reasons.get((None, "rent")), reasons.get((site, "own"))
        plan = kept.get(site)
        is_ruled = rent is not None or own is not None or (site in kept and plan is None)
        verdict = "infeasible" if plan is None else "rent" if plan.order_month is None else "build"
        left = (verdict, plan and plan.order_month, plan and plan.value) if is_ruled else (None, None, None)
        rows.append((site, is_ruled, *left, own or unowned.get(site), rent))
    return pl.DataFrame(rows, schema=RULING_SCHEMA, orient="row")
