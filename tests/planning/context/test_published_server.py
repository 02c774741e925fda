"""Published figures of one server: as many GPUs are compared, the plan's shares count, and what has no value says why."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
import pytest
from ruamel.yaml import YAML

from brytpunkt.declarations import Plan, read_plan
from brytpunkt.folders import folders
from brytpunkt.planning.context.plausibility import implausible
from brytpunkt.planning.context.published import published_cases, undefined_figures
from brytpunkt.planning.context.published_sheet import payment
from brytpunkt.planning.inputs.money import exchange_rates
from brytpunkt.planning.inputs.planning_inputs import Facts
from brytpunkt.planning.ledger.evaluate import evaluate
from brytpunkt.planning.optimal.results import PLAN_SCHEMA
from brytpunkt.planning.verdicts.unit_economics import unit_economics
from brytpunkt.reporting.formats import Formats
from brytpunkt.reporting.note_texts import NoteTexts, english
from brytpunkt.reporting.translations import texts

SPEED = {"m": 6000}
BUILD: dict[str, Any] = {
    "servers": [
        {
            "id": "four",
            "gpu_model": "H100-SXM-80GB",
            "gpu_count": 4,
            "gpu_memory_gb": 80,
            "price": {"usd": 100_000},
            "nameplate_kw": 5.0,
            "load_share": 0.8,
            "output_tokens_per_second": SPEED,
        }
    ],
    "life_years": 4,
    "freight_and_duty_share": 0.0,
    "network_share": 0.0,
    "installation_share": 0.0,
    "spares_share": 0.0,
    "support_share_per_year": 0.0876,
    "insurance_share_per_year": 0.0,
}


def offer(identifier: str, gpus: int, price: float, **more: Any) -> dict[str, Any]:
    """An offer on demand of the same GPU."""
    fixed = {"provider": "somebody", "gpu_model": "H100-SXM-80GB", "term": "on_demand"}
    return {"id": identifier, "gpu_count": gpus, "price": {"usd": price}} | fixed | more


OFFERS = [
    offer("one", 1, 3.0),
    offer("eight", 8, 24.0),
    offer("cheap", 4, 2.0),
    offer("between", 4, 4.4),
    offer("other", 4, 9.0, gpu_model="H200-SXM-141GB"),
]


def declared(
    folder: Path, cases: list[dict[str, Any]], *, rate: float = 0.0, rack_kw: float = 15, **more: Any
) -> Plan:
    """A bare plan with the server of four GPUs; 0.10 USD per kWh at a PUE of 1.2, 730 USD a rack and month."""
    yaml = YAML()
    with (folders().plans / "published" / "barroso-rules.yaml").open(encoding="utf-8") as file:
        plan = yaml.load(file)
    plan["finance"]["discount_rate_per_year"] = rate
    plan["workloads"][0]["demand"]["gpu_hours_per_day"] = 96
    space = plan["sites"][0]["colocation"]
    space["price_per_rack_month"], space["rack_power_kw"] = {"usd": 730}, rack_kw
    plan["build"] = BUILD | more.pop("build", {})
    plan["rent"]["offers"] = OFFERS
    fixed = {"published": 1.0, "tolerance": 0.0, "reproduces": True}
    head = {"title": "t", "publisher": "p", "url": "https://example.org/", "published_on": "2026-01-01"}
    plan["published"] = head | {"cases": [fixed | case for case in cases]} | more
    path = folder / "case.yaml"
    with path.open("w", encoding="utf-8") as file:
        yaml.dump(plan, file)
    return read_plan(path).plan


def figures(plan: Plan, known: Facts) -> dict[str, Any]:
    """Computed figure, or the reason that there is none, by case."""
    rows = published_cases(plan, exchange_rates(plan.finance, known)).to_dicts()
    for row in rows:
        assert (row["computed"] is None) == (row["difference"] is None) == (row["not_defined"] is not None)
    return {
        row["case"]: row["computed"] if row["not_defined"] is None else english(row["not_defined"])
        for row in rows
    }


def test_as_many_gpus_are_compared(tmp_path: Path, known: Facts) -> None:
    """Operation 1.00 + 0.48 + 1.00 = 2.48 an hour; four GPUs rent at 12.00: 100,000 / 9.52 h, 12 / 21.6 M tokens."""
    cases = [
        {
            "id": f"{name}-{measure}".replace("_", "-"),
            "measure": measure,
            "server": "four",
            "offer": name,
            "model": "m",
        }
        for name in ("one", "eight")
        for measure in ("break_even_hours", "rent_per_million_tokens", "rent_total", "saving_share")
    ]
    found = figures(declared(tmp_path, cases), known)
    own = 100_000 + 2.48 * 35_040
    for name in ("one", "eight"):
        assert found[f"{name}-break-even-hours"] == pytest.approx(100_000 / 9.52)
        assert found[f"{name}-rent-per-million-tokens"] == pytest.approx(12 / 21.6)
        assert found[f"{name}-rent-total"] == pytest.approx(12 * 35_040)
        assert found[f"{name}-saving-share"] == pytest.approx(1 - own / (12 * 35_040))


def test_the_speed_of_an_offer_is_that_of_as_many_gpus(tmp_path: Path, known: Facts) -> None:
    case = {"id": "a", "measure": "rent_per_million_tokens", "server": "four", "offer": "one", "model": "m"}
    plan = declared(tmp_path, [case])
    slow = plan.rent.offers[0].model_copy(update={"output_tokens_per_second": {"m": 1000.0}})
    rent = plan.rent.model_copy(update={"offers": (slow, *plan.rent.offers[1:])})
    found = figures(plan.model_copy(update={"rent": rent}), known)
    assert found["a"] == pytest.approx(3 / 3.6)


def test_one_answer_with_the_unit_economics(tmp_path: Path, known: Facts) -> None:
    """Shares of the purchase, support, insurance, racks, life and cost of capital are the plan's."""
    measures = ("own_cost_per_hour", "own_opex_per_hour", "break_even_hours")
    cases = [
        {"id": each.replace("_", "-"), "measure": each, "server": "four", "offer": "one"} for each in measures
    ]
    build = {"life_years": 2.5, "network_share": 0.4, "spares_share": 0.03, "insurance_share_per_year": 0.02}
    plan = declared(tmp_path, cases, rate=0.09, rack_kw=2, build=build)
    found = figures(plan, known)
    (row,) = unit_economics(evaluate(plan, known, plan.finance.months)).to_dicts()
    assert found["own-opex-per-hour"] == pytest.approx(10_760 / 8760 + 0.48 + 3)
    assert found["own-opex-per-hour"] == pytest.approx(row["operating_per_hour"])
    assert found["own-cost-per-hour"] == pytest.approx(row["operating_per_hour"] + row["capital_per_hour"])
    offered = min(each.price.amount / each.gpu_count for each in plan.rent.offers[:4])
    assert row["rent_per_gpu_hour"] == pytest.approx(offered)
    assert found["break-even-hours"] == pytest.approx(143_000 / (12 - row["operating_per_hour"]))


