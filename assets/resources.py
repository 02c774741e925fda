"""The resource that tells assets where the warehouse, the landing and the runs are."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import dagster as dg

from brytpunkt.folders import Folders, folders
from brytpunkt.landing import Landing
from brytpunkt.landing.fetch import OnProgress
from brytpunkt.runs.store import Run, identified_run
from brytpunkt.warehouse import Refresher, Warehouse

LIVE_VARIABLE = "BRYTPUNKT_LIVE"


class Rooms(dg.ConfigurableResource):  # type: ignore[type-arg]
    """Folders of this checkout; ``home`` moves the state, ``wait_s`` bounds the wait for the warehouse."""

    home: str | None = None
    wait_s: float = 30.0

    def folders(self) -> Folders:
        """Where things are."""
        found = folders()
        return found if self.home is None else replace(found, home=Path(self.home))

    def warehouse(self) -> Warehouse:
        """The warehouse, closed."""
        found = self.folders()
        return Warehouse(found.home / "warehouse.duckdb", found.sql, self.wait_s)

    def run(self, identity: Mapping[str, str]) -> Run:
        """The very run that was handed over."""
        return identified_run(self.folders().home, identity)

    def landing(self) -> Landing:
        """The landing store."""
        return Landing(self.folders().home / "landing")

    def refresher(self, on_progress: OnProgress = lambda _name, _bytes, _expected: None) -> Refresher:
        """Fetches live sources, with the credentials of the environment; ``on_progress`` hears of long downloads."""
        return Refresher(self.warehouse(), self.landing(), os.environ, on_progress=on_progress)

    def is_live(self) -> bool:
        """Whether sensors may contact publishers: only if the user said so."""
        return os.environ.get(LIVE_VARIABLE, "") not in {"", "0", "no", "off"}
