"""Reading: the facts as they were known on a day, and digests that tell whether they changed."""

from __future__ import annotations

import hashlib
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from brytpunkt.errors import InputError, Problem
from brytpunkt.planning.inputs.planning_inputs import Facts
from brytpunkt.series.findings import OF_DOCUMENTS
from brytpunkt.tables.contracts import CONFIDENCES, CONTRACTS, NEVER_PLANNED_WITH
from brytpunkt.warehouse.connection import table_of
from brytpunkt.warehouse.doubts import DOUBT_DAYS, key_text

if TYPE_CHECKING:
    import duckdb

    from brytpunkt.warehouse.connection import Warehouse

HISTORY_COLUMNS = ("origin", "content_sha256", "first_seen_at", "last_seen_at", "withdrawn_at")


def facts(connection: duckdb.DuckDBPyConnection, queries: Path, as_of: date | None = None) -> Facts:
    """Every table as known at the end of ``as_of``; without it, the newest day in the warehouse.

    Raises ``InputError`` if nothing was known that day.
    """
    newest = connection.execute(_query(queries, "newest_seen")).fetchone()
    if newest is None or newest[0] is None:
        raise InputError(
            (Problem("warehouse", "it holds no facts", "run `brytpunkt plan` once to load the snapshot"),)
        )
    day: date = as_of or newest[0]
    planned = [table for table in CONTRACTS if table not in NEVER_PLANNED_WITH]
    whole = {table: _with_history(connection, queries, table, day) for table in planned}
    whole["gpu_offers"] = _offers_in_force(connection, queries, whole["gpu_offers"], day)
    whole["token_prices"] = whole["token_prices"].filter(pl.col("valid_from") <= day)
    tables = {table: frame.drop(HISTORY_COLUMNS) for table, frame in whole.items()}
    if all(frame.is_empty() for frame in tables.values()):
        raise InputError(
            (
                Problem(
                    "--as-of",
                    f"nothing was known on {day}",
                    f"the newest facts were collected on {newest[0]}",
                ),
            )
        )
    vintages = _vintages(whole)
    opinions = _with_history(connection, queries, "market_prices", day)
    long = tables.pop("servers")
    connection.register("servers_as_of", long.to_arrow())
    wide = connection.sql(_query(queries, "servers_wide")).pl()
    connection.unregister("servers_as_of")
    return Facts(
        as_of=day,
        offers=tables.pop("gpu_offers"),
        servers=wide,
        vintages=vintages,
        price_findings=_price_findings(connection, queries, day),
        offers_in_doubt=_offers_in_doubt(connection, queries, whole["gpu_offers"], day),
        offer_opinions=_opinions(whole["gpu_offers"], opinions),
        **tables,
    )


def _price_findings(connection: duckdb.DuckDBPyConnection, queries: Path, day: date) -> pl.DataFrame:
    until = datetime.combine(day + timedelta(days=1), time(), UTC)
    found = table_of(connection, _query(queries, "price_findings"), until=until)
    return found.filter(~pl.col("kind").is_in(OF_DOCUMENTS))


def _offer_id() -> pl.Expr:
    return pl.concat_str("provider", "region", "sku", "term", separator="/")


def _offers_in_doubt(
    connection: duckdb.DuckDBPyConnection, queries: Path, offers: pl.DataFrame, day: date
) -> pl.DataFrame:
    """Of the offers as known, those whose source has cast doubt on them since."""
    until = datetime.combine(day + timedelta(days=1), time(), UTC)
    found = table_of(connection, _query(queries, "offers_in_doubt"), until=until)
    known = offers.select("origin", offer=_offer_id())
    return found.join(known, on=["origin", "offer"], how="semi").drop("origin").sort("offer")


