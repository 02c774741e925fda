"""Ten years of quarter-hours for fifteen zones: checked, held against other units and stored, beside a bare DuckDB load.

python -m benchmarks.energy
"""

from __future__ import annotations

import datetime as dt
import sys
import tempfile
import time
from pathlib import Path

import duckdb
import numpy as np
import polars as pl

from brytpunkt.folders import folders
from brytpunkt.landing import Landing
from brytpunkt.publishers._shared.protocol import Batch, Document, Listing
from brytpunkt.publishers._shared.series_rows import price_rows
from brytpunkt.warehouse import Warehouse, ingest
from brytpunkt.warehouse.derived_tables import refresh_derived

ZONES, FIRST_YEAR, LAST_YEAR = 15, 2016, 2025
BUDGET_S = 10.0


def quarters(document: Document) -> pl.DataFrame:
    """Rows of ``day_ahead_intervals``: every quarter of ten years in each zone, a daily wave with noise."""
    begin, end = dt.datetime(FIRST_YEAR, 1, 1, tzinfo=dt.UTC), dt.datetime(LAST_YEAR + 1, 1, 1, tzinfo=dt.UTC)
    start = pl.datetime_range(begin, end, "15m", closed="left", time_zone="UTC", time_unit="us", eager=True)
    noise = np.random.default_rng(1).normal(0, 15, (ZONES, len(start)))
    wave = 50 + 20 * np.sin(2 * np.pi * np.arange(len(start)) / 96)
    return pl.concat(
        price_rows(
            pl.DataFrame(
                {
                    "zone": [f"Z{zone:02}"] * len(start),
                    "start_utc": start,
                    "resolution_minutes": np.full(len(start), 15, dtype=np.int64),
                    "price_eur_per_mwh": np.round(wave + noise[zone], 2),
                }
            ),
            document,
            publisher="entsoe",
            source="a benchmark",
        )
        for zone in range(ZONES)
    )


def _bare(rows: pl.DataFrame, path: Path) -> None:
    with duckdb.connect(str(path)) as connection:
        connection.register("incoming", rows.to_arrow())
        connection.execute("CREATE TABLE bare AS SELECT * FROM incoming")


def report() -> list[str]:
    """Lines of the report: seconds and the ratio of the checked load to the bare one."""
    document = Document(
        "benchmark",
        "benchmark",
        Path("none"),
        "0" * 64,
        "none",
        "none",
        dt.datetime(2026, 11, 25, tzinfo=dt.UTC),
    )
    rows = quarters(document)
    with tempfile.TemporaryDirectory() as folder:
        warehouse = Warehouse(Path(folder) / "warehouse.duckdb", folders().sql)
        warehouse.migrate()
        begun = time.perf_counter()
        _bare(rows, Path(folder) / "bare.duckdb")
        bare = time.perf_counter() - begun
        begun = time.perf_counter()
        with warehouse.open() as connection:
            ingest(
                connection,
                warehouse.sql / "queries",
                Listing("entsoe", (document,)),
                [Batch("day_ahead_intervals", rows, document)],
            )
        ours = time.perf_counter() - begun
        begun = time.perf_counter()
        refresh_derived(warehouse, Landing(Path(folder) / "landing"))
        derived = time.perf_counter() - begun
    return [
        f"{rows.height:,} quarter-hours, {ZONES} zones, {LAST_YEAR - FIRST_YEAR + 1} years (budget {BUDGET_S:.0f} s on an idle machine)",
        f"  checked, held against other units, stored with history      {ours:8.2f} s",
        f"  bare DuckDB load of the same frame                          {bare:8.2f} s",
        f"  ratio ours / bare {ours / bare:.2f}",
        f"  months, shapes and findings out of the stored rows          {derived:8.2f} s",
    ]


if __name__ == "__main__":
    sys.stdout.write("\n".join(report()) + "\n")
