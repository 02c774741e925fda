"""Walking a site into a warehouse of the test's own: the refresher, what it left in every table, and where no key may be."""

from __future__ import annotations

from pathlib import Path

import zstandard

from brytpunkt.folders import folders
from brytpunkt.landing import Landing
from brytpunkt.tables.contracts import CONTRACTS
from brytpunkt.tables.series_contracts import SERIES
from brytpunkt.warehouse import Refresher, Warehouse
from tests.live.native import Site
from tests.live.vendor import QUICK, Clock, find


def live(site: Site, home: Path, clock: Clock) -> Refresher:
    """A refresher with the environment that the site's declaration needs."""
    return Refresher(
        Warehouse(home / "warehouse.duckdb", folders().sql, wait_s=1), Landing(home / "landing"),
        site.environment(), find=find, now=clock, patience=QUICK,
    )  # fmt: skip


def versions(warehouse: Warehouse, source: str) -> dict[str, tuple[int, int]]:
    """Versions and withdrawn versions of each table of a source."""
    with warehouse.open() as connection:
        counted = {
            table: connection.execute(
                f"SELECT count(*), count(withdrawn_at) FROM {table} WHERE origin = ?",  # noqa: S608
                [source],
            ).fetchall()[0]
            for table in (*CONTRACTS, *SERIES)
        }
    return {table: (rows, gone) for table, (rows, gone) in counted.items() if rows}


def is_nowhere(secret: str, home: Path) -> None:
    """No file of the state holds a credential, landed bytes unpacked."""
    forms = [secret.encode(), secret.replace("/", "%2F").replace("+", "%2B").encode()]
    for path in (path for path in home.rglob("*") if path.is_file()):
        raw = path.read_bytes()
        if path.suffix == ".zst":
            raw = zstandard.ZstdDecompressor().stream_reader(raw).read()
        assert not any(form in raw for form in forms), path.name
