"""The scan: present value of own for an order placed in each month, rent until its delivery included.

A scan has as many ledgers as order months, made together, of which only the sums are wanted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from brytpunkt.planning.components import CONTINUING_VALUE
from brytpunkt.planning.ledger.ledger import own_rows
from brytpunkt.planning.own.capacity import BOUGHT
from brytpunkt.planning.own.own_costs import acquisitions
from brytpunkt.planning.own.purchase_schedule import (
    energy_of,
    make_schedule,
    own_flows,
)

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
    return (
        _sums(basis, schedule, energy)
        .join(schedule.first, on=BOUGHT)
        .join(own.select("option", "site"), on="option")
        .select(*SCAN_SCHEMA)
        .sort("site", "order_month")
    )


def _sums(basis: Basis, schedule: Schedule, energy: pl.DataFrame) -> pl.DataFrame:
    """Sums of the ledger of every schedule -> option, order_month, pv_cents with and without continuing value."""
    flows = own_flows(basis, schedule, energy)
    rows = own_rows(basis.plan, basis, flows, acquisitions(basis.plan, schedule, basis.options))
    whole = pl.col("pv_cents").sum()
    worth = pl.col("pv_cents").filter(pl.col("component") == CONTINUING_VALUE).sum()
    return rows.group_by(BOUGHT).agg(whole, (whole - worth).alias(WITHOUT))
