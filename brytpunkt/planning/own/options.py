"""Options: every way to build, as a site, a mode and a server type, with the numbers that cost it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from brytpunkt.declarations import InlineServer
from brytpunkt.errors import InputError, Problem
from brytpunkt.planning.demand.gpu_sizing import spare_servers
from brytpunkt.planning.demand.throughput import inline_profile
from brytpunkt.planning.energy.cooling_limit import usable_share
from brytpunkt.planning.energy.electricity_tax import unrecovered_vat
from brytpunkt.planning.energy.grid_connection import grid_month
from brytpunkt.planning.energy.site_prices import grid_capacity_fee
from brytpunkt.planning.inputs.calendar import calendar_of
from brytpunkt.planning.inputs.units import MONTHS_PER_YEAR

if TYPE_CHECKING:
    import datetime as dt

    from brytpunkt.declarations import CatalogServer, Plan, Site
    from brytpunkt.planning.inputs.money import Fx
    from brytpunkt.planning.inputs.planning_inputs import Facts

# No published Nordic colocation price is known; one model uses this figure, US retail spans 80 to 300 USD.
UNSOURCED_COLOCATION_EUR_PER_KW_MONTH = 175.0
UNSOURCED_COLOCATION_CURRENCY = "EUR"

SERVER_SCHEMA = {
    "server": pl.String,
    "server_name": pl.String,
    "profile": pl.String,
    "gpu_model": pl.String,
    "server_gpus": pl.Int64,
    "price_native": pl.Float64,
    "price_currency": pl.String,
    "price": pl.Float64,
    "nameplate_kw": pl.Float64,
    "load_kw": pl.Float64,
    "idle_kw": pl.Float64,
    "is_price_declared": pl.Boolean,
}
MODE_SCHEMA = {
    "site": pl.String,
    "calendar": pl.String,
    "mode": pl.String,
    "lead_months": pl.Int64,
    "grid_month": pl.Int64,
    "power_limit_kw": pl.Float64,
    "kw_month": pl.Float64,
    "rack_month": pl.Float64,
    "rack_kw": pl.Float64,
    "facility_per_kw": pl.Float64,
    "facility_months": pl.Int64,
    "facility_maintenance_share": pl.Float64,
    "is_power_included": pl.Boolean,
    "capacity_fee": pl.Float64,
    "vat_share": pl.Float64,
    "min_fte": pl.Float64,
    "fte_per_100_gpus": pl.Float64,
    "fte_month": pl.Float64,
}


def server_options(plan: Plan, facts: Facts, fx: Fx) -> pl.DataFrame:
    """The servers of the plan with their price [plan currency], GPUs and power [kW]."""
    found = [
        _inline(s, fx) if isinstance(s, InlineServer) else _catalog(s, facts, fx) for s in plan.build.servers
    ]
    problems = tuple(row for row in found if isinstance(row, Problem))
    if problems:
        raise InputError(problems)
    rows = [row for row in found if not isinstance(row, Problem)]
    return pl.DataFrame(rows, schema=SERVER_SCHEMA, orient="row").sort("server")


def _inline(server: InlineServer, fx: Fx) -> tuple[object, ...]:
    return (
        server.id,
        server.name,
        inline_profile(server.id) if server.output_tokens_per_second else server.gpu_model,
        server.gpu_model,
        server.gpu_count,
        server.price.amount,
        server.price.currency,
        fx.convert(server.price),
        server.nameplate_kw,
        server.nameplate_kw * server.load_share,
        server.nameplate_kw * server.idle_share,
        True,
    )


def _catalog(server: CatalogServer, facts: Facts, fx: Fx) -> tuple[object, ...] | Problem:
    where = f"build.servers.{server.catalog}"
    known = facts.servers.filter(pl.col("server") == server.catalog)
    if known.is_empty():
        names = ", ".join(facts.servers["server"].sort())
        return Problem(where, f"the catalog has no server {server.catalog!r}", f"it has: {names}")
    row = known.row(0, named=True)
    lacking = [
        name for name in ("gpu_count", "nameplate_kw", "load_share", "idle_share") if row[name] is None
    ]
    if lacking:
        return Problem(where, f"the catalog gives no {', '.join(lacking)}", "describe the server inline")
    low, high = row["price_low_usd"], row["price_high_usd"]
    if server.price is None and low is None:
        return Problem(
            where,
            "the catalog has no price for this server, because no source states one",
            "add a quote, as in price: {usd: 300000}",
        )
    native = server.price.amount if server.price else (low + high) / 2
    currency = server.price.currency if server.price else "USD"
    return (
        server.catalog,
        row["name"],
        row["gpu_model"],
        row["gpu_model"],
        int(row["gpu_count"]),
        native,
        currency,
        native * fx.rate(currency),
        row["nameplate_kw"],
        row["nameplate_kw"] * row["load_share"],
        row["nameplate_kw"] * row["idle_share"],
        server.price is not None,
    )


def modes(plan: Plan, facts: Facts, fx: Fx, months: pl.DataFrame) -> pl.DataFrame:
    """Every (site, mode) with what space, grid and staff cost there, in the plan's currency."""
    dates = months["date"].to_list()
    rows = []
    for site in plan.sites:
        common = _site_numbers(site, facts, fx, dates)
        if site.colocation is not None:
            rows.append(_colocation(site, plan, fx, common))
        if site.own_hall is not None:
            rows.append(_own_hall(site, plan, fx, common))
    return pl.DataFrame(rows, schema=MODE_SCHEMA).sort("site", "mode")


