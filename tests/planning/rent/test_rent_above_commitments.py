"""Commitments: what lies above them is rented by the hour, under the name of the offer that it is rented from."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from brytpunkt.planning.inputs.planning_inputs import Facts
from brytpunkt.planning.ledger.evaluate import evaluate
from tests.planning.optimal.test_optimal import SMALL, planned

HOURLY = SMALL["rent"]["offers"][0]
YEAR = HOURLY | {"id": "a-year", "term": "reserved_1y", "price": {"sek": 120}}


def test_hours_above_a_commitment_carry_the_offer_that_they_are_rented_from(
    tmp_path: Path, known: Facts
) -> None:
    """Office hours above a committed base: each row names what its price comes from, and its currency is that offer's."""
    work = SMALL["workloads"][0] | {"weekly_shape": "office_hours"}
    plan = planned(
        tmp_path,
        finance={"horizon_months": 24},
        workloads=[work],
        rent={"offers": [HOURLY, YEAR]},
    )
    evaluation = evaluate(plan, known, 24, scan=False)
    rows = evaluation.rent.filter(pl.col("strategy") == "committed", pl.col("item") != "")
    offers = evaluation.basis.market.offers
    terms = dict(offers.select("offer", "term_months").iter_rows())
    assert set(rows["component"]) == {"rent_on_demand", "rent_committed"}
    for component, item in rows.select("component", "item").unique().iter_rows():
        assert (terms[item] > 0) == (component == "rent_committed")
