"""The quote inbox: prices that nobody publishes, dropped into the folder ``quotes`` of the state."""

import dagster as dg

from assets.resources import Rooms
from assets.sources import bundled_snapshot
from brytpunkt.warehouse import refresh_quotes
from brytpunkt.warehouse.quote_inbox import FOLDER


@dg.asset(
    group_name="sources",
    deps=[bundled_snapshot],
    code_version="1",
    kinds={"csv", "xlsx", "duckdb"},
    description="Quotes of hardware vendors and colocation providers, CSV or XLSX files in the folder quotes/.",
)
def quote_inbox(rooms: Rooms) -> dg.MaterializeResult:  # type: ignore[type-arg]
    """Bring the warehouse up to the files of the inbox; a mistake in one fails, and names its place."""
    folder = rooms.folders().home / FOLDER
    report = refresh_quotes(rooms.warehouse(), rooms.landing(), folder)
    return dg.MaterializeResult(
        data_version=dg.DataVersion(report.listing_sha256 or "empty"),
        metadata={
            "folder": dg.MetadataValue.path(str(folder)),
            "quotes": sum(table.inserted + table.confirmed for table in report.tables),
            "is_changed": report.is_changed,
        },
    )
