"""The kernel: strategies served in many worlds at once, with the recourse that a planner without foresight has.

Rules, in this order: orders and signatures of the first month stand; a later one is placed when the need of the last three months over
what is installed and on order reaches the ratio that the plan itself has at its date, and is tested again every quarter until then. Commitments serve first, then
own servers (the workload that is dearest to rent first, whole instances that must be rented anyway are filled), then
the cheapest way to rent at that world's price of that month. Work that may wait does so for own servers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from brytpunkt.planning.risk.simulation.drawn_dispatch import dispatched
from brytpunkt.planning.risk.simulation.owning_costs import own_costs

if TYPE_CHECKING:
    from brytpunkt.planning.optimal.milp import Floats
    from brytpunkt.planning.risk.simulation.decisions import Strategy
    from brytpunkt.planning.risk.simulation.draw_batch import Chunk
    from brytpunkt.planning.risk.simulation.drawn_dispatch import Dispatch
    from brytpunkt.planning.risk.simulation.simulation_inputs import Way


@dataclass(frozen=True)
class Served:
    """A strategy in D worlds: ``present_value`` [D]; ``by_month`` discounted, without continuing value [H, D].

    ``cash`` as paid [H, D]; ``value_at`` continuing value at the end of every horizon, discounted [H + 1, D], where it is
    asked for; ``unserved`` GPU-hours that nothing could serve [D].
    """

    present_value: Floats
    by_month: Floats
    cash: Floats
    value_at: Floats | None
    unserved: Floats


def serve(
    chunk: Chunk, strategy: Strategy, *, dispatch: Dispatch | None = None, values: bool = True
) -> Served:
    """Serve every world of a chunk by one strategy.

    ``dispatch``: who serves what, if it is known from a strategy with the same decisions. ``values``: whether continuing
    values at earlier horizons are asked for.
    """
    terrain, worlds = chunk.terrain, chunk.worlds
    who = dispatched(chunk, strategy) if dispatch is None else dispatch
    start = np.zeros((terrain.horizon, worlds.count))
    unserved = terrain.unserved_price * worlds.currency(terrain.unserved_currency)
    end = who.paid + who.lacking * unserved
    end += terrain.fixed[:, None] * worlds.currency(terrain.fixed_currency)
    for signature, placed in who.signed:
        _commit(chunk, signature.way, signature.month, placed, start, end)
    cash = start + end
    discounted = start * chunk.start_factor
    discounted += end * chunk.end_factor
    deducted = cash  # for tax, by month
    value_at, final, tax_value = None, np.zeros(worlds.count), np.zeros(worlds.count)
    if strategy.servers is not None and who.fleet is not None:
        owned = own_costs(chunk, strategy, who, values=values)
        deducted = cash + owned.deducted
        cash = cash + owned.cash
        discounted += owned.discounted
        value_at, final, tax_value = owned.value_at, owned.value, owned.tax
    worth = discounted.sum(axis=0) - final
    tax = terrain.plan.finance.tax
    if tax is not None:
        worth = worth - tax.rate * (deducted * terrain.year_end_factor[:, None]).sum(axis=0) + tax_value
    return Served(worth, discounted, cash, value_at, who.lacking.sum(axis=0))


def _commit(chunk: Chunk, way: Way, month: int, placed: Floats, start: Floats, end: Floats) -> None:
    """Add the flows of instances committed in a month [H, D]."""
    terrain = chunk.terrain
    months = slice(month, min(month + way.months, terrain.horizon))
    hours = terrain.month_hours[months]
    hourly = placed * chunk.price(way)[month]
    start[month] += hourly * (hours.sum() * way.upfront_share)
    end[months] += hours[:, None] * (hourly * (1 - way.upfront_share))
