"""Integrity: what collected rows must satisfy whoever published them; contracts look at one row, this at many.

Belongs here: invariants of price tables that no single row can show; those of energy are in energy_integrity.py. Does not belong here: keys, units and ranges of
one row (contracts), or the comparison with the publication before (guards).
"""

from __future__ import annotations

from collections.abc import Callable

import polars as pl

from brytpunkt.tables import name_maps
from brytpunkt.tables.provenance import PAID_UPFRONT
from brytpunkt.warehouse.checks.energy_invariants import ENERGY_CHECKS

# Round figures, only to compare prices of several currencies with one bound.
ROUGH_UNITS_PER_USD = {
    "USD": 1.0,
    "EUR": 0.9,
    "GBP": 0.77,
    "SEK": 10.0,
    "NOK": 10.0,
    "DKK": 6.7,
    "ISK": 125.0,
}
GPU_HOUR_USD = (0.1, 50.0)
# Instances have powers of two; ten-GPU servers and racks of 72 exist.
GPU_COUNTS = (1, 2, 4, 8, 10, 16, 72)
OTHER_GPUS = frozenset({"GH200-144GB", "VR-NVL-288GB"})
FX_BOUNDS = {
    "USD": (0.8, 1.7),
    "GBP": (0.6, 1.1),
    "SEK": (8.0, 14.0),
    "NOK": (7.0, 15.0),
    "DKK": (7.4, 7.5),
    "ISK": (100.0, 200.0),
}
LARGEST_DAILY_MOVE = 0.1
TOKENS_PER_GPU_SECOND = (1.0, 100_000.0)
MILLION_TOKENS_USD = 1_000.0
SERVER_USD = (2_000.0, 10_000_000.0)
KW_MONTH_USD = (20.0, 2_000.0)
ACCELERATOR_BOUNDS = {
    "price_usd": (50.0, 500_000.0),
    "fp16_flop_per_second": (1e11, 1e17),
    "memory_gb": (0.01, 2_000.0),
    "memory_gb_per_second": (1.0, 100_000.0),
    "tdp_w": (1.0, 25_000.0),
}
PRICE = "price_native_per_instance_hour"

Check = Callable[[pl.DataFrame], list[str]]


def broken(table: str, frame: pl.DataFrame) -> list[str]:
    """Sentences on rows that break an invariant of their table; suspect rows are left alone.

    Each names its rows: ``price per GPU-hour beyond 0.1 to 50 USD: aws eu-north-1 p5.48xlarge on_demand``.
    """
    checks = CHECKS.get(table, ())
    kept = frame.filter(pl.col("confidence") != "suspect")
    return [sentence for check in checks for sentence in check(kept)]


def _said(rule: str, rows: pl.DataFrame, *columns: str) -> list[str]:
    names = [
        " ".join("" if value is None else str(value) for value in row) for row in rows.select(columns).rows()
    ]
    return [f"{rule}: {', '.join(sorted(names)[:5])}{' and more' if len(names) > 5 else ''}"] if names else []  # noqa: PLR2004


def _in_usd(column: str) -> pl.Expr:
    rough = pl.col("native_currency").replace_strict(
        ROUGH_UNITS_PER_USD, default=None, return_dtype=pl.Float64
    )
    return pl.col(column).cast(pl.Float64) / rough


OFFER = ("provider", "region", "sku", "term")


def _gpu_hours_are_priced_like_gpu_hours(offers: pl.DataFrame) -> list[str]:
    low, high = GPU_HOUR_USD
    rows = offers.filter(~(_in_usd(PRICE) / pl.col("gpu_count")).is_between(low, high))
    return _said(f"price per GPU-hour beyond {low:g} to {high:g} USD", rows, *OFFER)


def _counts_exist(offers: pl.DataFrame) -> list[str]:
    return _said(
        "a number of GPUs that no server has", offers.filter(~pl.col("gpu_count").is_in(GPU_COUNTS)), *OFFER
    )


def _gpus_are_known(offers: pl.DataFrame) -> list[str]:
    known = sorted(name_maps.canonical_gpus() | OTHER_GPUS)
    return _said("a GPU that no map knows", offers.filter(~pl.col("gpu_model").is_in(known)), "gpu_model")


def _countries_are_known(offers: pl.DataFrame) -> list[str]:
    mapped = pl.col("provider").is_in(["aws", "azure", "gcp"])
    return _said(
        "a region without a country", offers.filter(mapped, pl.col("country").is_null()), "provider", "region"
    )


