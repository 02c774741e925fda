"""Examples in docstrings are run, so that none of them shows what no longer holds."""

from __future__ import annotations

import doctest
from importlib import import_module

import numpy as np
import polars as pl
import pytest

from brytpunkt.folders import folders

CHECKOUT = folders().checkout
PROMPT = ">>> "
WITH_EXAMPLES = sorted(
    path.relative_to(CHECKOUT).with_suffix("").as_posix().replace("/", ".")
    for root in ("assets", "brytpunkt", "pipelines")
    for path in (CHECKOUT / root).rglob("*.py")
    if PROMPT in path.read_text(encoding="utf-8")
)
# What every example may name without importing it.
NAMES = {"np": np, "pl": pl}
AT_LEAST = 5


def failures(module: object, names: dict[str, object]) -> list[str]:
    """What the examples of a module answer, where that is not what they show."""
    said: list[str] = []
    runner = doctest.DocTestRunner(verbose=False)
    for test in doctest.DocTestFinder(exclude_empty=True).find(module, extraglobs=names):
        runner.run(test, out=said.append)
    return said


def test_examples_are_found() -> None:
    assert len(WITH_EXAMPLES) >= AT_LEAST


@pytest.mark.parametrize("module", WITH_EXAMPLES)
def test_examples_hold(module: str) -> None:
    said = failures(import_module(module), dict(NAMES))
    assert not said, "".join(said)


def test_an_example_that_does_not_hold_is_told() -> None:
    class Wrong:
        """An example.

        >>> 2 + 2
        5
        """

    assert any("Got:\n    4" in line for line in failures(Wrong, {}))
