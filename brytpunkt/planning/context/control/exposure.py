"""Exposure: what the matrix of control is asked about: the offers that rent takes, and each site's own servers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from brytpunkt.planning.context.control.matrix import control_matrix
from brytpunkt.planning.rent.offers import api_operators

if TYPE_CHECKING:
    from brytpunkt.planning.ledger.evaluate import Evaluation


def control(evaluation: Evaluation) -> pl.DataFrame:
    """The matrix of a plan; operators weigh by the present value of what they are paid in ``rent``."""
    basis = evaluation.basis
    modes = basis.choice.rent_modes
    taken = pl.DataFrame({"workload": list(modes), "mode": list(modes.values())})
    offers = pl.concat(
        [
            basis.market.offers.select("offer", "provider", "country", "term_months"),
            api_operators(basis.market.apis).with_columns(term_months=pl.lit(0, dtype=pl.Int64)),
        ]
    ).unique("offer")
    rented = (
        basis.choice.offers.join(taken, on=["workload", "mode"])
        .join(offers, on="offer")
        .with_columns(  # what lies above commitments is held by no contract
            mode=pl.when(pl.col("mode") == "committed", pl.col("term_months") == 0)
            .then(pl.lit("on_demand"))
            .otherwise("mode")
        )
        .select("provider", "country", "mode")
        .unique()
        .sort("provider", "country", "mode")
    )
    paid = evaluation.rent.filter(pl.col("strategy") == "rent").join(offers, left_on="item", right_on="offer")
    shares = paid.group_by("provider").agg(share=pl.col("pv_cents").sum()).sort("provider")
    countries = {site.id: site.country for site in basis.plan.sites}
    built = (
        evaluation.chosen.join(basis.options.select("option", "mode", "gpu_model"), on="option")
        .with_columns(country=pl.col("site").replace_strict(countries, return_dtype=pl.String))
        .select("site", "country", "mode", "gpu_model")
    )
    return control_matrix(basis.plan, rented, built, shares=shares)
