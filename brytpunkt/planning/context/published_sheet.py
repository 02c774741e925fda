"""Published sheets: the lines, months, totals and ratios of a declared cost sheet."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from brytpunkt.planning.context.not_defined import quotient
from brytpunkt.planning.inputs.units import MONTHS_PER_YEAR
from brytpunkt.planning.note import Note

if TYPE_CHECKING:
    from brytpunkt.declarations.sections.published import Case, Sheet, SheetItem
    from brytpunkt.planning.inputs.money import Fx


def sheet_lines(sheet: Sheet, fx: Fx) -> dict[str, float]:
    """Every line of a cost sheet as its cost a month [plan currency]."""
    monthly: dict[str, float] = {}
    for item in sheet.items:
        monthly[item.id] = _line(sheet, item, fx, monthly)
    return monthly


def _line(sheet: Sheet, item: SheetItem, fx: Fx, earlier: dict[str, float]) -> float:
    if item.share is not None:
        return item.share * sum(earlier[name] for name in item.share_of)
    assert item.amount is not None
    each = item.quantity * fx.convert(item.amount)
    hours = sheet.hours_per_month * item.used_share
    life = item.life_months or sheet.months
    return {
        "per_month": each,
        "per_year": each / MONTHS_PER_YEAR,
        "per_hour": each * hours,
        "per_kwh": each * item.pue * hours,
        "one_time": each * _annuity(item, life),
    }[item.basis]


def _annuity(item: SheetItem, months: float) -> float:
    """Payment a month per unit of a one-time cost, interest nominal by the month or by the year."""
    if item.annuity == "monthly":
        return payment(item.rate_per_year / MONTHS_PER_YEAR, months)
    return payment(item.rate_per_year, months / MONTHS_PER_YEAR) / MONTHS_PER_YEAR


def payment(rate: float, periods: float) -> float:
    """Annuity payment a period per unit of cost; exact for a rate however small. [1]"""
    if rate == 0:
        return 1 / periods
    return rate / -math.expm1(-periods * math.log1p(rate))


def sheet_measure(sheet: Sheet, case: Case, fx: Fx) -> float:
    """A figure of a cost sheet: a line, a column's month, its total, a ratio of columns, or a cost per unit.

    Raises ``NotDefinedError`` for a ratio to a column that adds up to nothing.
    """
    lines = sheet_lines(sheet, fx)
    column = {
        name: sum(lines[item.id] for item in sheet.items if item.column == name)
        for name in {item.column for item in sheet.items}
    }
    if case.measure == "sheet_item":
        return lines[case.item or ""]
    month = column[case.column]
    match case.measure:
        case "sheet_total":
            return month * sheet.months
        case "sheet_per_unit":
            return month / (case.units or 1.0)
        case "sheet_ratio":
            to = case.to_column or case.column
            return quotient(
                month,
                column[to],
                Note("not_defined_column", None, {"column": to}),
            )
    return month
