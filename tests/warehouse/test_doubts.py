"""What a publisher calls doubtful leaves the last good version in place, marked, for so long and no longer."""

from __future__ import annotations

from datetime import date, timedelta

import polars as pl
import pytest

from brytpunkt.warehouse import Outcome, Refresher, TableReport, facts
from brytpunkt.warehouse.doubts import DOUBT_DAYS, fits
from brytpunkt.warehouse.doubts import UNREADABLE as UNREADABLE_ROW
from brytpunkt.warehouse.views.quarantine import in_doubt
from pipelines.cli.refresh import outcome_lines
from pipelines.cli.sources import doubt_lines
from tests.live.server import Server
from tests.live.shop import UNREADABLE
from tests.live.vendor import Clock, Shop, rows, source

OPEN = "SELECT key_text, confirmed_at, doubted_at FROM doubts WHERE settled_at IS NULL ORDER BY key_text"
WITHDRAWN = "SELECT sku FROM gpu_offers WHERE withdrawn_at IS NOT NULL ORDER BY sku"


def told(outcome: Outcome) -> TableReport:
    """The report of the offers."""
    return next(one for one in outcome.tables if one.table == "gpu_offers")


def planned(live: Refresher, day: date | None = None) -> dict[str, date]:
    """What a plan reads: SKU and the day on which it counts as retrieved."""
    with live.warehouse.open() as connection:
        offers = facts(connection, live.warehouse.sql / "queries", day).offers
    return dict(offers.select("sku", "retrieved_on").iter_rows())


@pytest.fixture
def shopping(live: Refresher, shop: Shop, server: Server, clock: Clock) -> Refresher:
    shop.page_size = 100
    live.refresh(source(server))
    return live


def test_a_price_that_cannot_be_read_keeps_its_last_good_version_for_its_age(
    shopping: Refresher, shop: Shop, server: Server, clock: Clock
) -> None:
    good = clock()
    shop.reprice("gpu-4", UNREADABLE)
    for day in range(1, 5):  # longer than lists flap
        clock.pass_days()
        shop.reprice("gpu-1", f"{21.5 + day / 10}")
        doubted = shopping.refresh(source(server))
        assert told(doubted) == TableReport("gpu_offers", inserted=1, confirmed=8, withdrawn=1, kept=1)
    assert outcome_lines(doubted) == [
        "shop                    changed; "
        "gpu_offers: 1 new, 8 as before, 1 withdrawn, 1 in doubt (last good kept)"
    ]  # fmt: skip
    assert {sku for (sku,) in rows(shopping, WITHDRAWN)} == {"gpu-1"}
    [(key, confirmed, since)] = rows(shopping, OPEN)
    assert ("gpu-4" in key, confirmed, since) == (True, good, good + timedelta(days=1))
    assert planned(shopping)["gpu-4"] == good.date()
    assert planned(shopping)["gpu-5"] == clock().date()


def test_a_readable_price_settles_the_doubt_and_the_past_keeps_it(
    shopping: Refresher, shop: Shop, server: Server, clock: Clock
) -> None:
    good = clock()
    clock.pass_days()
    shop.reprice("gpu-4", UNREADABLE)
    shopping.refresh(source(server))
    doubted = clock()
    clock.pass_days()
    shop.reprice("gpu-4", "24.5")
    assert told(shopping.refresh(source(server))) == TableReport("gpu_offers", confirmed=10)
    assert rows(shopping, OPEN) == []
    assert planned(shopping)["gpu-4"] == clock().date()
    assert planned(shopping, doubted.date())["gpu-4"] == good.date(), "as it was known then"


