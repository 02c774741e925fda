"""Payback in cash: on ledgers written by hand, and the same on a small plan with a bag of coins."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from brytpunkt.planning.compute import compute
from brytpunkt.planning.inputs.planning_inputs import Facts
from brytpunkt.planning.optimal.mix import Mix
from brytpunkt.planning.verdicts.payback import Payback, ahead, first_tranche, payback, thinned
from brytpunkt.planning.verdicts.rule_60_70 import rule_readings, rule_series
from tests.planning.optimal.test_optimal import SMALL, planned

Row = tuple[int, str, str, float]  # month, component, timing, amount
PER_MONTH = 1.01


def ledger(*rows: Row) -> pl.DataFrame:
    """Ledger rows, discounted at one per cent a month over six months."""
    frame = pl.DataFrame(
        rows,
        schema={"month": pl.Int64, "component": pl.String, "timing": pl.String, "amount": pl.Float64},
        orient="row",
    )
    moment = pl.when(pl.col("timing") == "start").then(pl.col("month")).otherwise(pl.col("month") + 1)
    cents = (pl.col("amount") * 100).round(0)
    return frame.with_columns(
        cents=cents.cast(pl.Int64),
        pv_cents=(cents * PER_MONTH ** -moment.cast(pl.Float64)).round(0).cast(pl.Int64),
    )


def rented(months: int = 6, price: float = 100.0) -> pl.DataFrame:
    """Rent at the end of every month."""
    return ledger(*((m, "rent_on_demand", "end", price) for m in range(months)))


def test_months_count_from_the_first_own_payment_and_discounting_takes_longer() -> None:
    """Rented until 300 is paid at month 2; then 0 a month instead of 100: three rents later, at month 5, it is back."""
    owning = ledger(
        (0, "rent_on_demand", "end", 100.0),
        (1, "rent_on_demand", "end", 100.0),
        (2, "server_capex", "start", 300.0),
    )
    assert payback(owning, rented(), 6) == Payback(first_payment=2, months=3, discounted=4)


def test_what_is_left_at_the_horizon_pays_nothing_back() -> None:
    """A continuing value of 500 leaves a plan ahead by far, whose cash never comes back."""
    owning = ledger(
        (0, "server_capex", "start", 700.0),
        (5, "continuing_value", "horizon", -500.0),
        (5, "tax_on_continuing_value", "horizon", -500.0),
    )
    assert payback(owning, rented(), 6) == Payback(0, None, None)


def test_tax_and_vat_count_as_they_are_paid() -> None:
    """300 back in three months, were it not for VAT of 60 on the power; relief of 120 at the year's end brings it back."""
    owning = ledger(
        (0, "server_capex", "start", 300.0),
        *((m, "energy_vat", "end", 60.0) for m in range(6)),
        (5, "tax", "end", -120.0),
    )
    assert payback(owning, rented(), 6) == Payback(0, 6, 6)
    assert payback(owning.filter(pl.col("component") != "tax"), rented(), 6) == Payback(0, None, None)


def test_a_second_purchase_takes_back_what_was_back() -> None:
    owning = ledger((0, "server_capex", "start", 100.0), (3, "server_capex", "start", 250.0))
    assert payback(owning, rented(), 6) == Payback(0, 4, 4)


def test_to_the_cent_equal_is_back_and_a_cent_more_is_not() -> None:
    owning = ledger((0, "server_capex", "start", 600.0))
    assert payback(owning, rented(), 6) == Payback(0, 6, None)
    assert payback(ledger((0, "server_capex", "start", 600.01)), rented(), 6) == Payback(0, None, None)


def test_renting_has_no_payback() -> None:
    assert payback(rented(), rented(), 6) is None
    assert payback(ledger((0, "platform_staff", "end", 10.0)), rented(), 6) is None


def test_a_hall_paid_before_the_servers_is_the_first_payment() -> None:
    owning = ledger((1, "facility_capex", "start", 50.0), (3, "server_capex", "start", 100.0))
    found = payback(owning, rented(), 6)
    assert found is not None
    assert (found.first_payment, found.months) == (
        1,
        0,
    )  # a month of rent that was not paid is twice the hall


def test_the_first_tranche_is_what_is_ordered_first() -> None:
    mix = Mix(((0, 6, 1), (1, 3, 2), (0, 3, 1)), ((0, 0, 4),))
    assert first_tranche(mix) == Mix(((1, 3, 2), (0, 3, 1)), ((0, 0, 4),))


@dataclass(frozen=True)
class Years:
    """A term of a workload, as far as thinning looks at it."""

    workload: int
    months: int


@dataclass(frozen=True)
class Terms:
    """A field with terms alone."""

    terms: tuple[Years, ...]
    horizon: int = 36


