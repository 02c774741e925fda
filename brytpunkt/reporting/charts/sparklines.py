"""Sparklines: a row of block characters, for places where a chart would be too much."""

from __future__ import annotations

from collections.abc import Sequence

BLOCKS = "▁▂▃▄▅▆▇█"


def sparkline(values: Sequence[float]) -> str:
    """Values -> a character each, from the lowest to the highest of them.

    >>> sparkline([0, 5, 10])
    '▁▅█'
    """
    low, high = min(values, default=0.0), max(values, default=0.0)
    span = (high - low) or 1.0
    return "".join(BLOCKS[round((value - low) / span * (len(BLOCKS) - 1))] for value in values)
