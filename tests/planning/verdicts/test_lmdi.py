"""The paradox: the bill's change by volume, mix, intensity, price and what has no volume."""

from __future__ import annotations

import math
from decimal import Decimal, localcontext
from itertools import product

import polars as pl
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from brytpunkt.planning.verdicts.lmdi import (
    EFFECTS,
    FACTORS,
    by_year,
    decompose,
    decompose_many,
    log_ratio,
    logarithmic_mean,
)
from tests.planning.bills import (
    SCHEMA,
    Bill,
    Row,
    amounts,
    bills,
    fixed,
    frame,
    in_cents,
    only,
    slow,
    slow_cents,
)

CHAT = [Row("chat", "api", 100, 100, 200, 1000)]
ZEROS = [
    ("mode appears", CHAT, [Row("chat", "api", 100, 60, 120, 600), Row("chat", "own", 100, 40, 10, 300)]),
    ("workload appears", CHAT, [*CHAT, Row("batch", "own", 50, 50, 20, 70)]),
    ("price from zero", [Row("chat", "api", 100, 100, 200, 0)], CHAT),
    ("units from zero", [Row("chat", "api", 100, 100, 0, 0)], CHAT),
    ("cost without volume", [Row("chat", "api", 0, 0, 0, 55.5)], CHAT),
    ("nothing before", [], CHAT),
    ("charge to credit", [Row("chat", "api", 100, 100, 200, -40)], CHAT),
]


def test_by_hand() -> None:
    """Volume doubles, the price halves twice, own hardware takes half: each term written out.

    api: V 100 -> 200, s 1 -> 1/2, I 2 -> 3, P 5 -> 2.5; cost 1000 -> 750.
    L(750, 1000) = -250 / ln 0.75 = 869.0148741. ln 2 = 0.6931471806, ln 1.5 = 0.4054651081.
    volume 869.0148741 x ln 2 = 602.3552103; mix -602.3552103; intensity 869.0148741 x ln 1.5 = 352.3552103;
    price 869.0148741 x ln 0.5 = -602.3552103; they sum to -250.
    own: appears with cost 400: all of it is mix. fixed: 90 -> 140.5.
    """
    before = [Row("chat", "api", 100, 100, 200, 1000), fixed(90)]
    after = [Row("chat", "api", 200, 100, 300, 750), Row("chat", "own", 200, 100, 8, 400), fixed(140.5)]
    assert amounts(before, after) == pytest.approx(
        {
            "volume": 602.3552103,
            "mix": -602.3552103 + 400,
            "intensity": 352.3552103,
            "price": -602.3552103,
            "fixed": 50.5,
        },
        abs=1e-6,
    )
    # Rounded one by one they give 60236 - 20236 + 35236 - 60236 + 5050 = 20050, which is what is asked.
    assert in_cents(before, after) == {
        "volume": 60236,
        "mix": -20236,
        "intensity": 35236,
        "price": -60236,
        "fixed": 5050,
    }


def published_bill(*factors: tuple[float, float, float]) -> Bill:
    """Three factors of each part of an aggregate as volume, intensity and price of a workload of its own."""
    return [Row(f"part {i}", "all", a, a, a * b, a * b * c) for i, (a, b, c) in enumerate(factors)]


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (((1, 10, 2), (4, 5, 3)), ((4, 5, 3), (5, 6, 4)), (69.79006598, -9.455125793, 39.66505981)),
        (((4, 5, 3), (5, 6, 4)), ((8, 2, 4), (5, 7, 5)), (42.96021467, -34.31902656, 50.3588119)),
    ],
)
def test_the_published_example_of_lmdir(
    before: tuple[tuple[float, float, float], ...],
    after: tuple[tuple[float, float, float], ...],
    expected: tuple[float, float, float],
) -> None:
    """The package LMDIR (Heun; after Ang 2005) publishes these effects of its simple example, 1971-1973."""
    volume, intensity, price = expected
    assert amounts(published_bill(*before), published_bill(*after)) == pytest.approx(
        {"volume": volume, "mix": 0, "intensity": intensity, "price": price, "fixed": 0}, abs=1e-7
    )


