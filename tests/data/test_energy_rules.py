"""The bundled rules of energy: figures against their sources, and what no table may hold."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest

from tests.data.bundled import is_row, table

SIMPLE = {"SE": "standard", "NO": "general", "DE": "standard", "IE": "standard"}


@pytest.mark.parametrize("country", SIMPLE)
def test_rates_without_conditions_are_those_of_the_simple_table(country: str) -> None:
    rule = table("tax_rules").filter(is_row(country=country, rule=SIMPLE[country]))
    simple = table("energy_taxes").filter(is_row(country=country, segment="datacentre"))
    columns = [pl.col("valid_from"), pl.col("value_native").cast(pl.Float64).alias("rate")]
    theirs = simple.select("valid_from", rate=pl.col("rate_native_per_kwh").cast(pl.Float64))
    assert rule.select(columns).sort("valid_from").equals(theirs.sort("valid_from"))


def test_finland_moves_data_centres_to_class_one() -> None:
    """Class I 2.24 and class II 0.05 c/kWh; with 0.013 for security of supply the simple table's 2.253 and 0.063."""
    rows = {
        r["rule"]: float(r["value_native"])
        for r in table("tax_rules").filter(is_row(country="FI")).to_dicts()
    }
    assert rows["class_one"] + rows["security_of_supply"] == pytest.approx(0.02253)
    assert rows["class_two"] + rows["security_of_supply"] == pytest.approx(0.00063)
    begins = table("tax_rules").filter(is_row(rule="class_one"))["valid_from"][0]
    assert begins == date(2026, 7, 1)


def test_dutch_bands_are_those_of_2024() -> None:
    bands = table("tax_rules").filter(is_row(country="NL", kind="rate")).sort("band_from_kwh_per_year")
    found = [(b, float(v)) for b, v in bands.select("band_from_kwh_per_year", "value_native").iter_rows()]
    assert found == [(0.0, 0.1088), (10_000.0, 0.09037), (50_000.0, 0.03943), (10_000_000.0, 0.00188)]


def test_every_charge_has_a_band_from_zero_and_is_of_one_country_and_currency() -> None:
    for key, bands in table("grid_tariffs").group_by("tariff", "element", "valid_from"):
        assert bands["band_from"].min() == 0, key
    for key, rows in table("grid_tariffs").group_by("tariff"):
        assert rows["country"].n_unique() == rows["native_currency"].n_unique() == 1, key


def test_the_steady_fingrid_customer_pays_what_the_simple_fee_says() -> None:
    """8.80 in 10.2 % of the hours, else 2.50, and 0.90 on all."""
    rows = {
        r["element"]: float(r["value_native"])
        for r in table("grid_tariffs").to_dicts()
        if r["country"] == "FI"
    }
    assert rows["base"] + rows["winter"] == pytest.approx(0.0088)
    assert rows["base"] + 0.102 * rows["winter"] + rows["output"] == pytest.approx(0.00404, abs=1e-5)


def test_connection_sizes_follow_each_other_and_larger_takes_no_less() -> None:
    for key, rows in (
        table("connection_times").filter(is_row(kind="new")).sort("size_from_mw").group_by("country")
    ):
        assert list(rows["size_to_mw"][:-1]) == list(rows["size_from_mw"][1:]), key
        assert rows["mode_months"].is_sorted(), key


def test_heat_is_never_dearer_when_it_is_warmer() -> None:
    for key, rows in table("heat_prices").group_by("heat_price"):
        ordered = rows.sort("outdoor_c")
        assert ordered["price_native_per_mwh"].is_sorted(descending=True), key


def test_what_has_no_source_is_marked() -> None:
    for name in ("tax_rules", "grid_tariffs", "connection_times", "comparators"):
        unsourced = table(name).filter(pl.col("source").str.contains("general knowledge|stand-in"))
        assert set(unsourced["confidence"]) <= {"estimated", "suspect"}, name