def _waiting_is_cheaper(offers: pl.DataFrame) -> list[str]:
    """Spot below on demand, commitments not above it, the longer commitment not above the shorter."""
    base = offers.with_columns(base=pl.col("sku").str.replace(PAID_UPFRONT, ""))
    key = ["provider", "region", "base", "native_currency"]
    on_demand = base.filter(pl.col("term") == "on_demand").select(*key, listed=pl.col(PRICE))
    joined = base.join(on_demand, on=key)
    spot = joined.filter(pl.col("term") == "spot", pl.col(PRICE) >= pl.col("listed"))
    bound = joined.filter(~pl.col("term").is_in(["spot", "on_demand"]), pl.col(PRICE) > pl.col("listed"))
    wide = base.filter(pl.col("term").str.contains("^reserved_[13]y$")).pivot(
        "term", index=["provider", "region", "sku"], values=PRICE, aggregate_function="first"
    )
    longer = wide.clear()
    if {"reserved_1y", "reserved_3y"} <= set(wide.columns):
        longer = wide.filter(pl.col("reserved_3y") > pl.col("reserved_1y"))
    return [
        *_said("spot not below on demand", spot, *OFFER),
        *_said("a commitment above on demand", bound, *OFFER),
        *_said("three years above one year", longer, "provider", "region", "sku"),
    ]


def _upfront_belongs_to_commitments(offers: pl.DataFrame) -> list[str]:
    rows = offers.filter(pl.col("upfront_share") > 0, pl.col("term").is_in(["on_demand", "spot"]))
    return _said("an upfront share without a commitment", rows, *OFFER)


def _rates_are_near(rates: pl.DataFrame) -> list[str]:
    value = pl.col("units_per_eur").cast(pl.Float64)
    low, high = (
        pl.col("currency").replace_strict({name: bound[n] for name, bound in FX_BOUNDS.items()}, default=None)
        for n in (0, 1)
    )
    days = rates.sort("currency", "date").with_columns(
        move=(value / value.shift(1).over("currency") - 1).abs(),
        gap=(pl.col("date") - pl.col("date").shift(1).over("currency")).dt.total_days(),
    )
    jumps = days.filter(pl.col("gap") <= 7, pl.col("move") > LARGEST_DAILY_MOVE)  # noqa: PLR2004
    return [
        *_said(
            "an exchange rate beyond its bounds",
            rates.filter(~value.is_between(low, high)),
            "currency",
            "date",
        ),
        *_said("an exchange rate that jumped within a week", jumps, "currency", "date"),
    ]


def _tokens_are_priced_like_tokens(prices: pl.DataFrame) -> list[str]:
    one_in, cached, out = (
        pl.col(f"price_native_per_million_{name}").cast(pl.Float64)
        for name in ("input", "cached_input", "output")
    )
    key = ("provider", "model", "valid_from")
    return [
        *_said(
            "a million tokens above 1,000",
            prices.filter((one_in > MILLION_TOKENS_USD) | (out > MILLION_TOKENS_USD)),
            *key,
        ),
        *_said("cached input above input", prices.filter(cached > one_in), *key),
    ]


def _systems_are_as_fast_as_systems(benchmarks: pl.DataFrame) -> list[str]:
    low, high = TOKENS_PER_GPU_SECOND
    rate = pl.col("output_tokens_per_second") / pl.col("gpu_count")
    key = ("gpu_model", "gpu_count", "model", "scenario", "software")
    return _said("output per GPU beyond bounds", benchmarks.filter(~rate.is_between(low, high)), *key)


def _servers_cost_like_servers(quotes: pl.DataFrame) -> list[str]:
    rows = quotes.filter(~_in_usd("price_native_per_server").is_between(*SERVER_USD))
    return _said("a server priced unlike a server", rows, "quote", "server")


def _rooms_cost_like_rooms(quotes: pl.DataFrame) -> list[str]:
    per_kw = pl.coalesce(
        _in_usd("price_native_per_kw_month"), _in_usd("price_native_per_rack_month") / pl.col("rack_power_kw")
    )
    return _said(
        "a kW-month priced unlike one", quotes.filter(~per_kw.is_between(*KW_MONTH_USD)), "quote", "provider"
    )


def _accelerators_are_built_like_accelerators(accelerators: pl.DataFrame) -> list[str]:
    """Units that slipped show here: bytes taken for gigabytes, kilowatts for watts."""
    return [
        sentence
        for column, (low, high) in ACCELERATOR_BOUNDS.items()
        for sentence in _said(
            f"{column} beyond {low:g} to {high:g}",
            accelerators.filter(~pl.col(column).is_between(low, high)),
            "accelerator",
        )
    ]


OFFER_CHECKS: tuple[Check, ...] = (
    _gpu_hours_are_priced_like_gpu_hours,
    _counts_exist,
    _gpus_are_known,
    _countries_are_known,
)
CHECKS: dict[str, tuple[Check, ...]] = {
    "gpu_offers": (*OFFER_CHECKS, _waiting_is_cheaper, _upfront_belongs_to_commitments),
    "market_prices": OFFER_CHECKS,
    "fx_rates": (_rates_are_near,),
    "token_prices": (_tokens_are_priced_like_tokens,),
    "benchmarks": (_systems_are_as_fast_as_systems, _gpus_are_known),
    "accelerators": (_accelerators_are_built_like_accelerators,),
    "server_quotes": (_servers_cost_like_servers,),
    "colocation_quotes": (_rooms_cost_like_rooms,),
    **ENERGY_CHECKS,
}
