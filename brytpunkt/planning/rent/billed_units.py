"""Billed units: what is rented at least at a time: an instance for an hour of need, or a run of jobs on one.

Work that may wait, and of which nothing stands by, is rented in runs: jobs side by side, rounded up to the offer's billing
increment. A unit is one increment of the runs of a day, so that everything that rents whole instances rents whole runs alike.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from brytpunkt.planning.inputs.units import HOURS_PER_DAY

if TYPE_CHECKING:
    from brytpunkt.declarations import Plan

INCREMENT_HOURS = {"second": 1 / 3600, "minute": 1 / 60, "hour": 1.0}
MONTHLY = "month"
# How providers are commonly said to bill (planning assumption, second-hand, not checked against their terms; minima of a minute
# left out); whoever is not named: by the begun hour, the dearest usual rule. An inline offer may declare its own.
DEFAULT_INCREMENTS = {
    "aws": "second",
    "azure": "second",
    "gcp": "second",
    "oci": "second",
    "runpod": "second",
    "nebius": "second",
    "lambda": "minute",
    "crusoe": "minute",
}
OTHERWISE = "hour"


def increment_of(provider: str, declared: str | None = None) -> str:
    """Billing increment of an offer: as declared, else as its provider bills."""
    return declared or DEFAULT_INCREMENTS.get(provider.casefold(), OTHERWISE)


def with_units(plan: Plan, offers: pl.DataFrame) -> pl.DataFrame:
    """Offers by workload with what is rented at least.

    | in: offers | workload, gpu_count, replica_gpus, term_months, increment, price_per_hour |
    |---|---|
    | out: unit_gpus | GPUs that a unit carries, of the need with its headroom; hours of jobs need none |
    | unit_share | instances of a unit, as a mean over the day |
    | unit_price | plan currency per hour of a unit |
    | is_divisible | whether any part of a unit may be used: an instance under commitment that runs jobs |
    """
    rules = pl.DataFrame(
        [(w.id, w.runs_in_jobs, w.gpus_per_job, w.jobs_per_day, w.headroom) for w in plan.workloads],
        schema={
            "workload": pl.String,
            "runs_in_jobs": pl.Boolean,
            "job_gpus": pl.Int64,
            "jobs": pl.Float64,
            "roomy": pl.Float64,
        },
        orient="row",
    )
    step = pl.col("increment").replace_strict(INCREMENT_HOURS, default=None, return_dtype=pl.Float64)
    job = pl.max_horizontal(pl.col("job_gpus").fill_null(1), "replica_gpus")
    fit = (pl.col("gpu_count") // job).clip(lower_bound=1)  # jobs side by side
    spanned = (-(-job // pl.col("gpu_count"))).clip(lower_bound=1)  # instances that one job takes
    jobs = pl.col("jobs").fill_null(fit)
    side = pl.min_horizontal(fit, jobs.clip(lower_bound=1))
    runs = pl.when(jobs < 1).then(jobs).otherwise((jobs / side).ceil())
    is_run = pl.col("runs_in_jobs") & (pl.col("term_months") == 0) & step.is_not_null()
    whole = pl.col("gpu_count").cast(pl.Float64)
    under_commitment = pl.col("runs_in_jobs") & (pl.col("term_months") > 0)
    day = step / HOURS_PER_DAY
    return (
        offers.join(rules, on="workload", maintain_order="left")
        .with_columns(
            unit_gpus=pl.when(is_run)
            .then(jobs * job * day * (1 + pl.col("roomy")))
            .when(under_commitment)
            .then(fit * job / spanned * (1 + pl.col("roomy")))
            .otherwise(whole),
            unit_share=pl.when(is_run).then(runs * spanned * day).otherwise(1.0),
            is_divisible=under_commitment,
            is_monthly=(pl.col("increment") == MONTHLY) & (pl.col("term_months") == 0),
        )
        .with_columns(unit_price=pl.col("price_per_hour") * pl.col("unit_share"))
        .drop("runs_in_jobs", "job_gpus", "jobs", "roomy")
    )
