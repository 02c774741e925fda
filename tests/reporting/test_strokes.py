"""Strokes: a path of SVG is the same line in a PDF."""

from __future__ import annotations

import math

import pytest

from brytpunkt.reporting.strokes import operators


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("M1,2L3,4", "1 2 m 3 4 l"),
        ("M1,2l3,4h1v-1", "1 2 m 4 6 l 5 6 l 5 5 l"),
        ("m1 2 3 4 5 6", "1 2 m 4 6 l 9 12 l"),
        ("M0,0H9V8Zl1,1", "0 0 m 9 0 l 9 8 l h 1 1 l"),
        ("M0,0C1,2,3,4,5,6", "0 0 m 1 2 3 4 5 6 c"),
        ("M1,1c1,2,3,4,5,6", "1 1 m 2 3 4 5 6 7 c"),
        ("M0,0Q3,3,6,0", "0 0 m 2 2 4 2 6 0 c"),
        ("M.5-1e-9L-.5,1", "0.5 0 m -0.5 1 l"),
        ("M1,1A2,2,0,1,1,1,1", "1 1 m"),
        ("", ""),
    ],
)  # fmt: skip
def test_commands_become_operators(path: str, said: str) -> None:
    assert operators(path).decode() == said


@pytest.mark.parametrize(("large", "sweep", "through"), [(0, 1, (-5, 0)), (0, 0, (5, 0))])
def test_a_half_circle_runs_on_its_circle_and_on_the_right_side(
    large: int, sweep: int, through: tuple[float, float]
) -> None:
    curves = operators(f"M0,5A5,5,0,{large},{sweep},0,-5").decode().split(" m ")[1].split(" c")
    ends = [tuple(map(float, curve.split()[-2:])) for curve in curves if curve]
    assert all(math.hypot(*end) == pytest.approx(5, abs=1e-3) for end in ends)
    assert any(end == pytest.approx(through, abs=1e-3) for end in ends)
    assert ends[-1] == (0, -5)


def test_the_larger_arc_goes_the_longer_way() -> None:
    short, long = (operators(f"M5,0A5,5,0,{large},{large},0,5").decode().count(" c") for large in (0, 1))
    assert (short, long) == (1, 3), "a quarter and three quarters, a curve each"


@pytest.mark.parametrize("path", ["M1", "M0,0L1", "M0,0A1,2,0,0,1,3,3", "M0,0S1,1,2,2", "M0,0h"])
def test_what_cannot_be_read_is_said(path: str) -> None:
    with pytest.raises(ValueError, match="a drawing has"):
        operators(path)
