"""Work that may wait is rented by its hours: in runs of jobs side by side, to the billing increment, in every strategy alike."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from brytpunkt.declarations import Plan
from brytpunkt.errors import InputError
from brytpunkt.planning.compute import compute
from brytpunkt.planning.inputs.planning_inputs import Facts
from brytpunkt.planning.ledger.evaluate import evaluate
from brytpunkt.planning.optimal.dispatch import dispatch
from brytpunkt.planning.optimal.mix import Mix
from brytpunkt.planning.optimal.problem import field_of
from brytpunkt.planning.rent.billed_units import increment_of
from tests.planning.compare import compare
from tests.planning.optimal.test_optimal import SMALL, planned
from tests.planning.own.test_spares import simulator
from tests.planning.reference import Reference

BOX, HOURLY = SMALL["build"]["servers"][0], SMALL["rent"]["offers"][0]
HOURS = 730
DAYS = HOURS / 24


def jobs(
    folder: Path, gpu_hours: float, *, offer: dict[str, Any] | None = None, more: int = 0, **workload: Any
) -> Plan:
    """Batch of so many GPU-hours a day beside instances at 20 an hour, billed by the begun hour; months of 730 hours."""
    work = {
        "id": "nightly",
        "kind": "batch",
        "demand": {"gpu_hours_per_day": gpu_hours, "gpu_model": "H100-SXM-80GB"},
        "weekly_shape": "flat",
        "residency": "any",
    }
    found = HOURLY | {"price": {"eur": 20}, "billing_increment": "hour"} | (offer or {})
    return planned(
        folder,
        finance={"hours_per_month": HOURS, "discount_rate_per_year": 0.0},
        workloads=[
            work | workload,
            *(work | {"id": f"other{n}", **workload} for n in range(more)),
        ],
        rent={"offers": [found]},
    )


def rented(plan: Plan, known: Facts) -> float:
    """Rent of a month, in which the ledger, the reference, and the dispatch of nothing owned agree."""
    evaluation = evaluate(plan, known, 9)
    assert compare(evaluation, Reference(plan, known)) == []
    basis = evaluation.basis
    flows = dispatch(plan, field_of(basis, basis.options), Mix((), ())).flows
    rent = evaluation.rent.filter(pl.col("strategy") == "on_demand", pl.col("month") == 1)
    paid = float(rent.filter(pl.col("component") == "rent_on_demand")["cents"].sum()) / 100
    again = flows.filter(pl.col("month") == 1, pl.col("component") == "rent_on_demand")["amount"].sum()
    assert again == pytest.approx(paid, abs=0.02)
    return paid


@pytest.mark.parametrize(
    ("gpu_hours", "given", "hours_a_day"),
    [
        pytest.param(16, {}, 2, id="sixteen hours on eight GPUs are two"),
        pytest.param(17, {}, 3, id="the begun hour is paid"),
        pytest.param(16, {"jobs_per_day": 1}, 16, id="one job on one GPU takes its time"),
        pytest.param(16, {"jobs_per_day": 4}, 4, id="four of them side by side"),
        pytest.param(24, {"jobs_per_day": 12}, 4, id="twelve in two runs of two hours"),
        pytest.param(
            12, {"gpus_per_job": 4, "jobs_per_day": 3}, 2, id="three of four GPUs: two runs of one hour"
        ),
        pytest.param(48, {"gpus_per_job": 16}, 6, id="a job on two instances: three hours of both"),
        pytest.param(16, {"gpus_per_job": 8, "jobs_per_day": 0.5}, 2, id="every other day four hours"),
        pytest.param(17, {"max_delay_days": 30}, 3, id="the increments are those of each day's run"),
    ],
)
def test_hours_of_jobs_by_hand(
    tmp_path: Path, known: Facts, gpu_hours: float, given: dict[str, Any], hours_a_day: float
) -> None:
    assert rented(jobs(tmp_path, gpu_hours, **given), known) == pytest.approx(
        hours_a_day * DAYS * 20, abs=0.02
    )


@pytest.mark.parametrize(
    ("increment", "hours_a_day"), [("second", 17 / 8), ("minute", 128 / 60), ("hour", 3)]
)
def test_the_increment_that_is_billed(
    tmp_path: Path, known: Facts, increment: str, hours_a_day: float
) -> None:
    plan = jobs(tmp_path, 17, offer={"billing_increment": increment})
    assert rented(plan, known) == pytest.approx(hours_a_day * DAYS * 20, abs=0.02)


def test_a_monthly_machine_runs_all_month(tmp_path: Path, known: Facts) -> None:
    """For jobs and for what somebody waits for: as many as the busiest hour needs, in all 730 hours."""
    month = {"billing_increment": "month"}
    plan = jobs(tmp_path, 17, offer=month)
    evaluation = evaluate(plan, known, 9, scan=False)
    rent = evaluation.rent.filter(pl.col("strategy") == "on_demand", pl.col("month") == 1)
    assert rent.filter(pl.col("component") == "rent_on_demand")["cents"].sum() / 100 == 20 * HOURS
    day = jobs(
        tmp_path,
        150,
        offer=month,
        kind="inference",
        redundancy_units=0,
        headroom=0,
        weekly_shape="office_hours",
    )
    evaluation = evaluate(day, known, 9, scan=False)
    busiest = evaluation.basis.busy.filter(pl.col("month") == 1)["busy"].max()
    assert busiest is not None
    assert 16 < float(busiest) <= 24  # type: ignore[arg-type]
    rent = evaluation.rent.filter(pl.col("strategy") == "on_demand", pl.col("month") == 1)
    assert rent.filter(pl.col("component") == "rent_on_demand")["cents"].sum() / 100 == 3 * 20 * HOURS
    basis = evaluation.basis
    flows = dispatch(day, field_of(basis, basis.options), Mix((), ())).flows
    paid = flows.filter(pl.col("month") == 1, pl.col("component") == "rent_on_demand")["amount"].sum()
    assert paid == pytest.approx(60 * HOURS)


def test_what_nobody_waits_for_moves_within_its_delay(tmp_path: Path, known: Facts) -> None:
    """Office hours ask for a peak; a day's delay evens out each day, a week's the month, owned and rented alike."""

    def busy(**given: Any) -> dict[str, float]:
        evaluation = evaluate(jobs(tmp_path, 96, weekly_shape="office_hours", **given), known, 9, scan=False)
        month = (
            evaluation.basis.busy.filter(pl.col("month") == 1).group_by("day_type").agg(pl.col("busy").max())
        )
        return dict(month.iter_rows())

    at_once, day, month = busy(max_delay_days=0), busy(), busy(max_delay_days=7)
    assert at_once["weekday"] > day["weekday"] > 4.0 > day["sunday"]
    assert list(month.values()) == pytest.approx([4.0] * 3)


def test_a_window_of_hours_is_its_mean(tmp_path: Path, known: Facts) -> None:
    window = {"gpu_hours_per_window": 300.0, "window_days": 30, "gpu_model": "H100-SXM-80GB"}
    plan = jobs(tmp_path, 10, demand=window, offer={"billing_increment": "second"})
    assert plan.workloads[0].max_delay_days == 30
    assert rented(plan, known) == pytest.approx(10 / 8 * DAYS * 20, abs=0.02)


@pytest.mark.parametrize(
    ("kind", "expected"), [("inference", (1, 1, 0)), ("batch", (0, 0, 1)), ("training", (0, 0, 1))]
)
def test_nothing_stands_by_where_nobody_waits(
    tmp_path: Path, kind: str, expected: tuple[int, int, int]
) -> None:
    work = jobs(tmp_path, 5, kind=kind).workloads[0]
    assert (work.min_replicas, work.redundancy_units, work.max_delay_days) == expected


def test_small_needs_share_one_server_where_they_say_so(tmp_path: Path, known: Facts) -> None:
    """Twelve needs of an hour a day: each takes a GPU for itself, or all of them together half a one."""

    def bought(**given: Any) -> int:
        plan = jobs(tmp_path, 1, more=11, **given)
        evaluation = evaluate(plan, known, 9)
        assert compare(evaluation, Reference(plan, known)) == []
        return int(evaluation.schedule.bought["servers"].max())  # type: ignore[arg-type]

    assert (bought(), bought(shares_gpus=True)) == (2, 1)


def test_half_an_hour_a_day_is_rented(tmp_path: Path, known: Facts) -> None:
    """0.75 GPU-hours a day at 4 an hour on one GPU, billed by the second: 0.75 x 4 x 30.4 days, far below any server."""
    offer = {"gpu_count": 1, "price": {"eur": 4}, "billing_increment": "second"}
    plan = jobs(tmp_path, 0.75, offer=offer, headroom=0)
    assert rented(plan, known) == pytest.approx(0.75 * 4 * DAYS, abs=0.01)
    result = compute(plan, known)
    assert result.verdicts["verdict"].to_list() == ["rent"]
    assert result.optimal_schedule.filter(pl.col("kind") == "buy").is_empty()
    site = result.optimal.filter(pl.col("site") == "here")
    assert site["present_value"][0] == pytest.approx(9 * 0.75 * 4 * DAYS, abs=0.2)


def test_jobs_that_run_into_each_other_are_refused(tmp_path: Path) -> None:
    with pytest.raises(
        InputError, match="2 jobs a day would occupy 1 GPUs for 50 hours and run into the next"
    ):
        jobs(tmp_path, 100, jobs_per_day=2)


def test_who_bills_how() -> None:
    assert (increment_of("AWS"), increment_of("lambda"), increment_of("a shop nearby")) == (
        "second",
        "minute",
        "hour",
    )
    assert increment_of("aws", "month") == "month"


def test_commitments_and_draws_know_the_same_hours(tmp_path: Path, known: Facts) -> None:
    """Half of an instance's hours: a year at 9 an hour costs less than half of 20; the world of the plan costs what the ledger says."""
    plan = jobs(tmp_path, 96, headroom=0.3)
    year = HOURLY | {"id": "year", "term": "reserved_1y", "price": {"eur": 9}}
    offers = [HOURLY | {"price": {"eur": 20}, "billing_increment": "hour"}, year]
    plan = planned(
        tmp_path,
        finance={"hours_per_month": HOURS, "discount_rate_per_year": 0.0},
        workloads=[json.loads(plan.workloads[0].model_dump_json(exclude_none=True))],
        rent={"offers": offers},
    )
    evaluation = evaluate(plan, known, 9)
    assert compare(evaluation, Reference(plan, known)) == []
    assert evaluation.basis.choice.signatures()["count"].to_list() == [1]
    made = simulator(evaluation, known)
    for position, strategy in enumerate(made.strategies):
        assert abs(made.correction[position]) < 1e-4 * strategy.ledger_value
