"""Workspace: arrays that a worker uses again from chunk to chunk.

The largest arrays of a chunk are some megabytes each. Asked for anew every time, they cost as much in page faults as the
arithmetic on them; kept by name, they are asked for once.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Hashable

    from brytpunkt.planning.optimal.milp import Floats


class Workspace:
    """Arrays by name, of one worker at a time."""

    def __init__(self) -> None:
        self._kept: dict[Hashable, Floats] = {}

    def array(self, name: Hashable, shape: tuple[int, ...]) -> Floats:
        """An array of any content; it is the caller's until the name is asked for again."""
        size = math.prod(shape)
        kept = self._kept.get(name)
        if kept is None or kept.size < size:
            kept = self._kept[name] = np.empty(size)
        return kept[:size].reshape(shape)
