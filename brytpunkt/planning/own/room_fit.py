"""Rooms: options that the power or a declared room does not carry are no options; those that a refit makes possible pay for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from brytpunkt.declarations.sections.room_limits import RoomLimits
from brytpunkt.planning.inputs.units import MONTHS_PER_YEAR
from brytpunkt.planning.own.readiness import hardware_frame, readiness

if TYPE_CHECKING:
    from brytpunkt.declarations import Plan
    from brytpunkt.planning.inputs.money import Fx
    from brytpunkt.planning.inputs.planning_inputs import Facts

UNFIT_SCHEMA = {
    "option": pl.String,
    "site": pl.String,
    "mode": pl.String,
    "server_name": pl.String,
    "reason": pl.String,
}


def carried(plan: Plan, facts: Facts, fx: Fx, options: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Options that can take at least one server, and those that cannot, with the limit that says so (``UNFIT_SCHEMA``).

    Power binds at every site, what a rack and the cooling carry where the site declares limits. After a refit the lead time
    is at least its months, and its cost stands beside the hall's, by kW, over the hall's life (in colocation over the
    refit's own).
    """
    declared = {site.id: site.limits for site in plan.sites if site.limits != RoomLimits()}
    has_power = pl.col("max_servers").fill_null(1) > 0
    if not declared and options.select(has_power.all()).item():
        return options, pl.DataFrame(schema=UNFIT_SCHEMA)
    found = readiness(plan, options, hardware_frame(plan, facts), fx, with_grid=False).select(
        "option", "status", "reasons", "retrofit_capex_per_kw", "retrofit_months"
    )
    lives = {
        name: round(limits.retrofit.life_years * MONTHS_PER_YEAR)
        for name, limits in declared.items()
        if limits.retrofit is not None
    }
    is_declared = pl.col("site").is_in(sorted(declared))
    judged = options.join(found, on="option", how="left", maintain_order="left")
    fits = has_power & ~(is_declared & (pl.col("status") == "not_ready"))
    refit = pl.col("retrofit_capex_per_kw")
    life = pl.col("site").replace_strict(lives, default=None, return_dtype=pl.Int64)
    is_refit = is_declared & (pl.col("status") == "after_retrofit")
    kept = (
        judged.filter(fits)
        .with_columns(
            lead_months=pl.when(is_refit)
            .then(pl.max_horizontal("lead_months", "retrofit_months"))
            .otherwise("lead_months"),
            facility_months=pl.when(is_refit)
            .then(pl.coalesce("facility_months", life))
            .otherwise("facility_months"),
            facility_maintenance_share=pl.when(is_refit)
            .then(pl.col("facility_maintenance_share").fill_null(0.0))
            .otherwise("facility_maintenance_share"),
            facility_per_kw=pl.when(is_refit)
            .then(pl.col("facility_per_kw").fill_null(0.0) + refit)
            .otherwise("facility_per_kw"),
        )
        .select(options.columns)
    )
    unfit = judged.filter(~fits).rename({"reasons": "reason"})
    return kept, unfit.select(list(UNFIT_SCHEMA))
