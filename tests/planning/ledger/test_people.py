"""Platform staff is paid by whoever runs GPUs, owned or rented; a token API has people of its own; a crew grows from nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
import pytest

from brytpunkt.declarations import Plan
from brytpunkt.planning.compute import compute
from brytpunkt.planning.inputs.planning_inputs import Facts
from brytpunkt.planning.ledger.evaluate import evaluate
from tests.planning.compare import compare
from tests.planning.optimal.test_optimal import SMALL, planned
from tests.planning.reference import Reference
from tests.planning.rent.test_quoted_api import letters

YEAR = 96_000  # EUR a full-time person


def staffed(folder: Path, **staff: float) -> Plan:
    """Letters that a token API or own servers may serve, with so many people."""
    pay: dict[str, Any] = {"cost_per_fte_year": {"eur": YEAR}}
    declared = planned(folder, staff=staff | pay).staff
    return letters(folder).model_copy(update={"staff": declared})


def paid(frame: pl.DataFrame, strategy: str) -> float:
    """Platform staff of a month of the first year."""
    rows = frame.filter(pl.col("strategy") == strategy, pl.col("component") == "platform_staff")
    return float(rows.filter(pl.col("month") == 3)["cents"].sum()) / 100


@pytest.mark.parametrize(("people", "expected"), [({}, 0.0), ({"api_fte": 0.25}, 2_000.0)])
def test_an_api_is_not_charged_for_a_platform(
    tmp_path: Path, known: Facts, people: dict[str, float], expected: float
) -> None:
    plan = staffed(tmp_path, platform_fte=2.0, **people)
    evaluation = evaluate(plan, known, 9)
    assert compare(evaluation, Reference(plan, known)) == []
    assert (paid(evaluation.rent, "api"), paid(evaluation.rent, "rent")) == (expected, expected)
    own = evaluation.own.filter(pl.col("order_month") == 0, pl.col("component") == "platform_staff")
    assert own.filter(pl.col("month") == 3)["cents"].to_list() == [1_600_000]


def test_people_decide_between_an_api_and_a_server(tmp_path: Path, known: Facts) -> None:
    """The server is cheaper than the tokens, until somebody must be paid to run it; ledger, optimum and verdict say the same."""
    alone = compute(staffed(tmp_path, platform_fte=0.0), known)
    run = compute(staffed(tmp_path, platform_fte=20.0), known)
    assert run.verdicts["verdict"].to_list() == ["rent"]
    (optimal,) = run.optimal.filter(pl.col("site") == "here").to_dicts()
    (rented,) = run.strategies.filter(pl.col("strategy") == "rent", pl.col("site").is_null()).to_dicts()
    assert optimal["present_value"] == pytest.approx(float(rented["present_value"]), abs=0.005)
    assert optimal["bound"] <= optimal["present_value"] + 1
    before = alone.strategies.filter(pl.col("strategy") == "rent", pl.col("site").is_null())
    assert before["present_value"].item() == rented["present_value"]


def test_gpus_for_rent_need_the_platform(tmp_path: Path, known: Facts) -> None:
    plan = planned(tmp_path, staff={"platform_fte": 2.0, "cost_per_fte_year": {"eur": YEAR}})
    evaluation = evaluate(plan, known, 9)
    assert paid(evaluation.rent, "rent") == 16_000.0
    assert compare(evaluation, Reference(plan, known)) == []


def test_the_crew_of_one_server_grows_from_nothing(tmp_path: Path) -> None:
    site = {key: value for key, value in SMALL["sites"][0].items() if key != "staff"}
    crew = planned(tmp_path, sites=[site]).sites[0].staff
    assert (crew.min_fte, crew.fte_per_100_gpus) == (0.0, 0.5)
