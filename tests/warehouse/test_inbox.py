"""The inbox: downloaded files become current prices, once, and a bad file spoils only its own folder."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import pytest

from brytpunkt.folders import folders
from brytpunkt.landing import Landing
from brytpunkt.warehouse import Warehouse
from brytpunkt.warehouse.inbox import Taken, take_inbox
from tests.publishers.electricity import documents as native

DAY = dt.date(2026, 3, 29)


class Inbox:
    """A warehouse and an inbox of the test's own."""

    def __init__(self, root: Path) -> None:
        """Keep both under ``root``."""
        self.folder = root / "inbox"
        self.warehouse = Warehouse(root / "w.duckdb", folders().sql, wait_s=0.2)
        self.landing = Landing(root / "landing")
        self.warehouse.migrate()

    def put(self, source: str, name: str, content: object) -> None:
        """A file in the folder of a source."""
        path = self.folder / source / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(content), encoding="utf-8")

    def take(self) -> list[Taken]:
        """Take everything in."""
        return take_inbox(self.warehouse, self.landing, folders().data, self.folder)

    def current(self) -> object:
        """Current intervals."""
        query = "SELECT count(*) FROM day_ahead_intervals WHERE withdrawn_at IS NULL"
        with self.warehouse.open() as connection:
            return connection.execute(query).fetchall()[0][0]


@pytest.fixture
def inbox(tmp_path: Path) -> Inbox:
    return Inbox(tmp_path)


def test_files_are_taken_in_once_and_again_when_one_joins(inbox: Inbox) -> None:
    inbox.put("nord-pool", "a.json", native.nord_pool(DAY, 15))
    [taken] = inbox.take()
    assert taken.report is not None
    assert taken.report.tables[0].inserted == 92
    assert inbox.take()[0].report is not None
    assert inbox.current() == 92
    inbox.put("nord-pool", "b.json", native.nord_pool(DAY + dt.timedelta(days=1), 15))
    inbox.take()
    assert inbox.current() == 92 + 96


def test_a_bad_file_and_an_unknown_folder_are_told_and_spoil_nothing_else(inbox: Inbox) -> None:
    inbox.put("energy-charts", "SE4_x.json", {"unit": "ct/kWh"})
    inbox.put("nordpol", "a.json", {})
    inbox.put("nord-pool", "a.json", native.nord_pool(DAY, 15))
    said = {taken.source: taken.error for taken in inbox.take()}
    assert "SE4_x.json: prices of SE4 are in ct/kWh" in str(said["energy-charts"])
    assert "no declared source is named nordpol" in str(said["nordpol"])
    assert said["nord-pool"] is None
    assert inbox.current() == 92


def test_without_an_inbox_nothing_happens(inbox: Inbox) -> None:
    assert inbox.take() == []