def test_a_version_in_doubt_is_planned_with_for_one_age_and_never_withdrawn(
    shopping: Refresher, shop: Shop, server: Server, clock: Clock
) -> None:
    shop.offers = [{"sku": f"gpu-{n}", "price": f"{20 + n}.5"} for n in range(20)]
    shopping.refresh(source(server))
    clock.pass_days(1)
    shop.reprice("gpu-4", UNREADABLE)  # doubted by the publisher
    shop.reprice("gpu-6", "1.10")  # doubted by a guard
    shop.reprice("gpu-7", "-3")  # doubted by the contract
    assert told(shopping.refresh(source(server))).kept == 3
    with shopping.warehouse.open() as connection:
        marked = in_doubt(connection, shopping.warehouse.sql / "queries", "shop")
    assert {(one.table, one.rows) for one in marked} == {("gpu_offers", 1)}
    assert [line for line in doubt_lines(marked) if "until" in line] == [
        "  gpu_offers, 1 rows, until 2026-12-02 or later: price_native_per_instance_hour|min_exclusive",
        "  gpu_offers, 1 rows, until 2026-12-02 or later: the price moved more than tenfold at once",
        f"  gpu_offers, 1 rows, until 2026-12-02 or later: {UNREADABLE_ROW}",
    ]
    clock.pass_days(DOUBT_DAYS - 1)
    shopping.refresh(source(server))
    assert {"gpu-4", "gpu-6", "gpu-7"} <= set(planned(shopping))
    clock.pass_days(1)
    shopping.refresh(source(server))
    assert set(planned(shopping)) == {f"gpu-{n}" for n in range(20) if n not in {4, 6, 7}}
    assert rows(shopping, WITHDRAWN) == []


def test_doubtful_rows_are_not_gone_and_a_list_of_nothing_else_confirms_nothing(
    shopping: Refresher, shop: Shop, server: Server, clock: Clock
) -> None:
    good = clock()
    listed = list(shop.offers)
    clock.pass_days()
    shop.offers = [offer | {"price": UNREADABLE} for offer in listed[:5]] + listed[5:]
    half = shopping.refresh(source(server))
    assert (half.is_whole, told(half)) == (True, TableReport("gpu_offers", confirmed=5, kept=5))
    clock.pass_days()
    shop.offers = [{"sku": "*", "price": UNREADABLE}]
    none = shopping.refresh(source(server))
    assert (none.outcome, none.reason) == (
        "refused",
        "gpu_offers: no row could be read; 10 known rows are in doubt",
    )
    assert rows(shopping, WITHDRAWN) == []
    assert set(planned(shopping).values()) == {good.date(), (good + timedelta(days=1)).date()}


def test_what_goes_after_a_doubt_is_withdrawn_like_anything_else(
    shopping: Refresher, shop: Shop, server: Server, clock: Clock
) -> None:
    clock.pass_days()
    shop.reprice("gpu-4", UNREADABLE)
    shopping.refresh(source(server))
    shop.offers = [offer for offer in shop.offers if offer["sku"] != "gpu-4"]
    clock.pass_days()
    assert told(shopping.refresh(source(server))).missing == 1
    assert rows(shopping, OPEN) == []
    clock.pass_days(3)
    shopping.refresh(source(server))
    assert rows(shopping, WITHDRAWN) == [("gpu-4",)]


def test_a_plan_is_told_which_offers_are_in_doubt_and_what_others_say(
    live: Refresher, shop: Shop, server: Server, clock: Clock
) -> None:
    shop.page_size, shop.opinions = 100, {"gpu-4": "31.25"}
    live.refresh(source(server, tables=["gpu_offers", "market_prices"]))
    clock.pass_days()
    shop.reprice("gpu-6", UNREADABLE)
    live.refresh(source(server, tables=["gpu_offers", "market_prices"]))
    with live.warehouse.open() as connection:
        known = facts(connection, live.warehouse.sql / "queries")
        before = facts(connection, live.warehouse.sql / "queries", clock().date() - timedelta(days=1))
    [(offer, confirmed, doubted)] = known.offers_in_doubt.rows()
    assert ("gpu-6" in offer, confirmed, doubted) == (True, date(2026, 11, 2), date(2026, 11, 3))
    assert before.offers_in_doubt.is_empty()
    [opinion] = known.offer_opinions.rows(named=True)
    assert (opinion["list_native_per_hour"], opinion["second_native_per_hour"]) == (24.5, 31.25)
    assert "gpu-4" in opinion["offer"]


def test_a_null_in_a_key_is_any_value() -> None:
    known = pl.DataFrame({"provider": ["a", "a", "b"], "day": [date(2026, 3, n) for n in (1, 2, 2)]})
    one = pl.DataFrame({"provider": ["a"], "day": [None]}, schema=known.schema)
    both = pl.DataFrame({"provider": [None, "b"], "day": [date(2026, 3, 1)] * 2}, schema=known.schema)
    anything = pl.DataFrame({"provider": [None], "day": [None]}, schema=known.schema)
    assert fits(known, [one]).to_list() == [True, True, False]
    assert fits(known, [both]).to_list() == [True, False, False]
    assert fits(known, [anything]).to_list() == [True, True, True]
    assert fits(known, []).to_list() == [False, False, False]
