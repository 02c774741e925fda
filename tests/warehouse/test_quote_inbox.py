"""The quote inbox in the warehouse: taken in, known again, withdrawn when taken out, refused with its place."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from brytpunkt.errors import InputError
from brytpunkt.warehouse import IngestReport, facts, refresh_quotes
from tests.publishers.quotes.test_quotes import COLOCATION, SERVERS
from tests.warehouse.conftest import Snapshot


@pytest.fixture
def inbox(snapshot: Snapshot, tmp_path: Path) -> Path:
    """An empty inbox beside a warehouse with the bundled tables."""
    snapshot.refresh()
    folder = tmp_path / "home" / "quotes"
    folder.mkdir()
    return folder


def refresh(snapshot: Snapshot, inbox: Path) -> IngestReport:
    """Take the inbox in."""
    return refresh_quotes(snapshot.warehouse, snapshot.landing, inbox)


def standing(snapshot: Snapshot) -> list[tuple[object, ...]]:
    """Quotes that are in force."""
    return snapshot.rows(
        "SELECT quote, server FROM server_quotes WHERE withdrawn_at IS NULL "
        "UNION ALL SELECT quote, country FROM colocation_quotes WHERE withdrawn_at IS NULL ORDER BY ALL"
    )


def test_quotes_reach_planning_and_are_known_again(snapshot: Snapshot, inbox: Path) -> None:
    (inbox / "servers.csv").write_text(SERVERS, encoding="utf-8")
    (inbox / "halls.csv").write_text(COLOCATION, encoding="utf-8")
    assert refresh(snapshot, inbox).is_changed
    assert standing(snapshot) == [
        ("H1", "NO"),
        ("Q-2026-17", "dgx_b200"),
        ("Q-2026-17", "dgx_h100"),
        ("R1", "SE"),
    ]
    assert not refresh(snapshot, inbox).is_changed
    with snapshot.warehouse.open() as connection:
        known = facts(connection, snapshot.warehouse.sql / "queries")
    assert known.server_quotes.height == 2
    assert known.colocation_quotes["price_native_per_kw_month"].drop_nulls().to_list() == [1450.0]
    assert "own quote, confidential" in known.vintages["licence"].to_list()


def test_a_quote_that_is_taken_out_is_withdrawn(snapshot: Snapshot, inbox: Path) -> None:
    (inbox / "servers.csv").write_text(SERVERS, encoding="utf-8")
    (inbox / "halls.csv").write_text(COLOCATION, encoding="utf-8")
    refresh(snapshot, inbox)
    (inbox / "halls.csv").unlink()
    refresh(snapshot, inbox)
    assert [server for _, server in standing(snapshot)] == ["dgx_b200", "dgx_h100"]
    (inbox / "servers.csv").unlink()
    refresh(snapshot, inbox)
    assert standing(snapshot) == []
    (inbox / "servers.csv").write_text(SERVERS, encoding="utf-8")
    refresh(snapshot, inbox)
    assert [server for _, server in standing(snapshot)] == ["dgx_b200", "dgx_h100"]


def test_a_mistake_leaves_what_was_known(snapshot: Snapshot, inbox: Path) -> None:
    (inbox / "servers.csv").write_text(SERVERS, encoding="utf-8")
    refresh(snapshot, inbox)
    for body, message in (
        (SERVERS.replace("EUR", "XXX"), r"servers\.csv, row 2, column currency"),
        (SERVERS.replace("dgx_h100", "dgx_h900"), r"servers\.csv: the catalog has no server 'dgx_h900'"),
    ):
        (inbox / "servers.csv").write_text(body, encoding="utf-8")
        with pytest.raises(InputError, match=message):
            refresh(snapshot, inbox)
        assert len(standing(snapshot)) == 2


def test_an_inbox_that_is_not_there_is_empty(snapshot: Snapshot, inbox: Path) -> None:
    inbox.rmdir()
    assert not refresh(snapshot, inbox).is_changed


@pytest.mark.parametrize("kind", ["pipe", "folder"])
def test_what_is_no_file_is_refused_at_once_and_the_quotes_stay(
    snapshot: Snapshot, inbox: Path, kind: str
) -> None:
    (inbox / "servers.csv").write_text(SERVERS, encoding="utf-8")
    refresh(snapshot, inbox)
    before = standing(snapshot)
    odd = inbox / "offer.xlsx"
    if kind == "pipe":
        os.mkfifo(odd)
    else:
        odd.mkdir()
    with pytest.raises(InputError, match=r"offer\.xlsx: it is no file"):
        refresh(snapshot, inbox)
    assert standing(snapshot) == before
