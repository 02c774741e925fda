"""Compute: the whole plan, from the declaration and the facts to every frame of the result."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import polars as pl

from brytpunkt.planning.bill import paradox
from brytpunkt.planning.curves import cumulative, rule_readings, rule_series
from brytpunkt.planning.disruptions import decided, disruptions, expected
from brytpunkt.planning.evaluate import Evaluation, evaluate
from brytpunkt.planning.exposure import control
from brytpunkt.planning.footprint import footprint, footprint_by_month
from brytpunkt.planning.investment import financing, returns
from brytpunkt.planning.ledger import native_currencies
from brytpunkt.planning.margins import margins
from brytpunkt.planning.names import check_names
from brytpunkt.planning.optimal.outcome import Optimal, optimal_plans
from brytpunkt.planning.plausibility import implausible
from brytpunkt.planning.published import published_cases
from brytpunkt.planning.quotes import with_quotes
from brytpunkt.planning.readiness import hardware_frame, readiness
from brytpunkt.planning.result import Result
from brytpunkt.planning.scenarios import scenarios, worst_regret
from brytpunkt.planning.storage import storage_need
from brytpunkt.planning.tipping import tipping_curve
from brytpunkt.planning.unit_economics import unit_economics
from brytpunkt.planning.verdicts import CENTS, energy_by_month, units_served, verdict_of, verdicts
from brytpunkt.planning.warnings import warnings_of

if TYPE_CHECKING:
    from brytpunkt.declarations import Plan
    from brytpunkt.planning.facts import Facts

LONG_HORIZON = 1.5
STRATEGY_ORDER = (
    *("api", "on_demand", "spot", "committed", "rent"),
    *("own_colocation", "own_hall", "own", "optimal"),
)


def compute(plan: Plan, facts: Facts) -> Result:
    """Plan a declaration: verdicts, ledger and everything that explains them.

    Raises ``InputError`` where the declaration and the facts do not fit together: an unknown server, a
    workload that no offer can serve, a zone without prices.
    """
    check_names(plan, facts)
    plan = with_quotes(plan, facts)
    horizon = plan.finance.months
    evaluation = evaluate(plan, facts, horizon)
    longer = verdict_of(evaluate(plan, facts, math.ceil(LONG_HORIZON * horizon)))
    curves = cumulative(evaluation)
    tipping = tipping_curve(evaluation)
    energy = energy_by_month(evaluation, facts)
    emitted = footprint_by_month(evaluation, energy)
    series = rule_series(curves)
    optimal = optimal_plans(evaluation, facts)
    choices = decided(evaluation, optimal.mixes)
    worlds = scenarios(plan, facts, evaluation)
    ledger = full_ledger(evaluation, optimal)
    published = published_cases(plan, evaluation.basis.fx)
    verdict = verdicts(evaluation, longer, curves, tipping, energy)
    return Result(
        currency=plan.finance.currency,
        start=plan.finance.start,
        horizon_months=horizon,
        verdicts=verdict,
        strategies=strategies(evaluation, ledger, optimal),
        optimal=optimal.plans,
        optimal_schedule=_optimal_schedule(evaluation, optimal),
        optimal_served=optimal.served,
        optimal_carbon=optimal.carbon,
        scenarios=worlds,
        regret=worst_regret(worlds),
        margins=margins(evaluation),
        disruptions=disruptions(evaluation, choices),
        expected=expected(evaluation, choices),
        paradox=paradox(evaluation, choices),
        storage=storage_need(plan, evaluation.basis.months).group_by("workload", maintain_order=True).last(),
        readiness=readiness(plan, evaluation.basis.offered, hardware_frame(plan, facts), evaluation.basis.fx),
        control=control(evaluation),
        returns=returns(evaluation),
        financing=financing(evaluation),
        ledger=ledger,
        curves=_curves(evaluation, curves),
        switch_curve=evaluation.scan.select("site", "order_month", present_value=pl.col("pv_cents") / CENTS),
        tipping_curve=tipping,
        rule=rule_readings(series),
        rule_series=series.rename({"t": "month"}),
        demand=_demand(evaluation),
        schedule=_schedule(evaluation),
        energy=energy,
        footprint_by_month=emitted,
        footprint=footprint(emitted),
        rent_offers=_rent_offers(evaluation),
        rates=evaluation.basis.rates,
        servers=_servers(evaluation),
        unit_economics=unit_economics(evaluation),
        published=published,
        infeasible_servers=evaluation.basis.infeasible,
        warnings=(
            *warnings_of(plan, facts, evaluation, verdict),
            *implausible(plan, facts, evaluation, optimal.plans, published),
        ),
    )


def full_ledger(evaluation: Evaluation, optimal: Optimal) -> pl.DataFrame:
    """Every row of every strategy; own is the cheaper mode of each site under its own name as well.

    The optimal plan of the portfolio has no site, as the rent strategies have none.

    | column | unit |
    |---|---|
    | site (null for rent), strategy, option, month, date, component, item, timing | key |
    | native_amount, native_currency, fx_rate | as priced; plan currency per native unit |
    | amount, present_value | decimal, plan currency |
    """
    basis = evaluation.basis
    names = evaluation.best.select("site", "option", strategy="mode")
    own = pl.concat([names, evaluation.chosen.select("site", "option", strategy=pl.lit("own"))])
    built = evaluation.own.drop("order_month").join(own, on="option")
    rented = evaluation.rent.with_columns(
        site=pl.lit(None, dtype=pl.String), option=pl.lit(None, dtype=pl.String)
    )
    key = ["site", "strategy", "option", "month", "component", "item", "timing"]
    mixed = optimal.ledger.with_columns(strategy=pl.lit("optimal"))
    rows = pl.concat(frame.select(*key, "cents", "pv_cents") for frame in (rented, built, mixed))
    rates = {name: basis.fx.rate(name) for name in ("EUR", *_currencies(evaluation))}
    staff = basis.plan.staff.cost_per_fte_year.currency
    native = (
        pl.when(pl.col("component") == "platform_staff")
        .then(pl.lit(staff))
        .otherwise(pl.coalesce("item_currency", "native_currency", pl.lit(basis.fx.currency)))
    )
    return (
        rows.join(native_currencies(basis), on=["option", "component"], how="left")
        .join(_item_currencies(evaluation), on="item", how="left")
        .with_columns(native_currency=native)
        .with_columns(fx_rate=pl.col("native_currency").replace_strict(rates, return_dtype=pl.Float64))
        .join(basis.months.select("month", "date"), on="month")
        .select(
            *("site", "strategy", "option", "month", "date", "component", "item", "timing"),
            native_amount=pl.col("cents") / CENTS / pl.col("fx_rate"),
            native_currency="native_currency",
            fx_rate="fx_rate",
            amount=_decimal("cents"),
            currency=pl.lit(basis.fx.currency),
            present_value=_decimal("pv_cents"),
        )
        .sort("site", "strategy", "month", "component", "item", "timing", nulls_last=False)
    )


def _decimal(column: str) -> pl.Expr:
    return (pl.col(column).cast(pl.Decimal(38, 2)) / pl.lit(CENTS).cast(pl.Decimal(38, 2))).cast(
        pl.Decimal(18, 2)
    )


def _item_currencies(evaluation: Evaluation) -> pl.DataFrame:
    market = evaluation.basis.market
    offers = market.offers.select(item="offer", item_currency="native_currency")
    apis = market.apis.select(item="offer", item_currency="native_currency")
    return pl.concat([offers, apis]).unique("item").sort("item")


def _currencies(evaluation: Evaluation) -> list[str]:
    basis = evaluation.basis
    named = {*native_currencies(basis)["native_currency"], *_item_currencies(evaluation)["item_currency"]}
    return sorted(named | {basis.plan.staff.cost_per_fte_year.currency, basis.fx.currency})


def strategies(evaluation: Evaluation, ledger: pl.DataFrame, optimal: Optimal) -> pl.DataFrame:
    """Every strategy with its totals, and those that cannot serve the plan with the reason.

    -> site, strategy, label, is_feasible, reason, nominal_total, present_value, lcoh, lcot
    """
    basis = evaluation.basis
    hours, million_tokens = units_served(basis)
    names = basis.options.select("option", "server_name", "profile").join(hours, on="profile", how="left")
    mixed = pl.col("strategy") == "optimal"
    single = pl.when(mixed).then(None).otherwise(pl.col("option"))
    sums = ledger.group_by("site", "strategy", option=single).agg(
        nominal_total=pl.col("amount").sum(), present_value=pl.col("present_value").sum()
    )
    value = pl.col("present_value").cast(pl.Float64)
    feasible = sums.join(names, on="option", how="left").select(
        "site",
        "strategy",
        label=pl.coalesce("server_name", pl.col("strategy").replace_strict(_labels(evaluation), default="")),
        is_feasible=pl.lit(value=True),
        reason=pl.lit(None, dtype=pl.String),
        nominal_total="nominal_total",
        present_value="present_value",
        lcoh=value / pl.col("pv_gpu_hours"),
        lcot=value / pl.lit(million_tokens if million_tokens > 0 else None, dtype=pl.Float64),
    )
    rank = {name: position for position, name in enumerate(STRATEGY_ORDER)}
    impossible = optimal.plans.filter(~pl.col("is_feasible")).select(
        "site", "is_feasible", "reason", strategy=pl.lit("optimal")
    )
    labels = _mix_labels(evaluation, optimal)
    feasible = feasible.join(labels, on="site", how="left", nulls_equal=True).with_columns(
        label=pl.when(pl.col("strategy") == "optimal").then("mix").otherwise("label")
    )
    feasible = feasible.drop("mix")
    return pl.concat([feasible, _infeasible(evaluation, feasible), impossible], how="diagonal").sort(
        "site", pl.col("strategy").replace_strict(rank, return_dtype=pl.Int64), nulls_last=False
    )


def _mix_labels(evaluation: Evaluation, optimal: Optimal) -> pl.DataFrame:
    """What an optimal plan owns and commits, in words -> site, mix."""
    schedule = _optimal_schedule(evaluation, optimal)
    counted = (
        schedule.group_by("site", "name", "kind", maintain_order=True)
        .agg(pl.col("count").sum())
        .with_columns(
            part=pl.format(
                "{} x {}{}",
                "count",
                "name",
                pl.when(pl.col("kind") == "commit").then(pl.lit(" committed")).otherwise(pl.lit("")),
            )
        )
    )
    return counted.group_by("site", maintain_order=True).agg(
        mix=pl.col("part").str.join("; ") + pl.lit("; the rest rented")
    )


def _labels(evaluation: Evaluation) -> dict[str, str]:
    from brytpunkt.planning.verdicts import rent_label

    offers = evaluation.basis.choice.offers
    labels = {
        mode: "; ".join(
            offers.filter(pl.col("mode") == mode).sort("workload")["label"].unique(maintain_order=True)
        )
        for mode in offers["mode"].unique()
    }
    return labels | {"rent": rent_label(evaluation)}


def _infeasible(evaluation: Evaluation, feasible: pl.DataFrame) -> pl.DataFrame:
    """Strategies without rows: a mode that does not serve every workload, or servers that arrive too late."""
    basis = evaluation.basis
    done = set(feasible.select("site", "strategy").iter_rows())
    served = basis.choice.offers.group_by("mode").agg(pl.col("workload"))
    by_mode = {mode: set(workloads) for mode, workloads in served.iter_rows()}
    rows: list[tuple[str | None, str, bool, str]] = []
    for mode in ("api", "on_demand", "spot", "committed"):
        lacking = sorted({w.id for w in basis.plan.workloads} - by_mode.get(mode, set()))
        if (None, mode) not in done and lacking:
            rows.append((None, mode, False, f"no offer for {', '.join(lacking)}"))
    for site in basis.plan.sites:
        for mode, declared in (("own_colocation", site.colocation), ("own_hall", site.own_hall)):
            if declared is not None and (site.id, mode) not in done:
                rows.append((site.id, mode, False, "the first delivery would fall after the horizon"))
    schema = {"site": pl.String, "strategy": pl.String, "is_feasible": pl.Boolean, "reason": pl.String}
    return pl.DataFrame(rows, schema=schema, orient="row")


def _optimal_schedule(evaluation: Evaluation, optimal: Optimal) -> pl.DataFrame:
    """Orders and signatures with the names of what they are for."""
    servers = evaluation.basis.options.select(item="option", name="server_name", place="site", mode="mode")
    offers = evaluation.basis.market.offers.select(item="offer", label="label").unique("item")
    return (
        optimal.schedule.join(servers, on="item", how="left")
        .join(offers, on="item", how="left")
        .with_columns(name=pl.coalesce("name", "label"))
        .drop("label")
        .sort("site", "order_month", "kind", "item", nulls_last=False)
    )


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
    profile = best["profile"][0] if not best.is_empty() else basis.options["profile"][0]
    busy = (
        basis.busy.filter(pl.col("profile") == profile)
        .join(basis.options.select("calendar").unique().sort("calendar").head(1), on="calendar", how="semi")
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
        .sort("workload", "mode")
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
