"""The outcome of risk: everything that a report says about how sure a plan is, as frames."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from brytpunkt.planning.energy.grid_connection import connection_months
from brytpunkt.planning.note import Note
from brytpunkt.planning.risk.results import result_tables
from brytpunkt.planning.risk.results.tornado import heat_map, tornado, total_indices
from brytpunkt.planning.risk.results.wait_or_order import studied
from brytpunkt.planning.risk.sampling.draws import REPLICATES, Drawn, factors_of
from brytpunkt.planning.risk.sampling.energy_years import energy_years
from brytpunkt.planning.risk.simulation.decisions import strategies_of
from brytpunkt.planning.risk.simulation.simulate import Simulated, Simulator
from brytpunkt.planning.schemas import empty

if TYPE_CHECKING:
    from brytpunkt.planning.inputs.planning_inputs import Facts
    from brytpunkt.planning.ledger.evaluate import Evaluation
    from brytpunkt.planning.optimal.mix import Mix
    from brytpunkt.planning.optimal.problem import Field
    from brytpunkt.planning.risk.sampling.draws import Factors

LARGEST_ERROR_P50, LARGEST_ERROR_P90 = 0.003, 0.005
BYTES_PER_VALUE = 8
MEMORY_BYTES = 800_000_000
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Risk:
    """Frames of the risk of a plan; columns are in docs/summary.md. Money is in the plan's currency.

    ``notes``: what a reader must know: factors without effect, repaired correlations, fewer draws than asked for.
    """

    risk_quantiles: pl.DataFrame
    risk_months: pl.DataFrame
    risk_chances: pl.DataFrame
    risk_regret: pl.DataFrame
    risk_histogram: pl.DataFrame
    risk_factors: pl.DataFrame
    risk_tornado: pl.DataFrame
    risk_indices: pl.DataFrame
    risk_information: pl.DataFrame
    risk_waiting: pl.DataFrame
    risk_tipping: pl.DataFrame
    risk_heat: pl.DataFrame
    risk_convergence: pl.DataFrame
    notes: tuple[Note, ...]

    def frames(self) -> dict[str, pl.DataFrame]:
        """Every frame by its name."""
        return {item.name: getattr(self, item.name) for item in fields(self) if item.name != "notes"}


def no_risk() -> dict[str, pl.DataFrame]:
    """The frames of a plan that asks for no draws: all empty."""
    return {item.name: empty(item.name) for item in fields(Risk) if item.name != "notes"}


def risk(
    evaluation: Evaluation,
    facts: Facts,
    mixes: dict[str, tuple[Field, Mix]],
    optimal_values: dict[str, float],
    progress: Progress | None = None,
) -> Risk | None:
    """Draw, serve and summarise; None where the plan asks for no draws.

    ``mixes`` and ``optimal_values``: the optimal decisions of each site and their value by the ledger. ``progress`` is told
    how many of how many worlds are done.

    Raises ``InputError`` for correlations that contradict each other.
    """
    plan = evaluation.basis.plan
    if plan.uncertainty.draws == 0:
        return None
    terrain, strategies = strategies_of(evaluation, mixes, optimal_values)
    crisis = [f.weight_of_2022 for f in plan.uncertainty.drawn() if f.distribution == "historical_years"]
    energy = energy_years(plan, facts, 1.0 if not crisis or crisis[0] is None else crisis[0])
    simulator = Simulator.of(terrain, strategies, energy)
    waits = {site.id: wait for site in plan.sites if (wait := connection_months(site, facts)) is not None}
    factors = factors_of(plan, energy, _currencies(simulator), waits)
    drawn, simulated, convergence, notes = _until_it_stands(simulator, factors, progress)
    switch, waiting = studied(simulator, evaluation, drawn)
    spread = result_tables.spreads(simulator, simulated)
    return Risk(
        risk_quantiles=result_tables.quantiles(simulator, simulated, switch),
        risk_months=result_tables.months(simulator, simulated),
        risk_chances=result_tables.chances(simulator, simulated, drawn),
        risk_regret=result_tables.regret(simulator, simulated),
        risk_histogram=result_tables.histogram(spread),
        risk_factors=result_tables.factor_table(factors, drawn, plan),
        risk_tornado=tornado(simulator, factors),
        risk_indices=result_tables.indices(factors, drawn, spread).join(
            total_indices(simulator, factors)
            if plan.uncertainty.total_indices
            else pl.DataFrame(schema={"site": pl.String, "factor": pl.String, "total_order": pl.Float64}),
            on=["site", "factor"],
            how="left",
        ),
        risk_information=result_tables.information(simulator, factors, drawn, simulated),
        risk_waiting=waiting,
        risk_tipping=result_tables.tipping_over_time(simulator, simulated, switch),
        risk_heat=heat_map(simulator, evaluation),
        risk_convergence=convergence,
        notes=(*factors.notes, *notes),
    )


def _currencies(simulator: Simulator) -> set[str]:
    """Every currency in which something is priced."""
    terrain = simulator.terrain
    found = {way.currency for strategy in simulator.strategies for way in strategy.ways}
    found |= {signature.way.currency for strategy in simulator.strategies for signature in strategy.signed}
    found |= {terrain.unserved_currency}
    if terrain.fixed.any():
        found.add(terrain.fixed_currency)
    for strategy in simulator.strategies:
        if strategy.servers is not None:
            found |= {*strategy.servers.currencies.values(), strategy.servers.tariff_currency}
    return found


def _until_it_stands(
    simulator: Simulator, factors: Factors, progress: Progress | None
) -> tuple[Drawn, Simulated, pl.DataFrame, list[Note]]:
    """Double the draws until the quantiles' standard errors are small enough, or the most is reached.

    The rule: over the sites, the standard error of the P50 of own less rent is at most 0.3 %, and that of its P90 at most
    0.5 %, of the P50 total cost of the cheaper of the two.
    """
    asked = simulator.terrain.plan.uncertainty
    wanted, notes = affordable(asked.draws, len(simulator.strategies))
    most, more_notes = affordable(max(asked.most_draws, asked.draws), len(simulator.strategies))
    each = _power_of_two(wanted)
    monthly = [
        at for at, strategy in enumerate(simulator.strategies) if strategy.name in {"rent", "own", "optimal"}
    ]
    drawn = simulated = None
    while True:
        first = 0 if drawn is None else int((drawn.replicate == 0).sum())
        points, replicate = factors.points(each - first, first)
        fresh = factors.draw(points, replicate)
        done, whole = first * REPLICATES, each * REPLICATES

        def tell(count: int, done: int = done, whole: int = whole) -> None:
            if progress is not None:
                progress(done + count, whole)

        served = simulator.run(
            fresh.values, fresh.years, monthly=monthly if drawn is None else (), progress=tell
        )
        drawn = fresh if drawn is None else _joined(drawn, fresh)
        simulated = served if simulated is None else _joined_costs(simulated, served)
        convergence = result_tables.convergence(simulator, simulated, drawn)
        stands = result_tables.stands(convergence, LARGEST_ERROR_P50, LARGEST_ERROR_P90)
        if stands or 2 * each * REPLICATES > most:
            break
        each *= 2
    if not stands:
        notes.append(Note("not_settled", None, {"draws": each * REPLICATES}))
    return drawn, simulated, convergence, [*notes, *(n for n in more_notes if n not in notes)]


def _power_of_two(draws: int) -> int:
    """Draws of each replicate: the next power of two, since Sobol points are balanced there only."""
    each = -(-draws // REPLICATES)
    return int(2 ** np.ceil(np.log2(max(each, 2))))


def affordable(draws: int, strategies: int) -> tuple[int, list[Note]]:
    """Draws that fit into the memory set aside for them, and what is said where fewer are made."""
    each = strategies * 3 * BYTES_PER_VALUE
    most = 2 ** int(np.log2(MEMORY_BYTES / each))
    if draws <= most:
        return draws, []
    said = {"draws": draws, "made": most, "megabytes": MEMORY_BYTES // 10**6, "strategies": strategies}
    return most, [Note("fewer_draws", None, said)]


def _joined(one: Drawn, other: Drawn) -> Drawn:
    return Drawn(
        np.concatenate([one.drivers, other.drivers]),
        {name: np.concatenate([value, other.values[name]]) for name, value in one.values.items()},
        np.concatenate([one.years, other.years]),
        np.concatenate([one.replicate, other.replicate]),
    )


def _joined_costs(one: Simulated, other: Simulated) -> Simulated:
    return Simulated(
        np.concatenate([one.costs, other.costs]),
        np.concatenate([one.unserved, other.unserved]),
        np.concatenate([one.ahead, other.ahead]),
        one.cash,
    )
