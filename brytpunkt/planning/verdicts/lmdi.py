"""The paradox: why the bill rises while the price falls.

A bill is split by the additive LMDI-I (Ang 2004, Energy Policy 32, 1131-1139). The bill of a month is

    B = fixed + sum over workload w and mode j of V_w x s_wj x I_wj x P_wj   [plan currency]

with ``V`` the workload's volume [million tokens, or GPU-hours], ``s = served / V`` the share that the mode
serves, ``I = units / served`` the billed units per unit of volume and ``P = cost / units`` the price of a
billed unit. The effect of a factor x is the sum over w and j of ``L(C1, C0) x ln(x1 / x0)``, where C is the
cost of the row and L the logarithmic mean; the effects add up to B1 - B0 without a residual.

A bill is a frame with one row per workload and mode: ``workload``, ``mode``, ``volume`` (the workload's
whole volume, the same on all its rows), ``served`` (the volume that the mode serves), ``units`` (billed
units), ``cost`` [plan currency]. Cost in rows of mode ``fixed`` is the effect ``fixed``, and so is the cost
of any row without volume, served volume or units, since there is nothing that it could be a price of.

**Zeros** follow the analytic limits of Ang, Zhang and Choi (1998, Energy 23, 489-495). Where the cost goes
from 0 to C1, the factor that was zero takes C1 and the others 0; where it goes from C0 to 0, the factor that
became zero takes -C0. Where it is zero on both sides, all is 0. A factor that is undefined on the zero side
is taken as unchanged: no share without volume, no intensity without served volume, no price without units.
Hence a mode that appears is ``mix``, a workload that appears is ``volume``, a price from zero is ``price``.
When m factors are zero on that side, each takes C1 / m (or -C0 / m): the limit when all of them are replaced
by the same small number (Ang and Liu 2007, Energy Policy 35, 238-246).

**Signs**: a credit (cost below zero on both sides) is split like a cost. A cost that changes its sign has
its price go through zero, so that both limits give the whole change to ``price``.
"""

from __future__ import annotations

from typing import Final

import polars as pl

from brytpunkt.planning.inputs.money import FIXED_POINT, total
from brytpunkt.planning.inputs.units import CENTS, MONTHS_PER_YEAR

FACTORS: Final = ("volume", "mix", "intensity", "price")
EFFECTS: Final = (*FACTORS, "fixed")
FIXED: Final = "fixed"
BILL: Final = ("workload", "mode", "volume", "served", "units", "cost")
QUANTITIES: Final = ("served", "units", "cost")
PARTS_PER_CENT: Final = FIXED_POINT // CENTS
NEAR: Final = 1e-6
HALF: Final = 0.5


def decompose(before: pl.DataFrame, after: pl.DataFrame) -> pl.DataFrame:
    """Effects that lead from the bill ``before`` to the bill ``after``.

    Returns effect (volume, mix, intensity, price, fixed, in this order), amount [plan currency] and
    cents [whole cents]; the cents sum to the difference of the two bills, each rounded to cents.
    """
    bills = pl.concat(
        [bill.select(*BILL, month=pl.lit(month)) for month, bill in enumerate((before, after))],
        how="vertical_relaxed",
    )
    return decompose_many(bills, [(0, 1)]).select("effect", "amount", "cents")


def decompose_many(bills: pl.DataFrame, pairs: list[tuple[int, int]]) -> pl.DataFrame:
    """Effects between the bills of each pair of months (from, to).

    ``bills`` has the columns of a bill and ``month``. A month without rows is a bill of zero.
    Returns from_month, to_month, effect, amount [plan currency] and cents [whole cents]: five rows per pair,
    pairs in the given order.
    """
    asked = pl.DataFrame(
        pairs, schema={"from_month": pl.Int64, "to_month": pl.Int64}, orient="row"
    ).with_row_index("pair")
    rows = _sides(bills, asked)
    terms = pl.concat([_volume_effects(rows), _fixed_effect(rows)])
    sums = terms.group_by("pair", "effect").agg(parts=_parts_sum(pl.col("amount")))
    order = pl.DataFrame({"effect": EFFECTS}).with_row_index("order")
    effects = (
        asked.join(order, how="cross")
        .join(sums, on=["pair", "effect"], how="left")
        .with_columns(pl.col("parts").fill_null(0))
        .with_columns(amount=pl.col("parts") / FIXED_POINT)
    )
    return (
        in_whole_cents(effects, _change(rows))
        .sort("pair", "order")
        .select("from_month", "to_month", "effect", "amount", "cents")
    )


