"""Commitments: what pencil and paper say, every cover there is on small cases, and two laws on larger ones."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from brytpunkt.planning.inputs.planning_inputs import Facts
from brytpunkt.planning.ledger.evaluate import Evaluation, evaluate
from brytpunkt.planning.optimal.dispatch import dispatch
from brytpunkt.planning.optimal.problem import field_of
from brytpunkt.planning.optimal.results import optimal_plans, site_optima
from brytpunkt.planning.optimal.shocks import rent_mix
from brytpunkt.planning.rent.commitments import sign_commitments
from brytpunkt.planning.verdicts.verdicts import verdict_of
from tests.planning.optimal.test_optimal import SMALL, planned
from tests.planning.reference.cover import Opening, cheapest

HOURS = 730.0


@dataclass(frozen=True)
class Offered:
    """A commitment of one size: months, price an instance-hour, share paid upfront."""

    months: int
    price: float
    upfront: float = 0.0


@dataclass(frozen=True)
class Case:
    """One cover: hours of each month by instances needed, offers, and money."""

    needs: tuple[dict[int, float], ...]
    offers: tuple[Offered, ...]
    hourly: float
    path: float = 0.0
    rate: float = 0.0
    until: int | None = None

    @property
    def horizon(self) -> int:
        return len(self.needs)

    def signed(self) -> list[tuple[int, int, int]]:
        """What planning signs: (offer, month, instances)."""
        months = pl.DataFrame(
            {
                "month": range(self.horizon),
                "hours": [HOURS] * self.horizon,
                "start_factor": [(1 + self.rate) ** -m for m in range(self.horizon)],
                "end_factor": [(1 + self.rate) ** -(m + 1) for m in range(self.horizon)],
            },
            schema_overrides={"month": pl.Int64},
        )
        needs = pl.DataFrame(
            [
                (1.0, "w", "size", m, hours, count, self.hourly * (1 + self.path) ** (m / 12))
                for m, month in enumerate(self.needs)
                for count, hours in month.items()
            ],
            schema={
                "scale": pl.Float64,
                "workload": pl.String,
                "cover": pl.String,
                "month": pl.Int64,
                "n_hours": pl.Float64,
                "instances": pl.Int64,
                "hourly_price": pl.Float64,
            },
            orient="row",
        )
        pairs = pl.DataFrame(
            [("w", "size", f"{at}", o.months, o.price, o.upfront) for at, o in enumerate(self.offers)],
            schema=["workload", "cover", "offer", "term_months", "price_per_hour", "upfront_share"],
            orient="row",
        )
        until = self.horizon if self.until is None else self.until
        found = sign_commitments(needs, pairs, months, self.path, [until])
        return [
            (int(offer), month, count)
            for offer, month, count in found.select("offer", "signed_month", "count").iter_rows()
        ]

    def openings(self) -> Iterator[tuple[int, int]]:
        """Every (offer, month) that the rules allow."""
        for at, offer in enumerate(self.offers):
            for month in range(0, self.horizon, 3):
                beyond = month + offer.months - self.horizon
                if self.until is None or self.until == self.horizon:
                    if beyond <= offer.months / 2:
                        yield at, month
                elif month + offer.months <= self.until:
                    yield at, month

    def charge(self, at: int, month: int) -> float:
        """Present value of one instance signed in a month."""
        offer = self.offers[at]
        monthly = HOURS * offer.price * (1 + self.path) ** (month / 12)
        served = range(month, min(month + offer.months, self.horizon))
        late = sum(monthly * (1 - offer.upfront) * (1 + self.rate) ** -(m + 1) for m in served)
        return late + monthly * offer.upfront * len(served) * (1 + self.rate) ** -month

    def rent(self, m: int) -> dict[int, float]:
        """Present value of one instance by the hour in the hours of a month with each need."""
        price = self.hourly * (1 + self.path) ** (m / 12) * (1 + self.rate) ** -(m + 1)
        return {count: hours * price for count, hours in self.needs[m].items()}

    def cost(self, signed: Sequence[tuple[int, int, int]]) -> float:
        """Present value of signatures and of what is rented by the hour above them."""
        paid = sum(self.charge(at, month) * count for at, month, count in signed)
        for m in range(self.horizon if self.until is None else self.until):
            standing = sum(
                count for at, month, count in signed if month <= m < month + self.offers[at].months
            )
            paid += sum(max(0, need - standing) * rent for need, rent in self.rent(m).items())
        return paid


def flat(months: int, instances: int) -> tuple[dict[int, float], ...]:
    return ({instances: HOURS},) * months


YEAR, THREE = Offered(12, 3.0), Offered(36, 2.4)

# --- pencil and paper: instance-months x 730 h x price ------------------------------------------------------


@pytest.mark.parametrize(
    ("case", "instance_months"),
    [
        # a year at 3 against 5 by the hour, again and again
        (Case(flat(60, 2), (YEAR,), 5.0), {3.0: 120}),
        # a term exactly as long as the horizon
        (Case(flat(36, 4), (THREE,), 5.0), {2.4: 144}),
        # half of the last term lies within the horizon: its months within are paid
        (Case(flat(42, 1), (YEAR,), 5.0), {3.0: 42}),
        # only a quarter of it does: three months by the hour
        (Case(flat(39, 1), (YEAR,), 5.0), {3.0: 36, 5.0: 3}),
        # three years, then one
        (Case(flat(48, 3), (YEAR, THREE), 5.0), {2.4: 108, 3.0: 36}),
        # one more each year: the second for the two years that are left of its three, the last for a year
        (Case((*flat(12, 1), *flat(12, 2), *flat(12, 3)), (YEAR, THREE), 5.0), {2.4: 60, 3.0: 12}),
        # the need falls from three to one: what is no longer needed is not renewed
        (Case((*flat(12, 3), *flat(36, 1)), (YEAR,), 5.0), {3.0: 72}),
        # an instance that is needed half of the hours: 3 an hour all hours are dearer than 5 in half of them
        (Case(({2: 365.0, 1: 365.0},) * 24, (YEAR,), 5.0), {3.0: 24, 5.0: 12}),
        # a term that costs what the hours cost binds nobody
        (Case(flat(24, 1), (Offered(12, 5.0),), 5.0), {5.0: 24}),
        # no term may end after the delivery in month 20
        (Case(flat(60, 1), (YEAR, THREE), 5.0, until=20), {3.0: 12, 5.0: 8}),
    ],
)
def test_by_hand(case: Case, instance_months: dict[float, int]) -> None:
    expected = sum(price * months * HOURS for price, months in instance_months.items())
    assert case.cost(case.signed()) == pytest.approx(expected, rel=1e-12)


def test_discounted_by_hand() -> None:
    """Two years at 1 % a month: half of each year's charge when it is signed, the rest at the ends of its months."""
    case = Case(flat(24, 1), (Offered(12, 3.0, 0.5),), 5.0, rate=0.01)
    late = sum(1095 * 1.01 ** -(m + 1) for m in range(24))
    assert case.signed() == [(0, 0, 1), (0, 12, 1)]
    assert case.cost(case.signed()) == pytest.approx(late + 1095 * 12 * (1 + 1.01**-12))


