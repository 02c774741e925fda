"""One kernel of what an own server costs: by hand, and the same in the ledger, the programme, the dispatch and unit economics."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from brytpunkt.declarations import Plan
from brytpunkt.planning.inputs.planning_inputs import Facts
from brytpunkt.planning.ledger.evaluate import Evaluation, evaluate
from brytpunkt.planning.optimal import unit_cash_flows
from brytpunkt.planning.optimal.dispatch import dispatch
from brytpunkt.planning.optimal.shocks import own_field, own_mix
from brytpunkt.planning.own.unit_costs import colocation_rent, crew_by_server, worth_share
from brytpunkt.planning.verdicts.unit_economics import unit_economics
from tests.planning.optimal.test_optimal import SMALL, planned

BOX, BASE = SMALL["build"]["servers"][0], SMALL["sites"][0]
HOURS_PER_YEAR = 8760
RACK = 1000.0  # EUR a month


def in_racks(folder: Path, kw: float, rack_kw: float, **more: Any) -> Plan:
    """One server at a time, in colocation by the rack."""
    room = {
        "price_per_rack_month": {"eur": RACK},
        "rack_power_kw": rack_kw,
        "basis": "test",
        "lead_time_months": 0,
    }
    flat = SMALL["workloads"][0] | {
        "demand": {"gpu_hours_per_day": 100, "gpu_model": "H100-SXM-80GB"},
        "weekly_shape": "flat",
    }
    return planned(
        folder,
        workloads=[flat],
        sites=[{name: value for name, value in BASE.items() if name != "colocation"} | {"colocation": room}],
        build={"servers": [BOX | {"nameplate_kw": kw}], **more},
    )


def monthly(evaluation: Evaluation, component: str) -> list[float]:
    """What own pays for a component each month. [EUR]"""
    rows = evaluation.own.filter(pl.col("component") == component).sort("month")
    return [cents / 100 for cents in rows["cents"]]


@pytest.mark.parametrize(
    ("kw", "rack_kw", "racks"), [(4.2, 1.4, 3), (6.9, 2.3, 3), (4.21, 1.4, 4), (9.0, 10.0, 1)]
)
def test_as_many_racks_as_the_ledger_pays_for(
    tmp_path: Path, known: Facts, kw: float, rack_kw: float, racks: int
) -> None:
    """4.2 / 1.4 is a hair above 3 in binary, and three racks hold it; 4.21 needs a fourth."""
    evaluation = evaluate(in_racks(tmp_path, kw, rack_kw), known, 9, scan=False)
    assert monthly(evaluation, "colocation_rent") == [racks * RACK] * 9
    per_hour = unit_economics(evaluation)["space_per_hour"][0]
    assert per_hour * HOURS_PER_YEAR / 12 == pytest.approx(racks * RACK)


def test_one_server_costs_the_same_wherever_it_is_counted(tmp_path: Path, known: Facts) -> None:
    shares = {
        "freight_and_duty_share": 0.03, "installation_share": 0.04, "spares_share": 0.05, "network_share": 0.11,
        "support_share_per_year": 0.09, "insurance_share_per_year": 0.02, "network_life_years": 6,
    }  # fmt: skip
    evaluation = evaluate(in_racks(tmp_path, 9.0, 10.0, **shares), known, 9, scan=False)
    plan = evaluation.basis.plan
    option = evaluation.chosen["option"][0]
    field = own_field(evaluation.basis, option)
    paid = 200_000 * 1.23
    own = {name: sum(monthly(evaluation, name)) for name in evaluation.own["component"].unique()}
    bought = ("server_capex", "freight_and_duty", "installation", "spares", "network_capex")
    assert sum(own[name] for name in bought) == pytest.approx(paid)
    unit = unit_cash_flows.server(plan, field, field.pools[0], 0)
    assert unit.start[0] == pytest.approx(paid)
    assert -unit.horizon == pytest.approx(-own["continuing_value"], abs=0.01)
    done = dispatch(plan, field, own_mix(evaluation, field))
    lines = {line.component: float(line.amount.sum()) for line in done.lines if line.option is not None}
    for name in (*bought, "support", "insurance", "colocation_rent", "hardware_staff", "continuing_value"):
        assert lines[name] == pytest.approx(own[name], abs=0.05), name
    economics = unit_economics(evaluation).row(0, named=True)
    assert economics["acquisition"] == pytest.approx(paid)
    upkeep = economics["support_per_hour"] * HOURS_PER_YEAR
    assert upkeep == pytest.approx(200_000 * 0.11)
    assert own["support"] + own["insurance"] == pytest.approx(upkeep / 12 * 9, abs=0.1)


def test_contracts_escalate_from_the_purchase_and_halls_until_they_are_built(
    tmp_path: Path, known: Facts
) -> None:
    """Delivered in month 14 at 10 % inflation: a year at the agreed price, a step in month 26, and a hall a step dearer than today's."""
    hall = {"capex_per_kw": {"eur": 10_000}, "maintenance_share_per_year": 0.03, "lead_time_months": 14}
    shares = {"support_share_per_year": 0.12, "insurance_share_per_year": 0.012, "price_path_per_year": 0.0}
    flat = SMALL["workloads"][0] | {
        "demand": {"gpu_hours_per_day": 100, "gpu_model": "H100-SXM-80GB"},
        "weekly_shape": "flat",
    }
    plan = planned(
        tmp_path,
        finance={"horizon_months": 27, "inflation_per_year": 0.1},
        workloads=[flat],
        sites=[{name: value for name, value in BASE.items() if name != "colocation"} | {"own_hall": hall}],
        build=shares,
    )
    evaluation = evaluate(plan, known, 27, scan=False)
    assert monthly(evaluation, "facility_capex") == [112_200.0]  # 10.2 kW, a step after month 12
    assert monthly(evaluation, "support") == [2000.0] * 12 + [2200.0]
    assert monthly(evaluation, "insurance") == [200.0] * 12 + [220.0]
    assert monthly(evaluation, "facility_maintenance") == [280.5] * 12 + [308.55]
    field = own_field(evaluation.basis, evaluation.chosen["option"][0])
    lines = {
        line.component: line.amount
        for line in dispatch(plan, field, own_mix(evaluation, field)).lines
        if line.option is not None
    }
    for name in ("facility_capex", "support", "insurance", "facility_maintenance"):
        assert lines[name][lines[name] != 0].tolist() == pytest.approx(monthly(evaluation, name)), name


