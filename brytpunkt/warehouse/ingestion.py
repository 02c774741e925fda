"""Ingestion: checked batches of a listing into the bitemporal tables, in one transaction."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, time
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from brytpunkt.warehouse.contracts import CONTRACTS, GUARDED_PRICES
from brytpunkt.warehouse.series import write_series
from brytpunkt.warehouse.series_contracts import SERIES
from brytpunkt.warehouse.store import transaction

if TYPE_CHECKING:
    import duckdb

    from brytpunkt.publishers.base import Batch, Listing

LARGEST_BAD_SHARE = 0.2
LARGEST_LOSS_SHARE = 0.2
LARGEST_PRICE_FACTOR = 2.0


@dataclass(frozen=True)
class TableReport:
    """What an ingestion did to one table, in rows; ``refused`` says why the batch was not taken."""

    table: str
    inserted: int = 0
    confirmed: int = 0
    withdrawn: int = 0
    quarantined: int = 0
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


@dataclass(frozen=True)
class _Checked:
    """A batch after its contract: rows to keep, rows to set aside, or the reason to refuse it as a whole."""

    batch: Batch
    kept: pl.DataFrame
    aside: pl.DataFrame
    refused: str | None


def ingest(
    connection: duckdb.DuckDBPyConnection, queries: Path, listing: Listing, batches: Iterable[Batch]
) -> IngestReport:
    """Write a complete publication: new versions in, unchanged ones confirmed, missing ones withdrawn.

    Rows that break the contract go to ``quarantine`` with the reason. A batch is refused as a whole, and the
    last good one kept, if a fifth of its rows break the contract, a fifth of the known rows are gone, or a
    median price doubled or halved. One transaction: either all of it happened or none.
    """
    batches = list(batches)
    reports = []
    with transaction(connection):
        for batch in batches:
            if batch.table not in SERIES:
                checked = _check(connection, queries, listing, batch)
                reports.append(_write(connection, queries, listing, checked))
        for table in SERIES:
            series = [batch for batch in batches if batch.table == table and batch.frame.height]
            if series:
                inserted, aside = write_series(connection, queries, listing, series)
                reports.append(TableReport(table, inserted=inserted, quarantined=aside))
        kept = sum(r.inserted + r.confirmed for r in reports)
        aside = sum(r.quarantined for r in reports)
        connection.execute(
            "INSERT INTO listings SELECT ?, ?, ?, ?, ?, ?, count(*) + 1 FROM listings",
            [listing.origin, listing.sha256, _newest_seen(batches), len(listing.documents), kept, aside],
        )
    return IngestReport(listing.origin, listing.sha256, tuple(reports))


def _seen(frame: pl.DataFrame) -> pl.Expr:
    """Bundled rows were seen when they were collected, not when this machine read them."""
    del frame
    return pl.col("retrieved_on").cast(pl.Datetime("us")).dt.replace_time_zone("UTC")


def _newest_seen(batches: list[Batch]) -> datetime:
    newest = max(batch.frame["retrieved_on"].max() for batch in batches)  # type: ignore[type-var]
    return datetime.combine(newest, time(), UTC)  # type: ignore[arg-type]


def _check(connection: duckdb.DuckDBPyConnection, queries: Path, listing: Listing, batch: Batch) -> _Checked:
    good, failure = CONTRACTS[batch.table].filter(batch.frame)
    details = failure.details()
    reasons = [name for name in details.columns if name not in batch.frame.columns]
    why = (
        pl.concat_list(
            pl.when(pl.col(name).cast(pl.String) == "invalid").then(pl.lit(name)) for name in reasons
        )
        .list.drop_nulls()
        .list.join("; ")
        if reasons
        else pl.lit("")
    )
    aside = (
        details.select(reason=why, row_json=pl.struct(batch.frame.columns).struct.json_encode())
        if details.height
        else pl.DataFrame(schema={"reason": pl.String, "row_json": pl.String})
    )
    refused = _reason_to_refuse(connection, queries, listing, batch, good)
    return _Checked(batch, good, aside, refused)


def _reason_to_refuse(
    connection: duckdb.DuckDBPyConnection, queries: Path, listing: Listing, batch: Batch, good: pl.DataFrame
) -> str | None:
    total, bad = batch.frame.height, batch.frame.height - good.height
    if total == 0:
        return "the publication has no rows"
    if bad > LARGEST_BAD_SHARE * total:
        return f"{bad} of {total} rows break the contract"
    known = _known(connection, queries, listing.origin, batch.table)
    if known.is_empty():
        return None
    if good.height < (1 - LARGEST_LOSS_SHARE) * known.height:
        return f"{known.height - good.height} of {known.height} known rows are gone"
    column = GUARDED_PRICES.get(batch.table)
    if column is None:
        return None
    before, now = (float(frame[column].cast(pl.Float64).median() or 0.0) for frame in (known, good))  # type: ignore[arg-type]
    if before > 0 and not 1 / LARGEST_PRICE_FACTOR < now / before < LARGEST_PRICE_FACTOR:
        return f"the median of {column} went from {before:g} to {now:g}"
    return None


def _known(connection: duckdb.DuckDBPyConnection, queries: Path, origin: str, table: str) -> pl.DataFrame:
    query = (queries / "current_of_origin.sql").read_text(encoding="utf-8").format(table=table)
    return connection.sql(query, params=[origin]).pl()


def _write(
    connection: duckdb.DuckDBPyConnection, queries: Path, listing: Listing, checked: _Checked
) -> TableReport:
    table, document = checked.batch.table, checked.batch.document
    seen = _newest_seen([checked.batch]) if checked.batch.frame.height else datetime.now(UTC)
    if checked.refused:
        connection.execute(
            "INSERT INTO refusals VALUES (?, ?, ?, ?, ?)",
            [listing.origin, table, checked.refused, document.sha256, seen],
        )
        return TableReport(table, refused=checked.refused)
    if checked.aside.height:
        connection.register("aside", checked.aside.to_arrow())
        connection.execute(
            "INSERT INTO quarantine SELECT ?, ?, reason, row_json, ?, ? FROM aside",
            [listing.origin, table, document.sha256, seen],
        )
        connection.unregister("aside")
    rows = checked.kept.with_columns(seen_at=_seen(checked.kept))
    connection.register("incoming_rows", rows.to_arrow())
    content = ", ".join(f"coalesce({name}::VARCHAR, '')" for name in checked.kept.columns)
    fill = {
        "table": table,
        "columns": ", ".join(checked.kept.columns),
        "content": f"sha256(concat_ws(chr(31), {content}))",
    }
    statements = (queries / "upsert.sql").read_text(encoding="utf-8").format(**fill)
    parameters = {"origin": listing.origin, "document": document.sha256, "seen": seen}
    counts = [
        _run(connection, statement, parameters) for statement in statements.split(";") if statement.strip()
    ]
    connection.unregister("incoming_rows")
    _, withdrawn, confirmed, inserted, _ = counts
    return TableReport(table, inserted, confirmed, withdrawn, checked.aside.height)


def _run(connection: duckdb.DuckDBPyConnection, statement: str, parameters: dict[str, object]) -> int:
    """Run one statement with the parameters that it names -> rows changed."""
    used = {name: value for name, value in parameters.items() if f"${name}" in statement}
    changed = connection.execute(statement, used or None).fetchall()
    return int(changed[0][0]) if changed and isinstance(changed[0][0], int) else 0
