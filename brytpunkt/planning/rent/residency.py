"""Residency: what is left out because a workload may not run or keep its data there, each with its reason.

Belongs here: the question whether a place is within a workload's residency, and the answer as a note. A place that nobody
stated is not within; an offer that is quoted in the plan without a country is its author's word, and is said.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from brytpunkt.declarations import AREAS
from brytpunkt.planning.note import Note, decode, encode
from brytpunkt.planning.own.storage import storage_of

if TYPE_CHECKING:
    from brytpunkt.declarations import ApiEquivalent, Plan, Workload
    from brytpunkt.planning.note import Argument

LEFT_OUT = {"workload": pl.String, "kind": pl.String, "item": pl.String, "reason": pl.String}
UNSTATED = Note("place_not_declared")
LARGEST_LIST = 10  # countries that a sentence lists; a larger area is known by its name


def residency_of(workload: Workload) -> str:
    """A workload's residency in words, as in ``nordic (DK, FI, IS, NO, SE)``."""
    countries = AREAS.get(workload.residency, frozenset())
    listed = f" ({', '.join(sorted(countries))})" if 0 < len(countries) <= LARGEST_LIST else ""
    return f"{workload.residency}{listed}"


def offers_within(workload: Workload) -> pl.Expr:
    """Whether a rented instance is within a workload's residency: column ``country``, and ``is_quoted`` in the plan."""
    allowed = workload.may_be_in
    if allowed is None:
        return pl.lit(value=True)
    unstated = pl.col("country").is_null() & pl.col("is_quoted")
    return pl.col("country").is_in(sorted(allowed)).fill_null(value=False) | unstated


def api_outside(workload: Workload, api: ApiEquivalent) -> Note | None:
    """Why a token API may not serve a workload, as a note; None where it may."""
    allowed = workload.may_be_in
    if allowed is None:
        return None
    if api.countries is None:
        return UNSTATED
    if api.countries <= allowed:
        return None
    if api.country:
        return Note("served_in", None, {"country": api.country})
    return Note("served_in_region", None, {"region": api.region or ""})


def outside(plan: Plan) -> pl.DataFrame:
    """Token APIs, quoted offers and sites that a workload's residency forbids -> ``LEFT_OUT``.

    ``kind``: api, offer, site.
    """
    rows = []
    for workload in plan.workloads:
        rows += [
            (workload.id, "api", f"{api.provider}/{api.model}", encode(reason))
            for api in workload.api_equivalents
            if (reason := api_outside(workload, api)) is not None
        ]
        allowed = workload.may_be_in
        if allowed is None:
            continue
        places = [("offer", offer.id, offer.country) for offer in plan.rent.offers]
        places += [("site", site.id, site.country) for site in plan.sites]
        rows += [
            (workload.id, kind, item, encode(Note("located_in", None, {"country": country})))
            for kind, item, country in places
            if country is not None and country not in allowed
        ]
    return pl.DataFrame(rows, schema=LEFT_OUT, orient="row")


def away_from(plan: Plan, options: pl.DataFrame, left_out: pl.DataFrame) -> pl.DataFrame:
    """Options at sites that some workload's residency forbids -> option, site, mode, server_name, reason.

    Own servers serve every workload, so a site must be allowed to all of them.
    """
    named = {workload.id: f"{workload.id} ({workload.residency})" for workload in plan.workloads}
    countries = {site.id: site.country for site in plan.sites}
    why = (
        left_out.filter(pl.col("kind") == "site")
        .with_columns(pl.col("workload").replace_strict(named, return_dtype=pl.String))
        .group_by(site="item", maintain_order=True)
        .agg(workloads=pl.col("workload").str.join(", "))
        .with_columns(country=pl.col("site").replace_strict(countries, return_dtype=pl.String))
    )
    reasons = [
        encode(Note("may_not_be_in", site, {"workloads": names, "country": country}))
        for site, names, country in why.select("site", "workloads", "country").iter_rows()
    ]
    why = why.select("site", pl.Series("reason", reasons, dtype=pl.String))
    return options.join(why, on="site", maintain_order="left").select(
        "option", "site", "mode", "server_name", "reason"
    )


def residency_notes(plan: Plan, left_out: pl.DataFrame) -> list[Note]:
    """What was left out of renting and why, and what is within a residency by the plan's word alone."""
    workloads = {workload.id: workload for workload in plan.workloads}
    rows = []
    for name, kind, item, reason in left_out.filter(pl.col("kind") != "site").iter_rows():
        said: dict[str, Argument] = {
            "workload": workloads[name].name,
            "reason": decode(reason),
            "residency": residency_of(workloads[name]),
        }
        rows.append(
            Note("token_api_left_out", None, {**said, "api": item})
            if kind == "api"
            else Note("offer_left_out", None, {**said, "offer": item})
        )
    if encode(UNSTATED) in left_out["reason"].to_list():
        rows.append(Note("declare_where_served"))
    kept = [workload for workload in plan.workloads if workload.may_be_in is not None]
    unstated = [offer.id for offer in plan.rent.offers if offer.country is None]
    if kept and unstated:
        names = tuple(workload.name for workload in kept)
        rows.append(Note("offers_without_country", None, {"offers": tuple(unstated), "workloads": names}))
    stored = [workload.name for workload in kept if storage_of(workload) is not None]
    if stored:
        rows.append(Note("storage_without_country", None, {"workloads": tuple(stored)}))
    return rows
