"""The bill: why what is paid in a year changes over the plan, as waterfalls on one scale and as a table.

Belongs here: the page on the additive decomposition (LMDI-I). Does not belong here: the decomposition.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from brytpunkt.reporting.charts.effects import Step, waterfall
from brytpunkt.reporting.sections.panel import best_site_id, panel, thousands

if TYPE_CHECKING:
    from brytpunkt.reporting.sections.context import Desk

Row = dict[str, Any]
STRATEGIES = ("rent", "own", "optimal")
DRAWN = ("rent", "optimal")
EFFECTS = ("volume", "mix", "intensity", "price", "fixed")


def bill_section(at: Desk, row: Row) -> Row | None:
    """Context of the partial `paradox`: waterfalls of rent and of the optimal mix, and the table."""
    site = row["site"] if row["npv_own"] is not None else best_site_id(at)
    found = [item for item in at.summary["paradox"] if item["site"] in (None, site)]
    last = max((item["to_year"] for item in found), default=0)
    bills = {name: _effects(found, name, last) for name in STRATEGIES}
    bills = {name: effects for name, effects in bills.items() if effects}
    if not bills:
        return None
    words, formats = at.formats.texts, at.formats
    drawn = [name for name in DRAWN if name in bills and _is_whole(bills[name])]
    reach = [value for name in drawn for value in _levels(_steps(at, bills[name], last))]
    unit = formats.unit(formats.scale_of(reach))
    figures = [
        {
            "head": words("figure.bill", strategy=words.name("strategy", name)),
            "sub": words("figure.bill_sub", unit=unit, year=formats.number(last + 1)),
            "svg": waterfall(
                at.canvas,
                _steps(at, bills[name], last),
                words(
                    "spoken.bill",
                    strategy=words.name("strategy", name),
                    first=formats.money(_any(bills[name])["from_bill"]),
                    last=formats.money(_any(bills[name])["to_bill"]),
                ),
                reach,
            ),
        }
        for name in drawn
    ]
    rows = [
        [
            words.name("strategy", name),
            thousands(at, _any(effects)["from_bill"]),
            *(thousands(at, effects[key]["amount"], signed=True) for key in EFFECTS),
            thousands(at, _any(effects)["to_bill"]),
        ]
        for name, effects in bills.items()
    ]
    columns = (
        ("strategy", False), ("first_year", True), *((name, True) for name in EFFECTS), ("last_year", True),
    )  # fmt: skip
    return {
        "note": words("panel.paradox_note", year=formats.number(last + 1)),
        "figures": figures,
        "panel": panel(at, "paradox", columns, rows) | {"note": ""},
    }


def _effects(found: list[Row], strategy: str, last: int) -> dict[str, Row]:
    return {
        item["effect"]: item
        for item in found
        if (item["strategy"], item["from_year"], item["to_year"]) == (strategy, 0, last)
    }


def _is_whole(effects: dict[str, Row]) -> bool:
    """Whether every bar is known: a waterfall with a step missing would lead to the wrong end."""
    amounts = [_any(effects)["from_bill"], _any(effects)["to_bill"]]
    amounts += [effects[key]["amount"] if key in effects else None for key in EFFECTS]
    return all(amount is not None and math.isfinite(amount) for amount in amounts)


def _any(effects: dict[str, Row]) -> Row:
    return next(iter(effects.values()))


def _steps(at: Desk, effects: dict[str, Row], last: int) -> list[Step]:
    words = at.formats.texts
    first = _any(effects)
    return [
        Step(words("figure.bill_year", year=at.formats.number(1)), first["from_bill"], is_level=True),
        *(Step(words.name("pcol", key), effects[key]["amount"]) for key in EFFECTS),
        Step(words("figure.bill_year", year=at.formats.number(last + 1)), first["to_bill"], is_level=True),
    ]


def _levels(steps: list[Step]) -> list[float]:
    """Amounts that the bars reach on their way."""
    level = 0.0
    reached = []
    for step in steps:
        level = step.amount if step.is_level else level + step.amount
        reached.append(level)
    return reached
