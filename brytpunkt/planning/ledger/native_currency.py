"""Native currencies: the money of the document that each row of the ledger is priced in.

Belongs here: finding the document of a component's rule (planning/components.py). Does not belong here: energy
(energy/price_currency.py) and exchange rates (inputs/money.py).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from brytpunkt.planning.components import COMPONENTS, EGRESS, STORAGE_RENT, Native
from brytpunkt.planning.own.options import UNSOURCED_COLOCATION_CURRENCY
from brytpunkt.planning.own.storage import storage_costs, storage_need

if TYPE_CHECKING:
    from brytpunkt.declarations import Site
    from brytpunkt.planning.ledger.prepare import Basis

BY_OPTION = {"option": pl.String, "component": pl.String, "native_currency": pl.String}
BY_ITEM = {"item": pl.String, "component": pl.String, "item_currency": pl.String}


def native_currencies(basis: Basis, otherwise: str | None = None) -> pl.DataFrame:
    """Currency of each component of each option -> option, component, native_currency.

    ``otherwise``: of what no one document prices; default: the plan's.
    """
    unstated = basis.fx.currency if otherwise is None else otherwise
    sites = {site.id: site for site in basis.plan.sites}
    before = basis.offered.select("option", without_refit="facility_per_kw")
    refitted = pl.col("facility_per_kw").ne_missing(pl.col("without_refit"))
    columns = basis.options.join(before, on="option").select(
        "option", "site", "mode", "price_currency", refitted.alias("is_refitted")
    )
    rows = [
        (option, component, currency)
        for option, site, mode, price_currency, is_refitted in columns.iter_rows()
        for component, currency in _of_option(
            basis, sites[site], mode, price_currency, unstated, is_refitted=is_refitted
        ).items()
    ]
    return pl.DataFrame(rows, schema=BY_OPTION, orient="row")


def _of_option(
    basis: Basis, site: Site, mode: str, price_currency: str, unstated: str, *, is_refitted: bool
) -> dict[str, str]:
    found: dict[Native, str] = {"server": price_currency, "site_staff": site.staff.cost_per_fte_year.currency}
    if site.colocation is not None:
        price = site.colocation.price_per_kw_month or site.colocation.price_per_rack_month
        found["colocation"] = price.currency if price else UNSOURCED_COLOCATION_CURRENCY
    rooms = [site.own_hall.capex_per_kw] if site.own_hall is not None and mode == "own_hall" else []
    if is_refitted and site.limits.retrofit is not None:
        rooms.append(site.limits.retrofit.capex_per_kw)
    built_in = {price.currency for price in rooms}
    if len(built_in) == 1:
        found["hall"] = built_in.pop()
    by_rule = {c.key: found.get(c.native, unstated) for c in COMPONENTS if c.payer == "own"}
    return by_rule | basis.energy_currencies[site.id]


def item_currencies(basis: Basis) -> pl.DataFrame:
    """Currency of what is rented by its offer, and of storage by its workload -> item, component, item_currency."""
    market = basis.market
    offers = pl.concat(
        frame.select("native_currency", item="offer") for frame in (market.offers, market.apis)
    ).unique("item")
    rows = [
        (item, c.key, currency)
        for item, currency in offers.select("item", "native_currency").sort("item").iter_rows()
        for c in COMPONENTS
        if c.native == "offer"
    ]
    costs = storage_costs(basis.plan)
    rented = {
        "nas": costs.nas_rent_per_tb_month,
        "parallel": costs.parallel_rent_per_tb_month,
        "object": costs.object_rent_per_tb_month,
    }
    bought = {
        "nas": costs.nas_capex_per_tb,
        "parallel": costs.parallel_capex_per_tb,
        "object": costs.object_capex_per_tb,
    }
    tiers = storage_need(basis.plan, basis.months).select("workload", "tier").unique().sort("workload")
    for workload, tier in tiers.iter_rows():
        stated = {EGRESS: costs.egress_per_tb, STORAGE_RENT: rented[tier]}
        rows += [
            (workload, c.key, stated.get(c.key, bought[tier]).currency)
            for c in COMPONENTS
            if c.native == "storage"
        ]
    return pl.DataFrame(rows, schema=BY_ITEM, orient="row")


def plan_wide_currencies(basis: Basis) -> dict[str, str]:
    """Currency of each component that is priced alike wherever servers stand."""
    staff = basis.plan.staff.cost_per_fte_year.currency
    return {c.key: staff for c in COMPONENTS if c.native == "platform"}
