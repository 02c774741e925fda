"""Compute: the whole plan, from the declaration and the facts to every frame of the result."""

from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import polars as pl

from brytpunkt.planning.context.control.exposure import control
from brytpunkt.planning.context.doubtful_offers import doubtful_offers
from brytpunkt.planning.context.doubtful_prices import in_doubt
from brytpunkt.planning.context.footprint import footprint, footprint_by_month
from brytpunkt.planning.context.indicators import indicators
from brytpunkt.planning.context.industrial_prices import far_from_industry, industrial_comparison
from brytpunkt.planning.context.nordic_advantage import advantage
from brytpunkt.planning.context.notes import ruled_out, warnings_of
from brytpunkt.planning.context.plausibility import implausible
from brytpunkt.planning.context.published import published_cases
from brytpunkt.planning.context.tax_years import unknown_tax_years
from brytpunkt.planning.energy.cooling_limit import above_the_limit, cooling_limits
from brytpunkt.planning.energy.grid_connection import connections
from brytpunkt.planning.energy.price_outlook import (
    outlook_warnings,
    plan_price_years,
    price_gaps,
    price_outlook,
)
from brytpunkt.planning.inputs.quotes import with_quotes
from brytpunkt.planning.inputs.references import check_names
from brytpunkt.planning.inputs.units import CENTS
from brytpunkt.planning.ledger.evaluate import Evaluation, evaluate
from brytpunkt.planning.ledger.full_ledger import full_ledger
from brytpunkt.planning.optimal.kept_orders import kept_optima
from brytpunkt.planning.optimal.results import (
    PROGRAMME,
    Optimal,
    joined,
    mixes_of,
    optimal_plans,
    portfolio_plan,
    site_optima,
)
from brytpunkt.planning.own.readiness import hardware_frame, readiness
from brytpunkt.planning.own.storage import storage_need
from brytpunkt.planning.result import Result
from brytpunkt.planning.risk.results.uncertainty import no_risk, risk
from brytpunkt.planning.verdicts.accrual_bill import paradox
from brytpunkt.planning.verdicts.break_even_prices import margins
from brytpunkt.planning.verdicts.discount_rates import discount_rates
from brytpunkt.planning.verdicts.disruptions import decided, disruptions, expected
from brytpunkt.planning.verdicts.end_values import end_values, kept_over, kept_readings
from brytpunkt.planning.verdicts.feasibility import kept_plans, ruling
from brytpunkt.planning.verdicts.levelised_bridge import levelised_bridge
from brytpunkt.planning.verdicts.payback import cumulative, owning_ledgers, paybacks
from brytpunkt.planning.verdicts.returns import financing, returns
from brytpunkt.planning.verdicts.rule_60_70 import rule_readings, rule_series
from brytpunkt.planning.verdicts.scenarios import scenarios, worst_regret
from brytpunkt.planning.verdicts.strategy_table import named_schedule, strategies
from brytpunkt.planning.verdicts.tipping import tipping_curve
from brytpunkt.planning.verdicts.tipping_volume import tipping_volumes
from brytpunkt.planning.verdicts.unit_economics import unit_economics
from brytpunkt.planning.verdicts.verdicts import energy_by_month, verdict_of, verdicts

if TYPE_CHECKING:
    from brytpunkt.declarations import Plan
    from brytpunkt.planning.inputs.planning_inputs import Facts
    from brytpunkt.planning.risk.results.uncertainty import Progress

LONG_HORIZON = 1.5


