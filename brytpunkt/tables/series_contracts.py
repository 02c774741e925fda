"""Contracts of the series: intervals of price, hours of weather, and what was found odd in them.

They are too long for the planning inputs; planning reads the tables derived from them.
"""

from __future__ import annotations

import dataframely as dy
import polars as pl

from brytpunkt.tables.provenance import CURRENCIES, Provenance, about

RESOLUTIONS = [15, 30, 60]
LOWEST_CELSIUS, HIGHEST_CELSIUS = -60.0, 60.0


class DayAheadIntervals(Provenance):
    """Day-ahead prices as published: an interval of a zone by one publisher, in EUR/MWh without VAT."""

    zone = dy.String(primary_key=True, min_length=2, metadata=about("Bidding zone."))
    start_utc = dy.Datetime(
        primary_key=True, time_zone="UTC", time_unit="us", metadata=about("Start of the interval.", "UTC")
    )
    publisher = dy.String(primary_key=True, metadata=about("Who published it here."))
    resolution_minutes = dy.Int64(metadata=about("Length of the interval.", "min"))
    price_eur_per_mwh = dy.Float64(min=-500, max=5000, metadata=about("Price, VAT excluded.", "EUR/MWh"))
    native_currency = dy.String(metadata=about("Currency that the price was published in."))
    fx_units_per_eur = dy.Float64(
        nullable=True, min_exclusive=0, metadata=about("The publisher's own rate.", "units per EUR")
    )
    vat_rate_removed = dy.Float64(min=0, max=0.3, metadata=about("VAT that was in the price.", "share"))
    fill_method = dy.String(
        nullable=True, metadata=about("How the value came about if the interval itself was not stated.")
    )
    revision = dy.Int64(min=0, metadata=about("The publisher's revision of the day."))

    @dy.rule()
    def resolution_is_known(cls) -> pl.Expr:
        """A quarter, a half or a whole hour."""
        return pl.col("resolution_minutes").is_in(RESOLUTIONS)

    @dy.rule()
    def start_is_on_the_grid(cls) -> pl.Expr:
        """An interval begins at a multiple of its length."""
        return (pl.col("start_utc").dt.epoch("s") % (pl.col("resolution_minutes") * 60)) == 0

    @dy.rule()
    def currency_is_known(cls) -> pl.Expr:
        """A currency with an exchange rate."""
        return pl.col("native_currency").is_in(CURRENCIES)


class WeatherHours(Provenance):
    """Outdoor air by place and hour, as published or computed from what was."""

    place = dy.String(primary_key=True, metadata=about("Place."))
    start_utc = dy.Datetime(
        primary_key=True, time_zone="UTC", time_unit="us", metadata=about("Hour of the reading.", "UTC")
    )
    publisher = dy.String(primary_key=True, metadata=about("Who published it."))
    dry_bulb_c = dy.Float64(min=LOWEST_CELSIUS, max=HIGHEST_CELSIUS, metadata=about("Dry bulb.", "degC"))
    relative_humidity = dy.Float64(nullable=True, min=0, max=1, metadata=about("Relative humidity.", "share"))
    wet_bulb_c = dy.Float64(
        nullable=True, min=LOWEST_CELSIUS, max=HIGHEST_CELSIUS, metadata=about("Wet bulb.", "degC")
    )
    wet_bulb_method = dy.String(nullable=True, metadata=about("Published, or how it was computed."))
    pressure_pa = dy.Float64(nullable=True, min=50_000, max=110_000, metadata=about("Pressure.", "Pa"))

    @dy.rule()
    def wet_bulb_is_not_above_dry_bulb(cls) -> pl.Expr:
        """Physics; two tenths of a degree are rounding."""
        return (pl.col("wet_bulb_c") <= pl.col("dry_bulb_c") + 0.2).fill_null(value=True)


class SeriesFindings(Provenance):
    """What was found odd in a series: a day, a reason, and the figures."""

    series = dy.String(primary_key=True, metadata=about("day_ahead or weather."))
    subject = dy.String(primary_key=True, metadata=about("Zone or place."))
    publisher = dy.String(primary_key=True, metadata=about("Whose data."))
    day = dy.Date(primary_key=True, metadata=about("Market day, or day [UTC] of weather."))
    kind = dy.String(primary_key=True, metadata=about("What is odd."))
    detail = dy.String(metadata=about("In words."))
    value = dy.Float64(nullable=True, metadata=about("What was found.", "as in detail"))
    expected = dy.Float64(nullable=True, metadata=about("What was expected.", "as in detail"))


class IndustrialPrices(Provenance):
    """All-in electricity prices of non-household consumers: a bound for a plan's price, never a price to plan with."""

    country = dy.String(primary_key=True, min_length=2, max_length=2, metadata=about("Country."))
    day = dy.Date(primary_key=True, metadata=about("First day of the half-year."))
    band = dy.String(
        primary_key=True, metadata=about("Band of yearly consumption, as the publisher names it.")
    )
    tax = dy.String(primary_key=True, metadata=about("Which taxes are in, as the publisher names it."))
    publisher = dy.String(primary_key=True, metadata=about("Who published it."))
    eur_per_kwh = dy.Float64(min_exclusive=0, max=2, metadata=about("Price.", "EUR/kWh"))


SERIES: dict[str, type[Provenance]] = {
    "day_ahead_intervals": DayAheadIntervals,
    "weather_hours": WeatherHours,
    "series_findings": SeriesFindings,
    "industrial_prices": IndustrialPrices,
}
