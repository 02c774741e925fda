"""Weekly shapes as a user declares them: a name, or 168 numbers. What the names mean is planning's (shapes.py)."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import PlainValidator, WithJsonSchema

from brytpunkt.declarations.values.fields import wrong

SHAPES = ("flat", "office_hours", "consumer")
HOURS_PER_WEEK = 168
LARGEST_WEIGHT = 1e9
ROUNDING = 1e-9


def _weekly_shape(value: Any) -> str | tuple[float, ...]:
    """A named shape, or 168 numbers scaled to a mean of 1."""
    if isinstance(value, str) and value in SHAPES:
        return value
    expected = f"expected one of {', '.join(SHAPES)}, or {HOURS_PER_WEEK} numbers (Monday 00:00 first)"
    if not isinstance(value, (list, tuple)):
        raise wrong(f"{str(value)[:40]!r} is not a weekly shape", expected)
    if len(value) != HOURS_PER_WEEK:
        raise wrong(f"a weekly shape has {HOURS_PER_WEEK} hours, got {len(value)}", expected)
    if any(isinstance(hour, bool) or not isinstance(hour, (int, float)) for hour in value):
        raise wrong("a weekly shape holds numbers only", expected)
    if not all(0 <= hour < LARGEST_WEIGHT for hour in value) or sum(value) == 0:
        raise wrong("the hours of a weekly shape are finite, not negative, and not all zero", expected)
    mean = sum(value) / HOURS_PER_WEEK
    return tuple(float(hour) if abs(mean - 1) < ROUNDING else hour / mean for hour in value)


WeeklyShape = Annotated[
    Literal["flat", "office_hours", "consumer"] | tuple[float, ...],
    PlainValidator(_weekly_shape),
    WithJsonSchema(
        {
            "anyOf": [
                {"enum": list(SHAPES)},
                {"type": "array", "items": {"type": "number"}, "minItems": 168, "maxItems": 168},
            ]
        }
    ),
]