def compute(plan: Plan, facts: Facts, progress: Progress | None = None) -> Result:
    """Plan a declaration: verdicts, ledger and everything that explains them.

    ``progress`` is told how many of how many drawn worlds are done.

    Raises ``InputError`` where the declaration and the facts do not fit together: an unknown server, a
    workload that no offer can serve, a zone without prices.
    """
    check_names(plan, facts)
    plan = with_quotes(plan, facts)
    horizon = plan.finance.months
    evaluation = evaluate(plan, facts, horizon)
    optima = site_optima(evaluation, facts)
    mixes = mixes_of(optima)
    choices = decided(evaluation, mixes)
    with ThreadPoolExecutor(1) as beside:  # one long programme that nothing up to `optimal` waits for
        portfolio = beside.submit(portfolio_plan, evaluation, facts, optima)
        local = optimal_plans(evaluation, [*optima.values()])
        values = _programme_values(local)
        beyond = evaluate(plan, facts, math.ceil(LONG_HORIZON * horizon))
        longer = verdict_of(beyond)
        curves = cumulative(evaluation)
        tipping = tipping_curve(evaluation)
        volumes = tipping_volumes(evaluation)
        energy = energy_by_month(evaluation, facts)
        kept = [optimum for optimum in kept_optima(local.schedule) if optimum.site in values]
        worlds = scenarios(plan, facts, evaluation, kept, values)
        blows = disruptions(evaluation, choices)
        chances = expected(evaluation, choices)
        bills = paradox(evaluation, choices)
        ledgers = owning_ledgers(evaluation, local)
        paid = paybacks(evaluation, ledgers, choices)
        readings = kept_readings(evaluation, ledgers, choices, kept_over(beyond, choices))
        drawn = risk(evaluation, facts, mixes, values, progress)
    optimal = joined(local, optimal_plans(evaluation, [portfolio.result()]))
    emitted = footprint_by_month(evaluation, energy)
    series = rule_series(curves)
    ledger = full_ledger(evaluation, optimal)
    published = published_cases(plan, evaluation.basis.fx)
    limits = cooling_limits(plan, facts)
    industry = industrial_comparison(plan, facts, evaluation.basis.fx, energy)
    ruled = ruling(evaluation, optimal.broken, kept_plans(local))
    verdict = verdicts(evaluation, longer, curves, tipping, volumes.points, energy, ruled, paid)
    years = plan_price_years(plan, facts)
    outlook = price_outlook(plan, facts, years)
    rented = _rent_offers(evaluation)
    return Result(
        currency=plan.finance.currency,
        start=plan.finance.start,
        horizon_months=horizon,
        verdicts=verdict,
        strategies=strategies(evaluation, ledger, optimal),
        optimal=optimal.plans,
        optimal_schedule=named_schedule(evaluation, optimal),
        optimal_served=optimal.served,
        optimal_carbon=optimal.carbon,
        scenarios=worlds,
        regret=worst_regret(worlds),
        margins=margins(evaluation),
        discount_rates=discount_rates(evaluation),
        disruptions=blows,
        expected=chances,
        paradox=bills,
        payback=paid,
        readings=readings,
        end_values=end_values(evaluation, ledgers, choices),
        bridge=levelised_bridge(evaluation, choices),
        storage=storage_need(plan, evaluation.basis.months).group_by("workload", maintain_order=True).last(),
        readiness=readiness(plan, evaluation.basis.offered, hardware_frame(plan, facts), evaluation.basis.fx),
        control=control(evaluation),
        returns=returns(evaluation),
        financing=financing(evaluation),
        ledger=ledger,
        curves=_curves(evaluation, curves),
        switch_curve=evaluation.scan.select("site", "order_month", present_value=pl.col("pv_cents") / CENTS),
        tipping_curve=tipping,
        tipping_volumes=volumes.volumes,
        tipping_turns=volumes.turns,
        rule=rule_readings(series),
        rule_series=series.rename({"t": "month"}),
        demand=_demand(evaluation),
        schedule=_schedule(evaluation),
        energy=energy,
        price_outlook=outlook,
        price_gaps=price_gaps(plan, facts, years),
        footprint_by_month=emitted,
        footprint=footprint(emitted),
        advantage=advantage(evaluation, facts, energy),
        indicators=indicators(plan, energy),
        cooling_limits=limits,
        connections=connections(plan, facts),
        industrial=industry,
        rent_offers=rented,
        rates=evaluation.basis.rates,
        servers=_servers(evaluation),
        unit_economics=unit_economics(evaluation),
        published=published,
        **(no_risk() if drawn is None else drawn.frames()),
        infeasible_servers=evaluation.basis.infeasible,
        warnings=(
            *ruled_out(verdict, optimal.plans),
            *evaluation.basis.notes,
            *warnings_of(plan, facts, evaluation, verdict),
            *above_the_limit(plan, limits),
            *implausible(plan, facts, evaluation, optimal.plans, published),
            *outlook_warnings(plan, outlook),
            *in_doubt(plan, facts, evaluation.basis.fx, energy),
            *doubtful_offers(plan, facts, rented),
            *far_from_industry(plan, industry),
            *unknown_tax_years(plan, facts, evaluation.basis.months.sort("month")["date"].to_list()),
            *(() if drawn is None else drawn.notes),
        ),
    )


