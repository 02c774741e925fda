"""Warehouse: DuckDB opened, migrated, written in one transaction and read as of a date.

Fetching and parsing (landing, publishers) and any calculation (planning) live elsewhere.
"""

from brytpunkt.warehouse.as_of import content_version, facts
from brytpunkt.warehouse.bundled import refresh_bundled
from brytpunkt.warehouse.connection import Warehouse, WarehouseBusyError
from brytpunkt.warehouse.quote_inbox import refresh_quotes
from brytpunkt.warehouse.refresh import Outcome, Refresher
from brytpunkt.warehouse.table_report import IngestReport, TableReport
from brytpunkt.warehouse.upsert import ingest

__all__ = [
    "IngestReport",
    "Outcome",
    "Refresher",
    "TableReport",
    "Warehouse",
    "WarehouseBusyError",
    "content_version",
    "facts",
    "ingest",
    "refresh_bundled",
    "refresh_quotes",
]
