"""The published case: what reproduces does, and what does not is named with its reason."""

from __future__ import annotations

import pytest

from brytpunkt.declarations import read_plan
from brytpunkt.folders import folders
from brytpunkt.planning.compute import compute
from brytpunkt.planning.facts import Facts
from brytpunkt.planning.result import Result


@pytest.fixture(scope="module")
def result(known: Facts) -> Result:
    """Lenovo Press LP2368, recomputed."""
    return compute(read_plan(folders().plans / "published" / "lenovo-lp2368.yaml").plan, known)


def test_every_figure_that_reproduces_is_reproduced(result: Result) -> None:
    rows = [row for row in result.published.iter_rows(named=True) if row["reproduces"]]
    assert len(rows) >= 10
    for row in rows:
        assert row["computed"] == pytest.approx(row["published"], abs=row["tolerance"]), row["case"]
        assert row["agrees"], row["case"]


def test_every_figure_that_does_not_reproduce_says_why(result: Result) -> None:
    rows = [row for row in result.published.iter_rows(named=True) if not row["reproduces"]]
    assert rows
    for row in rows:
        assert abs(row["computed"] - row["published"]) > row["tolerance"], row["case"]
        assert len(row["why"]) > 40, row["case"]


def test_break_even_by_hand(result: Result) -> None:
    """Configuration A: 250,141.80 USD; 0.87 USD/h of energy at 2.9 kW x 0.30 USD/kWh."""
    row = next(row for row in result.unit_economics.iter_rows(named=True) if row["server"] == "config-a")
    assert row["acquisition"] == pytest.approx(250_141.80)
    assert row["energy_per_hour"] == pytest.approx(2.9 * 0.12 * 2.5)
