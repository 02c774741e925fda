"""Bars: costs by kind, sites beside each other, and what energy costs there.

Belongs here: horizontal bars from zero, each with its value. Does not belong here: lines (see curves.py).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from brytpunkt.reporting.charts.theme import FULL_WIDTH, INK, OWN, QUIET, RENT, RENT_INK, STACK
from brytpunkt.reporting.charts.vega import Canvas, Spec, domain, frame, quantitative
from brytpunkt.reporting.formats import SCALES
from brytpunkt.reporting.sanitise import LABEL_LENGTH, axis_label, short

if TYPE_CHECKING:
    from collections.abc import Sequence

    from markupsafe import Markup

NAME_AXIS: dict[str, Any] = {
    "title": None, "labelLimit": 190, "labelPadding": 8, "domain": False, "ticks": False, "labelColor": INK,
}  # fmt: skip
PAIR = ("own", "rent")
TALLEST = 620


def cost_pairs(canvas: Canvas, groups: Sequence[tuple[str, float, float]], scale: str) -> Markup:
    """Own above rent for each kind of cost. `groups`: name, own, rent [plan currency, present value]."""
    formats, words = canvas.formats, canvas.formats.texts
    values: list[dict[str, Any]] = [
        {"group": name, "side": side, "value": value / SCALES[scale], "at": max(0.0, value / SCALES[scale]),
         "label": formats.number(value / SCALES[scale], 2)}
        for name, own, rent in groups
        for side, value in zip(PAIR, (own, rent), strict=True)
        if value
    ]  # fmt: skip
    first = next((v for v in values if v["side"] == "rent"), None)
    for value in values:
        if value is values[0] or value is first:
            value["label"] = f"{value['label']}  {words('series.' + value['side'])}"
    limits = domain([v["value"] for v in values] or [0.0], head_room=0.02)
    size = frame(FULL_WIDTH, 25 * len(groups) + 26, left=176, right=70, top=4, bottom=22)
    scale_of_rows = {"domain": [name for name, _, _ in groups], "paddingInner": 0.2, "paddingOuter": 0.1}
    rows = {"field": "group", "type": "nominal", "sort": None, "axis": NAME_AXIS, "scale": scale_of_rows}
    offset = {"field": "side", "type": "nominal", "scale": {"domain": list(PAIR), "paddingInner": 0}}
    colour = {
        "field": "side", "type": "nominal", "legend": None,
        "scale": {"domain": list(PAIR), "range": [OWN, RENT]},
    }  # fmt: skip
    position: Spec = {"y": rows, "yOffset": offset, "x": quantitative("value", limits, grid=True)}
    layers = [
        {"mark": {"type": "bar", "height": {"band": 0.92}}, "encoding": position | {"color": colour}},
        {
            "mark": {"type": "text", "align": "left", "dx": 5, "fontWeight": canvas.bold, "fontSize": 10.5},
            "encoding": position
            | {"x": quantitative("at", limits, grid=True), "text": {"field": "label", "type": "nominal"}},
        },
    ]
    own, rent = sum(g[1] for g in groups), sum(g[2] for g in groups)
    spoken = words("spoken.costs", own=formats.money(own), rent=formats.money(rent))
    return canvas.svg(size | {"data": {"values": values}, "layer": layers}, spoken)


def sites(canvas: Canvas, rows: Sequence[dict[str, Any]], here: str | None) -> Markup:
    """Cost of own, ordered in its best month, at each site against the line of renting, on one scale.

    `here` is the report's site; the open mark is the cost of an order at the start.
    """
    formats, words = canvas.formats, canvas.formats.texts
    built = [row for row in rows if row["switch_npv"] is not None and row["npv_own"] is not None]
    whole = float(rows[0]["npv_rent"])
    scale = formats.scale_of([*(float(row["switch_npv"]) for row in built), whole])
    rent = whole / SCALES[scale]
    values = [_site_bar(canvas, row, index, scale, here) for index, row in enumerate(built)]
    limits = domain([rent, *(v[name] for v in values for name in ("value", "start"))])
    size = frame(FULL_WIDTH, _row(24, len(values)) * len(values) + 54, left=176, right=96, top=24, bottom=22)
    axis = NAME_AXIS | {"labelExpr": "split(datum.label, '\\u200b')[0]"}
    names = {
        "field": "site",
        "type": "nominal",
        "sort": None,
        "axis": axis,
        "scale": {"domain": [v["site"] for v in values]},
    }
    position: Spec = {"y": names, "x": quantitative("value", limits)}
    line = [{"value": rent, "label": f"{words('series.rent')} {formats.number(rent, 2)}"}]
    shade = {"color": {"field": "shade", "scale": None, "type": "nominal"}}
    layers: list[Spec] = [
        {"mark": {"type": "bar"}, "encoding": position | shade},
        {
            "mark": {"type": "tick", "color": INK, "thickness": 1.2, "height": {"band": 0.6}},
            "encoding": {"y": names, "x": quantitative("start", limits)},
        },
        *(
            {
                "mark": {"type": "text", "align": "right", "fontWeight": canvas.bold},
                "encoding": {
                    "y": names, "x": {"value": size["width"] + at}, "text": {"field": field, "type": "nominal"},
                },
            }
            for field, at in (("label", 44), ("share", 86))
        ),
        {
            "data": {"values": line},
            "mark": {"type": "rule", "color": RENT, "strokeWidth": 2},
            "encoding": {"x": quantitative("value", limits)},
        },
        {
            "data": {"values": line},
            "mark": {"type": "text", "color": RENT_INK, "fontWeight": canvas.bold, "dy": -10, "align": "center"},
            "encoding": {
                "x": quantitative("value", limits), "y": {"value": 0},
                "text": {"field": "label", "type": "nominal"},
            },
        },
    ]  # fmt: skip
    best = min(built, key=lambda row: float(row["switch_npv"]), default=rows[0])
    spoken = words(
        "spoken.sites", count=len(built), best=short(best["site_name"], 60),
        own=formats.money(best["switch_npv"]),
        rent=formats.money(rows[0]["npv_rent"]),
    )  # fmt: skip
    return canvas.svg(size | {"data": {"values": values}, "layer": layers}, spoken)


def _site_bar(
    canvas: Canvas, row: dict[str, Any], index: int, scale: str, here: str | None
) -> dict[str, Any]:
    formats = canvas.formats
    name = axis_label(row["site_name"], 17 if row["is_comparator"] else LABEL_LENGTH)
    shown = formats.texts("chart.comparator", name=name) if row["is_comparator"] else name
    best, rent = float(row["switch_npv"]), float(row["npv_rent"])
    return {
        "site": _label(shown, index),
        "value": best / SCALES[scale],
        "start": float(row["npv_own"]) / SCALES[scale],
        "label": formats.number(best / SCALES[scale], 2),
        "share": formats.percent(best / rent - 1 if rent else None, signed=True),
        "shade": OWN if row["site"] == here or (here is None and index == 0) else QUIET,
    }


def energy_prices(
    canvas: Canvas, rows: Sequence[dict[str, Any]], parts: Sequence[str], here: str | None
) -> Markup:
    """What a MWh costs at each site, by part, on one scale. `rows`: site, site_name, parts [currency/MWh]."""
    formats, words = canvas.formats, canvas.formats.texts
    values: list[dict[str, Any]] = []
    totals: list[dict[str, Any]] = []
    for index, row in enumerate(rows):
        name = _label(axis_label(row["site_name"]), index)
        whole = sum(row[part] for part in parts)
        weight = canvas.bold if row["site"] == here else "normal"
        totals.append({"site": name, "end": whole, "label": formats.number(whole, 1), "weight": weight})
        start = 0.0
        for order, part in enumerate(parts):
            values.append({"site": name, "from": start, "to": start + row[part], "shade": STACK[order]})
            start += row[part]
    limits = domain([total["end"] for total in totals] + [value["to"] for value in values])
    size = frame(FULL_WIDTH, _row(22, len(rows)) * len(rows) + 28, left=176, right=56, top=4, bottom=22)
    axis = NAME_AXIS | {"labelExpr": "split(datum.label, '\\u200b')[0]"}
    names = {
        "field": "site",
        "type": "nominal",
        "sort": None,
        "axis": axis,
        "scale": {"domain": [t["site"] for t in totals]},
    }
    shade = {"field": "shade", "type": "nominal", "scale": None}
    layers: list[Spec] = [
        {
            "data": {"values": values},
            "mark": {"type": "bar", "stroke": "white", "strokeWidth": 0.8},
            "encoding": {
                "y": names,
                "x": quantitative("from", limits),
                "x2": {"field": "to"},
                "color": shade,
            },
        },
        {
            "data": {"values": totals},
            "mark": {"type": "text", "align": "left", "dx": 6, "fontWeight": canvas.bold},
            "encoding": {
                "y": names,
                "x": quantitative("end", limits),
                "text": {"field": "label", "type": "nominal"},
            },
        },
    ]
    cheapest = min(rows, key=lambda row: sum(row[part] for part in parts))
    spoken = words(
        "spoken.energy", best=short(cheapest["site_name"], 60),
        price=formats.number(sum(cheapest[part] for part in parts), 1), currency=formats.currency,
    )  # fmt: skip
    return canvas.svg(size | {"layer": layers}, spoken)


def decision_bar(canvas: Canvas, row: dict[str, Any]) -> Markup:
    """Two bars for page one: what renting and what owning cost over the horizon."""
    formats, words = canvas.formats, canvas.formats.texts
    pairs = [("rent_throughout", row["npv_rent"], RENT), ("own_start", row["npv_own"], OWN)]
    if row["switch_month"] and row["switch_npv"] is not None:
        pairs.append(("own_later", row["switch_npv"], OWN))
    shown = [
        (words("series." + name), float(value), shade) for name, value, shade in pairs if value is not None
    ]
    limits = domain([value for _, value, _ in shown])
    size = frame(FULL_WIDTH, 26 * len(shown) + 8, left=176, right=84, top=2, bottom=6)
    values = [{"name": n, "value": v, "label": formats.money(v), "shade": shade} for n, v, shade in shown]
    names = {
        "field": "name",
        "type": "nominal",
        "sort": None,
        "axis": NAME_AXIS,
        "scale": {"domain": [n for n, _, _ in shown]},
    }
    position = {
        "y": names,
        "x": quantitative("value", limits, labels=False, grid=False, ticks=False, domain=False),
    }
    shade = {"color": {"field": "shade", "type": "nominal", "scale": None}}
    layers = [
        {"mark": {"type": "bar"}, "encoding": position | shade},
        {
            "mark": {"type": "text", "align": "left", "dx": 6, "fontWeight": canvas.bold, "fontSize": 13},
            "encoding": position | {"text": {"field": "label", "type": "nominal"}},
        },
    ]
    spoken = "; ".join(f"{value['name']}: {value['label']}" for value in values)
    return canvas.svg(size | {"data": {"values": values}, "layer": layers}, spoken)


def _row(height: int, count: int) -> int:
    """Height of a row [px], less where the chart would outgrow a page."""
    return min(height, TALLEST // max(count, 1))


def _label(name: str, index: int) -> str:
    """A name that stays unique where two sites are called alike; what follows U+200B is not shown."""
    return f"{name}\u200b{index}"
