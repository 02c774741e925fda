"""A site that draws power already pays for what comes on top, hour by hour; a charge on the four highest months; by hand.

As in ``test_tariff``: the new servers draw 36.72 kW in every hour, 27,319.68 kWh in January 2027.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
import pytest

from brytpunkt.planning.energy.tariff import Bills, measured
from brytpunkt.planning.inputs.planning_inputs import Facts
from brytpunkt.planning.ledger.evaluate import evaluate
from brytpunkt.planning.ledger.ledger import mix_ledger
from brytpunkt.planning.optimal.dispatch import dispatch
from brytpunkt.planning.optimal.mix import Mix
from brytpunkt.planning.optimal.problem import field_of
from tests.planning.compare import compare
from tests.planning.energy.test_tariff import KW, KWH, STEADY, paid, plan_of
from tests.planning.optimal.test_optimal import SMALL, planned
from tests.planning.reference import Reference


def bands(charge: str, edge: float, prices: tuple[float, float], rule: str = "parts") -> list[dict[str, Any]]:
    """Two bands of one charge [SEK]."""
    common = {"id": "x", "charge": charge, "band_rule": rule}
    return [
        common | {"price": {"sek": prices[0]}},
        common | {"price": {"sek": prices[1]}, "band_from": edge},
    ]


WEEKDAYS = [1.4] * 120 + [0.0] * 48
CASES: dict[str, tuple[dict[str, Any], dict[str, float]]] = {
    "bands begin where the existing load ends": (
        {"existing_load_kw": 40, "tariff_elements": bands("peak_month", 50, (300, 500))},
        {"energy_capacity": (10 * 300 + (KW - 10) * 500) / 12 / 10},
    ),
    "a step that the new load reaches makes the existing one cheaper": (
        {"existing_load_kw": 40, "tariff_elements": bands("peak_month", 60, (600, 400), "whole")},
        {"energy_capacity": ((40 + KW) * 400 - 40 * 600) / 12 / 10},
    ),
    "a subscription is raised by the new load with its headroom": (
        {"existing_load_kw": 50, "tariff_elements": bands("subscription", 60, (100, 200))},
        # 55 kW are subscribed already: 5 at the lower price, the rest at the higher
        {"energy_subscription": (5 * 100 + (KW * 1.1 - 5) * 200) / 12 / 10},
    ),
    "energy in bands": (
        {"existing_load_kw": 10, "tariff_elements": bands("energy", 10_000, (0.1, 0.05))},
        {"energy_grid": ((10_000 - 7440) * 0.1 + (KWH - 10_000 + 7440) * 0.05) / 10},
    ),
    # 100 kW in the mean of the week: 140 in each hour of the weekdays, none at the weekend
    "bands begin where the busiest hour of a shaped load ends": (
        {
            "existing_load_kw": 100,
            "existing_load_shape": WEEKDAYS,
            "tariff_elements": bands("peak_month", 150, (300, 500)),
        },
        {"energy_capacity": (10 * 300 + (KW - 10) * 500) / 12 / 10},
    ),
    "at the weekend a load of weekdays fills no band": (
        {
            "existing_load_kw": 100,
            "existing_load_shape": WEEKDAYS,
            "tariff_elements": [e | {"days": "weekend"} for e in bands("peak_month", 10, (300, 500))],
        },
        {"energy_capacity": (10 * 300 + (KW - 10) * 500) / 12 / 10},
    ),
    # January 2027 has 19 working days, for New Year's Day and Epiphany count as Sundays; in UTC it ends with the first
    # hour of Monday, 1 February: 457 h x 140 kW = 63,980 kWh
    "energy in bands above what the weekdays draw": (
        {
            "existing_load_kw": 100,
            "existing_load_shape": WEEKDAYS,
            "tariff_elements": bands("energy", 70_000, (0.1, 0.05)),
        },
        {"energy_grid": ((70_000 - 63_980) * 0.1 + (KWH - 70_000 + 63_980) * 0.05) / 10},
    ),
    "a fixed fee is paid already": (
        {
            "existing_load_kw": 10,
            "tariff_elements": [
                {"id": "fixed", "charge": "fixed", "price": {"sek": 9000}},
                {"id": "power", "charge": "peak_year", "price": {"sek": 120}},
            ],
        },
        {"energy_subscription": KW * 120 / 12 / 10},
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_only_what_comes_on_top_is_charged(name: str, tmp_path: Path, known: Facts) -> None:
    energy, expected = CASES[name]
    plan = plan_of(tmp_path, "SE", "SE3", energy)
    evaluation = evaluate(plan, known, 9)
    found = paid(evaluation)
    for component, amount in expected.items():
        assert found[component] == pytest.approx(amount, abs=0.006), component
    assert compare(evaluation, Reference(plan, known)) == []


def test_peaks_at_different_hours_do_not_add_up() -> None:
    """By day 60 kW are there and 10 come; by night 20 and 30: the highest hour rises from 60 to 70, not to 90."""
    key = {"site": ["here"] * 2, "month": [0] * 2, "day_type": ["weekday"] * 2, "hour_utc": [12, 0]}
    windows = pl.DataFrame({**key, "window": ["power"] * 2, "share": [1.0] * 2, "existing_kw": [60.0, 20.0]})
    grid = pl.DataFrame({**key, "it_kw": [10.0, 30.0], "pue_p99": [1.0] * 2, "kwh": [10.0, 30.0]})
    shown = measured(grid, Bills(windows, pl.DataFrame()), ["month"])
    assert shown.select("kw", "kwh").rows() == [(10.0, 40.0)]


def test_an_optimal_mix_raises_the_same_peak(tmp_path: Path, known: Facts) -> None:
    """New load by office hours beside one that is highest at the weekend: dispatch and ledger say the same."""
    weekend = [0.2] * 120 + [3.0] * 48
    elements = [
        {"id": "power", "charge": "peak_month", "price": {"sek": 600}},
        {"id": "year", "charge": "subscription", "price": {"sek": 200}},
    ]
    energy = {"existing_load_kw": 30, "existing_load_shape": weekend, "tariff_elements": elements}
    plan = plan_of(tmp_path, "SE", "SE3", energy)
    workload = SMALL["workloads"][0] | {
        "demand": {"gpu_hours_per_day": 480, "gpu_model": "H100-SXM-80GB"},
        "weekly_shape": "office_hours",
    }
    small = planned(tmp_path, workloads=[workload])
    plan = plan.model_copy(update={"workloads": small.workloads, "build": small.build})
    evaluation = evaluate(plan, known, 9)
    assert compare(evaluation, Reference(plan, known)) == []
    flat = plan.sites[0].energy.model_copy(update={"existing_load_shape": "flat"})
    beside = plan.model_copy(update={"sites": (plan.sites[0].model_copy(update={"energy": flat}),)})
    assert paid(evaluation)["energy_capacity"] < paid(evaluate(beside, known, 9))["energy_capacity"]
    bought = evaluation.schedule.bought
    mix = Mix(tuple((0, d, n) for d, n in bought.select("delivery_month", "servers").iter_rows()), ())
    flows = dispatch(plan, field_of(evaluation.basis, evaluation.basis.options), mix).flows
    ours = mix_ledger(plan, evaluation.basis, flows.with_columns(site=pl.lit("here")))
    for component in ("energy_capacity", "energy_subscription"):
        of = [
            sum(f.filter(pl.col("component") == component)["cents"].to_list()) for f in (ours, evaluation.own)
        ]
        assert of[0] > 0
        assert abs(of[0] - of[1]) <= 9, component


def test_tax_bands_that_the_existing_load_fills_are_not_filled_again(tmp_path: Path, known: Facts) -> None:
    """100 kW are 74,400 kWh in January, above the 50,000 a year of the Dutch bands: all of it at the third rate."""
    plan = plan_of(tmp_path, "NL", "NL", {"tax": {}, "existing_load_kw": 100})
    evaluation = evaluate(plan, known, 9)
    assert paid(evaluation)["energy_tax"] == pytest.approx(KWH * 0.03943, abs=0.006)
    assert compare(evaluation, Reference(plan, known)) == []


def test_iceland_charges_the_mean_of_the_four_highest_months(tmp_path: Path, known: Facts) -> None:
    """Need doubles in July 2027: three months of that year at the new peak, and one at the old, make the mean."""
    elements = [{"id": "power", "charge": "peak_four", "price": {"usd": 120}}]
    energy = {
        "ppa_per_mwh": {"usd": 43}, "hedged_share": 1.0, "tax": {}, "tariff_elements": elements, "existing_load_kw": 5,
    }  # fmt: skip
    table = [{"month": m, "multiple": n} for m, n in ((0, 1.0), (5, 1.0), (6, 2.0))]
    growth = {"kind": "table", "table": table}
    workload = SMALL["workloads"][0] | {
        "demand": {"gpu_hours_per_day": 480, "gpu_model": "H100-SXM-80GB", "growth": growth}
    }
    servers = {"servers": [SMALL["build"]["servers"][0] | STEADY], "review_months": 1}
    small = planned(tmp_path, workloads=[workload], build=servers)
    plan = plan_of(tmp_path, "IS", None, energy).model_copy(
        update={"workloads": small.workloads, "build": small.build}
    )
    evaluation = evaluate(plan, known, 9)
    installed = dict(evaluation.schedule.installed.select("month", "servers").iter_rows())
    peaks = [installed[month] * 10.2 * 1.2 for month in range(9)]
    top = sorted(peaks)[-4:]
    assert len(set(top)) == 2
    assert paid(evaluation)["energy_subscription"] == pytest.approx(sum(top) / 4 * 120 / 12, abs=0.006)
    assert compare(evaluation, Reference(plan, known)) == []
    bought = evaluation.schedule.bought
    mix = Mix(tuple((0, d, n) for d, n in bought.select("delivery_month", "servers").iter_rows()), ())
    flows = dispatch(plan, field_of(evaluation.basis, evaluation.basis.options), mix).flows
    ours = mix_ledger(plan, evaluation.basis, flows.with_columns(site=pl.lit("here")))
    for component in ("energy_subscription", "energy_ppa"):
        of = [f.filter(pl.col("component") == component)["cents"].to_list() for f in (ours, evaluation.own)]
        assert abs(sum(of[0]) - sum(of[1])) <= 9, component
