"""Strokes: the path of an SVG mark as path operators of a PDF.

Belongs here: geometry. Does not belong here: colours, text, pages (see drawings.py).
"""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

TOKEN = re.compile(r"([A-Za-z])|([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)")
TAKES = {"M": 2, "L": 2, "H": 1, "V": 1, "C": 6, "Q": 4, "A": 7, "Z": 0}  # numbers that a command takes
Point = tuple[float, float]


def operators(path: str) -> bytes:
    """An SVG path (SVG 2, section 9.3; all commands but S and T) as operators of a PDF (ISO 32000-1, table 59).

    Raises ValueError for a command that is not known, or that lacks numbers.

    >>> operators("M0,0h9v-2.5Z")
    b'0 0 m 9 0 l 9 -2.5 l h'
    """
    return " ".join(_operators(path)).encode("ascii")


def _operators(path: str) -> Iterator[str]:
    here = first = (0.0, 0.0)
    for letter, numbers in _commands(path):
        base = here if letter.islower() else (0.0, 0.0)
        match letter.upper():
            case "M" | "L" as command:
                here = (base[0] + numbers[0], base[1] + numbers[1])
                first = here if command == "M" else first
                yield f"{_said(here)} {command.lower()}"
            case "H":
                here = (base[0] + numbers[0], here[1])
                yield f"{_said(here)} l"
            case "V":
                here = (here[0], base[1] + numbers[0])
                yield f"{_said(here)} l"
            case "C":
                one, other, end = _points(numbers, base)
                yield f"{_said(one, other, end)} c"
                here = end
            case "Q":
                middle, end = _points(numbers, base)
                yield f"{_said(_between(here, middle), _between(end, middle), end)} c"
                here = end
            case "A":
                end = (base[0] + numbers[5], base[1] + numbers[6])
                yield from _arc(here, end, numbers)
                here = end
            case _:
                here = first
                yield "h"


def _commands(path: str) -> Iterator[tuple[str, list[float]]]:
    """Commands with their numbers; numbers that go on without a letter repeat the command, a move as a line."""
    letter, numbers = "", list[float]()
    for found in TOKEN.finditer(path + "Z"):
        if not found[1]:
            numbers.append(float(found[2]))
            continue
        takes = TAKES.get(letter.upper(), 0)
        if (takes and not numbers) or (numbers and (not takes or len(numbers) % takes)):
            message = f"a drawing has a path that cannot be read at {letter!r}: {path[:60]}"
            raise ValueError(message)
        if letter.upper() == "Z":
            yield letter, []
        for at in range(0, len(numbers), takes or 1):
            yield letter, numbers[at : at + takes]
            letter = {"M": "L", "m": "l"}.get(letter, letter)
        letter, numbers = found[1], []
        if letter.upper() not in TAKES:
            message = f"a drawing has a path with the command {letter!r}, which reports cannot draw"
            raise ValueError(message)


def _points(numbers: list[float], base: Point) -> list[Point]:
    return [(base[0] + x, base[1] + y) for x, y in zip(numbers[::2], numbers[1::2], strict=True)]


def _between(end: Point, middle: Point) -> Point:
    """Control point of a cubic curve that equals a quadratic one."""
    return (end[0] + (middle[0] - end[0]) * 2 / 3, end[1] + (middle[1] - end[1]) * 2 / 3)


def _arc(start: Point, end: Point, numbers: list[float]) -> Iterator[str]:
    """A circular arc as cubic curves of at most a quarter each (SVG 2, appendix B.2.4, for equal radii)."""
    radius, other, _, is_large, is_clockwise, *_ = numbers
    across = math.dist(start, end)
    if not math.isclose(radius, other) or radius <= 0:
        message = f"a drawing has an arc with the radii {radius} and {other}; reports draw circles only"
        raise ValueError(message)
    if not across:
        return
    radius = max(radius, across / 2)
    off = math.sqrt(max(radius**2 - across**2 / 4, 0.0)) * (1 if is_large != is_clockwise else -1)
    along = ((end[0] - start[0]) / across, (end[1] - start[1]) / across)
    centre = (
        (start[0] + end[0]) / 2 - off * along[1],
        (start[1] + end[1]) / 2 + off * along[0],
    )
    begun = math.atan2(start[1] - centre[1], start[0] - centre[0])
    turn = math.atan2(end[1] - centre[1], end[0] - centre[0]) - begun
    if is_clockwise and turn <= 0:
        turn += 2 * math.pi
    elif not is_clockwise and turn >= 0:
        turn -= 2 * math.pi
    parts = max(1, math.ceil(abs(turn) / (math.pi / 2) - 1e-9))
    step = turn / parts
    reach = 4 / 3 * math.tan(step / 4)
    for part in range(parts):
        before, after = begun + part * step, begun + (part + 1) * step
        yield (
            _said(
                _on(centre, radius, before, reach),
                _on(centre, radius, after, -reach),
                end if part == parts - 1 else _on(centre, radius, after, 0.0),
            )
            + " c"
        )


def _on(centre: Point, radius: float, angle: float, reach: float) -> Point:
    """A point of a circle, moved along its tangent by a share of the radius."""
    cos, sin = math.cos(angle), math.sin(angle)
    return (centre[0] + radius * (cos - reach * sin), centre[1] + radius * (sin + reach * cos))


def _said(*points: Point) -> str:
    return " ".join(_number(value) for point in points for value in point)


def _number(value: float) -> str:
    shown = f"{value:.3f}".rstrip("0").rstrip(".")
    return "0" if shown in {"-0", ""} else shown
