"""What cannot be done is said, with the limit that forbids it: no server fits a site, or nothing keeps to what is declared."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
import pytest

from brytpunkt.planning.changes.what_if import StoredOptima, outlook
from brytpunkt.planning.compute import compute
from brytpunkt.planning.inputs.planning_inputs import Facts
from brytpunkt.planning.ledger.evaluate import evaluate
from brytpunkt.planning.result import Result
from brytpunkt.reporting.note_texts import english
from tests.planning.optimal.test_optimal import SMALL, planned

BOX = SMALL["build"]["servers"][0]
KEPT = {"capacity_tb": 120, "egress_tb_per_month": 8}


def site(**more: Any) -> dict[str, Any]:
    """The site of the small plan with more declared."""
    found: dict[str, Any] = SMALL["sites"][0] | more
    return found


def strategies(result: Result) -> dict[tuple[str | None, str], dict[str, Any]]:
    """Rows of the table of strategies by site and strategy."""
    return {(row["site"], row["strategy"]): row for row in result.strategies.iter_rows(named=True)}


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        (
            {"sites": [site(power_limit_kw=12.0)]},
            "no place for box: one server needs 12.24 kW with its cooling (PUE 1.20), the site gives 12 kW",
        ),
        (
            {"sites": [site(limits={"rack_density_limit_kw": 6.5})]},
            "no place for box: one server draws 10.2 kW, a rack here carries 6.5 kW",
        ),
        (
            {
                "sites": [site(limits={"rack_density_limit_kw": 50})],
                "build": {"servers": [BOX | {"cooling": "liquid"}]},
            },
            "no place for box: the server needs liquid cooling, none is installed here",
        ),
        (
            {"sites": [site(grid_available_from="2027-11-01", limits={"rack_density_limit_kw": 50})]},
            "the first delivery would fall after the horizon",
        ),
        ({"build": {"lead_time_months": 9}}, "the first delivery would fall after the horizon"),
    ],
    ids=["power", "density", "liquid", "grid", "lead time"],
)
def test_where_no_server_stands_the_verdict_is_rent_with_the_reason(
    tmp_path: Path, known: Facts, changes: dict[str, Any], reason: str
) -> None:
    """Storage of a plan must not turn it: an own strategy that owns nothing never looks cheaper for keeping nothing."""
    workloads = [SMALL["workloads"][0] | {"storage": KEPT}]
    result = compute(planned(tmp_path, **changes, workloads=workloads), known)
    (verdict,) = result.verdicts.to_dicts()
    assert (verdict["verdict"], verdict["switch_month"], verdict["npv_own"], verdict["saving"]) == (
        *("rent", None, None, None),
    )
    assert (english(verdict["own_reason"]), verdict["rent_reason"]) == (reason, None)
    table = strategies(result)
    for name in ("own_colocation", "own"):
        assert table["here", name]["is_feasible"] is False
        assert table["here", name]["reason"] == verdict["own_reason"]
        assert table["here", name]["present_value"] is None
    rent = float(table[None, "rent"]["present_value"])
    assert float(table["here", "optimal"]["present_value"]) == pytest.approx(rent)
    assert result.ledger.filter(pl.col("strategy").str.starts_with("own")).is_empty()
    assert f"Nothing can be owned at here: {reason}." in [*map(english, result.warnings)]


def test_only_the_site_that_takes_a_server_is_built(tmp_path: Path, known: Facts) -> None:
    sites = [site(limits={"rack_density_limit_kw": 6}), site(id="there")]
    result = compute(planned(tmp_path, sites=sites), known)
    verdicts = {row["site"]: row for row in result.verdicts.to_dicts()}
    assert {name: row["verdict"] for name, row in verdicts.items()} == {"here": "rent", "there": "build"}
    assert verdicts["there"]["rank"] == 1
    whole = result.optimal_schedule.filter(pl.col("site").is_null())
    assert set(whole["place"]) == {"there"}


def test_a_server_that_does_not_fit_makes_room_for_one_that_does(tmp_path: Path, known: Facts) -> None:
    """Each mode of a site has the servers that fit it: of two, the one that the power carries, whatever it costs."""
    small = BOX | {"id": "light", "nameplate_kw": 6.0, "price": {"eur": 400_000}}
    plan = planned(tmp_path, sites=[site(power_limit_kw=9.0)], build={"servers": [BOX, small]})
    evaluation = evaluate(plan, known, 9)
    assert evaluation.chosen["option"].to_list() == ["here/own_colocation/light"]
    assert evaluation.basis.unfit.select("option", "site").rows() == [("here/own_colocation/box", "here")]


def test_a_horizon_half_as_long_again_may_see_the_grid_come(tmp_path: Path, known: Facts) -> None:
    late = site(grid_available_from="2027-11-01", limits={"rack_density_limit_kw": 50})
    (verdict,) = compute(planned(tmp_path, sites=[late]), known).verdicts.to_dicts()
    assert (verdict["verdict"], verdict["verdict_long_horizon"]) == ("rent", "build")


def test_where_nothing_keeps_to_a_constraint_the_verdict_is_infeasible(tmp_path: Path, known: Facts) -> None:
    """Seven thousand a year pay neither for rent nor for a server, and every row says so."""
    plan = planned(tmp_path, constraints={"budget_per_year": {"eur": 7_000}})
    result = compute(plan, known)
    (verdict,) = result.verdicts.to_dicts()
    assert (verdict["verdict"], verdict["switch_month"], verdict["switch_npv"]) == ("infeasible", None, None)
    assert english(verdict["own_reason"]) == english(verdict["rent_reason"]) == "breaks the yearly budget"
    assert verdict["saving"] is verdict["verdict_long_horizon"] is None
    for (_, name), row in strategies(result).items():
        assert row["is_feasible"] is False, name
        assert row["reason"]
    assert any(note.code == "no_plan_keeps" and note.site == "here" for note in result.warnings)


def test_what_is_ruled_out_does_not_win(tmp_path: Path, known: Facts) -> None:
    """Half a million a year pays for renting on demand, and not for servers at once: own is ruled out, its price stays."""
    free = compute(planned(tmp_path), known).verdicts.to_dicts()[0]
    assert free["verdict"] == "build"
    assert free["saving"] > 0
    result = compute(planned(tmp_path, constraints={"budget_per_year": {"eur": 480_000}}), known)
    (verdict,) = result.verdicts.to_dicts()
    own = strategies(result)["here", "own"]
    assert (own["is_feasible"], english(own["reason"])) == (False, "breaks the yearly budget")
    assert float(own["present_value"]) == pytest.approx(free["npv_own"])
    assert verdict["saving"] is None
    kept = result.optimal.filter(pl.col("site") == "here").to_dicts()[0]
    buys = result.optimal_schedule.filter(pl.col("site") == "here", pl.col("kind") == "buy")
    assert verdict["verdict"] == ("rent" if buys.is_empty() else "build")
    assert verdict["switch_npv"] == pytest.approx(kept["present_value"])
    assert kept["present_value"] >= free["npv_own"] - 1e-6 or kept["source"] == "programme"


@pytest.mark.parametrize(
    ("changes", "verdict"),
    [
        ({"sites": [site(power_limit_kw=12.0)]}, "rent"),
        ({"constraints": {"budget_per_year": {"eur": 7_000}}}, "infeasible"),
    ],
)
def test_what_if_says_the_same_as_a_plan_computed_whole(
    tmp_path: Path, known: Facts, changes: dict[str, Any], verdict: str
) -> None:
    whole = compute(planned(tmp_path), known)
    stored = StoredOptima.of(whole.optimal, whole.optimal_schedule)
    plan = planned(tmp_path, **changes)
    (row,) = outlook(plan, known, stored).to_dicts()
    (computed,) = compute(plan, known).verdicts.to_dicts()
    assert row["verdict"] == computed["verdict"] == verdict
    assert row["switch_month"] is computed["switch_month"] is None
    assert row["own"] == computed["npv_own"]


def test_draws_of_a_plan_that_owns_nothing(tmp_path: Path, known: Facts) -> None:
    plan = planned(tmp_path, sites=[site(power_limit_kw=12.0)], uncertainty={"draws": 64, "most_draws": 64})
    result = compute(plan, known)
    drawn = result.risk_quantiles.filter(pl.col("measure") == "present_value")
    assert set(drawn["strategy"]) == {"rent", "on_demand"}
    assert result.risk_chances.is_empty()
