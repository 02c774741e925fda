"""Coming prices: what a source has announced for later, and which of its prices will end.

Belongs here: reading them for people. Not here: which of them hold on a day (reading the facts as of a day does that).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import duckdb


@dataclass(frozen=True)
class Coming:
    """A price of an instance hour that holds from ``valid_from`` until the day before ``valid_to`` (None: open)."""

    provider: str
    region: str
    sku: str
    term: str
    price: float
    currency: str
    valid_from: date
    valid_to: date | None


def coming(connection: duckdb.DuckDBPyConnection, queries: Path, origin: str, day: date) -> list[Coming]:
    """Prices of a source that begin or end after a day, by the day on which they begin."""
    query = (queries / "coming_prices.sql").read_text(encoding="utf-8")
    return [Coming(*row) for row in connection.execute(query, {"origin": origin, "day": day}).fetchall()]
