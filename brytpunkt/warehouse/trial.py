"""Trials: documents read with a source's publisher and held against every check, in a warehouse that is thrown away.

Belongs here: what became of each row, as one object. Does not belong here: how it is shown (the command line), and any rule of
its own: a trial goes through the door that a refresh goes through.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

from brytpunkt.errors import BrytpunktError, InputError, Problem
from brytpunkt.landing.given import read_given
from brytpunkt.landing.store import Arrival, Landing
from brytpunkt.publishers._shared.protocol import Batch, Document, Listing
from brytpunkt.publishers._shared.source import Source
from brytpunkt.publishers.find import FindPublisher, publisher
from brytpunkt.series.findings import day_ahead_findings
from brytpunkt.series.weather import weather_findings
from brytpunkt.tables.contracts import CONTRACTS
from brytpunkt.tables.series_contracts import SERIES
from brytpunkt.warehouse.connection import Warehouse, table_of
from brytpunkt.warehouse.doubts import key_text
from brytpunkt.warehouse.inbox import BYTES_PER_MEGABYTE, MEDIA_TYPES
from brytpunkt.warehouse.upsert import Policy, ingest

REMARKS, FINDINGS, COMING = "source_remarks", "series_findings", "announced_prices"
HEAD_BYTES = 4096
# What a source is held against beside its rows: when each table was last taken in, and what is in doubt.
HISTORY = ("publications", "publication_tables", "doubts")
NOT_READ = "something in the documents is not in the form that is known"


@dataclass
class Trial:
    """What became of the documents: ``rows`` as the tables would have them (with ``table``), and everything else by reason."""

    rows: list[dict[str, Any]] = field(default_factory=list)
    left_out: list[dict[str, Any]] = field(default_factory=list)
    remarks: list[dict[str, Any]] = field(default_factory=list)
    refused: list[dict[str, Any]] = field(default_factory=list)
    tables: tuple[str, ...] = ()

    @property
    def taken(self) -> int:
        """How many rows the tables would have."""
        return len(self.rows)


def try_documents(
    source: Source,
    paths: Sequence[Path],
    sql: Path,
    known: Path,
    at: datetime,
    find: FindPublisher = publisher,
) -> Trial:
    """Read files as one publication of a source, fetched ``at``; nothing is kept.

    ``known`` is the user's warehouse: what it holds of the source is what the publication is held against; it is only read,
    and need not exist. Raises ``InputError`` for files that cannot be tried at all.
    """
    module = find(source.publisher)
    arrivals = list(_arrivals(source, paths, getattr(module, "named", None), at))
    trial = Trial()
    trial.remarks += [
        {"document": one.name, "reason": f"{path.name} is read under this name, which says what it is of"}
        for path, one in zip(paths, arrivals, strict=True)
        if one.name != path.name
    ]
    with tempfile.TemporaryDirectory() as folder:
        landing, warehouse = Landing(Path(folder) / "landing"), Warehouse(Path(folder) / "trial.duckdb", sql)
        listing = landing.land(source.id, arrivals, is_complete=not source.is_window)
        batches = _parsed(module.parse, listing, trial)
        _account(listing, trial)
        if batches:
            warehouse.migrate()
            with warehouse.open() as connection:
                _remember(connection, known, source.id, {batch.table for batch in batches})
                _take(connection, sql / "queries", source, listing, batches, at, trial)
    return trial


def _arrivals(
    source: Source, paths: Iterable[Path], named: Callable[..., str] | None, at: datetime
) -> Iterator[Arrival]:
    problems: list[Problem] = []
    largest = int(source.max_megabytes * BYTES_PER_MEGABYTE)
    for number, path in enumerate(paths, 1):
        try:
            body, _ = read_given(path, largest, source.id)
        except InputError as error:
            problems += error.problems
            continue
        name = named(source, path.name, number, body[:HEAD_BYTES]) if named else path.name
        media = MEDIA_TYPES.get(path.suffix.lower(), "application/octet-stream")
        yield Arrival(name, f"file:{path.name}", body, media, source.licence, at)
    if problems:
        raise InputError(tuple(problems))


def _parsed(parse: Callable[[Listing], Iterator[Batch]], listing: Listing, trial: Trial) -> list[Batch]:
    try:
        return list(parse(listing))
    except InputError as error:
        trial.refused += [
            {"document": one.where, "reason": one.message, "what_to_do": one.suggestion}
            for one in error.problems
        ]
    except BrytpunktError as error:
        trial.refused.append({"document": _names(listing), "reason": str(error)})
    except Exception:  # noqa: BLE001 - a parser that trips over a document has met one that it does not know
        trial.refused.append({"document": _names(listing), "reason": NOT_READ})
    return []


def _names(listing: Listing) -> str:
    return ", ".join(document.name for document in listing.documents)


def _account(listing: Listing, trial: Trial) -> None:
    for account in listing.accounts:
        trial.left_out += [
            {"document": account.name, "reason": reason, "rows": rows}
            for reason, rows in sorted(account.left_out.items())
        ]
        trial.remarks += [
            {"document": account.name, "place": place, "reason": reason}
            for place, reason in sorted(account.remarked.items(), key=lambda one: (len(one[0]), one[0]))
        ]
        trial.refused += [
            {"document": account.name, "place": place, "reason": reason}
            for place, reason in account.refused.items()
        ]


def _remember(connection: duckdb.DuckDBPyConnection, known: Path, origin: str, tables: set[str]) -> None:
    """What the user's warehouse holds of the source, copied; nothing where there is none or its form is another."""
    if not known.exists():
        return
    try:
        with duckdb.connect(str(known), read_only=True) as old:
            old.execute("SET TimeZone = 'UTC'")
            for table in (*sorted(tables & set(CONTRACTS)), *HISTORY):
                held = table_of(old, f"SELECT * FROM {table} WHERE origin = $origin", origin=origin)  # noqa: S608 - ours
                connection.register("held", held.to_arrow())
                connection.execute(f"INSERT INTO {table} SELECT * FROM held")  # noqa: S608 - a table of ours
                connection.unregister("held")
    except duckdb.Error as error:
        message = (
            f"{known}: it cannot be read now; wait until no other command runs, or run `brytpunkt plan` once"
        )
        raise BrytpunktError(message) from error


