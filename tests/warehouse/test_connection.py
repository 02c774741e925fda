"""The store: locks, closed doors, and the same statements on DuckLake."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import duckdb
import polars as pl
import pytest
from duckdb_extensions import import_extension

from brytpunkt.folders import folders
from brytpunkt.publishers import curated
from brytpunkt.publishers._shared.source import read_source
from brytpunkt.warehouse import Warehouse, WarehouseBusyError, facts, ingest
from brytpunkt.warehouse.bundled import _arrival
from brytpunkt.warehouse.connection import migrate
from tests.warehouse.conftest import Snapshot

HOLD = """
import duckdb, sys
connection = duckdb.connect(sys.argv[1])
print("held", flush=True)
sys.stdin.readline()
"""


def test_migrations_are_applied_once(tmp_path: Path) -> None:
    warehouse = Warehouse(tmp_path / "w.duckdb", folders().sql)
    assert warehouse.migrate() == sorted(path.name for path in (folders().sql / "migrations").glob("*.sql"))
    assert warehouse.migrate() == []


def test_another_process_with_the_lock_is_a_clear_message(tmp_path: Path) -> None:
    path = tmp_path / "w.duckdb"
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(WarehouseBusyError, match=r"has held the warehouse for 0\.2 s"):
            Warehouse(path, folders().sql, wait_s=0.2).migrate()
        holder.communicate("\n")
    assert Warehouse(path, folders().sql, wait_s=5).migrate()


def test_another_configuration_in_this_process_counts_as_busy(tmp_path: Path) -> None:
    path = tmp_path / "w.duckdb"
    Warehouse(path, folders().sql).migrate()
    with duckdb.connect(str(path), read_only=True), pytest.raises(WarehouseBusyError):
        Warehouse(path, folders().sql, wait_s=0.2).migrate()


def test_the_connection_is_closed_after_an_error(tmp_path: Path) -> None:
    warehouse = Warehouse(tmp_path / "w.duckdb", folders().sql)
    with pytest.raises(ZeroDivisionError), warehouse.open():
        raise ZeroDivisionError
    with duckdb.connect(str(warehouse.path), read_only=True) as connection:
        assert connection.execute("SELECT 1").fetchall() == [(1,)]


@pytest.mark.parametrize(
    "statement",
    ["SELECT * FROM read_csv('/etc/passwd')", "SELECT * FROM stranger", "SET memory_limit = '1GB'"],
)
def test_statements_reach_no_files_no_variables_and_no_settings(tmp_path: Path, statement: str) -> None:
    stranger = pl.DataFrame({"x": [1]})
    with Warehouse(tmp_path / "w.duckdb", folders().sql).open() as connection, pytest.raises(duckdb.Error):
        connection.execute(statement).fetchall()
    assert stranger.height == 1


def test_migrations_ingestion_and_reading_run_on_ducklake(tmp_path: Path, snapshot: Snapshot) -> None:
    import_extension("ducklake")
    source = read_source(snapshot.data / "sources" / "curated.yaml")
    listing = snapshot.landing.land(
        source.id, (_arrival(source, snapshot.data / name) for name in source.documents)
    )
    queries = folders().sql / "queries"
    with duckdb.connect() as connection:
        connection.execute("LOAD ducklake")
        connection.execute(
            f"ATTACH 'ducklake:{tmp_path}/lake.ducklake' AS lake (DATA_PATH '{tmp_path}/lake')"
        )
        connection.execute("USE lake")
        connection.execute("SET TimeZone = 'UTC'")
        migrate(connection, folders().sql / "migrations")
        first = ingest(connection, queries, listing, list(curated.parse(listing)))
        again = ingest(connection, queries, listing, list(curated.parse(listing)))
        lake = facts(connection, queries)
    assert first.is_changed
    assert not again.is_changed
    snapshot.refresh()
    with snapshot.warehouse.open() as connection:
        file = facts(connection, queries)
    assert lake.offers.equals(file.offers)
    assert lake.servers.equals(file.servers)
