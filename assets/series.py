"""Series: one asset for each table of intervals, hours and findings, checked in the store, and the derivation from them.

The tables are too long to be read whole: size, versions and checks are computed where they lie.
"""

from __future__ import annotations

import hashlib
from datetime import date

import dagster as dg
import polars as pl

from assets.automation import on_changed_data
from assets.resources import Rooms
from assets.source_assets import LIVE_SOURCES, feeding
from assets.sources import TROUBLES, bundled_snapshot, inbox
from assets.tables import DERIVED
from assets.taken import refusal_lines, refused_now, taken_result, taken_spec, taken_table
from brytpunkt.reporting.charts.sparklines import sparkline
from brytpunkt.tables.contracts import Column, columns_of
from brytpunkt.tables.series_contracts import SERIES
from brytpunkt.warehouse.as_of import current_table
from brytpunkt.warehouse.derived_tables import refresh_derived
from brytpunkt.warehouse.series_store import standing, violated

MONTHS_SHOWN = 24
FINDINGS_SHOWN = 30


def series_key(table: str) -> dg.AssetKey:
    """Asset key of a series."""
    return dg.AssetKey(["series", table])


def _schema(found: list[Column]) -> dg.TableSchema:
    return dg.TableSchema(
        columns=[
            dg.TableColumn(
                name=column.name,
                type=column.dtype,
                description=f"{column.description} [{column.unit}]" if column.unit else column.description,
                constraints=dg.TableColumnConstraints(nullable=column.is_nullable),
            )
            for column in found
        ]
    )


def build_series_asset(table: str) -> dg.AssetsDefinition:
    """The asset of one series; its data version changes when a version is added or withdrawn."""

    @dg.asset(
        key=series_key(table),
        group_name="series",
        deps=[inbox, *feeding(LIVE_SOURCES, table)],
        automation_condition=on_changed_data(needs_all=False),
        code_version="1",
        kinds={"duckdb"},
        description=(SERIES[table].__doc__ or table).strip(),
        metadata={"dagster/column_schema": _schema(columns_of(SERIES[table]))},
    )
    def series(rooms: Rooms) -> dg.MaterializeResult:  # type: ignore[type-arg]
        warehouse = rooms.warehouse()
        warehouse.migrate()
        with warehouse.open() as connection:
            rows = standing(connection, table)
        version = hashlib.sha256(repr(rows.rows()).encode()).hexdigest()
        listed = "\n".join(
            f"| {row['publisher']} | {row['versions']:,} | {row['current']:,} | {row['first']} | {row['last']} |"
            for row in rows.iter_rows(named=True)
        )
        head = "| publisher | versions | current | from | to |\n|---|---|---|---|---|\n"
        return dg.MaterializeResult(
            data_version=dg.DataVersion(version),
            metadata={
                "dagster/row_count": int(rows["current"].sum()),
                "publishers": dg.MetadataValue.md(head + listed if listed else "no live source yet"),
            },
        )

    return series


def build_series_check(table: str) -> dg.AssetChecksDefinition:
    """Blocks the derivation when current rows break a range of the contract or a key is there twice."""

    @dg.asset_check(asset=series_key(table), name="contract", blocking=True)
    def contract(rooms: Rooms) -> dg.AssetCheckResult:
        with rooms.warehouse().open() as connection:
            broken = violated(connection, table)
        return dg.AssetCheckResult(passed=not broken, metadata={"broken": dg.MetadataValue.json(broken)})

    return contract


