"""Draw: a Vega-Lite specification in, inline SVG with its spoken title out.

Belongs here: the engine, which may fetch nothing, and small parts of specifications that charts share.
Does not belong here: what a chart shows.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
from dataclasses import dataclass, field
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from markupsafe import Markup, escape

from brytpunkt.reporting import fonts
from brytpunkt.reporting.charts.svg_simplify import tidied
from brytpunkt.reporting.charts.theme import LINE_GAP, TEXT, config
from brytpunkt.reporting.sanitise import printable

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from brytpunkt.reporting.formats import Formats

Spec = dict[str, Any]
VEGA_LITE = "https://vega.github.io/schema/vega-lite/v6.json"


@dataclass(frozen=True)
class Canvas:
    """Where charts are drawn: formats of the reader and the folder of the report's fonts."""

    formats: Formats
    font_folder: Path
    drawn: dict[str, str] = field(default_factory=dict, compare=False, repr=False)

    @property
    def bold(self) -> int:
        """Weight of the boldest cut that the folder has."""
        return fonts.bold_weight(self.font_folder)

    def width(self, label: str) -> float:
        """Width of a label in the boldest cut [px]."""
        return fonts.advances(self.font_folder, self.bold).width(label) * TEXT

    def svg(self, spec: Spec, spoken: str) -> Markup:
        """The chart as inline SVG; `spoken` is its alternative text."""
        wanted = finite(spec)
        key = json.dumps(wanted)
        if key not in self.drawn:
            self.drawn[key] = self._drawn(wanted)  # reports of a run have charts in common
        head, _, body = self.drawn[key].partition(">")
        return Markup(f'{head} role="img"><title>{escape(printable(spoken))}</title>{body}')  # noqa: S704

    def _drawn(self, spec: Spec) -> str:
        family = fonts.family(self.font_folder)
        drawn = _engine(self.font_folder).vegalite_to_svg(
            {"$schema": VEGA_LITE, "autosize": "none", "config": config(family)} | spec,
            format_locale=self.formats.vega(),
            allowed_base_urls=[],
        )
        return _own_ids(tidied(drawn.replace(f'font-family="{family}"', 'font-family="Report"')))


def _own_ids(svg: str) -> str:
    """Clip paths named by the drawing itself: the engine counts them on from chart to chart."""
    order = {name: f"{at}" for at, name in enumerate(dict.fromkeys(re.findall(r"\bclip\d+\b", svg)))}
    counted = re.sub(r"\bclip\d+\b", lambda found: f"clip-{order[found[0]]}", svg)
    drawing = hashlib.sha256(counted.encode()).hexdigest()[:12]
    return re.sub(r"\bclip-(\d+)\b", rf"clip-{drawing}-\1", counted)


@cache
def _engine(font_folder: Path) -> Any:
    import vl_convert

    vl_convert.register_font_directory(str(font_folder))
    return vl_convert


def finite(value: Any) -> Any:
    """A specification in which what is not a number is null: a gap in a line, a mark left out."""
    if isinstance(value, dict):
        return {key: finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [finite(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def frame(width: int, height: int, *, left: int, right: int, top: int = 10, bottom: int = 24) -> Spec:
    """Outer size of a chart [px] with fixed margins, so that charts under each other align."""
    return {
        "width": width - left - right,
        "height": height - top - bottom,
        "padding": {"left": left, "right": right, "top": top, "bottom": bottom},
    }


def domain(
    values: Sequence[float | None],
    *,
    zero: bool = True,
    head_room: float = 0.04,
    foot_room: float | None = None,
) -> tuple[float, float]:
    """Limits of a scale that hold all known values, with zero, and a little room above and below."""
    known = [value for value in values if value is not None and math.isfinite(value)] or [0.0]
    low, high = min(known), max(known)
    if zero:
        low, high = min(low, 0.0), max(high, 0.0)
    span = high - low or abs(high) or 1.0
    below = span * (head_room if foot_room is None else foot_room)
    return (low - below if low < 0 or not zero else low), high + span * head_room


def apart(
    values: Sequence[float], limits: tuple[float, float], height: int, gap: float = LINE_GAP
) -> list[float]:
    """Values moved so that labels beside them stand at least `gap` px apart on a scale `height` px high."""
    low, high = limits
    per_px = (high - low) / height
    order = sorted(range(len(values)), key=lambda index: values[index])
    placed = list(values)
    for before, after in pairwise(order):
        placed[after] = max(placed[after], placed[before] + gap * per_px)
    overshoot = max(placed) - (high + 4 * per_px) if placed else 0.0
    if overshoot > 0:
        placed[order[-1]] -= overshoot
        for after, before in pairwise(order[::-1]):
            placed[before] = min(placed[before], placed[after] - gap * per_px)
    return placed


def quantitative(field: str, limits: tuple[float, float], **axis: Any) -> Spec:
    """A numeric position channel with fixed limits."""
    return {
        "field": field,
        "type": "quantitative",
        "scale": {"domain": list(limits), "nice": False, "zero": False},
        "axis": {"title": None, "tickCount": 5} | axis,
    }


def text(values: list[Spec], x: str, y: str, label: str = "label", **mark: Any) -> Spec:
    """A layer of labels at data positions; scales are those of the chart."""
    return {
        "data": {"values": values},
        "mark": {"type": "text", "align": "left", "baseline": "middle", "clip": False} | mark,
        "encoding": {
            "x": {"field": x, "type": "quantitative"},
            "y": {"field": y, "type": "quantitative"},
            "text": {"field": label, "type": "nominal"},
        },
    }
