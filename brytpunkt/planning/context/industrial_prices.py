"""Industrial: the plan's all-in price beside what industry pays in the country, as a bound.

A sanity check with a published figure whose band and taxes differ from the plan's; nothing is computed from it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from brytpunkt.planning.inputs.units import KWH_PER_MWH, MONTHS_PER_YEAR
from brytpunkt.planning.note import Note

if TYPE_CHECKING:
    from brytpunkt.declarations import Plan
    from brytpunkt.planning.inputs.money import Fx
    from brytpunkt.planning.inputs.planning_inputs import Facts

LOWEST, HIGHEST = 0.5, 1.5
PARTS = ("spot", "tax", "grid", "margin", "flat")
SCHEMA = {
    "site": pl.String,
    "country": pl.String,
    "half_year": pl.Date,
    "band": pl.String,
    "tax": pl.String,
    "industry_eur_per_mwh": pl.Float64,
    "plan_eur_per_mwh": pl.Float64,
    "ratio": pl.Float64,
    "is_far": pl.Boolean,
    "source": pl.String,
    "confidence": pl.String,
}


def industrial_comparison(plan: Plan, facts: Facts, fx: Fx, energy: pl.DataFrame) -> pl.DataFrame:
    """Each site's price in its first twelve months with own servers, beside its country's industrial price -> ``SCHEMA``.

    ``energy``: site, month, total_mwh and the parts of the price [plan currency per MWh drawn]; heat that is sold is left
    out. ``is_far`` outside 0.5 to 1.5 times.
    """
    countries = pl.DataFrame(
        [(site.id, site.country) for site in plan.sites],
        schema={"site": pl.String, "country": pl.String},
        orient="row",
    )
    price = pl.sum_horizontal(PARTS) * pl.col("total_mwh")
    ours = (
        energy.filter(pl.col("month") < pl.col("month").min().over("site") + MONTHS_PER_YEAR)
        .sort("site", "month")
        .group_by("site", maintain_order=True)
        .agg(plan_eur_per_mwh=price.sum() / pl.col("total_mwh").sum() / fx.rate("EUR"))
    )
    ratio = pl.col("plan_eur_per_mwh") / pl.col("industry_eur_per_mwh")
    return (
        countries.join(ours, on="site")
        .join(facts.industrial_bounds, on="country")
        .with_columns(industry_eur_per_mwh=pl.col("eur_per_kwh") * KWH_PER_MWH)
        .with_columns(ratio=ratio, is_far=~ratio.is_between(LOWEST, HIGHEST))
        .select(list(SCHEMA))
        .sort("site")
    )


def far_from_industry(plan: Plan, found: pl.DataFrame) -> list[Note]:
    """A warning for each site whose price is far from the bound."""
    names = {site.id: site.name for site in plan.sites}
    return [
        Note(
            "energy_far_from_industry",
            site,
            {"site": Note("far_site", site, {"site": names[site], "ratio": ratio})},
        )
        for site, ratio in found.filter("is_far").select("site", "ratio").iter_rows()
    ]
