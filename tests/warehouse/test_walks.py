"""Walks on loopback: shifting pages, circles, kills, and two processes at once."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from brytpunkt.folders import folders
from brytpunkt.warehouse import Refresher
from brytpunkt.warehouse.replay_journal import apply_pending
from tests.live.server import Answer, Asked, Server
from tests.live.vendor import Clock, Shop, find, refresher, rows, source, with_pointer

FIRST = datetime(2026, 11, 2, 6, tzinfo=UTC)
PRICES = """
SELECT price_native_per_instance_hour::DOUBLE FROM gpu_offers
WHERE origin = 'shop' AND sku = '{sku}' ORDER BY first_seen_at
"""


def test_a_walk_that_shifts_starts_over(live: Refresher, shop: Shop, server: Server) -> None:
    def shifting(asked: Asked) -> None:
        if asked.path.endswith("page=2") and len(shop.offers) == 10:
            shop.offers = [{"sku": "gpu-new", "price": "19.00"}, *shop.offers]

    shop.instead = shifting
    outcome = live.refresh(source(server))
    assert outcome.outcome == "changed"
    assert rows(live, "SELECT count(*), count(DISTINCT sku) FROM gpu_offers") == [(11, 11)]
    assert [asked.path for asked in server.asked].count("/offers") == 4


def test_a_walk_that_never_stands_still_gives_up(live: Refresher, shop: Shop, server: Server) -> None:
    def restless(asked: Asked) -> None:
        if asked.path.endswith("page=1"):
            shop.reprice("gpu-0", str(20 + len(server.asked)))

    shop.instead = restless
    outcome = live.refresh(source(server))
    assert outcome.outcome == "failed"
    assert "moved during 3 walks" in (outcome.reason or "")
    assert rows(live, "SELECT count(*) FROM gpu_offers") == [(0,)]


def test_pages_that_lead_in_a_circle_are_noticed(live: Refresher, shop: Shop, server: Server) -> None:
    def circle(asked: Asked) -> Answer | None:
        if asked.path.endswith("page=1"):
            body = f'{{"schema": "shop/1", "offers": [], "next": "{server.url}/offers"}}'
            return Answer(body.encode())
        return None

    shop.instead = circle
    assert "lead back to one that was read" in (live.refresh(source(server)).reason or "")


def test_a_link_to_another_host_is_not_followed(live: Refresher, shop: Shop, server: Server) -> None:
    shop.instead = lambda _: Answer(b'{"schema": "shop/1", "offers": [], "next": "https://other.example/x"}')
    assert "'other.example' is not a declared host" in (live.refresh(source(server)).reason or "")


KILLED = """
import os, sys
from pathlib import Path
from brytpunkt.landing import walk
from tests.live.server import Server
from tests.live.vendor import Clock, refresher, source

class Where:
    url = sys.argv[2]

save, saved = walk.Walk._save, []

def dying(self, state):
    save(self, state)
    saved.append(1)
    if len(saved) == 2:
        os._exit(9)

walk.Walk._save = dying
refresher(Path(sys.argv[1]), Clock()).refresh(source(Where))
"""


def test_a_killed_walk_goes_on_where_it_was(
    live: Refresher, server: Server, tmp_path: Path, clock: Clock
) -> None:
    killed = subprocess.run(
        [sys.executable, "-c", KILLED, str(tmp_path / "home"), server.url],
        check=False,
        cwd=folders().checkout,
    )
    assert killed.returncode == 9
    assert [asked.path for asked in server.asked] == ["/offers", "/offers?page=1"]
    server.asked.clear()
    assert live.refresh(source(server)).outcome == "changed"
    assert [asked.path for asked in server.asked] == ["/offers?page=2", "/offers"]
    assert rows(live, "SELECT count(*) FROM gpu_offers") == [(10,)]


def test_a_killed_walk_of_another_publication_starts_over(
    live: Refresher, shop: Shop, server: Server, tmp_path: Path
) -> None:
    subprocess.run(
        [sys.executable, "-c", KILLED, str(tmp_path / "home"), server.url],
        check=False,
        cwd=folders().checkout,
    )
    shop.reprice("gpu-0", "18.00")
    assert live.refresh(source(server)).outcome == "changed"
    assert rows(live, PRICES.format(sku="gpu-0")) == [(18.0,)]


def test_landed_and_not_taken_in_is_taken_in_next_time(
    live: Refresher, server: Server, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("brytpunkt.warehouse.refresh.apply_pending", lambda *_: [])  # killed just before
        live.refresh(source(server))
    assert rows(live, "SELECT count(*) FROM gpu_offers") == [(0,)]
    server.asked.clear()
    clock.pass_days()
    live.refresh(with_pointer(server))
    assert rows(live, "SELECT count(*), min(first_seen_at) FROM gpu_offers") == [(10, FIRST)]


def test_two_at_once_do_not_walk_the_same_source(
    live: Refresher, shop: Shop, server: Server, tmp_path: Path
) -> None:
    other = refresher(tmp_path / "home", Clock())
    seen: list[str] = []

    def meanwhile(asked: Asked) -> None:
        if asked.path.endswith("page=1") and not seen:
            seen.append(other.refresh(source(server)).reason or "")

    shop.instead = meanwhile
    assert live.refresh(source(server)).outcome == "changed"
    assert "another process is fetching" in seen[0]


def test_a_probe_confirms_or_asks_for_a_walk(
    live: Refresher, shop: Shop, server: Server, clock: Clock
) -> None:
    declared = with_pointer(server)
    assert live.probe(declared) == "new"
    live.refresh(declared)
    clock.pass_days()
    assert live.probe(declared) == "same"
    live.warehouse.migrate()
    apply_pending(live.warehouse, live.landing, find)
    assert rows(live, "SELECT kind, outcome FROM publications ORDER BY position")[-1] == (
        "confirmed",
        "unchanged",
    )
    shop.reprice("gpu-1", "20.00")
    assert live.probe(declared) == "new"
    shop.is_down = True
    with pytest.raises(Exception, match="answered 503"):
        live.probe(declared)
    assert live.landing.journal.records()[-1].kind == "failed"
