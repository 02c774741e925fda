"""Fixtures of the planning tests: the example plan."""

from __future__ import annotations

import pytest

from brytpunkt.declarations import Plan, read_plan
from brytpunkt.folders import folders


@pytest.fixture(scope="session")
def plan() -> Plan:
    """The example that the README runs."""
    return read_plan(folders().plans / "nordic.yaml").plan
