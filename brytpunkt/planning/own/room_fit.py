"""Rooms: options that a declared room does not carry are left out; those that a refit makes possible pay for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from brytpunkt.declarations.sections.room_limits import RoomLimits
from brytpunkt.errors import InputError, Problem
from brytpunkt.planning.inputs.units import MONTHS_PER_YEAR
from brytpunkt.planning.own.readiness import hardware_frame, readiness

if TYPE_CHECKING:
    from brytpunkt.declarations import Plan
    from brytpunkt.planning.inputs.money import Fx
    from brytpunkt.planning.inputs.planning_inputs import Facts


def carried(plan: Plan, facts: Facts, fx: Fx, options: pl.DataFrame) -> pl.DataFrame:
    """Options whose room carries the server, by the limits that the site declares.

    After a refit the lead time is at least its months, and its cost stands beside the hall's, by kW, over the hall's life
    (in colocation over the refit's own). A site that declares no limits keeps all of its options.
    """
    declared = {site.id: site.limits for site in plan.sites if site.limits != RoomLimits()}
    if not declared:
        return options
    found = readiness(plan, options, hardware_frame(plan, facts), fx).select(
        "option", "status", "reasons", "retrofit_capex_per_kw", "retrofit_months"
    )
    lives = {
        name: round(limits.retrofit.life_years * MONTHS_PER_YEAR)
        for name, limits in declared.items()
        if limits.retrofit is not None
    }
    is_declared = pl.col("site").is_in(sorted(declared))
    judged = options.join(found, on="option").with_columns(
        is_lost=is_declared & (pl.col("status") == "not_ready") & (pl.col("max_servers").fill_null(1) > 0)
    )
    kept = judged.filter(~pl.col("is_lost"))
    if kept.is_empty():
        raise InputError(
            tuple(
                Problem(
                    f"sites.{site}.limits",
                    f"{option}: {reasons}",
                    "choose another server, or declare a retrofit",
                )
                for site, option, reasons in judged.select("site", "option", "reasons").iter_rows()
            )
        )
    refit = pl.col("retrofit_capex_per_kw")
    life = pl.col("site").replace_strict(lives, default=None, return_dtype=pl.Int64)
    is_refit = is_declared & (pl.col("status") == "after_retrofit")
    return kept.with_columns(
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
    ).select(options.columns)
