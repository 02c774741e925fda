"""Costs: the ledger's components of own and rent, grouped, with exact totals.

Belongs here: arranging sums of ledger rows. Does not belong here: rounding of totals (they are summed first).
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from brytpunkt.planning.components import REPORT_GROUPS
from brytpunkt.reporting.formats import SCALES
from brytpunkt.reporting.frames import total

if TYPE_CHECKING:
    from brytpunkt.reporting.formats import Formats
    from brytpunkt.reporting.frames import Row

SIDES = ("own", "rent")
COLUMNS = ("amount", "present_value")


@dataclass(frozen=True)
class CostTable:
    """Own beside rent. `cells` are formatted: own nominal, own PV, rent nominal, rent PV.

    `groups`: name, own PV, rent PV as numbers for the chart.
    """

    scale: str
    groups: list[tuple[str, float, float]]
    rows: list[tuple[str, list[tuple[str, list[str]]], list[str]]]
    totals: list[str]
    own_exact: Decimal
    rent_exact: Decimal
    largest: tuple[str, float]


def cost_table(own: list[Row], rent: list[Row], formats: Formats) -> CostTable:
    """Components in groups; every total is the sum of ledger rows, rounded only when it is written."""
    sides = {"own": _by_component(own), "rent": _by_component(rent)}
    known = {name for names in REPORT_GROUPS.values() for name in names}
    others = tuple(sorted({name for side in sides.values() for name in side} - known))
    grouped = REPORT_GROUPS | ({"other": others} if others else {})
    scale = "thousand"
    rows = []
    groups = []
    for group, names in grouped.items():
        present = [name for name in names if any(name in side for side in sides.values())]
        if not present:
            continue
        sums = [_sum(sides[side], present, column) for side in SIDES for column in COLUMNS]
        lines = [
            (formats.texts.name("component", name), _cells([_sum(sides[side], [name], column)
             for side in SIDES for column in COLUMNS], scale, formats))
            for name in present
        ]  # fmt: skip
        title = formats.texts.name("group", group)
        rows.append((title, lines, _cells(sums, scale, formats)))
        groups.append((title, float(sums[1] or 0), float(sums[3] or 0)))
    totals = [total(rows_, column) for rows_ in (own, rent) for column in COLUMNS]
    positive = sum(value for _, value, _ in groups if value > 0) or 1.0
    title, value, _ = max(groups, key=lambda entry: entry[1], default=("", 0.0, 0.0))
    return CostTable(
        scale=scale, groups=groups, rows=rows, totals=_cells(totals, scale, formats), own_exact=totals[1],
        rent_exact=totals[3], largest=(title, value / positive),
    )  # fmt: skip


def _by_component(rows: list[Row]) -> dict[str, dict[str, Any]]:
    return {row["component"]: row for row in rows}


def _sum(side: dict[str, dict[str, Any]], names: list[str], column: str) -> Decimal | None:
    found = [Decimal(side[name][column]) for name in names if name in side]
    return sum(found, Decimal(0)) if found else None


def _cells(values: list[Decimal] | list[Decimal | None], scale: str, formats: Formats) -> list[str]:
    return [formats.number(None if value is None else value / int(SCALES[scale])) for value in values]
