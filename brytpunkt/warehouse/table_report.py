"""Table reports: what became of a publication, told table by table; the outcome of the whole follows from them.

Belongs here: counts, the reason of a refusal, and the one rule that makes a source's outcome of its tables' outcomes. Does
not belong here: the rules that refuse (guards) and the wording (pipelines).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from brytpunkt.tables.contracts import DIAGNOSTICS

Told = Literal["changed", "unchanged", "refused"]


@dataclass(frozen=True)
class TableReport:
    """What became of one table, in rows; ``refused`` says why nothing of it was taken.

    ``inserted`` are new versions, ``confirmed`` came as they were known, ``quarantined`` were set aside with a reason.
    ``kept`` rows of the last good version stay because what came in their place was set aside or refused. ``missing``
    rows were not published this time, and stay until they have been missing for longer than lists flap.
    """

    table: str
    inserted: int = 0
    confirmed: int = 0
    withdrawn: int = 0
    quarantined: int = 0
    kept: int = 0
    missing: int = 0
    refused: str | None = None

    @property
    def outcome(self) -> Told:
        """Whether rows changed, were found as they are, or were refused."""
        if self.refused:
            return "refused"
        return "changed" if self.inserted or self.withdrawn else "unchanged"


@dataclass(frozen=True)
class IngestReport:
    """What an ingestion did; without tables when the listing was known already."""

    origin: str
    listing_sha256: str
    tables: tuple[TableReport, ...] = ()

    @property
    def is_changed(self) -> bool:
        """Whether anything was inserted or withdrawn."""
        return any(table.outcome == "changed" for table in self.tables)

    @property
    def outcome(self) -> Told:
        """Refused if nothing was taken but diagnostics; else whether any table changed."""
        facts = [table for table in self.tables if table.table not in DIAGNOSTICS]
        if facts and all(table.refused for table in facts):
            return "refused"
        return "changed" if self.is_changed else "unchanged"

    @property
    def refused_tables(self) -> tuple[TableReport, ...]:
        """The tables of which nothing was taken."""
        return tuple(table for table in self.tables if table.refused)

    @property
    def refused(self) -> str | None:
        """Why tables were refused, if any was."""
        return "; ".join(f"{one.table}: {one.refused}" for one in self.refused_tables) or None
