"""The full ledger: every row of every strategy of a plan, with its native amount."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from brytpunkt.planning.ledger.ledger import native_currencies
from brytpunkt.planning.verdicts.verdicts import CENTS

if TYPE_CHECKING:
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
