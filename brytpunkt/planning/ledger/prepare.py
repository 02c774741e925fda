"""What all strategies of a plan share: its calendar, demand, market, options and prices of energy, prepared once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from brytpunkt.errors import InputError, Problem
from brytpunkt.planning.demand.gpu_sizing import busy_gpus, workload_rules
from brytpunkt.planning.demand.throughput import gpu_hours, rates
from brytpunkt.planning.demand.volumes import hourly_shares, volumes
from brytpunkt.planning.energy.price_currency import energy_currencies
from brytpunkt.planning.energy.site_prices import site_cells
from brytpunkt.planning.energy.tariff import Bills, bills_of
from brytpunkt.planning.inputs.calendar import calendar_of, calendars, home_site, plan_months
from brytpunkt.planning.inputs.money import Fx, exchange_rates
from brytpunkt.planning.inputs.quotes import with_quotes
from brytpunkt.planning.own.capacity import site_load
from brytpunkt.planning.own.options import modes, options, server_options
from brytpunkt.planning.own.room_fit import carried
from brytpunkt.planning.rent.offers import api_offers, eligible_offers, offers_by_workload
from brytpunkt.planning.rent.rent import Market
from brytpunkt.planning.rent.residency import away_from, outside, residency_notes
from brytpunkt.planning.rent.sovereignty import within_sovereign_share
from brytpunkt.planning.rent.strategies import RentChoice, choose_rent

if TYPE_CHECKING:
    from brytpunkt.declarations import Plan
    from brytpunkt.planning.inputs.planning_inputs import Facts


@dataclass(frozen=True)
class Basis:
    """What all strategies share: calendar, demand, market, options and prices of energy.

    ``offered``: every site, mode and server; ``options``: those that power, room and residency allow; ``unfit``: the others
    with the reason (``rooms.UNFIT_SCHEMA``). ``left_out``: what a workload's residency forbids (``residency.LEFT_OUT``).
    ``notes``: what a reader must know of who may serve. ``energy_currencies``: by site and component, where one document
    states the price.
    """

    plan: Plan
    fx: Fx
    horizon: int
    months: pl.DataFrame
    volume: pl.DataFrame
    rates: pl.DataFrame
    gpu_hours: pl.DataFrame
    shares: pl.DataFrame
    market: Market
    choice: RentChoice
    busy: pl.DataFrame
    load: pl.DataFrame
    cells: pl.DataFrame
    bills: Bills
    offered: pl.DataFrame
    options: pl.DataFrame
    unfit: pl.DataFrame
    infeasible: pl.DataFrame
    left_out: pl.DataFrame
    notes: tuple[str, ...]
    home: str
    energy_currencies: dict[str, dict[str, str]]


def prepare(plan: Plan, facts: Facts, horizon: int, kept_offers: pl.DataFrame | None = None) -> Basis:
    """Demand, market, options and energy prices of a plan, with the quotes that it names."""
    plan = with_quotes(plan, facts)
    fx = exchange_rates(plan.finance, facts)
    months = plan_months(plan.finance, horizon)
    hours = calendars(plan, facts, months)
    beside = ThreadPoolExecutor(1)  # renting does not wait for energy
    priced = beside.submit(site_cells, plan, facts, fx, months, hours)
    billed = beside.submit(bills_of, plan, facts, fx, months, hours)
    beside.shutdown(wait=False)
    volume = volumes(plan, months)
    _require_demand(volume)
    shares = hourly_shares(plan, volume, hours)
    rate = rates(plan, facts)
    work = gpu_hours(volume, rate)
    rules = workload_rules(plan)
    home = calendar_of(home_site(plan), facts)
    offers = offers_by_workload(plan, eligible_offers(plan, facts, fx), rate)
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
    served = within_sovereign_share(plan, market, choose_rent(plan, market, kept_offers), work, kept_offers)
    market, choice = served.market, served.choice
    left_out = outside(plan)
    cells = priced.result()
    servers = server_options(plan, facts, fx)
    serving, infeasible = _serving(plan, servers, rate)
    profiles = pl.concat([serving.select("profile"), choice.on_demand.select("profile")]).unique()
    busy = busy_gpus(work.join(profiles, on="profile", how="semi"), shares, rules)
    offered = options(plan, modes(plan, facts, fx, months), serving, cells)
    fit, unfit = carried(plan, facts, fx, offered)
    away = away_from(plan, fit, left_out)
    return Basis(
        plan=plan,
        fx=fx,
        horizon=horizon,
        months=months,
        volume=volume,
        rates=rate,
        gpu_hours=work,
        shares=shares,
        market=market,
        choice=choice,
        busy=busy,
        load=site_load(busy.join(serving.select("profile").unique(), on="profile", how="semi")),
        cells=cells,
        energy_currencies={s.id: energy_currencies(s, facts) for s in plan.sites},
        bills=billed.result(),
        offered=offered,
        options=fit.join(away, on="option", how="anti", maintain_order="left"),
        unfit=pl.concat([unfit, away]).sort("option"),
        infeasible=infeasible,
        left_out=pl.concat([left_out, served.left_out]),
        notes=(*residency_notes(plan, left_out), *served.notes),
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
