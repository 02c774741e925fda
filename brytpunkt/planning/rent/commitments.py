"""Commitments: what is signed when, so that one workload's instances of one size cost least.

It is an interval cover. Where k instances are under commitment they serve the first k rungs of a month's need, and the
rungs above are rented by the hour. A signature runs over consecutive months and a rung is rented for itself, so every
column of the linear programme has consecutive ones: its corners are whole numbers, and its optimum is exact.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from brytpunkt.planning.inputs.money import price_path
from brytpunkt.planning.optimal.milp import INFINITY, Program, solve

if TYPE_CHECKING:
    from collections.abc import Sequence

    from brytpunkt.planning.optimal.milp import Floats, Ints

QUARTER_MONTHS = 3
COVER = ["workload", "cover"]
KEY = ["scale", *COVER]
# Of two plans that cost the same, the one that binds less and is signed earlier. [share of a charge a month]
TIE = 1e-12
DEAREST = 1e4  # what the dearest rung costs in the programme, so that a tie lies above the solver's tolerance
SETTINGS: dict[str, str | float] = {"presolve": "off", "dual_feasibility_tolerance": 1e-10}
SIGNED_SCHEMA = {
    "delivery": pl.Int64,
    "scale": pl.Float64,
    "workload": pl.String,
    "cover": pl.String,
    "offer": pl.String,
    "signed_month": pl.Int64,
    "expiry_month": pl.Int64,
    "count": pl.Int64,
}


def may_be_signed(months: Ints | int, begin: Ints, horizon: int) -> np.ndarray:
    """Whether no more than half of a term of so many months lies beyond the horizon."""
    return np.asarray(2 * (horizon - begin) >= months)


def committed_instances(signed: pl.DataFrame, horizon: int, key: list[str]) -> pl.DataFrame:
    """Signatures -> key, month, committed: instances under commitment in each month."""
    return (
        signed.with_columns(
            month=pl.int_ranges("signed_month", pl.min_horizontal("expiry_month", pl.lit(horizon)))
        )
        .explode("month")
        .drop_nulls("month")
        .group_by(*key, "month")
        .agg(committed=pl.col("count").sum())
    )


def openings(pairs: pl.DataFrame, months: pl.DataFrame, gpu_path: float) -> pl.DataFrame:
    """The cheapest commitment of each cover, term and quarter in which it may be signed.

    | column | unit |
    |---|---|
    | workload, cover, term_months, signed_month | key, in this order |
    | offer, expiry_month | |
    | charge | present value of one instance, its months beyond the horizon left out [plan currency] |
    """
    ordered = months.sort("month")
    horizon = ordered.height
    hours = ordered["hours"].to_numpy()
    until = np.concatenate([[0.0], np.cumsum(hours)])
    paid_late = np.concatenate([[0.0], np.cumsum(hours * ordered["end_factor"].to_numpy())])
    start_factor = ordered["start_factor"].to_numpy()
    quarters = pl.DataFrame({"signed_month": np.arange(0, horizon, QUARTER_MONTHS)})
    rows = pairs.select(*COVER, "offer", "term_months", "price_per_hour", "upfront_share").join(
        quarters, how="cross"
    )
    begin, term = rows["signed_month"].to_numpy(), rows["term_months"].to_numpy()
    stop = np.minimum(begin + term, horizon)
    upfront = rows["upfront_share"].to_numpy()
    price = rows["price_per_hour"].to_numpy() * price_path(gpu_path, begin)
    charge = price * (
        upfront * start_factor[begin] * (until[stop] - until[begin])
        + (1 - upfront) * (paid_late[stop] - paid_late[begin])
    )
    return (
        rows.with_columns(
            expiry_month=pl.col("signed_month") + pl.col("term_months"), charge=pl.Series(charge)
        )
        .filter(pl.Series(may_be_signed(term, begin, horizon)))
        .sort(*COVER, "term_months", "signed_month", "charge", "offer")
        .unique([*COVER, "term_months", "signed_month"], keep="first", maintain_order=True)
        .select(*COVER, "term_months", "signed_month", "offer", "expiry_month", "charge")
    )


def sign_commitments(
    needs: pl.DataFrame,
    pairs: pl.DataFrame,
    months: pl.DataFrame,
    gpu_path: float,
    deliveries: Sequence[int],
) -> pl.DataFrame:
    """The signatures with which each cover costs least before each delivery -> as ``SIGNED_SCHEMA``.

    Before a delivery that is not the horizon no term may run beyond it. Least is the present value before tax.

    | in: needs | scale, workload, cover, month, n_hours, instances, hourly_price: hours of a month with one need |
    |---|---|
    | in: pairs | workload, cover, offer, term_months, price_per_hour, upfront_share |
    """
    horizon = months.height
    opened = openings(pairs, months, gpu_path).partition_by(COVER, as_dict=True)
    worth = (
        needs.join(months.select("month", "end_factor"), on="month")
        .with_columns(rent=pl.col("n_hours") * pl.col("hourly_price") * pl.col("end_factor"))
        .sort(*KEY, "month", "instances")
    )
    found = []
    for (scale, *cover), rows in worth.partition_by(KEY, as_dict=True, maintain_order=True).items():
        if tuple(cover) not in opened:
            continue
        ladder = _Ladder(opened[tuple(cover)], rows, horizon)
        solved: dict[int, Ints] = {}
        for delivery in sorted(set(deliveries)):
            ending = ladder.pays & ((ladder.expiry <= delivery) | (delivery == horizon))
            size = int(ending.sum())  # what may end by one delivery may end by every later one
            if size not in solved:
                solved[size] = ladder.cheapest(ending)
            count = solved[size]
            found += [
                (delivery, scale, *cover, ladder.offers[at], ladder.begin[at], ladder.expiry[at], count[at])
                for at in np.flatnonzero(count)
            ]
    return pl.DataFrame(found, schema=SIGNED_SCHEMA, orient="row").sort(
        "delivery", *KEY, "signed_month", "expiry_month", "offer"
    )


@dataclass(frozen=True)
class _Ladder:
    """One cover: its openings (as ``openings``), and the rent of each level of its need.

    ``rows``: month, instances and rent (of one instance in the hours with that need), by month.
    """

    opened: pl.DataFrame
    rows: pl.DataFrame
    horizon: int

    @cached_property
    def offers(self) -> list[str]:
        """Offer of each opening."""
        return self.opened["offer"].to_list()

    @cached_property
    def begin(self) -> Ints:
        """Month in which each opening is signed."""
        return self.opened["signed_month"].to_numpy()

    @cached_property
    def expiry(self) -> Ints:
        """First month after each opening's term."""
        return self.opened["expiry_month"].to_numpy()

    @cached_property
    def edges(self) -> Ints:
        """Months between which what is under commitment cannot change."""
        return np.unique([0, *self.begin, *np.minimum(self.expiry, self.horizon), self.horizon])

    @cached_property
    def runs(self) -> np.ndarray:
        """Whether an opening runs in a period [periods, openings]."""
        start = self.edges[:-1, None]
        return np.asarray((self.begin <= start) & (start < self.expiry))

    @cached_property
    def rungs(self) -> tuple[Ints, Ints, Floats]:
        """Levels of need that occur in a period: period, instances from the level below, rent of one of them.

        An instance is needed in the hours of all higher levels, too. Equal rungs are one column with many instances.
        """
        period = np.searchsorted(self.edges, self.rows["month"].to_numpy(), side="right") - 1
        instances = self.rows["instances"].cast(pl.Int64).to_numpy()
        order = np.lexsort((-instances, period))
        period, instances = period[order], instances[order]
        last = np.flatnonzero(np.diff(period, append=-1) | np.diff(instances, append=-1))
        total = np.cumsum(self.rows["rent"].to_numpy()[order])
        before = np.concatenate([[0.0], total])[np.searchsorted(period, period[last])]
        period, instances = period[last], instances[last]
        below = np.where(np.diff(period, append=-1) == 0, np.append(instances[1:], 0), 0)
        return period, instances - below, total[last] - before

    @cached_property
    def pays(self) -> np.ndarray:
        """Whether an opening costs less than the hours of the lowest rung, the fullest of all [openings]."""
        period, _, rent = self.rungs
        most = np.zeros(self.edges.size - 1)
        np.maximum.at(most, period, rent)
        return np.asarray(self.opened["charge"].to_numpy() < most @ self.runs)

    def cheapest(self, may: np.ndarray) -> Ints:
        """Instances to sign at each opening; only where it ``may`` be."""
        counts = np.zeros(may.size, dtype=np.int64)
        if not may.any():
            return counts
        period, width, rent = self.rungs
        runs = self.runs[:, may]
        covered = np.flatnonzero(runs.any(axis=1))
        row_of = np.full(self.edges.size - 1, -1)
        row_of[covered] = np.arange(covered.size)
        kept = row_of[period] >= 0
        period, width, rent = row_of[period[kept]], width[kept], rent[kept]
        unit = rent.max() / DEAREST  # so that the answer is the same in every currency
        charge = self.opened["charge"].to_numpy()[may] / unit
        program = Program()
        signed = program.add_columns(charge * (1 + TIE * self.expiry[may]))
        rented = program.add_columns(rent / unit, width.astype(np.float64))
        need = np.bincount(period, weights=width, minlength=covered.size).astype(np.float64)
        rows = program.add_rows(need, INFINITY, (covered.size,), "need")
        program.set(rows[:, None], signed[None], runs[covered].astype(np.float64))
        program.set(rows[period], rented, 1.0)
        solution = solve(program.model(relaxed=True), gap=0.0, nodes=0, settings=SETTINGS)
        assert solution is not None, "everything may be rented by the hour"
        counts[may] = np.rint(solution.values[signed]).astype(np.int64)
        return counts
