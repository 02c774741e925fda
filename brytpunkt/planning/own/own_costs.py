"""Own costs: what a schedule of purchases costs, month by month and component by component.

Amounts are in the plan's currency and not yet rounded.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from brytpunkt.planning.components import (
    COLOCATION_RENT,
    DECOMMISSIONING,
    FACILITY_CAPEX,
    FACILITY_MAINTENANCE,
    HARDWARE_STAFF,
    MONTHLY,
)
from brytpunkt.planning.inputs.money import annuity_left, escalation, monthly_rate, price_path, total
from brytpunkt.planning.own.capacity import BOUGHT, service_months
from brytpunkt.planning.own.unit_costs import (
    OPTION_LIVES,
    colocation_rent,
    crew_by_server,
    disposal_share,
    hall_of_a_server,
    hall_upkeep_share,
    least_crew,
    life_months,
    numbers,
    paid_share,
    purchase_shares,
    upkeep_shares,
)

if TYPE_CHECKING:
    from brytpunkt.declarations import Plan

NEVER = 1_000_000  # months
FLOW_KEY = [*BOUGHT, "month", "component", "timing"]


@dataclass(frozen=True)
class Schedule:
    """Purchases (``bought``), servers in service (``installed``) and first deliveries of many schedules."""

    first: pl.DataFrame
    bought: pl.DataFrame
    installed: pl.DataFrame


def _priced(plan: Plan, bought: pl.DataFrame, options: pl.DataFrame) -> pl.DataFrame:
    """Purchases with the price of what was bought [plan currency]."""
    return bought.join(options, on="option").with_columns(
        paid=pl.col("price")
        * price_path(plan.build.price_path_per_year, pl.col("delivery_month"))
        * pl.col("servers")
    )


def capex_flows(plan: Plan, schedule: Schedule, options: pl.DataFrame, horizon: int) -> pl.DataFrame:
    """Purchases and disposals -> option, order_month, month, component, timing, amount."""
    shares = purchase_shares(plan.build)
    priced = _priced(plan, schedule.bought, options)
    capex = (
        priced.group_by(*BOUGHT, month="delivery_month")
        .agg(paid=pl.col("paid").sum())
        .with_columns(**{name: pl.col("paid") * share for name, share in shares.items()})
        .unpivot(on=list(shares), index=[*BOUGHT, "month"], variable_name="component", value_name="amount")
        .with_columns(timing=pl.lit("start"))
    )
    disposal = (
        priced.filter(pl.col("retire_month") <= horizon)
        .group_by(*BOUGHT, month=pl.col("retire_month") - 1)
        .agg(amount=pl.col("paid").sum() * disposal_share(plan.build))
        .with_columns(component=pl.lit(DECOMMISSIONING), timing=pl.lit("end"))
    )
    facility = (
        facilities(plan, schedule, options)
        .select(*BOUGHT, month="delivery_month", amount="facility")
        .with_columns(component=pl.lit(FACILITY_CAPEX), timing=pl.lit("start"))
    )
    return pl.concat(frame.select(*FLOW_KEY, "amount") for frame in (capex, disposal, facility))


def acquisitions(plan: Plan, schedule: Schedule, options: pl.DataFrame) -> pl.DataFrame:
    """Everything capitalised -> option, order_month, delivery_month, retire_month, cost; a hall is never retired."""
    columns = [*BOUGHT, "delivery_month", "retire_month", "cost"]
    servers = _priced(plan, schedule.bought, options).with_columns(
        cost=pl.col("paid") * paid_share(plan.build)
    )
    halls = facilities(plan, schedule, options).with_columns(
        cost=pl.col("facility"), retire_month=pl.lit(NEVER, dtype=pl.Int64)
    )
    return pl.concat([servers.select(columns), halls.select(columns)])


def facilities(plan: Plan, schedule: Schedule, options: pl.DataFrame) -> pl.DataFrame:
    """Own halls, sized for the most servers ever in service and priced when built -> schedule key, delivery_month, facility [cost]."""
    largest = schedule.installed.group_by(BOUGHT).agg(largest=pl.col("servers").max())
    halls = options.filter(pl.col("facility_per_kw").is_not_null())
    number = numbers(halls)
    units = halls.select(
        "option",
        "facility_months",
        pl.Series("of_a_server", hall_of_a_server(number)),
        pl.Series("upkeep_share", hall_upkeep_share(number)),
    )
    return (
        schedule.first.join(largest, on=BOUGHT)
        .join(units, on="option")
        .select(
            *(*BOUGHT, "delivery_month", "facility_months", "upkeep_share"),
            facility=pl.col("of_a_server")
            * pl.col("largest")
            * escalation(plan.finance, pl.col("delivery_month")),
        )
    )


def monthly_flows(
    plan: Plan,
    schedule: Schedule,
    options: pl.DataFrame,
    energy: pl.DataFrame,
    months: pl.DataFrame,
) -> pl.DataFrame:
    """The costs of ``monthly_costs`` as flows -> option, order_month, month, component, timing, amount."""
    return (
        monthly_costs(plan, schedule, options, energy, months)
        .unpivot(on=list(MONTHLY), index=[*BOUGHT, "month"], variable_name="component", value_name="amount")
        .with_columns(timing=pl.lit("end"))
        .select(*FLOW_KEY, "amount")
    )


def monthly_costs(
    plan: Plan,
    schedule: Schedule,
    options: pl.DataFrame,
    energy: pl.DataFrame,
    months: pl.DataFrame,
) -> pl.DataFrame:
    """What the servers in service cost at the end of each month from the first delivery on.

    ``energy`` is keyed by option, month, servers. -> option, order_month, month, and a column of each component of ``MONTHLY``
    """
    each_month = (
        schedule.first.join(months.select("month", "escalator"), how="cross")
        .filter(pl.col("month") >= pl.col("delivery_month"))
        .join(schedule.installed, on=[*BOUGHT, "month"], how="left")
        .with_columns(pl.col("servers").fill_null(0))
        .join(_upkeep(plan, schedule, options), on=[*BOUGHT, "month"], how="left")
        .join(facilities(plan, schedule, options).drop("delivery_month"), on=BOUGHT, how="left")
        .join(options, on="option")
        .join(energy, on=["option", "month", "servers"], how="left")
    )
    escalator, since_built = each_month["escalator"].to_numpy(), pl.col("month") - pl.col("delivery_month")
    number, servers = numbers(each_month), each_month["servers"].cast(pl.Float64).to_numpy()
    crew = least_crew(number) + crew_by_server(number, servers)
    return each_month.with_columns(
        pl.Series(COLOCATION_RENT, colocation_rent(number, servers) * escalator),
        pl.Series(HARDWARE_STAFF, crew * escalator),
        (pl.col("upkeep_share") * pl.col("facility") * escalation(plan.finance, since_built)).alias(
            FACILITY_MAINTENANCE
        ),
    ).select(*BOUGHT, "month", pl.col(MONTHLY).fill_null(0.0))


def _upkeep(plan: Plan, schedule: Schedule, options: pl.DataFrame) -> pl.DataFrame:
    """What the servers in service cost a month: shares of what was paid, escalated from each purchase.

    -> schedule key, month, and a column of each component
    """
    months = pl.DataFrame({"age": np.arange(service_months(plan))}, schema={"age": pl.Int64})
    shares = upkeep_shares(plan, months["age"].to_numpy())
    by_age = months.with_columns(pl.Series(f"{name}_share", share) for name, share in shares.items())
    return (
        _priced(plan, schedule.bought, options)
        .with_columns(month=pl.int_ranges("delivery_month", "retire_month"))
        .explode("month")
        .with_columns(age=pl.col("month") - pl.col("delivery_month"))
        .join(by_age, on="age")
        .group_by(*BOUGHT, "month")
        .agg(total(pl.col("paid") * pl.col(f"{name}_share")).alias(name) for name in shares)
    )


def continuing_value(plan: Plan, schedule: Schedule, options: pl.DataFrame, at: pl.DataFrame) -> pl.DataFrame:
    """Continuing value of what has been delivered before each moment.

    ``at`` is a frame with a column ``at``: months from the start. -> option, order_month, at, value [positive]
    """
    rate = monthly_rate(plan.finance)
    parts = [
        _priced(plan, schedule.bought, options).select(
            *(*BOUGHT, "delivery_month"),
            cost=pl.col("paid") * sum(purchase_shares(plan.build, life).values()),
            life=pl.lit(life_months(plan, life), dtype=pl.Int64),
        )
        for life in OPTION_LIVES
    ]
    halls = facilities(plan, schedule, options).select(
        *BOUGHT, "delivery_month", cost="facility", life="facility_months"
    )
    remaining = pl.col("delivery_month") + pl.col("life") - pl.col("at")
    value = pl.col("cost") * annuity_left(rate, pl.col("life"), remaining)
    return (
        pl.concat([*parts, halls])
        .join(at, how="cross")
        .filter(pl.col("delivery_month") < pl.col("at"))
        .group_by(*BOUGHT, "at")
        .agg(value=(value * 1e6).round(0).cast(pl.Int64).sum() / 1e6)
    )
