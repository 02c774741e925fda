"""A mixed-integer programme in sparse form, and its solution with HiGHS.

Minimise ``cost @ x`` subject to ``row_lower <= A x <= row_upper`` and bounds. Everything is built from whole
arrays; the same programme gives the same solution, because only nodes are limited, never seconds.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import highspy
import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from collections.abc import Mapping

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
INFINITY = highspy.kHighsInf
FEASIBLE = (highspy.HighsModelStatus.kOptimal, highspy.HighsModelStatus.kSolutionLimit)


class Silent(highspy.Highs):
    """HiGHS without callbacks: nobody listens to any, and to enable them makes it greet on standard output."""

    def enableCallbacks(self) -> None:  # noqa: N802 - as HiGHS calls it
        """Enable none."""


@dataclass(frozen=True)
class Solution:
    """What HiGHS found: values by column, objective, best bound and relative gap."""

    values: Floats
    objective: float
    bound: float
    gap: float


@dataclass
class Program:
    """Columns, rows and entries, gathered block by block."""

    cost: list[Floats] = field(default_factory=list)
    lower: list[Floats] = field(default_factory=list)
    upper: list[Floats] = field(default_factory=list)
    whole: list[NDArray[np.bool_]] = field(default_factory=list)
    row_lower: list[Floats] = field(default_factory=list)
    row_upper: list[Floats] = field(default_factory=list)
    entries: list[tuple[Ints, Ints, Floats]] = field(default_factory=list)
    groups: dict[str, list[Ints]] = field(default_factory=dict)
    columns: int = 0
    rows: int = 0

    def add_columns(self, cost: Floats, upper: Floats | float = INFINITY, *, whole: bool = False) -> Ints:
        """Columns from zero to ``upper`` -> their indices, in the shape of ``cost``."""
        size = cost.size
        self.cost.append(np.asarray(cost, dtype=np.float64).ravel())
        self.lower.append(np.zeros(size))
        self.upper.append(np.broadcast_to(np.asarray(upper, dtype=np.float64), cost.shape).ravel())
        self.whole.append(np.full(size, whole))
        indices = np.arange(self.columns, self.columns + size).reshape(cost.shape)
        self.columns += size
        return indices

    def add_rows(
        self, lower: Floats | float, upper: Floats | float, shape: tuple[int, ...], group: str
    ) -> Ints:
        """Rows between two bounds -> their indices. ``group`` names the constraint to a reader."""
        size = int(np.prod(shape))
        self.row_lower.append(np.broadcast_to(np.asarray(lower, dtype=np.float64), shape).ravel())
        self.row_upper.append(np.broadcast_to(np.asarray(upper, dtype=np.float64), shape).ravel())
        indices = np.arange(self.rows, self.rows + size).reshape(shape)
        self.groups.setdefault(group, []).append(indices.ravel())
        self.rows += size
        return indices

    def set(self, rows: Ints, columns: Ints, values: Floats | float) -> None:
        """Coefficients; the three are broadcast against each other, zeros are left out."""
        r, c, v = np.broadcast_arrays(rows, columns, np.asarray(values, dtype=np.float64))
        kept = v.ravel() != 0
        self.entries.append((r.ravel()[kept], c.ravel()[kept], v.ravel()[kept]))

    def _matrix(self) -> tuple[Ints, Ints, Floats]:
        """Entries in order of row and column; what was set more than once is summed."""
        rows, columns, values = (np.concatenate(part) for part in zip(*self.entries, strict=True))
        order = np.lexsort((columns, rows))
        rows, columns, values = rows[order], columns[order], values[order]
        first = np.flatnonzero(np.r_[True, (np.diff(rows) != 0) | (np.diff(columns) != 0)])
        return rows[first], columns[first], np.add.reduceat(values, first)

    def model(self, dropped: frozenset[str] = frozenset(), *, relaxed: bool = False) -> highspy.HighsLp:
        """The programme as HiGHS takes it; rows of ``dropped`` groups bind nothing."""
        lp = highspy.HighsLp()
        lp.num_col_, lp.num_row_ = self.columns, self.rows
        lp.col_cost_ = np.concatenate(self.cost)
        lp.col_lower_ = np.concatenate(self.lower)
        lp.col_upper_ = np.concatenate(self.upper)
        lower, upper = np.concatenate(self.row_lower), np.concatenate(self.row_upper)
        for group in sorted(dropped):
            for rows in self.groups.get(group, []):
                lower[rows], upper[rows] = -INFINITY, INFINITY
        lp.row_lower_, lp.row_upper_ = lower, upper
        rows, columns, values = self._matrix()
        lp.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
        lp.a_matrix_.num_col_, lp.a_matrix_.num_row_ = self.columns, self.rows
        lp.a_matrix_.start_ = np.searchsorted(rows, np.arange(self.rows + 1)).astype(np.int32)
        lp.a_matrix_.index_ = columns.astype(np.int32)
        lp.a_matrix_.value_ = values
        if not relaxed:
            kinds = np.concatenate(self.whole)
            lp.integrality_ = [
                highspy.HighsVarType.kInteger if whole else highspy.HighsVarType.kContinuous
                for whole in kinds
            ]
        return lp


def solve(
    lp: highspy.HighsLp,
    *,
    gap: float,
    nodes: int,
    start: dict[int, float] | None = None,
    settings: Mapping[str, str | float] | None = None,
) -> Solution | None:
    """The best solution found within ``gap`` or ``nodes``; None where nothing is feasible.

    ``start``: values of columns to begin with; ``settings``: further options of HiGHS.
    """
    solver = Silent()  # type: ignore[no-untyped-call]
    for name, value in (
        ("output_flag", False),
        ("threads", 1),
        ("random_seed", 0),
        ("mip_rel_gap", gap),
        ("mip_max_nodes", nodes),
        *(settings or {}).items(),
    ):
        solver.setOptionValue(name, value)
    if solver.passModel(lp) == highspy.HighsStatus.kError:
        raise RuntimeError("HiGHS does not take the programme")
    if start:
        solver.setSolution(
            len(start),
            np.array(list(start), dtype=np.int32),
            np.array(list(start.values()), dtype=np.float64),
        )
    solver.run()
    status = solver.getModelStatus()
    info = solver.getInfo()
    if (
        status not in FEASIBLE
        or info.primal_solution_status != highspy.SolutionStatus.kSolutionStatusFeasible
    ):
        return None
    is_mip = any(kind == highspy.HighsVarType.kInteger for kind in lp.integrality_)
    objective = info.objective_function_value
    return Solution(
        values=np.array(solver.getSolution().col_value),
        objective=objective,
        bound=info.mip_dual_bound if is_mip else objective,
        gap=info.mip_gap if is_mip else 0.0,
    )


def clash(program: Program, names: tuple[str, ...], *, nodes: int) -> tuple[str, ...]:
    """A smallest set of the named constraint groups that cannot hold together (a deletion filter)."""
    kept = list(names)
    for name in names:
        trial = frozenset(names) - (frozenset(kept) - {name})
        if solve(program.model(trial), gap=1.0, nodes=nodes) is None:
            kept.remove(name)
    return tuple(kept)
