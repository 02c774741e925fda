"""The bundled exchange rates, electricity taxes, grid fees and carbon intensities, checked by hand.

Belongs here: figures against the publisher, by date, and what must hold for every row of these tables.
Does not belong here: provenance, which is tested for all tables at once, and day-ahead prices.
"""

from __future__ import annotations

from datetime import date, timedelta

import polars as pl
import pytest

from tests.data.bundled import is_row, table

COUNTRIES = ["SE", "NO", "FI", "DK", "DE", "FR", "NL", "IE"]


def test_each_currency_has_the_last_working_day_of_each_month_since_2020() -> None:
    rates = table("fx_rates")
    assert set(rates["currency"]) == {"USD", "SEK", "NOK", "DKK", "ISK", "GBP"}
    ends = pl.date_range(date(2020, 1, 31), date(2026, 10, 31), "1mo", eager=True).dt.month_end()
    days = [day - timedelta(days=max(0, day.weekday() - 4)) for day in ends]
    days[days.index(date(2024, 3, 29))] = date(2024, 3, 28)  # Good Friday
    for (currency,), group in rates.sort("date").group_by("currency", maintain_order=True):
        assert list(group["date"]) == days, currency


@pytest.mark.parametrize(
    ("day", "usd", "sek", "nok", "dkk", "isk", "gbp"),
    [
        (date(2020, 3, 31), 1.0956, 11.0613, 11.51, 7.4674, 155.6, 0.88643),
        (date(2022, 9, 30), 0.9748, 10.8993, 10.5838, 7.4365, 140.9, 0.883),
        (date(2024, 12, 31), 1.0389, 11.459, 11.795, 7.4578, 143.9, 0.82918),
        (date(2026, 1, 30), 1.1919, 10.5205, 11.3885, 7.4674, 145.2, 0.8662),
        (date(2026, 10, 30), 1.1172, 10.978, 10.312, 7.4735, 136.0, 0.8338),
    ],
)
def test_rates_against_the_central_bank(
    day: date, usd: float, sek: float, nok: float, dkk: float, isk: float, gbp: float
) -> None:
    known = dict(
        table("fx_rates").filter(pl.col("date") == day).select("currency", "units_per_eur").iter_rows()
    )
    assert {c: float(r) for c, r in known.items()} == {
        "USD": usd,
        "SEK": sek,
        "NOK": nok,
        "DKK": dkk,
        "ISK": isk,
        "GBP": gbp,
    }


# Electricity tax and grid fees


def tax(country: str, segment: str, day: date) -> float | None:
    """The one rate in force on a day. [native currency/kWh]"""
    start, end = pl.col("valid_from"), pl.col("valid_to")
    rates = table("energy_taxes").filter(
        is_row(country=country, segment=segment), start <= day, end.is_null() | (end > day)
    )["rate_native_per_kwh"]
    assert len(rates) < 2
    return float(rates[0]) if len(rates) else None


@pytest.mark.parametrize(
    ("day", "general", "north"),
    [
        (date(2023, 6, 30), None, None),
        (date(2023, 7, 1), 0.392, 0.296),
        (date(2023, 12, 31), 0.392, 0.296),
        (date(2024, 1, 1), 0.428, 0.332),
        (date(2024, 12, 31), 0.428, 0.332),
        (date(2025, 1, 1), 0.439, 0.343),
        (date(2025, 12, 31), 0.439, 0.343),
        (date(2026, 1, 1), 0.360, 0.264),
        (date(2030, 1, 1), 0.360, 0.264),
    ],
)
def test_swedish_energy_tax_by_date(day: date, general: float | None, north: float | None) -> None:
    assert tax("SE", "datacentre", day) == general
    assert tax("SE", "datacentre_north", day) == north


def test_a_data_centre_in_sweden_gets_no_relief_since_july_2023() -> None:
    swedish = table("energy_taxes").filter(
        is_row(country="SE"), pl.col("segment").str.starts_with("datacentre")
    )
    assert float(swedish["rate_native_per_kwh"].min()) > 0.2  # type: ignore[arg-type]
    assert tax("SE", "manufacturing", date(2026, 1, 1)) == 0.006


@pytest.mark.parametrize(
    ("country", "segment", "day", "rate"),
    [
        ("FI", "datacentre", date(2026, 6, 30), 0.00063),  # class II 0.05 and security of supply 0.013 c
        ("FI", "datacentre", date(2026, 7, 1), 0.02253),  # class I 2.24 and security of supply 0.013 c
        ("NO", "datacentre", date(2026, 1, 1), 0.0713),
        ("NO", "reduced", date(2026, 1, 1), 0.006),
        ("DK", "datacentre", date(2025, 6, 1), 0.004),
        ("DK", "general", date(2023, 12, 31), 0.697),
        ("DK", "general", date(2026, 1, 1), 0.008),
        ("DE", "datacentre", date(2026, 1, 1), 0.0205),
        ("IE", "datacentre", date(2026, 1, 1), 0.001),
    ],
)
def test_other_taxes_by_date(country: str, segment: str, day: date, rate: float) -> None:
    assert tax(country, segment, day) == rate


