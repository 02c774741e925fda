"""The Nordic advantage: a table by hand, parts that add up, and what is left out where nothing is known."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from brytpunkt.planning.context.nordic_advantage import advantage
from brytpunkt.planning.inputs.planning_inputs import Facts
from brytpunkt.planning.ledger.evaluate import evaluate
from brytpunkt.planning.verdicts.verdicts import energy_by_month
from tests.planning.energy.test_tariff import plan_of

PLACES = ["amsterdam", "ashburn", "dublin", "frankfurt"]
FLAT = {"price_per_kwh": {"eur": 0.08}}


def table_of(
    folder: Path, known: Facts, energy: dict[str, Any] | None = None, **changes: Any
) -> pl.DataFrame:
    """The table of one steady site."""
    evaluation = evaluate(plan_of(folder, "SE", "SE1", energy or FLAT, **changes), known, 9, scan=False)
    return advantage(evaluation, known, energy_by_month(evaluation, known))


def part(table: pl.DataFrame, place: str, name: str) -> dict[str, Any]:
    """One row."""
    return table.row(by_predicate=(pl.col("against") == place) & (pl.col("part") == name), named=True)


def test_every_plan_is_compared_with_four_places(tmp_path: Path, known: Facts) -> None:
    table = table_of(tmp_path, known)
    assert sorted(set(table["against"])) == PLACES
    assert table["difference"].null_count() == 0


def test_parts_add_up_to_the_total(tmp_path: Path, known: Facts) -> None:
    table = table_of(tmp_path, known, {"tariff": "se-20kv-ronneby-windows", "tax": {"area": "north"}})
    money = (
        table.filter(~pl.col("part").is_in(["total", "carbon"]))
        .group_by("against")
        .agg(pl.col("here", "there", "difference").sum())
    )
    totals = table.filter(pl.col("part") == "total").select("against", "here", "there", "difference")
    both = money.join(totals, on="against", suffix="_total")
    for name in ("here", "there", "difference"):
        assert (both[name] - both[f"{name}_total"]).abs().max() < 1e-9  # type: ignore[operator]


def test_ashburn_by_hand(tmp_path: Path, known: Facts) -> None:
    """A flat 80 EUR/MWh and a PUE of 1.2 here: 80 + 16. There 33.74 + 55.46 USD, one a euro: 33.74 + 55.46 + 17.84."""
    table = table_of(tmp_path, known)
    here, there = 80 + 0.2 * 80, 89.20 * 1.2
    spot, cooling, total = (part(table, "ashburn", name) for name in ("spot", "cooling", "total"))
    assert (spot["here"], spot["there"]) == (pytest.approx(80.0), pytest.approx(33.74))
    assert part(table, "ashburn", "grid")["there"] == pytest.approx(55.46)
    assert (cooling["here"], cooling["there"]) == (pytest.approx(16.0), pytest.approx(17.84))
    assert total["difference"] == pytest.approx(here - there)
    carbon = part(table, "ashburn", "carbon")
    assert carbon["here"] == pytest.approx(14.7 * 1.2)
    assert carbon["there"] == pytest.approx(397.7 * 1.2)


def test_how_much_of_the_whole_cost_the_difference_is(tmp_path: Path, known: Facts) -> None:
    """30.6 kW of IT over the plan's hours, times the difference, over every ledger row of own."""
    evaluation = evaluate(plan_of(tmp_path, "SE", "SE1", FLAT), known, 9, scan=False)
    table = advantage(evaluation, known, energy_by_month(evaluation, known))
    hours = evaluation.basis.months["hours"].sum()
    own = evaluation.own["cents"].sum() / 100
    row = part(table, "ashburn", "total")
    assert row["share_of_total_cost"] == pytest.approx(row["difference"] * 30.6 * hours / 1000 / own)
    assert row["difference_per_million_tokens"] is None  # demand in GPU-hours


def test_warm_water_shrinks_the_advantage_of_cold_air_to_a_hundredth(tmp_path: Path, known: Facts) -> None:
    """Carbon over the grid's intensity is the mean PUE: SE1 14.7, Germany 346.3 gCO2e/kWh."""

    def gap(system: str) -> float:
        site = {"cooling": system, "climate": "stockholm"}
        plan = plan_of(tmp_path, "SE", "SE1", FLAT, site=site)
        plan = plan.model_copy(update={"sites": (plan.sites[0].model_copy(update={"pue": None}),)})
        evaluation = evaluate(plan, known, 12, scan=False)
        row = part(advantage(evaluation, known, energy_by_month(evaluation, known)), "frankfurt", "carbon")
        return float(row["there"] / 346.3 - row["here"] / 14.7)

    assert 0.02 < gap("dry_cooler_chiller") < 0.04
    assert 0 < gap("direct_liquid_w45") < 0.01


def test_a_place_without_prices_is_left_out(tmp_path: Path, known: Facts) -> None:
    fewer = replace(known, day_ahead_monthly=known.day_ahead_monthly.filter(pl.col("zone") != "NL"))
    assert sorted(set(table_of(tmp_path, fewer)["against"])) == ["ashburn", "dublin", "frankfurt"]
