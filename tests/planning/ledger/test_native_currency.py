"""Every row of the ledger is in the money of the document that its price comes from, and converts back to its amount."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings

from brytpunkt.declarations import Plan, read_plan
from brytpunkt.errors import InputError
from brytpunkt.planning.inputs.planning_inputs import Facts
from brytpunkt.planning.ledger.evaluate import Evaluation, evaluate
from brytpunkt.planning.ledger.full_ledger import full_ledger
from brytpunkt.planning.optimal.results import Optimal
from tests.planning.generate import plans
from tests.planning.optimal.test_optimal import SMALL, planned

BASE = SMALL["sites"][0]
Ledger = Callable[[Plan, Facts], pl.DataFrame]


def ledger_of(evaluation: Evaluation) -> pl.DataFrame:
    """The full ledger without an optimal plan."""
    none = pl.DataFrame()
    key = ["option", "month", "component", "item", "timing", "cents", "pv_cents"]
    rows = evaluation.own.clear().with_columns(site=pl.lit(None, dtype=pl.String)).select("site", *key)
    return full_ledger(evaluation, Optimal(none, none, none, none, rows, none))


def currencies(rows: pl.DataFrame) -> dict[str, set[str]]:
    """Native currencies by component."""
    found = rows.group_by("component").agg(pl.col("native_currency").unique())
    return {component: set(names) for component, names in found.iter_rows()}


def site(country: str, zone: str | None, energy: dict[str, Any], **more: Any) -> dict[str, Any]:
    """The small plan's site elsewhere."""
    here: dict[str, Any] = BASE | {"country": country, "zone": zone, "energy": energy} | more
    return here


@pytest.mark.parametrize(
    ("country", "zone", "energy", "expected"),
    [
        ("SE", "SE3", {"grid_fee": "se-10kv-karlsborg"},
         {"energy_tax": "SEK", "energy_grid": "SEK", "energy_capacity": "SEK", "energy_spot": "EUR"}),
        ("SE", "SE3", {"tariff": "se-20kv-ronneby-windows", "tax": {}, "vat_recoverable_share": 0.5},
         {"energy_tax": "SEK", "energy_grid": "SEK", "energy_subscription": "SEK", "energy_vat": "SEK", "energy_fees_vat": "SEK"}),
        ("NO", "NO1", {"tariff": "no-22kv-fjellnett-2022", "tax": {}},
         {"energy_tax": "NOK", "energy_capacity": "NOK", "energy_subscription": "NOK"}),
        ("DK", "DK1", {"tax": {"use": "process"}}, {"energy_tax": "DKK"}),
        ("FI", "FI", {"tariff": "fi-fingrid-2021"}, {"energy_tax": "EUR", "energy_grid": "EUR"}),
        ("SE", "SE3", {"ppa_per_mwh": {"usd": 43}, "hedged_share": 0.5, "guarantees_per_mwh": {"nok": 9},
                       "tariff_elements": [{"id": "power", "charge": "peak_month", "price": {"usd": 60}}]},
         {"energy_ppa": "USD", "energy_spot": "EUR", "energy_guarantees": "NOK", "energy_capacity": "USD"}),
    ],
)  # fmt: skip
def test_energy_is_in_the_money_of_its_document(
    tmp_path: Path, known: Facts, country: str, zone: str, energy: dict[str, Any], expected: dict[str, str]
) -> None:
    """Energy of four countries in a plan in euro, then in one in kronor: what it is priced in does not change."""
    for currency in ("EUR", "SEK"):
        plan = planned(tmp_path, sites=[site(country, zone, energy)], finance={"currency": currency})
        evaluation = evaluate(plan, known, 9, scan=False)
        rows = ledger_of(evaluation).filter(pl.col("strategy") == "own")
        found = currencies(rows)
        assert {name: found[name] for name in expected} == {name: {is_in} for name, is_in in expected.items()}
        rates = dict(rows.select("native_currency", "fx_rate").unique().iter_rows())
        assert rates == {name: pytest.approx(evaluation.basis.fx.rate(name)) for name in rates}


