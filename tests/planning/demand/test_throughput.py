"""What an hour of a GPU is worth: a declared measurement as it is, and GPU-hours only of the GPU that they name."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
import pytest

from brytpunkt.errors import InputError
from brytpunkt.planning.inputs.planning_inputs import Facts
from brytpunkt.planning.inputs.references import check_names
from brytpunkt.planning.ledger.evaluate import evaluate
from brytpunkt.reporting.note_texts import english
from tests.planning.compare import compare
from tests.planning.optimal.test_optimal import SMALL, planned
from tests.planning.reference import Reference

BOX, HOURLY = SMALL["build"]["servers"][0], SMALL["rent"]["offers"][0]
H100, B200 = "H100-SXM-80GB", "B200-SXM-180GB"
OLD = {"id": "old", "kind": "training", "headroom": 0, "redundancy_units": 0, "residency": "any"}


def counted(folder: Path, demand: dict[str, Any], **more: Any) -> Any:
    """A training run in GPU-hours, with an H100 server and hours of H100 and B200 for rent."""
    cheap = HOURLY | {"id": "cheap", "gpu_model": B200, "price": {"eur": 4}}
    return planned(
        folder,
        workloads=[OLD | {"demand": {"gpu_hours_per_day": 192} | demand} | more],
        rent={"offers": [HOURLY, cheap]},
    )


def rented(plan: Any, known: Facts) -> dict[str, float]:
    """Rent on demand of January by offer. [plan currency]"""
    evaluation = evaluate(plan, known, 9)
    assert compare(evaluation, Reference(plan, known)) == []
    rows = evaluation.rent.filter(pl.col("strategy") == "on_demand", pl.col("month") == 0)
    return {
        item: amount / 100
        for item, amount in rows.filter(pl.col("component") == "rent_on_demand")
        .select("item", "cents")
        .iter_rows()
    }


def test_hours_without_a_gpu_ask_for_it(tmp_path: Path) -> None:
    with pytest.raises(InputError) as refused:
        counted(tmp_path, {})
    (problem,) = refused.value.problems
    assert "small.yaml:" in problem.where
    assert problem.where.endswith("workloads[0].demand.gpu_model")
    assert "an hour of one GPU is not an hour of another" in problem.message


def test_another_gpu_counts_by_its_declared_ratio_only(tmp_path: Path, known: Facts) -> None:
    """192 hours of H100 keep eight busy: a month of one instance at 20; where 2.5 hours of B200 do as much, two and a half at 4 are cheaper."""
    hours = 31 * 24
    assert rented(counted(tmp_path, {"gpu_model": H100}), known) == {"hourly": 20.0 * hours}
    declared = {"gpu_model": H100, "gpu_hour_ratios": [{"gpu_model": B200, "hours": 2.5}]}
    assert rented(counted(tmp_path, declared), known) == {"cheap": 2.5 * 4.0 * hours}  # 20 busy of eight


def test_a_measured_ratio_is_that_of_the_model_named(tmp_path: Path, known: Facts) -> None:
    """With the workload's model both GPUs have a benchmark, and its share cancels out."""
    plan = counted(tmp_path, {"gpu_model": H100}, model="llama2-70b", benchmark_share=0.3)
    evaluation = evaluate(plan, known, 9)
    assert compare(evaluation, Reference(plan, known)) == []
    ratio = dict(evaluation.basis.rates.select("profile", "hours_ratio").iter_rows())
    assert ratio[H100] == 1.0
    assert 0.2 < ratio[B200] < 0.8
    tokens = planned(
        tmp_path,
        workloads=[
            OLD
            | {"model": "llama2-70b", "demand": {"output_tokens_per_day": 1e9, "input_tokens_per_day": 1e9}}
        ],
    )
    rate = dict(
        evaluate(tokens, known, 9, scan=False)
        .basis.rates.select("profile", "decode_tokens_per_second")
        .iter_rows()
    )
    assert ratio[B200] == pytest.approx(rate[H100] / rate[B200], rel=1e-12)


def test_servers_of_another_gpu_are_left_out_with_the_reason(tmp_path: Path, known: Facts) -> None:
    evaluation = evaluate(counted(tmp_path, {"gpu_model": B200}), known, 9)
    assert evaluation.best.is_empty()
    (reason,) = evaluation.basis.unfit["reason"]
    assert english(reason) == f"GPU-hours of old are counted on another GPU than {H100}, without a ratio"


def test_a_gpu_that_nobody_knows_is_named(tmp_path: Path, known: Facts) -> None:
    plan = counted(
        tmp_path, {"gpu_model": "H100-SXM-80G", "gpu_hour_ratios": [{"gpu_model": "B2000", "hours": 1.0}]}
    )
    with pytest.raises(InputError) as refused:
        check_names(plan, known)
    model, ratio = refused.value.problems
    assert (model.where, model.suggestion) == ("workloads.old.demand.gpu_model", f"did you mean '{H100}'?")
    assert ratio.where == "workloads.old.demand.gpu_hour_ratios"


@pytest.mark.parametrize("share", [0.3, 1.0])
def test_a_declared_measurement_is_used_as_it_is(tmp_path: Path, known: Facts, share: float) -> None:
    """7,000 tokens a second day and night need one server that was measured at 8,000, whatever is said of benchmarks."""
    mine = {"output_tokens_per_second": {"ours": 8000}}
    work = {
        "id": "chat",
        "model": "ours",
        "demand": {"output_tokens_per_day": 7000 * 86_400, "input_tokens_per_day": 0},
        "gpus_per_replica": 1,
        "benchmark_share": share,
        "interactive_share": 0.5,
        "headroom": 0,
        "redundancy_units": 0,
        "residency": "any",
    }
    plan = planned(
        tmp_path,
        workloads=[work],
        build={"servers": [BOX | mine]},
        rent={"offers": [HOURLY | mine]},
    )
    evaluation = evaluate(plan, known, 9)
    assert compare(evaluation, Reference(plan, known)) == []
    assert evaluation.schedule.installed["servers"].unique().to_list() == [1]
    busy = evaluation.basis.busy["busy"]
    assert busy.to_list() == pytest.approx([7.0] * len(busy))
