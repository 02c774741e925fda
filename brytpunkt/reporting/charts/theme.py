"""Theme: one palette, one type size and one set of axes for every chart.

Belongs here: colours and the Vega-Lite configuration. The colours differ in lightness as well as in hue,
so that a grey print and a colour-blind reader tell them apart; RENT_INK is RENT dark enough for small letters. Does not belong here: data.
"""

from __future__ import annotations

from typing import Any

INK = "#17212b"
MUTED = "#5c6873"
FAINT = "#aab4bd"
RULE = "#dfe4e8"
OWN = "#0b4a6f"
OWN_LIGHT = "#7fa8c2"
RENT = "#d07a1f"
RENT_INK = "#a3480b"
BAND = "#f3ecd9"
QUIET = "#c3ced6"
STACK = ("#0b4a6f", "#5f93b3", "#b9cfdd", "#f0dfbe", "#d07a1f", "#8c8c8c")

FULL_WIDTH = 658
HALF_WIDTH = 321
TEXT = 11.5
LINE_GAP = 14.0


def config(family: str) -> dict[str, Any]:
    """The configuration of every chart, set in the report's font."""
    axis = {
        "labelColor": MUTED,
        "labelFontSize": TEXT,
        "titleColor": MUTED,
        "titleFontSize": TEXT,
        "titleFontWeight": "normal",
        "domainColor": FAINT,
        "tickColor": FAINT,
        "gridColor": RULE,
        "gridWidth": 0.6,
        "tickSize": 4,
        "labelLimit": 0,
    }
    return {
        "font": family,
        "background": "transparent",
        "view": {"stroke": None},
        "axis": axis,
        "axisX": {"grid": False},
        # numbers are short: a limit would have each of them measured twice more
        "axisBand": {"labelLimit": 180},
        "axisY": {"domain": False, "ticks": False, "labelPadding": 6},
        "text": {"fontSize": TEXT, "color": INK},
        "line": {"strokeJoin": "round", "strokeCap": "round"},
        "bar": {"discreteBandSize": {"band": 0.7}},
    }
