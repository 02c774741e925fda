"""Tax: deductions and depreciation of every strategy alike, with losses carried forward.

A deduction saves tax at the end of its plan year. All amounts are in the plan's currency; costs are positive, so
the relief is a negative cost.
"""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from brytpunkt.planning.components import CAPITALISED, TAX, TAX_ON_CONTINUING_VALUE
from brytpunkt.planning.inputs.units import MONTHS_PER_YEAR

if TYPE_CHECKING:
    from brytpunkt.declarations.sections.taxation import Depreciation, Tax
    from brytpunkt.planning.inputs.money import Floats


def yearly_shares(depreciation: Depreciation) -> tuple[float, ...]:
    """Share of the cost written off in each year of life; they sum to 1.

    ``declining`` writes off its rate of the book value, but never less than what brings the book value down to the
    straight line (Swedish Income Tax Act, chapter 18, sections 13 and 17).
    """
    if depreciation.table_shares is not None:
        return depreciation.table_shares
    years = math.ceil(depreciation.years - 1e-9)
    line = [max(0.0, 1 - year / depreciation.years) for year in range(years + 1)]
    line[-1] = 0.0
    if depreciation.method == "straight_line":
        return tuple(before - after for before, after in itertools.pairwise(line))
    book = [1.0]
    for year in range(1, years + 1):
        book.append(min(book[-1] * (1 - depreciation.declining_rate_per_year), line[year]))
    return tuple(before - after for before, after in itertools.pairwise(book))


def written_off(depreciation: Depreciation, months: int) -> Floats:
    """Share of the cost written off after 0..months months of service, evenly within each year [months + 1]."""
    shares = np.repeat(np.array(yearly_shares(depreciation)) / MONTHS_PER_YEAR, MONTHS_PER_YEAR)
    total = np.concatenate([[0.0], np.cumsum(shares)])
    total[-1] = 1.0
    return np.asarray(total[np.minimum(np.arange(months + 1), total.size - 1)])


def relief(deductions: Floats, tax: Tax, other_income: float | None) -> tuple[Floats, Floats]:
    """Tax saved at the end of each plan year, and losses carried forward out of it, for deductions by month [H].

    With deductions D and other income Y of a year: carried L = max(0, L before + D - Y), saved rate x (D + L before - L).
    """
    starts = np.arange(0, deductions.size, MONTHS_PER_YEAR)
    by_year = np.add.reduceat(deductions, starts)
    if other_income is None:
        return tax.rate * by_year, np.zeros_like(by_year)
    months = np.diff([*starts, deductions.size])
    surplus = np.cumsum(by_year - other_income * months / MONTHS_PER_YEAR)
    carried = surplus - np.minimum(0.0, np.minimum.accumulate(surplus))
    return tax.rate * (by_year + np.concatenate([[0.0], carried[:-1]]) - carried), carried


def tax_rows(
    tax: Tax,
    other_income: float | None,
    flows: pl.DataFrame,
    purchases: pl.DataFrame,
    key: list[str],
    horizon: int,
) -> pl.DataFrame:
    """Tax of every key -> key, month, component, item, timing, amount.

    | in: flows | key, month, component, timing, amount |
    |---|---|
    | in: purchases | key, delivery_month, retire_month, cost: what is written off instead of deducted |

    Component ``tax`` at the end of each plan year, and ``tax_on_continuing_value`` at the horizon: the rate on the
    continuing value less what is still in the books.
    """
    opex = flows.filter(~pl.col("component").is_in(CAPITALISED), pl.col("timing") != "horizon").select(
        *key, "month", deduction="amount"
    )
    inside = purchases.filter(pl.col("delivery_month") < horizon).with_columns(
        cost=pl.col("cost").cast(pl.Float64)
    )
    share = written_off(tax.depreciation, horizon + 1)
    off = pl.DataFrame(
        {"age": np.arange(horizon + 2), "share": share}, schema={"age": pl.Int64, "share": pl.Float64}
    )
    depreciation = _depreciation(inside, off, key, horizon)
    keys = flows.select(key).unique()
    years = pl.DataFrame({"year": range(-(-horizon // MONTHS_PER_YEAR))}, schema={"year": pl.Int64})
    by_year = (
        pl.concat([opex, depreciation.select(opex.columns)])
        .group_by(*key, year=pl.col("month") // MONTHS_PER_YEAR)
        .agg(deduction=(pl.col("deduction") * 1e6).round(0).cast(pl.Int64).sum() / 1e6)
    )
    months = pl.min_horizontal((pl.col("year") + 1) * MONTHS_PER_YEAR, pl.lit(horizon))
    saved = (
        keys.join(years, how="cross")
        .join(by_year, on=[*key, "year"], how="left", nulls_equal=True)
        .with_columns(pl.col("deduction").fill_null(0.0), month=months - 1)
        .sort(*key, "year")
        .with_columns(saved=_saved(tax.rate, other_income, key, months))
    )
    rows = saved.select(
        *key, "month", component=pl.lit(TAX), item=pl.lit(""), timing=pl.lit("end"), amount=-pl.col("saved")
    )
    book = (
        inside.filter(pl.col("retire_month") > horizon)
        .with_columns(age=horizon - pl.col("delivery_month"))
        .join(off, on="age")
        .group_by(key)
        .agg(book=(pl.col("cost") * (1 - pl.col("share"))).sum())
    )
    value = flows.filter(pl.col("timing") == "horizon").group_by(key).agg(amount=pl.col("amount").sum())
    at_horizon = (
        keys.join(value, on=key, how="left", nulls_equal=True)
        .join(book, on=key, how="left", nulls_equal=True)
        .with_columns(pl.col("amount", "book").fill_null(0.0))
        .select(
            *key,
            month=pl.lit(horizon - 1, dtype=pl.Int64),
            component=pl.lit(TAX_ON_CONTINUING_VALUE),
            item=pl.lit(""),
            timing=pl.lit("horizon"),
            amount=tax.rate * (-pl.col("amount") - pl.col("book")),
        )
    )
    return pl.concat([rows, at_horizon.select(rows.columns)]).filter(pl.col("amount") != 0)


def _depreciation(purchases: pl.DataFrame, off: pl.DataFrame, key: list[str], horizon: int) -> pl.DataFrame:
    """Depreciation by month of service; what a retired purchase still stands for in the books is lost with it."""
    last = pl.col("month") == pl.col("retire_month") - 1
    after = pl.when(last).then(1.0).otherwise(pl.col("share_after"))
    return (
        purchases.with_columns(
            month=pl.int_ranges("delivery_month", pl.min_horizontal("retire_month", pl.lit(horizon)))
        )
        .explode("month")
        .drop_nulls("month")
        .with_columns(age=pl.col("month") - pl.col("delivery_month"))
        .join(off, on="age")
        .join(off.select(pl.col("age") - 1, share_after="share"), on="age")
        .select(*key, "month", deduction=pl.col("cost") * (after - pl.col("share")))
    )


def _saved(rate: float, other_income: float | None, key: list[str], months: pl.Expr) -> pl.Expr:
    """Tax saved in each year, over rows in order of year within each key."""
    deduction = pl.col("deduction")
    if other_income is None:
        return rate * deduction
    span = months - pl.col("year") * MONTHS_PER_YEAR
    surplus = (deduction - other_income * span / MONTHS_PER_YEAR).cum_sum().over(key)
    floor = pl.min_horizontal(pl.lit(0.0), surplus.cum_min().over(key))
    carried = surplus - floor
    before = carried.shift(1, fill_value=0.0).over(key)
    return rate * (deduction + before - carried)
