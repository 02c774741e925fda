"""Limits: the declared constraints as arrays, and which of them a dispatched mix breaks."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from brytpunkt.declarations.values.geography import zones_of
from brytpunkt.planning.energy.site_prices import carbon_intensity, newest_intensities
from brytpunkt.planning.inputs.units import CENTS, GRAMS_PER_KG, KG_PER_TONNE, MONTHS_PER_YEAR
from brytpunkt.planning.optimal.formulation import BUDGET, CARBON, SOVEREIGN, Limits
from brytpunkt.planning.rent.offers import api_operators, sovereign_offers

if TYPE_CHECKING:
    from brytpunkt.planning.inputs.planning_inputs import Facts
    from brytpunkt.planning.ledger.prepare import Basis
    from brytpunkt.planning.optimal.dispatch import Dispatched
    from brytpunkt.planning.optimal.milp import Floats
    from brytpunkt.planning.optimal.problem import Field

FORGIVEN = 1e-6


def limits_of(basis: Basis, facts: Facts, field: Field) -> Limits:
    """The plan's constraints; an offer whose region's grid is unknown counts as the dirtiest known one."""
    declared = basis.plan.constraints
    years = -(-field.horizon // MONTHS_PER_YEAR)
    by_year = declared.budget_by_year or (
        (declared.budget_per_year,) if declared.budget_per_year is not None else None
    )
    budget = None
    if by_year is not None:
        amounts = [basis.fx.convert(money) for money in by_year]
        budget = np.array([amounts[min(year, len(amounts) - 1)] for year in range(years)])
    carbon = declared.carbon_tonnes_per_year
    offers = _offers(basis)
    intensity = newest_intensities(facts)
    dirtiest = max(intensity.values(), default=0.0)
    per_hour = declared.rented_kw_per_gpu * declared.rented_pue / GRAMS_PER_KG
    return Limits(
        budget=budget,
        fixed_cash=_by_year(field.staff),
        sovereign=declared.sovereign_share,
        sovereign_offers=sovereign_offers(basis.market.offers, basis.market.apis),
        carbon=None if carbon is None else np.full(years, carbon * KG_PER_TONNE),
        site_kg={
            site.id: (carbon_intensity(site, facts) or dirtiest) / GRAMS_PER_KG for site in basis.plan.sites
        },
        offer_kg={name: _of_country(intensity, country, dirtiest) * per_hour for name, _, country in offers},
    )


def tightened(limits: Limits, share: float) -> Limits:
    """The same limits, each narrower by a share."""
    return replace(
        limits,
        budget=None if limits.budget is None else limits.budget * (1 - share),
        sovereign=None if limits.sovereign is None else min(1.0, limits.sovereign * (1 + share)),
        carbon=None if limits.carbon is None else limits.carbon * (1 - share),
    )


def _of_country(intensity: dict[str, float], country: str | None, dirtiest: float) -> float:
    """Mean intensity of a country's zones. [gCO2e/kWh]"""
    zones = [intensity[zone] for zone in zones_of(country or "") if zone in intensity]
    if zones:
        return sum(zones) / len(zones)
    return intensity.get(country or "", dirtiest)


def _offers(basis: Basis) -> list[tuple[str, str, str | None]]:
    """Every offer and token API with its provider and country."""
    rented = basis.market.offers.select("offer", "provider", "country").unique("offer").sort("offer")
    return [*rented.iter_rows(), *api_operators(basis.market.apis).iter_rows()]


def _by_year(monthly: Floats) -> Floats:
    return np.add.reduceat(monthly, np.arange(0, monthly.size, MONTHS_PER_YEAR))


def broken(limits: Limits, field: Field, done: Dispatched) -> tuple[str, ...]:
    """The declared constraints that a dispatched mix breaks."""
    found = []
    years = -(-field.horizon // MONTHS_PER_YEAR)
    if limits.budget is not None:
        cash = done.flows.filter(pl.col("timing") != "horizon")
        spent = _yearly(cash, "amount", years)
        if limits.fixed_cash is not None:
            spent = spent + limits.fixed_cash
        if (spent > limits.budget * (1 + FORGIVEN)).any():
            found.append(BUDGET)
    hours = _work(field, done)
    if limits.sovereign is not None:
        sovereign = hours.filter(
            (pl.col("by") == "own") | pl.col("item").is_in(sorted(limits.sovereign_offers))
        )["gpu_hours"].sum()
        if sovereign < limits.sovereign * field.gpu_hours.sum() * (1 - FORGIVEN):
            found.append(SOVEREIGN)
    if limits.carbon is not None:
        kg = _yearly(carbon_of(limits, field, done), "kg", years)
        if (kg > limits.carbon * (1 + FORGIVEN)).any():
            found.append(CARBON)
    return tuple(found)


def over_budget(limits: Limits, ledger: pl.DataFrame, field: Field) -> tuple[str, ...]:
    """Whether a strategy's ledger, platform staff included, spends more than the budget of any plan year."""
    if limits.budget is None:
        return ()
    cash = ledger.filter(pl.col("timing") != "horizon").with_columns(amount=pl.col("cents") / CENTS)
    spent = _yearly(cash, "amount", -(-field.horizon // MONTHS_PER_YEAR))
    return (BUDGET,) if (spent > limits.budget * (1 + FORGIVEN)).any() else ()


def _work(field: Field, done: Dispatched) -> pl.DataFrame:
    hours = pl.DataFrame(
        {
            "workload": np.repeat(field.workloads, field.horizon),
            "month": np.tile(np.arange(field.horizon), len(field.workloads)),
            "work": field.gpu_hours.ravel(),
        }
    )
    return done.served.join(hours, on=["workload", "month"]).with_columns(
        gpu_hours=pl.col("share") * pl.col("work")
    )


def carbon_of(limits: Limits, field: Field, done: Dispatched) -> pl.DataFrame:
    """Operational carbon of a mix -> month, by (own, rented), kg."""
    rented = (
        _work(field, done)
        .filter(pl.col("by") != "own")
        .with_columns(
            kg=pl.col("gpu_hours")
            * pl.col("item").replace_strict(limits.offer_kg, default=0.0, return_dtype=pl.Float64)
        )
        .group_by("month")
        .agg(pl.col("kg").sum())
        .with_columns(by=pl.lit("rented"))
    )
    if done.energy.is_empty():
        return rented.select("month", "by", "kg").sort("month")
    own = (
        done.energy.with_columns(site=pl.col("option").str.split("/").list.first())
        .with_columns(
            kg=pl.col("total_kwh") * pl.col("site").replace_strict(limits.site_kg, return_dtype=pl.Float64)
        )
        .group_by("month")
        .agg(pl.col("kg").sum())
        .with_columns(by=pl.lit("own"))
    )
    return pl.concat([own.select("month", "by", "kg"), rented.select("month", "by", "kg")]).sort(
        "month", "by"
    )


def _yearly(rows: pl.DataFrame, column: str, years: int) -> Floats:
    months = rows["month"].to_numpy() // MONTHS_PER_YEAR
    return np.bincount(months, weights=rows[column].to_numpy(), minlength=years).astype(np.float64)
