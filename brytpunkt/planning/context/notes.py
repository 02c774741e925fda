"""Warnings: what a reader must know before believing a number; they stand on page one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from brytpunkt.declarations import InlineServer
from brytpunkt.planning.note import Note, decode
from brytpunkt.planning.own.options import UNSOURCED_COLOCATION_EUR_PER_KW_MONTH

if TYPE_CHECKING:
    from brytpunkt.declarations import Plan, Site
    from brytpunkt.planning.inputs.planning_inputs import Facts
    from brytpunkt.planning.ledger.evaluate import Evaluation

LOW_CONFIDENCE = ("estimated", "suspect")
FULL_UTILISATION = 0.999
LEAST_KW_PER_EIGHT_GPUS = 4.0
EIGHT = 8


def warnings_of(plan: Plan, facts: Facts, evaluation: Evaluation, verdicts: pl.DataFrame) -> tuple[Note, ...]:
    """Warnings of a plan, the weightiest first."""
    return (
        *_unsourced(plan),
        *_fragile(verdicts),
        *_hardware(plan, facts, evaluation),
        *_free_of_charge(plan),
        *_full(verdicts),
    )


def ruled_out(verdicts: pl.DataFrame, optimal: pl.DataFrame) -> list[Note]:
    """What cannot be done, and the limit or constraint that says so."""
    reasons = dict(optimal.filter(~pl.col("is_feasible")).select("site", "reason").iter_rows())
    is_infeasible = pl.col("verdict") == "infeasible"
    rows = [
        Note("no_plan_keeps", site, {"site": name, "reason": decode(reasons[site])})
        for site, name in verdicts.filter(is_infeasible).select("site", "site_name").iter_rows()
    ]
    rows += [
        Note("renting_everything", None, {"reason": decode(reason)})
        for reason in verdicts["rent_reason"].drop_nulls().unique().sort()
    ]
    owned = verdicts.filter(~is_infeasible).select("site", "site_name", "npv_own", "own_reason")
    for site, name, own, reason in owned.drop_nulls("own_reason").iter_rows():
        said = {"site": name, "reason": decode(reason)}
        rows.append(Note("nothing_owned", site, said) if own is None else Note("owning", site, said))
    return rows


def _unsourced(plan: Plan) -> list[Note]:
    return [
        Note(
            "colocation_unsourced",
            site.id,
            {"site": site.name, "price": UNSOURCED_COLOCATION_EUR_PER_KW_MONTH},
        )
        for site in plan.sites
        if site.colocation is not None and site.colocation.accept_unsourced
    ]


def _fragile(verdicts: pl.DataFrame) -> list[Note]:
    columns = {
        "fragile_continuing_value": "verdict_without_continuing_value",
        "fragile_horizon": "verdict_long_horizon",
    }
    return [
        Note(code, site, {"site": name})
        for code, column in columns.items()
        for site, name in verdicts.filter(pl.col(column) != pl.col("verdict"))
        .select("site", "site_name")
        .iter_rows()
    ]


def _hardware(plan: Plan, facts: Facts, evaluation: Evaluation) -> list[Note]:
    own = evaluation.basis.options.join(evaluation.chosen.select("option"), on="option", how="semi")
    catalog = facts.servers.filter(
        pl.col("server").is_in(own.filter(~pl.col("is_price_declared"))["server"].to_list())
    )
    rows = [
        Note(
            "catalog_price_range",
            None,
            {"server": row["name"], "low": float(row["price_low_usd"]), "high": float(row["price_high_usd"])},
        )
        for row in catalog.sort("server").iter_rows(named=True)
    ]
    for server in plan.build.servers:
        if isinstance(server, InlineServer) and server.gpu_count >= EIGHT:
            per_eight = server.nameplate_kw * EIGHT / server.gpu_count
            if per_eight < LEAST_KW_PER_EIGHT_GPUS:
                rows.append(
                    Note(
                        "implausible_power",
                        None,
                        {"server": server.name, "kw": server.nameplate_kw, "count": server.gpu_count},
                    )
                )
    left_out = tuple(
        Note("server_because", None, {"server": server, "reason": decode(reason)})
        for server, reason in evaluation.basis.infeasible.iter_rows()
    )
    return [*rows, Note("servers_left_out", None, {"servers": left_out})] if left_out else rows


def _free_of_charge(plan: Plan) -> list[Note]:
    rows = [
        Note("nobody_paid", site.id, {"site": site.name})
        for site in plan.sites
        if site.staff.min_fte == 0 and site.staff.fte_per_100_gpus == 0
    ]
    rows += [Note("no_grid_fee", site.id, {"site": site.name}) for site in plan.sites if _pays_no_grid(site)]
    if plan.finance.discount_rate_per_year == 0:
        rows.append(Note("capital_free"))
    return rows


def _pays_no_grid(site: Site) -> bool:
    energy = site.energy
    declared = (
        energy.price_per_kwh,
        energy.grid_fee,
        energy.grid_energy_per_kwh,
        energy.grid_capacity_per_kw_year,
        energy.tariff,
        energy.tariff_elements or None,
    )
    return all(fee is None for fee in declared)


def _full(verdicts: pl.DataFrame) -> list[Note]:
    full = verdicts.filter(pl.col("base_utilisation") >= FULL_UTILISATION)
    return [
        Note("always_busy", site, {"site": name})
        for site, name in full.select("site", "site_name").iter_rows()
    ]
