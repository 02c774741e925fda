"""The outcome: every optimum beside the pure strategies, as frames of the result and rows of the ledger."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING

import polars as pl

from brytpunkt.planning.inputs.money import monthly_rate
from brytpunkt.planning.inputs.units import CENTS
from brytpunkt.planning.ledger.ledger import mix_ledger, staff_value
from brytpunkt.planning.note import Note, decode, encode, encoded, several
from brytpunkt.planning.optimal.limits import broken, carbon_of
from brytpunkt.planning.optimal.pure_strategies import Broken, breaking, broken_frame
from brytpunkt.planning.optimal.solve import Optimum, portfolio_optimum, site_optimum
from brytpunkt.planning.own.reasons import own_reasons

if TYPE_CHECKING:
    from collections.abc import Sequence

    from brytpunkt.planning.inputs.planning_inputs import Facts
    from brytpunkt.planning.ledger.evaluate import Evaluation
    from brytpunkt.planning.optimal.mix import Mix
    from brytpunkt.planning.optimal.problem import Field

CORES = 2
PROGRAMME = "programme"
LARGEST_DIFFERENCE = 0.01
PLAN_SCHEMA = {
    "site": pl.String,
    "is_feasible": pl.Boolean,
    "reason": pl.String,
    "source": pl.String,
    "present_value": pl.Float64,
    "programme_value": pl.Float64,
    "objective": pl.Float64,
    "bound": pl.Float64,
    "gap": pl.Float64,
    "difference_share": pl.Float64,
    "best_pure": pl.String,
    "best_pure_value": pl.Float64,
    "excluded": pl.String,
}


SCHEDULE_SCHEMA = {
    "site": pl.String,
    "kind": pl.String,
    "workload": pl.String,
    "item": pl.String,
    "order_month": pl.Int64,
    "from_month": pl.Int64,
    "until_month": pl.Int64,
    "count": pl.Int64,
}


@dataclass(frozen=True)
class Optimal:
    """Optimal plans; ``site`` null is the portfolio.

    ``plans``: one row a site (``PLAN_SCHEMA``). ``schedule``: site, kind (buy, commit), workload (of a commitment), item, order_month, from_month,
    until_month, count. ``served``: site, workload, month, by, item, share. ``carbon``: site, month, by, kg.
    ``ledger``: site, option, month, component, item, timing, cents, pv_cents. ``broken``: site (null for rent), strategy, reason:
    the pure strategies that break a declared constraint.
    """

    plans: pl.DataFrame
    schedule: pl.DataFrame
    served: pl.DataFrame
    carbon: pl.DataFrame
    ledger: pl.DataFrame
    broken: pl.DataFrame


def site_optima(evaluation: Evaluation, facts: Facts) -> dict[str, Optimum]:
    """The optimum of every site, that of renting where nothing can be owned -> by site."""
    sites = sorted(site.id for site in evaluation.basis.plan.sites)
    with ThreadPoolExecutor(CORES) as pool:
        return dict(
            zip(sites, pool.map(lambda site: site_optimum(evaluation, facts, site), sites), strict=True)
        )


def mixes_of(optima: dict[str, Optimum]) -> dict[str, tuple[Field, Mix]]:
    """The decisions of every site that has a plan, with the field that they are taken on -> by site."""
    return {site: (optimum.field, optimum.mix) for site, optimum in optima.items() if optimum.mix is not None}


def optimal_plans(evaluation: Evaluation, optima: Sequence[Optimum]) -> Optimal:
    """Optima at ledger prices."""
    ruled_out = breaking(evaluation, optima[0].limits) if optima else {}
    parts = [_published(evaluation, optimum, ruled_out) for optimum in optima]
    return Optimal(
        plans=pl.DataFrame([part[0] for part in parts], schema=PLAN_SCHEMA, orient="row"),
        schedule=pl.concat(
            [pl.DataFrame(schema=SCHEDULE_SCHEMA), *(_schedule(optimum) for optimum in optima)]
        ),
        served=_together(optima, "served"),
        carbon=pl.concat(
            carbon_of(optimum.limits, optimum.field, optimum.done).select(
                pl.lit(optimum.site, dtype=pl.String).alias("site"), "month", "by", "kg"
            )
            for optimum in optima
            if optimum.done is not None
        )
        if any(optimum.done is not None for optimum in optima)
        else pl.DataFrame(schema={"site": pl.String, "month": pl.Int64, "by": pl.String, "kg": pl.Float64}),
        ledger=pl.concat([_empty(evaluation), *(part[1] for part in parts)]),
        broken=broken_frame(ruled_out),
    )


def joined(one: Optimal, other: Optimal) -> Optimal:
    """All of both."""
    both = {
        item.name: pl.concat([getattr(one, item.name), getattr(other, item.name)]) for item in fields(Optimal)
    }
    return Optimal(**both | {"broken": both["broken"].unique(maintain_order=True)})


def portfolio_plan(evaluation: Evaluation, facts: Facts, sites: dict[str, Optimum]) -> Optimum:
    """The portfolio's optimum, or a site's where that one is cheaper by the ledger."""
    basis = evaluation.basis
    together = portfolio_optimum(evaluation, facts, sites)
    comparators = {site.id for site in basis.plan.sites if site.is_comparator}
    alone = [replace(found, site=None) for site, found in sites.items() if site not in comparators]
    rate = monthly_rate(basis.plan.finance)
    fit = [
        (found.done.present_value(rate), position, found)
        for position, found in enumerate((together, *alone))
        if found.done is not None and not broken(found.limits, found.field, found.done)
    ]
    return min(fit, key=lambda trial: trial[:2])[2] if fit else together


def _published(
    evaluation: Evaluation, optimum: Optimum, ruled_out: Broken
) -> tuple[tuple[object, ...], pl.DataFrame]:
    """The cheapest feasible of the programme's plan and the pure strategies, with its ledger."""
    pure, excluded = _pure(evaluation, optimum, ruled_out)
    rows = _mix_rows(evaluation, optimum)
    value = _value(rows) if rows is not None else None
    is_kept = (
        rows is not None
        and optimum.done is not None
        and not broken(optimum.limits, optimum.field, optimum.done)
    )
    candidates = {name: (_value(frame), frame) for name, frame in pure.items()}
    if is_kept and rows is not None and value is not None:
        candidates[PROGRAMME] = (value, rows)
    best_pure = min(pure, key=lambda name: (_value(pure[name]), name)) if pure else None
    listed = encoded(excluded)
    head = (optimum.site,)
    basis = evaluation.basis
    runs = optimum.done is None or optimum.done.runs_gpus
    staff = staff_value(basis.plan, basis, runs_gpus=runs)
    may_run_none = set(basis.choice.apis["workload"]) == {w.id for w in basis.plan.workloads}
    least_staff = staff_value(basis.plan, basis, runs_gpus=not may_run_none)
    if not candidates:
        reason = encode(several([_why_not(optimum), *_no_servers(evaluation, optimum.site)]))
        return (*head, False, reason, None, *([None] * 8), listed), _empty(evaluation)
    source = min(candidates, key=lambda name: (candidates[name][0], name))
    objective = None if optimum.objective is None else optimum.objective + staff
    return (
        *head,
        True,
        None,
        source,
        candidates[source][0],
        value,
        objective,
        None if optimum.bound is None else optimum.bound + min(staff, least_staff),
        optimum.gap,
        None if value is None or objective is None else (value - objective) / value,
        best_pure,
        _value(pure[best_pure]) if best_pure else None,
        listed,
    ), candidates[source][1].with_columns(pl.lit(optimum.site, dtype=pl.String).alias("site"))


