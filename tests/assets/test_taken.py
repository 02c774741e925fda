"""What was refused of bundled tables, downloaded files and derived tables: a warning of the asset, and a line for the terminal."""

from __future__ import annotations

import datetime as dt
import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import dagster as dg
import pytest

from assets.resources import Rooms
from assets.series import derived
from assets.sources import bundled_snapshot, inbox
from assets.tables import DERIVED
from brytpunkt.folders import Folders, folders
from pipelines.materialise import troubles
from tests.conftest import Bundled
from tests.publishers.electricity import documents as native

DAY = dt.date(2026, 3, 27)


class EditedRooms(Rooms):
    """Rooms whose bundled tables a test may edit."""

    data: str

    def folders(self) -> Folders:
        """The checkout with other bundled tables."""
        return replace(super().folders(), data=Path(self.data))


class World:
    """Bundled tables, an inbox, and an instance."""

    def __init__(self, root: Path, instance: dg.DagsterInstance) -> None:
        """Keep all of it under ``root``."""
        self.home, self.data, self.instance = root / "home", root / "data", instance
        shutil.copytree(folders().data, self.data)

    def run(self) -> dict[str, bool]:
        """Take everything in; -> whether the check of each asset passed."""
        result = dg.materialize(
            [bundled_snapshot, inbox, derived],
            instance=self.instance,
            resources={"rooms": EditedRooms(home=str(self.home), wait_s=1, data=str(self.data))},
            run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
        )
        assert result.success
        return {one.asset_key.to_user_string(): one.passed for one in result.get_asset_check_evaluations()}

    def download(self, day: dt.date, price: float | None = None) -> None:
        """A file of Nord Pool, at its own prices or at one that no hour ever had."""
        file = native.nord_pool(day, 60) | {"areaAverages": []}
        for entry in file["multiAreaEntries"]:
            entry["entryPerArea"]["SE3"] = price or entry["entryPerArea"]["SE3"]
        folder = self.home / "inbox" / "nord-pool"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "day.json").write_text(json.dumps(file), encoding="utf-8")


@pytest.fixture
def world(tmp_path: Path, bundled: Bundled) -> Iterator[World]:
    bundled.copied_to(tmp_path / "home")
    with dg.DagsterInstance.local_temp(str(tmp_path)) as instance:
        yield World(tmp_path, instance)


def test_what_is_refused_is_told_until_it_is_mended(world: World) -> None:
    passed = world.run()
    assert passed == {"bundled_snapshot": True, DERIVED.to_user_string(): True}
    assert troubles(world.instance) == []

    places = world.data / "places.csv"
    good = places.read_text(encoding="utf-8")
    head, *lines = good.splitlines(keepends=True)
    places.write_text(head + "".join(lines[: len(lines) // 2]), encoding="utf-8")
    world.download(DAY, price=-9_000.0)
    for _ in range(2):
        assert world.run()["bundled_snapshot"] is False
        [bundle, download] = troubles(world.instance)
        assert bundle.startswith("bundled tables: places refused, last good kept: ")
        assert bundle.endswith("known rows are gone")
        assert download.startswith(
            "inbox/nord-pool: day_ahead_intervals refused, nothing was taken yet: all 24 rows"
        )

    places.write_text(good, encoding="utf-8")
    world.download(DAY)
    assert world.run()["bundled_snapshot"] is True
    assert troubles(world.instance) == []
