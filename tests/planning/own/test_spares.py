"""Spares stand by: in the ledger, the optimal plan, the dispatch and the draws they carry nothing, however tight the site."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from brytpunkt.declarations import Plan
from brytpunkt.planning.inputs.planning_inputs import Facts
from brytpunkt.planning.ledger.evaluate import Evaluation, evaluate
from brytpunkt.planning.optimal.dispatch import dispatch
from brytpunkt.planning.optimal.mix import Mix, servers_in_service
from brytpunkt.planning.optimal.results import optimal_plans
from brytpunkt.planning.optimal.shocks import own_field, own_mix
from brytpunkt.planning.optimal.solve import site_optimum
from brytpunkt.planning.risk.sampling.energy_years import energy_years
from brytpunkt.planning.risk.simulation.decisions import strategies_of
from brytpunkt.planning.risk.simulation.draw_batch import Chunk
from brytpunkt.planning.risk.simulation.drawn_dispatch import dispatched
from brytpunkt.planning.risk.simulation.drawn_paths import worlds_of
from brytpunkt.planning.risk.simulation.simulate import Simulator
from brytpunkt.planning.verdicts.tipping import tipping_curve
from tests.planning.optimal.test_optimal import SMALL, planned

OPTION, MONTHS, HOURS = "here/own_colocation/box", 9, 730
HOURLY = SMALL["rent"]["offers"][0]
TWO_SERVERS = 25.0  # kW; one takes 10.2 kW at a PUE of 1.2
GPU_HOUR = 3.0  # EUR


def tight(
    folder: Path,
    *,
    gpus: int = 1,
    spares: int = 1,
    limit: float | None = TWO_SERVERS,
    price: float = GPU_HOUR,
) -> Plan:
    """Ten GPUs day and night, servers of eight, power for two of them, and hours of ``gpus`` GPUs for rent."""
    flat = {
        "demand": {"gpu_hours_per_day": 240, "gpu_model": "H100-SXM-80GB"},
        "weekly_shape": "flat",
        "redundancy_units": spares,
        "min_replicas": 1,
    }
    return planned(
        folder,
        finance={"hours_per_month": HOURS},
        workloads=[SMALL["workloads"][0] | flat],
        sites=[SMALL["sites"][0] | {"power_limit_kw": limit}],
        rent={"offers": [HOURLY | {"gpu_count": gpus, "price": {"eur": price * gpus}}]},
    )


def rented_gpus(evaluation: Evaluation, of: str = OPTION) -> list[float]:
    """GPUs that own rents beside its servers in each month, from what it pays for them."""
    rows = evaluation.own.filter(pl.col("option") == of, pl.col("component") == "rent_on_demand")
    paid = dict(rows.select("month", "cents").iter_rows())
    return [paid.get(month, 0) / 100 / HOURS / GPU_HOUR for month in range(MONTHS)]


@pytest.mark.parametrize(
    ("gpus", "spares", "rented"),
    [
        (1, 1, 2),  # one server works, one stands by: ten less eight
        (2, 1, 2),
        (8, 1, 8),  # no smaller instance is to be had
        (1, 0, 0),  # both work
        (1, 2, 10),  # both stand by, and nothing that is rented needs to
        (1, 3, 11),  # both stand by, and a third unit with them
    ],
)
def test_the_ledger_rents_what_the_servers_at_work_do_not_carry(
    tmp_path: Path, known: Facts, gpus: int, spares: int, rented: int
) -> None:
    evaluation = evaluate(tight(tmp_path, gpus=gpus, spares=spares), known, MONTHS)
    assert evaluation.schedule.installed["servers"].to_list() == [2] * MONTHS
    assert rented_gpus(evaluation) == pytest.approx([rented] * MONTHS)


def test_the_ledger_pays_for_the_power_of_servers_that_stand_by_as_idle(tmp_path: Path, known: Facts) -> None:
    evaluation = evaluate(tight(tmp_path), known, MONTHS)
    box = evaluation.basis.options.row(0, named=True)
    kwh = HOURS * (box["load_kw"] + box["idle_kw"]) * 1.2
    energy = evaluation.own.filter(pl.col("component") == "energy_flat")["cents"].to_list()
    assert energy == pytest.approx([kwh * 0.1 * 100] * MONTHS, abs=1)


def test_the_scan_of_order_months_rents_as_much(tmp_path: Path, known: Facts) -> None:
    evaluation = evaluate(tight(tmp_path), known, MONTHS)
    at_once = evaluation.scan.filter(pl.col("order_month") == 0)["pv_cents"][0]
    assert at_once == evaluation.own["pv_cents"].sum()


def test_a_tighter_limit_makes_no_room_on_the_spare(tmp_path: Path, known: Facts) -> None:
    """Where everything fits nothing is rented; a server less, and rent is as much as it carried."""
    for limit, servers, rented in ((None, 3, 0), (37.0, 3, 0), (TWO_SERVERS, 2, 2), (13.0, 1, 10)):
        evaluation = evaluate(tight(tmp_path, limit=limit), known, MONTHS)
        assert evaluation.schedule.installed["servers"].max() == servers
        assert rented_gpus(evaluation) == pytest.approx([rented] * MONTHS)


def test_the_tipping_curve_ends_where_the_servers_at_work_are_full(tmp_path: Path, known: Facts) -> None:
    """Three servers, one of them spare, carry 16 GPUs: 1.6 times the plan."""
    curve = tipping_curve(evaluate(tight(tmp_path, limit=None), known, MONTHS))
    assert curve["volume_scale"].max() == 1.6


def test_no_optimal_plan_is_cheaper_because_its_spare_works(tmp_path: Path, known: Facts) -> None:
    """Served hour by hour no few servers cost less than what is published, however they are timed."""
    plan = tight(tmp_path, gpus=8)
    evaluation = evaluate(plan, known, MONTHS)
    optimum = site_optimum(evaluation, known, "here")
    published = optimal_plans(evaluation, [optimum]).plans.row(0, named=True)
    field = own_field(evaluation.basis, OPTION)
    every = [
        dispatch(plan, field, Mix(tuple((0, 3 * q, n) for q, n in enumerate(counts) if n), ()))
        for counts in ((0, 0, 0), (1, 0, 0), (2, 0, 0), (0, 2, 0), (0, 0, 2), (1, 1, 0))
    ]
    rate = 1.06 ** (1 / 12) - 1
    cheapest = min(done.present_value(rate) for done in every)
    assert published["present_value"] >= cheapest * 0.999
    assert cheapest > 0


def test_the_programme_leaves_the_spare_idle(tmp_path: Path, known: Facts) -> None:
    """Where hours are dear two servers are bought, spare or not; a spare costs the hours of a fifth of the need, at the least."""
    dear = 40.0
    objective = {}
    for spares in (0, 1):
        evaluation = evaluate(tight(tmp_path, gpus=8, spares=spares, price=dear), known, MONTHS)
        optimum = site_optimum(evaluation, known, "here")
        assert optimum.mix is not None
        assert optimum.objective is not None
        assert servers_in_service(optimum.field, optimum.mix, 0).max() == 2
        objective[spares] = optimum.objective
    whole = dear * 10 * HOURS * sum(1.06 ** (-(month + 1) / 12) for month in range(MONTHS))
    assert objective[1] - objective[0] > 0.19 * whole


def test_the_dispatch_leaves_the_spare_idle(tmp_path: Path, known: Facts) -> None:
    """Two servers carry eight of ten GPUs at most; an instance of eight is rented for the rest."""
    plan = tight(tmp_path, gpus=8)
    evaluation = evaluate(plan, known, MONTHS)
    field = own_field(evaluation.basis, OPTION)
    done = dispatch(plan, field, own_mix(evaluation, field))
    own = done.served.filter(pl.col("by") == "own")["share"]
    assert own.len() == MONTHS
    assert own.max() <= 0.8 + 1e-9  # type: ignore[operator]
    rent = next(line for line in done.lines if line.component == "rent_on_demand")
    assert rent.amount == pytest.approx(np.full(MONTHS, HOURS * 8 * GPU_HOUR))


def simulator(evaluation: Evaluation, facts: Facts) -> Simulator:
    """Every strategy but the optimal one, tied to the ledger."""
    energy = energy_years(evaluation.basis.plan, facts)
    return Simulator.of(*strategies_of(evaluation, {}, {}), energy)


def test_draws_rent_beside_the_spare(tmp_path: Path, known: Facts) -> None:
    """As planned one instance of eight is rented, at twice the demand two; and in the ledger as in the draws."""
    evaluation = evaluate(tight(tmp_path, gpus=8), known, MONTHS)
    made = simulator(evaluation, known)
    own = made.strategies[made.position("here", "own")]
    worlds = worlds_of(made.terrain, {"demand_level": np.array([1.0, 2.0])}, np.full((2, 1), -1), made.energy)
    who = dispatched(Chunk(made.terrain, worlds), own)
    hours = who.paid / HOURS / GPU_HOUR / 8
    assert hours[:, 0] == pytest.approx(np.ones(MONTHS))
    assert (hours[:, 1] >= 2 - 1e-9).all()
    assert abs(made.correction[made.position("here", "own")]) < 0.01 * own.ledger_value
