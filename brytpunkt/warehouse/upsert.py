"""Ingestion: checked batches of a listing into the bitemporal tables, in one transaction."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dataframely as dy
import polars as pl

from brytpunkt.tables.contracts import CONTRACTS, DIAGNOSTICS
from brytpunkt.tables.series_contracts import SERIES
from brytpunkt.warehouse.checks.guards import doubts, reason_to_refuse, without_repeats, without_spot_noise
from brytpunkt.warehouse.checks.leaps import LEAPS, leaps
from brytpunkt.warehouse.connection import table_of, transaction
from brytpunkt.warehouse.doubts import UNREADABLE, keep_doubts, key_text, patterns, published_in_doubt
from brytpunkt.warehouse.row_digest import content_columns
from brytpunkt.warehouse.series_store import DERIVED, FINDINGS, withdraw_settled, write_series
from brytpunkt.warehouse.table_report import IngestReport, TableReport
from brytpunkt.warehouse.table_status import last_confirmed, tables_known

if TYPE_CHECKING:
    import duckdb

    from brytpunkt.publishers._shared.protocol import Batch, Listing

FAR_PAST, FAR_FUTURE = datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 1, 1, tzinfo=UTC)
NO_ASIDE = {"reason": pl.String, "row_json": pl.String, "document_sha256": pl.String}
# Why a row is set aside, beside the columns of its table; remarks have a column ``reason`` of their own.
WHY_ASIDE = "why_aside"


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
    """All rows of a listing for one table after their checks: to keep, to set aside, or the reason to refuse them.

    ``doubtful_keys``: of what was set aside, and of published rows that the publication speaks of and that could not be
    read, of which there are ``unread``; with why_aside.
    """

    table: str
    kept: pl.DataFrame
    aside: pl.DataFrame
    seen: datetime
    refused: str | None
    document: str
    doubtful_keys: pl.DataFrame
    published: int
    unread: int


@dataclass(frozen=True)
class _Known:
    """What is published of a table by its source: ``again`` are the versions of the keys that came.

    ``published`` counts all of them, ``listed`` those that the last good publication had (None if there was none), and
    ``gone`` those of ``listed`` that did not come again.
    """

    again: pl.DataFrame
    published: int
    listed: int | None
    gone: int
    since: datetime


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
    last good ones kept, if a fifth of them break the contract, a fifth of those in the last good publication are gone
    from a complete one, a median price doubled or halved, or nothing was read and all that is known is in doubt. What a
    publisher calls doubtful leaves its last good version in place, too, and is not gone. Other tables of the same publication are taken: the report
    says so table by table. A complete publication also speaks of tables that it once had and now lacks, and every
    publication of its remarks: those that it no longer makes are withdrawn.
    """
    tables: dict[str, list[Batch]] = {}
    for batch in batches:
        tables.setdefault(batch.table, []).append(batch)
    for table in tables_known(connection, listing.origin):
        if _speaks_of(listing, table):
            tables.setdefault(table, [])
    seen = policy.seen_at or newest_seen(batches)
    reports = [
        _take(connection, queries, listing, table, parts, policy, seen, patterns(table, batches))
        for table, parts in tables.items()
    ]
    settled = withdraw_settled(connection, batches, seen, listing.origin)
    told = tuple(_with_settled(report, settled) for report in reports if report is not None)
    kept = sum(r.inserted + r.confirmed for r in told)
    aside = sum(r.quarantined for r in told)
    connection.execute(
        "INSERT INTO listings SELECT ?, ?, ?, ?, ?, ?, count(*) + 1 FROM listings",
        [listing.origin, listing.sha256, seen, len(listing.documents), kept, aside],
    )
    return IngestReport(listing.origin, listing.sha256, told)


def _speaks_of(listing: Listing, table: str) -> bool:
    """Whether a table that is absent from a publication is told by that to be empty; a series never is."""
    return table == FINDINGS or (table in CONTRACTS and (listing.is_complete or table in DIAGNOSTICS))


def _with_settled(report: TableReport, settled: int) -> TableReport:
    return replace(report, withdrawn=settled) if report.table == FINDINGS else report


