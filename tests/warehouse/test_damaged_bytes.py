"""Kept bytes are compared with their digest whenever they are read: damaged ones are named, set aside and had again."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import zstandard

from brytpunkt.errors import DamagedError
from brytpunkt.folders import folders
from brytpunkt.landing import Landing
from brytpunkt.warehouse import Refresher, Warehouse, refresh_bundled
from brytpunkt.warehouse.replay_journal import apply_pending
from tests.live.server import Server
from tests.live.vendor import Clock, Shop, find, refresher, rows, source, with_pointer

COUNT = "SELECT count(*) FROM gpu_offers WHERE withdrawn_at IS NULL"


def half_of(path: Path) -> None:
    """The first half of what a body holds, whole in its compression: nothing but the digest tells."""
    whole = zstandard.ZstdDecompressor().stream_reader(path.read_bytes()).read()
    path.write_bytes(zstandard.ZstdCompressor().compress(whole[: len(whole) // 2]))


def cut(path: Path) -> None:
    """A body whose file ends too early."""
    path.write_bytes(path.read_bytes()[:-9])


def gone(path: Path) -> None:
    """A body that is not there."""
    path.unlink()


@pytest.fixture
def page(live: Refresher, shop: Shop, server: Server) -> Path:
    """The only page of the shop, as it is kept."""
    shop.page_size = 100
    live.refresh(with_pointer(server))
    [path] = live.landing.folder.glob("??/*.zst")
    return path


@pytest.mark.parametrize("damage", [half_of, cut, gone])
def test_a_damaged_body_is_never_read_as_less(live: Refresher, page: Path, damage: object) -> None:
    [record] = live.landing.journal.records()
    [document] = live.landing.listing(record).documents
    assert document.read().startswith(b"{")
    damage(page)  # type: ignore[operator]
    assert not document.is_whole()
    for read in (document.read, document.open):
        with pytest.raises(DamagedError, match=r"page-001\.json: its kept bytes are damaged or gone"):
            read()


@pytest.mark.parametrize("damage", [half_of, cut, gone])
def test_what_a_rebuild_cannot_read_is_named_and_fetched_with_the_next_refresh(
    live: Refresher, page: Path, server: Server, clock: Clock, tmp_path: Path, damage: object
) -> None:
    damage(page)  # type: ignore[operator]
    anew = replace(refresher(tmp_path / "anew", clock), landing=live.landing)
    anew.warehouse.migrate()
    [applied] = apply_pending(anew.warehouse, anew.landing, find)
    assert applied.outcome == "failed"
    assert (applied.reason or "").startswith("page-001.json: its kept bytes are damaged or gone")
    assert rows(anew, COUNT) == [(0,)]
    assert not page.exists()
    assert [path.name for path in (live.landing.folder / "damaged").glob("*")] == (
        [] if damage is gone else [page.name]
    )
    clock.pass_days()
    outcome = anew.refresh(with_pointer(server))  # whose pointer has not moved
    assert outcome.outcome == "changed"
    assert rows(anew, COUNT) == [(10,)]
    assert page.exists()
    clock.pass_days()
    assert anew.refresh(with_pointer(server)).outcome == "unchanged"


def test_a_page_that_is_known_and_damaged_is_fetched_within_the_same_refresh(
    live: Refresher, shop: Shop, server: Server, clock: Clock
) -> None:
    live.refresh(source(server))  # three pages
    first = next(
        live.landing.body(one["sha256"])
        for one in live.landing.journal.records()[0].documents
        if one["name"] == "page-001.json"
    )
    half_of(first)
    clock.pass_days()
    shop.reprice("gpu-9", "28.00")
    outcome = live.refresh(source(server))
    assert (outcome.outcome, outcome.reason) == ("changed", None)
    assert rows(live, COUNT) == [(10,)]


def test_good_bytes_heal_bad_ones(tmp_path: Path) -> None:
    landing = Landing(tmp_path / "landing")
    warehouse = Warehouse(tmp_path / "first.duckdb", folders().sql)
    refresh_bundled(warehouse, landing, folders().data)
    described = next(one for one in landing.journal.records()[0].documents if one["name"] == "gpu_offers.csv")
    body = landing.body(described["sha256"])
    half_of(body)
    again = Warehouse(tmp_path / "second.duckdb", folders().sql)
    refresh_bundled(again, landing, folders().data)
    assert landing.document(described).is_whole()
    with warehouse.open() as one:
        before = one.execute(COUNT).fetchone()
    with again.open() as other:
        assert other.execute(COUNT).fetchone() == before
