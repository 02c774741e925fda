"""Tariffs and taxes: a month by hand for each country, laws that change, bands, peaks of the year, and errors.

The site of these tests draws 36.72 kW in every hour: three servers of 10.2 kW that idle and work alike, PUE 1.2.
January 2027 has 744 hours, so 27,319.68 kWh; 19 of its weekdays are no holidays in Sweden and Finland.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from brytpunkt.declarations import Plan
from brytpunkt.errors import InputError
from brytpunkt.planning.energy.tariff import in_bands
from brytpunkt.planning.energy.tariff_elements import Element
from brytpunkt.planning.inputs.planning_inputs import Facts
from brytpunkt.planning.inputs.references import check_names
from brytpunkt.planning.ledger.evaluate import Evaluation, evaluate
from brytpunkt.planning.ledger.ledger import mix_ledger
from brytpunkt.planning.optimal.dispatch import dispatch
from brytpunkt.planning.optimal.mix import Mix
from brytpunkt.planning.optimal.problem import field_of
from tests.examples import examples
from tests.planning.compare import compare
from tests.planning.optimal.test_optimal import SMALL, planned
from tests.planning.reference import Reference

KW, KWH = 36.72, 36.72 * 744
FX = {"SEK": 10.0, "NOK": 10.0, "DKK": 7.5, "ISK": 140.0, "USD": 1.0}
STEADY = {"load_share": 1.0, "idle_share": 1.0}


def plan_of(folder: Path, country: str, zone: str | None, energy: dict[str, Any], **changes: Any) -> Plan:
    """One steady site with an energy section of its own."""
    workload = SMALL["workloads"][0] | {"demand": {"gpu_hours_per_day": 480, "gpu_model": "H100-SXM-80GB"}}
    site = SMALL["sites"][0] | {"country": country, "energy": energy} | changes.pop("site", {})
    site |= {"zone": zone} if zone else {"timezone": "UTC"}
    site = {key: value for key, value in site.items() if key != "zone" or zone}
    build = {"servers": [SMALL["build"]["servers"][0] | STEADY]}
    finance = {"fx_units_per_eur": FX} | changes.pop("finance", {})
    return planned(folder, workloads=[workload], sites=[site], build=build, finance=finance, **changes)


def paid(evaluation: Evaluation, month: int = 0) -> dict[str, float]:
    """Energy components of a month [EUR]."""
    rows = evaluation.own.filter(pl.col("month") == month, pl.col("component").str.contains("energy|heat"))
    return {name: cents / 100 for name, cents in rows.select("component", "cents").iter_rows()}


Case = tuple[str, str | None, dict[str, Any]]
BY_HAND: dict[str, tuple[Case, dict[str, float]]] = {
    "Sweden, windows and the northern deduction": (
        ("SE", "SE1", {"tariff": "se-20kv-ronneby-windows", "tax": {"area": "north"}}),
        {
            # subscription of 1.1 x the year's peak, and the peak in the high-load window
            "energy_subscription": (KW * 1.1 * 35.2 + KW * 406.4) / 12 / 10,
            # 19 weekdays x 16 h in the window
            "energy_grid": (KWH * 0.03864 + KW * 19 * 16 * 0.01064) / 10,
            "energy_tax": KWH * (0.36 - 0.096) / 10,
        },
    ),
    "Norway, winter power": (
        ("NO", "NO1", {"tariff": "no-22kv-fjellnett-2022", "tax": {}}),
        {
            "energy_capacity": KW * 423 / 12 / 10,
            "energy_subscription": 11900 / 12 / 10,
            "energy_tax": KWH * 0.0713 / 10,
        },
    ),
    "Norway, tiltakssonen": (
        ("NO", "NO4", {"tariff": "no-22kv-fjellnett-2022", "tax": {"area": "tiltakssone"}}),
        {"energy_tax": KWH * 0.006 / 10},
    ),
    "Finland, winter weekdays and half of the tax back": (
        (
            *("FI", "FI"),
            {"tariff": "fi-fingrid-2021", "tax": {"flags": ["aid_scheme"], "relief_share": 0.5}},
        ),
        {
            "energy_grid": KWH * 0.0034 + KW * 19 * 14 * 0.0063,
            "energy_tax": KWH * (0.0224 * 0.5 + 0.00013),
        },
    ),
    "Denmark, process use": (("DK", "DK1", {"tax": {"use": "process"}}), {"energy_tax": KWH * 0.004 / 7.5}),
    "Denmark, comfort cooling": (
        ("DK", "DK1", {"tax": {"use": "comfort"}}),
        {"energy_tax": KWH * 0.008 / 7.5},
    ),
    "Iceland, all under contract": (
        (
            *("IS", None),
            {
                "ppa_per_mwh": {"usd": 43},
                "hedged_share": 1.0,
                "tax": {},
                "tariff_elements": [{"id": "power", "charge": "peak_year", "price": {"usd": 60}}],
            },
        ),
        {"energy_ppa": KWH * 0.043, "energy_subscription": KW * 60 / 12},
    ),
    "Germany, the year's peak": (
        ("DE", "DE-LU", {"tariff": "de-nrm-ms-2013", "tax": {}}),
        {
            "energy_subscription": KW * 42.32 / 12,
            "energy_grid": KWH * 0.0049,
            "energy_tax": KWH * 0.0205,
        },
    ),
    "Netherlands, bands of the yearly use": (
        ("NL", "NL", {"tax": {}}),
        {
            "energy_tax": 10000 / 12 * 0.1088 + 40000 / 12 * 0.09037 + (KWH - 50000 / 12) * 0.03943,
        },
    ),
    "Ireland": (("IE", "IE-SEM", {"tax": {}}), {"energy_tax": KWH * 0.001}),
}


@pytest.mark.parametrize("name", BY_HAND)
def test_a_month_by_hand(name: str, tmp_path: Path, known: Facts) -> None:
    (country, zone, energy), expected = BY_HAND[name]
    plan = plan_of(tmp_path, country, zone, energy)
    found = paid(evaluate(plan, known, 9, scan=False))
    for component, amount in expected.items():
        assert found[component] == pytest.approx(amount, abs=0.006), component


@pytest.mark.parametrize("name", BY_HAND)
def test_hand_and_reference_agree_over_the_plan(name: str, tmp_path: Path, known: Facts) -> None:
    (country, zone, energy), _ = BY_HAND[name]
    plan = plan_of(tmp_path, country, zone, energy)
    assert compare(evaluate(plan, known, 9), Reference(plan, known), order_months=(0, 4)) == []


def test_a_law_that_changes_inside_the_horizon_changes_the_plan_from_that_month_on(
    tmp_path: Path, known: Facts
) -> None:
    """Finland moves data centres to class I on 2026-07-01: 0.0005 to 0.0224, both with 0.00013."""
    plan = plan_of(tmp_path, "FI", "FI", {"tax": {}}, finance={"start": "2026-05-01"})
    evaluation = evaluate(plan, known, 9, scan=False)
    june, july = paid(evaluation, 1), paid(evaluation, 2)
    assert june["energy_tax"] == pytest.approx(KW * 720 * 0.00063, abs=0.006)
    assert july["energy_tax"] == pytest.approx(KW * 744 * 0.02253, abs=0.006)


def test_vat_comes_last_and_only_what_is_not_recovered_is_paid(tmp_path: Path, known: Facts) -> None:
    """40 % lost of 25 % on energy, margin, guarantees, fees and tax together."""
    energy = {
        "tariff": "no-22kv-fjellnett-2022",
        "tax": {},
        "vat_recoverable_share": 0.6,
        "guarantees_per_mwh": {"eur": 1.0},
    }
    found = paid(evaluate(plan_of(tmp_path, "NO", "NO1", energy), known, 9, scan=False))
    base = ("spot", "margin", "guarantees", "tax", "capacity")
    assert found["energy_guarantees"] == pytest.approx(KWH / 1000, abs=0.006)
    assert found["energy_vat"] == pytest.approx(0.1 * sum(found[f"energy_{p}"] for p in base), abs=0.02)
    assert found["energy_fees_vat"] == pytest.approx(0.1 * found["energy_subscription"], abs=0.006)


def test_the_peak_of_a_year_is_paid_in_its_earlier_months_too(tmp_path: Path, known: Facts) -> None:
    """Need doubles within the calendar year: January pays for the servers that come in October."""
    energy = {"tariff_elements": [{"id": "power", "charge": "peak_year", "price": {"eur": 120}}]}
    growth = {"kind": "table", "table": [{"month": 0, "multiple": 1.0}, {"month": 8, "multiple": 2.0}]}
    workload = SMALL["workloads"][0] | {
        "demand": {"gpu_hours_per_day": 480, "gpu_model": "H100-SXM-80GB", "growth": growth}
    }
    plan = plan_of(tmp_path, "SE", "SE1", energy).model_copy(
        update={
            "workloads": planned(tmp_path, workloads=[workload]).workloads,
            "build": planned(
                tmp_path,
                build={"servers": [SMALL["build"]["servers"][0] | STEADY], "review_months": 3},
            ).build,
        }
    )
    evaluation = evaluate(plan, known, 9, scan=False)
    servers = dict(evaluation.schedule.installed.select("month", "servers").iter_rows())
    assert servers[0] < servers[8]
    assert paid(evaluation)["energy_subscription"] == pytest.approx(servers[8] * 10.2 * 1.2 * 10, abs=0.006)
    assert compare(evaluate(plan, known, 9), Reference(plan, known)) == []


def test_dispatch_of_the_optimal_plan_pays_the_same_tariff(tmp_path: Path, known: Facts) -> None:
    energy = {
        "tax": {"area": "north"},
        "vat_recoverable_share": 0.5,
        "tariff_elements": [
            {"id": "power", "charge": "peak_month", "price": {"sek": 300}, "hours": "22-6"},
            {
                "id": "power",
                "charge": "peak_month",
                "price": {"sek": 500},
                "band_from": 30.0,
                "hours": "22-6",
            },
            {"id": "year", "charge": "subscription", "price": {"sek": 120}, "band_rule": "whole"},
            {"id": "flow", "charge": "energy", "price": {"sek": 0.1}},
            {"id": "flow", "charge": "energy", "price": {"sek": 0.05}, "band_from": 10000.0},
            {"id": "fixed", "charge": "fixed", "price": {"sek": 9000}},
        ],
    }
    heat = {"share": 0.6, "price_per_mwh": {"eur": 20}, "heat_pump_cop": 3.0}
    plan = plan_of(tmp_path, "SE", "SE3", energy, site={"heat": heat})
    evaluation = evaluate(plan, known, 9)
    basis = evaluation.basis
    bought = evaluation.schedule.bought
    mix = Mix(tuple((0, d, n) for d, n in bought.select("delivery_month", "servers").iter_rows()), ())
    flows = dispatch(plan, field_of(basis, basis.options), mix).flows.with_columns(site=pl.lit("here"))
    ours = dict(mix_ledger(plan, basis, flows).group_by("component").agg(pl.col("cents").sum()).iter_rows())
    theirs = dict(evaluation.own.group_by("component").agg(pl.col("cents").sum()).iter_rows())
    assert {"energy_subscription", "energy_fees_vat", "heat_sold", "energy_heat_pump"} <= set(theirs)
    for component in theirs.keys() | ours.keys():
        assert abs(ours.get(component, 0) - theirs.get(component, 0)) <= 9, component
    assert compare(evaluation, Reference(plan, known)) == []


# Bands and windows


def bill(bands: list[tuple[float, float]], amount: float, *, whole: bool = False) -> float:
    """Cost of an amount in bands (edge, price)."""
    uppers = [edge for edge, _ in bands[1:]] + [float("inf")]
    frame = pl.DataFrame(
        {
            "band_from": [edge for edge, _ in bands],
            "band_to": uppers,
            "price": [price for _, price in bands],
            "is_whole": [whole] * len(bands),
            "existing": [0.0] * len(bands),
        }
    )
    return float(frame.select(in_bands(pl.lit(amount)).sum()).item())


BANDS = st.lists(st.tuples(st.integers(1, 1000), st.integers(0, 50)), min_size=1, max_size=4).map(
    lambda pairs: [(0.0, 1.0), *sorted({float(edge): float(price) for edge, price in pairs}.items())]
)


@settings(max_examples=examples(60), derandomize=True, database=None)
@given(BANDS, st.floats(0, 2000), st.floats(0, 500))
def test_more_is_never_cheaper_and_bands_in_parts_are_continuous(
    bands: list[tuple[float, float]], amount: float, more: float
) -> None:
    assert bill(bands, amount + more) >= bill(bands, amount) - 1e-9
    dearest = max(price for _, price in bands)
    assert bill(bands, amount + 1e-6) - bill(bands, amount) <= dearest * 1e-6 + 1e-9


def test_a_step_charges_everything_at_the_rate_that_is_reached() -> None:
    steps = [(0.0, 10.0), (100.0, 8.0)]
    assert bill(steps, 99.0, whole=True) == 990.0
    assert bill(steps, 100.0, whole=True) == 800.0


@pytest.mark.parametrize(
    ("window", "hour_of_week", "inside"),
    [
        ({"hours": (6, 22)}, 6, True),
        ({"hours": (6, 22)}, 22, False),
        ({"hours": (22, 6)}, 23, True),
        ({"hours": (22, 6)}, 12, False),
        ({"days": "weekday"}, 4 * 24 + 23, True),
        ({"days": "weekday"}, 5 * 24, False),
        ({"days": "weekend", "hours": (6, 22)}, 6 * 24 + 7, True),
    ],
)
def test_hours_of_a_window(window: dict[str, Any], hour_of_week: int, inside: bool) -> None:
    assert Element("x", "energy", ((0.0, 1.0),), **window).takes(hour_of_week) is inside


def test_a_window_over_the_turn_of_the_year() -> None:
    winter = Element("x", "energy", ((0.0, 1.0),), months=(11, 3))
    assert [month for month in range(1, 13) if winter.holds(month)] == [1, 2, 3, 11, 12]


# Errors


def test_a_place_without_weather_says_where_it_comes_from(tmp_path: Path, known: Facts) -> None:
    site = {"climate": "stavanger", "cooling": "outside_air"}
    plan = plan_of(tmp_path, "NO", "NO2", {"tax": {}}, site=site)
    plan = plan.model_copy(update={"sites": (plan.sites[0].model_copy(update={"pue": None}),)})
    with pytest.raises(InputError, match="the weather of stavanger is not bundled") as caught:
        check_names(plan, known)
    assert "refresh open-meteo" in str(caught.value.problems[0].suggestion)


def test_a_hedge_a_margin_and_guarantees_by_hand(tmp_path: Path, known: Facts) -> None:
    """40 % under a renewable contract at 45, the rest at spot; 3 a MWh for the supplier, 1.5 for guarantees."""
    common: dict[str, Any] = {
        "tax": {},
        "supplier_margin_per_mwh": {"eur": 3},
        "guarantees_per_mwh": {"eur": 1.5},
    }
    hedge = {"ppa_per_mwh": {"eur": 45}, "hedged_share": 0.4, "ppa_is_renewable": True}
    open_, hedged = (
        paid(evaluate(plan_of(tmp_path, "SE", "SE3", common | more), known, 9, scan=False))
        for more in ({}, hedge)
    )
    assert hedged["energy_spot"] == pytest.approx(0.6 * open_["energy_spot"], abs=0.01)
    assert hedged["energy_ppa"] == pytest.approx(0.4 * KWH * 0.045, abs=0.01)
    assert hedged["energy_margin"] == pytest.approx(KWH * 0.003, abs=0.006)
    assert hedged["energy_guarantees"] == pytest.approx(KWH * 0.0015, abs=0.006)


REFUSED: dict[str, tuple[Case, str]] = {
    "a tariff of another country": (
        ("SE", "SE1", {"tariff": "no-22kv-fjellnett-2022"}),
        "is for NO, the site is in SE",
    ),
    "a tariff that nobody has": (("SE", "SE1", {"tariff": "se-20kv-ronneby-window"}), "did you mean"),
    "a relief without its share": (("FI", "FI", {"tax": {"flags": ["aid_scheme"]}}), "not published"),
    "a country without rows": (
        ("US", None, {"ppa_per_mwh": {"usd": 40}, "hedged_share": 1.0, "tax": {}}),
        "no electricity tax of US",
    ),
    "VAT of a country without rows": (
        (
            *("US", None),
            {
                "ppa_per_mwh": {"usd": 40},
                "hedged_share": 1.0,
                "vat_recoverable_share": 0.0,
                "tax_segment": "x",
            },
        ),
        "energy tax of US",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_does_not_fit_is_refused_in_words(name: str, tmp_path: Path, known: Facts) -> None:
    (country, zone, energy), said = REFUSED[name]
    plan = plan_of(tmp_path, country, zone, energy)
    with pytest.raises(InputError) as caught:  # noqa: PT012 - names are checked before the plan is evaluated
        check_names(plan, known)
        evaluate(plan, known, 9, scan=False)
    told = " ".join(f"{p.where} {p.message} {p.suggestion}" for p in caught.value.problems)
    assert said in told
    assert "sites.here" in told
