"""Sovereignty: from whom may be rented where the plan wants a share of the work at operators seated in the EEA.

The share is kept by whole workloads: those that keep it most cheaply rent from such operators alone, in every strategy,
before own servers arrive and beside them. So whatever is owned besides, the share is kept.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from brytpunkt.planning.inputs.units import FORGIVEN
from brytpunkt.planning.note import Note, encode
from brytpunkt.planning.rent.offers import sovereign_offers
from brytpunkt.planning.rent.residency import LEFT_OUT
from brytpunkt.planning.rent.strategies import choose_rent

if TYPE_CHECKING:
    from collections.abc import Collection

    from brytpunkt.declarations import Plan
    from brytpunkt.planning.rent.rent import Market
    from brytpunkt.planning.rent.strategies import RentChoice

MOST_NODES = 10_000


@dataclass(frozen=True)
class Served:
    """The offers that are left and the choice among them.

    ``notes``: what a reader must know of it; ``left_out``: the token APIs that are not left (``residency.LEFT_OUT``).
    """

    market: Market
    choice: RentChoice
    notes: tuple[Note, ...] = ()
    left_out: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=LEFT_OUT))


@dataclass(frozen=True)
class _Rented:
    """Cost [present value, plan currency] and GPU-hours of each workload in ``rent``."""

    cost: dict[str, float]
    hours: dict[str, float]

    @classmethod
    def of(cls, choice: RentChoice, work: pl.DataFrame) -> _Rented:
        modes = pl.DataFrame({"workload": list(choice.rent_modes), "mode": list(choice.rent_modes.values())})
        cost = choice.offers.join(modes, on=["workload", "mode"]).select("workload", "present_value")
        hours = (
            choice.on_demand.select("workload", "profile")
            .join(work, on=["workload", "profile"])
            .group_by("workload")
            .agg(pl.col("gpu_hours").sum())
        )
        return cls(dict(cost.iter_rows()), dict(hours.iter_rows()))


def within_sovereign_share(
    plan: Plan, market: Market, choice: RentChoice, work: pl.DataFrame, kept: pl.DataFrame | None
) -> Served:
    """The market and the choice with which ``rent`` keeps the declared share, at the least cost.

    ``work``: workload, profile, month, gpu_hours. Where no offers keep it, all stay, and ``rent`` breaks the share.
    """
    share = plan.constraints.sovereign_share
    if not share:
        return Served(market, choice)
    known = sovereign_offers(market.offers, market.apis)
    hourly = market.on_demand().filter(pl.col("offer").is_in(sorted(known)))["workload"].unique()
    names = {workload.id: workload.name for workload in plan.workloads}
    able = [name for name in names if name in set(hourly)]
    without = [names[name] for name in names if name not in able]
    unkept = Served(
        market,
        choice,
        (Note("sovereign_share_not_rentable", None, {"workloads": tuple(without), "share": share}),)
        if without
        else (),
    )
    if not able:
        return unkept
    sovereign = _only(market, known, able)
    there = choose_rent(plan, sovereign, kept)
    free, bound = _Rented.of(choice, work), _Rented.of(there, work)
    taken = _cheapest(able, list(names), free, bound, share)
    if taken is None:
        return unkept
    if len(taken) < len(able):
        sovereign = _only(market, known, taken)
        there = choose_rent(plan, sovereign, kept)
    moved = [names[name] for name in taken if bound.cost[name] > free.cost[name]]
    note = Note("sovereign_share_by_renting", None, {"share": share, "workloads": tuple(moved)})
    gone = market.apis.join(sovereign.apis, on=["workload", "offer"], how="anti").select(
        "workload",
        kind=pl.lit("operator"),
        item="offer",
        reason=pl.lit(encode(Note("operator_not_in_eea"))),
    )
    return Served(sovereign, there, (note,) if moved else (), gone)


def _only(market: Market, known: Collection[str], workloads: Collection[str]) -> Market:
    """The market in which some workloads rent from known operators alone."""
    may = ~pl.col("workload").is_in(list(workloads)) | pl.col("offer").is_in(sorted(known))
    return replace(market, offers=market.offers.filter(may), apis=market.apis.filter(may))


def _cheapest(
    able: list[str], names: list[str], free: _Rented, bound: _Rented, share: float
) -> list[str] | None:
    """The workloads that keep the share at the least extra cost; None where no choice of them does."""
    if share >= 1:
        return able if len(able) == len(names) else None
    from brytpunkt.planning.optimal.milp import INFINITY, Program, solve  # HiGHS, for these plans alone

    whole = sum(free.hours.values())
    inside = np.array([bound.hours[name] for name in able]) / whole
    instead = np.array([free.hours[name] for name in able]) / whole
    program = Program()
    extra = np.array([max(0.0, bound.cost[name] - free.cost[name]) for name in able])
    picked = program.add_columns(extra, 1.0, whole=True)
    enough = program.add_rows(share - FORGIVEN, INFINITY, (1,), "sovereign share")
    program.set(enough, picked, inside * (1 - share) + share * instead)
    found = solve(program.model(), gap=0.0, nodes=MOST_NODES)
    if found is None:
        return None
    return [name for name, is_picked in zip(able, np.rint(found.values), strict=True) if is_picked]
