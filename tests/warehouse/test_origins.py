"""Several sources that price the same thing: one of them is used, always the same, and the others stay visible."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest

from brytpunkt.warehouse import Refresher, facts
from brytpunkt.warehouse.as_of import current_table
from tests.live.server import Server
from tests.live.vendor import Clock, Shop, rows, with_pointer


def used(live: Refresher, day: date | None = None) -> float:
    """The price of the first offer that a plan would use."""
    with live.warehouse.open() as connection:
        offers = facts(connection, live.warehouse.sql / "queries", day).offers
    return float(dict(offers.select("sku", "price_native_per_instance_hour").iter_rows())["gpu-0"])


@pytest.mark.parametrize("first", ["list", "opinion"])
def test_the_declared_precedence_decides_whoever_is_asked_first(
    first: str, live: Refresher, clock: Clock
) -> None:
    listed, opinion = Shop(), Shop()
    opinion.reprice("gpu-0", "25.00")
    with Server(listed.reply) as one, Server(opinion.reply) as other:
        declared = {
            "list": with_pointer(one, id="list"),
            "opinion": with_pointer(other, id="opinion", precedence=-10),
        }
        order = [first, *(name for name in declared if name != first)]
        for _ in range(3):
            for name in order:
                live.refresh(declared[name])
                clock.pass_days(0.1)
            assert used(live) == 20.5
            clock.pass_days()
    assert current_table(live.warehouse, "gpu_offers").height == 10
    spread = "SELECT sku, origins, named, spread_share FROM price_spread WHERE spread_share > 0"
    assert rows(live, spread) == [("gpu-0", 2, "list, opinion", pytest.approx(25.0 / 20.5 - 1))]


def test_a_source_that_is_confirmed_no_longer_gives_way(live: Refresher, clock: Clock) -> None:
    listed, opinion = Shop(), Shop()
    opinion.reprice("gpu-0", "25.00")
    begun = clock().date()
    with Server(listed.reply) as one, Server(opinion.reply) as other:
        live.refresh(with_pointer(one, id="list"))
        live.refresh(with_pointer(other, id="opinion", precedence=-10))
        listed.is_down = True
        for _ in range(10):
            clock.pass_days()
            live.refresh(with_pointer(one, id="list"))
            live.refresh(with_pointer(other, id="opinion", precedence=-10))
    assert used(live) == 25.0
    assert [used(live, begun + timedelta(days=n)) for n in (0, 7, 8)] == [20.5, 20.5, 25.0]


def test_a_row_is_never_retrieved_after_the_day_of_the_plan(
    live: Refresher, clock: Clock, tmp_path: Path
) -> None:
    with Server(Shop().reply) as server:
        for _ in range(3):
            live.refresh(with_pointer(server))
            clock.pass_days()
    with live.warehouse.open() as connection:
        then = facts(connection, live.warehouse.sql / "queries", date(2026, 11, 3)).offers
    assert set(then["retrieved_on"]) == {date(2026, 11, 3)}
