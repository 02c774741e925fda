"""Segments: the 72 cells of a month gathered into a load-duration curve of a few steps, the peak by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from brytpunkt.planning.optimal.cells import CELLS

if TYPE_CHECKING:
    from brytpunkt.planning.optimal.milp import Floats, Ints
    from brytpunkt.planning.optimal.problem import Field


class Segments:
    """Cells of each month gathered into segments; sums and means over them.

    ``key`` [H, C] is what the cells of a month are ordered by: GPUs needed unless given.
    """

    def __init__(self, field: Field, most: int, key: Floats | None = None) -> None:
        key = _height(field) if key is None else key
        self.count = most
        self.of_cell = np.stack([_segments_of(key[m], field.hours[m], most) for m in range(field.horizon)])
        self.months = np.repeat(np.arange(field.horizon), CELLS)
        self.hours = self.total(field.hours)
        self.field_hours = field.hours

    def total(self, cells: Floats) -> Floats:
        """[..., H, C] -> [..., H, K], summed."""
        lead = cells.shape[:-2]
        out = np.zeros((*lead, cells.shape[-2], self.count))
        flat = cells.reshape(-1, cells.shape[-2] * CELLS)
        target = self.months * self.count + self.of_cell.ravel()
        for position, row in enumerate(flat):
            out.reshape(flat.shape[0], -1)[position] = np.bincount(
                target, weights=row, minlength=cells.shape[-2] * self.count
            )
        return out

    def mean(self, cells: Floats) -> Floats:
        """[..., H, C] -> [..., H, K], weighted by hours."""
        sums = self.total(cells * self.field_hours)
        hours = np.broadcast_to(self.hours, sums.shape)
        return np.divide(sums, hours, out=np.zeros_like(sums), where=hours > 0)

    def parts(self, cells: Floats) -> Floats:
        """[..., H, C] -> each cell's part of the sum over its segment, 1 over a segment with any."""
        months = np.arange(cells.shape[-2])[:, None]
        sums = self.total(cells)[..., months, self.of_cell]
        return np.divide(cells, sums, out=np.zeros_like(cells), where=sums > 0)

    def short(self, cells: Floats, parts: Floats) -> Floats:
        """By how much cells lie below their part of the sum over their segment, added up [..., H, K].

        A plan that serves only those cells pays so much less than a share of the segment's sum says.
        """
        months = np.arange(cells.shape[-2])[:, None]
        sums = self.total(cells)[..., months, self.of_cell]
        return self.total(np.maximum(0.0, parts * sums - cells))


def _height(field: Field) -> Floats:
    """What the cells of a month are ordered by: GPUs needed, or what they would cost to rent."""
    if field.pools:
        return np.asarray(field.pools[0].needed.sum(axis=0))
    if not field.hourly:
        return np.asarray(field.work.sum(axis=0))
    return np.asarray(sum(offer.instances * offer.price[:, None] for offer in field.hourly))


def _segments_of(key: Floats, hours: Floats, most: int) -> Ints:
    """Segment of each cell: equal levels together if they are few, else the peak and groups of equal hours."""
    levels, of_cell = np.unique(np.round(key, 9), return_inverse=True)
    if levels.size <= most:
        return np.asarray(levels.size - 1 - of_cell, dtype=np.int64)
    below = key < key.max() - 1e-9
    order = np.argsort(-key, kind="stable")
    passed = np.cumsum(np.where(below, hours, 0.0)[order])
    total = passed[-1]
    group = np.minimum(1 + ((passed - 1e-9) / total * (most - 1)).astype(np.int64), most - 1)
    segment = np.zeros(CELLS, dtype=np.int64)
    segment[order] = group
    segment[~below] = 0
    return segment