def _site_numbers(site: Site, facts: Facts, fx: Fx, dates: list[dt.date]) -> dict[str, object]:
    usable = usable_share(site, facts)
    limit = site.power_limit_kw
    return {
        "site": site.id,
        "calendar": calendar_of(site, facts),
        "grid_month": grid_month(site, facts, dates),
        "power_limit_kw": None if limit is None else limit * usable,
        "capacity_fee": grid_capacity_fee(site, facts, fx),
        "vat_share": unrecovered_vat(site, facts, dates[0]),
        "min_fte": site.staff.min_fte,
        "fte_per_100_gpus": site.staff.fte_per_100_gpus,
        "fte_month": fx.convert(site.staff.cost_per_fte_year) / MONTHS_PER_YEAR,
    }


def _colocation(site: Site, plan: Plan, fx: Fx, common: dict[str, object]) -> dict[str, object]:
    space = site.colocation
    assert space is not None
    kw_month = None
    if space.price_per_kw_month is not None:
        kw_month = fx.convert(space.price_per_kw_month)
    elif space.price_per_rack_month is None:
        kw_month = UNSOURCED_COLOCATION_EUR_PER_KW_MONTH * fx.rate(UNSOURCED_COLOCATION_CURRENCY)
    return common | {
        "mode": "own_colocation",
        "lead_months": max(plan.build.lead_time_months, space.lead_time_months),
        "kw_month": kw_month,
        "rack_month": fx.convert(space.price_per_rack_month) if space.price_per_rack_month else None,
        "rack_kw": space.rack_power_kw,
        "is_power_included": space.power_included,
    }


def _own_hall(site: Site, plan: Plan, fx: Fx, common: dict[str, object]) -> dict[str, object]:
    hall = site.own_hall
    assert hall is not None
    return common | {
        "mode": "own_hall",
        "lead_months": max(plan.build.lead_time_months, hall.lead_time_months),
        "facility_per_kw": fx.convert(hall.capex_per_kw),
        "facility_months": round(hall.life_years * MONTHS_PER_YEAR),
        "facility_maintenance_share": hall.maintenance_share_per_year,
        "is_power_included": False,
    }


def options(plan: Plan, mode: pl.DataFrame, servers: pl.DataFrame, cells: pl.DataFrame) -> pl.DataFrame:
    """Site x mode x server, with the site's highest PUE, the most servers that its power allows, and how many are spare.

    The key is ``option``, as in lulea/own_colocation/dgx_b200.
    """
    highest = cells.group_by("site").agg(highest_pue=pl.col("pue_p99").max())
    limit = (pl.col("power_limit_kw") / (pl.col("nameplate_kw") * pl.col("highest_pue")) + 1e-9).floor()
    return (
        mode.join(servers, how="cross")
        .join(highest, on="site")
        .with_columns(
            option=pl.concat_str("site", "mode", "server", separator="/"),
            max_servers=limit.cast(pl.Int64),
            spare_servers=pl.lit(spare_servers(plan), dtype=pl.Int64),
        )
        .sort("option")
    )
