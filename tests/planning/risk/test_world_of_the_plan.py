"""With every figure at the plan's value a world costs what the ledger says, to the cent, whatever the plan and the strategy."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

from brytpunkt.declarations import Plan, read_plan
from brytpunkt.errors import InputError
from brytpunkt.planning.inputs.planning_inputs import Facts
from brytpunkt.planning.ledger.evaluate import Evaluation, evaluate
from brytpunkt.planning.optimal.results import mixes_of, optimal_plans, site_optima
from brytpunkt.planning.risk.sampling.centring import planned_value
from brytpunkt.planning.risk.sampling.draws import factors_of
from brytpunkt.planning.risk.sampling.energy_years import energy_years
from brytpunkt.planning.risk.simulation.decisions import strategies_of
from brytpunkt.planning.risk.simulation.simulate import Simulator
from tests.conftest import SMALL_PLAN
from tests.planning.generate import plans

EXAMPLES = 8
CURRENCIES = {"EUR", "USD", "SEK", "NOK", "DKK", "GBP"}
CENT = 0.005


def misses(simulator: Simulator, plan: Plan) -> dict[tuple[str | None, str], float]:
    """By strategy: how far a world with every factor stated at the plan's value is from the ledger [plan currency]."""
    factors = factors_of(plan, simulator.energy, CURRENCIES)
    values = {f.name: np.array([planned_value(f)]) for f in factors.drawn}
    found = simulator.run(values, simulator.as_planned(1)).costs[0]
    return {
        strategy.key: float(cost - strategy.ledger_value)
        for strategy, cost in zip(simulator.strategies, found, strict=True)
    }


@pytest.fixture(scope="module")
def evaluated(tmp_path_factory: pytest.TempPathFactory, known: Facts) -> Callable[[str], Evaluation]:
    path = tmp_path_factory.mktemp("centre") / "plan.yaml"

    def of(text: str) -> Evaluation:
        path.write_text(text, encoding="utf-8")
        plan = read_plan(path).plan
        return evaluate(plan, known, plan.finance.months, scan=False)

    return of


def test_plans_made_by_chance(evaluated: Callable[[str], Evaluation], known: Facts) -> None:
    names: set[str] = set()

    @settings(
        max_examples=EXAMPLES,
        derandomize=True,
        database=None,
        suppress_health_check=[HealthCheck.too_slow],
    )
    @given(text=plans())
    def check(text: str) -> None:
        try:
            evaluation = evaluated(text)
        except InputError:
            return
        plan = evaluation.basis.plan
        simulator = Simulator.of(*strategies_of(evaluation, {}, {}), energy_years(plan, known))
        for key, away in misses(simulator, plan).items():
            assert abs(away) < CENT, key
            names.add(key[1])

    check()
    assert {"rent", "own", "own_colocation"} <= names


def test_the_optimum_of_a_small_plan(evaluated: Callable[[str], Evaluation], known: Facts) -> None:
    evaluation = evaluated(SMALL_PLAN)
    optima = site_optima(evaluation, known)
    worth = optimal_plans(evaluation, [*optima.values()]).plans.filter(site=next(iter(optima)))
    values = dict(worth.select("site", "programme_value").iter_rows())
    terrain, strategies = strategies_of(evaluation, mixes_of(optima), values)
    simulator = Simulator.of(terrain, strategies, energy_years(evaluation.basis.plan, known))
    found = misses(simulator, evaluation.basis.plan)
    assert "optimal" in {name for _, name in found}
    for key, away in found.items():
        assert abs(away) < CENT, key
    for strategy, tie in zip(strategies, simulator.correction, strict=True):
        assert abs(tie) < 0.02 * strategy.ledger_value, strategy.key
