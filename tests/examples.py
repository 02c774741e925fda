"""How many examples a law is tried with: few beside the code, thousands in `make long`."""

from __future__ import annotations

import os

VARIABLE, LONG = "BRYTPUNKT_TESTS", "long"


def is_long() -> bool:
    """Whether this run takes its time."""
    return os.environ.get(VARIABLE) == LONG


def examples(quick: int, thorough: int = 10_000) -> int:
    """Examples of a law: ``quick`` of them, and ``thorough`` in a long run (fewer where each computes a whole plan)."""
    return thorough if is_long() else quick