def by_year(bills: pl.DataFrame, horizon: int) -> pl.DataFrame:
    """Bills of the whole plan years inside the ``horizon`` [months], for ``decompose_many``.

    Volume, served, units and cost are summed over ``month // 12``; ``month`` then holds the plan year
    (0 is the first). A last part of a year is left out, because it compares with no year. The volume of a
    workload is that of all its months, also on the row of a mode that serves only some of them.
    """
    inside = bills.filter(pl.col("month") < horizon // MONTHS_PER_YEAR * MONTHS_PER_YEAR)
    year = (pl.col("month") // MONTHS_PER_YEAR).cast(pl.Int64)
    volumes = (
        inside.filter(pl.col("mode") != FIXED)
        .group_by("month", "workload", maintain_order=True)
        .agg(pl.col("volume").max())
        .group_by(year, "workload", maintain_order=True)
        .agg(pl.col("volume").sum())
    )
    return (
        inside.group_by(year, "workload", "mode", maintain_order=True)
        .agg(pl.col("served", "units").sum(), total(pl.col("cost")))
        .join(volumes, on=["month", "workload"], how="left")
        .select("month", *BILL)
        .sort("month", "workload", "mode")
    )


def log_ratio(new: pl.Expr, old: pl.Expr) -> pl.Expr:
    """ln(new / old) of two positive numbers; swapping them changes the sign and no digit.

    Near each other ``2 artanh((new - old) / (new + old))``, which is the same and loses no digits.
    """
    relative = (new - old) / (new + old)
    near = 2 * relative.sign() * relative.abs().arctanh()
    return pl.when(relative.abs() < HALF).then(near).otherwise(new.log() - old.log())


def logarithmic_mean(new: pl.Expr, old: pl.Expr) -> pl.Expr:
    """L(a, b) = (a - b) / ln(a / b) of two numbers from zero up, with L(a, a) = a and L(a, 0) = 0.

    Where ``|ln(a / b)| < 1e-6`` the series ``sqrt(a b) (1 + ln(a / b)^2 / 24)``, exact to the last digit there.
    """
    ratio = log_ratio(new, old)
    series = new.sqrt() * old.sqrt() * (1 + ratio * ratio / 24)
    return (
        pl.when((new == 0) | (old == 0))
        .then(0.0)
        .when(ratio.abs() < NEAR)
        .then(series)
        .otherwise((new - old) / ratio)
    )


def _sides(bills: pl.DataFrame, pairs: pl.DataFrame) -> pl.DataFrame:
    """Rows of the two bills of each pair: pair, side (0 from, 1 to), the columns of a bill, loose.

    ``loose`` is the cost [plan currency] that no volume carries; ``cost`` is the rest, and a row with loose
    cost bills no units.
    """
    ends = pl.concat(
        [
            pairs.select("pair", month="from_month", side=pl.lit(0)),
            pairs.select("pair", month="to_month", side=pl.lit(1)),
        ]
    )
    numbers = pl.col("volume", *QUANTITIES).cast(pl.Float64).fill_null(0.0)
    carried = (
        (pl.col("mode") != FIXED) & (pl.col("volume") > 0) & (pl.col("served") > 0) & (pl.col("units") > 0)
    )
    return (
        bills.select(*BILL, pl.col("month").cast(pl.Int64))
        .with_columns(numbers)
        .with_columns(loose=pl.when(carried).then(0.0).otherwise(pl.col("cost")))
        .with_columns(
            cost=pl.col("cost") - pl.col("loose"),
            units=pl.when(pl.col("loose") == 0).then(pl.col("units")).otherwise(0.0),
        )
        .join(ends, on="month")
    )


def _volume_effects(rows: pl.DataFrame) -> pl.DataFrame:
    """Effects of the factors, row by row of the bill: pair, effect, amount [plan currency]."""
    after, before = pl.col("cost_1"), pl.col("cost_0")
    change = after - before
    mean = after.sign() * logarithmic_mean(after.abs(), before.abs())
    zeros_after = pl.sum_horizontal(_is_zero(factor, 1) for factor in FACTORS)
    zeros_before = pl.sum_horizontal(_is_zero(factor, 0) for factor in FACTORS)
    return (
        _products(rows)
        .select(
            "pair",
            *(
                pl.when((after == 0) & (before == 0))
                .then(0.0)
                .when(before == 0)
                .then(change * _is_zero(factor, 0) / zeros_before)
                .when(after == 0)
                .then(change * _is_zero(factor, 1) / zeros_after)
                .when(after.sign() != before.sign())
                .then(change if factor == "price" else pl.lit(0.0))
                .otherwise(mean * log_ratio(_factor(factor, 1), _factor(factor, 0)))
                .alias(factor)
                for factor in FACTORS
            ),
        )
        .unpivot(index="pair", variable_name="effect", value_name="amount")
    )


def _products(rows: pl.DataFrame) -> pl.DataFrame:
    """Both sides of each pair, workload and mode: volume_0, volume_1, served_0, ...; a missing row is zero.

    The volume is the workload's, also where the mode has no row on that side.
    """
    sides = (0, 1)
    volumes = [
        pl.col("volume").filter(pl.col("side") == k).max().fill_null(0.0).alias(f"volume_{k}") for k in sides
    ]
    sums = [pl.col(x).filter(pl.col("side") == k).sum().alias(f"{x}_{k}") for x in QUANTITIES for k in sides]
    return (
        rows.filter(pl.col("mode") != FIXED)
        .group_by("pair", "workload", "mode", maintain_order=True)
        .agg(*volumes, *sums)
        .with_columns(pl.col("volume_0", "volume_1").max().over("pair", "workload"))
    )


def _fraction(factor: str, side: int) -> tuple[pl.Expr, pl.Expr]:
    """Numerator and denominator of a factor on a side."""
    names = {
        "mix": ("served", "volume"),
        "intensity": ("units", "served"),
        "price": ("cost", "units"),
    }
    if factor == "volume":
        return pl.col(f"volume_{side}"), pl.lit(1.0)
    above, below = names[factor]
    return pl.col(f"{above}_{side}"), pl.col(f"{below}_{side}")


def _factor(factor: str, side: int) -> pl.Expr:
    """Size of a factor on a side, without the sign of a credit."""
    above, below = _fraction(factor, side)
    return above.abs() / below


def _is_zero(factor: str, side: int) -> pl.Expr:
    """Whether a factor is defined and zero on a side."""
    above, below = _fraction(factor, side)
    return (above == 0) & (below != 0)


def _fixed_effect(rows: pl.DataFrame) -> pl.DataFrame:
    """Change of the cost that no volume carries: pair, effect, amount [plan currency]."""
    signed = pl.when(pl.col("side") == 1).then(pl.col("loose")).otherwise(-pl.col("loose"))
    return rows.select("pair", pl.lit(FIXED).alias("effect"), signed.alias("amount"))


def _parts_sum(amount: pl.Expr) -> pl.Expr:
    """Sum of amounts in whole parts of 1e-8 [Int64], the fixed point of ``money.total``."""
    return (amount * FIXED_POINT).round(0).cast(pl.Int64).sum()


def _whole_cents(parts: pl.Expr) -> pl.Expr:
    """Whole parts -> whole cents, half to even; in whole numbers, so that a half is a half."""
    below = parts // PARTS_PER_CENT
    twice = 2 * (parts - below * PARTS_PER_CENT)
    up = (twice > PARTS_PER_CENT) | ((twice == PARTS_PER_CENT) & (below % 2 != 0))
    return below + up.cast(pl.Int64)


def _change(rows: pl.DataFrame) -> pl.DataFrame:
    """Difference of the two bills, each rounded to cents: pair, change [whole cents]."""
    cost = pl.col("cost") + pl.col("loose")
    bill = [_whole_cents(_parts_sum(cost.filter(pl.col("side") == k))) for k in (0, 1)]
    return rows.group_by("pair").agg(change=bill[1] - bill[0])


def in_whole_cents(effects: pl.DataFrame, changes: pl.DataFrame) -> pl.DataFrame:
    """Adds ``cents`` to the effects by the largest remainder, so that they sum to the ``change`` of the pair.

    Each amount is rounded; the cents that are then missing (or too many) go one by one to the effects whose
    rounding lost (or gained) most, the larger effect first among equals, and never to an effect of zero.
    """
    missing = pl.col("change") - pl.col("cents").sum().over("pair")
    lost = (pl.col("parts") - pl.col("cents") * PARTS_PER_CENT) * pl.col("missing").sign()
    extra = pl.when(pl.col("place") < pl.col("missing").abs()).then(pl.col("missing").sign()).otherwise(0)
    return (
        effects.join(changes, on="pair", how="left")
        .with_columns(pl.col("change").fill_null(0), cents=_whole_cents(pl.col("parts")))
        .with_columns(missing=missing)
        .with_columns(lost=lost, size=pl.col("parts").abs())
        .sort(
            "pair", pl.col("size") > 0, "lost", "size", "order", descending=[False, True, True, True, False]
        )
        .with_columns(place=pl.int_range(pl.len()).over("pair"))
        .with_columns(cents=pl.col("cents") + extra)
    )
