"""Commitments: how many instances to commit each quarter, and what then stands in each month."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from brytpunkt.planning.inputs.money import FIXED_POINT, price_path

if TYPE_CHECKING:
    from brytpunkt.planning.optimal.milp import Floats, Ints

QUARTER_MONTHS = 3
KEY = ["scale", "workload", "offer"]
FORGIVEN_SHARE = 1e-9


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


def sign_commitments(
    needs: pl.DataFrame, pairs: pl.DataFrame, months: pl.DataFrame, gpu_path: float
) -> pl.DataFrame:
    """Quarter by quarter, commit every instance that is needed often enough to pay for itself.

    An instance is signed when the on-demand rent that it saves over its term, cut at the horizon and on
    top of what already stands, is at least what its commitment costs over the same months.

    | in: needs | scale, workload, offer, month, n_hours, instances, hourly_price: hours of a month with one need |
    |---|---|
    | out | scale, workload, offer, signed_month, expiry_month, count |
    """
    terms = pairs.select("workload", "offer", "term_months", "price_per_hour")
    cases = needs.select(KEY).unique().join(terms, on=["workload", "offer"]).sort(KEY).with_row_index("case")
    rows = needs.join(cases.select(*KEY, "case"), on=KEY)
    case, month = rows["case"].cast(pl.Int64).to_numpy(), rows["month"].to_numpy()
    instances = rows["instances"].cast(pl.Int64).to_numpy()
    saved = _fixed((rows["n_hours"] * rows["hourly_price"]).to_numpy())
    term, price = cases["term_months"].to_numpy(), cases["price_per_hour"].to_numpy()
    hours = months.sort("month")["hours"].to_numpy()
    quarters = np.arange(0, hours.size, QUARTER_MONTHS)
    standing = np.zeros((cases.height, hours.size), dtype=np.int64)
    counts = np.zeros((quarters.size, cases.height), dtype=np.int64)
    for index, quarter in enumerate(quarters):  # each rests on what was signed in those before it
        until = np.minimum(quarter + term, hours.size)
        inside = (month >= quarter) & (month < until[case])
        lacking = instances[inside] - standing[case[inside], month[inside]]
        monthly = _fixed(hours[None, quarter:] * price[:, None] * price_path(gpu_path, float(quarter)))
        cost = np.cumsum(monthly, axis=1)[np.arange(cases.height), until - quarter - 1]
        counts[index] = _worthwhile(case[inside], lacking, saved[inside], cost)
        standing += (
            counts[index][:, None]
            * (np.arange(hours.size) >= quarter)
            * (np.arange(hours.size) < until[:, None])
        )
    at, signing = np.nonzero(counts)
    return (
        cases[signing]
        .with_columns(
            signed_month=pl.Series(quarters[at], dtype=pl.Int64), count=pl.Series(counts[at, signing])
        )
        .select(
            *KEY, "signed_month", expiry_month=pl.col("signed_month") + pl.col("term_months"), count="count"
        )
        .sort(*KEY, "signed_month")
    )


def _fixed(amount: Floats) -> Ints:
    """Amounts in fixed point, in which sums do not depend on their order."""
    return np.rint(amount * FIXED_POINT).astype(np.int64)


def _worthwhile(case: Ints, lacking: Ints, saved: Ints, cost: Ints) -> Ints:
    """The highest number of instances of which the last one still pays for itself, by case.

    ``case``, ``lacking`` and ``saved`` by row: so many instances more than stand are needed in hours that cost ``saved``.
    """
    rows = np.flatnonzero(lacking > 0)
    rows = rows[np.lexsort((-lacking[rows], case[rows]))]
    case, lacking = case[rows], lacking[rows]
    before = np.concatenate([[0], np.cumsum(saved[rows])])
    first = np.searchsorted(case, case)
    last = np.flatnonzero(np.diff(case, append=-1) | np.diff(lacking, append=-1))  # of each case and number
    pays = before[last + 1] - before[first[last]] >= cost[case[last]] * (1 - FORGIVEN_SHARE)
    count = np.zeros(cost.size, dtype=np.int64)
    np.maximum.at(count, case[last[pays]], lacking[last[pays]])
    return count
