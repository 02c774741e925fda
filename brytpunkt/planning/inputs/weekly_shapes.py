"""Weekly shapes of demand: 168 hourly weights with mean 1, Monday 00:00 local time first."""

from __future__ import annotations

from collections.abc import Sequence

HOURS_OF_WEEK = 168

# Relative activity by local hour of the day. Planning assumptions: no published hourly profile of
# language-model traffic in the Nordics is known. They are declared in the report as such.
OFFICE_DAY = (
    *(0.06, 0.05, 0.05, 0.05, 0.06, 0.12, 0.35, 0.80, 1.30, 1.60, 1.65, 1.45),
    *(1.25, 1.55, 1.60, 1.45, 1.10, 0.60, 0.35, 0.28, 0.24, 0.20, 0.14, 0.09),
)
OFFICE_WEEKEND_SHARE = 0.15
CONSUMER_DAY = (
    *(0.45, 0.28, 0.20, 0.17, 0.18, 0.28, 0.55, 0.85, 1.05, 1.15, 1.20, 1.25),
    *(1.25, 1.20, 1.18, 1.20, 1.30, 1.40, 1.50, 1.60, 1.65, 1.50, 1.15, 0.76),
)
CONSUMER_WEEKEND_SHARE = 0.9

NAMED_SHAPES: dict[str, tuple[float, ...]] = {
    "flat": (1.0,) * HOURS_OF_WEEK,
    "office_hours": OFFICE_DAY * 5 + tuple(OFFICE_WEEKEND_SHARE * w for w in OFFICE_DAY) * 2,
    "consumer": CONSUMER_DAY * 5 + tuple(CONSUMER_WEEKEND_SHARE * w for w in CONSUMER_DAY) * 2,
}


def weekly_weights(shape: str | Sequence[float]) -> list[float]:
    """A named or declared weekly shape -> 168 weights with mean 1."""
    weights = NAMED_SHAPES[shape] if isinstance(shape, str) else tuple(shape)
    mean = sum(weights) / HOURS_OF_WEEK
    return [w / mean for w in weights]
