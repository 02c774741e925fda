"""Waterfall: how a cost moved, cause by cause, from no change to the whole change.

Belongs here: floating bars, each with its value. Does not belong here: bars from zero (see bars.py).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from brytpunkt.reporting.charts.bars import NAME_AXIS
from brytpunkt.reporting.charts.theme import FULL_WIDTH, INK, OWN, RENT
from brytpunkt.reporting.charts.vega import Canvas, Spec, domain, frame, quantitative
from brytpunkt.reporting.formats import SCALES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from markupsafe import Markup


def waterfall(
    canvas: Canvas, steps: Sequence[tuple[str, float]], total: str, scale: str, spoken: str
) -> Markup:
    """Causes under each other, each bar beginning where the one before ended, and the whole change as `total`.

    `steps`: name and amount [plan currency]. Dearer is drawn in the colour of rent, cheaper in that of own.
    """
    formats = canvas.formats
    values: list[dict[str, Any]] = []
    level = 0.0
    for name, amount in (*((n, a / SCALES[scale]) for n, a in steps), (total, None)):
        start, end = (0.0, level) if amount is None else (level, level + amount)
        moved = end - start
        shade = INK if amount is None else RENT if moved > 0 else OWN
        label = formats.number(moved, 2, signed=True)
        values.append(
            {"name": name, "from": start, "to": end, "at": max(start, end), "label": label, "shade": shade}
        )
        level = end
    limits = domain([value[key] for value in values for key in ("from", "to")])
    size = frame(FULL_WIDTH, 24 * len(values) + 30, left=176, right=70, top=4, bottom=22)
    names = {
        "field": "name",
        "type": "nominal",
        "sort": None,
        "axis": NAME_AXIS,
        "scale": {"domain": [value["name"] for value in values], "paddingInner": 0.3},
    }
    layers: list[Spec] = [
        {
            "mark": {"type": "bar"},
            "encoding": {
                "y": names,
                "x": quantitative("from", limits, grid=True),
                "x2": {"field": "to"},
                "color": {"field": "shade", "type": "nominal", "scale": None},
            },
        },
        {
            "mark": {"type": "text", "align": "left", "dx": 5, "fontWeight": canvas.bold},
            "encoding": {
                "y": names,
                "x": quantitative("at", limits, grid=True),
                "text": {"field": "label", "type": "nominal"},
            },
        },
    ]
    return canvas.svg(size | {"data": {"values": values}, "layer": layers}, spoken)
