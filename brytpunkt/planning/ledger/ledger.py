"""The ledger: flows rounded once to whole cents, discounted, and given their native currency."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from brytpunkt.planning.components import PLATFORM_STAFF, RUNS_GPUS, STORAGE_CAPEX
from brytpunkt.planning.inputs.money import cents, monthly_rate
from brytpunkt.planning.inputs.units import CENTS, MONTHS_PER_YEAR
from brytpunkt.planning.ledger.corporate_tax import tax_rows
from brytpunkt.planning.own.storage import storage_life_months
from brytpunkt.planning.own.storage_flows import rented_storage_flows, storage_flows

if TYPE_CHECKING:
    from brytpunkt.declarations import Plan
    from brytpunkt.planning.ledger.prepare import Basis

ROW = ["month", "component", "item", "timing"]
MICRO = 1e6


def rent_ledger(plan: Plan, basis: Basis, flows: pl.DataFrame) -> pl.DataFrame:
    """Flows of the rent strategies, with platform staff -> strategy, ROW, cents, pv_cents."""
    staff = _people(plan, basis, flows, "strategy")
    rows = flows.select("strategy", *ROW, "amount")
    kept = (
        flows.select("strategy")
        .unique()
        .join(rented_storage_flows(plan, basis.fx, basis.months), how="cross")
    )
    everything = pl.concat([rows, staff.select(rows.columns), kept.select(rows.columns)])
    key = ["strategy"]
    return rounded(plan, basis, _taxed(basis, everything, None, key), key).sort(*key, *ROW)


def own_ledger(plan: Plan, basis: Basis, flows: pl.DataFrame, purchases: pl.DataFrame) -> pl.DataFrame:
    """Flows of own schedules, with platform staff and tax -> option, order_month, ROW, cents, pv_cents."""
    return own_rows(plan, basis, flows, purchases).sort("option", "order_month", *ROW)


def own_rows(plan: Plan, basis: Basis, flows: pl.DataFrame, purchases: pl.DataFrame) -> pl.DataFrame:
    """The rows of ``own_ledger`` in any order, for who only wants their sums: sorting takes longer than all the rest."""
    key = ["option", "order_month"]
    staff = flows.select(key).unique().join(platform_staff(plan, basis), how="cross")
    rows = flows.select(*key, *ROW, "amount")
    kept, bought = _kept(plan, basis, rows.select(key).unique(), purchases)
    everything = pl.concat([rows, staff.select(rows.columns), kept.select(rows.columns)])
    return rounded(plan, basis, _taxed(basis, everything, pl.concat([purchases, bought]), key), key)


def _kept(
    plan: Plan, basis: Basis, schedules: pl.DataFrame, purchases: pl.DataFrame
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Storage of every schedule -> its flows, and what of it is depreciated; all rented where nothing is ever bought."""
    key = schedules.columns
    arrivals = purchases.group_by(key).agg(first=pl.col("delivery_month").min())
    first = schedules.join(arrivals, on=key, how="left").with_columns(
        pl.col("first").fill_null(basis.horizon)
    )
    months = first["first"].unique().sort().to_list()
    flows = first.join(
        storage_flows(plan, basis.fx, basis.months, months), left_on="first", right_on="delivery_month"
    )
    life = storage_life_months(plan.storage)
    bought = flows.filter(pl.col("component") == STORAGE_CAPEX).select(
        *key,
        delivery_month="month",
        retire_month=pl.col("month") + life,
        cost="amount",
    )
    return flows.drop("first"), bought.select(purchases.columns)


def _taxed(basis: Basis, flows: pl.DataFrame, purchases: pl.DataFrame | None, key: list[str]) -> pl.DataFrame:
    """Flows with their tax, where the plan declares one."""
    tax = basis.plan.finance.tax
    if tax is None:
        return flows
    if purchases is None:
        schema = {"delivery_month": pl.Int64, "retire_month": pl.Int64, "cost": pl.Float64}
        purchases = (
            flows.select(key).clear().with_columns(pl.lit(None, kind).alias(n) for n, kind in schema.items())
        )
    income = basis.fx.convert(tax.other_income_per_year) if tax.other_income_per_year else None
    rows = tax_rows(tax, income, flows, purchases, key, basis.horizon)
    return pl.concat([flows, rows.select(flows.columns)])


