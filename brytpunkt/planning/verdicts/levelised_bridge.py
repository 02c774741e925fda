"""The bridge to a levelised cost: from one server-hour at full use to what a GPU-hour of work costs over the plan.

In: present values of a plan that owns, by component, and its GPU-hours. Out: bars that sum to the levelised cost.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import polars as pl

from brytpunkt.planning.components import BY_KEY, SPARES
from brytpunkt.planning.inputs.units import CENTS
from brytpunkt.planning.optimal.dispatch import dispatch
from brytpunkt.planning.optimal.mix import servers_in_service

if TYPE_CHECKING:
    from collections.abc import Mapping

    from brytpunkt.planning.ledger.evaluate import Evaluation
    from brytpunkt.planning.verdicts.disruptions import Decided

STEPS: Final = ("full_use", "idle", "spares", "network", "staff", "storage_and_tax", "rent")
BRIDGE_SCHEMA = {"site": pl.String, "step": pl.String, "per_gpu_hour": pl.Float64}
GROUPS: Final = {"staff": "staff", "storage": "storage_and_tax", "tax": "storage_and_tax", "rent": "rent"}


@dataclass(frozen=True)
class Hours:
    """Discounted GPU-hours: in service, of these on servers that stand by, of work on own servers, and of all work."""

    in_service: float
    standing_by: float
    own_work: float
    work: float


def bridge(costs: Mapping[str, float], hours: Hours) -> dict[str, float]:
    """Bars by step [plan currency per GPU-hour], which sum to all cost / all work.

    ``costs``: present values by component. *Full use* is what a GPU-hour in service costs: servers, support, space, energy, less
    what is left. *Idle* spreads the hours at work over those used; *spares* are the servers that stand by and the spare parts;
    network, staff (platform staff too), storage and tax are spread over own work. *Rent* is what renting until the delivery and above
    capacity changes, cost and work alike.
    """
    sums = dict.fromkeys(STEPS, 0.0)
    for component, cost in costs.items():
        sums[_step_of(component)] += cost
    owned = sum(cost for step, cost in sums.items() if step != "rent")
    an_hour = sums["full_use"] / hours.in_service
    at_work = hours.in_service - hours.standing_by
    bars = {
        "full_use": an_hour,
        "idle": an_hour * (at_work / hours.own_work - 1),
        "spares": (an_hour * hours.standing_by + sums["spares"]) / hours.own_work,
    }
    bars |= {step: sums[step] / hours.own_work for step in ("network", "staff", "storage_and_tax")}
    bars["rent"] = (owned + sums["rent"]) / hours.work - owned / hours.own_work
    return bars


def _step_of(component: str) -> str:
    if component == SPARES:
        return "spares"
    known = BY_KEY[component]
    return "network" if known.life == "network" else GROUPS.get(known.group, "full_use")


def levelised_bridge(evaluation: Evaluation, strategies: list[Decided]) -> pl.DataFrame:
    """The bridge of each site's own, ordered at the start, to ``lcoh_own`` -> site, step, per_gpu_hour, in the order of ``STEPS``."""
    rows: list[tuple[object, ...]] = []
    for choice in strategies:
        hours = _hours(evaluation, choice) if choice.strategy == "own" else None
        if hours is None or hours.own_work <= 0:
            continue
        option = choice.field.pools[0].option
        sums = (
            evaluation.own.filter(pl.col("option") == option)
            .group_by("component", maintain_order=True)
            .agg(cost=pl.col("pv_cents").sum() / CENTS)
        )
        rows += [(choice.site, *bar) for bar in bridge(dict(sums.iter_rows()), hours).items()]
    return pl.DataFrame(rows, schema=BRIDGE_SCHEMA, orient="row")


def _hours(evaluation: Evaluation, choice: Decided) -> Hours | None:
    basis, pool = evaluation.basis, choice.field.pools[0]
    standing = servers_in_service(choice.field, choice.mix, 0)
    weight = choice.field.month_hours * choice.field.end_factor * pool.gpus
    spare = standing.clip(max=pool.spare)
    done = dispatch(basis.plan, choice.field, choice.mix)
    served = done.served.filter(pl.col("by") == "own").select("workload", "month", "share")
    work = (
        basis.gpu_hours.filter(pl.col("profile") == str(pool.row["profile"]))
        .join(basis.months.select("month", "end_factor"), on="month")
        .join(
            served.group_by("workload", "month").agg(pl.col("share").sum()),
            on=["workload", "month"],
            how="left",
        )
        .sort("workload", "month")
        .select(
            all=pl.col("gpu_hours") * pl.col("end_factor"),
            own=pl.col("gpu_hours") * pl.col("end_factor") * pl.col("share").fill_null(0.0),
        )
    )
    if work.is_empty():
        return None
    return Hours(
        float(standing @ weight), float(spare @ weight), float(work["own"].sum()), float(work["all"].sum())
    )