def test_at_equal_cost_the_shorter_term_is_signed_and_the_earlier_month() -> None:
    assert Case(flat(36, 1), (Offered(12, 3.0), Offered(36, 3.0)), 5.0).signed() == [
        (0, 0, 1),
        (0, 12, 1),
        (0, 24, 1),
    ]
    # three months by the hour, whenever: at the end
    assert Case(flat(15, 1), (Offered(12, 3.0),), 5.0).signed() == [(0, 0, 1)]


# --- every cover there is ------------------------------------------------------------------------------------


@st.composite
def small_cases(draw: st.DrawFn) -> Case:
    """Up to eight months, two instances and two offers of one or two quarters."""
    months = draw(st.integers(1, 8))
    hours = st.sampled_from([0.0, 73.0, 365.0, 700.0, 730.0])
    needs = [{count: n for count, n in ((1, draw(hours)), (2, draw(hours))) if n} for _ in range(months)]
    offers = draw(
        st.lists(
            st.builds(
                Offered,
                st.sampled_from([3, 6]),
                st.integers(5, 60).map(lambda tenths: tenths / 10),
                st.sampled_from([0.0, 0.5, 1.0]),
            ),
            min_size=1,
            max_size=2,
        )
    )
    return Case(
        tuple(needs),
        tuple(offers),
        hourly=5.0,
        path=draw(st.sampled_from([0.0, -0.4, 0.3])),
        rate=draw(st.sampled_from([0.0, 0.01, 0.03])),
        until=draw(st.none() | st.integers(1, months)),
    )


