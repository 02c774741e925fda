"""Curves: cost over time, over the order month and over utilisation, with the verdict marked.

Belongs here: line charts of own against rent. Does not belong here: shares and bars (see bars.py).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from brytpunkt.reporting.charts.theme import (
    FAINT,
    FULL_WIDTH,
    HALF_WIDTH,
    INK,
    LINE_GAP,
    MUTED,
    OWN,
    RENT,
    RENT_INK,
)  # fmt: skip
from brytpunkt.reporting.charts.vega import Canvas, Spec, apart, domain, frame, quantitative, text
from brytpunkt.reporting.formats import SCALES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from markupsafe import Markup

    from brytpunkt.reporting.charts.timeline import Timeline

PERCENT = 100
EARLY = 0.35
LATE_TIP = 0.6  # of the axis of utilisation
LATE = 0.78
STYLES: dict[str, dict[str, Any]] = {
    "rent": {"color": RENT, "strokeWidth": 2.4},
    "own": {"color": OWN, "strokeWidth": 1.4, "strokeDash": [1, 3.5]},
    "own_less_continuing_value": {"color": OWN, "strokeWidth": 2.4},
}


def crossing(
    canvas: Canvas, curves: pl.DataFrame, row: dict[str, Any], time: Timeline, height: int = 270
) -> Markup:
    """Cumulative present value of rent, own, and own less what it is still worth; the month from which own is ahead marked.

    `curves`: month, rent, own, own_less_continuing_value [plan currency].
    """
    formats, words = canvas.formats, canvas.formats.texts
    series = list(STYLES)
    ordered = curves.sort("month")
    scale = formats.scale_of([value for name in series for value in ordered[name].to_list()])
    scaled = _scaled(ordered, "month", series, scale)
    if scaled and scaled[0]["month"] > 0:
        scaled.insert(0, {"month": 0} | dict.fromkeys(series, 0.0))
    limits = domain([point[name] for point in scaled for name in series])
    size = frame(FULL_WIDTH, height, left=40, right=152)
    ends = [scaled[-1][name] for name in series]
    shown = [
        f"{words('series.' + name)} {formats.number(end, 2)}" for name, end in zip(series, ends, strict=True)
    ]
    layers: list[Spec] = [_line(scaled, name, time.axis(), limits, style) for name, style in STYLES.items()]
    layers += _end_labels(canvas, shown, ends, limits, size["height"], time.months)
    layers += _ahead(canvas, scaled, row, limits, time)
    spoken = words(
        "spoken.crossing",
        rent=formats.money(row["npv_rent"]),
        own=formats.money(row["npv_own"]),
        ahead=formats.month(row["ahead_date"]) if row.get("ahead_date") else words("never"),
    )
    return canvas.svg(size | {"layer": layers}, spoken)


def switch(
    canvas: Canvas, curve: pl.DataFrame, row: dict[str, Any], time: Timeline, height: int = 190
) -> Markup:
    """Present value of the whole plan by the month of the order, against renting throughout.

    `curve`: order_month, present_value [plan currency].
    """
    formats, words = canvas.formats, canvas.formats.texts
    values = [float(value) for value in curve["present_value"].drop_nulls()]
    scale = formats.scale_of([*values, float(row["npv_rent"])])
    rent = float(row["npv_rent"]) / SCALES[scale]
    points = _scaled(curve.sort("order_month"), "order_month", ["present_value"], scale)
    limits = domain(
        [rent, *(point["present_value"] for point in points)], zero=False, head_room=0.08, foot_room=0.16
    )
    size = frame(FULL_WIDTH, height, left=40, right=152)
    ends = [rent, points[-1]["present_value"]]
    shown = [f"{words('series.rent_throughout')} {formats.number(rent, 2)}", words("series.order_then")]
    line_of_rent = {
        "data": {"values": [{"rent": rent}]},
        "mark": {"type": "rule", "color": RENT, "strokeWidth": 2},
        "encoding": {"y": quantitative("rent", limits)},
    }
    layers: list[Spec] = [
        _line(
            points,
            "present_value",
            time.axis("order_month"),
            limits,
            STYLES["own_less_continuing_value"],
        ),
        line_of_rent,
    ]
    layers += _end_labels(
        canvas, shown, ends, limits, size["height"], time.months, [RENT_INK, OWN], x="order_month"
    )
    spoken = words("spoken.switch_never", rent=formats.money(row["npv_rent"]))
    if row["switch_month"] is not None:
        best = float(row["switch_npv"]) / SCALES[scale]
        date = formats.month_short(row["switch_date"])
        label = words("chart.order", date=date, value=formats.number(best, 2))
        layers += _marked(
            canvas, row["switch_month"], best, label, time.months, x="order_month", below=True, limits=limits
        )
        spoken = words(
            "spoken.switch", date=formats.month(row["switch_date"]), best=formats.money(row["switch_npv"]),
            rent=formats.money(row["npv_rent"]),
        )  # fmt: skip
    return canvas.svg(size | {"layer": layers}, spoken)


def tipping(canvas: Canvas, curve: pl.DataFrame, row: dict[str, Any], height: int = 170) -> Markup:
    """Cost of own and of rent over utilisation, built capacity fixed; the crossing and the plan marked.

    `curve`: utilisation [1], own, rent [plan currency].
    """
    formats, words = canvas.formats, canvas.formats.texts
    series = ["rent", "own"]
    ordered = curve.sort("utilisation")
    scale = formats.scale_of([value for name in series for value in ordered[name].to_list()])
    points = _scaled(ordered.with_columns(pl.col("utilisation") * PERCENT), "utilisation", series, scale)
    limits = domain([point[name] for point in points for name in series])
    widest = max(point["utilisation"] for point in points)
    across = quantitative(
        "utilisation", (0, widest), tickCount=6, format=".0f", title=words("axis.utilisation")
    )
    size = frame(HALF_WIDTH, height, left=36, right=74, bottom=38)
    ends = [points[-1][name] for name in series]
    shown = [
        f"{words('series.' + name)} {formats.number(end, 1)}" for name, end in zip(series, ends, strict=True)
    ]
    solid = {"rent": STYLES["rent"], "own": STYLES["own_less_continuing_value"]}
    layers: list[Spec] = [_line(points, name, across, limits, solid[name]) for name in series]
    layers += _end_labels(
        canvas, shown, ends, limits, size["height"], widest, [RENT_INK, OWN], x="utilisation"
    )
    spoken = words("spoken.tipping_none")
    for key, colour in (("tipping_utilisation", INK), ("base_utilisation", FAINT)):
        if row[key] is not None and row[key] * PERCENT <= widest:
            at = row[key] * PERCENT
            layers.append(_upright(at, "utilisation", across, colour))
    if row["tipping_utilisation"] is not None:
        at = row["tipping_utilisation"] * PERCENT
        label = words("chart.tips_at", share=formats.percent(row["tipping_utilisation"]))
        height_there = _at(points, "utilisation", "rent", at)
        layers += _marked(canvas, at, height_there, "", widest, x="utilisation", limits=limits)
        side = _inside(
            canvas.width(label), _away(at, row["base_utilisation"], widest), size["width"] * at / widest, size
        )
        # both lines are high where they cross late, so the label stands under them, right of the mark or above the plan's
        share = 0.96 if at <= LATE_TIP * widest else 0.5 if side["align"] == "left" else 0.22
        named = {"utilisation": at, "y": limits[0] + share * (limits[1] - limits[0]), "label": label}
        layers.append(text([named], "utilisation", "y", fontWeight=canvas.bold, **side))
        spoken = words("spoken.tipping", share=formats.percent(row["tipping_utilisation"]))
    if row["base_utilisation"] is not None:
        near = {
            "utilisation": row["base_utilisation"] * PERCENT,
            "y": limits[0] + 0.06 * (limits[1] - limits[0]),
        }
        near["label"] = words("chart.planned", share=formats.percent(row["base_utilisation"]))
        side = _away(near["utilisation"], row["tipping_utilisation"], widest)
        side = _inside(canvas.width(near["label"]), side, size["width"] * near["utilisation"] / widest, size)
        layers.append(text([near], "utilisation", "y", color=MUTED, **side))
    return canvas.svg(size | {"layer": layers}, spoken)


def _scaled(frame_: pl.DataFrame, key: str, names: Sequence[str], scale: str) -> list[dict[str, Any]]:
    columns = [pl.col(name).cast(pl.Float64) / SCALES[scale] for name in names]
    return frame_.select(key, *columns).drop_nulls().to_dicts()


def _line(
    values: list[dict[str, Any]],
    y: str,
    across: Spec,
    limits: tuple[float, float],
    style: dict[str, Any],
) -> Spec:
    return {
        "data": {"values": values},
        "mark": {"type": "line"} | style,
        "encoding": {"x": across, "y": quantitative(y, limits)},
    }


def _end_labels(
    canvas: Canvas,
    labels: Sequence[str],
    ends: Sequence[float],
    limits: tuple[float, float],
    height: int,
    at: float,
    colours: Sequence[str] = (RENT_INK, MUTED, OWN),
    x: str = "month",
) -> list[Spec]:
    """One label at the end of each line, in its colour, moved apart where lines end close together."""
    places = apart(list(ends), limits, height, LINE_GAP)
    return [
        text([{x: at, "y": place, "label": label}], x, "y", color=colour, dx=7, fontWeight=canvas.bold)
        for label, place, colour in zip(labels, places, colours, strict=True)
    ]


def _ahead(
    canvas: Canvas,
    points: list[dict[str, Any]],
    row: dict[str, Any],
    limits: tuple[float, float],
    time: Timeline,
) -> list[Spec]:
    if row.get("ahead_month") is None:
        return []
    month = row["ahead_month"]
    label = canvas.formats.texts("chart.ahead", date=canvas.formats.month_short(row["ahead_date"]))
    dot = _marked(canvas, month, _at(points, "month", "rent", month), "", time.months, limits=limits)
    # the curves rise from the lower left, so the label stands at the foot, or early on at the top
    share = 0.05 if month > EARLY * time.months else 0.93
    foot = {"month": month, "y": limits[0] + share * (limits[1] - limits[0]), "label": label}
    side: dict[str, Any] = (
        {"align": "left", "dx": 8} if month < LATE * time.months else {"align": "right", "dx": -8}
    )
    return [
        _upright(month, "month", time.axis(), MUTED),
        *dot,
        text([foot], "month", "y", fontWeight=canvas.bold, **side),
    ]


def _upright(at: float, x: str, across: Spec, colour: str) -> Spec:
    return {
        "data": {"values": [{x: at}]},
        "mark": {"type": "rule", "color": colour, "strokeDash": [2, 3], "strokeWidth": 1},
        "encoding": {"x": across},
    }


def _side(at: float, widest: float) -> dict[str, Any]:
    """Labels stand left of their mark, or right of it near the left edge."""
    return {"align": "right", "dx": -8} if at > 0.45 * widest else {"align": "left", "dx": 8}


def _away(at: float, other_share: float | None, widest: float) -> dict[str, Any]:
    """A label on the far side of another mark, so that the two do not meet."""
    if other_share is None:
        return _side(at, widest)
    return {"align": "left", "dx": 6} if at >= other_share * PERCENT else {"align": "right", "dx": -6}


def _inside(label_px: float, side: dict[str, Any], at_px: float, size: Spec) -> dict[str, Any]:
    """The side of a label, or the other where it would run out of the chart."""
    room = {
        "left": size["width"] - at_px + size["padding"]["right"],
        "right": at_px + size["padding"]["left"],
    }
    if label_px + abs(side["dx"]) <= room[side["align"]]:
        return side
    return {"align": "right" if side["align"] == "left" else "left", "dx": -side["dx"]}


def _marked(
    canvas: Canvas,
    at: float,
    height: float,
    label: str,
    widest: float,
    *,
    limits: tuple[float, float],
    x: str = "month",
    below: bool = False,
) -> list[Spec]:
    """The point that carries the verdict, with its name."""
    point = {x: at, "y": height, "label": label}
    position = {
        "x": {"field": x, "type": "quantitative"},
        "y": {
            "field": "y",
            "type": "quantitative",
            "scale": {"domain": list(limits), "nice": False, "zero": False},
        },
    }
    dot = {
        "type": "point",
        "filled": True,
        "size": 64,
        "color": INK,
        "stroke": "white",
        "strokeWidth": 1.4,
        "opacity": 1,
    }
    offset = 12 if below else -12
    return [
        {"data": {"values": [point]}, "mark": dot, "encoding": position},
        text([point], x, "y", fontWeight=canvas.bold, dy=offset, **_side(at, widest)),
    ]


def _at(points: list[dict[str, Any]], x: str, y: str, at: float) -> float:
    """Value of a line at a position, linear between its points."""
    before = max((p for p in points if p[x] <= at), key=lambda p: p[x], default=points[0])
    after = min((p for p in points if p[x] >= at), key=lambda p: p[x], default=points[-1])
    if after[x] == before[x]:
        return float(before[y])
    return float(before[y] + (after[y] - before[y]) * (at - before[x]) / (after[x] - before[x]))
