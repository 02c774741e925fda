"""Changes: the Shapley values keep their promises, and the bars of a real plan sum to its change to the cent."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from brytpunkt.declarations import Plan, read_plan
from brytpunkt.planning.changes.price_movements import movements
from brytpunkt.planning.changes.run_waterfall import (
    PLAYERS,
    Side,
    changed_causes,
    kept_values,
    mixed,
    stored_values,
    table_cause,
    waterfall,
)
from brytpunkt.planning.changes.shapley import Coalition, coalitions, shapley
from brytpunkt.planning.compute import compute
from brytpunkt.planning.inputs.planning_inputs import Facts
from brytpunkt.planning.result import Result
from brytpunkt.reporting.note_texts import english
from tests.conftest import SMALL_PLAN

pytestmark = pytest.mark.xdist_group("changes")  # two plans that most of these look at
CENTS = st.integers(-(10**12), 10**12)


@st.composite
def games(draw: st.DrawFn, players: tuple[str, ...] = PLAYERS) -> dict[Coalition, int]:
    """Any value for every coalition."""
    return {coalition: draw(CENTS) for coalition in coalitions(players)}


@given(games())
def test_the_parts_sum_to_the_change(game: dict[Coalition, int]) -> None:
    assert sum(shapley(game, PLAYERS).values()) == game[Coalition(PLAYERS)] - game[Coalition()]


@given(games(PLAYERS[1:]), st.sampled_from(PLAYERS))
def test_who_changes_nothing_gets_nothing(game: dict[Coalition, int], dummy: str) -> None:
    others = [player for player in PLAYERS if player != dummy]
    names = dict(zip(others, PLAYERS[1:], strict=True))
    whole = {
        coalition: game[Coalition(names[player] for player in coalition - {dummy})]
        for coalition in coalitions(PLAYERS)
    }
    assert shapley(whole, PLAYERS)[dummy] == 0


@given(st.lists(CENTS, min_size=5, max_size=5))
def test_who_are_alike_get_alike(by_size: list[int]) -> None:
    game = {coalition: by_size[len(coalition)] for coalition in coalitions(PLAYERS)}
    parts = shapley(game, PLAYERS).values()
    assert max(parts) - min(parts) <= 1, "but for the last cent"


def test_a_game_worked_by_hand() -> None:
    """Left and right glove: v = 100 only if a is there with b or c. a gets 2/3, b and c 1/6 each."""
    worth = {"ab": 100, "ac": 100, "abc": 100}
    game = {coalition: worth.get("".join(sorted(coalition)), 0) for coalition in coalitions("abc")}
    assert shapley(game, ("a", "b", "c")) == {"a": 67, "b": 17, "c": 16}


ONE_YEAR = SMALL_PLAN.replace("horizon_months: 24", "horizon_months: 12")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("changes")


def planned(folder: Path, text: str) -> Plan:
    file = folder / "p.yaml"
    file.write_text(text, encoding="utf-8")
    return read_plan(file).plan


@pytest.fixture(scope="module")
def old(folder: Path, known: Facts) -> Side:
    """The small plan over one year."""
    plan = planned(folder, ONE_YEAR)
    return Side(plan, known, compute(plan, known))


def scaled(frame: pl.DataFrame, column: str, factor: float, where: pl.Expr | None = None) -> pl.DataFrame:
    return frame.with_columns(
        pl.when(pl.lit(value=True) if where is None else where)
        .then(pl.col(column) * factor)
        .otherwise(pl.col(column))
        .alias(column)
    )


@pytest.fixture(scope="module")
def new(folder: Path, known: Facts, old: Side) -> Side:
    """Everything moved: offers up a tenth, energy up by half, the dollar up, a quoted colocation price."""
    text = ONE_YEAR.replace("eur: 140", "eur: 160")
    plan = planned(folder, text)
    facts = replace(
        known,
        offers=scaled(known.offers, "price_native_per_instance_hour", 1.1),
        day_ahead_monthly=scaled(known.day_ahead_monthly, "mean_eur_per_mwh", 1.5),
        fx_rates=scaled(known.fx_rates, "units_per_eur", 0.95, pl.col("currency") == "USD"),
    )
    return Side(plan, facts, compute(plan, facts))


def test_bars_sum_to_the_change_of_every_site_and_measure(old: Side, new: Side) -> None:
    assert changed_causes(old, new) == PLAYERS
    fall = waterfall(old, new, is_same_code=False)
    assert fall.is_split
    before, after = stored_values(old.stored), stored_values(new.stored)
    sums = fall.bars.group_by("site", "measure").agg(pl.col("cents").sum())
    assert sums.height == 6
    for site, measure, cents in sums.iter_rows():
        assert cents == after[site, measure] - before[site, measure]
    by_cause = dict(fall.bars.filter(site="lulea", measure="own").select("cause", "cents").iter_rows())
    assert by_cause["model"] == 0, "old inputs under the same code give the old result"
    assert all(by_cause[cause] > 0 for cause in PLAYERS), "all four made owning dearer"
    rent = dict(fall.bars.filter(site="lulea", measure="rent").select("cause", "cents").iter_rows())
    assert rent["declarations"] == rent["energy"] == 0, "neither touches renting"


def test_one_cause_alone_bears_the_whole_change(old: Side, known: Facts) -> None:
    facts = replace(known, day_ahead_monthly=scaled(known.day_ahead_monthly, "mean_eur_per_mwh", 2.0))
    new = Side(old.plan, facts, compute(old.plan, facts))
    assert changed_causes(old, new) == ("energy",)
    fall = waterfall(old, new, is_same_code=True)
    moved = fall.bars.filter(pl.col("cents") != 0)
    assert set(moved["cause"]) == {"energy"}
    assert set(moved["measure"]) == {"own"}


def test_choosing_anew_is_a_bar_of_its_own(old: Side, known: Facts) -> None:
    """The rented offer becomes ten times as dear: the old choice is priced under prices, leaving it under choices."""
    taken = old.stored.rent_offers.filter("is_rent")["offer"].to_list()
    name = pl.concat_str("provider", pl.col("region").fill_null(""), "sku", "term", separator="/")
    facts = replace(
        known, offers=scaled(known.offers, "price_native_per_instance_hour", 10.0, name.is_in(taken))
    )
    new = Side(old.plan, facts, compute(old.plan, facts))
    fall = waterfall(old, new, is_same_code=True)
    bars = dict(fall.bars.filter(site="oslo", measure="rent").select("cause", "cents").iter_rows())
    assert bars["prices"] > stored_values(old.stored)["oslo", "rent"]
    assert bars["choices"] < 0


def test_a_choice_that_is_gone_is_replaced_by_the_cheapest(old: Side, known: Facts) -> None:
    taken = old.stored.rent_offers.filter("is_rent")["offer"].to_list()
    name = pl.concat_str("provider", pl.col("region").fill_null(""), "sku", "term", separator="/")
    facts = replace(known, offers=known.offers.filter(~name.is_in(taken)))
    result = compute(old.plan, facts)
    assert kept_values(old, old.plan, facts)["oslo", "rent"] == stored_values(result)["oslo", "rent"]


def test_where_something_comes_from_is_no_change(old: Side, known: Facts) -> None:
    offers = known.offers.with_columns(source=pl.lit("elsewhere"), note=pl.lit("seen again"))
    again = Side(old.plan, replace(known, offers=offers), old.stored)
    assert changed_causes(old, again) == ()
    fall = waterfall(old, again, is_same_code=False)
    assert fall.is_split
    assert fall.bars["cents"].sum() == 0


def test_another_currency_is_not_compared(old: Side) -> None:
    assert isinstance(old.stored, Result)
    fall = waterfall(old, replace(old, stored=replace(old.stored, currency="SEK")), is_same_code=True)
    assert fall.bars.is_empty()
    assert "currency was EUR and is SEK" in english(fall.note)


def test_inputs_that_cannot_be_mixed_are_one_bar(old: Side, folder: Path, known: Facts) -> None:
    """A new zone without old prices: old energy under the new declaration cannot be computed."""
    text = ONE_YEAR.replace("zone: NO1", "zone: NO2")
    plan = planned(folder, text)
    lacking = replace(known, day_ahead_monthly=known.day_ahead_monthly.filter(pl.col("zone") != "NO2"))
    before = replace(old, facts=lacking)
    after = Side(plan, known, compute(plan, known))
    fall = waterfall(before, after, is_same_code=True)
    assert not fall.is_split
    assert "cannot be mixed" in english(fall.note)
    known_values = stored_values(before.stored), stored_values(after.stored)
    for site, measure, cents in fall.bars.group_by("site", "measure").agg(pl.col("cents").sum()).iter_rows():
        assert cents == known_values[1][site, measure] - known_values[0][site, measure]


def test_every_table_has_one_cause_and_new_ones_are_prices(old: Side, new: Side) -> None:
    assert table_cause("fx_rates") == "fx"
    assert table_cause("places") == "energy"
    assert table_cause("vintages") is None
    assert table_cause("anything_else") == "prices"
    plan, facts = mixed(old, new, Coalition({"fx"}))
    assert plan is old.plan
    assert facts.fx_rates is new.facts.fx_rates
    assert facts.offers is old.facts.offers


def test_movements_show_before_and_after_the_weightiest_first(old: Side, new: Side) -> None:
    assert isinstance(old.stored, Result)
    assert isinstance(new.stored, Result)
    found = movements(old, new, old.stored.ledger, (old.stored.servers, new.stored.servers))
    assert set(found["kind"]) == {"offer", "fx", "energy"}, "servers and tokens cost what they did"
    offer = found.filter(kind="offer").row(0, named=True)
    assert offer["after"] == pytest.approx(offer["before"] * 1.1)
    assert offer["change_share"] == pytest.approx(0.1)
    spent = old.stored.ledger.filter(strategy="rent", component="rent_on_demand")["present_value"].cast(
        pl.Float64
    )
    assert offer["effect"] == pytest.approx(float(spent.sum()) * 0.1)
    assert found["effect"].abs().is_sorted(descending=True)
    assert movements(old, old, old.stored.ledger, (old.stored.servers,) * 2).is_empty()


def test_a_server_that_costs_twice_as_much_costs_what_its_break_even_price_weighs(old: Side) -> None:
    """One report, one answer: insurance, decommissioning and the value left at the end move with the price, too."""
    assert isinstance(old.stored, Result)
    servers = old.stored.servers
    dearer = servers.with_columns(pl.col("price_native") * 2)
    found = movements(old, old, old.stored.ledger, (servers, dearer))
    first = old.stored.verdicts.sort("rank")["site"][0]
    weight = old.stored.margins.filter(site=first, factor="hardware")["sensitivity"][0]
    assert weight > 0
    assert found.filter(kind="server")["effect"].to_list() == [pytest.approx(weight)]
    assert found["change_share"].to_list() == [1.0]
