"""The store: a DuckDB file opened for a short while, and the migrations that shape it."""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import duckdb
import polars as pl

from brytpunkt.errors import BrytpunktError

FIRST_WAIT_S, LONGEST_WAIT_S = 0.05, 1.0
# DuckDB reports another process's lock and, within one process, a second configuration; both mean "in use".
BUSY_MESSAGES = ("Could not set lock", "different configuration", "Conflicting lock")
NAMED = re.compile(r"\$([a-z_]+)")
HISTORY = """
CREATE TABLE IF NOT EXISTS schema_migrations (
    name VARCHAR NOT NULL, sha256 VARCHAR NOT NULL, applied_at TIMESTAMPTZ NOT NULL
)
"""


class WarehouseBusyError(BrytpunktError):
    """Another process holds the warehouse longer than we wait."""


class Warehouse:
    """A DuckDB file; hold a connection only while reading or writing, never while computing."""

    def __init__(self, path: Path, sql: Path, wait_s: float = 30.0) -> None:
        """Use the file at ``path`` with the statements under ``sql``; wait ``wait_s`` for its lock. [s]"""
        self.path = path
        self.sql = sql
        self.wait_s = wait_s

    @contextmanager
    def open(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """A connection that is closed whatever happens."""
        connection = self._connect()
        try:
            harden(connection)
            yield connection
        finally:
            connection.close()

    def _connect(self) -> duckdb.DuckDBPyConnection:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        deadline = time.monotonic() + self.wait_s
        wait = FIRST_WAIT_S
        while True:
            try:
                return duckdb.connect(str(self.path))
            except (duckdb.IOException, duckdb.ConnectionException) as error:
                if not any(message in str(error) for message in BUSY_MESSAGES):
                    raise
                if time.monotonic() + wait > deadline:
                    message = (
                        f"{self.path}: another process has held the warehouse for {self.wait_s:g} s. "
                        "Wait until its run has ended, or stop it, and start again"
                    )
                    raise WarehouseBusyError(message) from error
            time.sleep(wait)
            wait = min(2 * wait, LONGEST_WAIT_S)

    def migrate(self) -> list[str]:
        """Apply the migrations that are not yet applied; returns their names."""
        with self.open() as connection:
            return migrate(connection, self.sql / "migrations")


def harden(connection: duckdb.DuckDBPyConnection) -> None:
    """No files, no network, no Python variables as tables: only what is registered by name."""
    connection.execute("SET python_enable_replacements = false")
    connection.execute("SET enable_external_access = false")
    connection.execute("SET TimeZone = 'UTC'")
    connection.execute("SET lock_configuration = true")


def table_of(connection: duckdb.DuckDBPyConnection, query: str, **values: datetime | str) -> pl.DataFrame:
    """Rows of a query with its ``$names`` filled in by us, never by a user's text.

    A relation with bound parameters takes its rows through constants, which costs eight times as much for 20,000
    rows; a relation is the one way to a frame that DuckDB 1.5 and 2.0 have in common.
    """
    filled = NAMED.sub(lambda name: _literal(values[name[1]]), query)
    return connection.sql(filled).pl()


def _literal(value: datetime | str) -> str:
    if isinstance(value, datetime):
        return f"TIMESTAMPTZ '{value.isoformat()}'"
    return "'" + value.replace("'", "''") + "'"


@contextmanager
def transaction(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """All or nothing."""
    connection.execute("BEGIN TRANSACTION")
    try:
        yield
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


def migrate(connection: duckdb.DuckDBPyConnection, folder: Path) -> list[str]:
    """Apply new migrations in the order of their names, each in one transaction.

    Raises ``BrytpunktError`` if an applied migration was changed afterwards or has gone.
    """
    connection.execute(HISTORY)
    applied = dict(connection.execute("SELECT name, sha256 FROM schema_migrations ORDER BY name").fetchall())
    scripts = {path.name: path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.sql"))}
    digests = {name: hashlib.sha256(text.encode()).hexdigest() for name, text in scripts.items()}
    changed = sorted(name for name, digest in applied.items() if digests.get(name) != digest)
    if changed:
        message = (
            f"the warehouse was made with another version of {', '.join(changed)}. Migrations are never edited: "
            "restore the file and add a new one, or move the warehouse aside to build it anew"
        )
        raise BrytpunktError(message)
    new = [name for name in scripts if name not in applied]
    for name in new:
        with transaction(connection):
            connection.execute(scripts[name])
            connection.execute("INSERT INTO schema_migrations VALUES (?, ?, now())", [name, digests[name]])
    return new
