"""Fixtures of the planning tests: the example plan and the bundled facts."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import pytest

from brytpunkt.declarations import Plan, read_plan
from brytpunkt.folders import folders
from brytpunkt.planning.compute import compute
from brytpunkt.planning.inputs.planning_inputs import Facts
from brytpunkt.planning.result import Result
from brytpunkt.warehouse import Warehouse, facts
from tests.conftest import Bundled


@pytest.fixture(scope="session")
def plan() -> Plan:
    """The example that the README runs."""
    return read_plan(folders().plans / "nordic.yaml").plan


@pytest.fixture(scope="session")
def known(bundled: Bundled) -> Facts:
    """The bundled facts, read back from a real warehouse."""
    found = folders()
    with Warehouse(bundled.home / "warehouse.duckdb", found.sql).open() as connection:
        return facts(connection, found.sql / "queries", None)


@pytest.fixture(scope="session")
def result(plan: Plan, known: Facts) -> Result:
    """Two sites of the example and its comparator over four years, planned once for all tests that only look at it.

    None of them looks at drawn worlds.
    """
    finance = plan.finance.model_copy(update={"horizon_months": 48})
    few = plan.uncertainty.model_copy(update={"draws": 128, "most_draws": 128})
    sites = tuple(site for site in plan.sites if site.id in {"lulea", "oslo"} or site.is_comparator)
    return compute(plan.model_copy(update={"finance": finance, "uncertainty": few, "sites": sites}), known)


@pytest.fixture(scope="session")
def published_result(known: Facts) -> Callable[[str], Result]:
    """A published case, by the name of its file, planned once for all tests that only look at it."""

    def made(name: str) -> Result:
        plan = read_plan(folders().plans / "published" / f"{name}.yaml").plan
        none = plan.uncertainty.model_copy(update={"draws": 0})
        return compute(plan.model_copy(update={"uncertainty": none}), known)

    return cache(made)