@given(small_cases())
def test_no_cover_is_cheaper(case: Case) -> None:
    places = list(case.openings())
    least = min(
        case.cost([(*place, count) for place, count in zip(places, counts, strict=True)])
        for counts in itertools.product(range(3), repeat=len(places))
    )
    signed = case.signed()
    assert {(at, month) for at, month, _ in signed} <= set(places)
    assert case.cost(signed) == pytest.approx(least, rel=1e-9)
    assert shortest_path(case) == pytest.approx(least, rel=1e-9)


def shortest_path(case: Case) -> float:
    """Least cost by the reference."""
    until = case.horizon if case.until is None else case.until
    openings = [
        Opening(f"{at}", month, min(month + case.offers[at].months, until), case.charge(at, month))
        for at, month in case.openings()
    ]
    return cheapest([case.rent(m) for m in range(until)], openings)[0]


# --- years, many instances -----------------------------------------------------------------------------------


@st.composite
def large_cases(draw: st.DrawFn) -> Case:
    """Up to ten years of need that grows, falls and varies within the month, under terms of one, three and five years."""
    months = draw(st.integers(12, 120))
    level, needs = draw(st.integers(1, 40)), []
    for _ in range(months):
        level = max(0, level + draw(st.sampled_from([-3, -1, 0, 0, 0, 1, 2, 6])))
        low = draw(st.integers(0, level))
        needs.append({count: HOURS / 2 for count in {low, level} if count})
    offers = [
        Offered(term, draw(st.integers(10, 55)) / 10, draw(st.sampled_from([0.0, 0.0, 1.0])))
        for term in draw(st.lists(st.sampled_from([12, 36, 60]), min_size=1, max_size=4))
    ]
    path, rate = draw(st.sampled_from([0.0, -0.3, 0.1])), draw(st.sampled_from([0.0, 0.005, 0.02]))
    return Case(tuple(needs), tuple(offers), 5.0, path, rate)


@settings(max_examples=25)
@given(large_cases())
def test_shortest_paths_find_no_cheaper_cover_either(case: Case) -> None:
    assert case.cost(case.signed()) == pytest.approx(shortest_path(case), rel=1e-9, abs=1e-6)


@settings(max_examples=25)
@given(large_cases(), st.integers(10, 55), st.sampled_from([12, 36]))
def test_another_offer_never_makes_it_dearer(case: Case, tenths: int, term: int) -> None:
    more = Case(case.needs, (*case.offers, Offered(term, tenths / 10)), case.hourly, case.path, case.rate)
    assert more.cost(more.signed()) <= case.cost(case.signed()) + 0.01


@given(
    st.integers(1, 9),
    st.integers(6, 120),
    st.sampled_from([12, 36, 60]),
    st.integers(10, 49),
    st.sampled_from([0.0, 0.004, 0.02]),
    st.sampled_from([0.0, 0.5, 1.0]),
)
def test_a_flat_need_costs_at_most_each_term_renewed_at_its_end(
    instances: int, months: int, term: int, tenths: int, rate: float, upfront: float
) -> None:
    """And where the horizon is the end of a term, never are more instances under commitment than are needed."""
    case = Case(flat(months, instances), (Offered(term, tenths / 10, upfront),), 5.0, rate=rate)
    may = {month for _, month in case.openings()}
    renewed = [(0, month, instances) for month in range(0, months, term) if month in may]
    signed = case.signed()
    assert case.cost(signed) <= case.cost(renewed) + 1e-6
    for m in range(months if months % term == 0 else 0):
        assert sum(count for _, month, count in signed if month <= m < month + term) <= instances


# --- whole plans ---------------------------------------------------------------------------------------------

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
    assert found.basis.choice.label("steady", "committed") == (
        "two three (reserved 3 years) + one year (reserved 1 year)"
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
    assert found.basis.choice.label("steady", "committed") == "one hour (on demand)"


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
