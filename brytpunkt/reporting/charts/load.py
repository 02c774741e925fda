"""Load: what is asked of the GPUs, what is installed, and how the 60-70 % rule reads over time.

Belongs here: monthly series other than cost. Does not belong here: cost (see curves.py).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from brytpunkt.reporting.charts.theme import (
    BAND,
    FULL_WIDTH,
    HALF_WIDTH,
    LINE_GAP,
    MUTED,
    OWN,
    QUIET,
    RENT,
    RENT_INK,
    STACK,
)  # fmt: skip
from brytpunkt.reporting.charts.vega import Canvas, Spec, apart, domain, frame, quantitative, text
from brytpunkt.reporting.sanitise import LABEL_LENGTH, axis_label

if TYPE_CHECKING:
    from collections.abc import Sequence

    from markupsafe import Markup

    from brytpunkt.reporting.charts.timeline import Timeline

RULE_STYLES: dict[str, dict[str, Any]] = {
    "r1": {"color": OWN, "strokeWidth": 2.2},
    "r2": {"color": RENT, "strokeWidth": 2.2},
    "r3": {"color": MUTED, "strokeWidth": 1.8, "strokeDash": [5, 3]},
}
RULE_INKS = {"r1": OWN, "r2": RENT_INK, "r3": MUTED}
RULE_LIMIT = 2.5
THRESHOLDS = (0.6, 0.7)
MILLION = 1e6


def tokens(
    canvas: Canvas, demand: pl.DataFrame, names: dict[str, str], time: Timeline, height: int = 170
) -> Markup:
    """Output tokens per day by workload, stacked. `demand`: workload, month, output_tokens_per_day."""
    formats, words = canvas.formats, canvas.formats.texts
    order = list(names)
    values: list[dict[str, Any]] = []
    ends: list[tuple[str, float, str]] = []
    base = dict.fromkeys(range(time.months), 0.0)
    for index, workload in enumerate(order):
        series = demand.filter(pl.col("workload") == workload).sort("month")
        shade = STACK[index % len(STACK)]
        low = 0.0
        for month, value in series.select("month", "output_tokens_per_day").iter_rows():
            if value is None:
                continue
            low = base.get(month, 0.0)
            base[month] = low + value / MILLION
            values.append({"month": month, "low": low, "high": base[month], "w": index, "shade": shade})
        if values:
            ends.append(
                (axis_label(names[workload], LABEL_LENGTH + 6), (low + values[-1]["high"]) / 2, shade)
            )
    limits = domain([value["high"] for value in values] or [0.0])
    size = frame(FULL_WIDTH, height, left=48, right=190)
    places = apart([end for _, end, _ in ends], limits, size["height"], LINE_GAP)
    layers: list[Spec] = [
        {
            "data": {"values": values},
            "mark": {"type": "area", "interpolate": "linear", "stroke": "white", "strokeWidth": 0.6},
            "encoding": {
                "x": time.axis(), "y": quantitative("low", limits), "y2": {"field": "high"},
                "color": {"field": "shade", "type": "nominal", "scale": None}, "detail": {"field": "w"},
            },
        },
        *(
            text(
                [{"month": time.months, "y": place, "label": name}],
                "month", "y", dx=7, fontWeight=canvas.bold,
            )
            for (name, _, _), place in zip(ends, places, strict=True)
        ),
    ]  # fmt: skip
    last = max((value["high"] for value in values), default=0.0)
    spoken = words("spoken.tokens", peak=formats.number(last, 0))
    return canvas.svg(size | {"layer": layers}, spoken)


def gpus(canvas: Canvas, months: Sequence[dict[str, Any]], time: Timeline, height: int = 190) -> Markup:
    """GPUs busy, mean and highest hour, against GPUs installed. `months`: month, mean, peak, installed."""
    formats, words = canvas.formats, canvas.formats.texts
    values = list(months)
    limits = domain([row[name] for row in values for name in ("mean", "peak", "installed")])
    size = frame(FULL_WIDTH, height, left=48, right=158)
    across, names = time.axis(), ("installed", "peak", "mean")
    ends = [values[-1][name] for name in names]
    places = apart(ends, limits, size["height"], LINE_GAP)
    colours = (MUTED, OWN, OWN)
    layers: list[Spec] = [
        {
            "mark": {"type": "area", "interpolate": "step-after", "color": QUIET, "opacity": 0.55},
            "encoding": {"x": across, "y": quantitative("installed", limits)},
        },
        _series("peak", across, limits, {"color": OWN, "strokeWidth": 2.2}),
        _series("mean", across, limits, {"color": OWN, "strokeWidth": 1.4, "strokeDash": [1, 3.5]}),
        *(
            text(
                [{"month": time.months, "y": place, "label": _named(canvas, name, end)}],
                "month", "y", dx=7, color=colour, fontWeight=canvas.bold,
            )
            for name, end, place, colour in zip(names, ends, places, colours, strict=True)
        ),
    ]  # fmt: skip
    spoken = words(
        "spoken.gpus", peak=formats.number(max(row["peak"] for row in values)),
        installed=formats.number(max(row["installed"] for row in values)),
    )  # fmt: skip
    return canvas.svg(size | {"data": {"values": values}, "layer": layers}, spoken)


def rule(canvas: Canvas, series: pl.DataFrame, time: Timeline, height: int = 170) -> Markup:
    """Readings R1 to R3 of the 60-70 % rule over time, with the band they are held against.

    `series`: month, r1, r2, r3 (null where a reading is not defined yet).
    """
    formats, words = canvas.formats, canvas.formats.texts
    values = series.sort("month").select("month", *RULE_STYLES).to_dicts()
    known = [row[name] for row in values for name in RULE_STYLES if row[name] is not None]
    limits = (0.0, min(RULE_LIMIT, max([1.2, *known]) * 1.04))
    size = frame(HALF_WIDTH, height, left=36, right=74, bottom=38)
    ends = {name: _last(values, name) for name in RULE_STYLES}
    shown = [name for name, end in ends.items() if end is not None]
    places = apart([min(ends[name] or 0.0, limits[1]) for name in shown], limits, size["height"], LINE_GAP)
    across = time.axis()
    band: Spec = {
        "data": {"values": [{"low": THRESHOLDS[0], "high": THRESHOLDS[1]}]},
        "mark": {"type": "rect", "color": BAND},
        "encoding": {"y": quantitative("low", limits, format=".1f"), "y2": {"field": "high"}},
    }
    layers: list[Spec] = [band]
    for name in shown:
        line = _series(name, across, limits, RULE_STYLES[name] | {"clip": True})
        layers.append({"data": {"values": [v for v in values if v[name] is not None]}} | line)
    layers += [
        text(
            [{"month": time.months, "y": place, "label": f"{name.upper()} {formats.number(ends[name], 2)}"}],
            "month", "y", dx=7, color=RULE_INKS[name], fontWeight=canvas.bold,
        )
        for name, place in zip(shown, places, strict=True)
    ]  # fmt: skip
    spoken = words(
        "spoken.rule", values=", ".join(f"{n.upper()} {formats.number(ends[n], 2)}" for n in shown)
    )
    return canvas.svg(size | {"layer": layers}, spoken)


def _series(name: str, across: Spec, limits: tuple[float, float], style: dict[str, Any]) -> Spec:
    return {
        "mark": {"type": "line"} | style,
        "encoding": {"x": across, "y": quantitative(name, limits)},
    }


def _named(canvas: Canvas, name: str, value: float) -> str:
    return f"{canvas.formats.texts('series.' + name)} {canvas.formats.number(value)}"


def _last(values: Sequence[dict[str, Any]], name: str) -> float | None:
    return next((float(row[name]) for row in reversed(values) if row[name] is not None), None)