def test_a_price_in_two_currencies_is_in_that_of_the_plan(tmp_path: Path, known: Facts) -> None:
    elements = [
        {"id": "day", "charge": "energy", "hours": "6-22", "price": {"sek": 0.2}},
        {"id": "night", "charge": "energy", "hours": "22-6", "price": {"usd": 0.01}},
    ]
    plan = planned(tmp_path, sites=[site("SE", "SE3", {"tariff_elements": elements})])
    rows = ledger_of(evaluate(plan, known, 9, scan=False)).filter(pl.col("strategy") == "own")
    assert currencies(rows)["energy_grid"] == {"EUR"}


def test_what_else_is_owned_and_rented_is_in_the_money_of_its_price(tmp_path: Path, known: Facts) -> None:
    box, offer = SMALL["build"]["servers"][0], SMALL["rent"]["offers"][0]
    work = SMALL["workloads"][0] | {"storage": {"capacity_tb": 10, "egress_tb_per_month": 5}}
    here = BASE | {
        "colocation": BASE["colocation"] | {"price_per_kw_month": {"sek": 1500}, "lead_time_months": 3},
        "staff": {"min_fte": 0.2, "cost_per_fte_year": {"nok": 900_000}},
    }
    plan = planned(
        tmp_path,
        workloads=[work],
        sites=[here],
        build={"servers": [box | {"price": {"usd": 200_000}}]},
        rent={"offers": [offer | {"price": {"gbp": 20}}]},
        staff={"platform_fte": 1.0, "cost_per_fte_year": {"dkk": 700_000}},
    )
    found = currencies(
        ledger_of(evaluate(plan, known, 9, scan=False)).filter(pl.col("strategy").is_in(["own", "rent"]))
    )
    assert found["server_capex"] == found["support"] == found["spares"] == {"USD"}
    assert found["colocation_rent"] == {"SEK"}
    assert found["hardware_staff"] == {"NOK"}
    assert found["platform_staff"] == {"DKK"}
    assert found["rent_on_demand"] == {"GBP"}
    assert found["continuing_value"] == {"EUR"}, "worth is computed, and stands in no document"
    storage = plan.storage
    assert found["storage_rent"] == {storage.nas_rent_per_tb_month.currency}
    assert found["storage_capex"] == {storage.nas_capex_per_tb.currency}
    assert found["egress"] == {storage.egress_per_tb.currency}


@pytest.fixture(scope="session")
def ledger(tmp_path_factory: pytest.TempPathFactory, known: Facts) -> Callable[[str], pl.DataFrame | None]:
    """The full ledger of a plan's text; None where the plan is refused."""
    path = tmp_path_factory.mktemp("plans") / "plan.yaml"

    def compute(text: str) -> pl.DataFrame | None:
        path.write_text(text, encoding="utf-8")
        plan = read_plan(path).plan
        try:
            return ledger_of(evaluate(plan, known, plan.finance.months, scan=False))
        except InputError:
            return None

    return compute


@settings(max_examples=8, derandomize=True, database=None, suppress_health_check=[HealthCheck.too_slow])
@given(text=plans())
def test_a_native_amount_at_its_rate_is_the_amount(
    ledger: Callable[[str], pl.DataFrame | None], text: str
) -> None:
    rows = ledger(text)
    if rows is None:
        return
    back = pl.col("native_amount") * pl.col("fx_rate") - pl.col("amount").cast(pl.Float64)
    assert rows.select(back.abs().max()).item() == pytest.approx(0, abs=1e-6)
    assert rows["fx_rate"].min() > 0  # type: ignore[operator]
    assert (rows.filter(pl.col("native_currency") == pl.col("currency"))["fx_rate"] == 1.0).all()
    assert rows["native_currency"].null_count() == 0
