"""Live sources on the command line: what is ready, what is said, and that nothing is contacted without asking."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from brytpunkt.errors import InputError
from brytpunkt.folders import folders
from brytpunkt.publishers.find import chosen, declared_sources
from brytpunkt.warehouse.views.source_status import confirmations, standings
from pipelines.cli.refresh import outcome_lines, source_table, standing_lines
from tests.live.server import Server
from tests.live.vendor import Clock, Shop, refresher, source, with_pointer
from tests.pipelines.test_cli import brytpunkt

DECLARED = """\
id: {id}
publisher: {publisher}
covers: offers of a shop
cadence: daily
licence: CC0
stale_after_days: 3
"""


def test_declared_sources_come_from_the_house_and_from_home(tmp_path: Path) -> None:
    own = tmp_path / "sources"
    own.mkdir()
    text = DECLARED.format(id="mine", publisher="shop") + "hosts: [shop.example]\n"
    (own / "mine.yaml").write_text(text, encoding="utf-8")
    found = declared_sources(folders().data / "sources", own)
    assert found["mine"].licence == "CC0"
    assert "bundled" not in found
    (own / "mine.yaml").write_text("id: MINE\npublisher: shop\nhosts: [https://x]\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"mine\.yaml: id") as caught:
        declared_sources(own)
    assert "mine.yaml: covers" in str(caught.value)


def test_only_ready_sources_are_refreshed_unless_named() -> None:
    with Server(Shop().reply) as server:
        known = {
            "open": source(server, id="open"),
            "locked": source(server, id="locked", credentials={"key": "SHOP_KEY"}),
            "guessed": source(server, id="guessed", status="unconfirmed"),
        }
    assert [one.id for one in chosen(known, (), lambda s: bool(s.credentials))] == ["open"]
    assert [one.id for one in chosen(known, ("guessed",), lambda _: False)] == ["guessed"]
    with pytest.raises(InputError, match="nothing: no source has this name"):
        chosen(known, ("nothing",), lambda _: False)


def test_the_table_for_the_readme_marks_what_was_never_seen() -> None:
    with Server(Shop().reply) as server:
        known = {
            "b": source(server, id="b", credentials={"key": "SHOP_KEY"}, format_seen="a page of 2026"),
            "a": source(server, id="a", status="unconfirmed"),
        }
    assert source_table(known)[2:] == [
        "| `a` | the offers of a shop | nothing | **unconfirmed** |",
        "| `b` | the offers of a shop | `SHOP_KEY` | a page of 2026 |",
    ]


def test_the_table_of_sources_says_how_each_stands(tmp_path: Path) -> None:
    clock, shop = Clock(), Shop()
    with Server(shop.reply) as server:
        live = refresher(tmp_path, clock)
        known = {
            one.id: one
            for one in (
                with_pointer(server),
                source(server, id="locked", credentials={"key": "SHOP_KEY"}),
                source(server, id="guessed", status="unconfirmed"),
                source(server, id="waiting"),
            )
        }
        first = live.refresh(known["shop"])
        lines = standing_lines(standings(live.warehouse, known, live.missing, clock()))
        clock.pass_days(5)
        later = {one.source.id: one.state for one in standings(live.warehouse, known, live.missing, clock())}
        shop.offers = [offer | {"price": "0"} for offer in shop.offers]
        lied = live.refresh(known["shop"])
        after = {one.source.id: one for one in standings(live.warehouse, known, live.missing, clock())}
    text = "\n".join(lines)
    assert "shop     fresh        2026-11-02 06:00  2026-11-02 06:00  2026-11-02 06:00  10" in text
    assert "! locked: set SHOP_KEY" in text
    assert "! guessed: its format was never seen" in text
    assert "! waiting: run `brytpunkt refresh waiting`" in text
    assert later["shop"] == "stale"
    assert outcome_lines(first) == ["shop                    changed; gpu_offers: 10 new"]
    assert outcome_lines(lied)[:2] == [
        "shop                    REFUSED: gpu_offers",
        "  gpu_offers            last good kept (10 rows): 10 of 10 rows break the contract",
    ]
    assert (after["shop"].state, after["shop"].rows) == ("refused", 10)
    assert after["shop"].confirmed_at == datetime(2026, 11, 2, 6, tzinfo=UTC)
    days = known["shop"].stale_after_days
    told = confirmations(live.warehouse, known)
    assert told["shop"] == {
        "confirmed_on": "2026-11-02",
        "stale_after_days": days,
        "tables": {"gpu_offers": "2026-11-02"},
    }, "a refusal confirms nothing"
    assert told["waiting"]["confirmed_on"] is None


def test_history_of_a_bundled_sku_and_of_none(home: Path, tmp_path: Path) -> None:
    early = brytpunkt("history", "p5.48xlarge", cwd=tmp_path)
    assert (early.returncode, "no warehouse yet" in early.stderr) == (1, True)
    sources = brytpunkt("sources", cwd=tmp_path)
    assert sources.returncode == 0, sources.stderr
    refreshed = brytpunkt("refresh", "no-such-source", cwd=tmp_path)
    assert (refreshed.returncode, "no source has this name" in refreshed.stderr) == (2, True)
    unknown = brytpunkt("history", "p5.48xlarg", cwd=tmp_path)
    assert unknown.returncode == 2
    assert "no price of this SKU was ever seen" in unknown.stderr
