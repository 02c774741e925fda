"""Pure: the strategies that mix nothing, and which declared constraints each of them breaks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from brytpunkt.planning.note import encode
from brytpunkt.planning.optimal.dispatch import Dispatched, dispatch
from brytpunkt.planning.optimal.formulation import BUDGET
from brytpunkt.planning.optimal.limits import broken, over_budget
from brytpunkt.planning.optimal.mix import Mix
from brytpunkt.planning.optimal.problem import field_of
from brytpunkt.planning.optimal.shocks import rent_shares
from brytpunkt.planning.own.reasons import BROKEN_SCHEMA, breaks

if TYPE_CHECKING:
    from brytpunkt.planning.ledger.evaluate import Evaluation
    from brytpunkt.planning.ledger.prepare import Basis
    from brytpunkt.planning.optimal.formulation import Limits
    from brytpunkt.planning.optimal.problem import Field

Broken = dict[tuple[str | None, str], tuple[str, ...]]  # site (None: rent), strategy -> constraints


def breaking(evaluation: Evaluation, limits: Limits) -> Broken:
    """Pure strategies that break a declared constraint, ordered at the start; nothing where none is declared."""
    if not limits.names[1:]:
        return {}
    field = rented_field(evaluation.basis)
    found: Broken = {}
    for name in evaluation.rent["strategy"].unique().sort():
        found[None, name] = _rent_breaks(evaluation, limits, field, name)
    for site, mode, option in (
        evaluation.best.select("site", "mode", "option").sort("site", "mode").iter_rows()
    ):
        found[site, mode] = _own_breaks(evaluation, limits, option)
    for site, mode in evaluation.chosen.join(evaluation.best, on="option").select("site", "mode").iter_rows():
        found[site, "own"] = found[site, mode]
    return {key: why for key, why in found.items() if why}


def broken_frame(ruled_out: Broken) -> pl.DataFrame:
    """Strategies that break a constraint, and which -> ``reasons.BROKEN_SCHEMA``."""
    rows = [(site, strategy, encode(breaks(why))) for (site, strategy), why in ruled_out.items()]
    return pl.DataFrame(rows, schema=BROKEN_SCHEMA, orient="row")


def rented_field(basis: Basis) -> Field:
    """The field of a plan that owns nothing."""
    return field_of(basis, basis.options.clear())


def _rent_breaks(evaluation: Evaluation, limits: Limits, field: Field, strategy: str) -> tuple[str, ...]:
    """Constraints that a rent strategy breaks."""
    undispatched = Dispatched((), tuple(rent_shares(evaluation, field, strategy)), pl.DataFrame(), field)
    rows = evaluation.rent.filter(pl.col("strategy") == strategy)
    return (*over_budget(limits, rows, field), *broken(limits, field, undispatched))


def _own_breaks(evaluation: Evaluation, limits: Limits, option: str) -> tuple[str, ...]:
    basis = evaluation.basis
    field = field_of(basis, basis.options.filter(pl.col("option") == option))
    bought = evaluation.schedule.bought.filter(pl.col("option") == option)
    lead = field.pools[0].delivery(0)
    mix = Mix(
        tuple((0, int(d) - lead, int(n)) for d, n in bought.select("delivery_month", "servers").iter_rows()),
        (),
    )
    done = dispatch(basis.plan, field, mix)
    rows = evaluation.own.filter(pl.col("option") == option)
    return (
        *over_budget(limits, rows, field),
        *(name for name in broken(limits, field, done) if name != BUDGET),
    )
