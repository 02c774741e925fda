"""Series in the warehouse: a publication of intervals, hours or findings, versioned by key without a digest per row.

A series is published a day, a month or a year at a time, so nothing is withdrawn for being absent.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from brytpunkt.series.findings import OF_DOCUMENTS, WHOLE_SERIES
from brytpunkt.series.market_days import hourly, market_day
from brytpunkt.series.units import unit_mistakes
from brytpunkt.tables.contracts import DIAGNOSTICS
from brytpunkt.tables.series_contracts import SERIES
from brytpunkt.warehouse.day_ahead_store import write_intervals
from brytpunkt.warehouse.table_report import TableReport

if TYPE_CHECKING:
    import duckdb

    from brytpunkt.publishers._shared.protocol import Batch, Listing

# What makes two versions of a key differ; intervals say so in their own query.
VALUES = {
    "weather_hours": ("dry_bulb_c", "relative_humidity", "wet_bulb_c", "pressure_pa"),
    "series_findings": ("detail",),
    "industrial_prices": ("eur_per_kwh",),
}
PRICES = "day_ahead_intervals"
# Who recomputes statistics and findings from the series.
DERIVED = "derived"
FINDINGS = "series_findings"
FINDING_KEY = ["series", "subject", "publisher", "day", "kind"]


def write_series(
    connection: duckdb.DuckDBPyConnection,
    queries: Path,
    listing: Listing,
    table: str,
    batches: Sequence[Batch],
    seen_at: datetime | None = None,
) -> TableReport:
    """Write the batches of one series table; refused if there were rows and every one of them was set aside.

    Rows that break the contract, and zones whose prices cannot be in EUR/MWh, go to ``quarantine`` with the
    reason. ``seen_at`` is when the publication was fetched; without it, rows were seen when they were retrieved. Runs
    inside the caller's transaction.
    """
    batches = [batch for batch in batches if batch.frame.height]
    if not batches:
        return TableReport(table)
    contract = SERIES[table]
    frame = pl.concat(
        batch.frame.with_columns(document_sha256=pl.lit(batch.document.sha256)) for batch in batches
    )
    if len(batches) > 1:
        frame = _newest(frame, contract.primary_key())
    columns = list(contract.columns())
    _, failure = contract.filter(frame.select(columns))
    reasons = ["breaks the contract: " + _counts(failure)] if len(failure) else []
    aside = _set_aside(connection, listing, table, failure.invalid(), "".join(reasons))
    kept = frame.join(failure.invalid(), on=contract.primary_key(), how="anti") if len(failure) else frame
    if table == PRICES and kept.height:
        kept, mistaken, mistakes = _without_unit_mistakes(connection, listing, kept)
        aside, reasons = aside + mistaken, reasons + mistakes
    if kept.is_empty():
        reason = f"all {aside} rows were set aside: {'; '.join(reasons)}"
        if table in DIAGNOSTICS:
            return TableReport(table, quarantined=aside)
        return _refused(connection, listing, table, aside, reason)
    inserted = _merge(connection, queries, listing, table, kept, seen_at)
    return TableReport(table, inserted=inserted, quarantined=aside)


def _refused(
    connection: duckdb.DuckDBPyConnection, listing: Listing, table: str, aside: int, reason: str
) -> TableReport:
    connection.execute(
        "INSERT INTO refusals VALUES (?, ?, ?, ?, ?)",
        [listing.origin, table, reason, listing.documents[0].sha256, _seen(listing)],
    )
    kept = connection.execute(
        f"SELECT count(*) FROM {table} WHERE origin = ? AND withdrawn_at IS NULL",  # noqa: S608 - names of a contract
        [listing.origin],
    ).fetchone()
    return TableReport(table, quarantined=aside, kept=kept[0] if kept else 0, refused=reason)


def withdraw_settled(
    connection: duckdb.DuckDBPyConnection,
    batches: Sequence[Batch],
    settled_at: datetime,
    origin: str = DERIVED,
) -> int:
    """Findings that later data of their origin settled are no longer current; they stay in history. -> how many.

    Our own are found anew from everything each time. Those of a publisher are settled by a publication that has the
    day again without them; what it said of its documents, by the next publication that does not say it.
    """
    found = [batch.frame.select(FINDING_KEY) for batch in batches if batch.table == FINDINGS]
    empty = SERIES[FINDINGS].create_empty().select(FINDING_KEY)
    connection.register("found", pl.concat([pl.DataFrame(empty), *found]).to_arrow())
    connection.register("covered", _covered(batches).to_arrow())
    settled = connection.execute(
        f"UPDATE {FINDINGS} SET withdrawn_at = $at WHERE origin = $origin AND withdrawn_at IS NULL "  # noqa: S608 - ours
        "AND (series, subject, publisher, day, kind) NOT IN (SELECT * FROM found) "
        "AND ($is_ours OR list_contains($of_documents, kind) OR list_contains($whole, series) "
        "OR (series, subject, day) IN (SELECT * FROM covered))",
        {
            "at": settled_at,
            "origin": origin,
            "is_ours": origin == DERIVED,
            "of_documents": list(OF_DOCUMENTS),
            "whole": list(WHOLE_SERIES),
        },
    ).fetchone()
    connection.unregister("found")
    connection.unregister("covered")
    return int(settled[0]) if settled else 0


def _covered(batches: Sequence[Batch]) -> pl.DataFrame:
    """Days that a publication has values of -> series, subject, day."""
    schema = {"series": pl.String, "subject": pl.String, "day": pl.Date}
    days = [pl.DataFrame(schema=schema)]
    for batch in batches:
        if batch.table == PRICES:
            days.append(batch.frame.select(series=pl.lit("day_ahead"), subject="zone", day=market_day()))
        elif batch.table == "weather_hours":
            days.append(
                batch.frame.select(
                    series=pl.lit("weather"), subject="place", day=pl.col("start_utc").dt.date()
                )
            )
    return pl.concat(days).unique()


def _newest(frame: pl.DataFrame, key: list[str]) -> pl.DataFrame:
    """Documents of a publication may overlap: the highest revision of a key counts, then the later document."""
    ordered = frame.sort("revision", maintain_order=True) if "revision" in frame.columns else frame
    return ordered.unique(key, keep="last", maintain_order=True)


def _counts(failure: object) -> str:
    counts: dict[str, int] = failure.counts()  # type: ignore[attr-defined]
    return ", ".join(f"{rule} {rows}" for rule, rows in counts.items())


def _set_aside(
    connection: duckdb.DuckDBPyConnection, listing: Listing, table: str, rows: pl.DataFrame, reason: str
) -> int:
    if rows.height:
        aside = rows.select(row_json=pl.struct(pl.all()).struct.json_encode())
        connection.register("aside", aside.to_arrow())
        connection.execute(
            "INSERT INTO quarantine SELECT ?, ?, ?, row_json, ?, ? FROM aside",
            [listing.origin, table, reason, listing.documents[0].sha256, _seen(listing)],
        )
        connection.unregister("aside")
    return rows.height


def _seen(listing: Listing) -> datetime:
    return max(document.fetched_at for document in listing.documents)


def _without_unit_mistakes(
    connection: duckdb.DuckDBPyConnection, listing: Listing, frame: pl.DataFrame
) -> tuple[pl.DataFrame, int, list[str]]:
    """The publication without the zones whose prices are in another unit than they say, how many rows that are, and why."""
    known = connection.execute(
        "SELECT zone, hour_utc_start, median(price_eur_per_mwh) AS price_eur_per_mwh FROM day_ahead_hours "
        "WHERE publisher NOT IN (SELECT unnest(?)) AND hour_utc_start BETWEEN ? AND ? GROUP BY ALL",
        [frame["publisher"].unique().to_list(), frame["start_utc"].min(), frame["start_utc"].max()],
    ).pl()
    if known.is_empty():
        # Zones are held against each other by their medians; a quarter an hour is enough for that.
        start = pl.col("start_utc")
        sample = frame.filter(start == start.dt.truncate("1h"))
        incoming = sample.select("zone", "price_eur_per_mwh", hour_utc_start=start)
    else:
        incoming = hourly(frame).group_by("zone", "hour_utc_start").agg(pl.col("price_eur_per_mwh").median())
    mistakes = unit_mistakes(incoming, known)
    aside = 0
    for zone, reason in mistakes.iter_rows():
        rows = frame.filter(pl.col("zone") == zone).drop("document_sha256")
        aside += _set_aside(connection, listing, PRICES, rows, reason)
    kept = frame.join(mistakes, on="zone", how="anti") if mistakes.height else frame
    return kept, aside, [f"{zone}: {reason}" for zone, reason in mistakes.iter_rows()]


def _merge(
    connection: duckdb.DuckDBPyConnection,
    queries: Path,
    listing: Listing,
    table: str,
    kept: pl.DataFrame,
    seen: datetime | None,
) -> int:
    contract = SERIES[table]
    key = contract.primary_key()
    retrieved = pl.col("retrieved_on").cast(pl.Datetime("us")).dt.replace_time_zone("UTC")
    seen_at = retrieved if seen is None else pl.lit(seen, dtype=pl.Datetime("us", "UTC"))
    if table == PRICES:
        return write_intervals(connection, queries, listing.origin, kept.with_columns(first_seen_at=seen_at))
    connection.register("incoming_series", kept.with_columns(seen_at=seen_at).to_arrow())
    if not _is_known(connection, listing, table, kept):
        columns = ", ".join(contract.columns())
        connection.execute(
            f"INSERT INTO {table} ({columns}, origin, document_sha256, first_seen_at) "  # noqa: S608 - names of a contract
            f"SELECT {columns}, $origin, document_sha256, seen_at FROM incoming_series",
            {"origin": listing.origin},
        )
        connection.unregister("incoming_series")
        return kept.height
    differs = " OR ".join(f"known.{name} IS DISTINCT FROM incoming.{name}" for name in VALUES[table])
    fill = {
        "table": table,
        "key": ", ".join(key),
        "columns": ", ".join(contract.columns()),
        "differs": f"({differs})",
        "same_key": " AND ".join(f"{table}.{name} = newer.{name}" for name in key),
    }
    script = (queries / "upsert_series.sql").read_text(encoding="utf-8").format(**fill)
    counts = []
    for statement in script.split(";\n"):
        if statement.strip():
            used = {"origin": listing.origin} if "$origin" in statement else None
            counts.append(connection.execute(statement, used).fetchall())
    connection.unregister("incoming_series")
    return int(counts[2][0][0])


def _is_known(
    connection: duckdb.DuckDBPyConnection, listing: Listing, table: str, kept: pl.DataFrame
) -> bool:
    """Whether the origin has rows in the span of a publication; a first load needs no comparison."""
    time = "start_utc" if "start_utc" in kept.columns else "day"
    found = connection.execute(
        f"SELECT 1 FROM {table} WHERE origin = ? AND withdrawn_at IS NULL AND {time} BETWEEN ? AND ? LIMIT 1",  # noqa: S608 - as above
        [listing.origin, kept[time].min(), kept[time].max()],
    ).fetchone()
    return found is not None


def standing(connection: duckdb.DuckDBPyConnection, table: str) -> pl.DataFrame:
    """How much of a series there is: publisher, versions, current, first, last."""
    time = "start_utc" if "start_utc" in SERIES[table].columns() else "day"
    return connection.execute(
        f"SELECT publisher, count(*) AS versions, count(*) FILTER (withdrawn_at IS NULL) AS current, "  # noqa: S608 - names of a contract
        f"min({time})::DATE AS first, max({time})::DATE AS last FROM {table} GROUP BY publisher ORDER BY publisher"
    ).pl()


def violated(connection: duckdb.DuckDBPyConnection, table: str) -> dict[str, int]:
    """Current rows outside the ranges of the contract, and keys that are there twice -> rule: rows."""
    contract = SERIES[table]
    key = ", ".join(contract.primary_key())
    tests = {"key": f"SELECT count(*) - count(DISTINCT ({key}, origin)) FROM current_rows"}  # noqa: S608 - a contract's own
    for name, column in contract.columns().items():
        for rule, sign in (("min", "<"), ("max", ">"), ("min_exclusive", "<=")):
            bound = getattr(column, rule, None)
            if isinstance(bound, int | float) and not isinstance(bound, bool):
                tests[f"{name}|{rule}"] = f"SELECT count(*) FROM current_rows WHERE {name} {sign} {bound}"  # noqa: S608 - a contract's own
    connection.execute(
        f"CREATE OR REPLACE TEMP VIEW current_rows AS SELECT * FROM {table} WHERE withdrawn_at IS NULL"  # noqa: S608 - as above
    )
    counts = {rule: int((connection.execute(query).fetchone() or (0,))[0]) for rule, query in tests.items()}
    return {rule: count for rule, count in counts.items() if count}
