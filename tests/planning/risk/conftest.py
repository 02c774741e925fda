"""A small plan evaluated once, and its simulator."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from brytpunkt.declarations import Plan, read_plan
from brytpunkt.planning.inputs.planning_inputs import Facts
from brytpunkt.planning.ledger.evaluate import Evaluation, evaluate
from brytpunkt.planning.optimal.mix import Mix
from brytpunkt.planning.optimal.problem import field_of
from brytpunkt.planning.risk.sampling.draws import Factors, factors_of
from brytpunkt.planning.risk.sampling.energy_years import EnergyYears, energy_years
from brytpunkt.planning.risk.simulation.decisions import strategies_of
from brytpunkt.planning.risk.simulation.simulate import Simulator

PLAN = """\
plan: sure
finance: {start: 2027-01-01, horizon_months: 60, currency: EUR}
workloads:
  - id: chat
    model: llama2-70b
    demand:
      output_tokens_per_day: 1.2e10
      input_tokens_per_day: 2.4e10
      phases:
        - {name: pilot, from_month: 0, level: 0.3}
        - {name: production, from_month: 6, ramp_months: 6, level: 1.0, production: true}
      growth: {per_year: 0.3}
    efficiency_gain_per_year: 0.1
    weekly_shape: office_hours
  - id: batch
    kind: batch
    model: llama2-70b
    demand: {output_tokens_per_day: 4.0e9, input_tokens_per_day: 1.0e10}
    success_probability: 0.7
    decision_month: 9
sites:
  - id: lulea
    country: SE
    zone: SE1
    climate: lulea
    colocation: {price_per_kw_month: {eur: 140}, basis: a test}
    own_hall: {capex_per_kw: {eur: 9000}, lead_time_months: 12, basis: a test}
    energy: {grid_fee: se-10kv-karlsborg}
  - id: oslo
    country: "NO"
    zone: NO1
    climate: oslo
    colocation: {price_per_kw_month: {eur: 150}, basis: a test}
    energy: {grid_fee: no-22kv-fjellnett}
build:
  servers: [{catalog: dgx_b200}]
rent:
  countries: [SE, FI, "NO"]
scenarios: []
disruptions: []
"""


@dataclass(frozen=True)
class Sure:
    """A plan that was evaluated, with what draws need."""

    plan: Plan
    evaluation: Evaluation
    simulator: Simulator
    factors: Factors
    energy: EnergyYears


def prepared(folder: Path, known: Facts, text: str) -> Sure:
    """Evaluate a plan and make its simulator; one site's optimal plan buys two servers after half a year."""
    path = folder / "sure.yaml"
    path.write_text(text, encoding="utf-8")
    plan = read_plan(path).plan
    evaluation = evaluate(plan, known, plan.finance.months, scan=False)
    option = evaluation.chosen.sort("site")["option"][0]
    field = field_of(
        evaluation.basis, evaluation.basis.options.filter(evaluation.basis.options["option"] == option)
    )
    mix = Mix(((0, 0, 3), (0, 24, 1)), ())
    terrain, strategies = strategies_of(evaluation, {"lulea": (field, mix)}, {"lulea": 1.0e6})
    energy = energy_years(plan, known)
    simulator = Simulator.of(terrain, strategies, energy)
    currencies = {"EUR", "USD", "SEK", "NOK"}
    return Sure(plan, evaluation, simulator, factors_of(plan, energy, currencies), energy)


@pytest.fixture(scope="session")
def sure(tmp_path_factory: pytest.TempPathFactory, known: Facts) -> Sure:
    """The small plan."""
    return prepared(tmp_path_factory.mktemp("sure"), known, PLAN)
