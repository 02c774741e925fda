"""Evaluation: every strategy of a plan over a horizon, as rounded ledger rows.

This is the heart of planning read top-down; the formulas live in the modules that it calls.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from brytpunkt.planning.ledger.ledger import own_ledger, rent_ledger, totals
from brytpunkt.planning.ledger.order_month_scan import SCAN_SCHEMA, order_scan
from brytpunkt.planning.ledger.prepare import Basis, prepare
from brytpunkt.planning.own.own_costs import Schedule, acquisitions
from brytpunkt.planning.own.purchase_schedule import energy_of, make_schedule, own_flows
from brytpunkt.planning.rent.strategies import strategy_flows

if TYPE_CHECKING:
    from brytpunkt.declarations import Plan
    from brytpunkt.planning.inputs.planning_inputs import Facts


@dataclass(frozen=True)
class Evaluation:
    """Ledger rows of every strategy, and the order-month scan of each site's ``own``.

    ``rent``: strategy, month, component, item, timing, cents, pv_cents, currencies.
    ``own``: option, order_month 0, the same columns. ``schedule``: purchases of ``own`` rows.
    ``best``: site, mode, option, pv_cents, the best server of each mode; ``chosen``: site -> option of own.
    ``scan``: site, order_month, delivery_month, pv_cents, pv_cents_without_continuing_value.
    """

    basis: Basis
    rent: pl.DataFrame
    own: pl.DataFrame
    schedule: Schedule
    energy: pl.DataFrame
    best: pl.DataFrame
    chosen: pl.DataFrame
    scan: pl.DataFrame


def evaluate(
    plan: Plan, facts: Facts, horizon: int, *, scan: bool = True, kept_offers: pl.DataFrame | None = None
) -> Evaluation:
    """All strategies of a plan over ``horizon`` months; without ``scan`` own is ordered at the start only.

    ``kept_offers`` (mode, workload, offer, is_rent) are rented even where others have become cheaper.
    """
    return strategies(prepare(plan, facts, horizon, kept_offers), scan=scan)


def strategies(basis: Basis, *, scan: bool = True) -> Evaluation:
    """``evaluate`` for who has prepared what all strategies share."""
    plan = basis.plan
    with ThreadPoolExecutor(1) as beside:  # renting and owning do not wait for each other
        rented = beside.submit(lambda: rent_ledger(plan, basis, strategy_flows(basis.market, basis.choice)))
        schedule = make_schedule(basis, basis.options, [0])
        energy = energy_of(basis, schedule.installed)
        own = own_ledger(
            plan, basis, own_flows(basis, schedule, energy), acquisitions(plan, schedule, basis.options)
        )
        rent = rented.result()
    best = _best_servers(basis, own)
    chosen = best.sort("site", "pv_cents", "mode").unique("site", keep="first", maintain_order=True)
    return Evaluation(
        basis,
        rent,
        own,
        schedule,
        energy,
        best,
        chosen,
        order_scan(basis, chosen, range(basis.horizon)) if scan else pl.DataFrame(schema=SCAN_SCHEMA),
    )


def _best_servers(basis: Basis, own: pl.DataFrame) -> pl.DataFrame:
    """The cheapest server of each site and mode -> site, mode, option, pv_cents."""
    names = basis.options.select("option", "site", "mode")
    return (
        totals(own, ["option"])
        .join(names, on="option")
        .sort("site", "mode", "pv_cents", "option")
        .unique(["site", "mode"], keep="first", maintain_order=True)
        .select("site", "mode", "option", "pv_cents")
    )
