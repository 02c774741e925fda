"""The optimal plan: against every plan there is on a small case, against the ledger, and under constraints."""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from ruamel.yaml import YAML

from brytpunkt.declarations import Plan, read_plan
from brytpunkt.planning.compute import compute
from brytpunkt.planning.inputs.planning_inputs import Facts
from brytpunkt.planning.ledger.evaluate import Evaluation, evaluate
from brytpunkt.planning.ledger.ledger import mix_ledger
from brytpunkt.planning.optimal.dispatch import dispatch
from brytpunkt.planning.optimal.mix import Mix
from brytpunkt.planning.optimal.problem import field_of
from brytpunkt.planning.optimal.solve import site_optimum
from brytpunkt.planning.result import Result
from brytpunkt.reporting.note_texts import english

SMALL: dict[str, Any] = {
    "plan": "small",
    "uncertainty": {"draws": 0},
    "finance": {"start": "2027-01-01", "horizon_months": 9, "discount_rate_per_year": 0.06},
    "workloads": [
        {
            "id": "steady",
            "demand": {"gpu_hours_per_day": 480, "gpu_model": "H100-SXM-80GB", "growth": {"per_year": 1.0}},
            "headroom": 0.0,
            "redundancy_units": 0,
            "residency": "any",
        }
    ],
    "sites": [
        {
            "id": "here",
            "country": "SE",
            "zone": "SE1",
            "pue": 1.2,
            "energy": {"price_per_kwh": {"eur": 0.1}},
            "colocation": {"price_per_kw_month": {"eur": 150}, "basis": "test", "lead_time_months": 0},
            "staff": {"min_fte": 0.2},
        }
    ],
    "build": {
        "servers": [
            {
                "id": "box",
                "gpu_model": "H100-SXM-80GB",
                "gpu_count": 8,
                "gpu_memory_gb": 80,
                "price": {"eur": 200_000},
                "nameplate_kw": 10.2,
            }
        ],
        "lead_time_months": 0,
        "life_years": 4,
    },
    "rent": {
        "providers": ["somebody"],
        "offers": [
            {
                "id": "hourly",
                "provider": "somebody",
                "gpu_model": "H100-SXM-80GB",
                "gpu_count": 8,
                "term": "on_demand",
                "price": {"eur": 20},
            }
        ],
    },
    "staff": {"platform_fte": 0.0},
}


def planned(folder: Path, **changes: Any) -> Plan:
    """The small plan with sections replaced or extended."""
    declared = dict(SMALL)
    for name, change in changes.items():
        old = declared.get(name)
        declared[name] = old | change if isinstance(old, dict) and isinstance(change, dict) else change
    path = folder / "small.yaml"
    with path.open("w", encoding="utf-8") as file:
        YAML().dump(
            json.loads(json.dumps(declared)), file
        )  # no part twice by reference: plans have no aliases
    return read_plan(path).plan


def value(evaluation: Evaluation, mix: Mix) -> float:
    """Present value of a mix by the ledger [plan currency]."""
    basis = evaluation.basis
    flows = dispatch(basis.plan, field_of(basis, basis.options), mix).flows
    rows = mix_ledger(basis.plan, basis, flows.with_columns(site=pl.lit("here")))
    return float(rows["pv_cents"].sum()) / 100


def test_no_plan_of_a_small_case_is_cheaper(tmp_path: Path, known: Facts) -> None:
    """All 4^3 purchase plans, priced by the ledger; the programme promises half a per cent."""
    evaluation = evaluate(planned(tmp_path), known, 9)
    every = {
        counts: value(
            evaluation,
            Mix(tuple((0, 3 * quarter, n) for quarter, n in enumerate(counts) if n), ()),
        )
        for counts in itertools.product(range(4), repeat=3)
    }
    optimum = site_optimum(evaluation, known, "here")
    assert optimum.mix is not None
    assert min(every, key=every.__getitem__) != (0, 0, 0)
    assert value(evaluation, optimum.mix) <= min(every.values()) * 1.005


def test_own_as_a_mix_costs_what_own_costs(known: Facts, plan: Plan) -> None:
    """Dispatch and the vectorised ledger agree on the purchases of `own`, component by component."""
    evaluation = evaluate(plan, known, plan.finance.months)
    option = "stockholm/own_colocation/dgx_b300"
    basis = evaluation.basis
    field = field_of(basis, basis.options.filter(pl.col("option") == option))
    bought = evaluation.schedule.bought.filter(pl.col("option") == option)
    lead = field.pools[0].delivery(0)
    mix = Mix(tuple((0, d - lead, n) for d, n in bought.select("delivery_month", "servers").iter_rows()), ())
    flows = dispatch(plan, field, mix).flows.with_columns(site=pl.lit("stockholm"))
    ours = mix_ledger(plan, basis, flows).group_by("component").agg(pl.col("pv_cents").sum())
    theirs = (
        evaluation.own.filter(pl.col("option") == option).group_by("component").agg(pl.col("pv_cents").sum())
    )
    both = ours.join(theirs, on="component", how="full", coalesce=True).fill_null(0)
    for component, mixed, own in both.iter_rows():
        assert abs(mixed - own) <= plan.finance.months, component


