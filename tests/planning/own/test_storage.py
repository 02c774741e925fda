"""Storage, rooms and control inside a whole plan: every strategy pays for storage, every cell has a reason."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest

from brytpunkt.planning.compute import compute
from brytpunkt.planning.inputs.planning_inputs import Facts
from brytpunkt.planning.ledger.evaluate import evaluate
from brytpunkt.planning.ledger.ledger import mix_ledger
from brytpunkt.planning.optimal.dispatch import dispatch
from brytpunkt.planning.optimal.shocks import own_field, own_mix
from brytpunkt.planning.rent.operator_jurisdiction import SEAT_OF_PROVIDER, seat_of
from brytpunkt.planning.result import Result
from brytpunkt.reporting.note_texts import english
from tests.planning.optimal.test_optimal import SMALL, planned

STORAGE = {"capacity_tb": 100, "growth_per_year": 0.5, "egress_tb_per_month": 5}


def test_storage_stands_in_every_strategy(tmp_path: Any, known: Facts) -> None:
    plan = planned(
        tmp_path,
        workloads=[SMALL["workloads"][0] | {"storage": STORAGE}],
        build={"lead_time_months": 3},
        finance={"tax": {"rate": 0.2}},
    )
    evaluation = evaluate(plan, known, 9)
    rented = evaluation.rent.filter(pl.col("component") == "storage_rent")
    assert set(rented["strategy"]) == set(evaluation.rent["strategy"])
    field = own_field(evaluation.basis, "here/own_colocation/box")
    flows = dispatch(plan, field, own_mix(evaluation, field)).flows
    mixed = mix_ledger(plan, evaluation.basis, flows.with_columns(site=pl.lit("here")))
    components = ("storage_rent", "egress", "storage_capex", "storage_maintenance", "continuing_value", "tax")
    for component in components:
        ours = mixed.filter(pl.col("component") == component)["cents"].sum()
        theirs = evaluation.own.filter(pl.col("component") == component)["cents"].sum()
        assert ours == pytest.approx(theirs, abs=9), component
        assert ours != 0


def test_a_site_without_power_for_one_server_is_not_ready(tmp_path: Any, known: Facts) -> None:
    plan = planned(tmp_path, sites=[SMALL["sites"][0] | {"power_limit_kw": 12.0}])
    row = compute(plan, known).readiness.row(0, named=True)
    assert row["status"] == "not_ready"
    assert "one server needs 12.24 kW" in english(row["reasons"])


def test_the_control_matrix_gives_a_reason_and_a_source_in_every_cell(result: Result) -> None:
    assert result.control.null_count().sum_horizontal().item() == 0
    cells = result.control.group_by("subject").len()
    assert (cells["len"] == 5).all()
    built = result.control.filter(pl.col("kind") == "build")["subject"].str.split("/").list.first()
    assert set(built) == set(result.verdicts["site"])


def test_every_bundled_operator_has_a_seat_or_none_is_guessed(known: Facts) -> None:
    named = {*known.offers["provider"], *known.token_prices["provider"]}
    unknown = {provider for provider in named if seat_of(provider) is None}
    assert unknown == {"novita", "spheron", "huggingface_nebius"}
    assert all(len(seat) == 2 for seat in SEAT_OF_PROVIDER.values())


def test_a_room_that_does_not_carry_a_server_is_no_option(tmp_path: Any, known: Facts) -> None:
    small = SMALL["build"]["servers"][0]
    light = small | {"id": "light", "nameplate_kw": 6.0, "price": {"eur": 400_000}}
    plan = planned(
        tmp_path,
        sites=[SMALL["sites"][0] | {"limits": {"rack_density_limit_kw": 8}}],
        build={"servers": [small, light]},
    )
    assert evaluate(plan, known, 9).basis.options["server"].to_list() == ["light"]


def test_a_refit_takes_its_months_and_its_money(tmp_path: Any, known: Facts) -> None:
    """10.2 kW at 1,000 EUR a kW for each server, six months until the first."""
    refit = {"capex_per_kw": {"eur": 1000}, "months": 6, "rack_density_kw": 40, "liquid_cooling": False}
    limits = {"rack_density_limit_kw": 8, "retrofit": refit}
    plan = planned(tmp_path, sites=[SMALL["sites"][0] | {"limits": limits}])
    evaluation = evaluate(plan, known, 9)
    own = evaluation.own.filter(pl.col("component") == "facility_capex")
    servers = evaluation.schedule.installed["servers"].max()
    assert own.select("month", "cents").rows() == [(6, 1_020_000 * servers)]  # type: ignore[operator]
