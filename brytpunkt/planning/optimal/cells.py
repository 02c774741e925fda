"""Grids: frames by month and cell as arrays [H, C], C = 72 cells of three day types and 24 hours [UTC]."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from brytpunkt.planning.inputs.units import HOURS_PER_DAY
from brytpunkt.tables.contracts import DAY_TYPES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from brytpunkt.planning.optimal.milp import Floats

CELLS = len(DAY_TYPES) * HOURS_PER_DAY


def _cell_index() -> pl.Expr:
    day = pl.col("day_type").replace_strict(
        {name: position for position, name in enumerate(DAY_TYPES)}, return_dtype=pl.Int64
    )
    return day * HOURS_PER_DAY + pl.col("hour_utc").cast(pl.Int64)


def month_cells(frame: pl.DataFrame, value: str, horizon: int) -> Floats:
    """month, cell, value -> [H, C]; zero where the frame has no row."""
    return month_grids(frame, (value,), horizon)[value]


def month_grids(frame: pl.DataFrame, values: Sequence[str], horizon: int) -> dict[str, Floats]:
    """Several columns of one frame, each as ``month_cells`` makes it."""
    at = frame.select(pl.col("month").cast(pl.Int64), cell=_cell_index())
    place = at["month"].to_numpy(), at["cell"].to_numpy()
    grids = {name: np.zeros((horizon, CELLS)) for name in values}
    for name, grid in grids.items():
        grid[place] = frame[name].cast(pl.Float64).to_numpy()
    return grids


def by_workload(frame: pl.DataFrame, value: str, workloads: tuple[str, ...], horizon: int) -> Floats:
    """Workload, month, cell, value -> [W, H, C]; zero where the frame has no row."""
    return np.stack(
        [month_cells(frame.filter(pl.col("workload") == name), value, horizon) for name in workloads]
    )
