"""Facts: one asset for each table of the warehouse, with its columns, its size and the check of its contract."""

from collections.abc import Sequence

import dagster as dg
import polars as pl

from assets.live import LIVE_SOURCES, feeding
from assets.quotes import quote_inbox
from assets.rooms import Rooms
from assets.sources import bundled_snapshot
from assets.waking import on_changed_data
from brytpunkt.publishers.source import Source
from brytpunkt.warehouse import content_version
from brytpunkt.warehouse.contracts import CONTRACTS, MAY_BE_EMPTY, columns
from brytpunkt.warehouse.derived import TABLES as DERIVED_TABLES
from brytpunkt.warehouse.guards import SEEN_COLUMNS
from brytpunkt.warehouse.read import current_table

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
    """The asset of one table: its data version is a digest of what its current rows say, not of when it was read."""

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
        )

    return fact


def build_fact_check(table: str) -> dg.AssetChecksDefinition:
    """Blocks planning when the current rows of a table break its contract, or a bundled table has none."""

    @dg.asset_check(asset=fact_key(table), name="contract", blocking=True)
    def contract(rooms: Rooms) -> dg.AssetCheckResult:
        frame = current_table(rooms.warehouse(), table)
        broken = violations(table, frame)
        return dg.AssetCheckResult(
            passed=(frame.height > 0 or table in MAY_BE_EMPTY) and not broken,
            metadata={"rows": frame.height, "broken": dg.MetadataValue.json(broken)},
        )

    return contract


FACT_ASSETS = [build_fact_asset(table) for table in CONTRACTS]
FACT_CHECKS = [build_fact_check(table) for table in CONTRACTS]
