"""The currency in which a plan is written says nothing about how sure it is."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from brytpunkt.declarations import read_plan
from brytpunkt.errors import InputError
from brytpunkt.planning.inputs.money import exchange_rates
from brytpunkt.planning.inputs.planning_inputs import Facts
from brytpunkt.planning.ledger.evaluate import evaluate
from brytpunkt.planning.risk.results.uncertainty import Risk, risk

# money of five kinds: racks in euro, energy and its grid in kronor, servers and rent in dollars, people in Norwegian kroner,
# a hall in Danish kroner; a market that is too small
PLAN = """\
plan: restated
finance: {start: 2027-02-01, horizon_months: 24, currency: CURRENCY}
staff: {platform_fte: 0.5, cost_per_fte_year: {nok: 1100000}}
workloads:
  - id: answers
    demand: {gpu_hours_per_day: 260, gpu_model: H100-SXM-80GB, growth: {per_year: 0.4}}
    residency: any
sites:
  - id: uppsala
    country: SE
    zone: SE3
    climate: stockholm
    colocation: {price_per_kw_month: {eur: 160}, basis: a test}
    own_hall: {capex_per_kw: {dkk: 70000}, basis: a test, lead_time_months: 3}
    energy:
      tariff_elements:
        - {id: transfer, charge: energy, price: {sek: 0.11}}
        - {id: power, charge: peak_month, price: {sek: 52}}
        - {id: standing, charge: fixed, price: {sek: 900}}
build:
  servers: [{id: box, gpu_model: H100-SXM-80GB, gpu_count: 8, gpu_memory_gb: 80, price: {usd: 140000}, nameplate_kw: 10.2}]
rent:
  providers: [somebody]
  offers:
    - {id: hourly, provider: somebody, gpu_model: H100-SXM-80GB, gpu_count: 8, term: on_demand, price: {usd: 21}}
    - {id: year, provider: somebody, gpu_model: H100-SXM-80GB, gpu_count: 8, term: reserved_1y, price: {sek: 150}}
uncertainty: {draws: 256, most_draws: 256, rentable_gpus: 12}
scenarios: []
disruptions: []
"""


def drawn(folder: Path, known: Facts, currency: str) -> tuple[Risk, float]:
    """Risk of the plan in a currency, and how many of it make a euro."""
    path = folder / f"{currency}.yaml"
    path.write_text(PLAN.replace("CURRENCY", currency), encoding="utf-8")
    plan = read_plan(path).plan
    found = risk(evaluate(plan, known, plan.finance.months), known, {}, {})
    assert found is not None
    return found, exchange_rates(plan.finance, known).units_per_eur[currency]


@pytest.fixture(scope="module")
def in_euros(known: Facts, tmp_path_factory: pytest.TempPathFactory) -> Risk:
    return drawn(tmp_path_factory.mktemp("euros"), known, "EUR")[0]


def test_the_plan_shows_what_it_should(in_euros: Risk) -> None:
    """Every currency is drawn that something is priced in, and the market runs short."""
    drawn_currencies = set(in_euros.risk_factors["factor"].to_list())
    assert {"fx:SEK", "fx:NOK", "fx:USD"} <= drawn_currencies
    assert in_euros.risk_chances["mean_unserved_gpu_hours"].max() > 0  # type: ignore[operator]


@pytest.mark.parametrize("currency", ["SEK", "NOK", "DKK", "USD"])
def test_restating_a_plan_changes_no_risk(
    known: Facts, tmp_path: Path, in_euros: Risk, currency: str
) -> None:
    """Quantiles, means and regret are the same money; probabilities and shares of variance are the same numbers."""
    here, per_euro = drawn(tmp_path, known, currency)
    money = pl.col("measure").is_in(["present_value", "monthly_cost"])
    columns = ["p10", "p50", "p90", "mean", "standard_deviation", "planned"]
    one, other = (frame.risk_quantiles.filter(money).select(columns).to_numpy() for frame in (in_euros, here))
    assert other / per_euro == pytest.approx(one, rel=1e-6)
    for column in ("probability", "mean_unserved_gpu_hours"):
        before, after = (frame.risk_chances[column].to_numpy() for frame in (in_euros, here))
        assert np.allclose(before, after, rtol=1e-9)
    assert here.risk_factors["factor"].to_list() == in_euros.risk_factors["factor"].to_list()
    before, after = (frame.risk_indices["first_order"].to_numpy() for frame in (in_euros, here))
    assert np.allclose(before, after, atol=1e-6)


def test_a_price_of_what_nobody_serves_has_a_currency(tmp_path: Path) -> None:
    path = tmp_path / "plan.yaml"
    text = PLAN.replace("CURRENCY", "SEK").replace("rentable_gpus: 12", "unserved_price_per_gpu_hour: 35")
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match="35 has no currency"):
        read_plan(path)
