"""Reasons: why own servers cannot stand at a site, and what of the rest breaks a declared constraint.

Belongs here: what is impossible, as notes. Does not belong here: the checks themselves (rooms, readiness, optimal.pure).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from brytpunkt.planning.note import Note, decode, encode, encoded, several

if TYPE_CHECKING:
    from brytpunkt.planning.ledger.evaluate import Evaluation

LATE = Note("delivery_after_horizon")
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
    unfit: dict[tuple[str, str], list[Note]] = {}
    for site, mode, server, reason in (
        basis.unfit.sort("option").select(*place, "server_name", "reason").iter_rows()
    ):
        said = {"server": server, "reason": decode(reason)}
        unfit.setdefault((site, mode), []).append(Note("no_place", site, said))
    for site, mode in basis.options.select(place).unique().sort(place).iter_rows():
        unfit.setdefault((site, mode), []).append(LATE)
    built = set(evaluation.best.select(place).iter_rows())
    rows = [(*key, encoded(unfit.get(key, []))) for key in declared if key not in built]
    return pl.DataFrame(
        rows, schema={"site": pl.String, "mode": pl.String, "reason": pl.String}, orient="row"
    )


def own_reasons(evaluation: Evaluation) -> dict[str, str]:
    """Why nothing can be owned at a site -> an encoded note by site; sites where something can are left out."""
    built = set(evaluation.chosen["site"])
    rows = unbuilt(evaluation).filter(~pl.col("site").is_in(list(built)))
    found: dict[str, dict[str, None]] = {}
    for site, _, reason in rows.drop_nulls("reason").iter_rows():
        found.setdefault(site, {})[reason] = None  # what holds for both ways is said once
    return {site: encode(several([decode(part) for part in parts])) for site, parts in found.items()}


def breaks(constraints: tuple[str, ...]) -> Note:
    """The constraints that a strategy breaks."""
    return Note("breaks", None, {"constraints": constraints})