def test_the_published_optimum_is_never_dearer_than_a_pure_strategy(result: Result) -> None:
    assert result.optimal["is_feasible"].all()
    assert (result.optimal["present_value"] <= result.optimal["best_pure_value"] + 0.005).all()
    assert (result.optimal["gap"] <= 0.02).all()
    assert (result.optimal["objective"] >= result.optimal["bound"] - 0.01).all()


def test_the_portfolio_is_no_dearer_than_the_best_site(result: Result) -> None:
    comparators = result.verdicts.filter("is_comparator")["site"].to_list()
    sites = result.optimal.filter(pl.col("site").is_not_null() & ~pl.col("site").is_in(comparators))
    whole = result.optimal.filter(pl.col("site").is_null())["present_value"][0]
    assert whole <= sites["present_value"].min() + 0.005  # type: ignore[operator]


def test_the_optimal_ledger_is_part_of_the_ledger(result: Result) -> None:
    sums = (
        result.ledger.filter(pl.col("strategy") == "optimal")
        .group_by("site")
        .agg(pl.col("present_value").sum().cast(pl.Float64))
    )
    both = result.optimal.join(sums, on="site", nulls_equal=True, suffix="_of_rows")
    assert both.height == result.optimal.height
    assert both["present_value"].to_list() == pytest.approx(both["present_value_of_rows"].to_list())


def test_a_budget_that_pays_for_nothing_is_named(tmp_path: Path, known: Facts) -> None:
    plan = planned(tmp_path, constraints={"budget_per_year": {"eur": 10_000}})
    row = compute(plan, known).optimal.row(0, named=True)
    assert not row["is_feasible"]
    assert "yearly budget" in english(row["reason"])
    assert "Own, in colocation: breaks the yearly budget" in english(row["excluded"])


def test_clashing_constraints_are_named_together(tmp_path: Path, known: Facts) -> None:
    """All of the work on own servers, where the power carries one: both are to blame, and nothing else."""
    site = SMALL["sites"][0] | {"power_limit_kw": 13.0}
    plan = planned(tmp_path, sites=[site], constraints={"sovereign_share": 1.0})
    row = compute(plan, known).optimal.row(0, named=True)
    assert english(row["reason"]).startswith("site power and sovereign share cannot be kept")


def test_a_budget_is_kept_in_every_year(tmp_path: Path, known: Facts) -> None:
    free = compute(planned(tmp_path), known)
    ceiling = 700_000
    tight = compute(planned(tmp_path, constraints={"budget_per_year": {"eur": ceiling}}), known)
    cash = tight.ledger.filter(pl.col("strategy") == "optimal", pl.col("timing") != "horizon")
    spent = cash.group_by("site", pl.col("month") // 12).agg(pl.col("amount").sum().cast(pl.Float64))
    assert tight.optimal["is_feasible"].all()
    assert spent["amount"].max() <= ceiling * 1.000001  # type: ignore[operator]
    assert tight.optimal["present_value"][0] >= free.optimal["present_value"][0] - 0.01


def test_a_carbon_ceiling_is_kept_and_costs_something(tmp_path: Path, known: Facts) -> None:
    """Rent of an unknown region counts as the dirtiest grid: a tight ceiling buys servers in the clean north."""
    rent = {"offers": [SMALL["rent"]["offers"][0] | {"price": {"eur": 5}}]}
    free = compute(planned(tmp_path, rent=rent), known)
    emitted = float(free.optimal_carbon.filter(pl.col("site") == "here").select(pl.col("kg").sum()).item())
    ceiling = emitted / 1000 / 2
    tight = compute(planned(tmp_path, rent=rent, constraints={"carbon_tonnes_per_year": ceiling}), known)
    kept = float(tight.optimal_carbon.filter(pl.col("site") == "here").select(pl.col("kg").sum()).item())
    assert tight.optimal["is_feasible"].all()
    assert kept <= ceiling * 1000 * 1.000001
    assert tight.optimal["present_value"][0] > free.optimal["present_value"][0]


def test_sovereign_work_is_served_by_own_servers(tmp_path: Path, known: Facts) -> None:
    result = compute(planned(tmp_path, constraints={"sovereign_share": 0.9}), known)
    site = evaluate(planned(tmp_path), known, 9).basis.gpu_hours.filter(pl.col("profile") == "H100-SXM-80GB")
    own = result.optimal_served.filter(pl.col("site") == "here", pl.col("by") == "own")
    hours = own.join(site, on=["workload", "month"])
    assert float((hours["share"] * hours["gpu_hours"]).sum()) >= 0.9 * float(site["gpu_hours"].sum()) - 0.01


@pytest.mark.parametrize(("price", "servers"), [(0.5, 0), (200, 1)])
def test_all_rent_and_all_build(tmp_path: Path, known: Facts, price: float, servers: int) -> None:
    rent = SMALL["rent"] | {"offers": [SMALL["rent"]["offers"][0] | {"price": {"eur": price}}]}
    result = compute(planned(tmp_path, rent=rent), known)
    assert (result.optimal_schedule.filter(pl.col("site") == "here").height > 0) == bool(servers)


def test_one_month(tmp_path: Path, known: Facts) -> None:
    finance = SMALL["finance"] | {"horizon_months": 1}
    result = compute(planned(tmp_path, finance=finance), known)
    assert result.optimal["is_feasible"].all()
