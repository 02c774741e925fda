"""The scan: present value of own for an order placed in each month, rent until its delivery included.

A scan has as many ledgers as order months, of which only the sums are wanted. What all of them share is summed once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from brytpunkt.planning.components import CONTINUING_VALUE, MONTHLY
from brytpunkt.planning.ledger.ledger import ROW, own_rows, platform_staff, rounded, whole_cents
from brytpunkt.planning.own.capacity import BOUGHT
from brytpunkt.planning.own.own_costs import acquisitions, capex_flows, monthly_costs
from brytpunkt.planning.own.purchase_schedule import (
    energy_of,
    horizon_value,
    make_schedule,
    overflowing,
    own_flows,
    yearly_flows,
)
from brytpunkt.planning.own.storage_flows import storage_flows
from brytpunkt.planning.rent.strategies import bridges

if TYPE_CHECKING:
    from collections.abc import Iterable

    from brytpunkt.planning.ledger.prepare import Basis
    from brytpunkt.planning.own.own_costs import Schedule

WITHOUT = "pv_cents_without_continuing_value"
SCAN_SCHEMA = {
    "site": pl.String,
    "order_month": pl.Int64,
    "delivery_month": pl.Int64,
    "pv_cents": pl.Int64,
    WITHOUT: pl.Int64,
}


def order_scan(basis: Basis, chosen: pl.DataFrame, order_months: Iterable[int]) -> pl.DataFrame:
    """Present value of own for an order placed in each of the given months -> as ``SCAN_SCHEMA``, by site and month.

    ``chosen`` names the option of each site; orders that would be delivered after the horizon are left out.
    """
    own = basis.options.join(chosen, on="option", how="semi")
    schedule = make_schedule(basis, own, list(order_months))
    energy = energy_of(basis, schedule.installed)
    sums = summed if basis.plan.finance.tax is None else summed_ledgers
    return (
        sums(basis, schedule, energy)
        .join(schedule.first, on=BOUGHT)
        .join(own.select("option", "site"), on="option")
        .select(*SCAN_SCHEMA)
        .sort("site", "order_month")
    )


def summed_ledgers(basis: Basis, schedule: Schedule, energy: pl.DataFrame) -> pl.DataFrame:
    """Sums of the whole ledger of every schedule -> option, order_month, pv_cents with and without continuing value.

    Taxes need it: they rest on all that a year costs.
    """
    flows = own_flows(basis, schedule, energy)
    return _both(
        own_rows(basis.plan, basis, flows, acquisitions(basis.plan, schedule, basis.options)), BOUGHT
    )


def summed(basis: Basis, schedule: Schedule, energy: pl.DataFrame) -> pl.DataFrame:
    """The same sums without the ledgers, where no tax is declared.

    Every component that comes once a month is a column here; what depends on the delivery alone is summed once for each.
    """
    plan, options = basis.plan, basis.options
    purchased = pl.concat(
        [
            capex_flows(plan, schedule, options, basis.horizon),
            horizon_value(basis, schedule),
            yearly_flows(basis, schedule),
        ]
    ).with_columns(item=pl.lit(""))
    columns = [*BOUGHT, *ROW, "amount"]
    rest = pl.concat([purchased.select(columns), overflowing(basis, schedule).select(columns)])
    arrivals = schedule.bought.group_by(BOUGHT).agg(delivery_month=pl.col("delivery_month").min())
    # what is never bought is stored at rent to the end
    first = (
        schedule.first.select(BOUGHT)
        .join(arrivals, on=BOUGHT, how="left")
        .with_columns(pl.col("delivery_month").fill_null(basis.horizon))
    )
    bridge = bridges(basis.market, basis.choice, _deliveries(schedule.first)).rename(
        {"delivery": "delivery_month"}
    )
    parts = [
        _monthly(basis, monthly_costs(plan, schedule, options, energy, basis.months)),
        _both(rounded(plan, basis, rest, BOUGHT), BOUGHT),
        _by_delivery(basis, schedule.first, bridge),
        _by_delivery(basis, first, storage_flows(plan, basis.fx, basis.months, _deliveries(first))),
        schedule.first.join(_both(rounded(plan, basis, platform_staff(plan, basis), []), []), how="cross"),
    ]
    return (
        pl.concat(part.select(*BOUGHT, "pv_cents", WITHOUT) for part in parts)
        .group_by(BOUGHT)
        .agg(pl.col("pv_cents").sum(), pl.col(WITHOUT).sum())
    )


def _monthly(basis: Basis, costs: pl.DataFrame) -> pl.DataFrame:
    """Monthly components, each rounded as the ledger rounds it -> option, order_month, both sums."""
    cents = [whole_cents(pl.col(name), pl.col("end_factor")) for name in MONTHLY]
    return (
        costs.join(basis.months.select("month", "end_factor"), on="month")
        .select(*BOUGHT, pv_cents=pl.sum_horizontal(cents))
        .group_by(BOUGHT)
        .agg(pl.col("pv_cents").sum())
        .with_columns(pl.col("pv_cents").alias(WITHOUT))
    )


def _deliveries(schedules: pl.DataFrame) -> list[int]:
    return schedules["delivery_month"].unique().sort().to_list()


def _by_delivery(basis: Basis, schedules: pl.DataFrame, flows: pl.DataFrame) -> pl.DataFrame:
    """Flows that depend on the month of delivery alone, summed for each of them -> option, order_month, both sums."""
    key = ["delivery_month"]
    ledger = rounded(basis.plan, basis, flows.select(*key, *ROW, "amount"), key)
    return schedules.join(_both(ledger, key), on=key)


def _both(ledger: pl.DataFrame, key: list[str]) -> pl.DataFrame:
    """Sums of rounded rows -> key, pv_cents with and without the continuing value."""
    worth = pl.col("pv_cents").filter(pl.col("component") == CONTINUING_VALUE).sum()
    sums = [pl.col("pv_cents").sum(), (pl.col("pv_cents").sum() - worth).alias(WITHOUT)]
    return ledger.group_by(key).agg(sums) if key else ledger.select(sums)
