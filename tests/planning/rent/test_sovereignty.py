"""The sovereign share binds renting: who is seated in the EEA serves, or renting is infeasible with the reason."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
import pytest

from brytpunkt.planning.compute import compute
from brytpunkt.planning.inputs.planning_inputs import Facts
from brytpunkt.planning.ledger.evaluate import Evaluation, evaluate
from brytpunkt.planning.verdicts.verdicts import rent_value
from brytpunkt.reporting.note_texts import english
from tests.planning.optimal.test_optimal import SMALL, planned
from tests.planning.rent.test_residency import API, LETTERS, RATES

OFFER = SMALL["rent"]["offers"][0]
QUOTED = {"providers": ["novita"], "countries": ["IS"]}  # no price list: only what is quoted
BOTH = [
    OFFER | {"id": "american", "provider": "aws", "price": {"eur": 12}},
    OFFER | {"id": "finnish", "provider": "verda", "price": {"eur": 17}},
]


def rented(evaluation: Evaluation, strategy: str = "rent") -> set[str]:
    """What a rent strategy pays for."""
    rows = evaluation.rent.filter(pl.col("strategy") == strategy, pl.col("item") != "")
    return set(rows["item"])


def test_renting_takes_an_operator_seated_in_the_eea_where_the_share_asks_for_one(
    tmp_path: Path, known: Facts
) -> None:
    """480 GPU-hours a day and more of them: three to six instances of eight; the dearer hour is paid for each."""
    free = evaluate(planned(tmp_path, rent=QUOTED | {"offers": BOTH}), known, 9, scan=False)
    bound = evaluate(
        planned(tmp_path, rent=QUOTED | {"offers": BOTH}, constraints={"sovereign_share": 1.0}),
        known,
        9,
        scan=False,
    )
    assert (rented(free), rented(bound)) == ({"american"}, {"finnish"})
    assert rent_value(bound) == pytest.approx(rent_value(free) * 17 / 12, rel=1e-6)
    assert [*map(english, bound.basis.notes)] == [
        "The sovereign share of 100% is kept by renting only from operators seated in the EEA for steady; others are cheaper.",
    ]


def test_what_bridges_and_what_exceeds_own_servers_keeps_the_share_too(tmp_path: Path, known: Facts) -> None:
    """Servers come in month 4 and the power carries one of them: before and beside it the Finnish hour is paid."""
    site = SMALL["sites"][0] | {"power_limit_kw": 14.0}
    plan = planned(
        tmp_path,
        sites=[site],
        rent=QUOTED | {"offers": BOTH},
        build={"lead_time_months": 4},
        constraints={"sovereign_share": 1.0},
    )
    evaluation = evaluate(plan, known, 9)
    paid = evaluation.own.filter(pl.col("item") != "")
    assert set(paid["item"]) == {"finnish"}
    assert set(paid["month"]) == set(range(9))
    result = compute(plan, known)
    assert set(result.optimal_served.filter(pl.col("by") != "own")["item"]) <= {"finnish"}
    assert result.optimal["is_feasible"].all()


@pytest.mark.parametrize(
    ("share", "moved"), [(0.0, set()), (0.35, {"cheap"}), (0.55, {"dear"}), (0.9, {"cheap", "dear"})]
)
def test_a_part_of_the_work_is_moved_where_that_costs_least(
    tmp_path: Path, known: Facts, share: float, moved: set[str]
) -> None:
    """Two workloads with 40 and 60 % of the work; an hour in Finland costs one euro more for the first, three for the other."""
    models = {"cheap": 4e8, "dear": 6e8}
    workloads = [
        LETTERS
        | {"id": name, "model": name, "residency": "any"}
        | {"demand": {"output_tokens_per_day": tokens, "input_tokens_per_day": 1}}
        for name, tokens in models.items()
    ]
    offers = [
        OFFER
        | {"id": f"{name}-{who}", "provider": who, "price": {"eur": price}}
        | {"output_tokens_per_second": {name: 8000}}
        for name, extra in (("cheap", 1), ("dear", 3))
        for who, price in (("aws", 12), ("verda", 12 + extra))
    ]
    server = SMALL["build"]["servers"][0] | {"output_tokens_per_second": dict.fromkeys(models, 8000)}
    plan = planned(
        tmp_path,
        workloads=workloads,
        rent={"offers": offers},
        build={"servers": [server]},
        constraints={"sovereign_share": share},
    )
    evaluation = evaluate(plan, known, 9, scan=False)
    assert rented(evaluation) == {f"{name}-{'verda' if name in moved else 'aws'}" for name in models}


def test_a_larger_share_never_makes_renting_cheaper(tmp_path: Path, known: Facts) -> None:
    costs = [
        rent_value(
            evaluate(
                planned(tmp_path, rent=QUOTED | {"offers": BOTH}, constraints={"sovereign_share": share}),
                known,
                9,
                scan=False,
            )
        )
        for share in (0.0, 0.2, 0.7, 1.0)
    ]
    assert costs == sorted(costs)
    assert costs[0] < costs[-1]


def test_where_nobody_in_the_eea_rents_it_out_renting_is_infeasible_and_says_for_whom(
    tmp_path: Path, known: Facts
) -> None:
    plan = planned(tmp_path, rent=QUOTED | {"offers": BOTH[:1]}, constraints={"sovereign_share": 0.5})
    result = compute(plan, known)
    (verdict,) = result.verdicts.to_dicts()
    assert (verdict["verdict"], english(verdict["rent_reason"]), verdict["saving"]) == (
        *("build", "breaks the sovereign share", None),
    )
    table = {row["strategy"]: row for row in result.strategies.to_dicts() if row["site"] is None}
    for name in ("rent", "on_demand"):
        assert (table[name]["is_feasible"], english(table[name]["reason"])) == (
            False,
            "breaks the sovereign share",
        )
    assert (
        "No operator known to be seated in the EEA rents out what steady needs: renting alone cannot keep the sovereign share of 50%."
        in [*map(english, result.warnings)]
    )


def test_a_token_api_of_an_american_operator_is_within_the_region_and_not_sovereign(
    tmp_path: Path, known: Facts
) -> None:
    """Served in the EU: the residency is kept, the share is not; an operator from Paris keeps both."""

    def planned_with(*apis: dict[str, Any], **constraints: float) -> Evaluation:
        plan = planned(
            tmp_path,
            workloads=[LETTERS | {"residency": "eea", "api_equivalents": list(apis)}],
            build={"servers": [SMALL["build"]["servers"][0] | RATES]},
            rent={"offers": [BOTH[1] | RATES | {"country": "FI"}]},
            constraints=constraints,
        )
        return evaluate(plan, known, 9, scan=False)

    american = API | {"region": "eu"}
    french = american | {"provider": "mistral", "model": "mistral-small-2603", "country": "FR"}
    del french["region"]
    assert rented(planned_with(american)) == {"openai/gpt-5-mini"}
    bound = planned_with(american, sovereign_share=1.0)
    assert rented(bound) == {"finnish"}
    (gone,) = bound.basis.left_out.filter(pl.col("kind") == "operator").rows()
    assert gone[:3] == ("letters", "operator", "openai/gpt-5-mini")
    assert english(gone[3]) == "its operator is not known to be seated in the EEA"
    assert rented(planned_with(american, french, sovereign_share=1.0)) == {"mistral/mistral-small-2603"}


@pytest.mark.parametrize("share", [0.5, 1.0])
def test_the_optimum_needs_no_own_servers_for_a_share_that_renting_keeps(
    tmp_path: Path, known: Facts, share: float
) -> None:
    """Servers at ten times the price: the optimum rents, from Finland, where only the cheapest hour was known to it before."""
    dear = SMALL["build"]["servers"][0] | {"price": {"eur": 2_000_000}}
    plan = planned(
        tmp_path,
        rent=QUOTED | {"offers": BOTH},
        build={"servers": [dear]},
        constraints={"sovereign_share": share},
    )
    result = compute(plan, known)
    assert result.optimal_schedule.is_empty()
    assert set(result.optimal_served["item"]) == {"finnish"}
    assert result.verdicts["verdict"].to_list() == ["rent"]
