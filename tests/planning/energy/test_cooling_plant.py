"""Cooling plants, water, class limits and heat: published relations by hand, weather that is hot, and errors."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import psychrolib
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from brytpunkt.declarations import Plan
from brytpunkt.errors import InputError
from brytpunkt.planning.compute import compute
from brytpunkt.planning.energy.cooling import climate_cells, pue, wue
from brytpunkt.planning.energy.cooling_limit import cooling_limits
from brytpunkt.planning.energy.cooling_physics import electrical_overhead, tower_water, water_chiller_cop
from brytpunkt.planning.energy.grid_connection import connection_months
from brytpunkt.planning.energy.heat import check_curve, heat_prices, price_at
from brytpunkt.planning.inputs.planning_inputs import Facts
from brytpunkt.planning.ledger.evaluate import evaluate
from brytpunkt.reporting.note_texts import english
from tests.examples import examples
from tests.planning.compare import compare
from tests.planning.optimal.test_optimal import SMALL, planned
from tests.planning.reference import Reference

SYSTEMS = (
    *(
        "outside_air",
        "chilled_water_tower",
        "dry_cooler_chiller",
        "direct_liquid",
        "water_chiller_economiser",
    ),
    *("direct_liquid_w32", "direct_liquid_w40", "direct_liquid_w45", "immersion", "district_cooling"),
)
SITE = {key: value for key, value in SMALL["sites"][0].items() if key != "pue"} | {"climate": "stockholm"}


def at(system: str, dry: float, wet: float, part_load: float = 1.0) -> float:
    """PUE at one temperature."""
    return float(pue(system, np.float64(dry), np.float64(wet), part_load))


def site_of(folder: Path, **changes: Any) -> Plan:
    """The small plan at a site with weather."""
    return planned(folder, sites=[SITE | changes])


@pytest.mark.parametrize(
    ("wet_bulb", "load", "cop"),
    [(15.5, 0.5, 8.8), (25.5, 0.5, 6.0), (-20.0, 0.5, None), (15.5, 1.0, None)],
)
def test_the_chiller_is_the_published_regression(wet_bulb: float, load: float, cop: float | None) -> None:
    """Lei and Masanet: 8.8 at 20 degC and half load, 6.0 at 30 degC; outside the range its edge holds."""
    found = float(water_chiller_cop(np.float64(wet_bulb), load))
    edge = float(water_chiller_cop(np.float64(max(wet_bulb, 5.5)), min(load, 0.8)))
    assert found == pytest.approx(edge if cop is None else cop, abs=0.06)


def test_a_tower_evaporates_the_heat_and_a_quarter_of_that_is_drained() -> None:
    """1 kWh at 20 degC: 3600 / 2453.8 = 1.467 kg evaporated, a quarter more at five cycles."""
    assert tower_water(1.0, 20.0) == pytest.approx(3600 / 2453.79 * 1.25, rel=1e-4)


@settings(max_examples=examples(80), derandomize=True, database=None)
@given(
    st.sampled_from(SYSTEMS),
    st.floats(-40, 45),
    st.floats(0, 20),
    st.floats(0, 10),
    st.floats(0.2, 1),
)
def test_pue_is_at_least_one_and_never_falls_with_heat_or_idling(
    system: str, dry: float, depression: float, warmer: float, part: float
) -> None:
    here = at(system, dry, dry - depression, part)
    assert here >= 1
    assert at(system, dry + warmer, dry + warmer - depression, part) >= here - 1e-12
    if system != "water_chiller_economiser":  # its chiller runs best at half of its load
        assert here >= at(system, dry, dry - depression) - 1e-12
    assert float(wue(system, np.float64(dry), np.float64(dry - depression))) >= 0


def test_standing_losses_weigh_double_at_half_load() -> None:
    assert electrical_overhead(1.0) == 0.055
    assert electrical_overhead(0.5) == pytest.approx(0.055 * 1.4)


@pytest.mark.parametrize(
    ("cooler", "warmer", "outdoors"),
    [
        ("direct_liquid_w45", "direct_liquid_w40", 38.0),
        ("direct_liquid_w40", "direct_liquid_w32", 30.0),
        ("immersion", "direct_liquid_w40", 30.0),
    ],
)
def test_warmer_water_needs_less_chiller(cooler: str, warmer: str, outdoors: float) -> None:
    """With 8 K on a dry cooler W40 is free up to 32 degC and W45 up to 37; immersion has no air side."""
    assert at(cooler, outdoors, 20.0) < at(warmer, outdoors, 20.0)


def test_w40_is_the_simple_direct_liquid() -> None:
    assert at("direct_liquid_w40", 25.0, 18.0) == at("direct_liquid", 25.0, 18.0)


@pytest.mark.parametrize(
    ("place", "published", "water"),
    [
        ("stockholm", 1.144, 1.888),
        ("helsinki", 1.144, 1.888),
        ("frankfurt", 1.155, 1.907),
        ("ashburn", 1.185, 1.961),
    ],
)
def test_tower_and_economiser_against_the_simple_hourly_model(
    tmp_path: Path, known: Facts, place: str, published: float, water: float
) -> None:
    """PUE within 0.02 and water within 5 % of a published hourly model of 20 degC water on a tower."""
    site = site_of(tmp_path).sites[0]
    here = known.climate_hours.filter(pl.col("place") == place)
    for system in ("chilled_water_tower", "water_chiller_economiser"):
        year = climate_cells(system, here, site).select(pl.col("pue", "wue").mean()).row(0, named=True)
        assert year["pue"] == pytest.approx(published, abs=0.02), system
        assert year["wue"] == pytest.approx(water, rel=0.05), system


def test_wet_bulbs_of_the_climate_tables_are_possible(known: Facts) -> None:
    """The wet bulb that psychrolib gives for saturated and for very dry air encloses the tables'."""
    psychrolib.SetUnitSystem(psychrolib.SI)
    for dry, wet in known.climate_hours.select("dry_bulb_mean_c", "wet_bulb_mean_c").iter_rows():
        driest = psychrolib.GetTWetBulbFromRelHum(dry, 0.05, 101325)
        assert driest - 0.2 <= wet <= dry + 0.1


