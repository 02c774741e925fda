"""Storage: which kind suffices for each workload, and what it costs rented and owned, month by month.

Amounts are in the plan's currency and not yet rounded.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from brytpunkt.declarations.sections.storage import Storage, StorageCosts
from brytpunkt.planning.components import (
    CONTINUING_VALUE,
    EGRESS,
    STORAGE_CAPEX,
    STORAGE_MAINTENANCE,
    STORAGE_RENT,
)
from brytpunkt.planning.inputs.money import annuity_left, escalation, monthly_rate
from brytpunkt.planning.inputs.units import MONTHS_PER_YEAR
from brytpunkt.planning.note import Note, encode, several

if TYPE_CHECKING:
    from brytpunkt.declarations import Plan, Workload
    from brytpunkt.planning.inputs.money import Fx
    from brytpunkt.planning.note import Argument

NEED_SCHEMA = {
    "workload": pl.String,
    "month": pl.Int64,
    "capacity_tb": pl.Float64,
    "throughput_gb_per_s": pl.Float64,
    "egress_tb": pl.Float64,
    "tier": pl.String,
    "verdict": pl.String,
}
FLOW = ["month", "component", "item", "timing", "amount"]


def storage_of(workload: Workload) -> Storage | None:
    """The storage that a workload declares, if any."""
    return workload.storage


def storage_costs(plan: Plan) -> StorageCosts:
    """The declared prices and limits of storage, or the defaults."""
    return plan.storage


def storage_need(plan: Plan, months: pl.DataFrame) -> pl.DataFrame:
    """What each workload keeps and moves in each month, and the kind of storage chosen for the whole plan.

    | column | unit |
    |---|---|
    | workload, month | key; workloads without storage have no rows |
    | capacity_tb | TB held |
    | throughput_gb_per_s | GB/s |
    | egress_tb | TB that would leave a cloud in the month |
    | tier | nas, parallel or object |
    | verdict | encoded note: why, number by number |
    """
    costs = storage_costs(plan)
    last = int(months["month"].to_numpy().max()) if months.height else 0
    declared = []
    for workload in plan.workloads:
        storage = storage_of(workload)
        if storage is not None:
            tier, verdict = tier_of(storage, costs, last)
            declared.append(
                {
                    "workload": workload.id,
                    "capacity_tb": storage.capacity_tb,
                    "throughput_gb_per_s": storage.throughput_gb_per_s,
                    "egress_tb": storage.egress_tb_per_month,
                    "growth": storage.growth_per_year,
                    "tier": tier,
                    "verdict": encode(verdict),
                }
            )
    schema = {name: of for name, of in NEED_SCHEMA.items() if name != "month"} | {"growth": pl.Float64}
    growth = (1 + pl.col("growth")) ** (pl.col("month") / MONTHS_PER_YEAR)
    return (
        pl.DataFrame(declared, schema=schema)
        .join(months.select("month"), how="cross")
        .with_columns(pl.col("capacity_tb", "throughput_gb_per_s", "egress_tb") * growth)
        .select(list(NEED_SCHEMA))
        .sort("workload", "month")
    )


def tier_of(storage: Storage, costs: StorageCosts, last_month: int) -> tuple[str, Note]:
    """The least kind of storage that suffices until ``last_month``, when the need is highest, and why."""
    growth = (1 + storage.growth_per_year) ** (last_month / MONTHS_PER_YEAR)
    tb, rate = storage.capacity_tb * growth, storage.throughput_gb_per_s * growth
    if rate > costs.nas_max_gb_per_s:
        least = "parallel"
    elif tb <= costs.nas_max_tb:
        least = "nas"
    else:
        least = "object" if rate <= costs.object_max_gb_per_s else "parallel"
    by_size = {"tb": tb, "tb_limit": costs.nas_max_tb}
    by_rate = {"rate": rate, "rate_limit": costs.nas_max_gb_per_s}
    too_much = (
        Note("nas_too_small_and_slow", None, by_size | by_rate)
        if tb > costs.nas_max_tb and rate > costs.nas_max_gb_per_s
        else Note("nas_too_small", None, by_size)
        if tb > costs.nas_max_tb
        else Note("nas_too_slow", None, by_rate)
    )
    instead: dict[str, Argument] = {"why": too_much, "kind": least}
    if storage.tier == "auto":
        return least, (
            Note("nas_suffices", None, by_size | by_rate)
            if least == "nas"
            else Note("nas_needed_instead", None, instead)
        )
    if storage.tier == "nas":
        return storage.tier, (
            Note("storage_declared_suffices_nas", None, by_size | by_rate)
            if least == "nas"
            else Note("storage_declared_nas_short", None, instead)
        )
    if storage.tier == "object":
        of_objects = {"rate": rate, "rate_limit": costs.object_max_gb_per_s}
        if rate > costs.object_max_gb_per_s:
            return storage.tier, Note("storage_declared_object_short", None, of_objects)
        enough = Note("storage_declared_suffices_object", None, of_objects)
    else:
        enough = Note("storage_declared_suffices_parallel", None, {"tb": tb, "rate": rate})
    return storage.tier, several([enough, Note("nas_would_suffice")] if least == "nas" else [enough])


def rent_storage(plan: Plan, fx: Fx, need: pl.DataFrame, months: pl.DataFrame) -> pl.DataFrame:
    """Rented storage and egress of every month -> month, component, item (the workload), timing, amount."""
    costs = storage_costs(plan)
    price = {
        "nas": fx.convert(costs.nas_rent_per_tb_month),
        "parallel": fx.convert(costs.parallel_rent_per_tb_month),
        "object": fx.convert(costs.object_rent_per_tb_month),
    }
    escalator = pl.col("escalator")
    per_tb = pl.col("tier").replace_strict(price, return_dtype=pl.Float64)
    return (
        need.join(months.select("month", "escalator"), on="month")
        .with_columns(
            (pl.col("capacity_tb") * per_tb * escalator).alias(STORAGE_RENT),
            (pl.col("egress_tb") * fx.convert(costs.egress_per_tb) * escalator).alias(EGRESS),
        )
        .unpivot(
            on=[STORAGE_RENT, EGRESS],
            index=["month", "workload"],
            variable_name="component",
            value_name="amount",
        )
        .filter(pl.col("amount") > 0)
        .with_columns(timing=pl.lit("end"))
        .rename({"workload": "item"})
        .select(FLOW)
        .sort("month", "component", "item")
    )


def own_storage(
    plan: Plan, fx: Fx, need: pl.DataFrame, months: pl.DataFrame, delivery_months: pl.DataFrame
) -> pl.DataFrame:
    """Own storage of each delivery month, rented until then.

    At delivery, and again at the end of each life, the plan buys the highest capacity of the coming life (inside
    the horizon). -> delivery_month, month, component, item (the workload), timing, amount
    """
    horizon = months.height
    deliveries = delivery_months.select(pl.col("delivery_month").cast(pl.Int64)).unique()
    bridge = rent_storage(plan, fx, need, months).join(deliveries, how="cross")
    bought = storage_purchases(plan, fx, need, horizon, deliveries)
    key = ["delivery_month", *FLOW]
    frames = [
        bridge.filter(pl.col("month") < pl.col("delivery_month")),
        bought.with_columns(
            month="bought_month",
            component=pl.lit(STORAGE_CAPEX),
            timing=pl.lit("start"),
            amount=pl.col("paid"),
        ),
        _maintenance(plan, bought, months),
        _continuing_value(plan, bought, horizon),
    ]
    return pl.concat(frame.select(key) for frame in frames).sort(key[:-1])


def storage_purchases(
    plan: Plan, fx: Fx, need: pl.DataFrame, horizon: int, deliveries: pl.DataFrame
) -> pl.DataFrame:
    """What is bought when -> delivery_month, item, bought_month, retire_month, capacity_tb, paid."""
    costs = storage_costs(plan)
    price = {
        "nas": fx.convert(costs.nas_capex_per_tb),
        "parallel": fx.convert(costs.parallel_capex_per_tb),
        "object": fx.convert(costs.object_capex_per_tb),
    }
    life = storage_life_months(costs)
    purchase = ["delivery_month", "bought_month", "workload", "tier"]
    return (
        deliveries.filter(pl.col("delivery_month").is_between(0, horizon - 1))
        .with_columns(bought_month=pl.int_ranges("delivery_month", horizon, life))
        .explode("bought_month")
        .join(need, how="cross")
        .filter(
            pl.col("month") >= pl.col("bought_month"),
            pl.col("month") < pl.col("bought_month") + life,
        )
        .group_by(purchase)
        .agg(pl.col("capacity_tb").max())
        .with_columns(
            retire_month=pl.col("bought_month") + life,
            paid=pl.col("capacity_tb") * pl.col("tier").replace_strict(price, return_dtype=pl.Float64),
        )
        .rename({"workload": "item"})
        .select("delivery_month", "item", "bought_month", "retire_month", "capacity_tb", "paid")
        .sort("delivery_month", "item", "bought_month")
    )


def storage_life_months(costs: StorageCosts) -> int:
    """Service life of storage. [months]"""
    return round(costs.life_years * MONTHS_PER_YEAR)


def _maintenance(plan: Plan, bought: pl.DataFrame, months: pl.DataFrame) -> pl.DataFrame:
    monthly = storage_costs(plan).maintenance_share_per_year / MONTHS_PER_YEAR
    since_bought = pl.col("month") - pl.col("bought_month")
    return (
        bought.with_columns(
            month=pl.int_ranges("bought_month", pl.min_horizontal("retire_month", pl.lit(months.height)))
        )
        .explode("month")
        .with_columns(
            component=pl.lit(STORAGE_MAINTENANCE),
            timing=pl.lit("end"),
            amount=pl.col("paid") * monthly * escalation(plan.finance, since_bought),
        )
        .filter(pl.col("amount") > 0)
    )


def _continuing_value(plan: Plan, bought: pl.DataFrame, horizon: int) -> pl.DataFrame:
    life = pl.lit(storage_life_months(storage_costs(plan)), dtype=pl.Int64)
    left = annuity_left(monthly_rate(plan.finance), life, pl.col("retire_month") - horizon)
    return bought.filter(pl.col("retire_month") > horizon).with_columns(
        month=pl.lit(horizon - 1, dtype=pl.Int64),
        component=pl.lit(CONTINUING_VALUE),
        timing=pl.lit("horizon"),
        amount=-pl.col("paid") * left,
    )