def test_price_falls_and_the_bill_rises() -> None:
    """The paradox itself: tokens tenfold, three times the tokens per task, price a fifth."""
    effects = amounts([Row("agent", "api", 10, 10, 10, 100)], [Row("agent", "api", 100, 100, 300, 600)])
    assert effects["price"] < 0 < effects["intensity"] < effects["volume"]
    assert sum(effects.values()) == pytest.approx(500)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("workload appears", only("volume", 70)),
        ("price from zero", only("price", 1000)),
        ("units from zero", only("intensity", 1000)),
        ("cost without volume", only("volume", 1000) | {"fixed": -55.5}),
        ("nothing before", only("volume", 1000)),
        ("charge to credit", only("price", 1040)),
    ],
)
def test_zeros_and_signs_fall_to_one_effect(name: str, expected: dict[str, float]) -> None:
    before, after = next((a, b) for case, a, b in ZEROS if case == name)
    assert amounts(before, after) == pytest.approx(expected)
    assert amounts(after, before) == pytest.approx({effect: -x for effect, x in expected.items()})


def test_a_mode_that_vanishes_is_mix_even_when_the_volume_grows() -> None:
    before = [Row("chat", "api", 100, 60, 120, 600), Row("chat", "own", 100, 40, 10, 300)]
    after = [Row("chat", "api", 150, 150, 300, 1500)]
    left = amounts(before[:1], after)
    assert amounts(before, after) == pytest.approx(left | {"mix": left["mix"] - 300})


def test_several_zero_factors_share_equally() -> None:
    """No share and a declared price of zero: half each."""
    before = [Row("chat", "own", 100, 0, 5, 0), *CHAT]
    after = [Row("chat", "own", 100, 40, 10, 300), *CHAT]
    assert amounts(before, after) == pytest.approx(only("mix", 150) | {"price": 150})


@pytest.mark.parametrize("delta", [1e-12, 1e-48, 1e-96])
def test_a_tiny_share_tends_to_the_limit(delta: float) -> None:
    """A share of delta instead of 0, with the volume growing by half: what the limit leaves out of volume is

    L(C1, C0) x ln 1.5 < C1 x ln 1.5 / ln(C1 / C0): 1.5 % of C1 at 1e-12 (the convergence is logarithmic).
    """
    after = [Row("chat", "own", 150, 60, 15, 450)]
    tiny = [Row("chat", "own", 100, 40 * delta, 10 * delta, 300 * delta)]
    none = [Row("chat", "own", 100, 0, 0, 0)]
    near, limit = amounts(tiny, after), amounts(none, after)
    assert limit == pytest.approx(only("mix", 450))
    tolerance = 450 * math.log(1.5) / -math.log(delta) + 1e-6
    for effect in EFFECTS:
        assert abs(near[effect] - limit[effect]) <= tolerance, effect


@pytest.mark.parametrize("factor", FACTORS)
def test_one_tiny_factor_with_the_others_unchanged_is_the_limit(factor: str) -> None:
    """Then nothing is left out but C0 itself: 1e-12 of C1, below what a bill is added up in."""
    d, after = 1e-12, [Row("chat", "own", 100, 40, 10, 300)]
    tiny = {
        "volume": Row("chat", "own", 100 * d, 40 * d, 10 * d, 300 * d),
        "mix": Row("chat", "own", 100, 40 * d, 10 * d, 300 * d),
        "intensity": Row("chat", "own", 100, 40, 10 * d, 300 * d),
        "price": Row("chat", "own", 100, 40, 10, 300 * d),
    }
    zero = {
        "volume": Row("chat", "own", 0, 0, 0, 0),
        "mix": Row("chat", "own", 100, 0, 0, 0),
        "intensity": Row("chat", "own", 100, 40, 0, 0),
        "price": Row("chat", "own", 100, 40, 10, 0),
    }
    limit = amounts([zero[factor]], after)
    assert limit == only(factor, 300)
    assert amounts([tiny[factor]], after) == pytest.approx(limit, abs=1e-7)


