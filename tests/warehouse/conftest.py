"""A small snapshot: two tables as aligned text, and the rest of the bundled tables cut to what is needed."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from brytpunkt.folders import folders
from brytpunkt.landing import Landing
from brytpunkt.warehouse import IngestReport, Refresher, Warehouse, refresh_bundled
from tests.conftest import Bundled
from tests.live.server import Server
from tests.live.vendor import Clock, Shop, refresher

Edit = Callable[[str], str]


class Snapshot:
    """A copy of the bundled snapshot that a test may change, and a warehouse of its own."""

    def __init__(self, root: Path, bundled: Bundled) -> None:
        """Copy the snapshot under ``root``."""
        self.bundled, self.is_edited = bundled, False
        self.data = root / "data"
        shutil.copytree(folders().data, self.data)
        self.warehouse = Warehouse(root / "home" / "warehouse.duckdb", folders().sql, wait_s=0.2)
        self.landing = Landing(root / "home" / "landing")

    def edit(self, table: str, change: Edit) -> None:
        """Change one table's text."""
        self.is_edited = True
        path = self.data / f"{table}.csv"
        path.write_text(change(path.read_text(encoding="utf-8")), encoding="utf-8")

    def refresh(self) -> IngestReport:
        """Bring the warehouse up to the snapshot; what is bundled has been taken in before, by the same call."""
        if not self.is_edited and not self.warehouse.path.exists():
            self.bundled.copied_to(self.warehouse.path.parent)
            return self.bundled.report
        return refresh_bundled(self.warehouse, self.landing, self.data)

    def rows(self, query: str) -> list[tuple[object, ...]]:
        """Rows of a query."""
        with self.warehouse.open() as connection:
            return connection.execute(query).fetchall()


@pytest.fixture
def snapshot(tmp_path: Path, bundled: Bundled) -> Snapshot:
    """A snapshot of the test's own."""
    return Snapshot(tmp_path, bundled)


@pytest.fixture
def shop() -> Shop:
    """A shop with ten offers on three pages."""
    return Shop()


@pytest.fixture
def server(shop: Shop) -> Iterator[Server]:
    """The shop's server."""
    with Server(shop.reply) as found:
        yield found


@pytest.fixture
def clock() -> Clock:
    """A clock that stands until a test moves it."""
    return Clock()


@pytest.fixture
def live(tmp_path: Path, clock: Clock) -> Refresher:
    """A refresher on a warehouse of its own."""
    return refresher(tmp_path / "home", clock)