def _why_not(optimum: Optimum) -> Note:
    """The constraints that clash, or those that the programme's plan breaks when it is served hour by hour."""
    if optimum.clashing:
        return Note("constraints_clash", optimum.site, {"constraints": tuple(optimum.clashing)})
    found = broken(optimum.limits, optimum.field, optimum.done) if optimum.done is not None else ()
    return Note("best_plan_breaks", optimum.site, {"constraints": found or ("a constraint",)})


def _no_servers(evaluation: Evaluation, site: str | None) -> list[Note]:
    """Why nothing can be owned at a site, where that is so."""
    return [decode(reason) for name, reason in own_reasons(evaluation).items() if name == site]


def _value(rows: pl.DataFrame) -> float:
    return float(rows["pv_cents"].sum()) / CENTS


def _mix_rows(evaluation: Evaluation, optimum: Optimum) -> pl.DataFrame | None:
    if optimum.done is None:
        return None
    flows = optimum.done.flows.with_columns(site=pl.lit(optimum.site, dtype=pl.String))
    return mix_ledger(evaluation.basis.plan, evaluation.basis, flows)


def _empty(evaluation: Evaluation) -> pl.DataFrame:
    return _as_mix(evaluation.rent.clear())


def _as_mix(rows: pl.DataFrame) -> pl.DataFrame:
    if "option" not in rows.columns:
        rows = rows.with_columns(option=pl.lit(None, dtype=pl.String))
    return rows.select(
        pl.lit(None, dtype=pl.String).alias("site"),
        *("option", "month", "component", "item", "timing", "cents", "pv_cents"),
    )


