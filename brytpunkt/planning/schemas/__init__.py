"""Schemas: every table of a result, column by column. In: nothing. Out: a dataframely schema a table of `Result`.

Belongs here: names, types, units, meaning, and which columns may be null or hold notes; docs/tables.md is written from it.
Does not belong here: how a table comes about, which its own step of planning says.
"""

import dataframely as dy
import polars as pl

from brytpunkt.planning.schemas.column_kinds import HOLDS_NOTE
from brytpunkt.planning.schemas.cost_tables import COST_TABLES
from brytpunkt.planning.schemas.energy_tables import ENERGY_TABLES
from brytpunkt.planning.schemas.market_tables import MARKET_TABLES
from brytpunkt.planning.schemas.risk_tables import RISK_TABLES
from brytpunkt.planning.schemas.verdict_tables import VERDICT_TABLES

__all__ = ["NOTE_COLUMNS", "TABLES", "empty"]

TABLES: dict[str, type[dy.Schema]] = (
    VERDICT_TABLES | COST_TABLES | ENERGY_TABLES | MARKET_TABLES | RISK_TABLES
)
"""The schema of each table, by the name of the field of `Result`."""

NOTE_COLUMNS = {
    table: tuple(name for name, column in schema.columns().items() if (column.metadata or {}).get(HOLDS_NOTE))
    for table, schema in TABLES.items()
}
"""The columns of each table that hold encoded notes."""


def empty(table: str) -> pl.DataFrame:
    """A table without rows, with all of its columns."""
    return TABLES[table].create_empty()
