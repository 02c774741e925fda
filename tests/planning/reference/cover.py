"""The cheapest cover of a need by commitments and rent by the hour: chapter 4 of the model, by shortest paths.

Every instance that could ever stand is a traveller from the first month to the horizon, who goes from month to month by the
hour or leaps over a term. In each month the travellers that go by the hour pay for the emptiest rungs; those that nobody
needs are free. One after the other takes the cheapest way that is left, and may send those before it another way.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise


@dataclass(frozen=True)
class Opening:
    """A commitment that may be signed: its months inside the horizon, and what one instance costs [present value]."""

    offer: str
    begin: int
    end: int
    charge: float


Arc = tuple[int, int, float, int, int, int]  # from, to, cost, index, +1 or -1, travellers at most
Step = list[tuple[float, int]]  # rent of a rung, and how many rungs cost as much; the emptiest first


def cheapest(rent: list[dict[int, float]], openings: list[Opening]) -> tuple[float, list[int]]:
    """Least present value, and the instances signed at each opening.

    `rent`: for each month, instances needed -> rent of one instance in the hours with that need [present value].
    """
    peak = max((count for month in rent for count in month), default=0)
    stops = sorted({0, len(rent), *(o.begin for o in openings), *(o.end for o in openings)})
    spans = list(pairwise(stops))
    everyone = peak * (1 + len(openings))
    steps = [_step(rent[a:b], everyone) for a, b in spans]
    hourly, signed = [0] * len(steps), [0] * len(openings)
    if any(
        o.charge
        < sum(step[-1][0] for (a, b), step in zip(spans, steps, strict=True) if o.begin <= a and b <= o.end)
        for o in openings
    ):
        left = everyone
        while left:
            way = _way(stops, _arcs(spans, steps, openings, hourly, signed))
            together = min(left, *(most for *_, most in way))
            left -= together
            for *_, index, more, _ in way:
                if index < len(steps):
                    hourly[index] += more * together
                else:
                    signed[index - len(steps)] += more * together
    else:
        hourly = [everyone] * len(steps)
    paid = sum(_paid(step, used) for step, used in zip(steps, hourly, strict=True))
    return paid + sum(o.charge * count for o, count in zip(openings, signed, strict=True)), signed


def _step(months: list[dict[int, float]], everyone: int) -> Step:
    """Rungs of a few months together."""
    counts = sorted({count for month in months for count in month}, reverse=True)
    found = [(0.0, everyone - max(counts, default=0))]
    for count, below in pairwise([*counts, 0]):
        rung = sum(paid for month in months for needed, paid in month.items() if needed >= count)
        found.append((rung, count - below))
    return found


def _paid(step: Step, used: int) -> float:
    paid = 0.0
    for price, width in step:
        paid += price * min(width, used)
        used -= min(width, used)
    return paid


def _arcs(
    spans: list[tuple[int, int]],
    steps: list[Step],
    openings: list[Opening],
    hourly: list[int],
    signed: list[int],
) -> list[Arc]:
    """What the next travellers may do, and what those before them may take back."""
    arcs: list[Arc] = []
    for index, ((a, b), step, used) in enumerate(zip(spans, steps, hourly, strict=True)):
        below = 0
        for price, width in step:
            if below <= used < below + width:
                arcs.append((a, b, price, index, 1, below + width - used))
            if below < used <= below + width:
                arcs.append((b, a, -price, index, -1, used - below))
            below += width
    for index, (o, count) in enumerate(zip(openings, signed, strict=True), len(steps)):
        arcs.append((o.begin, o.end, o.charge, index, 1, 10**9))
        if count:
            arcs.append((o.end, o.begin, -o.charge, index, -1, count))
    return arcs


def _way(stops: list[int], arcs: list[Arc]) -> list[Arc]:
    """The cheapest way from the first stop to the last (Bellman and Ford)."""
    slack = 1e-9 * max((abs(arc[2]) for arc in arcs), default=0.0)
    cost = dict.fromkeys(stops, math.inf) | {stops[0]: 0.0}
    came: dict[int, Arc] = {}
    moved = True
    while moved:
        moved = False
        for arc in arcs:
            if cost[arc[0]] + arc[2] < cost[arc[1]] - slack:
                cost[arc[1]], came[arc[1]], moved = cost[arc[0]] + arc[2], arc, True
    way, at = [], stops[-1]
    while at != stops[0]:
        way.append(came[at])
        at = came[at][0]
    return way
