"""Bills made by chance, and a second, slow decomposition of their change."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import NamedTuple

import polars as pl
from hypothesis import strategies as st

from brytpunkt.planning.verdicts.lmdi import EFFECTS, decompose

SCHEMA = {
    "workload": pl.String,
    "mode": pl.String,
    "volume": pl.Float64,
    "served": pl.Float64,
    "units": pl.Float64,
    "cost": pl.Float64,
}


class Row(NamedTuple):
    """One row of a bill."""

    workload: str | None
    mode: str
    volume: float | None
    served: float
    units: float
    cost: float


Bill = list[Row]


def frame(bill: Bill) -> pl.DataFrame:
    """A bill as a frame."""
    return pl.DataFrame(bill, schema=SCHEMA, orient="row")


def fixed(cost: float) -> Row:
    """Cost without volume."""
    return Row(None, "fixed", None, 0, 0, cost)


def amounts(before: Bill, after: Bill) -> dict[str, float]:
    """Effects by name."""
    return dict(decompose(frame(before), frame(after)).select("effect", "amount").iter_rows())


def in_cents(before: Bill, after: Bill) -> dict[str, int]:
    """Effects by name, in cents."""
    return dict(decompose(frame(before), frame(after)).select("effect", "cents").iter_rows())


def only(effect: str, amount: float) -> dict[str, float]:
    """One effect has the amount, the others nothing."""
    return dict.fromkeys(EFFECTS, 0.0) | {effect: amount}


# The slow and obvious second implementation: one row at a time, in plain Python.


def slow_ratio(new: float, old: float) -> float:
    if 0.5 < new / old < 2:
        return math.log1p((new - old) / old)
    return math.log(new) - math.log(old)


def slow_mean(new: float, old: float) -> float:
    return new if new == old else (new - old) / slow_ratio(new, old)


def slow_side(bill: Bill, workload: str | None, mode: str) -> tuple[list[float | None], float, float]:
    """Factors (None where undefined), cost with volume and cost without, of one row of a bill."""
    volume = max((row.volume or 0 for row in bill if row.workload == workload), default=0)
    rows = [row for row in bill if (row.workload, row.mode) == (workload, mode)]
    _, _, _, served, units, cost = rows[0] if rows else Row(workload, mode, volume, 0, 0, 0)
    loose = 0.0
    if not (volume and served and units):
        loose, cost = cost, 0.0
        units = 0 if loose else units
    return (
        [
            volume,
            served / volume if volume else None,
            units / served if served else None,
            cost / units if units else None,
        ],
        cost,
        loose,
    )


def slow_terms(before: Bill, after: Bill, workload: str | None, mode: str) -> list[float]:
    """The five effects of one workload and mode."""
    (x0, c0, loose0), (x1, c1, loose1) = (slow_side(bill, workload, mode) for bill in (before, after))
    change, moved = c1 - c0, loose1 - loose0
    if c0 == 0 and c1 == 0:
        return [0, 0, 0, 0, moved]
    if c0 == 0 or c1 == 0:
        zero = [value == 0 for value in (x0 if c0 == 0 else x1)]
        return [*(change * is_zero / sum(zero) for is_zero in zero), moved]
    if c0 * c1 < 0:
        return [0, 0, 0, change, moved]
    mean = math.copysign(slow_mean(abs(c1), abs(c0)), c1)
    return [*(mean * slow_ratio(abs(b or 0), abs(a or 0)) for a, b in zip(x0, x1, strict=True)), moved]


def slow(before: Bill, after: Bill) -> dict[str, float]:
    """Effects by name."""
    keys = {(row.workload, row.mode) for row in before + after if row.mode != "fixed"}
    terms = [slow_terms(before, after, *key) for key in keys]
    without = [row.cost for row in after if row.mode == "fixed"]
    without += [-row.cost for row in before if row.mode == "fixed"]
    terms.append([0, 0, 0, 0, sum(without)])
    return {effect: sum(term[i] for term in terms) for i, effect in enumerate(EFFECTS)}


def slow_cents(bill: Bill) -> int:
    """The bill in whole cents."""
    return round(Fraction(sum(round(row.cost * 1e8) for row in bill), 10**6))


quantity = st.one_of(st.just(0.0), st.integers(1, 10**6).map(lambda n: n / 100))
money = st.one_of(st.just(0.0), st.integers(1, 10**8).map(lambda n: n / 1000))


@st.composite
def bills(draw: st.DrawFn, *, credits_too: bool = True) -> Bill:
    """Any bill: rows missing, zeros anywhere, cost without volume, and credits."""
    bill = []
    for workload in ("chat", "batch"):
        volume = draw(quantity)
        for mode in ("api", "own", "rent"):
            if draw(st.booleans()):
                sign = -1 if credits_too and draw(st.integers(0, 5)) == 0 else 1
                bill.append(Row(workload, mode, volume, draw(quantity), draw(quantity), sign * draw(money)))
    if draw(st.booleans()):
        bill.append(fixed(draw(money)))
    return bill
