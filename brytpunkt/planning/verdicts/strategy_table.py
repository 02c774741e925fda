"""The table of strategies: totals, levelised costs, what each one owns and commits, and why some cannot serve."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from brytpunkt.planning.note import Note, decode, encode, several, verbatim
from brytpunkt.planning.own.reasons import own_reasons, unbuilt
from brytpunkt.planning.rent.residency import residency_of
from brytpunkt.planning.verdicts.verdicts import rent_label, units_served

if TYPE_CHECKING:
    from brytpunkt.planning.ledger.evaluate import Evaluation
    from brytpunkt.planning.ledger.prepare import Basis
    from brytpunkt.planning.note import Argument
    from brytpunkt.planning.optimal.results import Optimal

STRATEGY_ORDER = (
    *("api", "on_demand", "spot", "committed", "rent"),
    *("own_colocation", "own_hall", "own", "optimal"),
)


def _verbatim(name: str) -> pl.Expr:
    """A column of users' own names as encoded notes, whatever they look like."""
    return pl.col(name).map_elements(lambda text: encode(verbatim(text)), return_dtype=pl.String)


def strategies(evaluation: Evaluation, ledger: pl.DataFrame, optimal: Optimal) -> pl.DataFrame:
    """Every strategy with its totals, and those that cannot serve the plan with the reason.

    -> site, strategy, label, is_feasible, reason, nominal_total, present_value, lcoh, lcot
    """
    basis = evaluation.basis
    hours, million_tokens = units_served(basis)
    names = basis.options.select("option", "server_name", "profile").join(hours, on="profile", how="left")
    mixed = pl.col("strategy") == "optimal"
    single = pl.when(mixed).then(None).otherwise(pl.col("option"))
    sums = ledger.group_by("site", "strategy", option=single).agg(
        nominal_total=pl.col("amount").sum(), present_value=pl.col("present_value").sum()
    )
    value = pl.col("present_value").cast(pl.Float64)
    feasible = sums.join(names, on="option", how="left").select(
        "site",
        "strategy",
        label=pl.coalesce(
            _verbatim("server_name"),
            pl.col("strategy").replace_strict(_labels(evaluation), default=None, return_dtype=pl.String),
        ),
        is_feasible=pl.lit(value=True),
        reason=pl.lit(None, dtype=pl.String),
        nominal_total="nominal_total",
        present_value="present_value",
        lcoh=value / pl.col("pv_gpu_hours"),
        lcot=value / pl.lit(million_tokens if million_tokens > 0 else None, dtype=pl.Float64),
    )
    rank = {name: position for position, name in enumerate(STRATEGY_ORDER)}
    impossible = optimal.plans.filter(~pl.col("is_feasible")).select(
        "site", "is_feasible", "reason", strategy=pl.lit("optimal")
    )
    labels = _mix_labels(evaluation, optimal)
    feasible = feasible.join(labels, on="site", how="left", nulls_equal=True).with_columns(
        label=pl.when(pl.col("strategy") == "optimal").then("mix").otherwise("label")
    )
    feasible = _without_broken(feasible.drop("mix"), optimal)
    return pl.concat([feasible, _infeasible(evaluation, feasible), impossible], how="diagonal").sort(
        "site", pl.col("strategy").replace_strict(rank, return_dtype=pl.Int64), nulls_last=False
    )


def _without_broken(strategies: pl.DataFrame, optimal: Optimal) -> pl.DataFrame:
    """Strategies that break a declared constraint are not feasible; their totals stay, to show what keeping to it costs."""
    key = ["site", "strategy"]
    broken = optimal.broken.select(*key, broken="reason")
    return (
        strategies.join(broken, on=key, how="left", nulls_equal=True, maintain_order="left")
        .with_columns(is_feasible=pl.col("broken").is_null(), reason="broken")
        .drop("broken")
    )


