"""Contracts of the energy rules: taxes, grid tariffs, heat prices, connection times and comparator sites.

Merged into ``CONTRACTS``; read there by everybody. Rows without a sourced figure are marked estimated or suspect.
"""

from __future__ import annotations

import dataframely as dy
import polars as pl

from brytpunkt.tables.provenance import CURRENCIES, PRICE_DECIMALS, Provenance, about

TAX_KINDS = ["rate", "deduction", "levy", "relief", "vat"]
TAX_UNITS = {"rate": "per_kwh", "deduction": "per_kwh", "levy": "per_kwh", "relief": "share", "vat": "share"}
USES = ["any", "datacentre", "process", "comfort", "manufacturing"]
AREAS = ["any", "north", "tiltakssone"]
CHARGES = {
    "energy": ["per_kwh"],
    "peak_month": ["per_kw_year"],
    "peak_year": ["per_kw_year"],
    "peak_four": ["per_kw_year"],
    "subscription": ["per_kw_year"],
    "fixed": ["per_year"],
}
HIGHEST_MONTHS = 240


class TaxRules(Provenance):
    """Electricity tax as dated, conditional rows; of the rates that apply, the most specific one is paid."""

    country = dy.String(primary_key=True, min_length=2, max_length=2, metadata=about("Country."))
    rule = dy.String(primary_key=True, min_length=1, metadata=about("Name of the rule."))
    kind = dy.String(metadata=about("rate, deduction from it, levy on top, relief (a share of it) or vat."))
    use = dy.String(metadata=about("Use of the energy that the rule is for; any."))
    area = dy.String(metadata=about("Class of municipality that the rule is for; any."))
    flag = dy.String(metadata=about("Eligibility that the plan must declare; empty: none."))
    band_from_kwh_per_year = dy.Float64(
        primary_key=True, min=0, metadata=about("Yearly use from which the rate holds.", "kWh/year")
    )
    value_native = dy.Decimal(*PRICE_DECIMALS, min=0, max=500, metadata=about("The figure.", "as in unit"))
    unit = dy.String(metadata=about("per_kwh or share."))
    native_currency = dy.String(metadata=about("Currency of the rate."))
    valid_from = dy.Date(primary_key=True, metadata=about("First day in force."))
    valid_to = dy.Date(nullable=True, metadata=about("First day no longer in force."))

    @dy.rule()
    def kind_has_its_unit(cls) -> pl.Expr:
        """Rates by kWh, reliefs and VAT as shares."""
        return pl.col("unit") == pl.col("kind").replace_strict(TAX_UNITS, default="")

    @dy.rule()
    def conditions_are_known(cls) -> pl.Expr:
        """A use and an area that a plan can declare."""
        return pl.col("use").is_in(USES) & pl.col("area").is_in(AREAS)

    @dy.rule()
    def ends_after_it_begins(cls) -> pl.Expr:
        """An end lies after the beginning."""
        return (pl.col("valid_to") > pl.col("valid_from")).fill_null(value=True)

    @dy.rule()
    def share_is_a_share(cls) -> pl.Expr:
        """A share is at most one."""
        return (pl.col("unit") != "share") | (pl.col("value_native") <= 1)

    @dy.rule()
    def currency_is_known(cls) -> pl.Expr:
        """A currency with an exchange rate."""
        return pl.col("native_currency").is_in(CURRENCIES)


class GridTariffs(Provenance):
    """Grid tariffs, a row for each element (and each band of it), with the hours in which it is charged."""

    tariff = dy.String(primary_key=True, min_length=1, metadata=about("Name of the tariff."))
    country = dy.String(min_length=2, max_length=2, metadata=about("Country."))
    operator = dy.String(metadata=about("Grid operator."))
    level = dy.String(metadata=about("Voltage level."))
    element = dy.String(primary_key=True, min_length=1, metadata=about("Name of the element."))
    charge = dy.String(metadata=about("energy, peak_month, peak_year, peak_four, subscription or fixed."))
    band_from = dy.Float64(
        primary_key=True, min=0, metadata=about("Lower edge of the band.", "kW, or kWh a month")
    )
    band_rule = dy.String(metadata=about("parts: each part at its own rate; whole: all at the rate reached."))
    value_native = dy.Decimal(*PRICE_DECIMALS, min=0, metadata=about("Fee, VAT excluded.", "as in unit"))
    unit = dy.String(metadata=about("per_kwh, per_kw_year or per_year."))
    native_currency = dy.String(metadata=about("Currency of the fee."))
    months = dy.String(metadata=about("First and last month, as 11-3; empty: all.", "month"))
    days = dy.String(metadata=about("weekday, weekend or empty: all."))
    hours = dy.String(metadata=about("From and to, local time, as 6-22; empty: all.", "h"))
    valid_from = dy.Date(primary_key=True, metadata=about("First day in force."))
    valid_to = dy.Date(nullable=True, metadata=about("First day no longer in force."))

    @dy.rule()
    def charge_has_its_unit(cls) -> pl.Expr:
        """Energy by kWh, power by kW and year, fixed fees by year."""
        units = {charge: names[0] for charge, names in CHARGES.items()}
        return pl.col("unit") == pl.col("charge").replace_strict(units, default="")

    @dy.rule()
    def window_is_readable(cls) -> pl.Expr:
        """Months and hours as two numbers, days as a word."""
        return (
            pl.col("months").str.contains(r"^((1[0-2]|[1-9])-(1[0-2]|[1-9]))?$")
            & pl.col("hours").str.contains(r"^((2[0-3]|1?[0-9])-(2[0-4]|1?[0-9]))?$")
            & pl.col("days").is_in(["", "weekday", "weekend"])
        )

    @dy.rule()
    def band_rule_is_known(cls) -> pl.Expr:
        """One of the two ways to read bands."""
        return pl.col("band_rule").is_in(["parts", "whole"])

    @dy.rule()
    def currency_is_known(cls) -> pl.Expr:
        """A currency with an exchange rate."""
        return pl.col("native_currency").is_in(CURRENCIES)