def test_two_equally_tiny_factors_tend_to_equal_shares() -> None:
    """Share and price both delta: C0 is delta^2 C1, and each takes half at any delta."""
    d, after = 1e-12, [Row("chat", "own", 100, 40, 10, 300)]
    near = amounts([Row("chat", "own", 100, 40 * d, 10 * d, 300 * d * d)], after)
    assert near == pytest.approx(only("mix", 150) | {"price": 150}, abs=1e-7)


def test_cents_follow_the_largest_remainder() -> None:
    """Bills of 0.00 and 0.01 (0.004 and 0.012): the cent goes to the larger loss, not to an effect of zero."""
    before = [Row("chat", "api", 1, 1, 1, 0.004)]
    after = [Row("chat", "api", 1, 1, 1, 0.008), fixed(0.004)]
    assert amounts(before, after) == pytest.approx(only("price", 0.004) | {"fixed": 0.004})
    assert in_cents(before, after) == {"volume": 0, "mix": 0, "intensity": 0, "price": 1, "fixed": 0}


@given(bills(), bills())
@example(ZEROS[0][1], ZEROS[0][2])
def test_agrees_with_the_slow_implementation(before: Bill, after: Bill) -> None:
    assert amounts(before, after) == pytest.approx(slow(before, after), rel=1e-9, abs=1e-6)


def check_sum(before: Bill, after: Bill) -> None:
    """Amounts sum to the change of the bill, cents exactly; no cent is further off than one."""
    effects = decompose(frame(before), frame(after))
    change = math.fsum(row.cost for row in after) - math.fsum(row.cost for row in before)
    assert effects["effect"].to_list() == list(EFFECTS)
    assert effects["amount"].sum() == pytest.approx(change, rel=1e-9, abs=1e-6)
    assert effects["cents"].sum() == slow_cents(after) - slow_cents(before)
    assert effects.schema == {"effect": pl.String, "amount": pl.Float64, "cents": pl.Int64}
    for _, amount, whole in effects.iter_rows():
        assert abs(amount * 100 - whole) <= 1.5
        assert amount or not whole


@given(bills(), bills())
def test_effects_sum_to_the_change_of_the_bill(before: Bill, after: Bill) -> None:
    check_sum(before, after)


@pytest.mark.parametrize(("name", "before", "after"), ZEROS)
def test_effects_sum_with_zeros(name: str, before: Bill, after: Bill) -> None:
    check_sum(before, after)
    check_sum(after, before)


@given(bills(), bills())
def test_the_way_back_is_the_same_with_the_other_sign(before: Bill, after: Bill) -> None:
    there, back = (
        decompose(frame(before), frame(after)),
        decompose(frame(after), frame(before)),
    )
    assert there["amount"].to_list() == [-x for x in back["amount"]]
    assert there["cents"].to_list() == [-x for x in back["cents"]]


@given(bills())
def test_a_month_and_itself_differ_by_nothing(bill: Bill) -> None:
    effects = decompose(frame(bill), frame(bill[::-1]))
    assert effects["amount"].to_list() == [0.0] * 5
    assert effects["cents"].to_list() == [0] * 5


@given(st.lists(bills(), min_size=1, max_size=4), st.data())
def test_many_pairs_are_the_pairs_one_by_one(months: list[Bill], data: st.DataObject) -> None:
    """Also a pair asked for twice, backwards, and a month without rows (a bill of zero)."""
    month = st.integers(0, len(months))
    pairs = data.draw(st.lists(st.tuples(month, month), max_size=4))
    stacked = pl.concat([frame(bill).with_columns(month=pl.lit(m)) for m, bill in enumerate(months)])
    found = decompose_many(stacked, pairs)
    assert found.columns == ["from_month", "to_month", "effect", "amount", "cents"]
    assert found.select("from_month", "to_month").rows() == [pair for pair in pairs for _ in EFFECTS]
    months = [*months, []]
    expected = [row for a, b in pairs for row in decompose(frame(months[a]), frame(months[b])).rows()]
    assert found.select("effect", "amount", "cents").rows() == expected


