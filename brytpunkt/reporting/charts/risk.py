"""Risk: how own less rent is spread, what moves it, where it turns, and when.

Belongs here: charts of drawn worlds. Does not belong here: their statistics (planning/risk), words around them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from brytpunkt.reporting.charts.theme import FULL_WIDTH, INK, MUTED, OWN, OWN_LIGHT, RENT, RENT_INK
from brytpunkt.reporting.charts.vega import Canvas, Spec, domain, frame, quantitative, text
from brytpunkt.reporting.formats import SCALES
from brytpunkt.reporting.sanitise import LABEL_LENGTH, axis_label

if TYPE_CHECKING:
    from collections.abc import Sequence

    from markupsafe import Markup

Row = dict[str, Any]
THOUSAND = SCALES["thousand"]
PERCENT = 100
ROW = 22


def distribution(canvas: Canvas, rows: Sequence[Row], chance: float, spoken: str) -> Markup:
    """How often own costs how much more or less than rent: bars shaded by the verdict, zero marked.

    `rows`: low, high [plan currency], share; `chance`: probability that building wins.
    """
    formats, words = canvas.formats, canvas.formats.texts
    values = [
        {
            "low": row["low"] / THOUSAND,
            "high": row["high"] / THOUSAND,
            "share": row["share"] * PERCENT,
            "shade": OWN if row["high"] <= 0 else RENT,
        }
        for row in rows
    ]
    across = domain([*(v["low"] for v in values), *(v["high"] for v in values)], head_room=0.0)
    up = domain([v["share"] for v in values], head_room=0.18)
    size = frame(FULL_WIDTH, 190, left=48, right=20, top=8, bottom=40)
    title = words("axis.own_less_rent", unit=formats.unit("thousand"))
    layers: list[Spec] = [
        {
            "mark": {"type": "rect", "stroke": "white", "strokeWidth": 0.6},
            "encoding": {
                "x": quantitative("low", across, title=title),
                "x2": {"field": "high"},
                "y": quantitative("share", up, grid=True, title=words("axis.share_of_draws")),
                "y2": {"datum": 0},
                "color": {"field": "shade", "type": "nominal", "scale": None},
            },
        },
        {
            "data": {"values": [{"low": 0}]},
            "mark": {"type": "rule", "color": INK, "strokeWidth": 1.2},
            "encoding": {"x": quantitative("low", across, title=title)},
        },
    ]
    for side, at, share, word, colour in (
        ("left", across[0], chance, "risk.building_wins", OWN),
        ("right", across[1], 1 - chance, "risk.renting_wins", RENT_INK),
    ):
        label = [{"low": at, "share": up[1] * 0.97, "label": words(word, share=formats.percent(share))}]
        layers.append(text(label, "low", "share", align=side, color=colour, fontWeight=canvas.bold))
    return canvas.svg(size | {"data": {"values": values}, "layer": layers}, spoken)


def tornado(canvas: Canvas, rows: Sequence[Row], spoken: str) -> Markup:
    """Own less rent with one figure at its low and high end. `rows`: name, low, high (as text), at_low, at_high, planned."""
    formats, words = canvas.formats, canvas.formats.texts
    values = [
        {
            "name": axis_label(row["name"], LABEL_LENGTH + 8),
            "from": min(row["at_low"], row["at_high"]) / THOUSAND,
            "to": max(row["at_low"], row["at_high"]) / THOUSAND,
            "left": row["low"] if row["at_low"] <= row["at_high"] else row["high"],
            "right": row["high"] if row["at_low"] <= row["at_high"] else row["low"],
        }
        for row in rows
    ]
    ends = domain([*(v["from"] for v in values), *(v["to"] for v in values)], head_room=0.22, foot_room=0.22)
    size = frame(FULL_WIDTH, ROW * len(values) + 46, left=216, right=16, top=4, bottom=40)
    lines = (0.0, rows[0]["planned"] / THOUSAND)
    per_px = (ends[1] - ends[0]) / size["width"]
    for value in values:
        value["left_at"] = _beyond(value["from"], lines, -per_px * _label_width(value["left"]))
        value["right_at"] = _beyond(value["to"], lines, per_px * _label_width(value["right"]))
    names = {
        "field": "name", "type": "ordinal", "sort": [v["name"] for v in values],
        "axis": {"title": None, "labelLimit": 240, "labelColor": INK},
    }  # fmt: skip
    title = words("axis.own_less_rent", unit=formats.unit("thousand"))
    across = quantitative("from", ends, grid=True, title=title)
    layers: list[Spec] = [
        {
            "mark": {"type": "bar", "height": {"band": 0.62}, "color": OWN_LIGHT},
            "encoding": {"y": names, "x": across, "x2": {"field": "to"}},
        },
        *(
            {
                "data": {"values": [{"from": at}]},
                "mark": {"type": "rule", "color": colour, "strokeWidth": 1.2, "strokeDash": dash},
                "encoding": {"x": across},
            }
            for at, colour, dash in ((lines[0], INK, [1, 0]), (lines[1], MUTED, [3, 3]))
        ),
        *(
            {
                "mark": {"type": "text", "align": align, "dx": dx, "color": INK},
                "encoding": {
                    "y": names, "x": quantitative(field, ends, grid=True, title=title), "text": {"field": label, "type": "nominal"},
                },
            }
            for field, label, align, dx in (("left_at", "left", "right", -5), ("right_at", "right", "left", 5))
        ),
    ]  # fmt: skip
    return canvas.svg(size | {"data": {"values": values}, "layer": layers}, spoken)


def _beyond(at: float, lines: Sequence[float], reach: float) -> float:
    """Where a label begins: at the end of its bar, or beyond the upright lines that would run through it."""
    for line in sorted(lines, reverse=reach < 0):
        if 0 <= (line - at) / reach <= 1:
            at = line
    return at


def _label_width(label: str) -> float:
    """Room that a label takes with the gap before it [px]."""
    return 6 + 6.5 * len(label)


def heat(canvas: Canvas, rows: Sequence[Row], spoken: str) -> Markup:
    """Own less rent by utilisation and a discount on rent: the verdict by colour, the amount written in.

    `rows`: utilisation, cloud_discount [shares], difference [plan currency].
    """
    formats, words = canvas.formats, canvas.formats.texts
    most = max((abs(row["difference"]) for row in rows), default=1.0) or 1.0
    values = [
        {
            "use": round(row["utilisation"] * PERCENT),
            "discount": round(row["cloud_discount"] * PERCENT),
            "label": formats.number(row["difference"] / THOUSAND, signed=True),
            "shade": OWN if row["difference"] < 0 else RENT,
            "opacity": 0.22 + 0.5 * abs(row["difference"]) / most,
        }
        for row in rows
    ]
    size = frame(FULL_WIDTH, 22 * len({v["use"] for v in values}) + 44, left=60, right=16, top=4, bottom=40)
    x = {
        "field": "discount", "type": "ordinal",
        "axis": {"title": words("axis.rent_discount"), "labelAngle": 0},
        "scale": {"paddingInner": 0.03},
    }  # fmt: skip
    y = {
        "field": "use", "type": "ordinal", "sort": "descending",
        "axis": {"title": words("axis.utilisation")}, "scale": {"paddingInner": 0.06},
    }  # fmt: skip
    layers: list[Spec] = [
        {
            "mark": {"type": "rect"},
            "encoding": {
                "x": x, "y": y,
                "color": {"field": "shade", "type": "nominal", "scale": None},
                "opacity": {"field": "opacity", "type": "quantitative", "scale": None},
            },
        },
        {
            "mark": {"type": "text", "color": INK, "fontSize": 10},
            "encoding": {"x": x, "y": y, "text": {"field": "label", "type": "nominal"}},
        },
    ]  # fmt: skip
    return canvas.svg(size | {"data": {"values": values}, "layer": layers}, spoken)


def chances(canvas: Canvas, rows: Sequence[Row], axis: Spec, spoken: str) -> Markup:
    """Probability by month that ordering has become right, and that owning is ahead for good. `rows`: month and both."""
    words = canvas.formats.texts
    limits = (0.0, 100.0)
    size = frame(FULL_WIDTH, 170, left=56, right=150)
    layers: list[Spec] = []
    ends = []
    for field, colour, word in (
        ("switch_probability", OWN, "risk.order_right"),
        ("ahead_probability", OWN_LIGHT, "risk.ahead"),
    ):
        values = [
            {"month": row["month"], "share": row[field] * PERCENT}
            for row in rows
            if row.get(field) is not None
        ]
        if not values:
            continue
        ends.append({**values[-1], "label": words(word), "colour": colour})
        layers.append(
            {
                "data": {"values": values},
                "mark": {"type": "line", "interpolate": "step-after", "color": colour, "strokeWidth": 2},
                "encoding": {
                    "x": axis,
                    "y": quantitative("share", limits, grid=True, title=words("axis.probability")),
                },
            }
        )
    gap = 9.0
    if len(ends) > 1 and abs(ends[0]["share"] - ends[1]["share"]) < gap:
        low = min(ends, key=lambda end: end["share"])
        low["share"] = max(0.0, max(end["share"] for end in ends) - gap)
    layers += [text([end], "month", "share", dx=6, color=INK) for end in ends]
    return canvas.svg(size | {"layer": layers}, spoken)
