"""Integrity of energy tables: what rows must satisfy together, whoever published them or computed them.

Belongs here: invariants of prices, shapes, weather, carbon, taxes and grid fees. Does not belong here: ranges of one row
(contracts), or what is odd in a series of hours (findings).
"""

from __future__ import annotations

from collections.abc import Callable

import polars as pl

Check = Callable[[pl.DataFrame], list[str]]

CELLS_OF_A_YEAR, MONTH_HOURS_OF_A_YEAR, HOURS_OF_A_YEAR = 864, 288, 8760.0
ROUNDING_HOURS, ROUNDING_RATIO = 1.0, 0.02
# Round figures, only to see a unit that slipped: oere taken for crowns, MWh for kWh.
ROUGH_UNITS_PER_EUR = {
    "EUR": 1.0,
    "USD": 1.1,
    "GBP": 0.85,
    "SEK": 11.0,
    "NOK": 11.5,
    "DKK": 7.5,
    "ISK": 140.0,
}
HIGHEST_EUR = {"per_kwh": 0.3, "per_kw_year": 500.0}
HEAT_EUR_PER_MWH = 150.0
INDUSTRY_EUR_PER_KWH = (0.02, 0.6)


def said(rule: str, rows: pl.DataFrame, *columns: str) -> list[str]:
    """A sentence that names the rule and the first rows that break it; none without such rows."""
    names = sorted({" ".join(map(str, row)) for row in rows.select(columns).rows()})
    return [f"{rule}: {', '.join(names[:5])}{' and more' if len(names) > 5 else ''}"] if names else []  # noqa: PLR2004


def _percentiles_are_in_order(months: pl.DataFrame) -> list[str]:
    low, middle, high = (pl.col(f"p{n}_eur_per_mwh") for n in ("05", "50", "95"))
    rows = months.filter((low > middle) | (middle > high))
    return said("percentiles of a month out of order", rows, "zone", "month")


def _shapes_are_whole(cells: pl.DataFrame) -> list[str]:
    zones = cells.group_by("zone").len().filter(pl.col("len") != CELLS_OF_A_YEAR)
    ratio, hours = pl.col("ratio_to_month_mean"), pl.col("hours_sampled")
    means = cells.group_by("zone", "month_of_year").agg(mean=(ratio * hours).sum() / hours.sum())
    odd = means.filter((pl.col("mean") - 1).abs() > ROUNDING_RATIO)
    return [
        *said(f"a shape without its {CELLS_OF_A_YEAR} cells", zones, "zone"),
        *said("a month's shape whose mean is not one", odd, "zone", "month_of_year"),
    ]


def _climates_are_whole(cells: pl.DataFrame) -> list[str]:
    places = cells.group_by("place").len().filter(pl.col("len") != MONTH_HOURS_OF_A_YEAR)
    return said(f"a climate without its {MONTH_HOURS_OF_A_YEAR} cells", places, "place")


def _years_have_their_hours(bins: pl.DataFrame) -> list[str]:
    years = bins.group_by("place", "kind").agg(hours=pl.col("hours_per_year").sum())
    odd = years.filter((pl.col("hours") - HOURS_OF_A_YEAR).abs() > ROUNDING_HOURS)
    return said("a year of temperatures that has not 8760 hours", odd, "place", "kind")


def _life_cycles_hold_the_direct(intensities: pl.DataFrame) -> list[str]:
    key = ["zone", "year", "basis"]
    direct = intensities.filter(pl.col("scope") == "direct").select(*key, direct="g_per_kwh")
    both = intensities.filter(pl.col("scope") == "lifecycle").join(direct, on=key)
    return said(
        "life-cycle emissions below the direct", both.filter(pl.col("g_per_kwh") < pl.col("direct")), *key
    )


def _rough_eur(column: str) -> pl.Expr:
    return pl.col(column).cast(pl.Float64) / pl.col("native_currency").replace_strict(
        ROUGH_UNITS_PER_EUR, default=None, return_dtype=pl.Float64
    )


def _dear(rows: pl.DataFrame, column: str) -> pl.DataFrame:
    """Rows whose price is above what such a unit ever costs."""
    most = pl.col("unit").replace_strict(HIGHEST_EUR, default=None, return_dtype=pl.Float64)
    return rows.filter(_rough_eur(column) > most)


def _taxes_cost_like_taxes(rates: pl.DataFrame) -> list[str]:
    rows = _dear(rates.with_columns(unit=pl.lit("per_kwh")), "rate_native_per_kwh")
    return said("a tax above 0.3 EUR/kWh", rows, "country", "segment", "valid_from")


def _rules_cost_like_taxes(rules: pl.DataFrame) -> list[str]:
    rows = _dear(rules, "value_native")
    return said("a tax above 0.3 EUR/kWh", rows, "country", "rule", "valid_from")


def _fees_cost_like_fees(fees: pl.DataFrame) -> list[str]:
    return said("a grid fee above what any costs", _dear(fees, "value_native"), "grid_fee", "kind")


def _tariffs_are_tariffs(elements: pl.DataFrame) -> list[str]:
    key = ["tariff", "element", "valid_from"]
    lowest = elements.group_by(key).agg(pl.col("band_from").min()).filter(pl.col("band_from") > 0)
    return [
        *said("a grid fee above what any costs", _dear(elements, "value_native"), *key),
        *said("an element without a band from zero", lowest, *key),
    ]


def _heat_costs_like_heat(prices: pl.DataFrame) -> list[str]:
    rows = prices.filter(_rough_eur("price_native_per_mwh") > HEAT_EUR_PER_MWH)
    return said("heat above 150 EUR/MWh", rows, "heat_price", "outdoor_c")


def _industry_pays_like_industry(bounds: pl.DataFrame) -> list[str]:
    rows = bounds.filter(~pl.col("eur_per_kwh").is_between(*INDUSTRY_EUR_PER_KWH))
    return said("an industrial price beyond 0.02 to 0.6 EUR/kWh", rows, "country", "half_year")


ENERGY_CHECKS: dict[str, tuple[Check, ...]] = {
    "day_ahead_monthly": (_percentiles_are_in_order,),
    "day_ahead_shape": (_shapes_are_whole,),
    "climate_hours": (_climates_are_whole,),
    "climate_bins": (_years_have_their_hours,),
    "carbon_intensity": (_life_cycles_hold_the_direct,),
    "energy_taxes": (_taxes_cost_like_taxes,),
    "tax_rules": (_rules_cost_like_taxes,),
    "grid_fees": (_fees_cost_like_fees,),
    "grid_tariffs": (_tariffs_are_tariffs,),
    "heat_prices": (_heat_costs_like_heat,),
    "industrial_bounds": (_industry_pays_like_industry,),
}
