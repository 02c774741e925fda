"""Kinds of columns: what a table of a result is made of, each with its meaning and unit."""

from __future__ import annotations

from typing import Any

import dataframely as dy

from brytpunkt.tables.provenance import about

HOLDS_NOTE = "holds_note"
PLAN_CURRENCY = "plan currency"
CENT_DIGITS = 2


def text(description: str, *, null: bool = False) -> dy.String:
    """A name, an identifier or a word of a list."""
    return dy.String(nullable=null, metadata=about(description))


def note(description: str, *, null: bool = False) -> dy.String:
    """An encoded note (`brytpunkt.planning.note`), or a name that a user gave."""
    marked: dict[str, Any] = about(description) | {HOLDS_NOTE: True}
    return dy.String(nullable=null, metadata=marked)


def number(description: str, unit: str, *, null: bool = False) -> dy.Float64:
    """A figure in a unit."""
    return dy.Float64(nullable=null, metadata=about(description, unit))


def money(description: str, *, null: bool = False, per: str = "") -> dy.Float64:
    """Money of the plan that is no sum of ledger rows, or is compared only."""
    return number(description, f"{PLAN_CURRENCY} {per}".strip(), null=null)


def share(description: str, *, null: bool = False) -> dy.Float64:
    """A share; 0.1 is ten per cent."""
    return number(description, "share", null=null)


def count(description: str, unit: str, *, null: bool = False) -> dy.Int64:
    """A whole number of something, or a month counted from the start of the plan."""
    return dy.Int64(nullable=null, metadata=about(description, unit))


def month(description: str, *, null: bool = False) -> dy.Int64:
    """A month; 0 is the first of the plan."""
    return count(description, "month of the plan", null=null)


def day(description: str, *, null: bool = False) -> dy.Date:
    """A date; a month is its first day."""
    return dy.Date(nullable=null, metadata=about(description))


def flag(description: str, *, null: bool = False) -> dy.Bool:
    """Yes or no."""
    return dy.Bool(nullable=null, metadata=about(description))


def cents(description: str, *, digits: int = 18, null: bool = False) -> dy.Decimal:
    """Money of the plan that is a ledger row or a sum of them, exact to the cent."""
    return dy.Decimal(digits, CENT_DIGITS, nullable=null, metadata=about(description, PLAN_CURRENCY))


def site(*, null: str = "") -> dy.String:
    """The id of a site; ``null`` says what a null stands for, if it may be one."""
    meaning = f"Site, by its id; null: {null}." if null else "Site, by its id."
    return text(meaning, null=bool(null))