@dg.asset(
    key=DERIVED,
    group_name="series",
    deps=[bundled_snapshot, *(series_key(table) for table in SERIES if table != "series_findings")],
    automation_condition=on_changed_data(needs_all=False),
    code_version="2",
    kinds={"polars", "duckdb"},
    description="Months, shapes and climate that planning reads, recomputed from the series; what no series covers stays bundled.",
    check_specs=[taken_spec(DERIVED)],
)
def derived(rooms: Rooms) -> dg.MaterializeResult:  # type: ignore[type-arg]
    """Recompute the derived tables; shows each zone's months, what was filled, and what was found odd."""
    warehouse = rooms.warehouse()
    warehouse.migrate()
    done = refresh_derived(warehouse, rooms.landing())
    refused = refused_now(warehouse, done.report.origin)
    with warehouse.open() as connection:
        months = connection.execute(
            "SELECT zone, month, mean_eur_per_mwh, coverage_share FROM day_ahead_monthly "
            "WHERE withdrawn_at IS NULL QUALIFY row_number() OVER "
            "(PARTITION BY zone, month ORDER BY first_seen_at DESC, content_sha256) = 1 ORDER BY zone, month"
        ).pl()
    odd = done.findings.head(FINDINGS_SHOWN) if done.findings.width else done.findings
    listed = "\n".join(f"- {' · '.join(map(str, row[1:6]))}" for row in odd.iter_rows())
    filled = "\n".join(f"- {' · '.join(map(str, row))}" for row in done.filled.iter_rows())
    return dg.MaterializeResult(
        data_version=dg.DataVersion(done.report.listing_sha256 or "none"),
        metadata={
            "zones": dg.MetadataValue.md(small_multiples(months)),
            "places": dg.MetadataValue.md(climate_multiples(current_table(warehouse, "climate_hours"))),
            "findings": dg.MetadataValue.md(listed or "nothing odd"),
            "findings_total": done.findings.height,
            "hours_filled": dg.MetadataValue.md(filled or "none"),
            "rows_inserted": sum(t.inserted for t in done.report.tables),
            "tables": taken_table(done.report.tables, "as before"),
            TROUBLES: dg.MetadataValue.json(refusal_lines("derived from series", refused)),
        },
        check_results=[taken_result(DERIVED, refused)],
    )


def small_multiples(months: pl.DataFrame) -> str:
    """A line of each zone's last two years as a Markdown table that a person would look at."""
    lines = [
        "| zone | last 24 months | lowest | highest | last [EUR/MWh] | to |",
        "|---|---|---|---|---|---|",
    ]
    for (zone,), frame in months.sort("zone", "month").group_by("zone", maintain_order=True):
        recent = frame.tail(MONTHS_SHOWN)
        values = recent["mean_eur_per_mwh"].to_list()
        until: date = recent["month"][-1]
        lines.append(
            f"| {zone} | {sparkline(values)} | {min(values):.0f} | {max(values):.0f} | {values[-1]:.0f} | {until:%Y-%m} |"
        )
    return "\n".join(lines)


def climate_multiples(cells: pl.DataFrame) -> str:
    """A line of each place's twelve months as a Markdown table: what planning takes its weather for."""
    lines = [
        "| place | January to December | coldest | warmest [degC] | hottest hours, 95 % | wet bulb then |",
        "|---|---|---|---|---|---|",
    ]
    for (place,), frame in cells.sort("place", "month_of_year").group_by("place", maintain_order=True):
        months = frame.group_by("month_of_year", maintain_order=True).agg(pl.col("dry_bulb_mean_c").mean())
        means = months["dry_bulb_mean_c"].to_list()
        high, wet = max(frame["dry_bulb_p95_c"].to_list()), max(frame["wet_bulb_p95_c"].to_list())
        lines.append(
            f"| {place} | {sparkline(means)} | {min(means):.0f} | {max(means):.0f} | {high:.0f} | {wet:.0f} |"
        )
    return "\n".join(lines)


@dg.asset_check(asset=derived, name="publishers_agree", blocking=False)
def publishers_agree(rooms: Rooms) -> dg.AssetCheckResult:
    """Warns where two publishers of the same hour are more than a euro apart; the spread is a view of the store."""
    with rooms.warehouse().open() as connection:
        apart = connection.execute(
            "SELECT zone, count(*), max(spread_eur_per_mwh) FROM day_ahead_spread "
            "WHERE publishers > 1 AND spread_eur_per_mwh > 1 GROUP BY zone ORDER BY zone"
        ).fetchall()
    said = {zone: {"hours": hours, "widest_eur_per_mwh": round(widest, 2)} for zone, hours, widest in apart}
    return dg.AssetCheckResult(
        passed=not said, severity=dg.AssetCheckSeverity.WARN, metadata={"zones": dg.MetadataValue.json(said)}
    )


SERIES_ASSETS = [*(build_series_asset(table) for table in SERIES), derived]
SERIES_CHECKS = [*(build_series_check(table) for table in SERIES), publishers_agree]
