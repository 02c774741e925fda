"""Evaluation: every strategy of a plan over a horizon, as rounded ledger rows.

This is the heart of planning read top-down; the formulas live in the modules that it calls.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import polars as pl

from brytpunkt.errors import InputError, Problem
from brytpunkt.planning.build import deliveries, installed, purchases, servers_needed, site_load
from brytpunkt.planning.calendar import calendar_of, calendars, home_site, plan_months
from brytpunkt.planning.demand import hourly_shares, volumes
from brytpunkt.planning.energy import site_cells
from brytpunkt.planning.ledger import own_ledger, own_rows, rent_ledger, totals
from brytpunkt.planning.load import busy_gpus, workload_rules
from brytpunkt.planning.money import Fx, exchange_rates
from brytpunkt.planning.offers import api_offers, eligible_offers, offers_by_workload
from brytpunkt.planning.operate import drawn, operate, overflow
from brytpunkt.planning.options import modes, options, server_options
from brytpunkt.planning.own_costs import Schedule, acquisitions, capex_flows, continuing_value, monthly_flows
from brytpunkt.planning.quotes import with_quotes
from brytpunkt.planning.rent import Market
from brytpunkt.planning.rent_plan import RentChoice, bridges, choose_rent, strategy_flows
from brytpunkt.planning.rooms import carried
from brytpunkt.planning.tariff import YEARLY, Bills, bills_of, measured, year_fees
from brytpunkt.planning.throughput import gpu_hours, rates

if TYPE_CHECKING:
    from collections.abc import Iterable

    from brytpunkt.declarations import Plan
    from brytpunkt.planning.facts import Facts

SCALE_ONE = 1.0
SCAN_SCHEMA = {
    "site": pl.String,
    "order_month": pl.Int64,
    "delivery_month": pl.Int64,
    "pv_cents": pl.Int64,
    "pv_cents_without_continuing_value": pl.Int64,
}


@dataclass(frozen=True)
class Basis:
    """What all strategies share: calendar, demand, market, options and prices of energy.

    ``offered``: every site, mode and server; ``options``: those that the declared rooms carry.
    """

    plan: Plan
    fx: Fx
    horizon: int
    months: pl.DataFrame
    volume: pl.DataFrame
    rates: pl.DataFrame
    gpu_hours: pl.DataFrame
    market: Market
    choice: RentChoice
    busy: pl.DataFrame
    load: pl.DataFrame
    cells: pl.DataFrame
    bills: Bills
    offered: pl.DataFrame
    options: pl.DataFrame
    infeasible: pl.DataFrame
    home: str


@dataclass(frozen=True)
class Evaluation:
    """Ledger rows of every strategy, and the order-month scan of each site's ``own``.

    ``rent``: strategy, month, component, item, timing, cents, pv_cents, currencies.
    ``own``: option, order_month 0, the same columns. ``schedule``: purchases of ``own`` rows.
    ``best``: site, mode, option, pv_cents, the best server of each mode; ``chosen``: site -> option of own.
    ``scan``: site, order_month, delivery_month, pv_cents, pv_cents_without_continuing_value.
    """

    basis: Basis
    rent: pl.DataFrame
    own: pl.DataFrame
    schedule: Schedule
    energy: pl.DataFrame
    best: pl.DataFrame
    chosen: pl.DataFrame
    scan: pl.DataFrame


def evaluate(
    plan: Plan, facts: Facts, horizon: int, *, scan: bool = True, kept_offers: pl.DataFrame | None = None
) -> Evaluation:
    """All strategies of a plan over ``horizon`` months; without ``scan`` own is ordered at the start only.

    ``kept_offers`` (mode, workload, offer, is_rent) are rented even where others have become cheaper.
    """
    plan = with_quotes(plan, facts)
    basis = prepare(plan, facts, horizon, kept_offers)
    with ThreadPoolExecutor(1) as beside:  # renting and owning do not wait for each other
        rented = beside.submit(lambda: rent_ledger(plan, basis, strategy_flows(basis.market, basis.choice)))
        schedule = make_schedule(basis, basis.options, [0])
        energy = energy_of(basis, schedule.installed)
        own = own_ledger(
            plan, basis, own_flows(basis, schedule, energy), acquisitions(plan, schedule, basis.options)
        )
        rent = rented.result()
    best = _best_servers(basis, own)
    chosen = best.sort("site", "pv_cents", "mode").unique("site", keep="first", maintain_order=True)
    return Evaluation(
        basis,
        rent,
        own,
        schedule,
        energy,
        best,
        chosen,
        order_scan(basis, chosen, range(basis.horizon)) if scan else pl.DataFrame(schema=SCAN_SCHEMA),
    )


def with_scan(evaluation: Evaluation) -> Evaluation:
    """The same with every order month tried, for an evaluation that left that out."""
    return replace(
        evaluation, scan=order_scan(evaluation.basis, evaluation.chosen, range(evaluation.basis.horizon))
    )


def prepare(plan: Plan, facts: Facts, horizon: int, kept_offers: pl.DataFrame | None = None) -> Basis:
    """Demand, market, options and energy prices of a plan."""
    fx = exchange_rates(plan.finance, facts)
    months = plan_months(plan.finance, horizon)
    hours = calendars(plan, facts, months)
    volume = volumes(plan, months)
    _require_demand(volume)
    shares = hourly_shares(plan, volume, hours)
    rate = rates(plan, facts)
    work = gpu_hours(volume, rate)
    rules = workload_rules(plan)
    home = calendar_of(home_site(plan), facts)
    offers = offers_by_workload(plan, eligible_offers(plan, facts, fx), rate)
    beside = ThreadPoolExecutor(1)
    priced = beside.submit(site_cells, plan, facts, fx, months, hours)  # renting does not wait for energy
    beside.shutdown(wait=False)
    market = Market.of(
        plan,
        offers=offers,
        apis=api_offers(plan, facts, fx),
        busy=busy_gpus(
            work.join(offers.select("workload", "profile").unique(), on=["workload", "profile"], how="semi"),
            shares.filter(pl.col("calendar") == home),
            rules,
        ),
        volume=volume,
        months=months,
    )
    choice = choose_rent(plan, market, kept_offers)
    cells = priced.result()
    servers = server_options(plan, facts, fx)
    serving, infeasible = _serving(plan, servers, rate)
    profiles = pl.concat([serving.select("profile"), choice.on_demand.select("profile")]).unique()
    busy = busy_gpus(work.join(profiles, on="profile", how="semi"), shares, rules)
    offered = options(modes(plan, facts, fx, months), serving, cells)
    return Basis(
        plan=plan,
        fx=fx,
        horizon=horizon,
        months=months,
        volume=volume,
        rates=rate,
        gpu_hours=work,
        market=market,
        choice=choice,
        busy=busy,
        load=site_load(busy.join(serving.select("profile").unique(), on="profile", how="semi")),
        cells=cells,
        bills=bills_of(plan, facts, fx, months, hours),
        offered=offered,
        options=carried(plan, facts, fx, offered),
        infeasible=infeasible,
        home=home,
    )


def _require_demand(volume: pl.DataFrame) -> None:
    served = pl.col("output_tokens") + pl.col("uncached_input_tokens") + pl.col("declared_gpu_hours")
    idle = (
        volume.group_by("workload")
        .agg(served=served.sum())
        .filter(pl.col("served") <= 0)["workload"]
        .to_list()
    )
    if idle:
        raise InputError(
            tuple(
                Problem(
                    f"workloads.{name}.demand",
                    "it asks for nothing within the horizon",
                    "raise a phase's level above 0, or begin it before the plan ends",
                )
                for name in sorted(idle)
            )
        )


def _serving(plan: Plan, servers: pl.DataFrame, rate: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Servers whose GPU type serves every workload, and the others with the reason."""
    known = rate.group_by("profile").agg(
        workloads=pl.col("workload").sort(), replica_gpus=pl.col("replica_gpus").max()
    )
    names = sorted(w.id for w in plan.workloads)
    with_rates = servers.join(known, on="profile", how="left").with_columns(
        lacking=pl.lit(names, dtype=pl.List(pl.String)).list.set_difference(
            pl.col("workloads").fill_null(pl.lit([], dtype=pl.List(pl.String)))
        )
    )
    fits = (pl.col("lacking").list.len() == 0) & (pl.col("replica_gpus") <= pl.col("server_gpus"))
    serving = with_rates.filter(fits.fill_null(value=False))
    rest = with_rates.filter(~fits.fill_null(value=False)).select(
        "server",
        reason=pl.when(pl.col("lacking").list.len() > 0)
        .then(
            pl.format(
                "no throughput figure of {} for {}",
                "gpu_model",
                pl.col("lacking").list.sort().list.join(", "),
            )
        )
        .otherwise(pl.lit("one replica does not fit into the server")),
    )
    if serving.is_empty():
        raise InputError(
            tuple(
                Problem(
                    f"build.servers.{name}",
                    reason,
                    "choose a model or scenario with a benchmark for it, or declare output_tokens_per_second inline",
                )
                for name, reason in rest.sort("server").iter_rows()
            )
        )
    return serving.drop("workloads", "lacking", "replica_gpus"), rest.sort("server")


