"""Commitments: what pencil and paper say, every cover there is on small cases, and two laws on larger ones."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from brytpunkt.planning.rent.commitments import sign_commitments
from tests.examples import examples
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
        return float(late + monthly * offer.upfront * len(served) * (1 + self.rate) ** -month)

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


@settings(max_examples=examples(25))
@given(large_cases())
def test_shortest_paths_find_no_cheaper_cover_either(case: Case) -> None:
    assert case.cost(case.signed()) == pytest.approx(shortest_path(case), rel=1e-9, abs=1e-6)


@settings(max_examples=examples(25))
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
