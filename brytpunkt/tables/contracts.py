"""Contracts: one dataframely schema per table, with keys, units, ranges and nullability.

They check what comes in, name the columns of the store, and describe them in the Dagster UI.
"""

from __future__ import annotations

from dataclasses import dataclass

import dataframely as dy
import polars as pl

from brytpunkt.tables.energy_contracts import ENERGY_CONTRACTS
from brytpunkt.tables.place_contracts import PLACE_CONTRACTS
from brytpunkt.tables.price_contracts import PRICE_CONTRACTS
from brytpunkt.tables.provenance import CONFIDENCES, PRICE_DECIMALS, TERMS, Provenance
from brytpunkt.tables.provenance import about as _about
from brytpunkt.tables.provenance import currency_has_a_rate as _currency

__all__ = [
    "CONFIDENCES",
    "CONTRACTS",
    "DIAGNOSTICS",
    "GUARDED_PRICES",
    "MAY_BE_EMPTY",
    "NEVER_PLANNED_WITH",
    "Provenance",
    "columns",
]

DAY_TYPES = ("weekday", "saturday", "sunday")
"""In the order of the cells of every array and calendar."""
LOWEST_CELSIUS, HIGHEST_CELSIUS = -60.0, 60.0
IMPLAUSIBLE_PER_GPU_HOUR = 100


class GpuOffers(Provenance):
    """Rented instances with GPUs; a missing or zero price is not a row."""

    provider = dy.String(primary_key=True, min_length=1, metadata=_about("Who rents it out."))
    region = dy.String(primary_key=True, metadata=_about("The provider's region; empty if not stated."))
    country = dy.String(
        nullable=True, min_length=2, max_length=2, metadata=_about("Country of the region, ISO 3166.")
    )
    sku = dy.String(primary_key=True, min_length=1, metadata=_about("Instance type or list position."))
    gpu_model = dy.String(min_length=2, metadata=_about("GPU, canonical name."))
    gpu_count = dy.Int64(min=1, max=1024, metadata=_about("GPUs in the instance.", "GPUs"))
    term = dy.String(primary_key=True, metadata=_about("How long the price binds."))
    upfront_share = dy.Float64(
        min=0, max=1, metadata=_about("Part of a commitment paid at signing.", "share")
    )
    price_native_per_instance_hour = dy.Decimal(
        *PRICE_DECIMALS,
        min_exclusive=0,
        metadata=_about("Price of the whole instance.", "native currency per hour"),
    )
    native_currency = dy.String(metadata=_about("Currency of the price."))
    valid_from = dy.Date(nullable=True, metadata=_about("Since when the price holds; empty if not stated."))

    @dy.rule()
    def term_is_known(cls) -> pl.Expr:
        """One of the known terms."""
        return pl.col("term").is_in(TERMS)

    @dy.rule()
    def currency_is_known(cls) -> pl.Expr:
        """A currency with an exchange rate."""
        return _currency()

    @dy.rule()
    def price_is_plausible(cls) -> pl.Expr:
        """Below 100 per GPU-hour: more is a placeholder or a term total taken for an hourly price."""
        return (
            pl.col("price_native_per_instance_hour").cast(pl.Float64) / pl.col("gpu_count")
            < IMPLAUSIBLE_PER_GPU_HOUR
        )


class TokenPrices(Provenance):
    """List prices of token APIs, base tier."""

    provider = dy.String(primary_key=True, min_length=1, metadata=_about("Who runs the API."))
    model = dy.String(primary_key=True, min_length=1, metadata=_about("Model as the API names it."))
    price_native_per_million_input = dy.Decimal(
        *PRICE_DECIMALS, min_exclusive=0, metadata=_about("Input tokens.", "native currency per million")
    )
    price_native_per_million_cached_input = dy.Decimal(
        *PRICE_DECIMALS,
        nullable=True,
        min=0,
        metadata=_about("Cached input tokens.", "native currency per million"),
    )
    price_native_per_million_output = dy.Decimal(
        *PRICE_DECIMALS, min_exclusive=0, metadata=_about("Output tokens.", "native currency per million")
    )
    native_currency = dy.String(metadata=_about("Currency of the prices."))
    valid_from = dy.Date(primary_key=True, metadata=_about("Since when the price holds, as far as stated."))

    @dy.rule()
    def currency_is_known(cls) -> pl.Expr:
        """A currency with an exchange rate."""
        return _currency()


