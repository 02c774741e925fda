"""Footprint: energy, carbon, water and heat of each site's own servers, by month and by million output tokens.

Each figure names its basis. Nothing here is money.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from brytpunkt.planning.inputs.units import KG_PER_TONNE, MILLION_TOKENS
from brytpunkt.planning.note import Note, encode

if TYPE_CHECKING:
    from brytpunkt.planning.ledger.evaluate import Evaluation

# Boavizta 2.5.0: p5en.48xlarge, eight H200, 11,900 kgCO2e (9,700 to 17,310); stands in for newer servers.
EMBODIED_KG_PER_GPU = 11_900 / 8
BASES = {
    "energy_mwh": Note("basis_energy"),
    "carbon_tonnes": Note("basis_carbon"),
    "embodied_tonnes": Note("basis_embodied"),
    "water_m3": Note("basis_water"),
    "heat_mwh": Note("basis_heat"),
}
MONTHLY_SCHEMA = {
    "site": pl.String,
    "month": pl.Int64,
    "energy_mwh": pl.Float64,
    "carbon_tonnes": pl.Float64,
    "embodied_tonnes": pl.Float64,
    "water_m3": pl.Float64,
    "heat_mwh": pl.Float64,
    "million_tokens": pl.Float64,
}


def footprint_by_month(evaluation: Evaluation, energy: pl.DataFrame) -> pl.DataFrame:
    """Months with own servers -> ``MONTHLY_SCHEMA``; embodied carbon falls on the month of delivery.

    ``million_tokens``: output tokens of the month; null measures are not known.
    """
    basis = evaluation.basis
    names = basis.options.select("option", "site", "server_gpus")
    bought = (
        evaluation.schedule.bought.join(evaluation.chosen.select("option"), on="option", how="semi")
        .join(names, on="option")
        .group_by("site", month="delivery_month")
        .agg(gpus=(pl.col("servers") * pl.col("server_gpus")).sum())
    )
    tokens = basis.volume.group_by("month").agg(million_tokens=pl.col("output_tokens").sum() / MILLION_TOKENS)
    return (
        energy.join(bought, on=["site", "month"], how="left")
        .join(tokens, on="month", how="left")
        .select(
            "site",
            "month",
            energy_mwh="total_mwh",
            carbon_tonnes=pl.col("carbon_kg") / KG_PER_TONNE,
            embodied_tonnes=pl.col("gpus").fill_null(0) * EMBODIED_KG_PER_GPU / KG_PER_TONNE,
            water_m3="water_m3",
            heat_mwh="it_mwh",
            million_tokens="million_tokens",
        )
        .sort("site", "month")
    )


def footprint(monthly: pl.DataFrame) -> pl.DataFrame:
    """Sums over the plan -> site, measure, amount, per_million_tokens, basis; null where not known in every month."""
    frames = [
        monthly.group_by("site", maintain_order=True)
        .agg(
            amount=pl.when(pl.col(measure).null_count() == 0).then(pl.col(measure).sum()),
            tokens=pl.col("million_tokens").sum(),
        )
        .select(
            "site",
            "amount",
            pl.lit(measure).alias("measure"),
            per_million_tokens=pl.when(pl.col("tokens") > 0).then(pl.col("amount") / pl.col("tokens")),
            basis=pl.lit(encode(basis)),
        )
        for measure, basis in BASES.items()
    ]
    columns = ["site", "measure", "amount", "per_million_tokens", "basis"]
    return pl.concat(frame.select(columns) for frame in frames).sort("site", "measure")
