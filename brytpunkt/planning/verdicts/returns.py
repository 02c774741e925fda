"""Investment: the rate of return of owning instead of renting, and ways to pay for the servers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from brytpunkt.planning.components import ACQUISITION
from brytpunkt.planning.inputs.units import CENTS
from brytpunkt.planning.verdicts.financing import SCHEMA, compare_financing
from brytpunkt.planning.verdicts.internal_rate import internal_rate

if TYPE_CHECKING:
    from brytpunkt.planning.ledger.evaluate import Evaluation


def returns(evaluation: Evaluation) -> pl.DataFrame:
    """Internal rate of return of each site's own against rent, order placed at the start.

    | column | unit |
    |---|---|
    | site | key |
    | kind | one, none or several |
    | rates | per year, ascending; all of them |
    """
    rented = _flows(evaluation.rent.filter(pl.col("strategy") == "rent"), evaluation.basis.horizon)
    rows = []
    for site, option in evaluation.chosen.select("site", "option").sort("site").iter_rows():
        own = _flows(evaluation.own.filter(pl.col("option") == option), evaluation.basis.horizon)
        found = internal_rate(list(rented - own))
        rows.append((site, found.kind, list(found.rates)))
    schema: dict[str, pl.DataType | type[pl.DataType]] = {
        "site": pl.String,
        "kind": pl.String,
        "rates": pl.List(pl.Float64),
    }
    return pl.DataFrame(rows, schema=schema, orient="row")


def _flows(rows: pl.DataFrame, horizon: int) -> np.ndarray:
    """Cost at 0, 1, ... horizon months: starts fall on their month, ends on the next, the horizon on the last."""
    at = (
        pl.when(pl.col("timing") == "start")
        .then(pl.col("month"))
        .when(pl.col("timing") == "end")
        .then(pl.col("month") + 1)
        .otherwise(horizon)
    )
    sums = rows.group_by(at=at).agg(cents=pl.col("cents").sum())
    flows = np.zeros(horizon + 1)
    flows[sums["at"].to_numpy()] = sums["cents"].to_numpy() / CENTS
    return flows


def financing(evaluation: Evaluation) -> pl.DataFrame:
    """Cash, loan and lease of each site's first delivery -> site, acquisition, and the columns of ``compare_financing``."""
    finance = evaluation.basis.plan.finance
    frames = []
    for site, option in evaluation.chosen.select("site", "option").sort("site").iter_rows():
        bought = evaluation.own.filter(pl.col("option") == option, pl.col("component").is_in(ACQUISITION))
        if bought.is_empty():
            continue
        first = bought.filter(pl.col("month") == pl.col("month").min())
        acquisition = float(first["cents"].sum()) / CENTS
        compared = compare_financing(acquisition, finance.tax, finance.financing)
        frames.append(
            compared.select(pl.lit(site).alias("site"), pl.lit(acquisition).alias("acquisition"), pl.all())
        )
    schema = {"site": pl.String, "acquisition": pl.Float64} | SCHEMA
    return pl.concat([pl.DataFrame(schema=schema), *frames])
