"""Warnings: what a reader must know before believing a number; they stand on page one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from brytpunkt.declarations import InlineServer
from brytpunkt.planning.own.options import UNSOURCED_COLOCATION_EUR_PER_KW_MONTH
from brytpunkt.planning.own.reasons import BECAUSE

if TYPE_CHECKING:
    from brytpunkt.declarations import Plan, Site
    from brytpunkt.planning.inputs.planning_inputs import Facts
    from brytpunkt.planning.ledger.evaluate import Evaluation

LOW_CONFIDENCE = ("estimated", "suspect")
FULL_UTILISATION = 0.999
LEAST_KW_PER_EIGHT_GPUS = 4.0
EIGHT = 8


def warnings_of(plan: Plan, facts: Facts, evaluation: Evaluation, verdicts: pl.DataFrame) -> tuple[str, ...]:
    """Warnings of a plan, the weightiest first."""
    return (
        *_unsourced(plan),
        *_fragile(verdicts),
        *_hardware(plan, facts, evaluation),
        *_free_of_charge(plan),
        *_full(verdicts),
    )


def ruled_out(verdicts: pl.DataFrame, optimal: pl.DataFrame) -> list[str]:
    """What cannot be done, and the limit or constraint that says so."""
    reasons = dict(optimal.filter(~pl.col("is_feasible")).select("site", "reason").iter_rows())
    is_infeasible = pl.col("verdict") == "infeasible"
    rows = [
        f"At {name} no plan keeps to what is declared: {reasons[site].removeprefix(BECAUSE)}."
        for site, name in verdicts.filter(is_infeasible).select("site", "site_name").iter_rows()
    ]
    rows += [
        f"Renting everything {reason}." for reason in verdicts["rent_reason"].drop_nulls().unique().sort()
    ]
    owned = verdicts.filter(~is_infeasible).select("site_name", "npv_own", "own_reason")
    rows += [
        f"Nothing can be owned at {name}: {reason}." if own is None else f"Owning at {name} {reason}."
        for name, own, reason in owned.drop_nulls("own_reason").iter_rows()
    ]
    return rows


def _unsourced(plan: Plan) -> list[str]:
    sites = [s.name for s in plan.sites if s.colocation is not None and s.colocation.accept_unsourced]
    if not sites:
        return []
    return [
        f"Colocation has no price at {', '.join(sites)}: planned with EUR {UNSOURCED_COLOCATION_EUR_PER_KW_MONTH:.0f} "
        "per kW-month, a figure that one model uses; no published Nordic price is known. Obtain a quote."
    ]


def _fragile(verdicts: pl.DataFrame) -> list[str]:
    rows = []
    for name, column, text in (
        (
            "site_name",
            "verdict_without_continuing_value",
            "if what the servers are still worth at the end counts as nothing",
        ),
        ("site_name", "verdict_long_horizon", "over a horizon half as long again"),
    ):
        changed = verdicts.filter(pl.col(column) != pl.col("verdict"))[name].to_list()
        if changed:
            rows.append(f"The verdict changes {text}: {', '.join(changed)}.")
    return rows


def _hardware(plan: Plan, facts: Facts, evaluation: Evaluation) -> list[str]:
    own = evaluation.basis.options.join(evaluation.chosen.select("option"), on="option", how="semi")
    catalog = facts.servers.filter(
        pl.col("server").is_in(own.filter(~pl.col("is_price_declared"))["server"].to_list())
    )
    rows = [
        f"{row['name']}: the catalog's price is a range of USD {row['price_low_usd']:,.0f} to "
        f"{row['price_high_usd']:,.0f}; the plan uses its middle. Replace it with a quote."
        for row in catalog.sort("server").iter_rows(named=True)
    ]
    for server in plan.build.servers:
        if isinstance(server, InlineServer) and server.gpu_count >= EIGHT:
            per_eight = server.nameplate_kw * EIGHT / server.gpu_count
            if per_eight < LEAST_KW_PER_EIGHT_GPUS:
                rows.append(
                    f"{server.name}: {server.nameplate_kw:g} kW for {server.gpu_count} GPUs is below what such a "
                    "server draws; check whether it is a figure per hour, per GPU, or after a mistake."
                )
    if not evaluation.basis.infeasible.is_empty():
        listed = "; ".join(
            f"{server} ({reason})" for server, reason in evaluation.basis.infeasible.iter_rows()
        )
        rows.append(f"Servers left out: {listed}.")
    return rows


def _free_of_charge(plan: Plan) -> list[str]:
    rows = []
    free = [s.name for s in plan.sites if s.staff.min_fte == 0 and s.staff.fte_per_100_gpus == 0]
    if free:
        rows.append(f"Nobody is paid to look after the hardware at {', '.join(free)}.")
    no_grid = [s.name for s in plan.sites if _pays_no_grid(s)]
    if no_grid:
        rows.append(
            f"No grid fee is declared at {', '.join(no_grid)}: the grid costs nothing there in this plan."
        )
    if plan.finance.discount_rate_per_year == 0:
        rows.append("Capital costs nothing in this plan: the discount rate is zero.")
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


def _full(verdicts: pl.DataFrame) -> list[str]:
    full = verdicts.filter(pl.col("base_utilisation") >= FULL_UTILISATION)["site_name"].to_list()
    if not full:
        return []
    return [f"Own servers are busy all of the time at {', '.join(full)}; real fleets are not."]
