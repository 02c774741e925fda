"""Contracts of what live price sources and one's own quotes bring: market prices, quotes, accelerators, remarks.

Belongs here: tables that the bundled snapshot leaves empty. Offers to plan with are in ``contracts.GpuOffers``.
"""

from __future__ import annotations

import dataframely as dy
import polars as pl

from brytpunkt.tables.provenance import PRICE_DECIMALS, TERMS, Provenance, about, currency_has_a_rate


class MarketPrices(Provenance):
    """Second opinions and market signals: prices that are shown beside offers and never planned with."""

    publisher = dy.String(primary_key=True, min_length=1, metadata=about("Who collected the price."))
    provider = dy.String(primary_key=True, min_length=1, metadata=about("Who rents it out."))
    region = dy.String(primary_key=True, metadata=about("The provider's region; empty if not stated."))
    country = dy.String(
        nullable=True, min_length=2, max_length=2, metadata=about("Country of the region, ISO 3166.")
    )
    sku = dy.String(primary_key=True, min_length=1, metadata=about("Instance type or list position."))
    gpu_model = dy.String(min_length=2, metadata=about("GPU, canonical name."))
    gpu_count = dy.Int64(min=1, max=1024, metadata=about("GPUs in the instance.", "GPUs"))
    term = dy.String(primary_key=True, metadata=about("How long the price binds."))
    price_native_per_instance_hour = dy.Decimal(
        *PRICE_DECIMALS,
        min_exclusive=0,
        metadata=about("Price of the whole instance.", "native currency per hour"),
    )
    native_currency = dy.String(metadata=about("Currency of the price."))
    valid_from = dy.Date(nullable=True, metadata=about("Since when the price holds; empty if not stated."))

    @dy.rule()
    def term_is_known(cls) -> pl.Expr:
        """One of the known terms."""
        return pl.col("term").is_in(TERMS)

    @dy.rule()
    def currency_is_known(cls) -> pl.Expr:
        """A currency with an exchange rate."""
        return currency_has_a_rate()


class AnnouncedPrices(Provenance):
    """Prices of offers that hold later, or that hold now and have a stated end: they are in force in their days only."""

    provider = dy.String(primary_key=True, min_length=1, metadata=about("Who rents it out."))
    region = dy.String(primary_key=True, metadata=about("The provider's region; empty if not stated."))
    country = dy.String(
        nullable=True, min_length=2, max_length=2, metadata=about("Country of the region, ISO 3166.")
    )
    sku = dy.String(primary_key=True, min_length=1, metadata=about("Instance type or list position."))
    gpu_model = dy.String(min_length=2, metadata=about("GPU, canonical name."))
    gpu_count = dy.Int64(min=1, max=1024, metadata=about("GPUs in the instance.", "GPUs"))
    term = dy.String(primary_key=True, metadata=about("How long the price binds."))
    upfront_share = dy.Float64(min=0, max=1, metadata=about("Part of a commitment paid at signing.", "share"))
    price_native_per_instance_hour = dy.Decimal(
        *PRICE_DECIMALS,
        min_exclusive=0,
        metadata=about("Price of the whole instance.", "native currency per hour"),
    )
    native_currency = dy.String(metadata=about("Currency of the price."))
    valid_from = dy.Date(primary_key=True, metadata=about("First day on which the price holds."))
    valid_to = dy.Date(nullable=True, metadata=about("First day on which it no longer holds; empty: open."))

    @dy.rule()
    def term_is_known(cls) -> pl.Expr:
        """One of the known terms."""
        return pl.col("term").is_in(TERMS)

    @dy.rule()
    def currency_is_known(cls) -> pl.Expr:
        """A currency with an exchange rate."""
        return currency_has_a_rate()

    @dy.rule()
    def ends_after_it_begins(cls) -> pl.Expr:
        """The end is after the beginning."""
        return (pl.col("valid_to") > pl.col("valid_from")).fill_null(value=True)


class ServerQuotes(Provenance):
    """Quotes of hardware vendors for servers of the catalog."""

    quote = dy.String(primary_key=True, regex=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,39}$", metadata=about("Its id."))
    vendor = dy.String(min_length=1, metadata=about("Who quotes."))
    server = dy.String(primary_key=True, min_length=1, metadata=about("Catalog id of the server."))
    price_native_per_server = dy.Decimal(
        *PRICE_DECIMALS, min_exclusive=0, metadata=about("Price, VAT excluded.", "native currency per server")
    )
    native_currency = dy.String(metadata=about("Currency of the price."))
    quoted_on = dy.Date(metadata=about("Day of the quote."))
    valid_until = dy.Date(nullable=True, metadata=about("Last day on which it may be accepted."))

    @dy.rule()
    def currency_is_known(cls) -> pl.Expr:
        """A currency with an exchange rate."""
        return currency_has_a_rate()

    @dy.rule()
    def ends_after_it_begins(cls) -> pl.Expr:
        """The last day is not before the first."""
        return (pl.col("valid_until") >= pl.col("quoted_on")).fill_null(value=True)


