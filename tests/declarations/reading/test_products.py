"""What is in range by itself and nonsense together is refused with file, line and key, before anything is computed."""

from __future__ import annotations

import pytest

from brytpunkt.declarations import read_plan
from brytpunkt.declarations.products import LONGEST_HOURS, estimated_minutes
from tests.declarations.conftest import Refuse

PLAN = """\
plan: p
finance: {start: 2027-01-01, horizon_months: 240, inflation_per_year: 0.02}
workloads:
  - id: chat
    model: llama2-70b
    demand: {output_tokens_per_day: 1e9, input_tokens_per_day: 4e9, growth: {per_year: 0.02}}
sites:
  - {id: here, country: SE, zone: SE1, pue: 1.2, colocation: {price_per_kw_month: {eur: 150}}, energy: {grid_capacity_per_kw_year: {sek: 200}}}
build: {servers: [{catalog: dgx_b200}]}
rent: {gpu_price_path_per_year: 0.0}
"""

CASES = {
    "tokens of several worlds": (
        "1e9,",
        "1e15,",
        "p.yaml:6: workloads[0].demand.output_tokens_per_day",
        "at most",
    ),
    "tokens that grow to that": (
        "{per_year: 0.02}",
        "{per_year: 10}",
        "p.yaml:6: workloads[0].demand.growth",
        "times",
    ),
    "many tokens that grow a little": (
        "1e9, input_tokens_per_day: 4e9, growth: {per_year: 0.02}",
        "9e13, input_tokens_per_day: 4e9, growth: {per_year: 0.02}",
        "p.yaml:6: workloads[0].demand.output_tokens_per_day",
        "all the world's",
    ),
    "inflation that doubles each year": (
        "inflation_per_year: 0.02",
        "inflation_per_year: 1.0",
        "p.yaml:2: finance.inflation_per_year",
        "over 20 years is 1.05e+06 times",
    ),
    "hours that double": (
        "gpu_price_path_per_year: 0.0",
        "gpu_price_path_per_year: 0.9",
        "p.yaml:10: rent.gpu_price_path_per_year",
        "times as much",
    ),
    "the far future": ("2027-01-01", "9999-01-01", "p.yaml:2: finance.start", "between 2000 and 2100"),
    "its end in the far future": (
        "2027-01-01",
        "2090-01-01",
        "p.yaml:2: finance.start",
        "between 2000 and 2100",
    ),
    "a long past": ("2027-01-01", "0027-01-01", "p.yaml:2: finance.start", "between 2000 and 2100"),
    "a fee beyond counting": (
        "{sek: 200}",
        "{sek: 1e300}",
        "p.yaml:8: sites[0].energy.grid_capacity_per_kw_year",
        "more than anybody pays",
    ),
    "a tariff beyond counting": (
        "grid_capacity_per_kw_year: {sek: 200}",
        "tariff_elements: [{id: fee, charge: fixed, price: {eur: 1e300}}]",
        "p.yaml:8: sites[0].energy.tariff_elements[0].price",
        "more than anybody pays",
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_nonsense_has_a_place(case: tuple[str, str, str, str], refuse: Refuse) -> None:
    before, after, where, message = case
    assert PLAN.count(before) == 1
    (problem,) = refuse(PLAN.replace(before, after))
    assert problem.where == where
    assert message in problem.message


def test_a_plan_too_large_to_finish_is_told_with_its_estimate(refuse: Refuse) -> None:
    """Forty sites of two rooms, forty servers, ten workloads and twenty years: days, said before they begin."""
    site = "  - {{id: s{n}, country: SE, zone: SE1, pue: 1.2, colocation: {{price_per_kw_month: {{eur: 150}}}}, own_hall: {{capex_per_kw: {{eur: 9000}}}}}}\n"
    server = "{{id: m{n}, gpu_model: L4-24GB, gpu_count: 8, gpu_memory_gb: 24, price: {{eur: 90000}}, nameplate_kw: 3}}"
    work = PLAN[PLAN.index("  - id: chat") : PLAN.index("sites:")]
    text = (
        PLAN[: PLAN.index("  - id: chat")]
        + "".join(work.replace("chat", f"chat{n}") for n in range(10))
        + "sites:\n"
        + "".join(site.format(n=n) for n in range(40))
        + f"build: {{servers: [{', '.join(server.format(n=n) for n in range(40))}]}}\n"
    )
    (problem,) = refuse(text)
    assert problem.where.endswith(": sites")
    assert "40 sites, 40 servers, 10 workloads and 240 months would take about 32 hours" in problem.message


def test_the_estimate_knows_the_example() -> None:
    from brytpunkt.folders import folders

    minutes = estimated_minutes(read_plan(folders().plans / "nordic.yaml").plan)
    assert 0.5 < minutes < 5 < LONGEST_HOURS * 60
