"""The full ledger: every row of every strategy of a plan, with its native amount."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from brytpunkt.planning.inputs.units import CENTS
from brytpunkt.planning.ledger.native_currency import (
    item_currencies,
    native_currencies,
    plan_wide_currencies,
)

if TYPE_CHECKING:
    from brytpunkt.planning.inputs.money import Fx
    from brytpunkt.planning.ledger.evaluate import Evaluation
    from brytpunkt.planning.optimal.results import Optimal


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
    options, items = native_currencies(basis), item_currencies(basis)
    wide = pl.col("component").replace_strict(
        plan_wide_currencies(basis), default=None, return_dtype=pl.String
    )
    native = pl.coalesce("item_currency", "native_currency", wide, pl.lit(basis.fx.currency))
    return (
        rows.join(options, on=["option", "component"], how="left")
        .join(items, on=["item", "component"], how="left")
        .with_columns(native_currency=native)
        .with_columns(fx_rate=_rates(basis.fx, pl.col("native_currency")))
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


def _rates(fx: Fx, currency: pl.Expr) -> pl.Expr:
    """Plan currency for one unit of each currency."""
    known = {name: fx.rate(name) for name in sorted(fx.units_per_eur)}
    return currency.replace_strict(known, return_dtype=pl.Float64)


def _decimal(column: str) -> pl.Expr:
    return (pl.col(column).cast(pl.Decimal(38, 2)) / pl.lit(CENTS).cast(pl.Decimal(38, 2))).cast(
        pl.Decimal(18, 2)
    )