class ColocationQuotes(Provenance):
    """Quotes of colocation providers: per kW or per rack and month."""

    quote = dy.String(primary_key=True, regex=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,39}$", metadata=about("Its id."))
    provider = dy.String(min_length=1, metadata=about("Who quotes."))
    country = dy.String(min_length=2, max_length=2, metadata=about("Where the room is, ISO 3166."))
    price_native_per_kw_month = dy.Decimal(
        *PRICE_DECIMALS,
        nullable=True,
        min_exclusive=0,
        metadata=about("Price of contracted power.", "native currency per kW and month"),
    )
    price_native_per_rack_month = dy.Decimal(
        *PRICE_DECIMALS,
        nullable=True,
        min_exclusive=0,
        metadata=about("Price of a rack.", "native currency per rack and month"),
    )
    rack_power_kw = dy.Float64(
        nullable=True, min_exclusive=0, max=500, metadata=about("Power that a rack may draw.", "kW")
    )
    is_power_included = dy.Bool(metadata=about("Whether the price contains the energy."))
    native_currency = dy.String(metadata=about("Currency of the price."))
    quoted_on = dy.Date(metadata=about("Day of the quote."))
    valid_until = dy.Date(nullable=True, metadata=about("Last day on which it may be accepted."))

    @dy.rule()
    def currency_is_known(cls) -> pl.Expr:
        """A currency with an exchange rate."""
        return currency_has_a_rate()

    @dy.rule()
    def one_price(cls) -> pl.Expr:
        """Per kW or per rack, and a rack with its power."""
        per_kw = pl.col("price_native_per_kw_month").is_not_null()
        per_rack = pl.col("price_native_per_rack_month").is_not_null()
        return (per_kw != per_rack) & (per_kw | pl.col("rack_power_kw").is_not_null())

    @dy.rule()
    def ends_after_it_begins(cls) -> pl.Expr:
        """The last day is not before the first."""
        return (pl.col("valid_until") >= pl.col("quoted_on")).fill_null(value=True)


class Accelerators(Provenance):
    """Accelerators with their published performance, memory, power and release price."""

    accelerator = dy.String(primary_key=True, min_length=2, metadata=about("Name, as published."))
    gpu_model = dy.String(nullable=True, metadata=about("Canonical name, where it is one of ours."))
    manufacturer = dy.String(metadata=about("Who makes it."))
    kind = dy.String(metadata=about("GPU, TPU or other."))
    released_on = dy.Date(nullable=True, metadata=about("Day of release."))
    price_usd = dy.Float64(nullable=True, min_exclusive=0, metadata=about("Price at release.", "USD"))
    fp16_flop_per_second = dy.Float64(
        nullable=True, min_exclusive=0, metadata=about("Dense tensor FP16 or BF16.", "FLOP/s")
    )
    fp8_flop_per_second = dy.Float64(nullable=True, min_exclusive=0, metadata=about("Dense FP8.", "FLOP/s"))
    fp4_flop_per_second = dy.Float64(nullable=True, min_exclusive=0, metadata=about("Dense FP4.", "FLOP/s"))
    memory_gb = dy.Float64(nullable=True, min_exclusive=0, metadata=about("Memory.", "GB"))
    memory_gb_per_second = dy.Float64(nullable=True, min_exclusive=0, metadata=about("Bandwidth.", "GB/s"))
    tdp_w = dy.Float64(nullable=True, min_exclusive=0, max=5000, metadata=about("Thermal design power.", "W"))


class SourceRemarks(Provenance):
    """What a publication contained that became no row, and that a person should look at."""

    publisher = dy.String(primary_key=True, min_length=1, metadata=about("Whose document it was."))
    kind = dy.String(
        primary_key=True, min_length=2, metadata=about("gpu, instance, region, price, part, row or field.")
    )
    name = dy.String(primary_key=True, min_length=1, metadata=about("As the publisher writes it."))
    reason = dy.String(min_length=3, metadata=about("Why there is no row."))
    occurrences = dy.Int64(min=1, metadata=about("How often the document says it.", "rows"))


PRICE_CONTRACTS: dict[str, type[Provenance]] = {
    "market_prices": MarketPrices,
    "announced_prices": AnnouncedPrices,
    "server_quotes": ServerQuotes,
    "colocation_quotes": ColocationQuotes,
    "accelerators": Accelerators,
    "source_remarks": SourceRemarks,
}
