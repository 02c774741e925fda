"""Curves over time: cumulative cost of rent and own, payback, and the readings of the 60-70 % rule."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from brytpunkt.planning.components import ACQUISITION
from brytpunkt.planning.inputs.money import monthly_rate
from brytpunkt.planning.inputs.units import CENTS
from brytpunkt.planning.own.own_costs import continuing_value

if TYPE_CHECKING:
    from brytpunkt.planning.ledger.evaluate import Evaluation

THRESHOLDS = (0.6, 0.7)


def cumulative(evaluation: Evaluation) -> pl.DataFrame:
    """Cumulative present value of rent and of own at the end of t months, order placed at the start.

    | column | unit |
    |---|---|
    | site, t | key; t = 0..H months elapsed |
    | rent, own, own_less_continuing_value | plan currency, discounted |
    | rent_nominal, acquisition_nominal | plan currency, undiscounted |
    | gpu_hours, gpu_hours_in_service | GPU-h to date, over months with servers in service |
    """
    basis = evaluation.basis
    sites = evaluation.chosen.select("site", "option")
    elapsed = pl.DataFrame({"t": range(1, basis.horizon + 1)}, schema={"t": pl.Int64})
    rent = evaluation.rent.filter(pl.col("strategy") == "rent")
    own = evaluation.own.filter(pl.col("timing") != "horizon")
    acquisition = own.filter(pl.col("component").is_in(ACQUISITION))
    by_month = (
        sites.join(elapsed, how="cross")
        .join(_by_t(rent, [], rent="pv_cents", rent_nominal="cents"), on="t", how="left")
        .join(_by_t(own, ["option"], own="pv_cents"), on=["option", "t"], how="left")
        .join(_by_t(acquisition, ["option"], acquisition_nominal="cents"), on=["option", "t"], how="left")
        .join(_hours(evaluation), on=["site", "t"], how="left")
        .sort("site", "t")
    )
    measures = ["rent", "rent_nominal", "own", "acquisition_nominal", "gpu_hours", "gpu_hours_in_service"]
    curves = by_month.with_columns(pl.col(measures).fill_null(0).cum_sum().over("site"))
    rate = monthly_rate(basis.plan.finance)
    value = continuing_value(basis.plan, evaluation.schedule, basis.options, elapsed.rename({"t": "at"}))
    discounted = value.select("option", t="at", left=pl.col("value") * (1 + rate) ** -pl.col("at"))
    money = [name for name in measures if not name.startswith("gpu")]
    return (
        curves.with_columns(pl.col(money) / CENTS)
        .join(discounted, on=["option", "t"], how="left")
        .with_columns(own_less_continuing_value=pl.col("own") - pl.col("left").fill_null(0.0))
        .drop("left", "option")
        .sort("site", "t")
    )


def _by_t(rows: pl.DataFrame, key: list[str], **sums: str) -> pl.DataFrame:
    """Monthly sums of rounded rows, at the end of their month."""
    return rows.group_by(*key, t=pl.col("month") + 1).agg(
        **{name: pl.col(column).sum() for name, column in sums.items()}
    )


def _hours(evaluation: Evaluation) -> pl.DataFrame:
    """GPU-hours required and in service in each month with servers in service -> site, t, ..."""
    basis = evaluation.basis
    names = basis.options.select("option", "site", "profile", "server_gpus")
    work = basis.gpu_hours.group_by("profile", "month").agg(
        gpu_hours=(pl.col("gpu_hours") * 1e6).round(0).cast(pl.Int64).sum() / 1e6
    )
    return (
        evaluation.schedule.installed.join(evaluation.chosen.select("option"), on="option", how="semi")
        .join(names, on="option")
        .join(basis.months.select("month", "hours"), on="month")
        .join(work, on=["profile", "month"], how="left")
        .select(
            "site",
            t=pl.col("month") + 1,
            gpu_hours=pl.col("gpu_hours").fill_null(0.0),
            gpu_hours_in_service=pl.col("servers") * pl.col("server_gpus") * pl.col("hours"),
        )
    )


def payback(curves: pl.DataFrame) -> pl.DataFrame:
    """First month from which own, less what it is still worth, stays below rent -> site, payback_month (or null)."""
    last_above = pl.col("t").filter(pl.col("own_less_continuing_value") >= pl.col("rent")).max().fill_null(0)
    return curves.group_by("site").agg(
        payback_month=pl.when(last_above < pl.col("t").max()).then(last_above + 1)
    )


def rule_series(curves: pl.DataFrame) -> pl.DataFrame:
    """The readings of the 60-70 % rule by months elapsed -> site, t, r1, r2, r3, r4 (null where undefined)."""
    own = pl.col("own_less_continuing_value")
    return curves.select(
        "site",
        "t",
        r1=pl.when(own > 0).then(pl.col("rent") / own),
        r2=pl.when(pl.col("acquisition_nominal") > 0).then(
            pl.col("rent_nominal") / pl.col("acquisition_nominal")
        ),
        r3=pl.when(pl.col("rent") > 0).then(own / pl.col("rent")),
        r4=pl.when(pl.col("gpu_hours_in_service") > 0).then(
            pl.col("gpu_hours") / pl.col("gpu_hours_in_service")
        ),
    )


def rule_readings(series: pl.DataFrame) -> pl.DataFrame:
    """First month at each threshold -> site, reading, threshold, first_month (or null), value_at_horizon."""
    readings = series.unpivot(
        on=["r1", "r2", "r3", "r4"], index=["site", "t"], variable_name="reading", value_name="value"
    )
    thresholds = pl.DataFrame({"threshold": THRESHOLDS})
    met = (
        pl.when(pl.col("reading") == "r3")
        .then(pl.col("value") <= pl.col("threshold"))
        .otherwise(pl.col("value") >= pl.col("threshold"))
        .fill_null(value=False)
    )
    return (
        readings.join(thresholds, how="cross")
        .with_columns(met=met)
        .sort("site", "reading", "threshold", "t")
        .group_by("site", "reading", "threshold", maintain_order=True)
        .agg(first_month=pl.col("t").filter(pl.col("met")).min(), value_at_horizon=pl.col("value").last())
        .with_columns(pl.col("reading").str.to_uppercase())
    )
