"""Rows of tables as publishers make them: provenance from the document, columns and types from the contract."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import polars as pl

from brytpunkt.publishers._shared.protocol import Document
from brytpunkt.tables.contracts import CONTRACTS

STEP = Decimal("0.000001")


def provenance(
    document: Document,
    title: str,
    published_on: date | None,
    confidence: str = "stated",
    note: str | None = None,
) -> dict[str, object]:
    """Columns that every row carries, from the document that it came from."""
    fetched = document.fetched_at.date()
    return {
        "source": title,
        "source_date": min(published_on or document.published_on or fetched, fetched),
        "retrieved_on": fetched,
        "licence": document.licence,
        "confidence": confidence,
        "note": note,
    }


def frame(table: str, rows: list[dict[str, object]]) -> pl.DataFrame:
    """Rows as a frame with the columns and types of the table's contract."""
    schema = {name: column.dtype for name, column in CONTRACTS[table].columns().items()}
    return pl.DataFrame(rows, schema=schema, orient="row")


def keys(table: str, rows: list[dict[str, object]]) -> pl.DataFrame:
    """Keys of a table, such as those of doubtful rows; what is not said is null and stands for any value."""
    columns = CONTRACTS[table].columns()
    schema = {name: columns[name].dtype for name in CONTRACTS[table].primary_key()}
    return pl.DataFrame(rows, schema=schema, orient="row").unique(maintain_order=True)
