"""Properties that must hold whatever the numbers: monotone costs, convex unit cost, a fair horizon, plain limits."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from brytpunkt.errors import InputError
from brytpunkt.planning.compute import compute
from brytpunkt.planning.inputs.money import annuity, annuity_left
from brytpunkt.planning.inputs.planning_inputs import Facts
from brytpunkt.planning.ledger.evaluate import evaluate
from brytpunkt.planning.verdicts.break_even_prices import margins
from brytpunkt.planning.verdicts.disruptions import decided, disruptions, expected
from brytpunkt.planning.verdicts.scenarios import scenarios, worst_regret
from brytpunkt.planning.verdicts.tipping import tipping_curve
from tests.planning.optimal.test_optimal import SMALL, planned

SITE, BOX, OFFER = SMALL["sites"][0], SMALL["build"]["servers"][0], SMALL["rent"]["offers"][0]
DEARER: dict[str, dict[str, Any]] = {
    "server": {"build": {"servers": [BOX | {"price": {"eur": 400_000}}]}},
    "energy": {"sites": [SITE | {"energy": {"price_per_kwh": {"eur": 0.2}}}]},
    "space": {"sites": [SITE | {"colocation": SITE["colocation"] | {"price_per_kw_month": {"eur": 300}}}]},
    "crew": {"sites": [SITE | {"staff": {"min_fte": 1.0}}]},
    "support": {"build": {"support_share_per_year": 0.2}},
    "network": {"build": {"network_share": 0.5}},
    "freight": {"build": {"freight_and_duty_share": 0.2}},
    "insurance": {"build": {"insurance_share_per_year": 0.05}},
    "pue": {"sites": [SITE | {"pue": 2.0}]},
}


def own_and_rent(plan: Any, known: Facts, horizon: int = 9) -> tuple[float, float]:
    """Present values of own and rent [plan currency]."""
    evaluation = evaluate(plan, known, horizon, scan=False)
    rent = evaluation.rent.filter(pl.col("strategy") == "rent")["pv_cents"].sum()
    return float(evaluation.chosen["pv_cents"][0]) / 100, float(rent) / 100


@pytest.mark.parametrize("what", DEARER)
def test_what_costs_more_makes_owning_dearer_and_renting_no_other(
    tmp_path: Any, known: Facts, what: str
) -> None:
    own, rent = own_and_rent(planned(tmp_path), known)
    dearer, same = own_and_rent(planned(tmp_path, **DEARER[what]), known)
    assert dearer > own
    assert same == rent


def test_a_dearer_hour_makes_renting_dearer(tmp_path: Any, known: Facts) -> None:
    _, rent = own_and_rent(planned(tmp_path), known)
    _, dearer = own_and_rent(planned(tmp_path, rent={"offers": [OFFER | {"price": {"eur": 40}}]}), known)
    assert dearer == pytest.approx(2 * rent, rel=1e-6)


@given(st.just(0.0) | st.floats(1e-6, 0.02), st.integers(1, 120), st.integers(0, 119), st.integers(1, 120))
def test_a_later_purchase_is_not_punished_by_the_horizon(
    rate: float, life: int, delivery: int, horizon: int
) -> None:
    """Cost less continuing value is the annuity of the months served, whenever the purchase was made."""
    delivery = min(delivery, horizon - 1)
    served = min(life, horizon - delivery)
    charged = (1 + rate) ** -delivery - annuity_left(rate, life, life - served) * (1 + rate) ** -(
        delivery + served
    )
    paid = sum(
        annuity(rate, life) * (1 + rate) ** -(month + 1) for month in range(delivery, delivery + served)
    )
    assert charged == pytest.approx(paid, abs=1e-9)


def test_unit_cost_falls_and_is_convex_in_utilisation(tmp_path: Any, known: Facts) -> None:
    evaluation = evaluate(planned(tmp_path), known, 9)
    curve = tipping_curve(evaluation).sort("volume_scale")
    scale, unit = curve["volume_scale"].to_list(), (curve["own"] / curve["volume_scale"]).to_list()
    assert len(scale) > 5
    slopes = [
        (after - before) / (right - left)
        for before, after, left, right in zip(unit, unit[1:], scale, scale[1:], strict=False)
    ]
    assert all(slope < 0 for slope in slopes)
    assert slopes == sorted(slopes)


def test_no_growth_and_no_efficiency_is_a_flat_bill(tmp_path: Any, known: Facts) -> None:
    flat = [SMALL["workloads"][0] | {"demand": {"gpu_hours_per_day": 480, "gpu_model": "H100-SXM-80GB"}}]
    evaluation = evaluate(
        planned(tmp_path, workloads=flat, finance={"hours_per_month": 730}), known, 9, scan=False
    )
    rent = evaluation.rent.filter(pl.col("strategy") == "rent", pl.col("component") == "rent_on_demand")
    assert rent["cents"].n_unique() == 1


def test_margins_by_hand(tmp_path: Any, known: Facts) -> None:
    """At the multiple that a margin names, own and rent cost the same."""
    plan = planned(tmp_path)
    found = {row["factor"]: row["multiple"] for row in margins(evaluate(plan, known, 9)).to_dicts()}
    price = {"eur": 20 * found["cloud"]}
    own, rent = own_and_rent(planned(tmp_path, rent={"offers": [OFFER | {"price": price}]}), known)
    assert own == pytest.approx(rent, rel=1e-4)
    price = {"eur": 200_000 * found["hardware"]}
    own, rent = own_and_rent(planned(tmp_path, build={"servers": [BOX | {"price": price}]}), known)
    assert own == pytest.approx(rent, rel=1e-4)
    energy = {"energy": {"price_per_kwh": {"eur": min(2.0, 0.1 * found["energy"])}}}
    own, rent = own_and_rent(planned(tmp_path, sites=[SITE | energy]), known)
    assert own == pytest.approx(rent, rel=1e-3)


def test_scenarios_by_hand(tmp_path: Any, known: Facts) -> None:
    """Twice the cloud price doubles rent; the cheapest strategy of a scenario is not regretted."""
    double = {"id": "double", "name": "Twice", "cloud_price_multiple": 2.0}
    plan = planned(tmp_path, scenarios=[double])
    frame = scenarios(plan, known, evaluate(plan, known, 9), [], {})
    rent = frame.filter(pl.col("strategy") == "rent")["present_value"].to_list()
    assert rent[1] == pytest.approx(2 * rent[0], rel=1e-6)
    assert frame.group_by("scenario", "site").agg(pl.col("regret").min())["regret"].to_list() == [0, 0]
    assert worst_regret(frame)["worst_regret"].min() >= 0  # type: ignore[operator]


def struck(tmp_path: Any, known: Facts, **blow: Any) -> dict[str, dict[str, Any]]:
    """One disruption on rent and own of the small plan, by strategy."""
    plan = planned(tmp_path, disruptions=[{"id": "blow", "name": "Blow"} | blow])
    evaluation = evaluate(plan, known, 9)
    return {row["strategy"]: row for row in disruptions(evaluation, decided(evaluation, {})).to_dicts()}


def test_a_price_shock_hits_rent_and_spares_own(tmp_path: Any, known: Facts) -> None:
    rows = struck(tmp_path, known, kind="price_shock", from_month=0, price_multiple=2.0)
    assert rows["rent"]["present_value"] == pytest.approx(2 * rows["rent"]["undisturbed_value"])
    assert rows["own"]["extra_cost"] == pytest.approx(0, abs=0.01)


def test_an_embargo_rents_what_does_not_arrive(tmp_path: Any, known: Facts) -> None:
    rows = struck(tmp_path, known, kind="delivery_embargo", from_month=0, until_month=9)
    assert rows["own"]["present_value"] == pytest.approx(rows["rent"]["present_value"])


def test_a_forced_exit_sells_and_rents(tmp_path: Any, known: Facts) -> None:
    rows = struck(tmp_path, known, kind="forced_exit", from_month=3)
    assert rows["rent"]["extra_cost"] == 0
    assert rows["own"]["extra_cost"] > 0


def test_a_transfer_ban_leaves_work_unserved_where_nobody_in_europe_sells(
    tmp_path: Any, known: Facts
) -> None:
    rows = struck(tmp_path, known, kind="transfer_ban", from_month=3)
    assert rows["rent"]["unserved_share"] == pytest.approx(6 / 9, abs=0.1)
    assert rows["own"]["unserved_share"] == 0


@pytest.mark.parametrize("policy", ["keep", "sell"])
def test_expected_cost_by_hand(tmp_path: Any, known: Facts, policy: str) -> None:
    """Known in month 3 at even odds: rent then stops, so its failure costs the first three months."""
    uncertain = [SMALL["workloads"][0] | {"success_probability": 0.5, "decision_month": 3}]
    plan = planned(tmp_path, workloads=uncertain, build={"on_failure": policy})
    evaluation = evaluate(plan, known, 9)
    rows = {row["strategy"]: row for row in expected(evaluation, decided(evaluation, {})).to_dicts()}
    rent = evaluation.rent.filter(pl.col("strategy") == "rent")
    first = float(rent.filter(pl.col("month") < 3)["pv_cents"].sum()) / 100
    assert rows["rent"]["failure_value"] == pytest.approx(first, abs=0.1)
    for row in rows.values():
        mean = (row["success_value"] + row["failure_value"]) / 2
        assert row["expected_value"] == pytest.approx(mean)
    assert rows["own"]["failure_value"] > 0


def test_certain_workloads_have_no_expected_cost(tmp_path: Any, known: Facts) -> None:
    assert compute(planned(tmp_path), known).expected.is_empty()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"build": {"life_years": 0.0}}, "life_years"),
        ({"finance": {"tax": {"rate": 20.6}}}, "a tax rate of 20.6 is above one"),
        ({"workloads": [SMALL["workloads"][0] | {"success_probability": 1.2}]}, "success_probability"),
        ({"constraints": {"budget_per_year": {"eur": 0}}}, "a budget of 0 pays for nothing"),
        ({"constraints": {"sovereign_share": 1.5}}, "sovereign_share"),
        (
            {"disruptions": [{"id": "x", "kind": "delivery_embargo", "from_month": 5, "until_month": 5}]},
            "ends before it begins",
        ),
        ({"disruptions": [{"id": "x", "kind": "price_shock", "from_month": 5}]}, "needs its size"),
        (
            {
                "workloads": [
                    SMALL["workloads"][0]
                    | {
                        "demand": {
                            "gpu_hours_per_day": 1,
                            "gpu_model": "H100-SXM-80GB",
                            "growth": {"kind": "logistic"},
                        }
                    }
                ]
            },
            "logistic growth needs its ceiling",
        ),
        (
            {
                "workloads": [
                    SMALL["workloads"][0] | {"failures": {"failures_per_gpu_year": 100, "job_gpus": 10_000}}
                ]
            },
            "failures would lose",
        ),
    ],
)
def test_bad_input_is_refused_in_plain_words(tmp_path: Any, changes: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        planned(tmp_path, **changes)


def test_a_residency_that_excludes_every_offer_says_so(tmp_path: Any, known: Facts) -> None:
    plan = planned(
        tmp_path,
        workloads=[SMALL["workloads"][0] | {"residency": "nordic"}],
        rent={"providers": ["aws"], "countries": ["DE"], "offers": []},
    )
    with pytest.raises(InputError, match="no on-demand offer can serve it"):
        compute(plan, known)
