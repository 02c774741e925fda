"""Kept optima: the optimal plan's orders and signatures, as decided, priced in another world without choosing anew."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from brytpunkt.planning.money import monthly_rate
from brytpunkt.planning.optimal.arrays import field_of
from brytpunkt.planning.optimal.dispatch import dispatch
from brytpunkt.planning.optimal.mix import Mix

if TYPE_CHECKING:
    from brytpunkt.planning.evaluate import Evaluation

CENTS = 100


@dataclass(frozen=True)
class KeptOptimum:
    """One site's decisions by name, so that they can be found again in another world.

    ``bought``: option, order month, servers; ``signed``: workload, offer, signing month, instances.
    """

    site: str
    bought: tuple[tuple[str, int, int], ...]
    signed: tuple[tuple[str, str, int, int], ...]


def kept_optima(schedule: pl.DataFrame) -> list[KeptOptimum]:
    """The schedule of optimal plans, site by site, the portfolio's left out.

    ``schedule``: site, kind (buy, commit), item (option or offer), order_month, count, and ``workload`` of a commitment
    where it has that column.
    """
    found = []
    named = schedule.filter(pl.col("site").is_not_null())
    if "workload" not in named.columns:
        named = named.with_columns(workload=pl.lit(None, dtype=pl.String))
    for site in named["site"].unique().sort():
        rows = named.filter(pl.col("site") == site)
        buys = rows.filter(pl.col("kind") == "buy").select("item", "order_month", "count")
        signs = rows.filter(pl.col("kind") == "commit").select("workload", "item", "order_month", "count")
        found.append(KeptOptimum(site, tuple(buys.iter_rows()), tuple(signs.iter_rows())))
    return found


def kept_value(evaluation: Evaluation, kept: KeptOptimum) -> float | None:
    """Present value of kept decisions in an evaluated world, platform staff included [plan currency].

    What is rented adapts hour by hour. None where an option or a committed offer does not exist there.
    """
    basis = evaluation.basis
    options = sorted({option for option, _, _ in kept.bought})
    chosen = basis.options.filter(pl.col("option").is_in(options))
    if chosen.height < len(options):
        return None
    field = field_of(basis, chosen)
    position = {option: at for at, option in enumerate(chosen["option"].sort())}
    terms = {(field.workloads[term.workload], term.offer): at for at, term in enumerate(field.terms)}
    if any((workload, offer) not in terms for workload, offer, _, _ in kept.signed):
        return None
    mix = Mix(
        tuple((position[option], month, count) for option, month, count in kept.bought),
        tuple((terms[workload, offer], month, count) for workload, offer, month, count in kept.signed),
    )
    staff = evaluation.rent.filter(pl.col("strategy") == "rent", pl.col("component") == "platform_staff")
    done = dispatch(basis.plan, field, mix)
    return done.present_value(monthly_rate(basis.plan.finance)) + float(staff["pv_cents"].sum()) / CENTS