def _programme_values(optimal: Optimal) -> dict[str, float]:
    """Value by the ledger of each site's optimal plan, where that is not one of the pure strategies anyway."""
    mixed = optimal.plans.filter(pl.col("site").is_not_null(), pl.col("source") == PROGRAMME)
    return dict(mixed.select("site", "programme_value").iter_rows())


def _curves(evaluation: Evaluation, curves: pl.DataFrame) -> pl.DataFrame:
    return (
        curves.join(evaluation.basis.months.select("date", t="month"), on="t", how="left")
        .select("site", "date", "rent", "own", "own_less_continuing_value", month="t")
        .sort("site", "month")
    )


def _demand(evaluation: Evaluation) -> pl.DataFrame:
    """Tokens, and GPUs busy on the GPU type of the cheapest own option, mean and highest hour of each month."""
    basis = evaluation.basis
    best = evaluation.chosen.sort("pv_cents", "site").head(1).join(basis.options, on="option")
    profile = best["profile"][0] if not best.is_empty() else basis.offered["profile"][0]
    busy = (
        basis.busy.filter(pl.col("profile") == profile)
        .join(basis.offered.select("calendar").unique().sort("calendar").head(1), on="calendar", how="semi")
        .group_by("workload", "month")
        .agg(gpu_load_peak=pl.col("busy").max())
    )
    work = basis.gpu_hours.filter(pl.col("profile") == profile).select("workload", "month", "gpu_hours")
    return (
        basis.volume.join(basis.months.select("month", "date", "hours"), on="month")
        .join(work, on=["workload", "month"], how="left")
        .join(busy, on=["workload", "month"], how="left")
        .select(
            *("workload", "month", "date", "output_tokens"),
            input_tokens=pl.col("uncached_input_tokens") + pl.col("cached_input_tokens"),
            gpu_hours=pl.col("gpu_hours").fill_null(0.0),
            gpu_load_mean=pl.col("gpu_hours").fill_null(0.0) / pl.col("hours"),
            gpu_load_peak=pl.col("gpu_load_peak").fill_null(0.0),
            gpu_model=pl.lit(profile),
        )
        .sort("workload", "month")
    )


def _schedule(evaluation: Evaluation) -> pl.DataFrame:
    """Purchases of each site's own -> site, mode, server, server_name, order, delivery and retirement month, servers."""
    names = evaluation.basis.options.select("option", "server", "server_name")
    return (
        evaluation.schedule.bought.join(
            evaluation.best.join(evaluation.chosen, on="option", how="semi").select("site", "mode", "option"),
            on="option",
        )
        .join(names, on="option")
        .select(
            "site",
            "mode",
            "server",
            "server_name",
            "order_month",
            "delivery_month",
            "retire_month",
            "servers",
        )
        .sort("site", "delivery_month")
    )


def _rent_offers(evaluation: Evaluation) -> pl.DataFrame:
    """The offers that each mode settles on -> mode, workload, offer, label, present_value, is_rent, prices."""
    basis = evaluation.basis
    taken = pl.DataFrame(
        {"workload": list(basis.choice.rent_modes), "mode": list(basis.choice.rent_modes.values())}
    )
    prices = basis.market.offers.select(
        *(
            "workload",
            "offer",
            "gpu_model",
            "gpu_count",
            "price_native_per_hour",
            "native_currency",
            "price_per_hour",
        )
    )
    return (
        basis.choice.offers.join(
            taken.with_columns(is_rent=pl.lit(value=True)), on=["workload", "mode"], how="left"
        )
        .with_columns(pl.col("is_rent").fill_null(value=False))
        .join(prices, on=["workload", "offer"], how="left")
        .sort("workload", "mode", "offer")
    )


def _servers(evaluation: Evaluation) -> pl.DataFrame:
    """The servers of the plan as planned with -> server, name, GPUs, price, power."""
    return (
        evaluation.basis.options.select(
            *("server", "server_name", "gpu_model", "server_gpus", "price_native", "price_currency", "price"),
            *("nameplate_kw", "load_kw", "idle_kw", "is_price_declared"),
        )
        .unique("server")
        .sort("server")
    )
