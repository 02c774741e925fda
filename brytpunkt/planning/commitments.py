"""Commitments: how many instances to commit each quarter, and what then stands in each month."""

from __future__ import annotations

import polars as pl

from brytpunkt.planning.money import total

QUARTER_MONTHS = 3
KEY = ["scale", "workload", "offer"]
FORGIVEN_SHARE = 1e-9
SIGNED_SCHEMA = {
    "scale": pl.Float64,
    "workload": pl.String,
    "offer": pl.String,
    "signed_month": pl.Int64,
    "expiry_month": pl.Int64,
    "count": pl.Int64,
}


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

    | in: needs | scale, workload, offer, month, cell, n_hours, instances, hourly_price |
    |---|---|
    | out | scale, workload, offer, signed_month, expiry_month, count |
    """
    horizon = months.height
    terms = pairs.select("workload", "offer", "term_months", "price_per_hour")
    demand = (
        needs.join(terms, on=["workload", "offer"])
        .group_by(*KEY, "term_months", "price_per_hour", "month", "instances")
        .agg(saved=total(pl.col("n_hours") * pl.col("hourly_price")))
    )
    signed = pl.DataFrame(schema=SIGNED_SCHEMA)
    for quarter in range(0, horizon, QUARTER_MONTHS):
        path = (1 + gpu_path) ** (quarter / 12)
        window = demand.filter(
            pl.col("month") >= quarter, pl.col("month") < quarter + pl.col("term_months")
        ).join(committed_instances(signed, horizon, KEY), on=[*KEY, "month"], how="left")
        new = _worthwhile(window, _term_cost(terms, months, quarter, path))
        signed = pl.concat(
            [
                signed,
                new.join(terms.select("workload", "offer", "term_months"), on=["workload", "offer"]).select(
                    *KEY,
                    signed_month=pl.lit(quarter, dtype=pl.Int64),
                    expiry_month=quarter + pl.col("term_months"),
                    count="count",
                ),
            ]
        )
    return signed.sort(*KEY, "signed_month")


def _term_cost(terms: pl.DataFrame, months: pl.DataFrame, quarter: int, path: float) -> pl.DataFrame:
    """What one instance costs over the months of its term that lie inside the horizon."""
    return (
        terms.join(months.select("month", "hours"), how="cross")
        .filter(pl.col("month") >= quarter, pl.col("month") < quarter + pl.col("term_months"))
        .group_by("workload", "offer")
        .agg(cost=total(pl.col("hours") * pl.col("price_per_hour") * path))
    )


def _worthwhile(window: pl.DataFrame, cost: pl.DataFrame) -> pl.DataFrame:
    """The highest number of instances of which the last one still pays for itself."""
    lacking = (pl.col("instances") - pl.col("committed").fill_null(0)).cast(pl.Int64)
    return (
        window.with_columns(lacking=lacking)
        .filter(pl.col("lacking") > 0)
        .group_by(*KEY, "lacking")
        .agg(saved=total(pl.col("saved")))
        .sort(*KEY, "lacking", descending=[False, False, False, True])
        .with_columns(saved=pl.col("saved").cum_sum().over(KEY))
        .join(cost, on=["workload", "offer"])
        .filter(pl.col("saved") >= pl.col("cost") * (1 - FORGIVEN_SHARE))
        .group_by(KEY)
        .agg(count=pl.col("lacking").max())
    )
