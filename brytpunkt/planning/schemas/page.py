"""The page of all tables, docs/tables.md, written from their schemas."""

from __future__ import annotations

from brytpunkt.planning.schemas import TABLES
from brytpunkt.planning.schemas.column_kinds import HOLDS_NOTE

HEAD = """# The tables of a result

What a run keeps in `frames/` (and `ledger.parquet`), and a notebook gets from `brytpunkt.planning.compute`: every table, column by column.
Written from the schemas in `brytpunkt/planning/schemas/` by `make docs`. Months count from the start of the plan, 0 is the first; costs are
positive; what does not exist is null, and only columns that say so may be. A note is a code with its arguments (`brytpunkt.planning.note`).
"""


def table_page() -> str:
    """The page in Markdown."""
    parts = [HEAD]
    for name, schema in TABLES.items():
        rows = ["| Column | Type | Unit | Holds |", "|---|---|---|---|"]
        for column, kind in schema.columns().items():
            about = kind.metadata or {}
            of = "note" if about.get(HOLDS_NOTE) else str(kind.dtype)
            rows.append(
                f"| `{column}` | {of}{' or null' if kind.nullable else ''} | {about.get('unit', '')} | {about['description']} |"
            )
        parts.append("\n".join([f"## {name}", "", str(schema.__doc__), "", *rows, ""]))
    return "\n".join(parts)
