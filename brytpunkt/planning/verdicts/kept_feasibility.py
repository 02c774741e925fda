"""Kept ruling: what a plan's constraints rule out, and what keeps to them, where nothing is optimised anew."""

from __future__ import annotations

from typing import TYPE_CHECKING

from brytpunkt.planning.inputs.units import CENTS
from brytpunkt.planning.optimal.dispatch import dispatch
from brytpunkt.planning.optimal.kept_orders import kept_mixes
from brytpunkt.planning.optimal.limits import broken, limits_of
from brytpunkt.planning.optimal.pure_strategies import breaking, broken_frame, rented_field
from brytpunkt.planning.verdicts.feasibility import OWN_MODES, Kept, ruling
from brytpunkt.planning.verdicts.verdicts import rent_value

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import polars as pl

    from brytpunkt.planning.inputs.planning_inputs import Facts
    from brytpunkt.planning.ledger.evaluate import Evaluation
    from brytpunkt.planning.optimal.kept_orders import KeptOptimum


def kept_ruling(
    evaluation: Evaluation,
    facts: Facts,
    sources: Mapping[str, str],
    mixes: Sequence[KeptOptimum],
    values: Mapping[str, float],
) -> pl.DataFrame:
    """The ruling of each site, whose plan is the stored one, else renting, else owning, whichever keeps to the constraints.

    ``sources``: the strategy that each site's stored plan is; ``mixes`` the decisions of those that mix; ``values``: what the
    stored plans cost here [plan currency]. -> ``feasibility.RULING_SCHEMA``
    """
    basis = evaluation.basis
    limits = limits_of(basis, facts, rented_field(basis))
    ruled_out = breaking(evaluation, limits)
    found: dict[str, Kept | None] = {}
    for site, (field, mix) in kept_mixes(basis, mixes).items():
        if not broken(limits, field, dispatch(basis.plan, field, mix)):
            found[site] = Kept(values[site], min((month for _, month, _ in mix.bought), default=None))
    for site, source in sources.items():
        if source in OWN_MODES and site in values and (site, source) not in ruled_out:
            found[site] = Kept(values[site], 0)
    own = {site: cents / CENTS for site, cents in evaluation.chosen.select("site", "pv_cents").iter_rows()}
    for site in (site.id for site in basis.plan.sites):
        if site in found:
            continue
        if (None, "rent") not in ruled_out:
            found[site] = Kept(rent_value(evaluation), None)
        elif site in own and (site, "own") not in ruled_out:
            found[site] = Kept(own[site], 0)
        else:
            found[site] = None
    return ruling(evaluation, broken_frame(ruled_out), found)
