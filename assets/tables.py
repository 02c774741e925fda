"""Facts: one asset for each table of the warehouse, with its columns, its size and the checks of its rows."""

from collections.abc import Sequence

import dagster as dg
import polars as pl

from assets.automation import on_changed_data
from assets.quotes import quote_inbox
from assets.resources import Rooms
from assets.source_assets import LIVE_SOURCES, feeding
from assets.sources import bundled_snapshot
from brytpunkt.publishers._shared.source import Source
from brytpunkt.tables.contracts import CONTRACTS, MAY_BE_EMPTY, columns
from brytpunkt.warehouse import content_version
from brytpunkt.warehouse.as_of import current_table
from brytpunkt.warehouse.checks.guards import SEEN_COLUMNS
from brytpunkt.warehouse.checks.invariants import CHECKS as INTEGRITY
from brytpunkt.warehouse.checks.invariants import broken
from brytpunkt.warehouse.derived_tables import TABLES as DERIVED_TABLES

# The tables that a live series refreshes.
DERIVED = dg.AssetKey(["series", "derived"])
QUOTE_TABLES = ("server_quotes", "colocation_quotes")


def fact_key(table: str) -> dg.AssetKey:
    """Asset key of a table."""
    return dg.AssetKey(["facts", table])


def table_schema(table: str) -> dg.TableSchema:
    """Columns with type, unit and description, from the contract."""
    return dg.TableSchema(
        columns=[
            dg.TableColumn(
                name=column.name,
                type=column.dtype,
                description=f"{column.description} [{column.unit}]" if column.unit else column.description,
                constraints=dg.TableColumnConstraints(nullable=column.is_nullable),
            )
            for column in columns(table)
        ]
    )


def violations(table: str, frame: pl.DataFrame) -> dict[str, int]:
    """Rows that break the contract of a table, by rule; a decimal read back as a float is made one again."""
    contract = CONTRACTS[table]
    typed = frame.select(pl.col(name).cast(column.dtype) for name, column in contract.columns().items())
    _, failure = contract.filter(typed)
    return failure.counts()


def build_fact_asset(table: str, sources: Sequence[Source] = LIVE_SOURCES) -> dg.AssetsDefinition:
    """The asset of one table: its data version is a digest of what its current rows say, not of when it was read.

    The rows that are read are those that are checked: a broken contract, or a bundled table without rows, blocks planning;
    an invariant that holds whoever published the rows, and is broken, is a warning.
    """
    specs = [
        dg.AssetCheckSpec(
            "contract", asset=fact_key(table), blocking=True, description="Rows keep to the contract."
        )
    ]
    if table in INTEGRITY:
        specs.append(
            dg.AssetCheckSpec(
                "integrity", asset=fact_key(table), description="What holds over many rows, holds."
            )
        )

    @dg.asset(
        key=fact_key(table),
        group_name="facts",
        deps=[
            bundled_snapshot,
            *feeding(sources, table),
            *([DERIVED] if table in DERIVED_TABLES else []),
            *([quote_inbox] if table in QUOTE_TABLES else []),
        ],
        automation_condition=on_changed_data(needs_all=False),
        code_version="1",
        kinds={"duckdb", "polars"},
        description=(CONTRACTS[table].__doc__ or table).strip(),
        metadata={"dagster/column_schema": table_schema(table)},
        check_specs=specs,
    )
    def fact(rooms: Rooms) -> dg.MaterializeResult:  # type: ignore[type-arg]
        frame = current_table(rooms.warehouse(), table)
        vintage = (
            frame.group_by("source").agg(rows=pl.len(), newest=pl.col("source_date").max()).sort("source")
        )
        lines = "\n".join(
            f"| {source} | {rows} | {newest} |" for source, rows, newest in vintage.head(30).iter_rows()
        )
        return dg.MaterializeResult(
            data_version=dg.DataVersion(content_version(frame.drop(SEEN_COLUMNS))),
            metadata={
                "dagster/row_count": frame.height,
                "sources": dg.MetadataValue.md(f"| source | rows | newest |\n|---|---|---|\n{lines}"),
            },
            check_results=[
                _contract(table, frame),
                *([_integrity(table, frame)] if table in INTEGRITY else []),
            ],
        )

    return fact


def _contract(table: str, frame: pl.DataFrame) -> dg.AssetCheckResult:
    counts = violations(table, frame)
    return dg.AssetCheckResult(
        check_name="contract",
        passed=(frame.height > 0 or table in MAY_BE_EMPTY) and not counts,
        metadata={"rows": frame.height, "broken": dg.MetadataValue.json(counts)},
    )


def _integrity(table: str, frame: pl.DataFrame) -> dg.AssetCheckResult:
    sentences = broken(table, frame)
    return dg.AssetCheckResult(
        check_name="integrity",
        passed=not sentences,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={"broken": dg.MetadataValue.md("\n".join(f"- {line}" for line in sentences) or "nothing")},
    )


FACT_ASSETS = [build_fact_asset(table) for table in CONTRACTS]