def test_a_life_of_the_publication_spreads_evenly(tmp_path: Path, known: Facts) -> None:
    case = {"id": "a", "measure": "own_cost_per_hour", "server": "four"}
    plan = declared(tmp_path, [case], rate=0.09, conventions={"life_hours": 20_000})
    assert figures(plan, known)["a"] == pytest.approx(100_000 / 20_000 + 2.48)


UNDEFINED = {
    "hours": (
        {"measure": "break_even_hours", "offer": "cheap"},
        "no crossing: an hour of renting costs 2.00, ",
    ),
    "months": ({"measure": "break_even_months", "offer": "cheap"}, "an hour of operation alone 2.48."),
    "day": ({"measure": "threshold_hours_per_day", "offer": "between"}, "an hour of owning costs 5.33"),
    "speed": ({"measure": "rent_to_own_ratio", "offer": "other", "model": "m"}, "no throughput for m."),
}


def test_what_has_no_value_says_why_in_both_languages(tmp_path: Path, known: Facts) -> None:
    """Never a negative break-even, never more hours than a day has."""
    plan = declared(tmp_path, [{"id": key, "server": "four"} | case for key, (case, _) in UNDEFINED.items()])
    found = figures(plan, known)
    for key, (_, words) in UNDEFINED.items():
        assert words in found[key], key
    cases = published_cases(plan, exchange_rates(plan.finance, known))
    assert not cases["agrees"].any()
    evaluation = evaluate(plan, known, plan.finance.months)
    warned = implausible(plan, known, evaluation, pl.DataFrame(schema=PLAN_SCHEMA), cases)
    assert set(undefined_figures(cases)) <= set(warned)
    say = NoteTexts(Formats(texts("sv"), "USD"))
    for sentence in undefined_figures(cases):
        said = say(sentence)
        assert said.startswith("Den publicerade siffran ")
        assert "ingen brytpunkt" in said or "odefinierat" in said
        assert "crossing" not in said


SHEET = {
    "months": 6,
    "items": [
        {"id": "racks", "column": "racks", "amount": {"usd": 900}},
        {"id": "gift", "column": "gift", "amount": {"usd": 0}},
    ],
}


def test_a_ratio_to_an_empty_column_is_not_defined(tmp_path: Path, known: Facts) -> None:
    cases = [
        {"id": "to-nothing", "measure": "sheet_ratio", "column": "racks", "to_column": "gift"},
        {"id": "of-nothing", "measure": "sheet_ratio", "column": "gift", "to_column": "racks"},
    ]
    found = figures(declared(tmp_path, cases, sheet=SHEET), known)
    assert found["to-nothing"].startswith("not defined: the column gift adds up to 0")
    assert found["of-nothing"] == 0.0


@pytest.mark.parametrize("rate", [0.0, 5e-324, 1e-18, 1e-12])
def test_a_rate_that_is_nearly_nothing_spreads_evenly(rate: float) -> None:
    assert payment(rate, 40) == pytest.approx(1 / 40)


def test_a_payment_by_hand() -> None:
    assert payment(0.1, 2) == pytest.approx(1.21 / 2.1)