def _take(
    connection: duckdb.DuckDBPyConnection,
    queries: Path,
    listing: Listing,
    table: str,
    parts: list[Batch],
    policy: Policy,
    seen: datetime,
    doubtful: list[pl.DataFrame],
) -> TableReport | None:
    """One table of a publication; None for one that is absent and of which nothing is published."""
    if table in SERIES:
        report = write_series(connection, queries, listing, table, parts, policy.seen_at)
        return report if parts or table == FINDINGS else None
    checked = _check(connection, queries, listing, table, parts, policy, seen, doubtful)
    return _write(connection, queries, listing, checked, policy) if parts or checked.published else None


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
    seen: datetime,
    doubtful: list[pl.DataFrame],
) -> _Checked:
    contract = CONTRACTS[table]
    if policy.seen_at is None and parts:
        seen = newest_seen(parts)
    nothing = pl.DataFrame(contract.create_empty()).with_columns(document_sha256=pl.lit("", pl.String))
    rows = pl.concat(
        [part.frame.with_columns(document_sha256=pl.lit(part.document.sha256)) for part in parts] or [nothing]
    )
    if policy.seen_at is not None:
        rows = without_repeats(table, rows, policy.seen_at.date())
    known = _known(connection, queries, listing, table, rows, policy)
    if policy.seen_at is not None:
        rows = without_spot_noise(table, rows, known.again, policy.spot_tolerance_share)
    passed, failure = _with_document(table).filter(rows)
    broken = _broken(table, failure.details())
    good = pl.DataFrame(passed)
    reasons = pl.Series([None] * good.height, dtype=pl.String)
    if policy.seen_at is not None and not policy.is_accepted:
        reasons = doubts(table, good, known.again)
    if (
        table in LEAPS
        and not policy.is_accepted
        and (policy.seen_at is not None or listing.origin == DERIVED)
    ):
        published = _published(connection, listing.origin, table)
        far = leaps(table, good, published) if published.height else reasons
        reasons = pl.select(reason=pl.coalesce(reasons, far))["reason"]
    guarded = good.with_columns(reasons.alias(WHY_ASIDE)).filter(pl.col(WHY_ASIDE).is_not_null())
    good = good.filter(reasons.is_null())
    named = pl.concat([broken, guarded.select(broken.columns)])
    key = contract.primary_key()
    unread = (
        published_in_doubt(connection, queries, listing.origin, table, doubtful, rows)
        if doubtful
        else rows.select(key).clear()
    )
    gone = known.gone
    if gone and unread.height:
        gone -= unread.filter(pl.col("last_seen_at") >= known.since).height
    refused = None
    if not policy.is_accepted:
        refused = reason_to_refuse(
            table, rows.height, good, known.again, known.listed, gone, doubtful=unread.height
        )
    unread_keys = unread.select(*key, pl.lit(UNREADABLE).alias(WHY_ASIDE))
    return _Checked(
        table,
        good,
        _aside(table, named),
        seen,
        refused,
        (parts[0].document if parts else listing.documents[0]).sha256,
        pl.concat([named.select(*key, WHY_ASIDE), unread_keys], how="vertical_relaxed"),
        known.published,
        unread.height,
    )


def _published(connection: duckdb.DuckDBPyConnection, origin: str, table: str) -> pl.DataFrame:
    query = f"SELECT * FROM {table} WHERE origin = $origin AND withdrawn_at IS NULL"  # noqa: S608 - a table of ours
    return table_of(connection, query, origin=origin)


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


def _known(
    connection: duckdb.DuckDBPyConnection,
    queries: Path,
    listing: Listing,
    table: str,
    rows: pl.DataFrame,
    policy: Policy,
) -> _Known:
    """What is published of a table by its source, held against the rows that came.

    Rows that were missing already are not gone once more: a live source is held against its last good publication.
    """
    key = CONTRACTS[table].primary_key()
    connection.register("incoming_keys", rows.select(key).to_arrow())
    query = (queries / "current_of_origin.sql").read_text(encoding="utf-8")
    again = table_of(connection, query.format(table=table, key_text=key_text(table)), origin=listing.origin)
    connection.unregister("incoming_keys")
    before = last_confirmed(connection, queries, listing.origin, table).published_at
    since = before if policy.seen_at is not None and before is not None else FAR_PAST
    counted = connection.execute(
        f"SELECT count(*), count(*) FILTER (last_seen_at >= ?) FROM {table} "  # noqa: S608 - a table of ours
        "WHERE origin = ? AND withdrawn_at IS NULL",
        [since, listing.origin],
    ).fetchone()
    published, listed = counted or (0, 0)
    came = again.filter(pl.col("last_seen_at") >= since).height
    return _Known(
        again,
        published,
        None if before is None and not published else listed,
        listed - came if listing.is_complete else 0,
        since,
    )


def _write(
    connection: duckdb.DuckDBPyConnection, queries: Path, listing: Listing, checked: _Checked, policy: Policy
) -> TableReport:
    table, seen = checked.table, checked.seen
    if checked.refused:
        connection.execute(
            "INSERT INTO refusals VALUES (?, ?, ?, ?, ?)",
            [listing.origin, table, checked.refused, checked.document, seen],
        )
        return TableReport(table, kept=checked.published, refused=checked.refused)
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
        "key_text": key_text(table),
        "content": f"sha256(concat_ws(chr(31), {content}))",
    }
    statements = (queries / "upsert.sql").read_text(encoding="utf-8").format(**fill)
    # What is said of a publication holds for that one: no remark of an older one lasts because lists flap.
    is_whole = listing.is_complete or table in DIAGNOSTICS
    days = 0 if table in DIAGNOSTICS else policy.withdraw_after_days
    confirmed = last_confirmed(connection, queries, listing.origin, table)
    parameters = {
        "origin": listing.origin,
        "seen": seen,
        "is_complete": is_whole,
        "missing_since": seen - timedelta(days=days) if days else FAR_FUTURE,
        "published_at": confirmed.published_at or FAR_FUTURE,
        "confirmed_at": confirmed.confirmed_at or seen,
    }
    keep_doubts(connection, queries, table, parameters)
    counts = [
        _run(connection, statement, parameters) for statement in statements.split(";\n") if statement.strip()
    ]
    connection.unregister("incoming_rows")
    connection.unregister("doubtful_keys")
    _, kept, withdrawn, again, inserted, _ = counts
    missing = 0
    if policy.seen_at is not None and is_whole:
        found = connection.execute(
            f"SELECT count(*) FROM {table} WHERE origin = ? AND withdrawn_at IS NULL AND last_seen_at < ?",  # noqa: S608
            [listing.origin, seen],
        ).fetchone()
        missing = int(found[0]) if found else 0
    return TableReport(table, inserted, again, withdrawn, checked.aside.height, kept, missing)


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
