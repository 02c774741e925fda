"""Polish: small steps from the programme's plan, kept where the hour-by-hour dispatch says that they save.

The programme rents fractions of instances; the dispatch rents whole ones. One server more, less, or a quarter
earlier or later often recovers the difference.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from brytpunkt.planning.inputs.money import monthly_rate
from brytpunkt.planning.optimal.dispatch import Dispatched, dispatch
from brytpunkt.planning.optimal.limits import broken
from brytpunkt.planning.optimal.mix import Mix, servers_in_service
from brytpunkt.planning.optimal.problem import quarters

if TYPE_CHECKING:
    from collections.abc import Iterator

    from brytpunkt.declarations import Plan
    from brytpunkt.planning.optimal.formulation import Limits
    from brytpunkt.planning.optimal.problem import Field

PASSES = 3
QUARTER = 3


def polish(plan: Plan, field: Field, limits: Limits, mix: Mix) -> tuple[Mix, Dispatched]:
    """The cheapest mix that single steps reach, with its dispatch; constraints stay kept."""
    rate = monthly_rate(plan.finance)
    done = dispatch(plan, field, mix)
    keeps = not broken(limits, field, done)
    best = done.present_value(rate)
    for _ in range(PASSES):
        before = best
        for step in list(_steps(field, mix)):
            trial = _moved(mix, step)
            if trial is None or not _fits(field, trial, step[0]):
                continue
            tried = dispatch(plan, field, trial)
            value = tried.present_value(rate)
            if value < best and not (keeps and broken(limits, field, tried)):
                mix, done, best = trial, tried, value
        if best >= before:
            break
    return mix, done


Step = tuple[int, int | None, int | None]  # pool, order month of a server less, order month of a server more


def _steps(field: Field, mix: Mix) -> Iterator[Step]:
    for position, pool in enumerate(field.pools):
        possible = [int(q) for q in quarters(field.horizon) if pool.delivery(int(q)) < field.horizon]
        ordered = [month for at, month, _ in mix.bought if at == position]
        if not ordered and mix.bought:
            continue
        for month in ordered:
            yield position, month, None
            yield from (
                (position, month, near) for near in (month - QUARTER, month + QUARTER) if near in possible
            )
        yield from ((position, None, month) for month in possible)


def _moved(mix: Mix, step: Step) -> Mix | None:
    position, less, more = step
    counts = {(at, month): count for at, month, count in mix.bought}
    if less is not None:
        if counts.get((position, less), 0) == 0:
            return None
        counts[position, less] -= 1
    if more is not None:
        counts[position, more] = counts.get((position, more), 0) + 1
    bought = tuple((at, month, count) for (at, month), count in sorted(counts.items()) if count > 0)
    return replace(mix, bought=bought)


def _fits(field: Field, mix: Mix, position: int) -> bool:
    limit = field.pools[position].row["max_servers"]
    standing = servers_in_service(field, mix, position)
    return limit is None or int(np.max(standing)) <= int(field.pools[position].number("max_servers"))
