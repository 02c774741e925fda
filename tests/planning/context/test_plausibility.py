"""Plausibility: every warning that the plan owes its reader is there when it should be, and only then."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import polars as pl
import pytest

from brytpunkt.planning.compute import compute
from brytpunkt.planning.inputs.planning_inputs import Facts
from brytpunkt.planning.result import Result
from brytpunkt.reporting.note_texts import english
from tests.planning.optimal.test_optimal import SMALL, planned


@pytest.mark.parametrize(
    "part",
    [
        "2.9 kW for 8 GPUs is below what such a server draws",
        "1,360 tokens per second of llama3.1-405b are the benchmark of 72 GPUs in one rack",
        "Nobody is paid to look after the hardware",
        "Capital costs nothing",
        "busy all of the time",
    ],
)
def test_the_published_case_is_warned_about(published_result: Callable[[str], Result], part: str) -> None:
    assert part in "\n".join(map(english, published_result("lenovo-lp2368").warnings))


def test_a_reservation_dearer_than_on_demand(tmp_path: Any, known: Facts) -> None:
    offer = SMALL["rent"]["offers"][0]
    dear = offer | {"id": "reserved", "term": "reserved_1y", "price": {"eur": 21}}
    result = compute(planned(tmp_path, rent={"offers": [offer, dear]}), known)
    assert any("A reservation is dearer than the on-demand hour" in english(note) for note in result.warnings)
    fair = compute(planned(tmp_path, rent={"offers": [offer, dear | {"price": {"eur": 19}}]}), known)
    assert not any("dearer" in english(note) for note in fair.warnings)


def test_a_calm_year_in_a_zone_that_became_dear(tmp_path: Any, known: Facts) -> None:
    prices = known.day_ahead_monthly
    january = prices.filter(pl.col("zone") == "SE1", pl.col("month") == dt.date(2025, 2, 1))
    january = january.with_columns(month=pl.lit(dt.date(2025, 1, 1)))
    known = replace(known, day_ahead_monthly=pl.concat([prices, january]))
    site = {key: value for key, value in SMALL["sites"][0].items() if key != "energy"}
    history = {"history_from": "2025-01", "history_to": "2025-12"}
    result = compute(planned(tmp_path, sites=[site], energy=history), known)
    assert any("Energy in SE1 is planned at" in english(note) for note in result.warnings)
    longer = compute(planned(tmp_path, sites=[site], energy={"history_from": "2021-01"}), known)
    assert not any("is planned at" in english(note) for note in longer.warnings)
