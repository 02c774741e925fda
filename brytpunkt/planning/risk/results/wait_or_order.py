"""Timing: in each drawn world, the order month that would have been cheapest, and what waiting costs or brings."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from brytpunkt.planning.own.purchase_schedule import make_schedule
from brytpunkt.planning.risk.results.statistics import by_replicate
from brytpunkt.planning.risk.simulation.decisions import Order
from brytpunkt.planning.risk.simulation.simulate import NEVER, Simulator

if TYPE_CHECKING:
    from brytpunkt.planning.ledger.evaluate import Evaluation
    from brytpunkt.planning.optimal.milp import Floats, Ints
    from brytpunkt.planning.risk.sampling.draws import Drawn
    from brytpunkt.planning.risk.simulation.decisions import Strategy

STEP = 6
STUDIED = 1024
WAITING_MONTHS = (6, 12)
WAITING_SCHEMA = {
    "site": pl.String,
    "months": pl.Int64,
    "value_without_learning": pl.Float64,
    "value_with_learning": pl.Float64,
    "standard_error": pl.Float64,
}


def studied(simulator: Simulator, evaluation: Evaluation, drawn: Drawn) -> tuple[Floats, pl.DataFrame]:
    """Switch month of the first draws by site [D, sites], and the value of waiting.

    Every order month in steps of six is tried in each world; the switch month is the one that costs least there, with
    hindsight, infinite where none beats renting. Waiting, per site and number of months:
    ``value_without_learning``: what the better of renting and ordering later, decided today, saves against the better of
    renting and ordering today (negative: waiting costs). ``value_with_learning``: the same if by then it is known
    how everything turns out. The truth lies between the two.
    """
    rows = first_of_each_replicate(drawn.replicate, STUDIED)
    values = {name: value[rows] for name, value in drawn.values.items()}
    renting = simulator.strategies[simulator.position(None, "rent")]
    months = list(range(0, simulator.terrain.horizon, STEP))
    late = [
        shifted
        for site in simulator.sites
        for month in months
        if (shifted := _ordered_at(simulator, evaluation, site, month)) is not None
    ]
    keys = [(s.site, s.orders[0].month) for s in late]
    everything = replace(
        simulator, strategies=(renting, *late), correction=_corrections(simulator, late), sites=()
    )
    costs = everything.run(values, drawn.years[rows]).costs
    rent, owned = costs[:, 0], costs[:, 1:]
    switch = np.full((rows.size, len(simulator.sites)), NEVER)
    waiting = []
    for position, site in enumerate(simulator.sites):
        mine = [at for at, key in enumerate(keys) if key[0] == site]
        if not mine:
            continue
        best = owned[:, mine].argmin(axis=1)
        cost = owned[np.arange(rows.size), np.asarray(mine)[best]]
        ordered = np.array([keys[at][1] for at in mine], dtype=np.float64)[best]
        switch[:, position] = np.where(cost < rent, ordered, NEVER)
        now = next((at for at in mine if keys[at][1] == 0), None)
        for months_later in WAITING_MONTHS:
            later = next((at for at in mine if keys[at][1] == months_later), None)
            if now is None or later is None:
                continue
            today = min(rent.mean(), owned[:, now].mean())
            learned = np.minimum(rent, owned[:, later])
            _, error = by_replicate(drawn.replicate[rows], lambda r, l=learned: float(l[r].mean()))  # type: ignore[misc]  # noqa: E741
            waiting.append(
                (
                    site,
                    months_later,
                    today - min(rent.mean(), owned[:, later].mean()),
                    today - learned.mean(),
                    error,
                )
            )
    return switch, pl.DataFrame(waiting, schema=WAITING_SCHEMA, orient="row")


def first_of_each_replicate(replicate: Ints, most: int) -> Ints:
    """Rows of the first draws of each replicate, at most ``most`` in all."""
    names = np.unique(replicate)
    each = max(1, most // names.size)
    return np.concatenate([np.flatnonzero(replicate == name)[:each] for name in names])


def _corrections(simulator: Simulator, late: list[Strategy]) -> Floats:
    """Rent and own are tied to the ledger as in the main run; a later order takes the correction of its site's own."""
    own = [simulator.correction[simulator.position(s.site, "own")] for s in late]
    return np.array([simulator.correction[simulator.position(None, "rent")], *own])


def _ordered_at(simulator: Simulator, evaluation: Evaluation, site: str, month: int) -> Strategy | None:
    """``own`` of a site with its first order in a month; None where it would arrive after the horizon."""
    own = simulator.strategies[simulator.position(site, "own")]
    if month == 0:
        return own if own.orders else None
    assert own.servers is not None
    option = own.servers.pool.option
    basis = evaluation.basis
    schedule = make_schedule(basis, basis.options.filter(pl.col("option") == option), [month])
    first = own.servers.pool.delivery(month)
    orders = tuple(
        Order(month + int(delivery) - first, int(delivery), int(delivery) + own.servers.pool.life, int(count))
        for delivery, count in schedule.bought.sort("delivery_month")
        .select("delivery_month", "servers")
        .iter_rows()
    )
    most = schedule.installed["servers"].max()
    return replace(own, orders=orders, room=int(most or 0)) if orders else None  # type: ignore[arg-type]
