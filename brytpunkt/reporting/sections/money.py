"""Money: the rate of return of owning, and cash, loan and lease beside each other.

Belongs here: financing as a page says it. Does not belong here: the plan's present value.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from brytpunkt.reporting.sections.panel import panel, rows_of, thousands

if TYPE_CHECKING:
    from brytpunkt.reporting.sections.context import Desk

Row = dict[str, Any]


def money(at: Desk, site: str) -> Row | None:
    """The rate of return, and cash, loan and lease of the first delivery."""
    formats, words = at.formats, at.formats.texts
    returned = next(iter(rows_of(at, "returns", site)), None)
    if returned is None:
        return None
    rates = ", ".join(formats.percent(rate, 1) for rate in returned["rates"])
    rows = [
        [
            words.name("panel_financing", row["kind"]),
            thousands(at, row["monthly_payment"]),
            thousands(at, row["total_paid"]),
            thousands(at, row["after_tax_value"]),
            thousands(at, row["advantage_over_cash"], signed=True),
        ]
        for row in rows_of(at, "financing", site)
    ]
    columns = (
        ("paid_by", False), ("payment", True), ("total_paid", True), ("after_tax", True), ("advantage", True),
    )  # fmt: skip
    note = words(f"panel.irr_{returned['kind']}", rates=rates) + " " + words("panel.money_note")
    return panel(at, "money", columns, rows, note)
