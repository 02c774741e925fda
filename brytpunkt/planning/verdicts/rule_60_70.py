"""The 60-70 % rule: four readings of a rule of thumb from interviews, by months elapsed. It is never the verdict.

In: the curves of ``payback.cumulative``. Before the first own server is delivered there is nothing to read, and every reading is null.
"""

from __future__ import annotations

import polars as pl

THRESHOLDS = (0.6, 0.7)


def rule_series(curves: pl.DataFrame) -> pl.DataFrame:
    """The readings of the 60-70 % rule by months elapsed -> site, t, r1, r2, r3, r4 (null where undefined).

    R1 = present value of rent / present value of own less what it is worth; R2 = rent to date / acquisition to date,
    undiscounted; R3 = 1 / R1; R4 = utilisation.
    """
    own, stands = pl.col("own_less_continuing_value"), pl.col("gpu_hours_in_service") > 0
    return curves.select(
        "site",
        "t",
        r1=pl.when(stands & (own > 0)).then(pl.col("rent") / own),
        r2=pl.when(stands & (pl.col("acquisition_nominal") > 0)).then(
            pl.col("rent_nominal") / pl.col("acquisition_nominal")
        ),
        r3=pl.when(stands & (pl.col("rent") > 0)).then(own / pl.col("rent")),
        r4=pl.when(stands).then(pl.col("gpu_hours") / pl.col("gpu_hours_in_service")),
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
