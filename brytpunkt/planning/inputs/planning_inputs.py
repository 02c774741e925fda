"""Facts: what planning knows about the world, as frames read from the warehouse at one as-of date."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import datetime as dt

    import polars as pl


@dataclass(frozen=True)
class Facts:
    """Tables as known at ``as_of``; columns as in the contracts, each row with its provenance.

    ``price_findings``: days of a zone's day-ahead prices that were odd then: zone, day, publisher, kind, detail.
    ``offers_in_doubt``: offer (its id), confirmed_on, doubted_on. ``offer_opinions``: offer, list_native_per_hour,
    second_native_per_hour, native_currency, publisher: what somebody else says of the same price.
    """

    as_of: dt.date
    offers: pl.DataFrame
    token_prices: pl.DataFrame
    servers: pl.DataFrame
    benchmarks: pl.DataFrame
    models: pl.DataFrame
    day_ahead_monthly: pl.DataFrame
    day_ahead_shape: pl.DataFrame
    energy_taxes: pl.DataFrame
    grid_fees: pl.DataFrame
    fx_rates: pl.DataFrame
    carbon_intensity: pl.DataFrame
    climate_hours: pl.DataFrame
    climate_bins: pl.DataFrame
    places: pl.DataFrame
    tax_rules: pl.DataFrame
    grid_tariffs: pl.DataFrame
    heat_prices: pl.DataFrame
    connection_times: pl.DataFrame
    comparators: pl.DataFrame
    hot_years: pl.DataFrame
    industrial_bounds: pl.DataFrame
    server_quotes: pl.DataFrame
    colocation_quotes: pl.DataFrame
    vintages: pl.DataFrame
    price_findings: pl.DataFrame
    offers_in_doubt: pl.DataFrame
    offer_opinions: pl.DataFrame
