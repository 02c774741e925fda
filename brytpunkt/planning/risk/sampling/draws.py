"""Draws: scrambled Sobol points through a Gaussian copula, as values of the plan's factors.

The points come as ``REPLICATES`` independently scrambled sequences, so that every figure has a standard error; more draws
are a longer piece of each sequence. The seed stands in the plan: same seed, same draws, on any number of threads.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from brytpunkt.declarations.sections.uncertainty import CONNECTION
from brytpunkt.planning.energy.grid_connection import Wait
from brytpunkt.planning.energy.price_currency import DAY_AHEAD
from brytpunkt.planning.inputs.units import MONTHS_PER_YEAR
from brytpunkt.planning.note import Note
from brytpunkt.planning.risk.sampling.centring import centring_of, median_of, planned_value
from brytpunkt.planning.risk.sampling.copula import correlation_matrix, factor_of
from brytpunkt.planning.risk.sampling.distributions import by_weight, values_at
from brytpunkt.planning.risk.sampling.energy_years import AS_PLANNED

if TYPE_CHECKING:
    from brytpunkt.declarations import Plan
    from brytpunkt.declarations.sections.uncertainty import Factor
    from brytpunkt.planning.optimal.milp import Floats, Ints
    from brytpunkt.planning.risk.sampling.energy_years import EnergyYears

REPLICATES = 8
EDGE = 1e-12
ENERGY = "energy_price"
NO_WAITS: Mapping[str, Wait] = {}


@dataclass(frozen=True)
class Drawn:
    """D draws. ``drivers`` [D, F]: the independent normal drivers before correlation, by factor of ``Factors.names``.

    ``values`` [D] by factor; ``years`` [D, plan years]: historical energy years; ``replicate`` [D].
    """

    drivers: Floats
    values: dict[str, Floats]
    years: Ints
    replicate: Ints


@dataclass(frozen=True)
class Factors:
    """The factors that a plan draws, in order, with how they move together. ``notes``: what a reader must know."""

    drawn: tuple[Factor, ...]
    correlation: Floats
    energy: EnergyYears
    plan_years: int
    seed: int
    notes: tuple[Note, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the factors."""
        return tuple(factor.name for factor in self.drawn)

    @property
    def dimensions(self) -> int:
        """Numbers that make one draw: one a factor, and one more for each further plan year of energy."""
        return len(self.drawn) + self._more_years

    @property
    def _more_years(self) -> int:
        return self.plan_years - 1 if ENERGY in self.names and self._is_historical else 0

    @property
    def _is_historical(self) -> bool:
        return any(f.factor == ENERGY and f.distribution == "historical_years" for f in self.drawn)

    def points(self, count: int, first: int = 0) -> tuple[Floats, Ints]:
        """Uniform points [D, dimensions] number ``first`` to ``first + count`` of each replicate, and the replicate [D]."""
        from scipy.stats import qmc  # a second to load, for who draws nothing

        pieces = []
        for replicate in range(REPLICATES):
            seed = np.random.default_rng([self.seed, replicate])
            sampler = qmc.Sobol(self.dimensions, scramble=True, rng=seed)
            if first:
                sampler.fast_forward(first)
            pieces.append(sampler.random(count))
        return np.concatenate(pieces), np.repeat(np.arange(REPLICATES), count)

    def draw(self, points: Floats, replicate: Ints) -> Drawn:
        """Points -> draws."""
        from scipy import special

        normal = special.ndtri(np.clip(points, EDGE, 1 - EDGE))
        drivers = normal[:, : len(self.drawn)]
        together = special.ndtr(np.einsum("df,gf->dg", drivers, factor_of(self.correlation)))
        values: dict[str, Floats] = {}
        years = np.full((points.shape[0], self.plan_years), AS_PLANNED)
        for position, factor in enumerate(self.drawn):
            uniform = np.clip(together[:, position], EDGE, 1 - EDGE)
            if factor.distribution == "historical_years":
                more = special.ndtr(normal[:, len(self.drawn) :])
                years = self._years(np.column_stack([uniform, more]))
            else:
                values[factor.name] = values_at(factor, uniform)
        return Drawn(drivers, values, years, replicate)

    def _years(self, uniform: Floats) -> Ints:
        assert self.energy.known is not None
        return by_weight(self.energy.known.weights, uniform)

    def index_of(self, drawn: Drawn, factor: Factor) -> Floats:
        """One number a draw that says what a factor was: its value, for energy the mean multiple over the horizon [D]."""
        if factor.distribution == "historical_years":
            return self.energy.mean_multiple(drawn.years)
        return drawn.values[factor.name]


