"""The paradox over many years: effects chained from year to year, so that they survive a switch from renting to owning.

Compared directly, a year in which everything is rented and one in which everything is owned share no mode: by the analytic limit the
whole change is ``mix``, whatever the volume did. So the first and the last year are compared by the sum of the effects from each year
to the next. Where two neighbouring years share no mode of a workload either, that workload is chained month by month between them: the
change of a year's bill is the sum over its months m of the steps m to m + 12, and a step in which nothing switches keeps its
volume effect. Effects still add up to the change to the cent.
"""

from __future__ import annotations

import numpy as np
import polars as pl

from brytpunkt.planning.inputs.money import FIXED_POINT
from brytpunkt.planning.inputs.units import MONTHS_PER_YEAR
from brytpunkt.planning.verdicts.lmdi import EFFECTS, FIXED, by_year, decompose_many, in_whole_cents

KEY = ["from_year", "to_year"]


def chained_effects(bills: pl.DataFrame, horizon: int) -> pl.DataFrame:
    """Effects between neighbouring plan years, and from the first whole year to the last where there are more than two.

    ``bills`` are monthly (``lmdi.BILL`` and month). Returns from_year, to_year, effect, amount [plan currency], cents; the effects
    of a pair in the order of ``EFFECTS``.
    """
    years = horizon // MONTHS_PER_YEAR
    yearly = by_year(bills, horizon)
    pairs = [(year, year + 1) for year in range(years - 1)]
    links = _renamed(decompose_many(yearly, pairs))
    anew = [
        _through_months(bills, yearly, links, year, left) for year, left in switches(yearly).items() if left
    ]
    if anew:
        replaced = pl.concat(anew)
        links = pl.concat([links.join(replaced, on=KEY, how="anti"), replaced]).sort(
            *KEY, pl.col("effect").cast(pl.Enum(EFFECTS))
        )
    if years <= 2:  # noqa: PLR2004 - from the first to the last is news from three years on
        return links
    whole = (
        links.group_by("effect", maintain_order=True)
        .agg(pl.col("amount", "cents").sum())
        .select(pl.lit(0).cast(pl.Int64).alias("from_year"), to_year=pl.lit(years - 1).cast(pl.Int64),
                effect="effect", amount="amount", cents="cents")
    )  # fmt: skip
    return pl.concat([links, whole])


def switches(yearly: pl.DataFrame) -> dict[int, list[str]]:
    """By year, the workloads that are served in it and in the next, with no mode in common."""
    served = yearly.filter(pl.col("mode") != FIXED, pl.col("cost") != 0, pl.col("served") > 0)
    modes: dict[tuple[int, str], set[str]] = {}
    for year, workload, mode in served.select("month", "workload", "mode").iter_rows():
        modes.setdefault((year, workload), set()).add(mode)
    found: dict[int, list[str]] = {}
    for (year, workload), before in sorted(modes.items()):
        after = modes.get((year + 1, workload))
        if after is not None and not before & after:
            found.setdefault(year, []).append(workload)
    return found


def _through_months(
    bills: pl.DataFrame, yearly: pl.DataFrame, links: pl.DataFrame, year: int, switched: list[str]
) -> pl.DataFrame:
    """Effects from a year to the next: some workloads month by month, the others as they are."""
    is_switched = pl.col("workload").is_in(switched).fill_null(value=False)
    first = year * MONTHS_PER_YEAR
    steps = 2 * MONTHS_PER_YEAR - 1
    weights = np.minimum(np.arange(1, steps + 1), np.arange(steps, 0, -1)).clip(max=MONTHS_PER_YEAR)
    monthly = decompose_many(
        bills.filter(is_switched), [(first + step, first + step + 1) for step in range(steps)]
    ).join(
        pl.DataFrame({"from_month": first + np.arange(steps), "weight": weights}), on="from_month", how="left"
    )
    others = decompose_many(yearly.filter(~is_switched), [(year, year + 1)])
    order = pl.DataFrame({"effect": EFFECTS}).with_row_index("order")
    effects = (
        pl.concat(
            [
                monthly.select("effect", amount=pl.col("amount") * pl.col("weight")),
                others.select("effect", "amount"),
            ]
        )
        .group_by("effect")
        .agg(parts=(pl.col("amount") * FIXED_POINT).round(0).cast(pl.Int64).sum())
        .join(order, on="effect")
        .with_columns(pair=pl.lit(0), amount=pl.col("parts") / FIXED_POINT)
    )
    change = links.filter(pl.col("from_year") == year)["cents"].sum()
    rounded = in_whole_cents(effects, pl.DataFrame({"pair": [0], "change": [change]}))
    return rounded.sort("order").select(
        from_year=pl.lit(year).cast(pl.Int64),
        to_year=pl.lit(year + 1).cast(pl.Int64),
        effect="effect",
        amount="amount",
        cents="cents",
    )


def _renamed(effects: pl.DataFrame) -> pl.DataFrame:
    return effects.rename({"from_month": "from_year", "to_month": "to_year"})
