"""Commitments in whole plans: what is paid, to whom, what it does to verdicts, bridges, limits and the optimal plan."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
import pytest

from brytpunkt.planning.context.control.exposure import control
from brytpunkt.planning.inputs.planning_inputs import Facts
from brytpunkt.planning.ledger.evaluate import Evaluation, evaluate
from brytpunkt.planning.optimal.dispatch import dispatch
from brytpunkt.planning.optimal.problem import field_of
from brytpunkt.planning.optimal.results import optimal_plans, site_optima
from brytpunkt.planning.optimal.shocks import rent_mix
from brytpunkt.planning.verdicts.tipping import tipping_curve
from brytpunkt.planning.verdicts.verdicts import verdict_of
from brytpunkt.reporting.note_texts import english
from tests.planning.optimal.test_optimal import SMALL, planned

H100 = {"gpu_model": "H100-SXM-80GB", "gpu_count": 8}
OFFERS = [
    H100 | {"id": "hour", "provider": "one", "term": "on_demand", "price": {"eur": 18}},
    H100 | {"id": "year", "provider": "one", "term": "reserved_1y", "price": {"eur": 11}},
    H100 | {"id": "three", "provider": "two", "term": "reserved_3y", "price": {"eur": 8}},
]
STEADY = SMALL["workloads"][0] | {"demand": {"gpu_hours_per_day": 384, "gpu_model": "H100-SXM-80GB"}}
MONEY = {
    "horizon_months": 60,
    "discount_rate_per_year": 0.0,
    "inflation_per_year": 0.0,
    "hours_per_month": 730,
}


def rented(
    folder: Path, known: Facts, offers: list[dict[str, Any]], *, scan: bool = False, **changes: Any
) -> Evaluation:
    """Two instances around the clock for five years, with offers of our own alone."""
    plan = planned(
        folder,
        finance=MONEY | changes.pop("finance", {}),
        workloads=[STEADY],
        rent={
            "providers": ["nobody"],
            "terms": ["on_demand", "reserved_1y", "reserved_3y"],
            "offers": offers,
        },
        **changes,
    )
    return evaluate(plan, known, plan.finance.months, scan=scan)


def cost(evaluation: Evaluation, strategy: str) -> float:
    return float(evaluation.rent.filter(pl.col("strategy") == strategy)["cents"].sum()) / 100


def test_a_term_is_renewed_when_it_ends_and_not_before(tmp_path: Path, known: Facts) -> None:
    found = rented(tmp_path, known, OFFERS[:2])
    assert cost(found, "committed") == cost(found, "rent") == 2 * 60 * 730 * 11
    assert found.basis.choice.rent_modes == {"steady": "committed"}
    assert found.basis.choice.signatures()["signed_month"].to_list() == [0, 12, 24, 36, 48]


def test_terms_of_several_providers_follow_each_other(tmp_path: Path, known: Facts) -> None:
    """Three years at 8, one at 11; each paid offer is an item of its own."""
    found = rented(tmp_path, known, OFFERS, finance={"horizon_months": 48})
    assert cost(found, "rent") == 2 * 730 * (36 * 8 + 12 * 11)
    rows = found.rent.filter(pl.col("strategy") == "rent", pl.col("component") == "rent_committed")
    assert set(rows["item"]) == {"year", "three"}
    taken = found.basis.choice.offers.filter(pl.col("mode") == "committed")
    assert taken["offer"].to_list() == ["three", "year"]
    assert english(found.basis.choice.label("steady", "committed")) == (
        "two three (reserved 3 years); one year (reserved 1 year)"
    )


def test_what_is_rented_above_commitments_is_named_as_what_it_is(tmp_path: Path, known: Facts) -> None:
    found = rented(tmp_path, known, OFFERS[:2], finance={"horizon_months": 27})
    above = found.rent.filter(pl.col("strategy") == "rent", pl.col("component") == "rent_on_demand")
    assert above.select("month", "item").rows() == [(24, "hour"), (25, "hour"), (26, "hour")]


def test_the_cheapest_hour_of_the_size_lies_above_commitments(tmp_path: Path, known: Facts) -> None:
    """Another offer, even of the same provider, never makes renting dearer."""
    dear = OFFERS[0] | {"id": "dear", "provider": "two", "price": {"eur": 30}}
    with_it = rented(tmp_path, known, [*OFFERS, dear], finance={"horizon_months": 51})
    without = rented(tmp_path, known, OFFERS, finance={"horizon_months": 51})
    assert cost(with_it, "committed") == cost(without, "committed")


def test_nothing_to_commit_to_is_renting_by_the_hour(tmp_path: Path, known: Facts) -> None:
    useless = OFFERS[1] | {"price": {"eur": 18.5}}
    found = rented(tmp_path, known, [OFFERS[0], useless])
    assert found.basis.choice.signatures().is_empty()
    assert found.basis.choice.rent_modes == {"steady": "on_demand"}
    assert cost(found, "committed") == cost(found, "on_demand")
    assert english(found.basis.choice.label("steady", "committed")) == "one hour (on demand)"


def test_measured_throughput_makes_another_size(tmp_path: Path, known: Facts) -> None:
    """A commitment measured at another throughput than the hour is no commitment of that size."""
    chat = STEADY | {
        "model": "llama2-70b",
        "demand": {"output_tokens_per_day": 1.0e9, "input_tokens_per_day": 2.0e9},
    }

    def at(hour: int | None, year: int | None) -> set[str]:
        rates = (
            {} if rate is None else {"output_tokens_per_second": {"llama2-70b": rate}}
            for rate in (hour, year)
        )
        offers = [offer | rate for offer, rate in zip(OFFERS[:2], rates, strict=True)]
        plan = planned(
            tmp_path, finance=MONEY, workloads=[chat], rent={"providers": ["nobody"], "offers": offers}
        )
        return set(evaluate(plan, known, 60, scan=False).rent["strategy"])

    assert "committed" in at(20_000, 20_000)
    assert "committed" in at(None, 20_000)
    assert "committed" not in at(10_000, 20_000)


def test_a_bridge_signs_terms_that_end_with_the_delivery(tmp_path: Path, known: Facts) -> None:
    """26 months until the servers come: two years under commitment, two months by the hour."""
    found = rented(tmp_path, known, OFFERS, build={"lead_time_months": 26})
    rows = found.own.filter(pl.col("component").str.starts_with("rent_"))
    by_item = dict(rows.group_by("item").agg(pl.col("cents").sum() / 100).iter_rows())
    assert by_item == {"year": 2 * 24 * 730 * 11, "hour": 2 * 2 * 730 * 18}


def test_earlier_commitments_are_kept_where_asked_for(tmp_path: Path, known: Facts) -> None:
    """What the years at 8 would save is then what choosing anew brings."""
    found = rented(tmp_path, known, OFFERS)
    kept = pl.DataFrame({"mode": ["committed"], "workload": ["steady"], "offer": ["year"], "is_rent": [True]})
    again = evaluate(found.basis.plan, known, 60, scan=False, kept_offers=kept)
    assert cost(again, "rent") == 2 * 60 * 730 * 11


def test_at_the_declared_volume_the_tipping_curve_is_the_ledger(tmp_path: Path, known: Facts) -> None:
    found = rented(tmp_path, known, OFFERS, build={"lead_time_months": 26})
    here = tipping_curve(found).filter(pl.col("volume_scale") == 1.0)
    assert here["rent"].to_list() == pytest.approx([cost(found, "rent")])
    own = float(found.chosen["pv_cents"][0]) / 100
    assert here["own"].to_list() == pytest.approx([own], abs=1.0)


@pytest.mark.parametrize(("share", "keeps"), [(0.9, True), (0.95, False)])
def test_what_lies_above_commitments_counts_for_the_limits(
    tmp_path: Path, known: Facts, share: float, keeps: bool
) -> None:
    """Three years at an operator of the EEA, the last three of 39 months by the hour at one of the United States."""
    offers = [OFFERS[0] | {"provider": "aws"}, OFFERS[1] | {"provider": "verda"}]
    found = rented(
        tmp_path,
        known,
        offers,
        finance={"horizon_months": 39},
        constraints={"sovereign_share": share},
    )
    plans = optimal_plans(found, [*site_optima(found, known).values()]).plans
    excluded = english(plans["excluded"][0])
    assert "Rent on demand: breaks the sovereign share" in excluded
    assert ("Rent on commitment: breaks the sovereign share" not in excluded) == keeps


def test_who_holds_what_is_committed_and_what_is_not(tmp_path: Path, known: Facts) -> None:
    offers = [OFFERS[0] | {"provider": "scaleway"}, OFFERS[1] | {"provider": "verda"}]
    found = control(rented(tmp_path, known, offers, finance={"horizon_months": 39}))
    subjects = set(found.filter(pl.col("kind") == "rent")["subject"])
    assert subjects == {"scaleway/-/on_demand", "verda/-/committed"}


def test_a_need_that_is_committed_once_is_not_built_for(tmp_path: Path, known: Facts) -> None:
    """Owning lies between what five years of renting cost and what they cost with terms that overlap."""
    found = rented(tmp_path, known, OFFERS[:2], scan=True)
    own = float(found.chosen["pv_cents"][0]) / 100
    assert cost(found, "rent") < own < 1.25 * cost(found, "rent")
    assert verdict_of(found)["verdict"].to_list() == ["rent"]


def test_the_optimal_plan_signs_no_term_of_which_most_lies_beyond(tmp_path: Path, known: Facts) -> None:
    """Nine months of growth: a year that begins in the last quarter would be cheap if only three months of it were paid."""
    offers = [OFFERS[0] | {"price": {"eur": 40}}, OFFERS[1]]
    plan = planned(tmp_path, rent={"providers": ["nobody"], "offers": offers})
    evaluation = evaluate(plan, known, 9, scan=False)
    schedule = optimal_plans(evaluation, [*site_optima(evaluation, known).values()]).schedule
    signed = schedule.filter(pl.col("kind") == "commit")
    assert signed.height > 0
    assert signed["order_month"].max() <= 3  # type: ignore[operator]


def test_rent_served_hour_by_hour_costs_what_the_ledger_says(tmp_path: Path, known: Facts) -> None:
    """The mix that disruptions strike, and the ledger, are the same plan: mixed terms, hours above them included."""
    found = rented(tmp_path, known, OFFERS, finance={"horizon_months": 51, "discount_rate_per_year": 0.05})
    field = field_of(found.basis, found.basis.options.clear())
    done = dispatch(found.basis.plan, field, rent_mix(found, field))
    paid = found.rent.filter(pl.col("strategy") == "rent", pl.col("component") != "platform_staff")
    assert done.present_value(0.0) == pytest.approx(float(paid["pv_cents"].sum()) / 100, abs=1.0)
