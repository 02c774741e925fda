"""Contracts of facts about places beside the normals: the hottest year of a climate, and what industry pays."""

from __future__ import annotations

import dataframely as dy
import polars as pl

from brytpunkt.tables.provenance import Provenance, about


class HotYears(Provenance):
    """The hottest year of a place's history, by the dry bulb that 1 % of its readings exceed."""

    place = dy.String(primary_key=True, min_length=1, metadata=about("Place of the climate tables."))
    hot_year = dy.Int64(min=1900, max=2200, metadata=about("The hottest year."))
    years = dy.Int64(min=2, max=200, metadata=about("Whole years that were looked at.", "years"))
    hottest_p99_c = dy.Float64(
        min=-30, max=60, metadata=about("99 % of the hottest year's dry bulb.", "degC")
    )
    normal_p99_c = dy.Float64(min=-30, max=60, metadata=about("99 % of all years' dry bulb.", "degC"))

    @dy.rule()
    def hottest_is_not_below_normal(cls) -> pl.Expr:
        """The hottest of several years is no cooler than all of them together."""
        return pl.col("hottest_p99_c") >= pl.col("normal_p99_c")


class IndustrialBounds(Provenance):
    """What industry pays for electricity in a country, all in: a bound for a plan's price, never one to plan with."""

    country = dy.String(primary_key=True, min_length=2, max_length=2, metadata=about("Country."))
    half_year = dy.Date(metadata=about("First day of the half-year."))
    band = dy.String(metadata=about("Band of yearly consumption, as the publisher names it."))
    tax = dy.String(metadata=about("Which taxes are in, as the publisher names it."))
    eur_per_kwh = dy.Float64(min_exclusive=0, max=2, metadata=about("Price.", "EUR/kWh"))


PLACE_CONTRACTS: dict[str, type[Provenance]] = {"hot_years": HotYears, "industrial_bounds": IndustrialBounds}
