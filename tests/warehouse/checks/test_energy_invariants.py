"""Integrity of energy tables: bundled rows keep every invariant, live ones keep it beside them, and each can be broken."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from brytpunkt.folders import folders
from brytpunkt.landing import Landing
from brytpunkt.publishers.weather import open_meteo
from brytpunkt.warehouse import Warehouse, ingest
from brytpunkt.warehouse.as_of import current_table
from brytpunkt.warehouse.checks.energy_invariants import ENERGY_CHECKS
from brytpunkt.warehouse.checks.invariants import CHECKS, broken
from brytpunkt.warehouse.derived_tables import refresh_derived
from tests.conftest import Bundled
from tests.publishers.electricity.documents import Desk
from tests.publishers.weather.test_weather import meteo

Spoil = Callable[[pl.DataFrame], pl.DataFrame]


@pytest.fixture
def warehouse(bundled: Bundled, tmp_path: Path) -> Warehouse:
    """The bundled tables in a warehouse of the test's own."""
    bundled.copied_to(tmp_path / "home")
    return Warehouse(tmp_path / "home" / "warehouse.duckdb", folders().sql)


def test_bundled_rows_keep_every_invariant(warehouse: Warehouse) -> None:
    assert ENERGY_CHECKS.items() <= CHECKS.items()
    found = {table: broken(table, current_table(warehouse, table)) for table in ENERGY_CHECKS}
    assert {table: lines for table, lines in found.items() if lines} == {}


def test_live_weather_replaces_the_year_of_a_bundled_place_whole(
    warehouse: Warehouse, tmp_path: Path
) -> None:
    """Half of the hours 2 degC, half 12: nothing of the bundled summer and winter stays beside them."""
    desk = Desk(tmp_path, "open-meteo")
    listing = desk.listing(desk.land("stockholm_2025.json", meteo(8760)))
    with warehouse.open() as connection:
        ingest(connection, warehouse.sql / "queries", listing, list(open_meteo.parse(listing)))
    refresh_derived(warehouse, Landing(tmp_path / "home" / "landing"))
    for table in ("climate_bins", "climate_hours"):
        assert broken(table, current_table(warehouse, table)) == []
    bins = current_table(warehouse, "climate_bins")
    here = bins.filter(
        pl.col("place") == "stockholm", pl.col("kind") == "dry_bulb", pl.col("hours_per_year") > 0
    )
    assert here.select("bin_low_c", "hours_per_year").rows() == [(2.0, 4380.0), (12.0, 4380.0)]


def times(column: str, factor: float) -> Spoil:
    """A unit that slipped in the first row."""
    first = pl.int_range(pl.len()) == 0
    return lambda rows: rows.with_columns(
        pl.when(first).then(pl.col(column).cast(pl.Float64) * factor).otherwise(column).alias(column)
    )


BREAKS: dict[str, tuple[Spoil, str]] = {
    "day_ahead_monthly": (times("p05_eur_per_mwh", 1000), "percentiles of a month out of order"),
    "day_ahead_shape": (times("ratio_to_month_mean", 1000), "a month's shape whose mean is not one"),
    "climate_hours": (lambda rows: rows[1:], "a climate without its 288 cells"),
    "climate_bins": (lambda rows: rows[1:], "a year of temperatures that has not 8760 hours"),
    "carbon_intensity": (
        lambda rows: rows.with_columns(pl.when(pl.col("scope") == "direct").then(900.0).otherwise("g_per_kwh").alias("g_per_kwh")),
        "life-cycle emissions below the direct",
    ),
    "energy_taxes": (times("rate_native_per_kwh", 100), "a tax above 0.3 EUR/kWh"),
    "tax_rules": (times("value_native", 10_000), "a tax above 0.3 EUR/kWh"),
    "grid_fees": (times("value_native", 1000), "a grid fee above what any costs"),
    "grid_tariffs": (times("value_native", 1000), "a grid fee above what any costs"),
    "heat_prices": (times("price_native_per_mwh", 1000), "heat above 150 EUR/MWh"),
    "industrial_bounds": (times("eur_per_kwh", 10), "an industrial price beyond 0.02 to 0.6 EUR/kWh"),
}  # fmt: skip


def test_each_invariant_can_be_broken(warehouse: Warehouse) -> None:
    assert set(BREAKS) == set(ENERGY_CHECKS)
    for table, (spoil, sentence) in BREAKS.items():
        rows = current_table(warehouse, table).filter(pl.col("confidence") != "suspect")
        if table == "industrial_bounds":
            rows = pl.DataFrame(
                {
                    "country": ["SE"],
                    "half_year": ["2025-01-01"],
                    "eur_per_kwh": [0.1],
                    "confidence": ["stated"],
                }
            )
        if table == "tax_rules":
            rows = rows.filter(pl.col("kind") == "rate", pl.col("value_native") > 0)
        assert broken(table, rows) == []
        assert [line.split(": ")[0] for line in broken(table, spoil(rows))] == [sentence], table


def test_a_shape_without_some_of_its_cells_and_bands_without_a_lowest_are_named(warehouse: Warehouse) -> None:
    shape = current_table(warehouse, "day_ahead_shape")
    assert broken("day_ahead_shape", shape.filter(pl.col("hour_utc") != 5))[0].startswith(
        "a shape without its 864"
    )
    tariffs = current_table(warehouse, "grid_tariffs").with_columns(band_from=pl.lit(10.0))
    assert any(
        line.startswith("an element without a band from zero") for line in broken("grid_tariffs", tariffs)
    )
