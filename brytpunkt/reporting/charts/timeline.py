"""Timeline: the month axis of a plan, with the years written under it.

Belongs here: months as a horizontal scale. Does not belong here: what is drawn over them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from brytpunkt.reporting.charts.vega import Spec, quantitative

YEAR = 12


@dataclass(frozen=True)
class Timeline:
    """The months of a plan: 0 is the start, `months` the horizon."""

    start: date
    months: int

    def axis(self, field: str = "month", **axis: Any) -> Spec:
        """Horizontal channel over the horizon, ticked at each new year, or fewer on long horizons."""
        first = (YEAR + 1 - self.start.month) % YEAR
        step = YEAR if self.months <= 10 * YEAR else 2 * YEAR if self.months <= 20 * YEAR else 5 * YEAR
        months_before = self.start.month - 1
        settings = {
            "values": list(range(first, self.months + 1, step)),
            "labelExpr": f"'' + ({self.start.year} + (datum.value + {months_before}) / 12)",
        }
        if self.months < YEAR:
            settings = {"values": list(range(0, self.months + 1, 3)), "labelExpr": "datum.value"}
        return quantitative(field, (0, self.months), **(settings | axis))

    def month(self, index: int) -> date:
        """First day of a month counted from the start."""
        years, month = divmod(self.start.month - 1 + index, YEAR)
        return date(self.start.year + years, month + 1, 1)