def _take(
    connection: duckdb.DuckDBPyConnection,
    queries: Path,
    source: Source,
    listing: Listing,
    batches: list[Batch],
    at: datetime,
    trial: Trial,
) -> None:
    policy = Policy(
        at, withdraw_after_days=source.withdraw_after_days, spot_tolerance_share=source.spot_tolerance_share
    )
    report = ingest(connection, queries, listing, batches, policy)
    named = {document.sha256: document for document in listing.documents}
    for one in report.tables:
        if one.refused:
            trial.refused.append({"table": one.table, "reason": one.refused})
    trial.refused += _quarantined(connection, source.id, at, named)
    refused = {one.table for one in report.refused_tables}
    for table in sorted({batch.table for batch in batches}):
        rows = _rows(connection, source.id, table, at) if table not in refused else []
        if table == REMARKS:
            trial.remarks += [
                {name: row[name] for name in ("kind", "name", "reason", "occurrences")} for row in rows
            ]
        elif table == FINDINGS:
            trial.remarks += [_finding(row) for row in rows]
        else:
            trial.rows += [{"table": table} | row for row in rows]
    trial.rows = _without_what_ends(trial.rows)
    trial.tables = tuple(sorted({row["table"] for row in trial.rows}))
    found = [
        find(series).sort("day", "kind")
        for table, find in (("day_ahead_intervals", day_ahead_findings), ("weather_hours", weather_findings))
        if (series := _series(batches, table)) is not None
    ]
    said = {(one.get("subject"), one.get("day"), one.get("kind")) for one in trial.remarks}
    derived = [_finding(row) for frame in found for row in frame.iter_rows(named=True)]
    trial.remarks += [one for one in derived if (one["subject"], one["day"], one["kind"]) not in said]


def _finding(row: dict[str, Any]) -> dict[str, Any]:
    return {name: _plain(row[name]) for name in ("series", "subject", "day", "kind")} | {
        "reason": row["detail"]
    }


def _series(batches: list[Batch], table: str) -> pl.DataFrame | None:
    frames = [batch.frame for batch in batches if batch.table == table and batch.frame.height]
    return pl.concat(frames, how="diagonal_relaxed") if frames else None


def _quarantined(
    connection: duckdb.DuckDBPyConnection, origin: str, at: datetime, named: dict[str, Document]
) -> Iterator[dict[str, Any]]:
    found = connection.execute(
        "SELECT table_name, reason, row_json, document_sha256 FROM quarantine WHERE origin = ? AND seen_at = ? ORDER BY ALL",
        [origin, at],
    ).fetchall()
    for table, reason, row, sha256 in found:
        document = named[sha256].name if sha256 in named else ""
        yield {"document": document, "table": table, "reason": reason, "quarantined": json.loads(row)}


def _rows(
    connection: duckdb.DuckDBPyConnection, origin: str, table: str, at: datetime
) -> list[dict[str, Any]]:
    """Rows of a table that the publication brought or confirmed, in the columns of its contract."""
    columns = ", ".join((CONTRACTS | SERIES)[table].columns())
    query = f"SELECT {columns} FROM {table} WHERE origin = $origin AND withdrawn_at IS NULL"  # noqa: S608 - a contract's own
    if table in CONTRACTS:
        in_doubt = "SELECT key_text FROM doubts WHERE table_name = $table AND settled_at IS NULL"
        query += f" AND last_seen_at >= $at AND {key_text(table)} NOT IN ({in_doubt})"
    frame = table_of(connection, f"{query} ORDER BY ALL", origin=origin, at=at, table=table)
    return [{name: _plain(value) for name, value in row.items()} for row in frame.iter_rows(named=True)]


def _plain(value: Any) -> Any:
    """A value as JSON has it."""
    if value is None or isinstance(value, str | int | float | bool):
        return value
    return value.isoformat() if hasattr(value, "isoformat") else float(value)


def _without_what_ends(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Announced prices that hold already are rows of the offers, too, and count once."""
    key = ("provider", "region", "sku", "term", "valid_from")
    held = {tuple(row[name] for name in key) for row in rows if row["table"] == "gpu_offers"}
    return [row for row in rows if row["table"] != COMING or tuple(row[name] for name in key) not in held]
