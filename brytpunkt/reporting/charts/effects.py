"""Effects: what leads from one amount to another, and how far a factor is from turning the verdict.

Belongs here: waterfalls and bars around zero. Does not belong here: lines (see curves.py), costs (see bars.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from brytpunkt.reporting.charts.bars import NAME_AXIS
from brytpunkt.reporting.charts.theme import FULL_WIDTH, INK, MUTED, OWN, OWN_LIGHT, RENT
from brytpunkt.reporting.charts.vega import Canvas, Spec, domain, frame, quantitative
from brytpunkt.reporting.formats import SCALES
from brytpunkt.reporting.sanitise import LABEL_LENGTH, axis_label

if TYPE_CHECKING:
    from collections.abc import Sequence

    from markupsafe import Markup

PERCENT = 100
WIDEST_CHANGE = 1.0
INSIDE = 0.32
ROW = 22


@dataclass(frozen=True)
class Step:
    """One bar of a waterfall: a level (`is_level`) that stands on zero, or a change from the level before."""

    name: str
    amount: float
    is_level: bool = False


def waterfall(canvas: Canvas, steps: Sequence[Step], spoken: str, reach: Sequence[float] = ()) -> Markup:
    """Horizontal waterfall: levels stand on zero, changes hang on the level before [plan currency].

    `reach`: amounts that the scale must also hold, so that waterfalls beside each other share it.
    """
    formats = canvas.formats
    spans = _spans(steps)
    scale = formats.scale_of([*(end for _, end in spans), *reach])
    unit = SCALES[scale]
    digits = 0 if scale == "one" else 2
    values: list[dict[str, Any]] = [
        {
            "name": axis_label(step.name, LABEL_LENGTH + 8),
            "from": low / unit,
            "to": high / unit,
            "end": max(low, high) / unit,
            "label": formats.number(step.amount / unit, digits, signed=not step.is_level),
            "shade": OWN if step.is_level else RENT if step.amount > 0 else OWN_LIGHT,
        }
        for step, (low, high) in zip(steps, spans, strict=True)
    ]
    limits = domain([*(v["from"] for v in values), *(v["to"] for v in values), *(r / unit for r in reach)])
    size = frame(FULL_WIDTH, ROW * len(values) + 30, left=176, right=64, top=4, bottom=24)
    names = _names([value["name"] for value in values])
    across = quantitative("from", limits, grid=True)
    layers: list[Spec] = [
        {
            "mark": {"type": "bar", "height": {"band": 0.72}},
            "encoding": {
                "y": names, "x": across, "x2": {"field": "to"},
                "color": {"field": "shade", "type": "nominal", "scale": None},
            },
        },
        {
            "mark": {"type": "text", "align": "left", "dx": 5, "fontWeight": canvas.bold},
            "encoding": {
                "y": names, "x": quantitative("end", limits, grid=True),
                "text": {"field": "label", "type": "nominal"},
            },
        },
    ]  # fmt: skip
    return canvas.svg(size | {"data": {"values": values}, "layer": layers}, spoken)


def _spans(steps: Sequence[Step]) -> list[tuple[float, float]]:
    """Where each bar starts and ends."""
    spans = []
    level = 0.0
    for step in steps:
        start = 0.0 if step.is_level else level
        level = start + step.amount
        spans.append((start, level))
    return spans


def margins(canvas: Canvas, rows: Sequence[tuple[str, float | None]]) -> Markup:
    """How far each factor is from turning the comparison. `rows`: name, change [share], None where none does.

    A short bar is a thin margin. Changes beyond a doubling are drawn at the edge and written out.
    """
    formats, words = canvas.formats, canvas.formats.texts
    values: list[dict[str, Any]] = []
    for name, change in rows:
        drawn = 0.0 if change is None else max(-WIDEST_CHANGE, min(WIDEST_CHANGE, change))
        values.append(
            {
                "name": axis_label(name, LABEL_LENGTH + 8),
                "change": drawn * PERCENT,
                "label": words("panel.no_flip")
                if change is None
                else formats.percent(change, 1, signed=True),
                "shade": OWN if drawn < 0 else RENT,
                "align": "left" if drawn >= 0 else "right",
            }
        )
    limits = (-PERCENT * (WIDEST_CHANGE + INSIDE), PERCENT * (WIDEST_CHANGE + INSIDE))
    size = frame(FULL_WIDTH, ROW * len(values) + 42, left=236, right=20, top=4, bottom=38)
    names = _names([value["name"] for value in values])
    across = quantitative(
        "change", limits, grid=True, title=words("axis.change"), values=[-100, -50, 0, 50, 100], format="+.0f"
    )
    layers: list[Spec] = [
        {
            "mark": {"type": "bar", "height": {"band": 0.6}},
            "encoding": {
                "y": names,
                "x": across,
                "color": {"field": "shade", "type": "nominal", "scale": None},
            },
        },
        {
            "data": {"values": [{"change": 0}]},
            "mark": {"type": "rule", "color": INK, "strokeWidth": 1},
            "encoding": {"x": across},
        },
    ]
    for side, offset in (("left", 6), ("right", -6)):
        layers.append(
            {
                "data": {"values": [value for value in values if value["align"] == side]},
                "mark": {
                    "type": "text",
                    "align": side,
                    "dx": offset,
                    "fontWeight": canvas.bold,
                    "color": INK,
                },
                "encoding": {"y": names, "x": across, "text": {"field": "label", "type": "nominal"}},
            }
        )
    known = [(name, change) for name, change in rows if change is not None]
    nearest = min(known, key=lambda row: abs(row[1]), default=None)
    spoken = (
        words("spoken.margins", factor=nearest[0], change=formats.percent(nearest[1], 1, signed=True))
        if nearest
        else words("spoken.margins_none")
    )
    return canvas.svg(size | {"data": {"values": values}, "layer": layers}, spoken)


def fleet(
    canvas: Canvas, months: int, owned: Sequence[tuple[int, int, float]], axis: Spec, spoken: str
) -> Markup:
    """Own servers in service over the plan. `owned`: from month, until month, servers."""
    counts = [sum(n for start, end, n in owned if start <= month < end) for month in range(months)]
    values = [{"month": month, "count": count} for month, count in enumerate(counts)]
    values.append({"month": months, "count": counts[-1] if counts else 0})
    limits = domain([value["count"] for value in values], head_room=0.12)
    size = frame(FULL_WIDTH, 120, left=48, right=158)
    last = counts[-1] if counts else 0
    layers: list[Spec] = [
        {
            "mark": {"type": "area", "interpolate": "step-after", "color": OWN_LIGHT, "opacity": 0.55},
            "encoding": {"x": axis, "y": quantitative("count", limits, tickCount=4, format="d")},
        },
        {
            "mark": {"type": "line", "interpolate": "step-after", "color": OWN, "strokeWidth": 2},
            "encoding": {"x": axis, "y": quantitative("count", limits)},
        },
        {
            "data": {"values": [{"month": months, "count": last, "label": _ending(canvas, last)}]},
            "mark": {"type": "text", "align": "left", "dx": 7, "color": MUTED, "fontWeight": canvas.bold},
            "encoding": {
                "x": axis, "y": quantitative("count", limits), "text": {"field": "label", "type": "nominal"},
            },
        },
    ]  # fmt: skip
    return canvas.svg(size | {"data": {"values": values}, "layer": layers}, spoken)


def _ending(canvas: Canvas, count: float) -> str:
    return canvas.formats.texts("chart.servers_at_end", count=canvas.formats.number(count))


def _names(order: Sequence[str]) -> Spec:
    return {
        "field": "name", "type": "nominal", "sort": None, "scale": {"domain": list(dict.fromkeys(order))},
        "axis": NAME_AXIS | {"labelLimit": 228},
    }  # fmt: skip
