"""Reasons: why own servers cannot stand at a site, and what of the rest breaks a declared constraint.

Belongs here: what is impossible, in words. Does not belong here: the checks themselves (rooms, readiness, optimal.pure).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    from brytpunkt.planning.ledger.evaluate import Evaluation

LATE = "the first delivery would fall after the horizon"
BECAUSE = "infeasible, because "
JOINED = "; "
BROKEN_SCHEMA = {"site": pl.String, "strategy": pl.String, "reason": pl.String}  # site null for rent


def unbuilt(evaluation: Evaluation) -> pl.DataFrame:
    """Declared ways to build that take no server, with every server and the limit that it breaks -> site, mode, reason."""
    basis = evaluation.basis
    declared = [
        (site.id, mode)
        for site in basis.plan.sites
        for mode, room in (("own_colocation", site.colocation), ("own_hall", site.own_hall))
        if room is not None
    ]
    place = ["site", "mode"]
    unfit = basis.unfit.sort("option").select(
        *place, why=pl.format("no place for {}: {}", "server_name", "reason")
    )
    late = basis.options.select(place).unique().sort(place).select(*place, why=pl.lit(LATE))
    return (
        pl.DataFrame(declared, schema={"site": pl.String, "mode": pl.String}, orient="row")
        .join(evaluation.best, on=place, how="anti")
        .join(pl.concat([unfit, late]), on=place, how="left", maintain_order="left_right")
        .group_by(place, maintain_order=True)
        .agg(reason=pl.col("why").str.join(JOINED))
    )


def own_reasons(evaluation: Evaluation) -> dict[str, str]:
    """Why nothing can be owned at a site -> by site; sites where something can are left out."""
    built = set(evaluation.chosen["site"])
    rows = unbuilt(evaluation).filter(~pl.col("site").is_in(list(built)))
    found: dict[str, dict[str, None]] = {}
    for site, _, reason in rows.iter_rows():
        found.setdefault(site, {})[reason] = None  # what holds for both ways is said once
    return {site: JOINED.join(parts) for site, parts in found.items()}


def breaks(constraints: tuple[str, ...]) -> str:
    """The constraints that a strategy breaks, in words."""
    *first, last = constraints
    return f"breaks the {', the '.join(first)} and the {last}" if first else f"breaks the {last}"
