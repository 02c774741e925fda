"""History: the prices of a SKU over time, and what changed between two days."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from brytpunkt.errors import InputError, Problem
from brytpunkt.tables.contracts import CONTRACTS, GUARDED_PRICES
from brytpunkt.warehouse.connection import table_of

if TYPE_CHECKING:
    import duckdb

# The figure of each table whose moves are told.
PRICES = GUARDED_PRICES | {
    "market_prices": "price_native_per_instance_hour",
    "server_quotes": "price_native_per_server",
    "colocation_quotes": "coalesce(price_native_per_kw_month, price_native_per_rack_month)",
    "benchmarks": "output_tokens_per_second",
    "accelerators": "price_usd",
}


def price_history(connection: duckdb.DuckDBPyConnection, queries: Path, sku: str) -> pl.DataFrame:
    """Every price seen for a SKU or a token model, the oldest first.

    -> provider, region, sku, term, origin, native_currency, price [native currency per ``per``], per, first_seen_at,
    last_seen_at, withdrawn_at. Raises ``InputError`` with similar names if there is none.
    """
    found = connection.sql(_query(queries, "price_history"), params={"sku": sku}).pl()
    if found.is_empty():
        similar = connection.execute(_query(queries, "similar_skus"), {"word": sku}).fetchall()
        names = ", ".join(str(name) for (name,) in similar)
        raise InputError(
            (Problem(sku, "no price of this SKU was ever seen", f"similar: {names}" if names else None),)
        )
    return found


def changed_between(
    connection: duckdb.DuckDBPyConnection, queries: Path, table: str, since: date, until: date
) -> pl.DataFrame:
    """What changed in a table from the end of one day to the end of another, the largest moves first.

    -> origin, the table's key, change (appeared, withdrawn, changed), price_before, price_after [as in the table],
    moved_share. Tables without a price have none.
    """
    query = _query(queries, "changed_between").format(
        table=table,
        key=", ".join(CONTRACTS[table].primary_key()),
        price=PRICES.get(table, "NULL::DOUBLE"),
    )
    return table_of(connection, query, since=_end_of(since), until=_end_of(until))


def _end_of(day: date) -> datetime:
    return datetime.combine(day + timedelta(days=1), time(), UTC)


def _query(queries: Path, name: str) -> str:
    return (queries / f"{name}.sql").read_text(encoding="utf-8")