def test_a_hot_year_costs_more_and_reaches_the_limit(tmp_path: Path, known: Facts) -> None:
    normal = site_of(tmp_path, cooling="direct_liquid_w32", climate="ashburn")
    hot = site_of(tmp_path, cooling="direct_liquid_w32", climate="ashburn", cooling_plant={"warmer_k": 2.0})
    above, hotter = (cooling_limits(plan, known)["hours_above"][0] for plan in (normal, hot))
    # W32 on a dry cooler with 8 K: hours at or above 24 degC outdoors, from the bins
    bins = known.climate_bins.filter(
        pl.col("place") == "ashburn", pl.col("kind") == "dry_bulb", pl.col("bin_low_c") >= 24
    )
    assert above == pytest.approx(bins["hours_per_year"].sum())
    assert hotter > above
    assert evaluate(hot, known, 9, scan=False).energy["total_kwh"].sum() > (
        evaluate(normal, known, 9, scan=False).energy["total_kwh"].sum()
    )


@pytest.mark.parametrize(("policy", "servers"), [("warn", 4), ("reduce", 1)])
def test_the_limit_takes_servers_only_where_the_plan_says_so(
    tmp_path: Path, known: Facts, policy: str, servers: int
) -> None:
    """60 kW at a PUE near 1.2 carry four boxes; reduced, the loop carries what the hottest hours leave of it."""
    plan = site_of(
        tmp_path,
        cooling="direct_liquid_w32",
        climate="stockholm",
        power_limit_kw=60.0,
        cooling_plant={"on_limit": policy},
    )
    row = cooling_limits(plan, known).row(0, named=True)
    basis = evaluate(plan, known, 9, scan=False).basis
    options = basis.offered
    expected = 60.0 * row["usable_share"] / (10.2 * options["highest_pue"][0])
    assert options["max_servers"][0] == int(expected)
    assert (row["usable_share"] == 1.0) == (policy == "warn")
    assert options["max_servers"][0] <= servers
    if options["max_servers"][0] == 0:
        (reason,) = basis.unfit["reason"]
        assert english(reason).endswith(
            f"the site gives {60 * row['usable_share']:.4g} of its 60 kW in the hottest hours"
        )
    warnings = " ".join(map(english, compute(plan, known).warnings)) if policy == "warn" else ""
    assert policy == "reduce" or "does not keep W32" in warnings


