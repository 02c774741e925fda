"""Fixtures for every room: a state folder of the test's own, and a small plan that computes in seconds."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import settings

settings.register_profile("house", deadline=None)  # a machine that is busy is no finding
settings.load_profile("house")

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

# fixtures of wider scope that take seconds to make; a test that uses several goes with the first
COSTLY = ("result", "made", "planned", "with_facts", "published_result")


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


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests that look at the same costly thing run in the same process, so that it is made once for the run.

    All other tests are handed out one by one, whichever process is free.
    """
    for item in items:
        shared = [name for name in COSTLY if name in getattr(item, "fixturenames", ())]
        for name in shared[:1]:
            item.add_marker(pytest.mark.xdist_group(name))
