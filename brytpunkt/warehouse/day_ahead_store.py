"""Day-ahead intervals in the warehouse: points, and the terms that many of them share, each kept once.

Ten years of quarter-hours are millions of points, whose publisher, currency, licence and document hardly ever change:
stored on every row, they would be most of the work of a load.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    import duckdb

POINT = ("zone", "start_utc", "resolution_minutes", "price_eur_per_mwh")
TERMS = (
    *("publisher", "native_currency", "fx_units_per_eur", "vat_rate_removed", "fill_method", "revision", "source"),
    *("retrieved_on", "licence", "confidence", "note", "origin", "document_sha256", "first_seen_at"),
)  # fmt: skip


def write_intervals(
    connection: duckdb.DuckDBPyConnection, queries: Path, origin: str, rows: pl.DataFrame
) -> int:
    """Write the intervals of a publication within the caller's transaction -> points inserted.

    ``rows``: the columns of the contract, document_sha256, first_seen_at. ``source_date`` is not stored: it is the
    market day, or the day of retrieval if that is earlier, for every interval.
    """
    points, terms = numbered(connection, queries, rows.with_columns(origin=pl.lit(origin)))
    connection.register("incoming_points", points.to_arrow())
    connection.register("numbered_terms", terms.to_arrow())
    try:
        if not _is_known(connection, origin, points):
            connection.execute(
                "INSERT INTO day_ahead_terms SELECT DISTINCT * FROM numbered_terms "
                "WHERE terms_id NOT IN (SELECT terms_id FROM day_ahead_terms)"
            )
            connection.execute("INSERT INTO day_ahead_points SELECT *, NULL FROM incoming_points")
            return points.height
        script = (queries / "upsert_day_ahead.sql").read_text(encoding="utf-8")
        counts = [
            connection.execute(statement, {"origin": origin} if "$origin" in statement else None).fetchall()
            for statement in script.split(";\n")
            if statement.strip()
        ]
        return int(counts[3][0][0])
    finally:
        connection.unregister("incoming_points")
        connection.unregister("numbered_terms")


def numbered(
    connection: duckdb.DuckDBPyConnection, queries: Path, rows: pl.DataFrame
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Rows -> points with the number of their terms, and the terms: terms_id, then ``TERMS``.

    Terms change rarely from one row to the next, so that only the rows where they do are looked at.
    """
    changed = pl.any_horizontal(pl.col(name).ne_missing(pl.col(name).shift()) for name in TERMS)
    changes = rows.select(is_first=changed | (pl.int_range(pl.len()) == 0))["is_first"]
    first = rows.filter(changes).select(TERMS).with_row_index("run")
    connection.register("incoming_terms", first.to_arrow())
    numbers = connection.sql((queries / "day_ahead_numbers.sql").read_text(encoding="utf-8")).pl()["terms_id"]
    connection.unregister("incoming_terms")
    run = changes.cum_sum().cast(pl.UInt32) - 1
    points = rows.select(POINT).with_columns(terms_id=numbers.gather(run))
    # the same terms may come in several runs, and a point is joined to its terms once
    terms = first.select(terms_id=numbers).hstack(first.drop("run"))
    return points, terms.unique("terms_id", keep="first", maintain_order=True)


def _is_known(connection: duckdb.DuckDBPyConnection, origin: str, points: pl.DataFrame) -> bool:
    """Whether the origin has points in the span of a publication; a first load needs no comparison."""
    found = connection.execute(
        "SELECT 1 FROM day_ahead_intervals WHERE origin = ? AND withdrawn_at IS NULL AND start_utc BETWEEN ? AND ? LIMIT 1",
        [origin, points["start_utc"].min(), points["start_utc"].max()],
    ).fetchone()
    return found is not None
