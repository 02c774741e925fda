"""Ingestion: checked batches of a listing into the bitemporal tables, in one transaction."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dataframely as dy
import polars as pl

from brytpunkt.tables.contracts import CONTRACTS
from brytpunkt.tables.series_contracts import SERIES
from brytpunkt.warehouse.checks.guards import doubts, reason_to_refuse, without_repeats, without_spot_noise
from brytpunkt.warehouse.connection import table_of, transaction
from brytpunkt.warehouse.row_digest import content_columns
from brytpunkt.warehouse.series_store import write_series

if TYPE_CHECKING:
    import duckdb

    from brytpunkt.publishers._shared.protocol import Batch, Listing

FAR_FUTURE = datetime(9999, 1, 1, tzinfo=UTC)
NO_ASIDE = {"reason": pl.String, "row_json": pl.String, "document_sha256": pl.String}
# Why a row is set aside, beside the columns of its table; remarks have a column ``reason`` of their own.
WHY_ASIDE = "why_aside"


@dataclass(frozen=True)
class TableReport:
    """What an ingestion did to one table, in rows; ``refused`` says why the batch was not taken.

    ``missing`` rows were not published this time, and stay until they have been missing for longer than lists flap.
    """

    table: str
    inserted: int = 0
    confirmed: int = 0
    withdrawn: int = 0
    quarantined: int = 0
    missing: int = 0
    refused: str | None = None


@dataclass(frozen=True)
class IngestReport:
    """What an ingestion did; empty when the listing was known already."""

    origin: str
    listing_sha256: str
    tables: tuple[TableReport, ...] = ()

    @property
    def is_changed(self) -> bool:
        """Whether anything was inserted or withdrawn."""
        return any(t.inserted or t.withdrawn for t in self.tables)

    @property
    def refused(self) -> str | None:
        """Why batches were refused, if any was."""
        return "; ".join(f"{t.table}: {t.refused}" for t in self.tables if t.refused) or None


@dataclass(frozen=True)
class Policy:
    """How a source is taken in.

    ``seen_at`` is when its publication was fetched; None for the bundled snapshot, whose rows say themselves when they
    were collected. ``is_accepted``: a person has looked, and the guards are silent.
    """

    seen_at: datetime | None = None
    is_accepted: bool = False
    withdraw_after_days: int = 0
    spot_tolerance_share: float = 0.0


@dataclass(frozen=True)
class _Checked:
    """All rows of a listing for one table after their checks: to keep, to set aside, or the reason to refuse them."""

    table: str
    kept: pl.DataFrame
    aside: pl.DataFrame
    seen: datetime
    refused: str | None
    documents: tuple[str, ...]
    doubtful_keys: pl.DataFrame


def ingest(
    connection: duckdb.DuckDBPyConnection,
    queries: Path,
    listing: Listing,
    batches: Iterable[Batch],
    policy: Policy | None = None,
) -> IngestReport:
    """Write a publication in one transaction: either all of it happened or none; see ``write_listing``."""
    with transaction(connection):
        return write_listing(connection, queries, listing, list(batches), policy or Policy())


def write_listing(
    connection: duckdb.DuckDBPyConnection,
    queries: Path,
    listing: Listing,
    batches: list[Batch],
    policy: Policy,
) -> IngestReport:
    """Within a transaction: new versions in, unchanged ones confirmed, superseded and missing ones withdrawn.

    All batches for a table are taken together. Rows that break the contract, or that the guards doubt, go to
    ``quarantine`` with the reason, and their last good version stays. A table's rows are refused as a whole, and the
    last good ones kept, if a fifth of them break the contract, a fifth of the known ones are gone from a complete
    publication, or a median price doubled or halved.
    """
    tables: dict[str, list[Batch]] = {}
    for batch in batches:
        tables.setdefault(batch.table, []).append(batch)
    seen = policy.seen_at or newest_seen(batches)
    reports = []
    for table, parts in tables.items():
        if table in SERIES:
            inserted, set_aside = write_series(connection, queries, listing, parts, policy.seen_at)
            reports.append(TableReport(table, inserted=inserted, quarantined=set_aside))
            continue
        checked = _check(connection, queries, listing, table, parts, policy)
        reports.append(_write(connection, queries, listing, checked, policy))
    kept = sum(r.inserted + r.confirmed for r in reports)
    aside = sum(r.quarantined for r in reports)
    connection.execute(
        "INSERT INTO listings SELECT ?, ?, ?, ?, ?, ?, count(*) + 1 FROM listings",
        [listing.origin, listing.sha256, seen, len(listing.documents), kept, aside],
    )
    return IngestReport(listing.origin, listing.sha256, tuple(reports))


def newest_seen(batches: Iterable[Batch]) -> datetime:
    """The newest day on which a row was collected; without any row, when the documents were fetched."""
    batches = list(batches)
    days = [batch.frame["retrieved_on"].max() for batch in batches if batch.frame.height]
    if not days:
        return max(batch.document.fetched_at for batch in batches)
    return datetime.combine(max(days), time(), UTC)  # type: ignore[type-var,arg-type]


def _check(
    connection: duckdb.DuckDBPyConnection,
    queries: Path,
    listing: Listing,
    table: str,
    parts: list[Batch],
    policy: Policy,
) -> _Checked:
    contract = CONTRACTS[table]
    seen = policy.seen_at or newest_seen(parts)
    rows = pl.concat(
        [part.frame.with_columns(document_sha256=pl.lit(part.document.sha256)) for part in parts]
    )
    documents = tuple(dict.fromkeys(part.document.sha256 for part in parts))
    if policy.seen_at is not None:
        rows = without_repeats(table, rows, policy.seen_at.date())
    known, known_rows = _known(connection, queries, listing.origin, table, rows)
    if policy.seen_at is not None:
        rows = without_spot_noise(table, rows, known, policy.spot_tolerance_share)
    passed, failure = _with_document(table).filter(rows)
    broken = _broken(table, failure.details())
    good = pl.DataFrame(passed)
    reasons = pl.Series([None] * good.height, dtype=pl.String)
    if policy.seen_at is not None and not policy.is_accepted:
        reasons = doubts(table, good, known)
    doubtful = good.with_columns(reasons.alias(WHY_ASIDE)).filter(pl.col(WHY_ASIDE).is_not_null())
    good = good.filter(reasons.is_null())
    named = pl.concat([broken, doubtful.select(broken.columns)])
    refused = (
        None
        if policy.is_accepted
        else reason_to_refuse(table, rows.height, good, known, known_rows, is_complete=listing.is_complete)
    )
    keys = named.select(contract.primary_key())
    return _Checked(table, good, _aside(table, named), seen, refused, documents, keys)


@cache
def _with_document(table: str) -> type[dy.Schema]:
    """The contract of a table with the document that each row came from."""
    contract = CONTRACTS[table]
    make: Any = type(contract)
    made: type[dy.Schema] = make(f"{contract.__name__}Read", (contract,), {"document_sha256": dy.String()})
    return made


def _broken(table: str, details: pl.DataFrame) -> pl.DataFrame:
    """Rows that break the contract -> its columns, document_sha256, and as ``why_aside`` the rules that they break."""
    names = [*CONTRACTS[table].columns(), "document_sha256"]
    rules = [name for name in details.columns if name not in names]
    if not rules:
        return details.select(*names, pl.lit("").alias(WHY_ASIDE)).clear()
    why = pl.concat_list(
        pl.when(pl.col(name).cast(pl.String) == "invalid").then(pl.lit(name)) for name in rules
    )
    return details.select(*names, why.list.drop_nulls().list.join("; ").alias(WHY_ASIDE))


def _aside(table: str, rows: pl.DataFrame) -> pl.DataFrame:
    if rows.is_empty():
        return pl.DataFrame(schema=NO_ASIDE)
    return rows.select(
        pl.col(WHY_ASIDE).alias("reason"),
        pl.struct(list(CONTRACTS[table].columns())).struct.json_encode().alias("row_json"),
        "document_sha256",
    )


def _key_sql(table: str) -> str:
    parts = ", ".join(f"{name}::VARCHAR" for name in CONTRACTS[table].primary_key())
    return f"concat_ws(chr(31), {parts})"


def _known(
    connection: duckdb.DuckDBPyConnection, queries: Path, origin: str, table: str, rows: pl.DataFrame
) -> tuple[pl.DataFrame, int]:
    """The published rows of an origin whose keys come again, and how many are published in all."""
    total = connection.execute(
        f"SELECT count(*) FROM {table} WHERE origin = ? AND withdrawn_at IS NULL",  # noqa: S608 - a table of ours
        [origin],
    ).fetchone()
    known_rows = int(total[0]) if total else 0
    key = CONTRACTS[table].primary_key()
    connection.register("incoming_keys", rows.select(key).to_arrow())
    query = (queries / "current_of_origin.sql").read_text(encoding="utf-8")
    known = table_of(connection, query.format(table=table, key_text=_key_sql(table)), origin=origin)
    connection.unregister("incoming_keys")
    return known, known_rows


def _write(
    connection: duckdb.DuckDBPyConnection, queries: Path, listing: Listing, checked: _Checked, policy: Policy
) -> TableReport:
    table, seen = checked.table, checked.seen
    if checked.refused:
        connection.execute(
            "INSERT INTO refusals VALUES (?, ?, ?, ?, ?)",
            [listing.origin, table, checked.refused, checked.documents[0], seen],
        )
        return TableReport(table, refused=checked.refused)
    if checked.aside.height:
        connection.register("aside", checked.aside.to_arrow())
        connection.execute(
            "INSERT INTO quarantine SELECT ?, ?, reason, row_json, document_sha256, ? FROM aside",
            [listing.origin, table, seen],
        )
        connection.unregister("aside")
    rows = checked.kept.with_columns(seen_at=_seen(policy))
    connection.register("incoming_rows", rows.to_arrow())
    connection.register("doubtful_keys", checked.doubtful_keys.to_arrow())
    names = list(CONTRACTS[table].columns())
    said = names if policy.seen_at is None else content_columns(table)
    content = ", ".join(f"coalesce({name}::VARCHAR, '')" for name in said)
    fill = {
        "table": table,
        "columns": ", ".join(names),
        "key_text": _key_sql(table),
        "content": f"sha256(concat_ws(chr(31), {content}))",
    }
    statements = (queries / "upsert.sql").read_text(encoding="utf-8").format(**fill)
    days = policy.withdraw_after_days
    confirmed = last_confirmed(connection, queries, listing.origin)
    parameters = {
        "origin": listing.origin,
        "seen": seen,
        "is_complete": listing.is_complete,
        "missing_since": seen - timedelta(days=days) if days else FAR_FUTURE,
        "published_at": confirmed.published_at or FAR_FUTURE,
        "confirmed_at": confirmed.confirmed_at or seen,
    }
    counts = [
        _run(connection, statement, parameters) for statement in statements.split(";\n") if statement.strip()
    ]
    connection.unregister("incoming_rows")
    connection.unregister("doubtful_keys")
    _, _, withdrawn, again, inserted, _ = counts
    missing = 0
    if policy.seen_at is not None and listing.is_complete:
        found = connection.execute(
            f"SELECT count(*) FROM {table} WHERE origin = ? AND withdrawn_at IS NULL AND last_seen_at < ?",  # noqa: S608
            [listing.origin, seen],
        ).fetchone()
        missing = int(found[0]) if found else 0
    return TableReport(table, inserted, again, withdrawn, checked.aside.height, missing)


@dataclass(frozen=True)
class Confirmed:
    """When a source last published what was taken in, when it was last confirmed, and the rows missing since."""

    published_at: datetime | None
    confirmed_at: datetime | None
    rows_missing: int


def last_confirmed(connection: duckdb.DuckDBPyConnection, queries: Path, origin: str) -> Confirmed:
    """The standing of a source in the warehouse."""
    query = (queries / "last_confirmed.sql").read_text(encoding="utf-8")
    found = connection.execute(query, {"origin": origin}).fetchone()
    return Confirmed(*found) if found else Confirmed(None, None, 0)


def withdraw_missing(
    connection: duckdb.DuckDBPyConnection, queries: Path, origin: str, seen: datetime, days: int
) -> tuple[int, int]:
    """Withdraw rows that have been missing for ``days``; -> rows withdrawn, rows still missing."""
    standing = last_confirmed(connection, queries, origin)
    if not standing.rows_missing or standing.published_at is None:
        return 0, 0
    query = (queries / "withdraw_missing.sql").read_text(encoding="utf-8")
    parameters = {
        "origin": origin,
        "seen": seen,
        "published_at": standing.published_at,
        "missing_since": seen - timedelta(days=days),
    }
    withdrawn = sum(_run(connection, query.format(table=table), parameters) for table in CONTRACTS)
    return withdrawn, standing.rows_missing - withdrawn


def _seen(policy: Policy) -> pl.Expr:
    """Bundled rows were seen when they were collected, live ones when their publication was fetched."""
    moment = pl.col("retrieved_on") if policy.seen_at is None else pl.lit(policy.seen_at)
    naive = moment.cast(pl.Datetime("us")) if policy.seen_at is None else moment.dt.replace_time_zone(None)
    return naive.cast(pl.Datetime("us")).dt.replace_time_zone("UTC")


def _run(connection: duckdb.DuckDBPyConnection, statement: str, parameters: dict[str, object]) -> int:
    """Run one statement with the parameters that it names -> rows changed."""
    used = {name: value for name, value in parameters.items() if f"${name}" in statement}
    changed = connection.execute(statement, used or None).fetchall()
    return int(changed[0][0]) if changed and isinstance(changed[0][0], int) else 0