def _mix_labels(evaluation: Evaluation, optimal: Optimal) -> pl.DataFrame:
    """What an optimal plan owns and commits, as an encoded note -> site, mix."""
    schedule = named_schedule(evaluation, optimal)
    counted = schedule.group_by("site", "name", "kind", maintain_order=True).agg(pl.col("count").sum())
    parts: dict[str | None, list[Note]] = {}
    for site, name, kind, count in counted.iter_rows():
        said: dict[str, Argument] = {"count": int(count), "name": decode(name)}
        parts.setdefault(site, []).append(
            Note("committed", None, said) if kind == "commit" else Note("bought", None, said)
        )
    rows = [(site, encode(Note("mix_of", site, {"parts": tuple(found)}))) for site, found in parts.items()]
    return pl.DataFrame(rows, schema={"site": pl.String, "mix": pl.String}, orient="row")


def _labels(evaluation: Evaluation) -> dict[str, str]:
    choice = evaluation.basis.choice
    served = choice.offers.select("mode", "workload").unique().sort("mode", "workload").iter_rows()
    by_mode: dict[str, dict[Note, None]] = {}  # workloads that take the same are named once
    for mode, workload in served:
        by_mode.setdefault(mode, {})[choice.label(workload, mode)] = None
    labels = {mode: encode(several(list(found))) for mode, found in by_mode.items()}
    return labels | {"rent": encode(rent_label(evaluation))}


def _infeasible(evaluation: Evaluation, feasible: pl.DataFrame) -> pl.DataFrame:
    """Strategies without rows: a mode that does not serve every workload, and own servers that nothing takes."""
    basis = evaluation.basis
    done = set(feasible.select("site", "strategy").iter_rows())
    served = basis.choice.offers.group_by("mode").agg(pl.col("workload"))
    by_mode = {mode: set(workloads) for mode, workloads in served.iter_rows()}
    rows: list[tuple[str | None, str, bool, str | None]] = []
    for mode in ("api", "on_demand", "spot", "committed"):
        lacking = sorted({w.id for w in basis.plan.workloads} - by_mode.get(mode, set()))
        if (None, mode) not in done and lacking:
            why = [Note("no_offer", None, {"workloads": tuple(lacking)})]
            if mode == "api":
                why += _apis_left_out(basis, lacking)
            rows.append((None, mode, False, encode(several(why))))
    rows += [(site, mode, False, reason) for site, mode, reason in unbuilt(evaluation).iter_rows()]
    rows += [(site, "own", False, reason) for site, reason in own_reasons(evaluation).items()]
    schema = {"site": pl.String, "strategy": pl.String, "is_feasible": pl.Boolean, "reason": pl.String}
    return pl.DataFrame(rows, schema=schema, orient="row")


def _apis_left_out(basis: Basis, workloads: list[str]) -> list[Note]:
    """Token APIs that workloads may not use, each with the reason."""
    mine = basis.left_out.filter(
        pl.col("kind").is_in(["api", "operator"]), pl.col("workload").is_in(workloads)
    )
    stays = {w.id: residency_of(w) for w in basis.plan.workloads}
    notes = []
    for workload, kind, item, reason in mine.iter_rows():
        said: dict[str, Argument] = {"api": item, "reason": decode(reason)}
        notes.append(
            Note("api_stays_within", None, {**said, "workload": workload, "residency": stays[workload]})
            if kind == "api"
            else Note("api_left_out", None, said)
        )
    return notes


def named_schedule(evaluation: Evaluation, optimal: Optimal) -> pl.DataFrame:
    """Orders and signatures with the names of what they are for."""
    servers = evaluation.basis.options.select(item="option", name="server_name", place="site", mode="mode")
    offers = evaluation.basis.market.offers.select(item="offer", label="label").unique("item")
    return (
        optimal.schedule.join(servers, on="item", how="left")
        .join(offers, on="item", how="left")
        .with_columns(name=pl.coalesce(_verbatim("name"), "label"))
        .drop("label")
        .sort("site", "order_month", "kind", "item", nulls_last=False)
    )
