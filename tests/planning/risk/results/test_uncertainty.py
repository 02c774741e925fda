"""What is said about a small plan: tied to the ledger, the same on any number of threads, and bounded."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal
from scipy import optimize, stats

from brytpunkt.planning.inputs.planning_inputs import Facts
from brytpunkt.planning.optimal.milp import Floats
from brytpunkt.planning.risk.results.tornado import heat_map, tornado, total_indices
from brytpunkt.planning.risk.results.uncertainty import (
    LARGEST_ERROR_P50,
    MEMORY_BYTES,
    affordable,
    no_risk,
    risk,
)
from brytpunkt.planning.risk.simulation import simulate
from brytpunkt.planning.risk.simulation.simulate import Simulator
from brytpunkt.reporting.note_texts import english
from tests.planning.risk.conftest import Sure

CENT_OF_A_MILLION = 1e-8


def test_in_the_world_of_the_plan_every_strategy_costs_what_the_ledger_says(sure: Sure) -> None:
    found = sure.simulator.run({}, sure.simulator.as_planned(3)).costs
    ledger = [strategy.ledger_value for strategy in sure.simulator.strategies]
    assert found[0] == pytest.approx(ledger, rel=CENT_OF_A_MILLION)
    assert np.array_equal(found[0], found[2])


def test_before_that_correction_they_are_close_to_the_ledger(sure: Sure) -> None:
    for strategy, correction in zip(sure.simulator.strategies, sure.simulator.correction, strict=True):
        if strategy.name != "optimal":  # its value is made up in this fixture
            most = 0.03 if strategy.name == "committed" else 0.005
            assert abs(correction) < most * strategy.ledger_value, strategy.key


def test_the_same_on_one_thread_and_on_four(sure: Sure, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = sure.factors.draw(*sure.factors.points(64))
    found: list[Floats] = []
    for cores in (1, 4):
        monkeypatch.setattr(simulate, "CORES", cores)
        found.append(sure.simulator.run(drawn.values, drawn.years).costs)
    assert np.array_equal(found[0], found[1])


def test_win_probability_in_closed_form(sure: Sure) -> None:
    """With one uncertain figure, own wins where that figure is above the point at which both cost the same."""
    simulator = sure.simulator.only((None, "rent"), ("lulea", "own"))

    def gap(multiple: float) -> float:
        costs = simulator.run({"cloud_price": np.array([multiple])}, simulator.as_planned(1)).costs[0]
        return float(costs[1] - costs[0])

    tips_at = optimize.brentq(gap, 0.05, 20.0, xtol=1e-9)
    low, high = 0.5 * tips_at, 2.0 * tips_at
    uniform = stats.qmc.Sobol(1, rng=np.random.default_rng(4)).random(2048)[:, 0]
    prices = stats.triang.ppf(uniform, 0.4, low, high - low)
    costs = simulator.run({"cloud_price": prices}, simulator.as_planned(2048)).costs
    expected = 1 - stats.triang.cdf(tips_at, 0.4, low, high - low)
    assert (costs[:, 1] < costs[:, 0]).mean() == pytest.approx(expected, abs=0.001)


def test_every_drawn_figure_moves_what_it_should(sure: Sure) -> None:
    base = sure.simulator.run({}, sure.simulator.as_planned(1)).costs[0]

    def moved(name: str, value: float) -> dict[tuple[str | None, str], float]:
        there = sure.simulator.run({name: np.array([value])}, sure.simulator.as_planned(1)).costs[0]
        return {s.key: float(d) for s, d in zip(sure.simulator.strategies, there - base, strict=True)}

    hardware = moved("hardware_price", 1.2)
    assert hardware[None, "rent"] == 0
    assert hardware["lulea", "own"] > 0
    cloud = moved("cloud_price", 1.2)
    assert cloud[None, "on_demand"] > 0
    assert moved("demand_growth", 0.2)[None, "rent"] > 0
    assert moved("efficiency_gain", 0.2)[None, "rent"] < 0
    assert moved("residual_value", 1.2)["lulea", "own"] < 0
    assert moved("fx:NOK", 1.2)["lulea", "own"] == 0
    assert moved("fx:NOK", 1.2)["oslo", "own"] > 0
    failed = moved("production_success:batch", 0.0)
    # the work that stops is rented on spot; beside hours on demand, servers that were bought save only a part
    assert failed[None, "rent"] < 0
    assert failed[None, "on_demand"] < failed["lulea", "own"] < 0


def test_a_later_order_is_not_placed_when_demand_did_not_come(sure: Sure) -> None:
    own = sure.simulator.strategies[sure.simulator.position("lulea", "own")]
    assert max(order.month for order in own.orders) > 0
    simulator = sure.simulator.only(("lulea", "own"))
    value = {"demand_level": np.array([0.02, 1.0])}
    shrunk, planned = simulator.run(value, simulator.as_planned(2)).costs[:, 0]
    first = replace(own, orders=tuple(o for o in own.orders if o.month == 0))
    alone = replace(simulator, strategies=(first,))
    assert shrunk == pytest.approx(alone.run(value, simulator.as_planned(2)).costs[0, 0], rel=1e-9)
    assert planned > shrunk


def test_what_cannot_be_rented_is_charged_and_counted(sure: Sure) -> None:
    scarce = sure.plan.uncertainty.model_copy(update={"rentable_gpus": 8})
    plan = sure.plan.model_copy(update={"uncertainty": scarce})
    terrain = replace(sure.simulator.terrain, plan=plan, unserved_price=50.0)
    short = replace(sure.simulator, terrain=terrain)
    at = sure.simulator.position(None, "on_demand")
    years = sure.simulator.as_planned(1)
    plenty, scarcely = (each.run({}, years) for each in (sure.simulator, short))
    assert plenty.unserved[0, at] == 0
    assert scarcely.unserved[0, at] > 0
    charged = scarcely.costs[0, at] - plenty.costs[0, at]
    assert 0 < charged < 50.0 * scarcely.unserved[0, at]  # what is not served is not rented either


def test_tornado_is_widest_first_and_starts_from_the_plan(sure: Sure) -> None:
    frame = tornado(sure.simulator, sure.factors).filter(pl.col("site") == "lulea")
    assert frame["swing"].is_sorted(descending=True)
    values = {s.key: s.ledger_value for s in sure.simulator.strategies}
    planned = values["lulea", "own"] - values[None, "rent"]
    assert frame["planned"].to_list() == pytest.approx([planned] * frame.height)


def test_a_discount_on_rent_never_makes_building_better(sure: Sure) -> None:
    frame = heat_map(sure.simulator, sure.evaluation).sort("site", "utilisation", "cloud_discount")
    steps = frame.with_columns(step=pl.col("difference").diff().over("site", "utilisation"))[
        "step"
    ].drop_nulls()
    assert steps.min() >= -1e-6  # type: ignore[operator]
    assert frame["utilisation"].unique().sort().to_list() == pytest.approx([0.1 * n for n in range(1, 11)])


def test_total_indices_are_not_below_first_order(sure: Sure) -> None:
    totals = total_indices(sure.simulator, sure.factors)
    assert totals["total_order"].min() >= 0  # type: ignore[operator]
    assert totals.group_by("site").agg(pl.col("total_order").sum())["total_order"].min() > 0.9  # type: ignore[operator]


def test_ten_million_draws_are_bounded_and_said_so() -> None:
    draws, notes = affordable(10_000_000, 41)
    assert draws * 41 * 24 <= MEMORY_BYTES
    assert "10,000,000 draws were asked for" in english(notes[0])
    assert affordable(4096, 41) == (4096, [])


def test_the_whole_answer_of_a_small_plan(sure: Sure, known: Facts) -> None:
    few = sure.plan.uncertainty.model_copy(update={"draws": 256, "most_draws": 256})
    plan = sure.plan.model_copy(update={"uncertainty": few})
    evaluation = replace(sure.evaluation, basis=replace(sure.evaluation.basis, plan=plan))
    told: list[tuple[int, int]] = []
    one = risk(evaluation, known, {}, {}, lambda done, whole: told.append((done, whole)))
    other = risk(evaluation, known, {}, {})
    assert one is not None
    assert other is not None
    assert told[-1] == (256, 256)
    for name, frame in one.frames().items():
        assert_frame_equal(frame, other.frames()[name], check_exact=True)
        assert frame.height > 0, name
    assert set(one.frames()) == set(no_risk())
    building = one.risk_chances.filter(pl.col("strategy") == "building")
    assert building.height == 2
    best = (
        one.risk_chances.filter(pl.col("strategy") != "building")
        .group_by("site")
        .agg(pl.col("probability").sum())
    )
    assert (best["probability"] >= 1 - 1e-9).all()
    chances = {(row["site"], row["strategy"]): row["probability"] for row in one.risk_chances.to_dicts()}
    for site in building["site"]:
        places = {chances.get((site, place)) for place in ("own_colocation", "own_hall")}
        assert chances[site, "own"] in places, "own is one of its places"
    shares = one.risk_histogram.group_by("site").agg(pl.col("share").sum())["share"]
    assert shares.to_list() == pytest.approx([1.0, 1.0])
    everything = one.risk_information.filter(pl.col("factor") == "everything").select("site", all="value")
    partial = one.risk_information.filter(pl.col("factor") != "everything").join(everything, on="site")
    assert (partial["value"] <= partial["all"] * 1.05).all()
    over_time = one.risk_tipping.sort("site", "month")
    assert (
        over_time.select(pl.col("ahead_probability").diff().over("site")).drop_nulls().to_series() >= 0
    ).all()
    errors = one.risk_convergence.filter(pl.col("draws") == 256)["p50_error_share"].to_list()
    assert any("not settled" in english(note) for note in one.notes) or max(errors) <= LARGEST_ERROR_P50
    no_draws = plan.uncertainty.model_copy(update={"draws": 0})
    silent = replace(
        evaluation, basis=replace(evaluation.basis, plan=plan.model_copy(update={"uncertainty": no_draws}))
    )
    assert risk(silent, known, {}, {}) is None


def test_a_simulator_of_some_strategies_costs_the_same(sure: Sure) -> None:
    drawn = sure.factors.draw(*sure.factors.points(8))
    whole = sure.simulator.run(drawn.values, drawn.years).costs
    some: Simulator = sure.simulator.only(("oslo", "own"), (None, "rent"))
    columns = [sure.simulator.position("oslo", "own"), sure.simulator.position(None, "rent")]
    assert np.array_equal(some.run(drawn.values, drawn.years).costs, whole[:, columns])
