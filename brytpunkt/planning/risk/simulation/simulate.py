"""Simulation: every strategy served in every drawn world, chunk by chunk, in bounded memory.

A chunk has ``CHUNK`` worlds whatever the number of draws or threads; what is kept of a world is one number a strategy,
and months for as many draws as ``MOST_MONTHLY``.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from queue import SimpleQueue
from typing import TYPE_CHECKING

import numpy as np

from brytpunkt.planning.inputs.units import MONTHS_PER_YEAR
from brytpunkt.planning.risk.simulation.draw_batch import Chunk
from brytpunkt.planning.risk.simulation.drawn_dispatch import dispatched
from brytpunkt.planning.risk.simulation.drawn_paths import worlds_of
from brytpunkt.planning.risk.simulation.scratch_arrays import Workspace
from brytpunkt.planning.risk.simulation.simulate_strategy import serve

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence

    from brytpunkt.planning.optimal.milp import Floats, Ints
    from brytpunkt.planning.risk.sampling.energy_years import EnergyYears
    from brytpunkt.planning.risk.simulation.decisions import Strategy
    from brytpunkt.planning.risk.simulation.simulate_strategy import Served
    from brytpunkt.planning.risk.simulation.simulation_inputs import Terrain

CHUNK = 256
CORES = 2
MOST_MONTHLY = 16_384
NEVER = np.inf


@dataclass(frozen=True)
class Simulated:
    """Costs of S strategies in D worlds.

    ``costs``, ``unserved`` [D, S]; ``ahead`` [D, sites] months (infinite: never within the horizon) of ``own`` against
    ``rent``; ``cash`` [first draws, H] by the position of a strategy whose months are kept.
    """

    costs: Floats
    unserved: Floats
    ahead: Floats
    cash: dict[int, np.ndarray]


@dataclass(frozen=True)
class Simulator:
    """What it takes to serve worlds: the terrain, the strategies, and the corrections that tie them to the ledger.

    ``correction`` [S]: ledger value less the kernel's value in the world of the plan, added to every draw.
    """

    terrain: Terrain
    strategies: tuple[Strategy, ...]
    energy: EnergyYears
    correction: Floats
    sites: tuple[str, ...]

    @classmethod
    def of(cls, terrain: Terrain, strategies: tuple[Strategy, ...], energy: EnergyYears) -> Simulator:
        """A simulator whose values in the world of the plan are those of the ledger."""
        sites = tuple(
            sorted({s.site for s in strategies if s.site is not None and s.name == "own" and s.orders})
        )
        raw = cls(terrain, strategies, energy, np.zeros(len(strategies)), sites)
        planned = raw.run({}, raw.as_planned(1)).costs[0]
        ledger = np.array([strategy.ledger_value for strategy in strategies])
        return cls(terrain, strategies, energy, ledger - planned, sites)

    def position(self, site: str | None, name: str) -> int:
        """Column of a strategy. Raises ``KeyError`` where it is not there."""
        keys = [strategy.key for strategy in self.strategies]
        if (site, name) not in keys:
            raise KeyError(site, name)
        return keys.index((site, name))

    def has(self, site: str | None, name: str) -> bool:
        """Whether a strategy is there."""
        return any(strategy.key == (site, name) for strategy in self.strategies)

    def only(self, *keys: tuple[str | None, str]) -> Simulator:
        """The same with some of the strategies, in the order of ``keys``."""
        at = [self.position(*key) for key in keys]
        return Simulator(
            self.terrain, tuple(self.strategies[p] for p in at), self.energy, self.correction[at], self.sites
        )

    def list_of(self, site: str) -> list[int]:
        """Columns of the strategies that a site chooses from: all rent strategies, and its own."""
        return [at for at, strategy in enumerate(self.strategies) if strategy.site in {None, site}]

    def as_planned(self, count: int) -> Ints:
        """Energy years of ``count`` worlds of the plan itself."""
        years = -(-self.terrain.horizon // MONTHS_PER_YEAR)
        return np.full((count, years), -1)

    def run(
        self,
        values: dict[str, Floats],
        years: Ints,
        *,
        monthly: Sequence[int] = (),
        progress: Callable[[int], None] | None = None,
    ) -> Simulated:
        """Serve worlds given by factor values [D] and energy years [D, plan years].

        ``monthly``: columns of strategies whose cash is kept for the first ``MOST_MONTHLY`` worlds; ``progress`` is told how
        many worlds are done.
        """
        count = int(years.shape[0])
        costs = np.empty((count, len(self.strategies)))
        unserved = np.empty_like(costs)
        ahead = np.full((count, len(self.sites)), NEVER)
        kept = min(count, MOST_MONTHLY)
        cash = {at: np.empty((kept, self.terrain.horizon), dtype=np.float32) for at in monthly}

        spaces: SimpleQueue[Workspace] = SimpleQueue()  # one a worker
        for _ in range(CORES):
            spaces.put(Workspace())

        def one(first: int) -> int:
            rows = slice(first, min(first + CHUNK, count))
            here = {name: value[rows] for name, value in values.items()}
            worlds = worlds_of(self.terrain, here, years[rows], self.energy)
            workspace = spaces.get()
            try:
                served = self._serve(Chunk(self.terrain, worlds, workspace))
            finally:
                spaces.put(workspace)
            rent = next(
                (s for s, strategy in zip(served, self.strategies, strict=True) if strategy.name == "rent"),
                None,
            )
            for at, (result, strategy) in enumerate(zip(served, self.strategies, strict=True)):
                costs[rows, at] = result.present_value + self.correction[at]
                unserved[rows, at] = result.unserved
                if at in cash and rows.start < kept:
                    cash[at][rows.start : min(rows.stop, kept)] = result.cash.T[: kept - rows.start]
                if strategy.name == "own" and strategy.site in self.sites and rent is not None:
                    ahead[rows, self.sites.index(strategy.site)] = _ahead(result, rent)
            return rows.stop - rows.start

        done = 0
        with ThreadPoolExecutor(CORES) as pool:
            for finished in pool.map(one, range(0, count, CHUNK)):
                done += finished
                if progress is not None:
                    progress(done)
        return Simulated(costs, unserved, ahead, cash)

    def _serve(self, chunk: Chunk) -> list[Served]:
        """Every strategy of a chunk; what strategies have in common is computed once."""
        valued = {strategy.priced for strategy in self.strategies if strategy.name == "own"}
        alike: dict[Hashable, dict[Hashable, Strategy]] = {}
        for strategy in self.strategies:
            alike.setdefault(strategy.decisions, {})[strategy.priced] = strategy
        known: dict[Hashable, Served] = {}
        for different in alike.values():
            dispatch = dispatched(chunk, next(iter(different.values())))
            for priced, strategy in different.items():
                known[priced] = serve(chunk, strategy, dispatch=dispatch, values=priced in valued)
        return [known[strategy.priced] for strategy in self.strategies]


def _ahead(own: Served, rent: Served) -> Floats:
    """First month from which own, less what its assets are still worth, stays at or below renting to the horizon [D]."""
    assert own.value_at is not None
    gap = (own.by_month - rent.by_month).cumsum(axis=0) - own.value_at[1:]
    dearer = gap > 0
    last = gap.shape[0] - 1 - np.argmax(dearer[::-1], axis=0)
    month = np.where(dearer.any(axis=0), last + 2.0, 1.0)
    return np.where(month > gap.shape[0], NEVER, month)