def test_commitments_make_way_for_the_tranche_once_and_renewals_do_not_again() -> None:
    """Ten run for a year and are renewed; half of the most, twelve, is left out once a time. The other workload has its own most."""
    field: Any = Terms((Years(0, 12), Years(1, 24)))
    signed = ((0, 0, 10), (1, 3, 5), (0, 12, 10), (0, 15, 2), (0, 27, 9))
    assert thinned(field, signed, (6, 27), 0.0) == (
        (0, 0, 10),
        (1, 3, 5),
        (0, 12, 10),
        (0, 15, 2),
        (0, 27, 9),
    )
    assert thinned(field, signed, (6, 27), 0.5) == ((0, 0, 4), (1, 3, 3), (0, 12, 4), (0, 15, 2), (0, 27, 9))
    assert thinned(field, signed, (6, 27), 1.0) == ()


def test_a_first_tranche_of_a_flat_plan_is_the_plan(tmp_path: Path, known: Facts) -> None:
    """All is ordered at once, and commitments at two thirds of the hour are worth signing: both pay back alike."""
    hourly = SMALL["rent"]["offers"][0] | {"price": {"eur": 36}}
    plan = planned(
        tmp_path,
        finance={"horizon_months": 36},
        workloads=[
            SMALL["workloads"][0] | {"demand": {"gpu_hours_per_day": 480, "gpu_model": "H100-SXM-80GB"}}
        ],
        rent={"offers": [hourly, hourly | {"id": "year", "term": "reserved_1y", "price": {"eur": 24}}]},
        scenarios=[],
        disruptions=[],
    )
    found = compute(plan, known).payback.filter(pl.col("strategy") == "own")
    whole, tranche = found.sort("scope", descending=True)["scope"].to_list(), found["months"].to_list()
    assert whole == ["plan", "first_tranche"]
    assert tranche[0] is not None
    assert tranche[0] == tranche[1]


def curves(delivery: int, months: int = 8) -> pl.DataFrame:
    """A site whose servers arrive after so many months, whose own costs half of rent from then on."""
    return pl.DataFrame(
        {
            "site": ["here"] * months,
            "t": list(range(1, months + 1)),
            "rent": [100.0 * t for t in range(1, months + 1)],
            "own_less_continuing_value": [
                100.0 * min(t, delivery) + 50.0 * max(0, t - delivery) for t in range(1, months + 1)
            ],
            "rent_nominal": [100.0 * t for t in range(1, months + 1)],
            "acquisition_nominal": [400.0] * months,  # a deposit is paid with the order
            "gpu_hours": [float(max(0, t - delivery)) for t in range(1, months + 1)],
            "gpu_hours_in_service": [2.0 * max(0, t - delivery) for t in range(1, months + 1)],
        }
    )


def test_no_reading_of_the_rule_before_the_first_delivery() -> None:
    """Before it rent over rent is 1, which is no evidence for anything: both thresholds of R1 would be met in month 1."""
    series = rule_series(curves(delivery=3)).sort("t")
    for reading in ("r1", "r2", "r3", "r4"):
        assert series[reading].is_null().to_list() == [True] * 3 + [False] * 5, reading
    first = rule_readings(series)
    assert first.filter(pl.col("reading") == "R1")["first_month"].to_list() == [4, 4]


def test_ahead_is_read_from_the_delivery_on() -> None:
    assert ahead(curves(delivery=3)).row(0) == ("here", 4)
    assert ahead(curves(delivery=8)).row(0) == ("here", None)


def test_a_small_plan_by_hand(tmp_path: Path, known: Facts) -> None:
    """Own as a whole: the rows of its ledger, added up one moment at a time."""
    plan = planned(
        tmp_path,
        finance={"horizon_months": 30},
        workloads=[
            SMALL["workloads"][0] | {"demand": {"gpu_hours_per_day": 480, "gpu_model": "H100-SXM-80GB"}}
        ],
        rent={"offers": [SMALL["rent"]["offers"][0] | {"price": {"eur": 31.5}}]},
        scenarios=[],
        disruptions=[],
    )
    result = compute(plan, known)
    own = result.ledger.filter(pl.col("site") == "here", pl.col("strategy") == "own")
    rent = result.ledger.filter(pl.col("strategy") == "rent")
    balance, back = 0, None
    for moment in range(31):
        for rows, sign in ((own, 1), (rent, -1)):
            for month, timing, amount in rows.select("month", "timing", "amount").iter_rows():
                if timing != "horizon" and month + (timing == "end") == moment:
                    balance += sign * int(amount * 100)
        back = None if balance > 0 else moment if back is None else back
    found = result.payback.filter(pl.col("strategy") == "own", pl.col("scope") == "plan").row(0, named=True)
    assert back is not None
    assert (found["first_payment_month"], found["months"]) == (0, back)
    assert found["months_discounted"] >= found["months"]
    verdict = result.verdicts.row(0, named=True)
    assert verdict["payback_months"] == back
    assert verdict["ahead_month"] < back, "what is left is worth something"
    tranches = result.payback.filter(pl.col("scope") == "first_tranche")
    assert tranches.height >= 1
    assert tranches["months"].null_count() == 0


@pytest.mark.parametrize("delivery", [1, 5])
def test_readings_begin_with_the_delivery(delivery: int) -> None:
    series = rule_series(curves(delivery)).drop_nulls("r3")
    assert series["t"].to_list()[0] == delivery + 1
