"""A panel: heading, note and table, and the words and numbers that panels share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from brytpunkt.reporting.formats import SCALES
from brytpunkt.reporting.sanitise import short

if TYPE_CHECKING:
    from collections.abc import Sequence

    from brytpunkt.reporting.sections.context import Desk

Row = dict[str, Any]
NAME_LENGTH = 40
LABEL_LENGTH = 90


def panel(
    at: Desk, key: str, columns: Sequence[tuple[str, bool]], rows: list[list[str]], note: str = ""
) -> Row:
    """A heading, a note and a table; ``columns`` are catalog keys with whether they hold numbers."""
    words = at.formats.texts
    return {
        "head": words(f"panel.{key}"),
        "note": note or words.get(f"panel.{key}_note", ""),
        "columns": [
            (words(f"pcol.{name}", unit=at.formats.unit("thousand")), number) for name, number in columns
        ],
        "rows": rows,
        "is_long": False,
    }


def rows_of(at: Desk, table: str, site: str | None) -> list[Row]:
    """Rows of a table of the summary at one site; None for all sites together. A table that an earlier version lacks is empty."""
    return [row for row in at.summary.get(table, ()) if row["site"] == site]


def site_names(at: Desk) -> dict[str | None, str]:
    """Display names of the sites, and of all together."""
    names = {row["site"]: short(row["site_name"], NAME_LENGTH) for row in at.sites}
    return names | {None: at.formats.texts("panel.portfolio")}


def thousands(at: Desk, value: float | str | None, *, signed: bool = False) -> str:
    """Money in thousands of the plan's currency."""
    scaled = None if value is None else float(value) / SCALES["thousand"]
    return at.formats.number(scaled, signed=signed)


def month_of(at: Desk, month: int) -> str:
    """A month of the plan as a date, or that it lies after it."""
    if month >= at.horizon:
        return at.formats.texts("panel.after_plan")
    return at.formats.month_short(at.time.month(month))


def best_site_id(at: Desk) -> str:
    """The first site in rank that is no yardstick."""
    return str(next((row["site"] for row in at.sites if not row["is_comparator"]), at.sites[0]["site"]))