class Servers(Provenance):
    """Server configurations in long form, so that each figure has its own source."""

    server = dy.String(primary_key=True, min_length=1, metadata=_about("Catalog id."))
    parameter = dy.String(primary_key=True, min_length=1, metadata=_about("What the row states."))
    value_number = dy.Float64(nullable=True, min=0, metadata=_about("Its value, if a number.", "as in unit"))
    value_text = dy.String(nullable=True, metadata=_about("Its value, if a text."))
    unit = dy.String(min_length=1, metadata=_about("Unit of the value."))

    @dy.rule()
    def exactly_one_value(cls) -> pl.Expr:
        """A number or a text."""
        return pl.col("value_number").is_null() != pl.col("value_text").is_null()


class Benchmarks(Provenance):
    """Measured output of whole systems; rack figures are never divided down to servers."""

    gpu_model = dy.String(primary_key=True, metadata=_about("GPU, canonical name."))
    gpu_count = dy.Int64(primary_key=True, min=1, max=1024, metadata=_about("GPUs in the system.", "GPUs"))
    model = dy.String(primary_key=True, metadata=_about("Language model."))
    scenario = dy.String(primary_key=True, metadata=_about("offline, server or interactive."))
    output_tokens_per_second = dy.Float64(
        min_exclusive=0, metadata=_about("Output of the system.", "tokens/s")
    )
    precision = dy.String(nullable=True, metadata=_about("Numeric precision of the weights."))
    software = dy.String(primary_key=True, min_length=1, metadata=_about("Benchmark and its version."))
    mean_input_tokens = dy.Float64(nullable=True, min=0, metadata=_about("Of its prompts.", "tokens"))
    mean_output_tokens = dy.Float64(
        nullable=True, min_exclusive=0, metadata=_about("Of its answers.", "tokens")
    )


class Models(Provenance):
    """Memory that a language model needs."""

    model = dy.String(primary_key=True, metadata=_about("Language model."))
    parameters_billion = dy.Float64(min_exclusive=0, metadata=_about("Size.", "billion parameters"))
    weights_gb = dy.Float64(min_exclusive=0, metadata=_about("Weights at the precision.", "GB"))
    kv_cache_gb_per_replica = dy.Float64(min=0, metadata=_about("Cache at the planned concurrency.", "GB"))
    precision = dy.String(primary_key=True, metadata=_about("Numeric precision."))


class DayAheadMonthly(Provenance):
    """Monthly statistics of day-ahead prices by bidding zone."""

    zone = dy.String(primary_key=True, metadata=_about("Bidding zone."))
    month = dy.Date(primary_key=True, metadata=_about("First day of the month."))
    mean_eur_per_mwh = dy.Float64(min=-500, max=5000, metadata=_about("Mean.", "EUR/MWh"))
    p05_eur_per_mwh = dy.Float64(
        nullable=True, min=-500, max=5000, metadata=_about("5th percentile.", "EUR/MWh")
    )
    p50_eur_per_mwh = dy.Float64(nullable=True, min=-500, max=5000, metadata=_about("Median.", "EUR/MWh"))
    p95_eur_per_mwh = dy.Float64(
        nullable=True, min=-500, max=5000, metadata=_about("95th percentile.", "EUR/MWh")
    )
    std_eur_per_mwh = dy.Float64(nullable=True, min=0, metadata=_about("Standard deviation.", "EUR/MWh"))
    negative_hours = dy.Int64(nullable=True, min=0, max=744, metadata=_about("Hours below zero.", "h"))
    low_hours = dy.Int64(
        nullable=True, min=0, max=744, metadata=_about("Hours at or below 5 EUR/MWh, among those known.", "h")
    )
    apart_hours = dy.Int64(
        nullable=True,
        min=0,
        max=745,
        metadata=_about("Hours in which publishers differ by more than 1 EUR/MWh.", "h"),
    )
    widest_apart_eur_per_mwh = dy.Float64(
        nullable=True, min=0, metadata=_about("How far publishers of an hour are apart at most.", "EUR/MWh")
    )
    coverage_share = dy.Float64(min_exclusive=0, max=1, metadata=_about("Hours known.", "share"))
    basis = dy.String(metadata=_about("What the statistics were computed from."))

    @dy.rule()
    def month_begins_on_the_first(cls) -> pl.Expr:
        """Months are named by their first day."""
        return pl.col("month").dt.day() == 1