def make_schedule(basis: Basis, chosen: pl.DataFrame, order_months: list[int]) -> Schedule:
    """Purchases of the given options for an order placed in each of the given months."""
    plan = basis.plan
    spare_units = max(w.redundancy_units for w in plan.workloads)
    needed = servers_needed(basis.load, chosen, spare_units)
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
        frame.select(columns) for frame in (own, _bridged(basis, schedule), _overflowing(basis, schedule))
    )


def horizon_value(basis: Basis, schedule: Schedule) -> pl.DataFrame:
    """Continuing value of schedules as flows -> option, order_month, month, component, timing, amount."""
    at = pl.DataFrame({"at": [basis.horizon]}, schema={"at": pl.Int64})
    return continuing_value(basis.plan, schedule, basis.options, at).select(
        "option",
        "order_month",
        month=pl.lit(basis.horizon - 1, dtype=pl.Int64),
        component=pl.lit("continuing_value"),
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
        pl.col("amount") * pl.col("vat_share"), component=pl.lit("energy_fees_vat")
    )
    return pl.concat([fees.with_columns(component=pl.lit("energy_subscription")), taxed]).select(
        "option", "order_month", "month", "component", pl.lit("end").alias("timing"), "amount"
    )


def _bridged(basis: Basis, schedule: Schedule) -> pl.DataFrame:
    until = bridges(basis.market, basis.choice, schedule.first["delivery_month"].unique().to_list())
    return schedule.first.join(until, left_on="delivery_month", right_on="delivery").rename({"offer": "item"})


