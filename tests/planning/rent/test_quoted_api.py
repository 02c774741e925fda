"""A token API quoted inline, of a model that no table lists: by itself, and beside own servers with nothing rented by the hour."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
import pytest

from brytpunkt.declarations import Plan
from brytpunkt.errors import InputError
from brytpunkt.planning.compute import compute
from brytpunkt.planning.inputs.planning_inputs import Facts
from brytpunkt.planning.inputs.references import check_names
from brytpunkt.planning.ledger.evaluate import evaluate
from brytpunkt.planning.optimal.dispatch import dispatch
from brytpunkt.planning.optimal.mix import Mix
from brytpunkt.planning.optimal.problem import field_of
from brytpunkt.reporting.note_texts import english
from tests.planning.compare import compare
from tests.planning.optimal.test_optimal import SMALL, planned
from tests.planning.reference import Reference

BOX = SMALL["build"]["servers"][0]
DAYS = 730 / 24
PRICE: dict[str, Any] = {"input": {"eur": 0.4}, "cached_input": {"eur": 0.1}, "output": {"eur": 2}}
QUOTED: dict[str, Any] = {
    "provider": "shop",
    "model": "large",
    "tokens_per_task_ratio": 1.5,
    "quality_note": "tried",
    "price": PRICE,
}


def letters(folder: Path, *, served: str = "ours", api: dict[str, Any] | None = None, **more: Any) -> Plan:
    """A hundred million tokens out and in, half of the latter cached; a server that serves a model, and nothing for rent."""
    work = {
        "id": "letters",
        "model": "ours",
        "demand": {"output_tokens_per_day": 1e8, "input_tokens_per_day": 1e8, "cached_input_share": 0.5},
        "weekly_shape": "office_hours",
        "gpus_per_replica": 1,
        "headroom": 0,
        "redundancy_units": 0,
        "residency": "any",
        "api_equivalents": [QUOTED | (api or {})],
    }
    return planned(
        folder,
        finance={"hours_per_month": 730, "discount_rate_per_year": 0.0},
        workloads=[work | more],
        build={"servers": [BOX | {"output_tokens_per_second": {served: 1500}}]},
        rent={"providers": ["aws"], "offers": []},
    )


def of_a_month(plan: Plan, known: Facts) -> float:
    """Tokens of a month as the strategy `rent` pays them, in the ledger and in the dispatch of nothing owned."""
    evaluation = evaluate(plan, known, 9)
    assert compare(evaluation, Reference(plan, known)) == []
    rent = evaluation.rent.filter(pl.col("strategy") == "rent", pl.col("month") == 2)
    basis = evaluation.basis
    flows = dispatch(plan, field_of(basis, basis.options), Mix((), ())).flows
    paid = float(rent.filter(pl.col("component") == "token_api")["cents"].sum()) / 100
    assert flows.filter(pl.col("month") == 2)["amount"].sum() == pytest.approx(paid, abs=0.01)
    return paid


@pytest.mark.parametrize(
    ("api", "kind", "eur_a_day"),
    [
        ({}, "inference", 1.5 * (100 * 2 + 50 * 0.4 + 50 * 0.1)),
        ({"price": {"input": {"eur": 0.4}, "output": {"eur": 2}}}, "inference", 1.5 * (100 * 2 + 100 * 0.4)),
        ({"regional_surcharge_share": 0.1}, "inference", 1.1 * 1.5 * 225),
        ({"price": PRICE | {"batch_discount_share": 0.5}}, "inference", 1.5 * 225),
        ({"price": PRICE | {"batch_discount_share": 0.5}}, "batch", 0.5 * 1.5 * 225),
    ],
)
def test_tokens_by_hand(
    tmp_path: Path, known: Facts, api: dict[str, Any], kind: str, eur_a_day: float
) -> None:
    plan = letters(tmp_path, api=api, kind=kind)
    check_names(plan, known)
    assert of_a_month(plan, known) == pytest.approx(eur_a_day * DAYS, abs=0.01)


def test_what_own_servers_do_not_carry_goes_to_the_api(tmp_path: Path, known: Facts) -> None:
    """Power for one server: ledger and reference agree to the cent on what the office hours need above it."""
    site = SMALL["sites"][0] | {"power_limit_kw": 12.5}
    plan = letters(tmp_path).model_copy(update={"sites": planned(tmp_path, sites=[site]).sites})
    evaluation = evaluate(plan, known, 9)
    assert compare(evaluation, Reference(plan, known)) == []
    assert evaluation.schedule.installed["servers"].unique().to_list() == [1]
    own = evaluation.own.filter(pl.col("month") == 4, pl.col("component") == "token_api")
    alone = of_a_month(plan, known)
    assert 0 < float(own["cents"].sum()) / 100 / own["order_month"].n_unique() < alone


def test_what_only_an_api_can_serve_is_rented_with_the_reason(tmp_path: Path, known: Facts) -> None:
    result = compute(letters(tmp_path, served="another"), known)
    (verdict,) = result.verdicts.to_dicts()
    assert (verdict["verdict"], verdict["npv_own"]) == ("rent", None)
    assert (
        english(verdict["own_reason"])
        == "no place for box: no throughput figure of H100-SXM-80GB for letters"
    )
    assert result.strategies.filter(pl.col("strategy") == "api").height == 1


def test_a_quoted_api_outside_the_residency_serves_nothing(tmp_path: Path, known: Facts) -> None:
    plan = letters(tmp_path, residency="nordic", api={"region": "eea"})
    with pytest.raises(InputError, match="nor does a token API stand in within its residency"):
        evaluate(plan, known, 9)