def test_the_hottest_year_of_a_place_is_shown_and_planned_for_where_declared(
    tmp_path: Path, known: Facts
) -> None:
    """Falun's hottest of ten years, 2020, was 1.87 K hotter in its hottest hours: as if the plan said so itself."""
    loop: dict[str, Any] = {"cooling": "direct_liquid_w40", "climate": "falun", "power_limit_kw": 60.0}
    plans = {
        name: site_of(tmp_path, **loop, cooling_plant={"on_limit": "reduce"} | plant)
        for name, plant in (
            ("normal", {}),
            ("hottest", {"summer": "hottest"}),
            ("warmer", {"warmer_k": 27.27 - 25.40}),
        )
    }
    rows = {name: cooling_limits(plan, known).row(0, named=True) for name, plan in plans.items()}
    assert rows["normal"]["hot_year"] == 2020
    assert rows["normal"]["hot_year_hours_above"] == pytest.approx(rows["warmer"]["hours_above"])
    assert rows["hottest"]["hours_above"] == pytest.approx(rows["warmer"]["hours_above"])
    assert rows["normal"]["hours_above"] < rows["hottest"]["hours_above"]
    assert rows["hottest"]["usable_share"] == pytest.approx(rows["warmer"]["usable_share"])
    assert rows["hottest"]["usable_share"] < rows["normal"]["usable_share"]


def test_a_place_without_history_has_no_hottest_year(tmp_path: Path, known: Facts) -> None:
    plan = site_of(tmp_path, cooling="direct_liquid_w32", cooling_plant={"summer": "hottest"})
    with pytest.raises(InputError, match="no hottest year is known of 'stockholm'"):
        cooling_limits(plan, known)
    normal = site_of(tmp_path, cooling="direct_liquid_w32")
    assert cooling_limits(normal, known)["hot_year"].to_list() == [None]


# Heat


def test_heat_earns_most_in_the_cold_and_next_to_nothing_in_summer(tmp_path: Path, known: Facts) -> None:
    """The level is stated for a steady delivery: 228 SEK/MWh over a Stockholm year."""
    plan = planned(
        tmp_path,
        sites=[SITE | {"heat": {"price": "stockholm-exergi"}}],
        finance={"fx_units_per_eur": {"SEK": 1.0}},
    )
    evaluation = evaluate(plan, known, 9, scan=False)
    prices = heat_prices(plan.sites[0], known, evaluation.basis.fx)
    by_month = dict(prices.group_by("month_of_year").agg(pl.col("heat_per_mwh").mean()).iter_rows())
    days = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
    assert sum(by_month[m + 1] * n for m, n in enumerate(days)) / 365 == pytest.approx(228, abs=0.5)
    assert by_month[7] < 0.15 * by_month[1]