def test_years_are_sums_of_their_months() -> None:
    """``own`` serves the last half of the year, but its share is of the whole year's volume."""
    months = []
    for month in range(30):
        own = 4.0 if 6 <= month < 12 or month >= 18 else 0.0
        bill = [Row("chat", "api", 10, 10 - own, 2 * (10 - own), 3 * (10 - own)), fixed(1.1)]
        bill += [Row("chat", "own", 10, own, 1, 5)] if own else []
        months.append(frame(bill).with_columns(month=pl.lit(month)))
    years = by_year(pl.concat(months), 30)
    assert years.columns == ["month", *SCHEMA]
    assert years["month"].unique().sort().to_list() == [0, 1]  # six months are not a year
    assert years.filter(pl.col("month") == 1, pl.col("mode") != "fixed").drop("month").rows() == [
        ("chat", "api", 120.0, 96.0, 192.0, 288.0),
        ("chat", "own", 120.0, 24.0, 6.0, 30.0),
    ]
    assert years.filter(pl.col("mode") == "fixed")["cost"].to_list() == pytest.approx([13.2, 13.2])
    assert decompose_many(years, [(0, 1)])["cents"].to_list() == [0] * 5


def test_a_workload_missing_some_months_keeps_its_own_volume() -> None:
    """Each workload's year is the sum over its months, whatever the modes of the month."""
    bills_by_month = [
        [Row("chat", "api", 10, 10, 10, 7), Row("batch", "api", 5, 5, 5, 2)],
        [Row("chat", "own", 20, 20, 10, 9)],
    ]
    stacked = pl.concat([frame(bill).with_columns(month=pl.lit(m)) for m, bill in enumerate(bills_by_month)])
    assert by_year(stacked, 12).select("workload", "mode", "volume").rows() == [
        ("batch", "api", 5.0),
        ("chat", "api", 30.0),
        ("chat", "own", 30.0),
    ]


def exact_mean(new: float, old: float) -> float:
    """The logarithmic mean in 60 digits."""
    with localcontext() as context:
        context.prec = 60
        a, b = Decimal(new), Decimal(old)
        return float((a - b) / (a / b).ln())


@pytest.mark.parametrize(("power", "old"), list(product(range(1, 16), (0.03, 1.0, 1234.56, 9.87e8))))
def test_the_mean_of_near_numbers_keeps_its_digits(power: int, old: float) -> None:
    values = pl.DataFrame({"new": [old * (1 + 10.0**-power), old * (1 - 10.0**-power)], "old": [old, old]})
    found = values.select(
        mean=logarithmic_mean(pl.col("new"), pl.col("old")),
        swapped=logarithmic_mean(pl.col("old"), pl.col("new")),
        ratio=log_ratio(pl.col("new"), pl.col("old")),
        inverse=-log_ratio(pl.col("old"), pl.col("new")),
    )
    assert found["mean"].to_list() == pytest.approx(
        [exact_mean(new, old) for new in values["new"]], rel=1e-14
    )
    assert found["mean"].to_list() == found["swapped"].to_list()
    assert found["ratio"].to_list() == found["inverse"].to_list()


def test_the_mean_at_its_edges() -> None:
    values = pl.DataFrame({"new": [5.0, 0.0, 5.0, 0.0, 1e12], "old": [5.0, 5.0, 0.0, 0.0, 1e-12]})
    means = values.select(mean=logarithmic_mean(pl.col("new"), pl.col("old")))["mean"].to_list()
    assert means == pytest.approx([5.0, 0.0, 0.0, 0.0, 1e12 / (24 * math.log(10))])
