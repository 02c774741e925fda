"""One small plan, computed once from the bundled facts, for every test of this room."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from brytpunkt.declarations import read_plan
from brytpunkt.folders import folders
from brytpunkt.planning.compute import compute
from brytpunkt.planning.result import Result
from brytpunkt.reporting.outputs.render import render_reports
from brytpunkt.reporting.summary import summarise
from brytpunkt.warehouse import Warehouse, facts
from tests.conftest import SMALL_PLAN, Bundled


@dataclass(frozen=True)
class Made:
    """A result and its summary."""

    result: Result
    summary: dict[str, Any]


def make(bundled: Bundled, folder: Path, text: str) -> Made:
    """Compute a plan from its text."""
    file = folder / "small.yaml"
    file.write_text(text, encoding="utf-8")
    found = folders()
    with Warehouse(bundled.home / "warehouse.duckdb", found.sql).open() as connection:
        known = facts(connection, found.sql / "queries", None)
    declared = read_plan(file)
    result = compute(declared.plan, known)
    return Made(result, summarise(declared, known, result, run_id="small-1", code_version="abc"))


@pytest.fixture(scope="session")
def made(bundled: Bundled, tmp_path_factory: pytest.TempPathFactory) -> Made:
    """The small plan."""
    return make(bundled, tmp_path_factory.mktemp("made"), SMALL_PLAN)


@pytest.fixture(scope="session")
def english(made: Made, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every file of the small plan's run, in English."""
    folder = tmp_path_factory.mktemp("english")
    render_reports(made.summary, made.result, folders(), folder, "en", workers=0)
    return folder