def test_heat_and_its_pump_by_hand(tmp_path: Path, known: Facts) -> None:
    """PUE 1.2, 100 kWh drawn: 83.33 kWh of heat, 60 % recovered is 50; COP 3 makes 75 with 25 of electricity."""
    heat = {"share": 0.6, "price_per_mwh": {"eur": 20}, "heat_pump_cop": 3.0}
    plan = planned(tmp_path, sites=[SMALL["sites"][0] | {"heat": heat}])
    cell = evaluate(plan, known, 9, scan=False).basis.cells.row(0, named=True)
    assert cell["heat_sold"] * 100 == pytest.approx(-75 * 0.020)
    assert cell["energy_heat_pump"] * 100 == pytest.approx(25 * 0.1)


def test_indicators_of_a_site(tmp_path: Path, known: Facts) -> None:
    """ERF: 60 % of 1 / 1.2; REF: guarantees for all; WUE: a dry system."""
    energy = {"grid_energy_per_kwh": {"eur": 0.01}, "guarantees_per_mwh": {"eur": 1}}
    heat = {"share": 0.6, "price_per_mwh": {"eur": 20}}
    plan = planned(tmp_path, sites=[SMALL["sites"][0] | {"heat": heat, "energy": energy}])
    row = compute(plan, known).indicators.row(0, named=True)
    assert row["pue"] == pytest.approx(1.2)
    assert (row["erf"], row["ref"], row["wue_litres_per_kwh"]) == (pytest.approx(0.5), 1.0, 0.0)
    assert row["must_report"] is False


@pytest.mark.parametrize("plant", [{"district_price_per_mwh": {"eur": 18}}, {}])
def test_cold_of_a_network_counts_in_the_indicator_whether_it_has_a_price_or_not(
    tmp_path: Path, known: Facts, plant: dict[str, Any]
) -> None:
    """A kWh of IT takes 1.055 + fans 0.0491 + pumps 0.0142 = 1.1183 kWh of electricity, and 1 + 0.0491 kWh of cold.

    PUE 1.1183 + 1.0491 = 2.1674. Guarantees cover the electricity bought: 1.1183 / 2.1674 = 0.516 where the cold has a
    price; where it has none, its electricity 1.0491 / 5 = 0.2098 is bought too: 1.3281 / 2.1674 = 0.613.
    """
    energy = {"grid_energy_per_kwh": {"eur": 0.01}, "guarantees_per_mwh": {"eur": 1}}
    plan = site_of(tmp_path, cooling="district_cooling", cooling_plant=plant, energy=energy, zone="SE3")
    result = compute(plan, known)
    row = result.indicators.row(0, named=True)
    assert row["pue"] == pytest.approx(2.1674, abs=1e-3)
    assert row["ref"] == pytest.approx(0.516 if plant else 0.613, abs=1e-3)
    drawn = result.energy.select(pl.col("total_mwh").sum() / pl.col("it_mwh").sum()).item()
    assert drawn == pytest.approx(1.1183 if plant else 1.3281, abs=1e-3)


@pytest.mark.parametrize(
    ("points", "said"),
    [
        ([(0.0, 10.0)], "fewer than two"),
        ([(10.0, 5.0), (0.0, 10.0)], "not sorted"),
        ([(0.0, 5.0), (10.0, 6.0)], "rises with the temperature"),
    ],
)
def test_a_heat_curve_that_is_none(points: list[tuple[float, float]], said: str) -> None:
    with pytest.raises(InputError, match=said):
        check_curve(points, "here")


def test_between_two_points_the_price_is_a_straight_line() -> None:
    curve = [(-10.0, 40.0), (0.0, 20.0), (20.0, 0.0)]
    frame = pl.DataFrame({"t": [-30.0, -5.0, 0.0, 10.0, 40.0]})
    assert frame.select(price_at(curve, pl.col("t"))).to_series().to_list() == [40.0, 30.0, 20.0, 10.0, 0.0]


# District cooling


