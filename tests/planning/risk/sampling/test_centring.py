"""Half of what is drawn of a figure lies above what the plan says, and half below; what is not so is named."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from brytpunkt.declarations import read_plan
from brytpunkt.declarations.sections.uncertainty import STANDARD_FACTORS, Factor
from brytpunkt.errors import InputError
from brytpunkt.planning.energy.grid_connection import connection_months
from brytpunkt.planning.inputs.planning_inputs import Facts
from brytpunkt.planning.risk.results.result_tables import factor_table
from brytpunkt.planning.risk.sampling.centring import centring_of, median_of_means, planned_value
from brytpunkt.planning.risk.sampling.distributions import values_at
from brytpunkt.planning.risk.sampling.draws import factors_of
from brytpunkt.planning.risk.sampling.energy_years import energy_years
from brytpunkt.reporting.note_texts import english
from tests.planning.risk.conftest import PLAN, Sure

NUMBERS = {"demand_growth": 0, "efficiency_gain": 0, "cloud_price_path": 0, "token_price_path": 0}
ENERGY = "energy_price"


@pytest.mark.parametrize("factor", STANDARD_FACTORS, ids=lambda factor: factor.name)
def test_the_median_of_a_standard_factor_is_what_the_plan_says(factor: Factor) -> None:
    """A change of nothing, or once the planned figure; only a delivery may be nothing but late."""
    if factor.name == "delivery_delay":
        assert centring_of(factor) == "one_sided"
        return
    assert centring_of(factor) == "centred"
    if factor.name != ENERGY:
        assert values_at(factor, np.array([0.5]))[0] == NUMBERS.get(factor.name, 1)


@given(st.floats(-2, 0.9), st.floats(1, 1), st.floats(1.1, 9), st.lists(st.floats(0.001, 0.999), min_size=2))
def test_two_triangles_meet_at_the_median(low: float, median: float, high: float, at: list[float]) -> None:
    factor = Factor(factor="energy_price", distribution="split_triangular", low=low, median=median, high=high)
    found = values_at(factor, np.sort(np.array(at)))
    assert (np.diff(found) >= 0).all()
    assert low <= found.min() <= found.max() <= high
    assert values_at(factor, np.array([0.125, 0.5, 0.875])) == pytest.approx(
        [(low + median) / 2, median, (median + high) / 2]
    )


@pytest.mark.parametrize("years", [1, 2, 3])
def test_the_median_of_means_is_that_of_all_outcomes(years: int) -> None:
    """Every way to draw some years, with what it weighs."""
    values, weights = np.array([0.7, 0.9, 1.3, 2.6]), np.array([3.0, 1.0, 2.0, 0.5])
    found = median_of_means(values, weights, years)
    below = above = 0.0
    for way in product(range(4), repeat=years):
        mass = float(np.prod(weights[list(way)] / weights.sum()))
        mean = values[list(way)].mean()
        below += mass * (mean <= found + 1e-9)
        above += mass * (mean >= found - 1e-9)
    assert below >= 0.5 - 1e-9
    assert above >= 0.5 - 1e-9


def test_drawn_years_of_energy_have_the_plans_price_as_their_median(sure: Sure) -> None:
    drawn = sure.factors.draw(*sure.factors.points(1024))
    found = sure.energy.mean_multiple(drawn.years)
    assert np.median(found) == pytest.approx(1.0, abs=0.01)
    raw = replace(sure.energy, centre=1.0).mean_multiple(drawn.years)
    assert np.median(raw) == pytest.approx(1 / sure.energy.centre, abs=0.01)


def test_a_grid_connection_is_as_often_early_as_late(tmp_path: Path, known: Facts) -> None:
    site = "    climate: oslo\n    connection: {size_mw: 3, kind: brownfield}\n"
    path = tmp_path / "plan.yaml"
    path.write_text(PLAN.replace("    climate: oslo\n", site), encoding="utf-8")
    plan = read_plan(path).plan
    wait = connection_months(plan.sites[1], known)
    assert wait is not None
    factors = factors_of(plan, energy_years(plan, known), {"EUR"}, {"oslo": wait})
    late = next(factor for factor in factors.drawn if factor.name == "connection_delay:oslo")
    assert centring_of(late) == "centred"


def test_a_declared_figure_off_the_plans_value_is_named(tmp_path: Path, known: Facts) -> None:
    """And one that is centred, or exempt, is not."""
    path = tmp_path / "plan.yaml"
    lines = (
        "{factor: hardware_price, distribution: triangular, low: 1.0, mode: 1.1, high: 1.2}",
        "{factor: cloud_price, distribution: uniform, low: 0.7, high: 1.3}",
        "{factor: delivery_delay, distribution: uniform, low: 0, high: 4}",
    )
    path.write_text(
        f"{PLAN}uncertainty:\n  factors:\n    - " + "\n    - ".join(lines) + "\n", encoding="utf-8"
    )
    plan = read_plan(path).plan
    factors = factors_of(plan, energy_years(plan, known), {"EUR"})
    said = [english(note) for note in factors.notes if note.code == "factor_off_centre"]
    assert said == ["hardware_price is drawn with the median 1.1, not with the plan's value 1"]
    table = factor_table(factors, factors.draw(*factors.points(32)), plan)
    found = dict(table.select("factor", "centring").iter_rows())
    assert found["hardware_price"] == "not_centred"
    assert found["cloud_price"] == "centred"
    assert found["delivery_delay"] == "one_sided"
    assert found["production_success:batch"] == "success"
    planned = dict(table.select("factor", "planned").iter_rows())
    assert planned == {factor.name: planned_value(factor) for factor in factors.drawn}


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{factor: hardware_price, distribution: split_triangular, low: 1, median: 3, high: 2}", "the median (3) lies"),
        ("{factor: hardware_price, distribution: split_triangular, low: 1, mode: 1, high: 2}", "lacks median"),
        ("{factor: hardware_price, distribution: lognormal, median: -1, sigma: 0.1}", "is above 0"),
    ],
)  # fmt: skip
def test_a_median_out_of_place_is_refused(tmp_path: Path, line: str, message: str) -> None:
    path = tmp_path / "plan.yaml"
    path.write_text(f"{PLAN}uncertainty:\n  factors: [{line}]\n", encoding="utf-8")
    with pytest.raises(InputError) as caught:
        read_plan(path)
    assert message in str(caught.value)
