"""Doubts: keys that a publication speaks of and that could not be taken; their last good versions stay, marked.

Belongs here: which stored rows a doubt is about, how long they may be planned with, and the record of doubts. It is the same
whoever doubts: a publisher that cannot read a price, the contract, or a guard. Does not belong here: what makes a row doubtful.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from brytpunkt.tables.contracts import CONTRACTS
from brytpunkt.warehouse.connection import table_of

if TYPE_CHECKING:
    import duckdb

    from brytpunkt.publishers._shared.protocol import Batch

# A last good version in doubt is planned with for so long after it was last confirmed; then the next best source counts.
DOUBT_DAYS = 30
WHY = "why_aside"
UNREADABLE = "the publication speaks of it, and what it says cannot be taken as it stands"
# What is doubtful of the one is doubtful of the other: an announced price belongs to its offer.
BELONGS_TO = {"announced_prices": "gpu_offers"}


def key_text(table: str, alias: str = "") -> str:
    """SQL of a row's key as one text."""
    prefix = f"{alias}." if alias else ""
    parts = ", ".join(f"{prefix}{name}::VARCHAR" for name in CONTRACTS[table].primary_key())
    return f"concat_ws(chr(31), {parts})"


def patterns(table: str, batches: Iterable[Batch]) -> list[pl.DataFrame]:
    """What publishers say is doubtful of a table: frames of columns of its key, where a null stands for any value."""
    wanted = {table, BELONGS_TO.get(table, table)}
    return [
        batch.doubtful for batch in batches
        if batch.table in wanted and batch.doubtful is not None and batch.doubtful.height
    ]  # fmt: skip


def published_in_doubt(
    connection: duckdb.DuckDBPyConnection,
    queries: Path,
    origin: str,
    table: str,
    doubtful: Iterable[pl.DataFrame],
    read: pl.DataFrame,
) -> pl.DataFrame:
    """Published keys that fit a pattern and were not read all the same (``read``) -> the table's key, last_seen_at."""
    key = CONTRACTS[table].primary_key()
    query = (queries / "published_keys.sql").read_text(encoding="utf-8")
    known = table_of(connection, query.format(table=table, key=", ".join(key)), origin=origin)
    known = known.join(read.select(key), on=key, how="anti") if read.height else known
    return known.filter(fits(known.select(key), doubtful)) if known.height else known


def fits(rows: pl.DataFrame, doubtful: Iterable[pl.DataFrame]) -> pl.Series:
    """Whether each row fits a pattern; a column that a pattern does not have, or a null in it, is any value."""
    text = rows.select(pl.all().cast(pl.String)).with_row_index("row")
    found = pl.Series([False] * rows.height, dtype=pl.Boolean)
    for frame in doubtful:
        names = [name for name in frame.columns if name in rows.columns]
        named = frame.select(pl.col(name).cast(pl.String) for name in names).unique()
        stated = pl.concat_list(pl.col(name).is_not_null() for name in names)
        for (mask,), same in named.with_columns(stated=stated).group_by("stated"):
            on = [name for name, is_stated in zip(names, mask, strict=True) if is_stated]
            if not on:
                return pl.Series([True] * rows.height, dtype=pl.Boolean)
            hit = text.join(same.select(on).unique(), on=on, how="semi")["row"]
            found = found | text["row"].is_in(hit.implode())
    return found


def keep_doubts(
    connection: duckdb.DuckDBPyConnection, queries: Path, table: str, parameters: dict[str, object]
) -> None:
    """Bring the record of doubts up to a publication, before its rows are written; within the caller's transaction.

    Registered must be ``doubtful_keys`` and ``incoming_rows``.
    """
    script = (queries / "keep_doubts.sql").read_text(encoding="utf-8")
    filled = script.format(table=table, key_text=key_text(table))
    for statement in filled.split(";\n"):
        if statement.strip():
            named = {**parameters, "table_name": table}
            used = {name: value for name, value in named.items() if f"${name}" in statement}
            connection.execute(statement, used)
