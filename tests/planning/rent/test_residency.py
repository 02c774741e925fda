"""Residency binds at every door: token APIs, rented instances, own sites, before own servers arrive and beside them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, event, given, settings

from brytpunkt.declarations import EEA, NORDIC, Plan, read_plan
from brytpunkt.errors import InputError
from brytpunkt.planning.compute import compute
from brytpunkt.planning.inputs.planning_inputs import Facts
from brytpunkt.planning.ledger.evaluate import Evaluation, evaluate
from brytpunkt.planning.optimal.results import optimal_plans, site_optima
from brytpunkt.planning.verdicts.scenarios import world
from brytpunkt.reporting.note_texts import english
from tests.planning.generate import plans
from tests.planning.optimal.test_optimal import SMALL, planned

RATES = {"output_tokens_per_second": {"house-model": 4000}}
API = {"provider": "openai", "model": "gpt-5-mini", "tokens_per_task_ratio": 1.0, "quality_note": "a test"}
LETTERS: dict[str, Any] = {
    "id": "letters",
    "model": "house-model",
    "demand": {"output_tokens_per_day": 2e7, "input_tokens_per_day": 8e7},
    "headroom": 0.0,
    "redundancy_units": 0,
    "gpus_per_replica": 1,
}
COUNTRIES = {"nordic": NORDIC, "eea": EEA}


def letters(folder: Path, residency: str, *apis: dict[str, Any], **changes: Any) -> Plan:
    """The small plan with a workload in tokens, whose token APIs are far cheaper than the instance from Finland."""
    declared: dict[str, Any] = {
        "workloads": [LETTERS | {"residency": residency, "api_equivalents": [API | api for api in apis]}],
        "build": {"servers": [SMALL["build"]["servers"][0] | RATES], "lead_time_months": 3},
        "rent": {"offers": [SMALL["rent"]["offers"][0] | RATES | {"country": "FI"}]},
    }
    return planned(folder, **declared | changes)


def served_by_tokens(evaluation: Evaluation) -> set[str]:
    """Strategies and options that pay for tokens."""
    tokens = pl.col("component") == "token_api"
    return {
        *evaluation.rent.filter(tokens)["strategy"],
        *evaluation.own.filter(tokens)["option"],
    }


@pytest.mark.parametrize(
    ("residency", "place", "may"),
    [
        ("nordic", {}, False),
        ("nordic", {"country": "US"}, False),
        ("nordic", {"country": "IE"}, False),
        ("nordic", {"region": "eu"}, False),
        ("nordic", {"region": "eea"}, False),
        ("nordic", {"country": "NO"}, True),
        ("nordic", {"region": "nordic"}, True),
        ("eea", {}, False),
        ("eea", {"country": "CH"}, False),
        ("eea", {"region": "eu"}, True),
        ("eea", {"region": "nordic"}, True),
        ("any", {}, True),
        ("any", {"country": "US"}, True),
    ],
)
def test_a_token_api_serves_where_it_is_known_to_be_within_the_residency(
    tmp_path: Path, known: Facts, residency: str, place: dict[str, str], may: bool
) -> None:
    """Rent, the API itself, and what bridges the three months until own servers come."""
    evaluation = evaluate(letters(tmp_path, residency, place), known, 9, scan=False)
    expected = {"api", "rent", "here/own_colocation/box"} if may else set()
    assert served_by_tokens(evaluation) == expected
    assert evaluation.basis.choice.rent_modes == {"letters": "api" if may else "on_demand"}


def test_no_strategy_scenario_or_draw_uses_what_residency_forbids(tmp_path: Path, known: Facts) -> None:
    plan = letters(
        tmp_path,
        "nordic",
        {"country": "US"},
        {"model": "gpt-5-nano"},
        uncertainty={"draws": 64, "most_draws": 64},
        disruptions=[{"id": "shock", "kind": "price_shock", "from_month": 2, "price_multiple": 9.0}],
    )
    result = compute(plan, known)
    assert "token_api" not in set(result.ledger["component"])
    assert set(result.optimal_served["by"]) <= {"own", "hourly", "committed"}
    for frame in (result.scenarios, result.risk_quantiles, result.rent_offers.rename({"mode": "strategy"})):
        assert frame.height > 0
        assert "api" not in set(frame["strategy"])
    api = next(row for row in result.strategies.to_dicts() if row["strategy"] == "api")
    stays = "letters stays within nordic (DK, FI, IS, NO, SE)"
    assert english(api["reason"]) == (
        f"no offer for letters; openai/gpt-5-mini: it is served in US, {stays}; "
        f"openai/gpt-5-nano: where it is served is not declared, {stays}"
    )
    said = "\n".join(map(english, result.warnings))
    assert "the token API openai/gpt-5-mini is left out: it is served in US" in said
    assert "declare `country` or `region` under api_equivalents" in said


def test_a_scenario_obeys_residency_too(tmp_path: Path, known: Facts) -> None:
    plan = letters(tmp_path, "eea", {})
    other, there = world(plan, known, plan.scenarios[0])
    assert served_by_tokens(evaluate(other, there, 9, scan=False)) == set()


def test_a_regional_surcharge_is_paid_on_every_token(tmp_path: Path, known: Facts) -> None:
    def tokens(surcharge: float) -> list[int]:
        place = {"region": "eu", "regional_surcharge_share": surcharge}
        rent = evaluate(letters(tmp_path, "eea", place), known, 9, scan=False).rent
        return rent.filter(pl.col("strategy") == "rent", pl.col("component") == "token_api")[
            "cents"
        ].to_list()

    for plain, dearer in zip(tokens(0.0), tokens(0.1), strict=True):
        assert dearer == pytest.approx(1.1 * plain, abs=1)


def test_a_quoted_offer_in_a_country_outside_is_left_out(tmp_path: Path, known: Facts) -> None:
    offer = SMALL["rent"]["offers"][0] | RATES
    offers = [
        offer | {"id": "cheap", "country": "DE", "price": {"eur": 5}},
        offer | {"id": "near", "country": "SE"},
    ]
    evaluation = evaluate(letters(tmp_path, "nordic", rent={"offers": offers}), known, 9, scan=False)
    assert set(evaluation.rent.filter(pl.col("item") != "")["item"]) == {"near"}
    (note,) = evaluation.basis.notes
    assert english(note).startswith(
        "letters: the offer cheap is left out: it is in DE, and the workload stays within nordic"
    )
    with pytest.raises(InputError, match="no on-demand offer can serve it: none satisfies its residency"):
        evaluate(letters(tmp_path, "nordic", rent={"offers": offers[:1]}), known, 9, scan=False)


def test_a_quoted_offer_without_a_country_is_its_authors_word_and_is_said(
    tmp_path: Path, known: Facts
) -> None:
    plan = letters(tmp_path, "nordic", rent={"offers": [SMALL["rent"]["offers"][0] | RATES]})
    evaluation = evaluate(plan, known, 9, scan=False)
    assert evaluation.basis.choice.rent_modes == {"letters": "on_demand"}
    assert [*map(english, evaluation.basis.notes)] == [
        "The offers hourly name no country: the plan takes them to satisfy the residency of letters.",
    ]
    anywhere = letters(tmp_path, "any", rent={"offers": [SMALL["rent"]["offers"][0] | RATES]})
    assert evaluate(anywhere, known, 9, scan=False).basis.notes == ()


def test_rented_storage_without_a_place_is_said(tmp_path: Path, known: Facts) -> None:
    workload = LETTERS | {"residency": "nordic", "storage": {"capacity_tb": 5}}
    notes = evaluate(letters(tmp_path, "nordic", workloads=[workload]), known, 9, scan=False).basis.notes
    assert [
        note for note in notes if english(note).startswith("The price of rented storage names no country: ")
    ]


def test_own_servers_do_not_stand_where_a_workload_may_not_be(tmp_path: Path, known: Facts) -> None:
    """Two sites alike but for the country: the one in Germany, which may hold only one of the two workloads, owns nothing."""
    abroad = SMALL["sites"][0] | {"id": "abroad", "country": "DE", "zone": "DE-LU"}
    workloads = [
        SMALL["workloads"][0] | {"residency": "nordic"},
        SMALL["workloads"][0]
        | {"id": "free", "demand": {"gpu_hours_per_day": 24, "gpu_model": "H100-SXM-80GB"}},
    ]
    plan = planned(
        tmp_path,
        sites=[SMALL["sites"][0], abroad],
        workloads=workloads,
        rent={"offers": [SMALL["rent"]["offers"][0] | {"country": "NO"}]},
    )
    result = compute(plan, known)
    verdicts = {row["site"]: row for row in result.verdicts.to_dicts()}
    assert (verdicts["here"]["verdict"], verdicts["here"]["own_reason"]) == ("build", None)
    assert (verdicts["abroad"]["verdict"], verdicts["abroad"]["npv_own"]) == ("rent", None)
    assert english(verdicts["abroad"]["own_reason"]) == "no place for box: steady (nordic) may not be in DE"
    bought = result.optimal_schedule.filter(pl.col("kind") == "buy")
    assert set(bought["place"]) == {"here"}


@pytest.fixture(scope="session")
def read(tmp_path_factory: pytest.TempPathFactory) -> Any:
    path = tmp_path_factory.mktemp("resident") / "plan.yaml"

    def read_text(text: str) -> Plan:
        path.write_text(text, encoding="utf-8")
        return read_plan(path).plan

    return read_text


@settings(
    max_examples=8,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(text=plans())
def test_plans_made_by_chance_keep_every_workload_where_it_may_be(read: Any, known: Facts, text: str) -> None:
    """Looked up in the facts by the name of what is paid, strategy by strategy, and workload by workload in the optimum."""
    plan = read(text)
    try:
        evaluation = evaluate(plan, known, plan.finance.months, scan=False)
    except InputError:
        event("refused: no offer")
        return
    country = {
        "/".join((row["provider"], row["region"] or "", row["sku"], row["term"])): row["country"]
        for row in known.offers.iter_rows(named=True)
    }
    declared = json.loads(text)
    may: dict[str, set[str]] = {}
    for workload in declared["workloads"]:
        allowed = COUNTRIES.get(workload["residency"])
        names = {name for name, place in country.items() if allowed is None or place in allowed}
        for api in workload.get("api_equivalents", []):
            within = {"nordic": {"nordic"}, "eea": {"nordic", "eu", "eea"}}.get(workload["residency"], set())
            if allowed is None or api.get("country") in allowed or api.get("region") in within:
                names.add(f"{api['provider']}/{api['model']}")
        quoted = declared.get("rent", {}).get("offers", [])  # a quote without a country is its author's word
        names |= {q["id"] for q in quoted if allowed is None or q.get("country") in {None, *allowed}}
        may[workload["id"]] = names
        event(workload["residency"])
    someone = set().union(*may.values(), may)  # a workload's own name is the item of its storage
    for rows in (evaluation.rent, evaluation.own):
        assert set(rows["item"]) - {""} <= someone
    places = {site["id"]: site["country"] for site in declared["sites"]}
    for option in evaluation.own["option"].unique():
        site = places[option.split("/")[0]]
        assert all(site in COUNTRIES.get(w["residency"], {site}) for w in declared["workloads"])
    optimal = optimal_plans(evaluation, [*site_optima(evaluation, known).values()])
    rented = optimal.served.filter(pl.col("by") != "own")
    for workload, item in rented.select("workload", "item").unique().iter_rows():
        assert item in may[workload], (workload, item)
