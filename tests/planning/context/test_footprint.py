"""Footprint: sums by hand, and nothing where nothing is known."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest

from brytpunkt.planning.compute import compute
from brytpunkt.planning.inputs.planning_inputs import Facts
from tests.planning.optimal.test_optimal import SMALL, planned


def test_footprint_by_hand(tmp_path: Any, known: Facts) -> None:
    """Three servers of eight GPUs; a tower evaporates 1.9 litres a kWh of IT; PUE 1.2 over all months."""
    result = compute(planned(tmp_path, sites=[SMALL["sites"][0] | {"cooling": "chilled_water_tower"}]), known)
    amounts = dict(result.footprint.select("measure", "amount").iter_rows())
    servers = result.schedule["servers"].sum()
    assert amounts["energy_mwh"] == pytest.approx(1.2 * amounts["heat_mwh"])
    assert amounts["water_m3"] == pytest.approx(1.9 * amounts["heat_mwh"])
    assert amounts["embodied_tonnes"] == pytest.approx(float(servers) * 11.9)
    assert result.footprint["per_million_tokens"].null_count() == result.footprint.height


def test_carbon_a_million_tokens_is_carbon_over_tokens(result: Any) -> None:
    monthly = result.footprint_by_month.filter(pl.col("site") == "lulea")
    row = result.footprint.filter(pl.col("site") == "lulea", pl.col("measure") == "carbon_tonnes")
    carbon, tokens = monthly["carbon_tonnes"].sum(), monthly["million_tokens"].sum()
    assert row["per_million_tokens"][0] == pytest.approx(carbon / tokens)


def test_water_that_is_not_known_is_left_open(tmp_path: Any, known: Facts) -> None:
    result = compute(planned(tmp_path, sites=[SMALL["sites"][0] | {"cooling": "outside_air"}]), known)
    assert result.footprint.filter(pl.col("measure") == "water_m3")["amount"][0] is None
