"""A mix: what is ordered and committed when, and the lines of the ledger that it leads to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from brytpunkt.planning.components import RUNS_GPUS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from brytpunkt.planning.optimal.milp import Floats, Ints
    from brytpunkt.planning.optimal.problem import Field


@dataclass(frozen=True)
class Mix:
    """Decisions: (pool, order month, servers), (term, signing month, instances), by position in the field.

    ``allowed`` [workload, pool] says which pool may serve which workload. ``exit_month``: own sites are left and their
    servers sold then. ``embargo``: deliveries from its first month on wait for its second.
    """

    bought: tuple[tuple[int, int, int], ...]
    signed: tuple[tuple[int, int, int], ...]
    allowed: np.ndarray | None = None
    exit_month: int | None = None
    embargo: tuple[int, int] | None = None

    def cohorts(self, field: Field, position: int) -> list[tuple[int, int, int]]:
        """(delivery, end of service, servers) of a pool; what would arrive after the horizon or an exit is left out."""
        pool = field.pools[position]
        found = []
        for at, order, count in self.bought:
            if at != position:
                continue
            delivery = pool.delivery(order)
            if self.embargo is not None and self.embargo[0] <= delivery < self.embargo[1]:
                delivery = self.embargo[1]
            end = delivery + pool.life
            if self.exit_month is not None:
                end = min(end, self.exit_month)
            if delivery < min(field.horizon, end):
                found.append((delivery, end, count))
        return found


@dataclass(frozen=True)
class Line:
    """One component of a mix: an amount for each month [H]; ``option`` for what is owned."""

    component: str
    item: str
    timing: str
    amount: Floats
    option: str | None = None


def servers_in_service(field: Field, mix: Mix, position: int) -> Ints:
    """Servers of a pool in each month [H]."""
    standing = np.zeros(field.horizon, dtype=np.int64)
    for delivery, end, count in mix.cohorts(field, position):
        standing[delivery:end] += count
    return standing


def run_gpus(lines: Sequence[Line]) -> bool:
    """Whether the lines of a mix pay for GPUs, owned or rented."""
    return any(line.component in RUNS_GPUS and line.amount.any() for line in lines)
