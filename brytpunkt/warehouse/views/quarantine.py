"""Asides: what of a source did not become a fact, and why; for a person to look at.

Belongs here: quarantined rows, remarks on unknown names, and findings in series. Not here: the rules that set a row aside
(guards) or that find something odd (series).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import duckdb


@dataclass(frozen=True)
class SetAside:
    """Rows of one table that were set aside for one reason; ``example`` is one of them as JSON."""

    table: str
    reason: str
    rows: int
    example: str
    seen_at: datetime


@dataclass(frozen=True)
class InDoubt:
    """Rows of one table that came and could not be taken: the last good versions stay, the oldest confirmed then."""

    table: str
    reason: str
    rows: int
    example: str
    confirmed_at: datetime
    doubted_at: datetime


@dataclass(frozen=True)
class Remark:
    """A name or a price that became no row; ``kind`` is gpu, instance, region, price or part."""

    kind: str
    name: str
    reason: str
    occurrences: int
    first_seen_at: datetime


@dataclass(frozen=True)
class Finding:
    """One kind of oddity in the series of a zone or a place: on how many days, the newest of them, and that one in words."""

    series: str
    subject: str
    kind: str
    days: int
    newest: date
    detail: str


def set_aside(connection: duckdb.DuckDBPyConnection, queries: Path, origin: str) -> list[SetAside]:
    """Rows that the newest publication with any such row had to leave out, the most frequent reason first."""
    query = (queries / "set_aside.sql").read_text(encoding="utf-8")
    return [SetAside(*row) for row in connection.execute(query, {"origin": origin}).fetchall()]


def in_doubt(connection: duckdb.DuckDBPyConnection, queries: Path, origin: str) -> list[InDoubt]:
    """Rows whose last good version stays although the newest publication casts doubt on them, by table and reason."""
    query = (queries / "doubts_of.sql").read_text(encoding="utf-8")
    return [InDoubt(*row) for row in connection.execute(query, {"origin": origin}).fetchall()]


def remarks(connection: duckdb.DuckDBPyConnection, queries: Path, origin: str) -> list[Remark]:
    """What the newest publication names that the curated maps do not know, or that contradicts itself."""
    query = (queries / "remarks_of.sql").read_text(encoding="utf-8")
    return [Remark(*row) for row in connection.execute(query, {"origin": origin}).fetchall()]


def findings(connection: duckdb.DuckDBPyConnection, queries: Path, origin: str) -> list[Finding]:
    """What is odd in the series of a publisher, the newest first; nothing of it changed a price."""
    query = (queries / "findings_of.sql").read_text(encoding="utf-8")
    return [Finding(*row) for row in connection.execute(query, {"origin": origin}).fetchall()]
