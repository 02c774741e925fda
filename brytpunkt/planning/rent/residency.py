"""Residency: what is left out because a workload may not run or keep its data there, each with its reason.

Belongs here: the question whether a place is within a workload's residency, and the answer in words. A place that nobody
stated is not within; an offer that is quoted in the plan without a country is its author's word, and is said.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from brytpunkt.declarations import AREAS
from brytpunkt.planning.own.storage import storage_of

if TYPE_CHECKING:
    from brytpunkt.declarations import ApiEquivalent, Plan, Workload

LEFT_OUT = {"workload": pl.String, "kind": pl.String, "item": pl.String, "reason": pl.String}
UNSTATED = "where it is served is not declared"
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


def api_outside(workload: Workload, api: ApiEquivalent) -> str | None:
    """Why a token API may not serve a workload, as a clause; None where it may."""
    allowed = workload.may_be_in
    if allowed is None:
        return None
    if api.countries is None:
        return UNSTATED
    if api.countries <= allowed:
        return None
    return (
        f"it is served in {api.country}"
        if api.country
        else f"it is served somewhere in the region {api.region}"
    )


def outside(plan: Plan) -> pl.DataFrame:
    """Token APIs, quoted offers and sites that a workload's residency forbids -> ``LEFT_OUT``.

    ``kind``: api, offer, site.
    """
    rows = []
    for workload in plan.workloads:
        rows += [
            (workload.id, "api", f"{api.provider}/{api.model}", reason)
            for api in workload.api_equivalents
            if (reason := api_outside(workload, api)) is not None
        ]
        allowed = workload.may_be_in
        if allowed is None:
            continue
        places = [("offer", offer.id, offer.country) for offer in plan.rent.offers]
        places += [("site", site.id, site.country) for site in plan.sites]
        rows += [
            (workload.id, kind, item, f"it is in {country}")
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
        .select("site", reason=pl.format("{} may not be in {}", "workloads", "country"))
    )
    return options.join(why, on="site", maintain_order="left").select(
        "option", "site", "mode", "server_name", "reason"
    )


def residency_notes(plan: Plan, left_out: pl.DataFrame) -> list[str]:
    """What was left out of renting and why, and what is within a residency by the plan's word alone."""
    workloads = {workload.id: workload for workload in plan.workloads}
    rows = []
    for name, kind, item, reason in left_out.filter(pl.col("kind") != "site").iter_rows():
        what = "token API" if kind == "api" else "offer"
        rows.append(
            f"{workloads[name].name}: the {what} {item} is left out: {reason}, and the workload stays within "
            f"{residency_of(workloads[name])}."
        )
    if UNSTATED in left_out["reason"].to_list():
        rows.append(
            "Where a contract says where a token API is served, declare `country` or `region` under api_equivalents."
        )
    kept = [workload for workload in plan.workloads if workload.may_be_in is not None]
    unstated = [offer.id for offer in plan.rent.offers if offer.country is None]
    if kept and unstated:
        rows.append(
            f"The offers {', '.join(unstated)} name no country: the plan takes them to satisfy the residency of "
            f"{', '.join(workload.name for workload in kept)}."
        )
    stored = [workload.name for workload in kept if storage_of(workload) is not None]
    if stored:
        rows.append(
            f"The price of rented storage names no country: what {', '.join(stored)} keeps must be rented within its "
            "residency."
        )
    return rows