class DayAheadShape(Provenance):
    """Price of each cell of the grid relative to its month's mean."""

    zone = dy.String(primary_key=True, metadata=_about("Bidding zone."))
    month_of_year = dy.Int64(primary_key=True, min=1, max=12, metadata=_about("Month."))
    day_type = dy.String(primary_key=True, metadata=_about("weekday, saturday, or sunday with holidays."))
    hour_utc = dy.Int64(primary_key=True, min=0, max=23, metadata=_about("Hour of the day.", "UTC"))
    ratio_to_month_mean = dy.Float64(
        min=-5, max=20, metadata=_about("Mean of the cell.", "share of the mean")
    )
    p10_ratio = dy.Float64(nullable=True, metadata=_about("10th percentile.", "share of the mean"))
    p90_ratio = dy.Float64(nullable=True, metadata=_about("90th percentile.", "share of the mean"))
    hours_sampled = dy.Int64(min=1, metadata=_about("Hours behind the cell.", "h"))

    @dy.rule()
    def day_type_is_known(cls) -> pl.Expr:
        """One of the three day types."""
        return pl.col("day_type").is_in(DAY_TYPES)


class EnergyTaxes(Provenance):
    """Electricity taxes as dated, conditional rows."""

    country = dy.String(primary_key=True, min_length=2, max_length=2, metadata=_about("Country."))
    segment = dy.String(primary_key=True, min_length=1, metadata=_about("Who pays this rate."))
    rate_native_per_kwh = dy.Decimal(
        *PRICE_DECIMALS, min=0, max=5, metadata=_about("Rate, VAT excluded.", "native currency per kWh")
    )
    native_currency = dy.String(metadata=_about("Currency of the rate."))
    valid_from = dy.Date(primary_key=True, metadata=_about("First day in force."))
    valid_to = dy.Date(nullable=True, metadata=_about("First day no longer in force."))

    @dy.rule()
    def ends_after_it_begins(cls) -> pl.Expr:
        """An end lies after the beginning."""
        return (pl.col("valid_to") > pl.col("valid_from")).fill_null(value=True)

    @dy.rule()
    def currency_is_known(cls) -> pl.Expr:
        """A currency with an exchange rate."""
        return _currency()


class GridFees(Provenance):
    """Named grid tariffs, a row for each kind of fee."""

    grid_fee = dy.String(primary_key=True, metadata=_about("Name of the tariff."))
    country = dy.String(min_length=2, max_length=2, metadata=_about("Country."))
    level = dy.String(metadata=_about("Voltage level."))
    operator = dy.String(metadata=_about("Grid operator."))
    kind = dy.String(primary_key=True, metadata=_about("energy, capacity or fixed."))
    value_native = dy.Decimal(
        *PRICE_DECIMALS, min=0, metadata=_about("Fee, VAT excluded.", "native currency per unit")
    )
    unit = dy.String(metadata=_about("per_kwh, per_kw_year or per_year."))
    native_currency = dy.String(metadata=_about("Currency of the fee."))
    valid_from = dy.Date(primary_key=True, metadata=_about("First day in force."))

    @dy.rule()
    def unit_fits_the_kind(cls) -> pl.Expr:
        """Energy by kWh, capacity by kW and year, fixed by year."""
        units = {"energy": "per_kwh", "capacity": "per_kw_year", "fixed": "per_year"}
        return pl.col("unit") == pl.col("kind").replace_strict(units, default="")


class FxRates(Provenance):
    """Reference exchange rates."""

    currency = dy.String(primary_key=True, min_length=3, max_length=3, metadata=_about("Currency."))
    date = dy.Date(primary_key=True, metadata=_about("Day of the rate."))
    units_per_eur = dy.Decimal(
        *PRICE_DECIMALS,
        min_exclusive=0,
        metadata=_about("Units of the currency for one euro.", "units per EUR"),
    )


class CarbonIntensity(Provenance):
    """Emissions of grid electricity, each with its basis."""

    zone = dy.String(primary_key=True, metadata=_about("Bidding zone or country."))
    year = dy.Int64(primary_key=True, min=2000, max=2100, metadata=_about("Year."))
    basis = dy.String(primary_key=True, metadata=_about("consumption or production."))
    scope = dy.String(primary_key=True, metadata=_about("direct or lifecycle."))
    g_per_kwh = dy.Float64(min=0, max=1500, metadata=_about("Intensity.", "gCO2e/kWh"))


