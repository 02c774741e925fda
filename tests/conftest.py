"""Fixtures for every room: a state folder of the test's own, and a small plan that computes in seconds."""

from __future__ import annotations

import gc
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from xdist.scheduler import LoadScopeScheduling  # type: ignore[import-untyped]

from brytpunkt.folders import folders
from brytpunkt.landing import Landing
from brytpunkt.warehouse import IngestReport, Warehouse, refresh_bundled
from tests.examples import is_long

settings.register_profile("house", deadline=None, max_examples=40)  # a busy machine is no finding
settings.register_profile("long", settings.get_profile("house"), max_examples=10_000)
settings.load_profile("long" if is_long() else "house")

SMALL_PLAN = """\
plan: small
name: One workload at two sites
finance: {start: 2027-01-01, horizon_months: 24, currency: EUR, discount_rate_per_year: 0.08}
workloads:
  - id: chat
    model: llama2-70b
    demand:
      output_tokens_per_day: 3.0e9
      input_tokens_per_day: 6.0e9
      phases:
        - {name: pilot, from_month: 0, level: 0.3}
        - {name: production, from_month: 6, ramp_months: 3, level: 1.0, production: true}
      growth: {per_year: 0.3}
    weekly_shape: office_hours
sites:
  - id: lulea
    name: Luleå
    country: SE
    zone: SE1
    climate: lulea
    cooling: outside_air
    colocation: {price_per_kw_month: {eur: 140}, basis: a test}
    energy: {grid_fee: se-10kv-karlsborg}
  - id: oslo
    country: "NO"
    zone: NO1
    climate: oslo
    colocation: {price_per_kw_month: {eur: 150}, basis: a test}
    energy: {grid_fee: no-22kv-fjellnett}
build:
  servers: [{catalog: dgx_b200}]
rent:
  countries: [SE, FI, "NO"]
uncertainty: {draws: 128, most_draws: 128}
scenarios:
  - {id: cloud-falls, name: GPU rent falls, gpu_price_path_per_year: -0.2}
"""

# Modules that look at the same costly thing: they run in the same process, so that it is made once for the run.
SHARED = {
    "tests/reporting/": "the small plan, reported",
    "tests/planning/context/test_footprint.py": "the example",
    "tests/planning/optimal/test_optimal.py": "the example",
    "tests/planning/own/test_storage.py": "the example",
    "tests/planning/context/test_plausibility.py": "the published cases",
    "tests/planning/context/test_published.py": "the published cases",
    "tests/planning/risk/": "drawn worlds",
}


# What takes longest begins first, so that no process is left alone with it at the end.
FIRST = ("tests/reporting/", "tests/pipelines/", "tests/assets/", "tests/planning/", "tests/warehouse/")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Long folders first; the order within a folder stays."""
    items.sort(
        key=lambda item: next(
            (at for at, start in enumerate(FIRST) if item.nodeid.startswith(start)), len(FIRST)
        )
    )


def pytest_collection_finish() -> None:
    """What is imported stays: the collector need not walk all of it again and again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 50, 100)


class ByModule(LoadScopeScheduling):  # type: ignore[misc]
    """Hands modules to the processes, and those together that share what is costly."""

    def _split_scope(self, nodeid: str) -> str:
        module = nodeid.split("::", maxsplit=1)[0]
        return next((name for start, name in SHARED.items() if module.startswith(start)), module)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadScopeScheduling:
    """The scheduler of a run on several processes."""
    return ByModule(config, log)


@dataclass(frozen=True)
class Bundled:
    """A state folder whose warehouse and landing hold the bundled tables, and what was said of taking them in."""

    home: Path
    report: IngestReport

    def copied_to(self, home: Path) -> None:
        """Let a test's own state begin from it."""
        shutil.copytree(self.home, home, dirs_exist_ok=True)


@pytest.fixture(scope="session")
def bundled(tmp_path_factory: pytest.TempPathFactory) -> Bundled:
    """The bundled tables, taken in once for all tests that go on from there."""
    home, found = tmp_path_factory.mktemp("bundled") / "home", folders()
    warehouse = Warehouse(home / "warehouse.duckdb", found.sql)
    return Bundled(home, refresh_bundled(warehouse, Landing(home / "landing"), found.data))


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A state folder of the test's own."""
    folder = tmp_path / "home"
    monkeypatch.setenv("BRYTPUNKT_HOME", str(folder))
    return folder


@pytest.fixture
def small_plan(tmp_path: Path) -> Path:
    """A declaration that computes in seconds."""
    path = tmp_path / "small.yaml"
    path.write_text(SMALL_PLAN, encoding="utf-8")
    return path