def _pure(
    evaluation: Evaluation, optimum: Optimum, ruled_out: Broken
) -> tuple[dict[str, pl.DataFrame], list[Note]]:
    """Ledgers of the pure strategies that keep to the constraints, and what the others break."""
    kept: dict[str, pl.DataFrame] = {}
    excluded: list[Note] = []
    for name in evaluation.rent["strategy"].unique().sort():
        if (None, name) in ruled_out:
            broken_here = {"strategy": name, "constraints": ruled_out[None, name]}
            excluded.append(Note("strategy_breaks", None, broken_here))
        else:
            kept[name] = _as_mix(evaluation.rent.filter(pl.col("strategy") == name))
    best = evaluation.best if optimum.site is None else evaluation.best.filter(pl.col("site") == optimum.site)
    comparators = [site.id for site in evaluation.basis.plan.sites if site.is_comparator]
    for site, mode, option in best.select("site", "mode", "option").sort("site", "mode").iter_rows():
        if optimum.site is None and site in comparators:
            continue
        name = mode if optimum.site is not None else f"{site} {mode}"
        if (site, mode) in ruled_out:
            names = {place.id: place.name for place in evaluation.basis.plan.sites}
            broken_there = {"strategy": mode, "constraints": ruled_out[site, mode]}
            excluded.append(
                Note("strategy_breaks", site, broken_there)
                if optimum.site is not None
                else Note("site_strategy_breaks", site, {"site": names[site], **broken_there})
            )
        else:
            kept[name] = _as_mix(evaluation.own.filter(pl.col("option") == option))
    return kept, excluded


def _schedule(optimum: Optimum) -> pl.DataFrame:
    """Orders and signatures of the programme's plan."""
    if optimum.mix is None:
        return pl.DataFrame(schema=SCHEDULE_SCHEMA)
    field = optimum.field
    rows: list[tuple[object, ...]] = []
    for position, order, count in optimum.mix.bought:
        pool = field.pools[position]
        delivery = pool.delivery(order)
        rows.append((optimum.site, "buy", None, pool.option, order, delivery, delivery + pool.life, count))
    for position, month, count in optimum.mix.signed:
        term = field.terms[position]
        rows.append(
            (
                optimum.site,
                "commit",
                field.workloads[term.workload],
                term.offer,
                month,
                month,
                month + term.months,
                count,
            )
        )
    return pl.DataFrame(rows, schema=SCHEDULE_SCHEMA, orient="row").sort("order_month", "kind", "item")


def _together(optima: Sequence[Optimum], name: str) -> pl.DataFrame:
    frames: list[pl.DataFrame] = [
        getattr(optimum.done, name).select(pl.lit(optimum.site, dtype=pl.String).alias("site"), pl.all())
        for optimum in optima
        if optimum.done is not None
    ]
    schema = {
        "site": pl.String,
        "workload": pl.String,
        "month": pl.Int64,
        "by": pl.String,
        "item": pl.String,
        "share": pl.Float64,
    }
    return pl.concat([pl.DataFrame(schema=schema), *frames])