def _opinions(offers: pl.DataFrame, market: pl.DataFrame) -> pl.DataFrame:
    """What others say of the price of each offer; a list with one price for every region is held against every region."""
    price = pl.col("price_native_per_instance_hour").cast(pl.Float64)
    shared = ["provider", "sku", "term", "native_currency"]
    return (
        offers.select(*shared, "region", offer=_offer_id(), list_native_per_hour=price)
        .join(
            market.select(*shared, "publisher", other_region="region", second_native_per_hour=price),
            on=shared,
        )
        .filter(
            (pl.col("region") == pl.col("other_region"))
            | (pl.col("region") == "")
            | (pl.col("other_region") == "")
        )
        .select("offer", "list_native_per_hour", "second_native_per_hour", "native_currency", "publisher")
        .sort("offer", "publisher", "second_native_per_hour")
    )


def _query(queries: Path, name: str) -> str:
    return (queries / f"{name}.sql").read_text(encoding="utf-8")


def _as_of(queries: Path, table: str) -> str:
    return _query(queries, "as_of").format(
        table=table,
        key=", ".join(CONTRACTS[table].primary_key()),
        key_text=key_text(table, "facts"),
        doubt_days=DOUBT_DAYS,
    )


def read_table(connection: duckdb.DuckDBPyConnection, queries: Path, table: str, day: date) -> pl.DataFrame:
    """One table as known at the end of a day; decimals become floats, which planning rounds at the ledger."""
    return _with_history(connection, queries, table, day).drop(HISTORY_COLUMNS)


def _with_history(
    connection: duckdb.DuckDBPyConnection, queries: Path, table: str, day: date
) -> pl.DataFrame:
    until = datetime.combine(day + timedelta(days=1), time(), UTC)
    frame = table_of(connection, _as_of(queries, table), until=until)
    return frame.with_columns(pl.col(pl.Decimal).cast(pl.Float64))


def _offers_in_force(
    connection: duckdb.DuckDBPyConnection, queries: Path, offers: pl.DataFrame, day: date
) -> pl.DataFrame:
    """Offers whose price holds on a day: one that was announced for it replaces the one before, one that ended is none."""
    announced = _with_history(connection, queries, "announced_prices", day)
    if announced.is_empty():
        return offers
    connection.register("offers_known", offers.to_arrow())
    connection.register("announced_known", announced.to_arrow())
    found = table_of(connection, _query(queries, "announced_in_force"), day=day.isoformat())
    connection.unregister("offers_known")
    connection.unregister("announced_known")
    return found.select(offers.columns).cast(offers.schema)


def _vintages(tables: dict[str, pl.DataFrame]) -> pl.DataFrame:
    """How old each source of each table is.

    ``origin`` is the declared source that brought the rows: a live one's id, or `bundled`.

    -> table, source, licence, document_sha256, origin, rows, newest_source_date, retrieved_on, lowest_confidence
    """
    rank = {word: position for position, word in enumerate(CONFIDENCES)}
    words = dict(enumerate(CONFIDENCES))
    return pl.concat(
        frame.group_by("source", "licence", "document_sha256", "origin")
        .agg(
            rows=pl.len().cast(pl.Int64),
            newest_source_date=pl.col("source_date").max(),
            retrieved_on=pl.col("retrieved_on").max(),
            lowest_confidence=pl.col("confidence").replace_strict(rank, return_dtype=pl.Int64).max(),
        )
        .select(
            pl.lit(table).alias("table"),
            pl.exclude("lowest_confidence"),
            pl.col("lowest_confidence").replace_strict(words, return_dtype=pl.String),
        )
        for table, frame in tables.items()
    ).sort("table", "source", "licence", "origin")


def content_version(frame: pl.DataFrame) -> str:
    """Digest of a table's rows, whatever their order: equal digests mean equal facts."""
    ordered = frame.select(sorted(frame.columns))
    lines = ordered.select(line=pl.struct(pl.all()).struct.json_encode())["line"].sort()
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def current_table(warehouse: Warehouse, table: str) -> pl.DataFrame:
    """One table as published now, with the types of its contract."""
    with warehouse.open() as connection:
        query = _as_of(warehouse.sql / "queries", table)
        frame = table_of(connection, query, until=datetime(9999, 1, 1, tzinfo=UTC))
    return frame.select(list(CONTRACTS[table].columns()))