def test_cold_of_a_network_is_bought_and_leaves_the_pue(tmp_path: Path, known: Facts) -> None:
    """Fans 4.9 % and pumps 1.4 % stay; each kWh of IT buys 1.049 kWh of cold at 18 EUR/MWh, and VAT on it that stays."""
    energy = {"price_per_kwh": {"eur": 0.1}}
    cooled: dict[str, Any] = {"cooling": "district_cooling", "energy": energy}
    bought = site_of(tmp_path, **cooled, cooling_plant={"district_price_per_mwh": {"eur": 18}})
    made = site_of(tmp_path, **cooled)
    with_price, without = (evaluate(plan, known, 9, scan=False) for plan in (bought, made))
    cell, other = (e.basis.cells.sort("month").row(0, named=True) for e in (with_price, without))
    assert cell["pue"] == pytest.approx(1.055 + 0.0491 + 0.0142, abs=1e-3)
    assert other["pue"] - cell["pue"] == pytest.approx(1.0491 / 5, abs=1e-4)
    assert cell["energy_cooling"] * cell["pue"] == pytest.approx(1.0491 * 0.018, abs=1e-5)
    assert other["energy_cooling"] == 0.0
    market = {"tax": {}, "tariff": "se-10kv-karlsborg-2024", "vat_recoverable_share": 0.5}
    taxed = site_of(
        tmp_path, cooling="district_cooling", energy=market,
        cooling_plant={"district_price_per_mwh": {"eur": 18}}, zone="SE3", country="SE",
    )  # fmt: skip
    assert compare(evaluate(taxed, known, 9), Reference(taxed, known)) == []
    drawn = with_price.energy.sort("option", "month", "servers")
    assert drawn["energy_cooling"].to_list() == pytest.approx(
        (drawn["it_kwh"] * 1.0491 * 0.018).to_list(), rel=1e-4
    )


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"cooling": "outside_air"}, "only district cooling has a price"),
        ({"heat": {"price_per_mwh": {"eur": 20}}}, "takes the heat"),
    ],
)
def test_cold_that_is_bought_by_nobody_or_sold_twice_is_refused(
    tmp_path: Path, changes: dict[str, Any], said: str
) -> None:
    plant = {"district_price_per_mwh": {"eur": 18}}
    with pytest.raises(InputError, match=said):
        site_of(tmp_path, **({"cooling": "district_cooling", "cooling_plant": plant} | changes))


# Connection


@pytest.mark.parametrize(
    ("country", "kind", "size", "months"),
    [
        ("SE", "new", 10.0, (24, 36, 48)),
        ("SE", "brownfield", 10.0, (6, 9, 12)),
        ("DK", "new", 60.0, (48, 72, 120)),
        ("FI", "new", 60.0, (48, 72, 96)),
    ],
)
def test_waiting_for_the_grid_by_country_and_size(
    tmp_path: Path, known: Facts, country: str, kind: str, size: float, months: tuple[int, int, int]
) -> None:
    place = {"country": country, "connection": {"size_mw": size, "kind": kind}, "zone": None}
    place = {key: value for key, value in (SITE | place).items() if value is not None}
    wait = connection_months(planned(tmp_path, sites=[place]).sites[0], known)
    assert wait is not None
    assert (wait.low, wait.mode, wait.high) == months
    assert wait.confidence in ("estimated", "suspect")


def test_the_usual_wait_delays_the_first_delivery(tmp_path: Path, known: Facts) -> None:
    plan = site_of(tmp_path, connection={"size_mw": 1.0, "kind": "brownfield"})
    assert evaluate(plan, known, 9, scan=False).schedule.first.is_empty()
    longer = evaluate(plan, known, 18, scan=False)
    assert longer.schedule.first["delivery_month"].to_list() == [9]


def test_a_size_that_nobody_knows_is_an_error(tmp_path: Path, known: Facts) -> None:
    plan = site_of(tmp_path, connection={"size_mw": 1500.0})
    with pytest.raises(InputError, match="no connection time is known for 1500 MW"):
        evaluate(plan, known, 9, scan=False)
