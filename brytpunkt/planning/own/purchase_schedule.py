"""Schedules of own servers: what is bought when, what it draws, and everything that it costs.

Belongs here: flows of many schedules together. Does not belong here: rounding and discounting (see ledger.py).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from brytpunkt.planning.components import (
    CONTINUING_VALUE,
    ENERGY_FEES_VAT,
    ENERGY_SUBSCRIPTION,
    RENT_ON_DEMAND,
    TOKEN_API,
)
from brytpunkt.planning.energy.tariff import YEARLY, measured, year_fees
from brytpunkt.planning.own.capacity import deliveries, installed, purchases, servers_needed
from brytpunkt.planning.own.energy_cost import api_overflow, drawn, operate, overflow
from brytpunkt.planning.own.own_costs import Schedule, capex_flows, continuing_value, monthly_flows
from brytpunkt.planning.rent.rent import api_flows
from brytpunkt.planning.rent.strategies import bridges

if TYPE_CHECKING:
    from brytpunkt.planning.ledger.prepare import Basis

SCALE_ONE = 1.0


def make_schedule(basis: Basis, chosen: pl.DataFrame, order_months: list[int]) -> Schedule:
    """Purchases of the given options for an order placed in each of the given months."""
    plan = basis.plan
    needed = servers_needed(basis.load, chosen)
    first = deliveries(chosen, order_months, basis.horizon)
    bought = purchases(plan, first, needed, chosen, basis.horizon)
    return Schedule(first, bought, installed(bought, basis.horizon))


def energy_of(basis: Basis, in_service: pl.DataFrame) -> pl.DataFrame:
    """Power and energy cost of every level of servers that occurs -> option, month, servers, ..."""
    levels = in_service.select("option", "month", "servers").unique().with_columns(scale=pl.lit(SCALE_ONE))
    load = basis.load.with_columns(scale=pl.lit(SCALE_ONE))
    return (
        operate(levels, basis.options, load, basis.cells, basis.months, basis.bills)
        .drop("scale")
        .sort("option", "month", "servers")
    )


def own_flows(basis: Basis, schedule: Schedule, energy: pl.DataFrame) -> pl.DataFrame:
    """All flows of schedules: bridge, purchases, operation, overflow and continuing value.

    -> option, order_month, month, component, item, timing, amount [plan currency]
    """
    own = pl.concat(
        [
            capex_flows(basis.plan, schedule, basis.options, basis.horizon),
            monthly_flows(basis.plan, schedule, basis.options, energy, basis.months),
            horizon_value(basis, schedule),
            yearly_flows(basis, schedule),
        ]
    ).with_columns(item=pl.lit(""))
    columns = ["option", "order_month", "month", "component", "item", "timing", "amount"]
    return pl.concat(
        frame.select(columns) for frame in (own, bridged(basis, schedule), overflowing(basis, schedule))
    )


def horizon_value(basis: Basis, schedule: Schedule) -> pl.DataFrame:
    """Continuing value of schedules as flows -> option, order_month, month, component, timing, amount."""
    at = pl.DataFrame({"at": [basis.horizon]}, schema={"at": pl.Int64})
    return continuing_value(basis.plan, schedule, basis.options, at).select(
        "option",
        "order_month",
        month=pl.lit(basis.horizon - 1, dtype=pl.Int64),
        component=pl.lit(CONTINUING_VALUE),
        timing=pl.lit("horizon"),
        amount=-pl.col("value"),
    )


def yearly_flows(basis: Basis, schedule: Schedule) -> pl.DataFrame:
    """Fees on the peak of the calendar year and fixed fees, with their VAT, in months with servers in service.

    -> option, order_month, month, component, timing, amount
    """
    schema = {name: schedule.installed.schema[name] for name in ("option", "order_month", "month")}
    schema |= {"component": pl.String(), "timing": pl.String(), "amount": pl.Float64()}
    if basis.bills.of(*YEARLY, "fixed").is_empty():
        return pl.DataFrame(schema=schema)
    paid = basis.options.filter(~pl.col("is_power_included")).select("option", "site", "vat_share")
    service = (
        schedule.installed.filter(pl.col("servers") > 0)
        .join(paid, on="option")
        .join(basis.months.select("month", year=pl.col("date").dt.year()), on="month")
    )
    levels = service.select("option", "month", "servers").unique().with_columns(scale=pl.lit(SCALE_ONE))
    load = basis.load.with_columns(scale=pl.lit(SCALE_ONE))
    key = ["option", "month", "servers"]
    shown = measured(drawn(levels, basis.options, load, basis.cells), basis.bills, key)
    headroom = pl.DataFrame(
        [(site.id, site.energy.subscription_headroom) for site in basis.plan.sites],
        schema={"site": pl.String, "headroom": pl.Float64},
        orient="row",
    )
    fees = year_fees(service.join(shown, on=[*key, "site"]), service, basis.bills, headroom).join(
        paid.drop("site"), on="option"
    )
    taxed = fees.filter(pl.col("vat_share") > 0).with_columns(
        pl.col("amount") * pl.col("vat_share"), component=pl.lit(ENERGY_FEES_VAT)
    )
    return pl.concat([fees.with_columns(component=pl.lit(ENERGY_SUBSCRIPTION)), taxed]).select(
        "option", "order_month", "month", "component", pl.lit("end").alias("timing"), "amount"
    )


def bridged(basis: Basis, schedule: Schedule) -> pl.DataFrame:
    """Rent in the months before the first delivery -> option, order_month, month, component, item, timing, amount."""
    until = bridges(basis.market, basis.choice, schedule.first["delivery_month"].unique().to_list())
    return schedule.first.join(until, left_on="delivery_month", right_on="delivery")


def overflowing(basis: Basis, schedule: Schedule) -> pl.DataFrame:
    """Rent of what servers in service cannot carry -> option, order_month, month, component, item, timing, amount."""
    served = (
        schedule.first.join(basis.months.select("month"), how="cross")
        .filter(pl.col("month") >= pl.col("delivery_month"))
        .join(schedule.installed, on=["option", "order_month", "month"], how="left")
        .with_columns(pl.col("servers").fill_null(0))
    )
    levels = served.select("option", "month", "servers").unique()
    hourly = basis.choice.on_demand
    rented = overflow(levels, basis.options, basis.load, basis.market, basis.busy, hourly)
    tokens = api_overflow(
        levels,
        basis.options,
        basis.load,
        basis.shares,
        api_flows(basis.market, basis.choice.apis.join(hourly, on="workload", how="anti"), (SCALE_ONE,)),
    )
    paid = pl.concat(
        [
            rented.with_columns(component=pl.lit(RENT_ON_DEMAND)),
            tokens.with_columns(component=pl.lit(TOKEN_API)),
        ]
    )
    return served.join(paid, on=["option", "month", "servers"]).with_columns(
        item="offer", timing=pl.lit("end")
    )