def _overflowing(basis: Basis, schedule: Schedule) -> pl.DataFrame:
    served = (
        schedule.first.join(basis.months.select("month"), how="cross")
        .filter(pl.col("month") >= pl.col("delivery_month"))
        .join(schedule.installed, on=["option", "order_month", "month"], how="left")
        .with_columns(pl.col("servers").fill_null(0))
    )
    levels = served.select("option", "month", "servers").unique()
    rented = overflow(levels, basis.options, basis.load, basis.market, basis.busy, basis.choice.on_demand)
    return served.join(rented, on=["option", "month", "servers"]).with_columns(
        item="offer", component=pl.lit("rent_on_demand"), timing=pl.lit("end")
    )


def _best_servers(basis: Basis, own: pl.DataFrame) -> pl.DataFrame:
    """The cheapest server of each site and mode -> site, mode, option, pv_cents."""
    names = basis.options.select("option", "site", "mode")
    return (
        totals(own, ["option"])
        .join(names, on="option")
        .sort("site", "mode", "pv_cents", "option")
        .unique(["site", "mode"], keep="first", maintain_order=True)
        .select("site", "mode", "option", "pv_cents")
    )


def order_scan(basis: Basis, chosen: pl.DataFrame, order_months: Iterable[int]) -> pl.DataFrame:
    """Present value of own, rent until delivery included, for an order placed in each of the given months."""
    own = basis.options.join(chosen, on="option", how="semi")
    schedule = make_schedule(basis, own, list(order_months))
    energy = energy_of(basis, schedule.installed)
    flows = own_flows(basis, schedule, energy)
    ledger = own_rows(basis.plan, basis, flows, acquisitions(basis.plan, schedule, basis.options))
    key = ["option", "order_month"]
    without = totals(ledger.filter(pl.col("component") != "continuing_value"), key)
    return (
        totals(ledger, key)
        .join(without.select(*key, pv_cents_without_continuing_value="pv_cents"), on=key)
        .join(schedule.first, on=key)
        .join(own.select("option", "site"), on="option")
        .select("site", "order_month", "delivery_month", "pv_cents", "pv_cents_without_continuing_value")
        .sort("site", "order_month")
    )
