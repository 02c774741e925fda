"""Own costs: what a schedule of purchases costs, month by month and component by component.

Amounts are in the plan's currency and not yet rounded.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from brytpunkt.planning.energy.site_prices import PRICE_COLUMNS
from brytpunkt.planning.inputs.calendar import MONTHS_PER_YEAR
from brytpunkt.planning.inputs.money import ceiling, monthly_rate, remaining_value
from brytpunkt.planning.own.capacity import BOUGHT, server_life_months
from brytpunkt.planning.rent.rent import price_path

if TYPE_CHECKING:
    from brytpunkt.declarations import Plan

CAPEX = ("server_capex", "freight_and_duty", "installation", "spares", "network_capex")
ACQUISITION = (*CAPEX, "facility_capex")
NEVER = 1_000_000  # months
MONTHLY = (
    *("colocation_rent", "facility_maintenance", "support", "insurance", "hardware_staff"),
    *(*PRICE_COLUMNS, "energy_capacity"),
)
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
        * price_path(plan.build.price_path_per_year, "delivery_month")
        * pl.col("servers")
    )


def capex_flows(plan: Plan, schedule: Schedule, options: pl.DataFrame, horizon: int) -> pl.DataFrame:
    """Purchases and disposals -> option, order_month, month, component, timing, amount."""
    build = plan.build
    shares = {
        "server_capex": 1.0,
        "freight_and_duty": build.freight_and_duty_share,
        "installation": build.installation_share,
        "spares": build.spares_share,
        "network_capex": build.network_share,
    }
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
        .agg(amount=pl.col("paid").sum() * build.decommissioning_share)
        .with_columns(component=pl.lit("decommissioning"), timing=pl.lit("end"))
    )
    facility = (
        facilities(schedule, options)
        .select(*BOUGHT, month="delivery_month", amount="facility")
        .with_columns(component=pl.lit("facility_capex"), timing=pl.lit("start"))
    )
    return pl.concat(frame.select(*FLOW_KEY, "amount") for frame in (capex, disposal, facility))


def acquisitions(plan: Plan, schedule: Schedule, options: pl.DataFrame) -> pl.DataFrame:
    """Everything capitalised -> option, order_month, delivery_month, retire_month, cost; a hall is never retired."""
    build = plan.build
    shares = (
        1 + build.freight_and_duty_share + build.installation_share + build.spares_share + build.network_share
    )
    columns = [*BOUGHT, "delivery_month", "retire_month", "cost"]
    servers = _priced(plan, schedule.bought, options).with_columns(cost=pl.col("paid") * shares)
    halls = facilities(schedule, options).with_columns(
        cost=pl.col("facility"), retire_month=pl.lit(NEVER, dtype=pl.Int64)
    )
    return pl.concat([servers.select(columns), halls.select(columns)])


def facilities(schedule: Schedule, options: pl.DataFrame) -> pl.DataFrame:
    """Own halls, sized for the most servers ever in service -> schedule key, delivery_month, facility [cost]."""
    largest = schedule.installed.group_by(BOUGHT).agg(largest=pl.col("servers").max())
    return (
        schedule.first.join(largest, on=BOUGHT)
        .join(options.filter(pl.col("facility_per_kw").is_not_null()), on="option")
        .select(
            *BOUGHT,
            "delivery_month",
            "facility_months",
            "facility_maintenance_share",
            facility=pl.col("facility_per_kw") * pl.col("nameplate_kw") * pl.col("largest"),
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
    build = plan.build
    each_month = (
        schedule.first.join(months.select("month", "escalator"), how="cross")
        .filter(pl.col("month") >= pl.col("delivery_month"))
        .join(schedule.installed, on=[*BOUGHT, "month"], how="left")
        .with_columns(pl.col("servers").fill_null(0))
        .join(_value_in_service(plan, schedule, options), on=[*BOUGHT, "month"], how="left")
        .join(facilities(schedule, options).drop("delivery_month"), on=BOUGHT, how="left")
        .join(options, on="option")
        .join(energy, on=["option", "month", "servers"], how="left")
    )
    escalator = pl.col("escalator")
    contracted_kw = pl.col("nameplate_kw") * pl.col("servers")
    racks = ceiling(contracted_kw / pl.col("rack_kw"))
    space = pl.col("kw_month").fill_null(0.0) * contracted_kw + (pl.col("rack_month") * racks).fill_null(0.0)
    upkeep = pl.col("facility_maintenance_share") / MONTHS_PER_YEAR * pl.col("facility")
    in_service = pl.col("in_service").fill_null(0.0)
    supported = pl.col("supported").fill_null(0.0)
    fte = pl.col("min_fte") + pl.col("fte_per_100_gpus") * pl.col("servers") * pl.col("server_gpus") / 100
    return each_month.with_columns(
        colocation_rent=space * escalator,
        facility_maintenance=(upkeep * escalator).fill_null(0.0),
        support=build.support_share_per_year / MONTHS_PER_YEAR * supported * escalator,
        insurance=build.insurance_share_per_year / MONTHS_PER_YEAR * in_service * escalator,
        hardware_staff=fte * pl.col("fte_month") * escalator,
    ).select(*BOUGHT, "month", pl.col(MONTHLY).fill_null(0.0))


def _value_in_service(plan: Plan, schedule: Schedule, options: pl.DataFrame) -> pl.DataFrame:
    """Purchase price of the servers in service, and the same weighted with what support costs after their life.

    -> schedule key, month, in_service, supported
    """
    age = pl.col("month") - pl.col("delivery_month")
    multiple = (
        pl.when(age >= server_life_months(plan)).then(plan.build.extended_support_multiple).otherwise(1.0)
    )
    return (
        _priced(plan, schedule.bought, options)
        .with_columns(month=pl.int_ranges("delivery_month", "retire_month"))
        .explode("month")
        .group_by(*BOUGHT, "month")
        .agg(
            in_service=(pl.col("paid") * 1e6).round(0).cast(pl.Int64).sum() / 1e6,
            supported=(pl.col("paid") * multiple * 1e6).round(0).cast(pl.Int64).sum() / 1e6,
        )
    )


def continuing_value(plan: Plan, schedule: Schedule, options: pl.DataFrame, at: pl.DataFrame) -> pl.DataFrame:
    """Continuing value of what has been delivered before each moment.

    ``at`` is a frame with a column ``at``: months from the start. -> option, order_month, at, value [positive]
    """
    build = plan.build
    rate = monthly_rate(plan.finance)
    with_server = 1 + build.freight_and_duty_share + build.installation_share + build.spares_share
    parts = [
        _priced(plan, schedule.bought, options).select(
            *BOUGHT, "delivery_month", cost=pl.col("paid") * share, life=pl.lit(life, dtype=pl.Int64)
        )
        for share, life in (
            (with_server, server_life_months(plan)),
            (build.network_share, round(build.network_life_years * MONTHS_PER_YEAR)),
        )
    ]
    halls = facilities(schedule, options).select(
        *BOUGHT, "delivery_month", cost="facility", life="facility_months"
    )
    remaining = pl.col("delivery_month") + pl.col("life") - pl.col("at")
    value = pl.col("cost") * remaining_value(rate, pl.col("life"), remaining)
    return (
        pl.concat([*parts, halls])
        .join(at, how="cross")
        .filter(pl.col("delivery_month") < pl.col("at"))
        .group_by(*BOUGHT, "at")
        .agg(value=(value * 1e6).round(0).cast(pl.Int64).sum() / 1e6)
    )
