"""Indicators: PUE, WUE, ERF and REF of each site, as Regulation (EU) 2024/1364 defines them.

PUE = E_DC / E_IT, WUE = W_IN / E_IT, ERF = E_REUSE / E_DC, REF = E_RES / E_DC (guarantees of origin, PPA, on site). E_DC is
all energy that crosses the boundary of the data centre, measured by EN 50600-4-2: its clause 5.2 meters electricity, fuels
and fluids for cooling. Cold of a network therefore counts in kWh as it is metered; a weight in the annexes of the regulation is not known to us.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from brytpunkt.planning.energy.cooling import cold_beside_electricity

if TYPE_CHECKING:
    from brytpunkt.declarations import Plan, Site

REPORTING_KW = 500.0
SCHEMA = {
    "site": pl.String,
    "pue": pl.Float64,
    "wue_litres_per_kwh": pl.Float64,
    "erf": pl.Float64,
    "ref": pl.Float64,
    "must_report": pl.Boolean,
}


def renewable_share(site: Site) -> float:
    """Share of the energy covered by guarantees of origin or a renewable PPA; guarantees are bought for all of it."""
    energy = site.energy
    if energy.guarantees_per_mwh is not None and energy.guarantees_per_mwh.amount > 0:
        return 1.0
    return energy.hedged_share if energy.ppa_is_renewable else 0.0


def indicators(plan: Plan, energy: pl.DataFrame) -> pl.DataFrame:
    """Energy by month of own servers -> ``SCHEMA``; ``must_report`` where IT reaches 500 kW.

    Heat reused is the recovered share of the heat that the servers give off, before any heat pump. E_DC = electricity +
    cold of a network that is not counted as electricity; guarantees and PPA cover electricity only.
    """
    reused = {site.id: site.heat.share if site.heat else 0.0 for site in plan.sites}
    renewable = {site.id: renewable_share(site) for site in plan.sites}
    beside = {site.id: cold_beside_electricity(site) for site in plan.sites}
    share, cold, covered = (
        pl.col("site").replace_strict(of, return_dtype=pl.Float64) for of in (reused, beside, renewable)
    )
    it, electricity = pl.col("it_mwh").sum(), pl.col("total_mwh").sum()
    return (
        energy.group_by("site", maintain_order=True)
        .agg(
            electricity=electricity / it,
            wue_litres_per_kwh=pl.when(pl.col("water_m3").null_count() == 0).then(
                pl.col("water_m3").sum() / it
            ),
            must_report=pl.col("peak_it_kw").max() >= REPORTING_KW,
        )
        .with_columns(pue=pl.col("electricity") + cold)
        .with_columns(erf=share / pl.col("pue"), ref=covered * pl.col("electricity") / pl.col("pue"))
        .select(list(SCHEMA))
        .sort("site")
    )