@pytest.mark.parametrize(("day", "rate"), [(date(2024, 6, 1), 0.761), (date(2025, 6, 1), 0.720)])
def test_danish_tax_before_refund(day: date, rate: float) -> None:
    """95.13 and 90 ore per kWh with 25 % VAT, as Danish grid companies state them."""
    assert tax("DK", "general", day) == rate


def test_rates_of_a_segment_follow_each_other_without_a_hole() -> None:
    for key, group in table("energy_taxes").sort("valid_from").group_by("country", "segment"):
        assert list(group["valid_to"][:-1]) == list(group["valid_from"][1:]), key


def test_every_country_with_a_zone_has_a_rate_for_data_centres_in_its_own_currency() -> None:
    rates = table("energy_taxes").filter(is_row(segment="datacentre"), pl.col("valid_to").is_null())
    own = {"SE": "SEK", "NO": "NOK", "DK": "DKK"}
    currencies = dict(rates.select("country", "native_currency").iter_rows())
    assert currencies == {country: own.get(country, "EUR") for country in COUNTRIES}


@pytest.mark.parametrize(
    ("fee", "kind", "value"),
    [
        ("se-10kv-karlsborg", "capacity", 539.0),
        ("se-10kv-karlsborg", "energy", 0.095),
        ("se-20kv-ronneby", "capacity", 441.6),  # (44 + 508) / 1.25
        ("se-20kv-ronneby", "energy", 0.04396),  # (6.16 + 4.83) ore / 2 / 1.25
        ("no-22kv-fjellnett", "capacity", 345.75),  # a quarter of 423 and three of 320
        ("no-22kv-fjellnett", "fixed", 11900.0),
        pytest.param(
            *("fi-transmission", "energy", 0.00404),
        ),
    ],
)
def test_grid_fees_against_the_price_lists(fee: str, kind: str, value: float) -> None:
    """Fingrid: 8.80 on 7-21 h of the weekdays of December to February, else 2.50, and 0.90 on all EUR/MWh."""
    row = table("grid_fees").row(by_predicate=is_row(grid_fee=fee, kind=kind), named=True)
    assert float(row["value_native"]) == pytest.approx(value, abs=1e-5)


# Carbon


def carbon(basis: str, scope: str, year: int) -> dict[str, float]:
    rows = table("carbon_intensity").filter(is_row(basis=basis, scope=scope, year=year))
    return dict(rows.select("zone", "g_per_kwh").iter_rows())


@pytest.mark.parametrize(
    ("zone", "direct", "lifecycle"),
    [
        ("SE1", 1.2, 14.7),
        ("SE2", 0.7, 15.4),
        ("SE3", 2.5, 20.3),  # also from the published mix of 2024 times its factors: 2.53 and 20.3
        ("SE4", 13.7, 39.2),
        ("NO1", 8.5, 33.2),
        ("NO2", 7.8, 33.1),
        ("NO3", 7.6, 30.2),
        ("NO4", 27.7, 56.3),
        ("NO5", 1.4, 26.3),
        ("FI", 50.4, 82.5),
        ("DK1", 89.4, 130.0),
        ("DK2", 96.6, 153.7),
        ("IS", 0.0, 28.2),  # 70.25 % hydro x 24 + 29.75 % geothermal x 38
        ("DE-LU", 286.0, 346.3),
        ("PJM", 329.0, 397.7),
    ],
)
def test_consumption_based_carbon_of_2024(zone: str, direct: float, lifecycle: float) -> None:
    assert carbon("consumption", "direct", 2024)[zone] == direct
    assert carbon("consumption", "lifecycle", 2024)[zone] == lifecycle


@pytest.mark.parametrize(
    ("zone", "year", "grams"),
    [("SE", 2023, 40.7), ("NO", 2023, 30.1), ("FI", 2023, 79.2), ("SE4", 2025, 24.7), ("NO4", 2025, 51.7)],
)
def test_production_based_carbon_is_kept_apart(zone: str, year: int, grams: float) -> None:
    assert carbon("production", "lifecycle", year)[zone] == grams


def test_every_zone_with_prices_has_consumption_based_carbon_and_life_cycle_exceeds_direct() -> None:
    direct, lifecycle = carbon("consumption", "direct", 2024), carbon("consumption", "lifecycle", 2024)
    assert set(lifecycle) >= set(table("day_ahead_monthly")["zone"])
    both = table("carbon_intensity").pivot(on="scope", index=["zone", "year", "basis"], values="g_per_kwh")
    assert both.filter(pl.col("direct") >= pl.col("lifecycle")).is_empty()
    assert len(direct) == len(lifecycle) == 21
