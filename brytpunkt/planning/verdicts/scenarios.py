"""Scenarios: every strategy planned anew in other worlds, and what choosing it there would be regretted by."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import polars as pl

from brytpunkt.declarations.sections.build import InlineServer
from brytpunkt.declarations.values.money import Money
from brytpunkt.errors import InputError
from brytpunkt.planning.inputs.units import CENTS
from brytpunkt.planning.ledger.evaluate import evaluate
from brytpunkt.planning.ledger.ledger import totals
from brytpunkt.planning.optimal.kept_orders import kept_values

if TYPE_CHECKING:
    from collections.abc import Sequence

    from brytpunkt.declarations import Energy, Growth, Plan, Server, Workload
    from brytpunkt.declarations.sections.scenarios import Scenario
    from brytpunkt.planning.inputs.planning_inputs import Facts
    from brytpunkt.planning.ledger.evaluate import Evaluation
    from brytpunkt.planning.optimal.kept_orders import KeptOptimum

CORES = 2
SMALLEST_MULTIPLE = 1e-6
BASE = "base"
AS_PLANNED = "As planned"  # a standard name, as those of the standard scenarios
SCHEMA = {
    "scenario": pl.String,
    "scenario_name": pl.String,
    "site": pl.String,
    "strategy": pl.String,
    "present_value": pl.Float64,
}


def scenarios(
    plan: Plan,
    facts: Facts,
    base: Evaluation,
    optima: Sequence[KeptOptimum],
    values: dict[str, float],
) -> pl.DataFrame:
    """Present value and regret of every strategy in every scenario, the plan itself first.

    | column | unit |
    |---|---|
    | scenario, scenario_name, site, strategy | key; rent strategies are repeated for each site |
    | present_value | plan currency; null where the strategy cannot serve the plan there |
    | regret | present value less that of the cheapest strategy of the same site and scenario |

    The optimal plans keep their orders and signatures (``optima``); ``values`` by site are what they cost as planned.
    """
    with ThreadPoolExecutor(CORES) as pool:
        planned = pool.map(lambda scenario: _planned(plan, facts, scenario, optima), plan.scenarios)
        frames = [_values(BASE, AS_PLANNED, base), _optimal_values(BASE, AS_PLANNED, values), *planned]
    cheapest = pl.col("present_value").min().over("scenario", "site")
    return pl.concat(frames).with_columns(regret=pl.col("present_value") - cheapest)


def _optimal_values(scenario: str, name: str, values: dict[str, float]) -> pl.DataFrame:
    """What kept optimal plans cost in a scenario, as rows of its frame."""
    rows = [(scenario, name, site, "optimal", value) for site, value in sorted(values.items())]
    return pl.DataFrame(rows, schema=SCHEMA, orient="row")


def _planned(plan: Plan, facts: Facts, scenario: Scenario, optima: Sequence[KeptOptimum]) -> pl.DataFrame:
    """Strategies of one scenario; none where its world cannot serve the plan at all."""
    other, there = world(plan, facts, scenario)
    try:
        evaluation = evaluate(other, there, plan.finance.months, scan=False)
    except InputError:
        return pl.DataFrame(schema=SCHEMA)
    kept = kept_values(evaluation.basis, optima)
    return pl.concat(
        [_values(scenario.id, scenario.name, evaluation), _optimal_values(scenario.id, scenario.name, kept)]
    )


def _values(scenario: str, name: str, evaluation: Evaluation) -> pl.DataFrame:
    """Strategies of one world by site: every rent strategy, and each way to own."""
    rented = totals(evaluation.rent, ["strategy"]).select("strategy", "pv_cents")
    sites = pl.DataFrame({"site": [site.id for site in evaluation.basis.plan.sites]})
    owned = evaluation.best.select("site", "pv_cents", strategy="mode")
    own = evaluation.chosen.select("site", "pv_cents", strategy=pl.lit("own"))
    columns = ["site", "strategy", "pv_cents"]
    return (
        pl.concat(frame.select(columns) for frame in (sites.join(rented, how="cross"), owned, own))
        .select(
            pl.lit(scenario).alias("scenario"),
            pl.lit(name).alias("scenario_name"),
            "site",
            "strategy",
            present_value=pl.col("pv_cents") / CENTS,
        )
        .sort("site", "strategy")
    )


def worst_regret(frame: pl.DataFrame) -> pl.DataFrame:
    """The largest regret of each strategy over the scenarios in which it exists -> site, strategy, worst_regret, scenario."""
    return (
        frame.sort("site", "strategy", "regret", "scenario", descending=[False, False, True, False])
        .group_by("site", "strategy", maintain_order=True)
        .agg(
            worst_regret=pl.col("regret").first(),
            scenario=pl.col("scenario_name").first(),
            scenarios=pl.len(),
        )
    )


def world(plan: Plan, facts: Facts, scenario: Scenario) -> tuple[Plan, Facts]:
    """The plan and the facts of a scenario."""
    rent: dict[str, Any] = {
        "offers": tuple(
            offer.model_copy(
                update={
                    "price": _times(offer.price, scenario.cloud_price_multiple),
                    "output_tokens_per_second": _faster(
                        offer.output_tokens_per_second, scenario.gpu_work_multiple
                    ),
                }
            )
            for offer in plan.rent.offers
        )
    }
    build: dict[str, Any] = {
        "servers": tuple(_server(server, scenario) for server in plan.build.servers),
        "lead_time_months": plan.build.lead_time_months + scenario.delivery_delay_months,
    }
    for section, key, value in (
        (rent, "gpu_price_path_per_year", scenario.gpu_price_path_per_year),
        (rent, "token_price_path_per_year", scenario.token_price_path_per_year),
        (build, "price_path_per_year", scenario.hardware_price_path_per_year),
    ):
        if value is not None:
            section[key] = value
    other = plan.model_copy(
        update={
            "rent": plan.rent.model_copy(update=rent),
            "build": plan.build.model_copy(update=build),
            "workloads": tuple(_scaled(w, scenario) for w in plan.workloads),
            "sites": tuple(_there(site, scenario) for site in plan.sites),
            "energy": _energy(plan, scenario),
        }
    )
    return other, _facts(facts, scenario)


def _server(server: Server, scenario: Scenario) -> Server:
    changed: dict[str, Any] = {}
    if server.price is not None:
        changed["price"] = _times(server.price, scenario.hardware_price_multiple)
    if isinstance(server, InlineServer):
        changed["output_tokens_per_second"] = _faster(
            server.output_tokens_per_second, scenario.gpu_work_multiple
        )
    return server.model_copy(update=changed)


def _times(money: Money, multiple: float) -> Money:
    return Money(amount=money.amount * multiple, currency=money.currency)


def _energy(plan: Plan, scenario: Scenario) -> Energy:
    """The history that prices are taken from: one year of it, where the scenario names one."""
    if scenario.energy_year is None:
        return plan.energy
    year = scenario.energy_year
    return plan.energy.model_copy(update={"history_from": f"{year}-01", "history_to": f"{year}-12"})


def _scaled(workload: Workload, scenario: Scenario) -> Workload:
    demand = workload.demand
    tokens, hours = scenario.demand_multiple, scenario.demand_multiple * scenario.gpu_work_multiple
    changed: dict[str, Any] = {"growth": _slowed(demand.growth, scenario.growth_multiple)}
    for name, multiple in (
        ("output_tokens_per_day", tokens),
        ("input_tokens_per_day", tokens),
        ("gpu_hours_per_day", hours),
    ):
        if getattr(demand, name) is not None:
            changed[name] = getattr(demand, name) * multiple
    return workload.model_copy(update={"demand": demand.model_copy(update=changed)})


def _slowed(growth: Growth, multiple: float) -> Growth:
    """Growth with its yearly rate, or what a table adds to the target, multiplied."""
    table = tuple(
        point.model_copy(update={"multiple": max(1 + (point.multiple - 1) * multiple, SMALLEST_MULTIPLE)})
        for point in growth.table
    )
    return growth.model_copy(update={"per_year": growth.per_year * multiple, "table": table})


def _faster(rates: dict[str, float] | None, multiple: float) -> dict[str, float] | None:
    """Declared throughput of a machine when the same work takes less GPU time."""
    return None if rates is None else {model: rate / multiple for model, rate in rates.items()}


def _there(site: Any, scenario: Scenario) -> Any:
    """A site with its flat energy price multiplied, and its rooms ready later."""
    changed: dict[str, Any] = {}
    if site.energy.price_per_kwh is not None:
        price = _times(site.energy.price_per_kwh, scenario.energy_price_multiple)
        changed["energy"] = site.energy.model_copy(update={"price_per_kwh": price})
    for name in ("colocation", "own_hall"):
        room = getattr(site, name)
        if room is not None:
            later = room.lead_time_months + scenario.delivery_delay_months
            changed[name] = room.model_copy(update={"lead_time_months": later})
    return site.model_copy(update=changed)


def _facts(facts: Facts, scenario: Scenario) -> Facts:
    cloud, energy, hardware = (
        scenario.cloud_price_multiple,
        scenario.energy_price_multiple,
        scenario.hardware_price_multiple,
    )
    return replace(
        facts,
        offers=facts.offers.with_columns(pl.col("price_native_per_instance_hour") * cloud),
        day_ahead_monthly=facts.day_ahead_monthly.with_columns(pl.col("mean_eur_per_mwh") * energy),
        benchmarks=facts.benchmarks.with_columns(
            pl.col("output_tokens_per_second") / scenario.gpu_work_multiple
        ),
        servers=facts.servers.with_columns(pl.col("price_low_usd", "price_high_usd") * hardware),
    )
