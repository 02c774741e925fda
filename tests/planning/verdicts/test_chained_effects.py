"""Effects over a switch from renting to owning: chained through years and months, and still exact."""

from __future__ import annotations

import math

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from brytpunkt.planning.verdicts.chained_effects import chained_effects, switches
from brytpunkt.planning.verdicts.lmdi import EFFECTS, by_year, decompose_many
from tests.planning.bills import Row, bills, fixed, frame

RENT, OWN = "hourly h100", "own here/box"


def monthly(months: int, switch: int, growth: float, rent: float = 10.0, own: float = 4.0) -> pl.DataFrame:
    """A volume of 100 that grows each month, rented until the switch and owned from then on, at a price a unit."""
    rows = []
    for month in range(months):
        volume = 100 * (1 + growth) ** month
        mode, price = (RENT, rent) if month < switch else (OWN, own)
        rows.append(frame([Row("chat", mode, volume, volume, volume, volume * price), fixed(7.0)]))
    return pl.concat([row.with_columns(month=pl.lit(month)) for month, row in enumerate(rows)])


def of(effects: pl.DataFrame, first: int, last: int) -> dict[str, float]:
    """Effects of a pair by name."""
    here = effects.filter(pl.col("from_year") == first, pl.col("to_year") == last)
    return dict(here.select("effect", "amount").iter_rows())


def test_the_volume_survives_a_switch_at_the_turn_of_a_year() -> None:
    """Direct, a year all rented and a year all owned share nothing: volume 0. Chained, the growth of four years is seen.

    Nothing but the mode changes the price, so what remains beside volume is mix.
    """
    bill = monthly(48, 12, 0.03)
    direct = dict(decompose_many(by_year(bill, 48), [(0, 3)]).select("effect", "amount").iter_rows())
    assert direct["volume"] == 0
    found = of(chained_effects(bill, 48), 0, 3)
    year = [sum(100 * 1.03**m for m in range(12 * y, 12 * y + 12)) for y in range(4)]
    later = 4.0 * (year[3] - year[1])
    assert found["volume"] > later, "and the growth between the two years of the switch besides"
    assert found["price"] == pytest.approx(0, abs=1e-5)
    assert found["mix"] < 0
    assert sum(found.values()) == pytest.approx(4.0 * year[3] - 10.0 * year[0])


def test_two_years_by_hand() -> None:
    """The steps before the switch raise the bill at the price of rent, those after it at that of owning, the one between is mix.

    A step from month s is in the paths of min(s + 1, 12, 23 - s) months.
    """
    found = of(chained_effects(monthly(24, 12, 0.05), 24), 0, 1)
    rise = [100 * (1.05 ** (s + 1) - 1.05**s) for s in range(23)]
    paths = [min(s + 1, 12, 23 - s) for s in range(23)]
    by_hand = sum(
        n * more * (10 if s < 11 else 4)
        for s, (n, more) in enumerate(zip(paths, rise, strict=True))
        if s != 11
    )
    assert found["volume"] == pytest.approx(by_hand, abs=1e-4)
    assert found["mix"] == pytest.approx(12 * (100 * 1.05**12 * 4 - 100 * 1.05**11 * 10), abs=1e-4)
    assert found["intensity"] == pytest.approx(0, abs=1e-5)
    assert found["fixed"] == 0


def test_owning_at_the_price_of_rent_leaves_the_change_to_the_volume() -> None:
    """Then only the step of the switch itself, a twenty-third of the growth, is hidden in the mix."""
    found = of(chained_effects(monthly(36, 12, 0.02, own=10.0), 36), 0, 2)
    assert found["volume"] > 0.95 * sum(found.values()) > 0


@pytest.mark.parametrize("switch", [12, 17, 40])
def test_where_only_the_mode_changes_all_is_mix(switch: int) -> None:
    found = of(chained_effects(monthly(36, switch, 0.0), 36), 0, 2)
    change = -6.0 * 1200 if switch <= 24 else 0.0
    assert found == pytest.approx(dict.fromkeys(EFFECTS, 0.0) | {"mix": change}, abs=1e-4)


@pytest.mark.parametrize("factor", ["volume", "price"])
def test_one_factor_alone_has_the_whole_change(factor: str) -> None:
    """Without a switch: volume, or price, by 1 % a month over three years."""
    rows = []
    for month in range(36):
        up = 1.01**month
        volume, price = (100 * up, 10.0) if factor == "volume" else (100.0, 10 * up)
        rows.append(frame([Row("chat", RENT, volume, volume, volume, volume * price)]))
    bill = pl.concat([row.with_columns(month=pl.lit(month)) for month, row in enumerate(rows)])
    found = of(chained_effects(bill, 36), 0, 2)
    change = sum(1000 * 1.01**m for m in range(24, 36)) - sum(1000 * 1.01**m for m in range(12))
    assert found == pytest.approx(dict.fromkeys(EFFECTS, 0.0) | {factor: change}, abs=1e-4)


def test_a_workload_that_keeps_its_mode_is_not_chained_through_months() -> None:
    """Beside one that switches, its effect is that of its yearly bills: L(C1, C0) ln(V1 / V0)."""
    both = []
    for month in range(24):
        steady = 50.0 if month < 12 else 80.0
        mode = RENT if month < 12 else OWN
        both.append(
            frame(
                [
                    Row("chat", mode, 10, 10, 10, 100.0),
                    Row("batch", RENT, steady, steady, steady, steady * 2),
                ]
            ).with_columns(month=pl.lit(month))
        )
    bill = pl.concat(both)
    assert switches(by_year(bill, 24)) == {0: ["chat"]}
    found = of(chained_effects(bill, 24), 0, 1)
    assert found["volume"] == pytest.approx(12 * 60.0)
    assert found["mix"] == pytest.approx(0, abs=1e-6)


@given(st.lists(bills(), min_size=6, max_size=6), st.integers(0, 3))
def test_effects_add_up_to_the_change_to_the_cent(parts: list[list[Row]], offset: int) -> None:
    """Any bills, half a year each: modes come and go, charges turn into credits."""
    bill = pl.concat([frame(parts[(m // 6 + offset) % 6]).with_columns(month=pl.lit(m)) for m in range(36)])
    found = chained_effects(bill, 36)
    yearly = by_year(bill, 36)
    direct = decompose_many(yearly, [(0, 1), (1, 2), (0, 2)])
    for first, last in ((0, 1), (1, 2), (0, 2)):
        ours = found.filter(pl.col("from_year") == first, pl.col("to_year") == last)
        theirs = direct.filter(pl.col("from_month") == first, pl.col("to_month") == last)
        assert ours["effect"].to_list() == list(EFFECTS)
        assert ours["cents"].sum() == theirs["cents"].sum()
        assert ours["amount"].sum() == pytest.approx(theirs["amount"].sum(), rel=1e-9, abs=1e-4)
        assert all(math.isfinite(amount) for amount in ours["amount"])