def test_rows_of_a_frame_months_and_draws_are_one_formula() -> None:
    figures = {
        "nameplate_kw": 10.0, "rack_kw": 15.0, "kw_month": 0.0, "rack_month": 900.0,
        "server_gpus": 8.0, "fte_per_100_gpus": 0.5, "fte_month": 8000.0,
    }  # fmt: skip
    servers = np.array([[0.0, 1.0], [3.0, 4.0]])
    assert colocation_rent(figures.__getitem__, servers).tolist() == [[0.0, 900.0], [1800.0, 2700.0]]
    assert colocation_rent(figures.__getitem__, servers, in_whole_racks=False)[0, 1] == pytest.approx(600.0)
    assert crew_by_server(figures.__getitem__, servers)[1].tolist() == pytest.approx([960.0, 1280.0])


def test_worth_falls_to_nothing_over_each_life(tmp_path: Path) -> None:
    plan = planned(tmp_path, build={"network_life_years": 6})
    ages = np.array([0, 1, 47, 48, 71, 72])
    shares = worth_share(plan, 0, ages)
    assert (np.diff(shares) < 0).all()
    build = plan.build
    whole = 1 + build.freight_and_duty_share + build.installation_share + build.spares_share
    assert shares[0] == pytest.approx(whole + build.network_share)
    assert 0 < shares[3] < build.network_share
    assert shares[-1] == 0