def mix_ledger(plan: Plan, basis: Basis, flows: pl.DataFrame) -> pl.DataFrame:
    """Flows of dispatched mixes, with platform staff -> site, option, ROW, cents, pv_cents."""
    key = ["site", "option"]
    staff = _people(plan, basis, flows, "site").with_columns(option=pl.lit(None, dtype=pl.String))
    rows = flows.select(*key, *ROW, "amount")
    return rounded(plan, basis, pl.concat([rows, staff.select(rows.columns)]), key).sort(*key, *ROW)


def _people(plan: Plan, basis: Basis, flows: pl.DataFrame, key: str) -> pl.DataFrame:
    """Staff of each strategy or mix, by whether it ever runs GPUs -> key, ROW, amount."""
    runs = flows.group_by(key).agg(
        runs_gpus=(pl.col("component").is_in(list(RUNS_GPUS)) & (pl.col("amount") != 0)).any()
    )
    return pl.concat(
        runs.filter(pl.col("runs_gpus") == is_run)
        .select(key)
        .join(platform_staff(plan, basis, runs_gpus=is_run), how="cross")
        for is_run in (True, False)
    )


def platform_staff(plan: Plan, basis: Basis, *, runs_gpus: bool = True) -> pl.DataFrame:
    """Staff of whoever runs GPUs, owned or rented, or of whom token APIs serve alone -> ROW, amount."""
    people = plan.staff.platform_fte if runs_gpus else plan.staff.api_fte
    monthly = people * basis.fx.convert(plan.staff.cost_per_fte_year) / MONTHS_PER_YEAR
    return basis.months.select(
        "month",
        component=pl.lit(PLATFORM_STAFF),
        item=pl.lit(""),
        timing=pl.lit("end"),
        amount=monthly * pl.col("escalator"),
    )


def staff_value(plan: Plan, basis: Basis, *, runs_gpus: bool) -> float:
    """Present value of ``platform_staff`` [plan currency]."""
    return (
        float(rounded(plan, basis, platform_staff(plan, basis, runs_gpus=runs_gpus), [])["pv_cents"].sum())
        / CENTS
    )


def rounded(plan: Plan, basis: Basis, flows: pl.DataFrame, key: list[str]) -> pl.DataFrame:
    """One row per key, month, component, item and timing, rounded and discounted; rows of nothing are left out.

    -> key, ROW, cents, pv_cents
    """
    at_horizon = (1 + monthly_rate(plan.finance)) ** -basis.horizon
    factor = (
        pl.when(pl.col("timing") == "start")
        .then("start_factor")
        .when(pl.col("timing") == "end")
        .then("end_factor")
        .otherwise(at_horizon)
    )
    return (
        flows.filter(pl.col("amount") != 0)
        .with_columns(pl.col(pl.String).cast(pl.Categorical))  # grouped four times as fast as text
        .group_by(*key, *ROW)
        .agg(amount=_micros(pl.col("amount")).sum() / MICRO)
        .with_columns(pl.col(pl.Categorical).cast(pl.String))
        .with_columns(cents=cents(pl.col("amount")))
        .filter(pl.col("cents") != 0)
        .join(basis.months.select("month", "start_factor", "end_factor"), on="month")
        .with_columns(pv_cents=_discounted(pl.col("cents"), factor))
        .select(*key, *ROW, "cents", "pv_cents")
    )


def whole_cents(amount: pl.Expr, factor: pl.Expr) -> pl.Expr:
    """Present value in whole cents of an amount that is a ledger row by itself, rounded as ``rounded`` does it."""
    return _discounted(cents(_micros(amount) / MICRO), factor)


def _micros(amount: pl.Expr) -> pl.Expr:
    """Millionths, whose sums do not depend on their order."""
    return (amount * MICRO).round(0).cast(pl.Int64)


def _discounted(cents_: pl.Expr, factor: pl.Expr) -> pl.Expr:
    return (cents_ * factor).round(0, mode="half_to_even").cast(pl.Int64)


def totals(ledger: pl.DataFrame, key: list[str]) -> pl.DataFrame:
    """Sums of rounded rows -> key, cents, pv_cents."""
    return ledger.group_by(key).agg(pl.col("cents").sum(), pl.col("pv_cents").sum()).sort(key)
