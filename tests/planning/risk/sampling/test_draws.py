"""Draws: distributions, correlations, and the same draws for the same seed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from brytpunkt.declarations import Currency, read_plan
from brytpunkt.declarations.sections.uncertainty import Correlation, Factor
from brytpunkt.errors import InputError
from brytpunkt.planning.energy.grid_connection import connection_months
from brytpunkt.planning.inputs.planning_inputs import Facts
from brytpunkt.planning.risk.sampling.copula import correlation_matrix, nearest_correlation
from brytpunkt.planning.risk.sampling.distributions import by_weight, values_at
from brytpunkt.planning.risk.sampling.draws import REPLICATES, Drawn, Factors, factors_of
from brytpunkt.planning.risk.sampling.energy_years import EnergyYears, energy_years
from brytpunkt.reporting.note_texts import english
from tests.planning.risk.conftest import PLAN, Sure


def lognormal(currency: Currency, sigma: float) -> Factor:
    return Factor(factor="fx", currency=currency, distribution="lognormal", median=1.0, sigma=sigma)


def drawn(factors: tuple[Factor, ...], pairs: tuple[Correlation, ...], each: int, seed: int = 1) -> Drawn:
    matrix, _ = correlation_matrix([f.name for f in factors], pairs)
    made = Factors(factors, matrix, EnergyYears(None, 1), 1, seed, ())
    return made.draw(*made.points(each))


def test_a_sum_of_correlated_lognormals_has_its_moments() -> None:
    one, other, rho = 0.4, 0.3, 0.5
    pair = Correlation(between=("fx:USD", "fx:SEK"), value=rho)
    values = drawn((lognormal("USD", one), lognormal("SEK", other)), (pair,), 2048).values
    total = values["fx:USD"] + values["fx:SEK"]
    mean = np.exp(one**2 / 2) + np.exp(other**2 / 2)
    variance = (
        np.exp(one**2) * (np.exp(one**2) - 1)
        + np.exp(other**2) * (np.exp(other**2) - 1)
        + 2 * np.exp((one**2 + other**2) / 2) * (np.exp(rho * one * other) - 1)
    )
    assert total.mean() == pytest.approx(mean, rel=2e-4)
    assert total.var() == pytest.approx(variance, rel=5e-3)


@pytest.mark.parametrize(
    ("factor", "low", "middle"),
    [
        (
            Factor(factor="demand_growth", distribution="normal", mean=0.1, standard_deviation=0.2),
            0.1 - 0.2 * 1.2815516,
            0.1,
        ),
        (lognormal("USD", 0.5), np.exp(-0.5 * 1.2815516), 1.0),
        (Factor(factor="hardware_price", distribution="uniform", low=0.5, high=1.5), 0.6, 1.0),
        (
            Factor(factor="hardware_price", distribution="triangular", low=0.0, mode=0.0, high=1.0),
            1 - np.sqrt(0.9),
            1 - np.sqrt(0.5),
        ),
        (
            Factor(factor="hardware_price", distribution="discrete", values=(1.0, 2.0), weights=(1.0, 3.0)),
            1.0,
            2.0,
        ),
        (Factor(factor="hardware_price", distribution="empirical", values=(3.0, 1.0, 2.0)), 1.0, 2.0),
    ],
)
def test_quantiles_of_each_distribution(factor: Factor, low: float, middle: float) -> None:
    assert values_at(factor, np.array([0.1, 0.5])) == pytest.approx([low, middle], rel=1e-6)


def test_a_delay_is_whole_months() -> None:
    factor = Factor(factor="delivery_delay", distribution="triangular", low=0.0, mode=0.0, high=6.0)
    assert set(values_at(factor, np.linspace(0.001, 0.999, 500))) == {0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0}


def test_a_weight_of_zero_is_never_drawn() -> None:
    found = by_weight(np.array([0.0, 1.0, 0.0, 1.0, 0.0]), np.array([0.0, 0.499, 0.5, 1.0]))
    assert found.tolist() == [1, 1, 3, 3]


def test_correlations_are_those_of_the_normals() -> None:
    pair = Correlation(between=("fx:USD", "fx:SEK"), value=-0.6)
    values = drawn((lognormal("USD", 0.2), lognormal("SEK", 0.3)), (pair,), 2048).values
    found = np.corrcoef(np.log(values["fx:USD"]), np.log(values["fx:SEK"]))[0, 1]
    assert found == pytest.approx(-0.6, abs=2e-3)


def test_same_seed_same_draws_and_another_seed_others() -> None:
    one, again, other = (drawn((lognormal("USD", 0.2),), (), 64, seed) for seed in (5, 5, 6))
    assert np.array_equal(one.values["fx:USD"], again.values["fx:USD"])
    assert not np.array_equal(one.values["fx:USD"], other.values["fx:USD"])


def test_more_draws_are_a_longer_piece_of_the_same_sequences() -> None:
    factors = Factors((lognormal("USD", 0.2),), np.eye(1), EnergyYears(None, 1), 1, 3, ())
    whole, replicate = factors.points(64)
    first, _ = factors.points(32)
    second, _ = factors.points(32, 32)
    for name in range(REPLICATES):
        joined = np.concatenate(
            [first.reshape(REPLICATES, 32, 1)[name], second.reshape(REPLICATES, 32, 1)[name]]
        )
        assert np.array_equal(whole[replicate == name], joined)


def test_drivers_are_the_independent_normals() -> None:
    pair = Correlation(between=("fx:USD", "fx:SEK"), value=0.8)
    found = drawn((lognormal("USD", 0.2), lognormal("SEK", 0.3)), (pair,), 1024).drivers
    assert np.asarray(np.corrcoef(found.T))[0, 1] == pytest.approx(0.0, abs=0.01)
    assert stats.kstest(found[:, 1], "norm").pvalue > 0.2


def triple(value: float) -> tuple[Correlation, ...]:
    names = ("a", "b", "c")
    return tuple(
        Correlation(between=(names[i], names[j]), value=value if (i, j) != (0, 2) else -value)
        for i, j in ((0, 1), (1, 2), (0, 2))
    )


def test_correlations_that_nearly_fit_are_repaired_and_said_so() -> None:
    matrix, note = correlation_matrix(("a", "b", "c"), triple(0.55))
    assert note is not None
    assert note.arguments["one"] in {"a", "b"}
    assert english(note).startswith(
        "correlations were repaired to the nearest possible ones; the largest change is "
    )
    assert np.linalg.eigvalsh(matrix).min() > -1e-7
    assert np.diag(matrix) == pytest.approx([1, 1, 1])
    assert np.abs(matrix[0, 1] - 0.55) < 0.1


def test_correlations_that_contradict_each_other_are_refused() -> None:
    with pytest.raises(InputError, match="contradict each other") as caught:
        correlation_matrix(("a", "b", "c"), triple(0.95))
    assert "uncertainty.correlations" in str(caught.value)


def test_nearest_correlation_agrees_with_a_published_case() -> None:
    # Higham (2002), section 4: the nearest to this matrix has 0.7607 and 0.1573
    given = np.array([[1.0, 1.0, 0.0], [1.0, 1.0, 1.0], [0.0, 1.0, 1.0]])
    found = nearest_correlation(given)
    assert found[0, 1] == pytest.approx(0.7607, abs=1e-3)
    assert found[0, 2] == pytest.approx(0.1573, abs=1e-3)


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (
            "factors: [{factor: hardware_price, distribution: triangular, low: 1, mode: 3, high: 2}]",
            "mode (3) lies outside",
        ),
        (
            "factors: [{factor: demand_growth, distribution: normal, mean: 0, standard_deviation: -1}]",
            "standard_deviation",
        ),
        ("factors: [{factor: demand_growth, distribution: normal, mean: 0}]", "lacks standard_deviation"),
        (
            "factors: [{factor: hardware_price, distribution: normal, mean: 1, standard_deviation: 0.1}]",
            "may not become negative",
        ),
        (
            "factors: [{factor: delivery_delay, distribution: uniform, low: -2, high: 3}]",
            "may not be negative",
        ),
        (
            "factors: [{factor: demand_growth, workload: nobody, distribution: none}]",
            "there is no workload 'nobody'",
        ),
        (
            "factors: [{factor: connection_delay, site: nowhere, distribution: none}]",
            "there is no site 'nowhere'",
        ),
        (
            "factors: [{factor: hardware_price, site: lulea, distribution: none}]",
            "does not belong to a site",
        ),
        (
            "factors: [{factor: connection_delay, distribution: uniform, low: 0, high: 90}]",
            "a connection delay is bounded",
        ),
        ("correlations: [{between: [demand_growth, nothing], value: 0.5}]", "there is no factor 'nothing'"),
        ("correlations: [{between: [demand_growth, hardware_price], value: 1.5}]", "value"),
        (
            "factors: [{factor: hardware_price, distribution: discrete, values: [1, 2], weights: [1]}]",
            "2 values, 1 weights",
        ),
        ("factors: [{factor: fx, distribution: none}]", "names a currency"),
    ],
)
def test_a_distribution_that_is_none_is_refused(tmp_path: Path, lines: str, message: str) -> None:
    path = tmp_path / "plan.yaml"
    path.write_text(f"{PLAN}uncertainty:\n  {lines}\n", encoding="utf-8")
    with pytest.raises(InputError) as caught:
        read_plan(path)
    assert message in str(caught.value)
    assert "uncertainty" in str(caught.value)


def test_a_drawn_energy_year_is_one_in_every_zone(sure: Sure) -> None:
    known = sure.energy.known
    assert known is not None
    years = np.array([[0, 1, 2, 3, 4], [4, 4, -1, 0, 1]])
    found = sure.energy.multiples(years, 60, None)
    january = {zone: np.asarray(found[zone])[0, 12] for zone in known.zones}
    position = {zone: at for at, zone in enumerate(known.zones)}
    assert january == {zone: known.ratios[1, position[zone], 0] * sure.energy.centre for zone in known.zones}
    assert np.asarray(found["SE1"])[1, 24:36].tolist() == [1.0] * 12


def test_a_grid_connection_is_drawn_from_its_range(tmp_path: Path, known: Facts) -> None:
    """Low, usual and high of the waiting time of a site, less the usual; correlated with whatever the plan says."""
    text = PLAN.replace(
        "    climate: oslo\n", "    climate: oslo\n    connection: {size_mw: 3, kind: brownfield}\n"
    )
    path = tmp_path / "plan.yaml"
    pair = "{between: [connection_delay:oslo, delivery_delay], value: 0.5}"
    path.write_text(f"{text}uncertainty: {{correlations: [{pair}]}}\n", encoding="utf-8")
    plan = read_plan(path).plan
    wait = connection_months(plan.sites[1], known)
    assert wait is not None
    energy = energy_years(plan, known)
    factors = factors_of(plan, energy, {"EUR"}, {"oslo": wait})
    late = next(factor for factor in factors.drawn if factor.name == "connection_delay:oslo")
    assert (late.low, late.median, late.high) == (wait.low - wait.mode, 0, wait.high - wait.mode)
    drawn_ = factors.draw(*factors.points(64))
    assert np.corrcoef(drawn_.values[late.name], drawn_.values["delivery_delay"])[0, 1] > 0.3
    off = plan.uncertainty.model_copy(
        update={"factors": (Factor(factor="connection_delay", distribution="none"),)}
    )
    without = factors_of(plan.model_copy(update={"uncertainty": off}), energy, {"EUR"}, {"oslo": wait})
    assert "connection_delay:oslo" not in without.names


def test_only_what_can_change_anything_is_drawn(sure: Sure) -> None:
    names = sure.factors.names
    assert "production_success:batch" in names
    assert "fx:ISK" not in names
    assert len(names) == len(set(names))
    swapped = replace(sure.factors, seed=2)
    assert swapped.dimensions == len(names) + 4
