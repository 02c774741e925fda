"""Kept optima: the optimal plan's orders and signatures, as decided, priced in another world without choosing anew."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import polars as pl

from brytpunkt.planning.inputs.money import monthly_rate
from brytpunkt.planning.ledger.ledger import staff_value
from brytpunkt.planning.optimal.dispatch import dispatch
from brytpunkt.planning.optimal.mix import Mix
from brytpunkt.planning.optimal.problem import field_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from brytpunkt.planning.ledger.prepare import Basis
    from brytpunkt.planning.optimal.problem import Field


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


def kept_mixes(basis: Basis, optima: Sequence[KeptOptimum]) -> dict[str, tuple[Field, Mix]]:
    """Kept decisions as mixes of a world -> by site; left out where an option or a committed offer is not there."""
    wanted = {option for kept in optima for option, _, _ in kept.bought}
    whole = field_of(basis, basis.options.filter(pl.col("option").is_in(sorted(wanted))))
    pools = {pool.option: pool for pool in whole.pools}
    terms = {(whole.workloads[term.workload], term.offer): at for at, term in enumerate(whole.terms)}
    found = {}
    for kept in optima:
        options = sorted({option for option, _, _ in kept.bought})
        offers = [(workload, offer) for workload, offer, _, _ in kept.signed]
        if all(option in pools for option in options) and all(offer in terms for offer in offers):
            mix = Mix(
                tuple((options.index(option), month, count) for option, month, count in kept.bought),
                tuple(
                    (terms[workload, offer], month, count) for workload, offer, month, count in kept.signed
                ),
            )
            found[kept.site] = (replace(whole, pools=tuple(pools[option] for option in options)), mix)
    return found


def kept_values(basis: Basis, optima: Sequence[KeptOptimum]) -> dict[str, float]:
    """Present value of kept decisions in a world, platform staff included [plan currency] -> by site.

    What is rented adapts hour by hour. A site is left out where an option or a committed offer does not exist there.
    """
    plan = basis.plan
    rate = monthly_rate(plan.finance)
    done = {site: dispatch(plan, field, mix) for site, (field, mix) in kept_mixes(basis, optima).items()}
    return {
        site: found.present_value(rate) + staff_value(plan, basis, runs_gpus=found.runs_gpus)
        for site, found in done.items()
    }