class ClimateHours(Provenance):
    """Outdoor temperature by month and hour."""

    place = dy.String(primary_key=True, metadata=_about("Place."))
    month_of_year = dy.Int64(primary_key=True, min=1, max=12, metadata=_about("Month."))
    hour_utc = dy.Int64(primary_key=True, min=0, max=23, metadata=_about("Hour of the day.", "UTC"))
    dry_bulb_mean_c = dy.Float64(
        min=LOWEST_CELSIUS, max=HIGHEST_CELSIUS, metadata=_about("Dry bulb, mean.", "degC")
    )
    dry_bulb_p95_c = dy.Float64(
        min=LOWEST_CELSIUS, max=HIGHEST_CELSIUS, metadata=_about("Dry bulb, p95.", "degC")
    )
    wet_bulb_mean_c = dy.Float64(
        min=LOWEST_CELSIUS, max=HIGHEST_CELSIUS, metadata=_about("Wet bulb, mean.", "degC")
    )
    wet_bulb_p95_c = dy.Float64(
        min=LOWEST_CELSIUS, max=HIGHEST_CELSIUS, metadata=_about("Wet bulb, p95.", "degC")
    )

    @dy.rule()
    def wet_bulb_is_not_above_dry_bulb(cls) -> pl.Expr:
        """Physics; a tenth of a degree is rounding."""
        return pl.col("wet_bulb_mean_c") <= pl.col("dry_bulb_mean_c") + 0.1

    @dy.rule()
    def p95_is_not_below_the_mean(cls) -> pl.Expr:
        """A percentile of 95 lies above the mean."""
        return pl.col("dry_bulb_p95_c") >= pl.col("dry_bulb_mean_c")


class ClimateBins(Provenance):
    """Hours of a year by temperature."""

    place = dy.String(primary_key=True, metadata=_about("Place."))
    kind = dy.String(primary_key=True, metadata=_about("dry_bulb or wet_bulb."))
    bin_low_c = dy.Float64(
        primary_key=True,
        min=LOWEST_CELSIUS,
        max=HIGHEST_CELSIUS,
        metadata=_about("Lower edge, 1 K wide.", "degC"),
    )
    hours_per_year = dy.Float64(min=0, max=8784, metadata=_about("Hours in the bin.", "h/year"))


class Places(Provenance):
    """Places whose climate is known."""

    place = dy.String(primary_key=True, metadata=_about("Name in declarations."))
    name = dy.String(metadata=_about("Display name."))
    country = dy.String(min_length=2, max_length=2, metadata=_about("Country."))
    latitude_deg = dy.Float64(min=-90, max=90, metadata=_about("Latitude.", "deg"))
    longitude_deg = dy.Float64(min=-180, max=180, metadata=_about("Longitude.", "deg"))
    timezone = dy.String(metadata=_about("IANA time zone."))
    default_zone = dy.String(nullable=True, metadata=_about("Bidding zone."))


CONTRACTS: dict[str, type[Provenance]] = (
    {
        "gpu_offers": GpuOffers,
        "token_prices": TokenPrices,
        "servers": Servers,
        "benchmarks": Benchmarks,
        "models": Models,
        "day_ahead_monthly": DayAheadMonthly,
        "day_ahead_shape": DayAheadShape,
        "energy_taxes": EnergyTaxes,
        "grid_fees": GridFees,
        "fx_rates": FxRates,
        "carbon_intensity": CarbonIntensity,
        "climate_hours": ClimateHours,
        "climate_bins": ClimateBins,
        "places": Places,
    }
    | ENERGY_CONTRACTS
    | PLACE_CONTRACTS
    | PRICE_CONTRACTS
)
# Tables that only live sources and one's own quotes fill: the bundled snapshot has no rows for them.
MAY_BE_EMPTY = frozenset(PRICE_CONTRACTS)
# Tables that inform people; planning never reads them. Announced prices become offers on their day, and not before.
NEVER_PLANNED_WITH = frozenset({"market_prices", "accelerators", "announced_prices", "source_remarks"})
# What is said of a publication, and no price or fact that holds: such rows come and go with what they speak of, so no guard
# holds them back, none of them outlives the publication that no longer says it, and they tell nothing of its success.
DIAGNOSTICS = frozenset({"announced_prices", "source_remarks", "series_findings"})
# Columns whose median must not double or halve between two publications without a person looking.
GUARDED_PRICES = {
    "gpu_offers": "price_native_per_instance_hour",
    "token_prices": "price_native_per_million_output",
    "day_ahead_monthly": "mean_eur_per_mwh",
    "fx_rates": "units_per_eur",
}


@dataclass(frozen=True)
class Column:
    """A column as people should see it."""

    name: str
    dtype: str
    unit: str | None
    description: str
    is_nullable: bool


def columns(table: str) -> list[Column]:
    """The columns of a table with unit and description, for documentation and the Dagster UI."""
    return columns_of(CONTRACTS[table])


def columns_of(contract: type[Provenance]) -> list[Column]:
    """The columns of a contract."""
    return [
        Column(
            name=name,
            dtype=str(column.dtype),
            unit=(column.metadata or {}).get("unit"),
            description=(column.metadata or {}).get("description", ""),
            is_nullable=column.nullable,
        )
        for name, column in contract.columns().items()
    ]
