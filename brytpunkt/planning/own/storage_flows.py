"""Stored: the flows of storage as strategies need them, rented until the first own servers arrive."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from brytpunkt.planning.own.storage import own_storage, rent_storage, storage_need, storage_of

if TYPE_CHECKING:
    from brytpunkt.declarations import Plan
    from brytpunkt.planning.inputs.money import Fx

NOTHING = {
    "month": pl.Int64,
    "component": pl.String,
    "item": pl.String,
    "timing": pl.String,
    "amount": pl.Float64,
}


def storage_flows(plan: Plan, fx: Fx, months: pl.DataFrame, deliveries: list[int]) -> pl.DataFrame:
    """Storage for each month of first delivery -> delivery_month, month, component, item, timing, amount."""
    if not any(map(storage_of, plan.workloads)):  # asked for by every order month and every mix that is tried
        return pl.DataFrame(schema={"delivery_month": pl.Int64, **NOTHING})
    need = storage_need(plan, months)
    at = pl.DataFrame({"delivery_month": deliveries}, schema={"delivery_month": pl.Int64})
    return own_storage(plan, fx, need, months, at)


def rented_storage_flows(plan: Plan, fx: Fx, months: pl.DataFrame) -> pl.DataFrame:
    """Storage where nothing is owned -> month, component, item, timing, amount."""
    if not any(map(storage_of, plan.workloads)):
        return pl.DataFrame(schema=NOTHING)
    return rent_storage(plan, fx, storage_need(plan, months), months)
