"""Names: every name that a declaration takes from the facts must exist there; all that do not, at once."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from typing import TYPE_CHECKING

import polars as pl

from brytpunkt.declarations import InlineServer
from brytpunkt.errors import InputError, Problem

if TYPE_CHECKING:
    from brytpunkt.declarations import Plan, Site, Workload
    from brytpunkt.planning.inputs.planning_inputs import Facts

LONGEST_LIST = 12


def check_names(plan: Plan, facts: Facts) -> None:
    """Raise ``InputError`` with one problem for each name that the facts do not hold."""
    problems = [
        *(p for workload in plan.workloads for p in _workload(workload, plan, facts)),
        *(p for site in plan.sites for p in _site(site, facts)),
        *_servers(plan, facts),
        *_rent(plan, facts),
    ]
    if problems:
        raise InputError(tuple(problems))


def _unknown(where: str, kind: str, name: str, known: Iterable[str]) -> list[Problem]:
    names = sorted({*known})
    if name in names:
        return []
    close = get_close_matches(name, names, n=1, cutoff=0.6)
    listed = ", ".join(names[:LONGEST_LIST]) + (" ..." if len(names) > LONGEST_LIST else "")
    hint = f"did you mean {close[0]!r}?" if close else f"known: {listed or 'none'}"
    return [Problem(where, f"the facts know no {kind} {name!r}", hint)]


def _names(frame: pl.DataFrame, column: str) -> list[str]:
    return [str(name) for name in frame[column].drop_nulls().unique()]


def _workload(workload: Workload, plan: Plan, facts: Facts) -> list[Problem]:
    where = f"workloads.{workload.id}"
    quoted = [offer.output_tokens_per_second for offer in plan.rent.offers]
    quoted += [s.output_tokens_per_second for s in plan.build.servers if isinstance(s, InlineServer)]
    inline = {model for rates in quoted for model in rates or {}}
    problems = []
    is_quoted = any(api.price is not None for api in workload.api_equivalents)
    if workload.model is not None and not is_quoted:  # what a quoted token API serves needs no benchmark
        known = {*_names(facts.benchmarks, "model"), *inline}
        problems += _unknown(f"{where}.model", "benchmark of a model named", workload.model, known)
    gpus = {
        *_names(facts.offers, "gpu_model"),
        *_names(facts.servers, "gpu_model"),
        *(offer.gpu_model for offer in plan.rent.offers),
        *(s.gpu_model for s in plan.build.servers if isinstance(s, InlineServer)),
    }
    if workload.demand.gpu_model is not None:
        problems += _unknown(f"{where}.demand.gpu_model", "GPU", workload.demand.gpu_model, gpus)
    for name in workload.demand.gpu_hour_ratios:
        problems += _unknown(f"{where}.demand.gpu_hour_ratios", "GPU", name.gpu_model, gpus)
    for position, api in enumerate(workload.api_equivalents):
        if api.price is not None:
            continue
        at = f"{where}.api_equivalents[{position}]"
        provider = _unknown(
            f"{at}.provider", "token API of", api.provider, _names(facts.token_prices, "provider")
        )
        models = facts.token_prices.filter(pl.col("provider") == api.provider)
        problems += provider or _unknown(
            f"{at}.model", f"{api.provider} model", api.model, _names(models, "model")
        )
    return problems


def _site(site: Site, facts: Facts) -> list[Problem]:
    where, energy = f"sites.{site.id}", site.energy
    problems = []
    if site.climate is not None and site.pue is None:
        problems += _climate(site.climate, f"{where}.climate", facts)
    if site.heat is not None and site.heat.price is not None:
        problems += _unknown(
            f"{where}.heat.price", "heat price", site.heat.price, _names(facts.heat_prices, "heat_price")
        )
    if energy.price_per_kwh is not None:
        return problems
    if energy.tariff is not None:
        problems += _tariff(site, energy.tariff, facts)
    if site.zone is not None:
        problems += _unknown(
            f"{where}.zone", "day-ahead price of zone", site.zone, _names(facts.day_ahead_shape, "zone")
        )
    if energy.tax is None:
        taxes = facts.energy_taxes.filter(pl.col("country") == site.country)
        problems += _unknown(
            f"{where}.energy.tax_segment",
            f"energy tax of {site.country} for",
            energy.tax_segment,
            _names(taxes, "segment"),
        )
    if energy.grid_fee is not None:
        problems += _unknown(
            f"{where}.energy.grid_fee", "grid tariff", energy.grid_fee, _names(facts.grid_fees, "grid_fee")
        )
    return problems


def _climate(place: str, where: str, facts: Facts) -> list[Problem]:
    """The climate must be known; of a place whose weather is not bundled, how to get it is said."""
    known = _names(facts.climate_hours, "place")
    if place not in known and place in _names(facts.places, "place"):
        hint = f"run `brytpunkt refresh open-meteo`, pin pue, or use one of {', '.join(sorted(known))}"
        return [Problem(where, f"the weather of {place} is not bundled", hint)]
    return _unknown(where, "climate of", place, known)


def _tariff(site: Site, name: str, facts: Facts) -> list[Problem]:
    """A named tariff must exist, be of the country, and have bands that fit."""
    where = f"sites.{site.id}.energy.tariff"
    rows = facts.grid_tariffs.filter(pl.col("tariff") == name)
    if rows.is_empty():
        return _unknown(where, "grid tariff", name, _names(facts.grid_tariffs, "tariff"))
    country = str(rows["country"][0])
    if country != site.country:
        own = facts.grid_tariffs.filter(pl.col("country") == site.country)
        hint = f"tariffs of {site.country}: {', '.join(sorted(_names(own, 'tariff'))) or 'none'}"
        return [Problem(where, f"the tariff {name!r} is for {country}, the site is in {site.country}", hint)]
    return []


def _servers(plan: Plan, facts: Facts) -> list[Problem]:
    known = _names(facts.servers, "server")
    return [
        problem
        for server in plan.build.servers
        if not isinstance(server, InlineServer)
        for problem in _unknown(f"build.servers.{server.catalog}", "server", server.catalog, known)
    ]


def _rent(plan: Plan, facts: Facts) -> list[Problem]:
    rent = plan.rent
    known = {*_names(facts.offers, "provider"), *(offer.provider for offer in rent.offers)}
    gpus = {*_names(facts.offers, "gpu_model"), *(offer.gpu_model for offer in rent.offers)}
    named = [("providers", "provider", name, known) for name in rent.providers or ()]
    named += [("exclude_providers", "provider", name, known) for name in rent.exclude_providers]
    named += [("gpu_models", "rented GPU", name, gpus) for name in rent.gpu_models or ()]
    return [
        problem for key, kind, name, names in named for problem in _unknown(f"rent.{key}", kind, name, names)
    ]