class HeatPrices(Provenance):
    """What a district heating network pays for heat, by outdoor temperature; straight lines between points."""

    heat_price = dy.String(primary_key=True, min_length=1, metadata=about("Name of the price."))
    country = dy.String(min_length=2, max_length=2, metadata=about("Country."))
    operator = dy.String(metadata=about("Who buys the heat."))
    outdoor_c = dy.Float64(primary_key=True, min=-60, max=60, metadata=about("Outdoor temperature.", "degC"))
    price_native_per_mwh = dy.Float64(min=0, max=50_000, metadata=about("Price.", "native currency per MWh"))
    native_currency = dy.String(metadata=about("Currency of the price."))

    @dy.rule()
    def currency_is_known(cls) -> pl.Expr:
        """A currency with an exchange rate."""
        return pl.col("native_currency").is_in(CURRENCIES)


class ConnectionTimes(Provenance):
    """How long a grid connection takes, by country and size, as a range."""

    country = dy.String(primary_key=True, min_length=2, max_length=2, metadata=about("Country."))
    kind = dy.String(primary_key=True, metadata=about("brownfield (power at the site) or new."))
    size_from_mw = dy.Float64(primary_key=True, min=0, metadata=about("Smallest size.", "MW"))
    size_to_mw = dy.Float64(min_exclusive=0, metadata=about("First size that is larger.", "MW"))
    low_months = dy.Int64(min=0, max=HIGHEST_MONTHS, metadata=about("Quick.", "months"))
    mode_months = dy.Int64(min=0, max=HIGHEST_MONTHS, metadata=about("Usual.", "months"))
    high_months = dy.Int64(min=0, max=HIGHEST_MONTHS, metadata=about("Slow.", "months"))
    queue_gw = dy.Float64(nullable=True, min=0, metadata=about("Requests waiting.", "GW"))

    @dy.rule()
    def range_is_in_order(cls) -> pl.Expr:
        """Quick, usual, slow."""
        return (pl.col("low_months") <= pl.col("mode_months")) & (
            pl.col("mode_months") <= pl.col("high_months")
        )

    @dy.rule()
    def size_is_in_order(cls) -> pl.Expr:
        """From below to."""
        return pl.col("size_from_mw") < pl.col("size_to_mw")


class Comparators(Provenance):
    """Places outside the Nordics that every plan is compared with."""

    comparator = dy.String(primary_key=True, min_length=1, metadata=about("Id."))
    name = dy.String(min_length=1, metadata=about("Display name."))
    country = dy.String(min_length=2, max_length=2, metadata=about("Country."))
    zone = dy.String(nullable=True, metadata=about("Bidding zone; empty: a flat price stands for spot."))
    climate = dy.String(min_length=1, metadata=about("Place of the climate tables."))
    carbon_zone = dy.String(min_length=1, metadata=about("Zone of the carbon intensities."))
    spot_native_per_kwh = dy.Float64(
        nullable=True, min=0, metadata=about("Flat price where there is no zone.", "native currency per kWh")
    )
    grid_native_per_kwh = dy.Float64(min=0, metadata=about("Grid fee.", "native currency per kWh"))
    grid_native_per_kw_year = dy.Float64(
        min=0, metadata=about("Grid fee on the year's peak.", "native currency per kW and year")
    )
    native_currency = dy.String(metadata=about("Currency of the figures."))

    @dy.rule()
    def has_a_price(cls) -> pl.Expr:
        """A zone or a flat price."""
        return pl.col("zone").is_not_null() | pl.col("spot_native_per_kwh").is_not_null()

    @dy.rule()
    def currency_is_known(cls) -> pl.Expr:
        """A currency with an exchange rate."""
        return pl.col("native_currency").is_in(CURRENCIES)


ENERGY_CONTRACTS: dict[str, type[Provenance]] = {
    "tax_rules": TaxRules,
    "grid_tariffs": GridTariffs,
    "heat_prices": HeatPrices,
    "connection_times": ConnectionTimes,
    "comparators": Comparators,
}