def factors_of(
    plan: Plan, energy: EnergyYears, currencies: set[str], waits: Mapping[str, Wait] = NO_WAITS
) -> Factors:
    """The factors that can matter in a plan.

    ``currencies`` are those in which anything is priced; ``waits`` by site the time that its grid connection takes, where
    that is a range.

    Raises ``InputError`` for correlations that contradict each other.
    """
    notes: list[Note] = []
    kept = []
    for factor in (*plan.uncertainty.drawn(), *_connections(plan, waits), *_successes(plan)):
        reason = _idle(plan, factor, energy, currencies)
        if reason is None:
            kept.append(factor)
        elif factor in plan.uncertainty.factors and factor.distribution != "none":
            notes.append(Note("factor_idle", factor.site, {"factor": factor.name, "reason": reason}))
    notes += [
        Note(
            "factor_off_centre",
            factor.site,
            {
                "factor": factor.name,
                "median": float(median_of(factor)),
                "planned": float(planned_value(factor)),
            },
        )
        for factor in kept
        if centring_of(factor) == "not_centred"
    ]
    matrix, repaired = correlation_matrix([f.name for f in kept], plan.uncertainty.pairs())
    if repaired:
        notes.append(repaired)
    return Factors(
        drawn=tuple(kept),
        correlation=matrix,
        energy=energy,
        plan_years=-(-plan.finance.months // MONTHS_PER_YEAR),
        seed=plan.uncertainty.seed,
        notes=tuple(notes),
    )


def _connections(plan: Plan, waits: Mapping[str, Wait]) -> tuple[Factor, ...]:
    """One factor for each site whose grid connection takes a range of time: months later than the usual time."""
    from brytpunkt.declarations.sections.uncertainty import Factor

    declared = {factor.name for factor in plan.uncertainty.factors}
    return tuple(
        Factor.model_construct(
            factor=CONNECTION,
            workload=None,
            site=site,
            currency=None,
            distribution="split_triangular",
            low=float(wait.low - wait.mode),
            median=0.0,
            high=float(wait.high - wait.mode),
            basis=f"{wait.low} to {wait.high} months, {wait.mode} as a rule: {wait.source}",
        )
        for site, wait in waits.items()
        if wait.low < wait.high and not declared & {CONNECTION, f"{CONNECTION}:{site}"}
    )


def _successes(plan: Plan) -> tuple[Factor, ...]:
    """One factor for each workload that may not reach production."""
    from brytpunkt.declarations.sections.uncertainty import Factor

    off = {f.name for f in plan.uncertainty.factors if f.factor == "production_success"}
    return tuple(
        Factor.model_construct(
            factor="production_success",
            workload=workload.id,
            currency=None,
            distribution="discrete",
            values=(0.0, 1.0),
            weights=(1 - workload.success_probability, workload.success_probability),
            basis="the workload's success_probability",
        )
        for workload in plan.workloads
        if workload.success_probability < 1
        and not off & {"production_success", f"production_success:{workload.id}"}
    )


def _idle(plan: Plan, factor: Factor, energy: EnergyYears, currencies: set[str]) -> Note | None:
    """Why a factor cannot change anything in a plan, or None."""
    if factor.distribution == "none" or (factor.factor == "production_success" and factor.values is None):
        return Note("switched_off")
    if factor.factor == "fx":
        if factor.currency == DAY_AHEAD:
            return Note("counted_against_euro")
        if factor.currency not in currencies:
            return Note("currency_unused", None, {"currency": factor.currency or ""})
    if factor.factor == CONNECTION and not any(
        site.waits_for_grid for site in plan.sites if factor.site in {None, site.id}
    ):
        return Note("no_site_waits")
    if factor.factor == ENERGY and energy.known is None:
        return Note("prices_pinned")
    if factor.factor == "failure_rate" and not (
        plan.build.spares_share or any(w.failures.goodput_loss_share for w in plan.workloads)
    ):
        return Note("no_failures_declared")
    return None
