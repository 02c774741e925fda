"""Refreshing a live source on loopback: what is kept, what is confirmed, what is refused, and what survives a kill."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from brytpunkt.folders import folders
from brytpunkt.tables.contracts import CONTRACTS
from brytpunkt.warehouse import Refresher, facts, refresh_bundled
from brytpunkt.warehouse.replay_journal import apply_pending
from tests.live.server import Answer, Server
from tests.live.vendor import Clock, Shop, find, refresher, rows, source, with_pointer

PRICES = """
SELECT sku, price_native_per_instance_hour::DOUBLE, first_seen_at, withdrawn_at FROM gpu_offers
WHERE origin = 'shop' AND sku = '{sku}' ORDER BY first_seen_at
"""
FIRST = datetime(2026, 11, 2, 6, tzinfo=UTC)


def bodies(live: Refresher) -> set[str]:
    """Contents whose bytes are kept."""
    return {path.stem for path in live.landing.folder.glob("??/*.zst")}


def test_a_first_walk_takes_every_page(live: Refresher, server: Server) -> None:
    outcome = live.refresh(source(server))
    assert outcome.outcome == "changed"
    assert rows(live, "SELECT count(*), min(first_seen_at) FROM gpu_offers") == [(10, FIRST)]
    assert [asked.path for asked in server.asked] == [
        "/offers",
        "/offers?page=1",
        "/offers?page=2",
        "/offers",
    ]
    assert rows(live, "SELECT count(DISTINCT document_sha256) FROM gpu_offers") == [(3,)]
    assert not list((live.landing.folder / "walks").glob("*/"))


def test_an_unchanged_source_is_confirmed_and_nothing_else(
    live: Refresher, server: Server, clock: Clock
) -> None:
    live.refresh(with_pointer(server))
    before = rows(live, "SELECT * FROM gpu_offers ORDER BY content_sha256")
    clock.pass_days()
    server.asked.clear()
    outcome = live.refresh(with_pointer(server))
    assert outcome.outcome == "unchanged"
    assert [asked.path for asked in server.asked] == ["/pointer.json"]
    assert rows(live, "SELECT * FROM gpu_offers ORDER BY content_sha256") == before
    with live.warehouse.open() as connection:
        known = facts(connection, live.warehouse.sql / "queries")
    assert known.as_of == date(2026, 11, 3)
    assert known.offers["retrieved_on"].to_list() == [date(2026, 11, 3)] * 10


def test_the_same_rows_in_other_bytes_are_not_kept(
    live: Refresher, shop: Shop, server: Server, clock: Clock
) -> None:
    live.refresh(source(server))
    kept = bodies(live)
    clock.pass_days()
    shop.made_at, shop.offers = "2026-11-03", shop.offers[::-1]
    outcome = live.refresh(source(server))
    assert outcome.outcome == "unchanged"
    assert outcome.record is not None
    assert outcome.record.kind == "unchanged"
    assert bodies(live) == kept
    assert rows(live, "SELECT count(*) FROM gpu_offers") == [(10,)]


def test_a_moved_price_is_a_new_version_from_the_time_it_was_seen(
    live: Refresher, shop: Shop, server: Server, clock: Clock
) -> None:
    live.refresh(source(server))
    clock.pass_days()
    shop.reprice("gpu-3", "21.00")
    live.refresh(source(server))
    second = clock()
    assert rows(live, PRICES.format(sku="gpu-3")) == [
        ("gpu-3", 23.5, FIRST, second),
        ("gpu-3", 21.0, second, None),
    ]
    assert rows(live, "SELECT count(*) FROM gpu_offers") == [(11,)]


def test_only_pages_that_changed_are_sent_again(
    live: Refresher, shop: Shop, server: Server, clock: Clock
) -> None:
    live.refresh(source(server))
    clock.pass_days()
    server.asked.clear()
    shop.reprice("gpu-9", "28.00")
    outcome = live.refresh(source(server))
    assert all("If-None-Match" in asked.headers for asked in server.asked)
    assert outcome.outcome == "changed"
    assert outcome.fetched_bytes < 400


def test_a_single_document_that_did_not_change_is_one_conditional_request(
    live: Refresher, shop: Shop, server: Server, clock: Clock
) -> None:
    shop.page_size = 100
    live.refresh(source(server))
    clock.pass_days()
    server.asked.clear()
    assert live.refresh(source(server)).outcome == "unchanged"
    assert len(server.asked) == 1


def test_spot_noise_is_no_change_and_a_real_move_is(
    live: Refresher, shop: Shop, server: Server, clock: Clock
) -> None:
    shop.offers[0] |= {"term": "spot", "price": "10.00"}
    live.refresh(source(server))
    history = []
    for price in ("10.40", "9.70", "10.90", "12.00"):
        clock.pass_days()
        shop.reprice("gpu-0", price)
        history.append(live.refresh(source(server)).outcome)
    assert history == ["unchanged", "unchanged", "unchanged", "changed"]
    assert [row[1] for row in rows(live, PRICES.format(sku="gpu-0"))] == [10.0, 12.0]


def test_an_offer_that_flaps_stays_and_one_that_is_gone_is_withdrawn(
    live: Refresher, shop: Shop, server: Server, clock: Clock
) -> None:
    live.refresh(source(server))
    everything = list(shop.offers)
    clock.pass_days()
    shop.offers = everything[1:]
    assert live.refresh(source(server)).outcome == "unchanged"
    clock.pass_days()
    shop.offers = everything
    assert live.refresh(source(server)).outcome == "unchanged"
    assert rows(live, "SELECT count(*) FROM gpu_offers WHERE withdrawn_at IS NULL") == [(10,)]
    shop.offers = everything[:-1]
    outcomes = []
    for _ in range(4):
        clock.pass_days()
        outcomes.append(live.refresh(source(server)).outcome)
    assert outcomes == ["unchanged", "changed", "unchanged", "unchanged"]
    assert rows(live, "SELECT sku FROM gpu_offers WHERE withdrawn_at IS NOT NULL") == [("gpu-9",)]


LIES: dict[str, tuple[Callable[[dict[str, str]], dict[str, str]], str]] = {
    "all prices tenfold": (lambda o: o | {"price": str(float(o["price"]) * 2.5)}, "median of price_native"),
    "prices of nothing": (lambda o: o | {"price": "0"}, "break the contract"),
    "placeholders": (lambda o: o | {"price": "0.01"}, "break the contract"),
    "another currency, the same numbers": (lambda o: o | {"currency": "SEK"}, "break the contract"),
    "hundredths": (lambda o: o | {"price": str(float(o["price"]) * 100)}, "break the contract"),
}


@pytest.mark.parametrize("name", LIES)
def test_a_lying_source_leaves_the_last_good_publication(
    name: str, live: Refresher, shop: Shop, server: Server, clock: Clock
) -> None:
    live.refresh(with_pointer(server))
    good, truth = rows(live, "SELECT * FROM gpu_offers ORDER BY sku"), list(shop.offers)
    lie, said = LIES[name]
    shop.offers = [lie(offer) for offer in truth]
    clock.pass_days()
    outcome = live.refresh(with_pointer(server))
    assert outcome.outcome == "refused"
    assert said in (outcome.reason or "")
    assert rows(live, "SELECT * FROM gpu_offers ORDER BY sku") == good
    clock.pass_days()
    assert live.refresh(with_pointer(server)).outcome == "refused", "an unchanged lie confirms nothing"
    assert rows(live, "SELECT max(seen_at) FROM publications WHERE outcome IN ('changed', 'unchanged')") == [
        (FIRST,)
    ]
    clock.pass_days()
    shop.offers = truth
    assert live.refresh(with_pointer(server)).outcome == "unchanged"
    assert rows(live, "SELECT count(*) FROM gpu_offers") == [(10,)]


def test_what_the_guards_refuse_a_person_may_accept(
    live: Refresher, shop: Shop, server: Server, clock: Clock
) -> None:
    live.refresh(source(server))
    clock.pass_days()
    shop.offers = [offer | {"price": str(float(offer["price"]) * 0.4)} for offer in shop.offers]
    assert live.refresh(source(server)).outcome == "refused"
    assert live.refresh(source(server), accept=True).outcome == "changed"
    assert rows(live, "SELECT count(*) FROM gpu_offers WHERE withdrawn_at IS NULL") == [(10,)]


def test_doubtful_rows_are_set_aside_and_their_good_version_stays(
    live: Refresher, shop: Shop, server: Server, clock: Clock
) -> None:
    shop.offers.append({"sku": "gpu-1", "price": "15.00", "term": "reserved_1y"})
    live.refresh(source(server))
    clock.pass_days()
    shop.offers[-1] |= {"price": "99.00"}
    shop.reprice("gpu-5", "1.25")
    assert live.refresh(source(server)).outcome == "unchanged"
    reasons = "SELECT reason FROM quarantine ORDER BY reason"
    assert rows(live, reasons) == [
        ("a commitment dearer than on-demand",),
        ("the price moved more than tenfold at once",),
    ]
    clock.pass_days(5)
    shop.reprice("gpu-7", "27.00")
    live.refresh(source(server))
    assert rows(live, PRICES.format(sku="gpu-5")) == [("gpu-5", 25.5, FIRST, None)]


def test_repeats_and_superseded_rows_are_one_row(live: Refresher, shop: Shop, server: Server) -> None:
    old = shop.offers[0] | {"price": "99.0", "since": "2025-01-01"}
    coming = shop.offers[0] | {"price": "5.0", "since": "2027-01-01"}
    shop.offers += [dict(shop.offers[1]), old, coming]
    live.refresh(source(server))
    assert rows(live, "SELECT count(*) FROM gpu_offers") == [(10,)]
    assert rows(live, "SELECT count(*) FROM quarantine") == [(0,)]
    assert rows(live, PRICES.format(sku="gpu-0"))[0][1] == 20.5


def test_a_changed_schema_is_a_failure_that_keeps_the_documents(
    live: Refresher, shop: Shop, server: Server, clock: Clock
) -> None:
    live.refresh(source(server))
    clock.pass_days()
    shop.schema = "shop/2"
    shop.reprice("gpu-1", "2")
    outcome = live.refresh(source(server))
    assert outcome.outcome == "failed"
    assert "schema 'shop/2' instead of shop/1" in (outcome.reason or "")
    assert len(list((live.landing.folder / "walks" / "shop.rejected").glob("*.zst"))) == 3
    assert rows(live, "SELECT count(*), count(withdrawn_at) FROM gpu_offers") == [(10, 0)]


@pytest.mark.parametrize("body", [b"[1, 2", b'{"offers": 3}', b'{"schema": "shop/1", "offers": [{}]}'])
def test_documents_of_any_shape_are_one_clear_failure(
    live: Refresher, shop: Shop, server: Server, body: bytes
) -> None:
    shop.instead = lambda _: Answer(body)
    outcome = live.refresh(source(server))
    assert outcome.outcome == "failed"
    assert "page-001.json" in (outcome.reason or "") or "is not as expected" in (outcome.reason or "")


def test_a_source_that_is_down_is_recorded_and_its_rows_stay(
    live: Refresher, shop: Shop, server: Server, clock: Clock
) -> None:
    live.refresh(source(server))
    shop.is_down = True
    clock.pass_days()
    outcome = live.refresh(source(server))
    assert (outcome.outcome, "answered 503" in (outcome.reason or "")) == ("failed", True)
    assert rows(live, "SELECT outcome FROM publications ORDER BY position") == [("changed",), ("failed",)]
    assert rows(live, "SELECT count(*) FROM gpu_offers WHERE withdrawn_at IS NULL") == [(10,)]


def content(live: Refresher) -> dict[str, list[tuple[Any, ...]]]:
    """Every table of the warehouse but the record of migrations, which tells of the file and not of facts."""
    names = rows(live, "SELECT table_name FROM information_schema.tables WHERE table_type = 'BASE TABLE'")
    return {
        name: sorted(rows(live, f"SELECT * FROM {name}"), key=repr)  # noqa: S608
        for (name,) in names
        if name != "schema_migrations"
    }


def test_the_warehouse_is_rebuilt_from_the_landing_alone(
    live: Refresher, shop: Shop, server: Server, clock: Clock, tmp_path: Path
) -> None:
    declared = with_pointer(server)
    refresh_bundled(live.warehouse, live.landing, folders().data, find)
    truth = list(shop.offers)
    for day in range(6):
        if day == 1:
            shop.reprice("gpu-2", "19.99")
        if day == 2:
            shop.offers = [offer | {"price": "0.01"} for offer in shop.offers]
        if day == 3:
            shop.offers = [*truth[1:], {"sku": "gpu-x", "price": "-3"}]
        shop.is_down = day == 5
        live.refresh(declared)
        clock.pass_days()
    live.refresh(declared, accept=False)
    before = content(live)
    assert {row[3] for row in before["publications"]} == {"changed", "refused", "unchanged", "failed"}
    copy = tmp_path / "elsewhere"
    shutil.copytree(live.landing.folder, copy / "landing")
    again = refresher(copy, clock)
    again.warehouse.migrate()
    apply_pending(again.warehouse, again.landing, find)
    after = content(again)
    assert set(after) == set(before)
    for table in before:
        assert after[table] == before[table], table
    assert set(CONTRACTS) <= set(before)


def test_every_row_names_bytes_that_are_kept(
    live: Refresher, shop: Shop, server: Server, clock: Clock
) -> None:
    for day in range(3):
        shop.reprice("gpu-4", f"{20 + day}.25")
        live.refresh(source(server))
        clock.pass_days()
    named = {str(row[0]) for row in rows(live, "SELECT DISTINCT document_sha256 FROM gpu_offers")}
    staged = live.landing.folder / "ab" / ("ab" * 32 + ".zst")
    staged.parent.mkdir(exist_ok=True)
    staged.write_bytes(b"an orphan")
    os.utime(staged, (0, 0))
    before_journals = staged.with_name("cd" * 32 + ".gz")
    before_journals.write_bytes(b"landed by an early version, and named by a row")
    os.utime(before_journals, (0, 0))
    with live.warehouse.open() as connection:
        connection.execute("UPDATE gpu_offers SET document_sha256 = ? WHERE sku = 'gpu-4'", ["cd" * 32])
    assert live.sweep() == 1
    assert before_journals.exists()
    assert named <= bodies(live)
