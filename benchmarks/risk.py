"""Risk benchmark: drawn worlds of twelve sites, beside the same arithmetic written by hand in NumPy.

Belongs here: one comparison in one process, and how far 4,096 draws are from 262,144. Does not belong here: what is drawn.
"""

from __future__ import annotations

import resource
import sys
import time
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from brytpunkt.planning.evaluate import evaluate
from brytpunkt.planning.risk.draws import factors_of
from brytpunkt.planning.risk.energy_years import energy_years
from brytpunkt.planning.risk.simulate import CHUNK, CORES, Simulator
from brytpunkt.planning.risk.statistics import quantile
from brytpunkt.planning.risk.strategies import strategies_of

if TYPE_CHECKING:
    from brytpunkt.declarations import Plan
    from brytpunkt.planning.facts import Facts
    from brytpunkt.planning.optimal.program import Floats
    from brytpunkt.planning.risk.draws import Factors
    from brytpunkt.planning.risk.strategies import Strategy

DRAWS, SITES, MONTHS = 8_192, 12, 84
FEW, MANY = 512, 32_768  # a replicate: 4,096 and 262,144 in all


def floor(simulator: Simulator, draws: int) -> float:
    """Seconds that the operations on loads by segment alone take in straight NumPy, on one thread, over the cores.

    Orders, purchases, prices and discounting by month are left out: a floor that cannot be reached.
    """
    terrain = simulator.terrain
    shape = (CHUNK, terrain.horizon, terrain.hours.shape[1])
    one, other, out = np.random.default_rng(1).random((3, *shape))
    workloads = len(terrain.workloads)
    owning = len(
        {(s.servers.pool.option, s.orders, s.room) for s in simulator.strategies if s.servers is not None}
    )
    fleets = len({way.fleet for s in simulator.strategies for way in s.ways}) + 2 * workloads
    start = time.perf_counter()
    for _ in range(draws // CHUNK):
        for _ in range(owning * workloads):
            _served(one, other, out)
        for _ in range(fleets):
            _fleet(one, other, out)
    return (time.perf_counter() - start) / CORES


def _served(one: Floats, other: Floats, out: Floats) -> None:
    np.minimum(one, other, out=out)
    np.multiply(out, one, out=out)
    np.subtract(1.0, out, out=out)
    np.multiply(out, other, out=out)
    np.subtract(out, 1e-9, out=out)
    np.ceil(out, out=out)
    np.multiply(out, one, out=out)
    np.maximum(out, 0.0, out=out)
    np.einsum("dhk,hk->dh", out, other[0])
    np.einsum("dhk,hk->dh", out, one[0])


def _fleet(one: Floats, other: Floats, out: Floats) -> None:
    np.multiply(one, 1.25, out=out)
    np.subtract(out, 1e-9, out=out)
    np.ceil(out, out=out)
    np.maximum(out, 1.0, out=out)
    np.multiply(out, other, out=out)


def widened(strategies: tuple[Strategy, ...], sites: int) -> tuple[Strategy, ...]:
    """The strategies of as many sites: those of the plan again under other names."""
    own = sorted({s.site for s in strategies if s.site is not None})
    more = [
        replace(s, site=f"{s.site}-{at}", room=None if s.room is None else s.room + at)
        for at in range(1, -(-sites // len(own)) + 1)
        for s in strategies
        if s.site is not None
    ]
    names = dict.fromkeys([*own, *(s.site for s in more if s.site is not None)])
    kept = set(list(names)[:sites])
    return tuple(s for s in (*strategies, *more) if s.site is None or s.site in kept)


def report(plan: Plan, known: Facts) -> None:
    """Print times, ratios, memory and errors."""
    evaluation = evaluate(plan, known, MONTHS, scan=False)
    terrain, strategies = strategies_of(evaluation, {}, {})
    energy = energy_years(plan, known)
    simulator = Simulator.of(terrain, widened(strategies, SITES), energy)
    factors = factors_of(plan, energy, {"EUR", "USD", "SEK", "NOK"})
    for draws in (DRAWS // 4, DRAWS):
        drawn = factors.draw(*factors.points(draws // 8))
        start = time.perf_counter()
        simulator.run(drawn.values, drawn.years)
        took = time.perf_counter() - start
        by_hand = floor(simulator, draws)
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        sys.stdout.write(
            f"{draws} draws x {len(simulator.sites)} sites, {len(simulator.strategies)} strategies, {MONTHS} months: "
            f"{took:.2f} s, by hand {by_hand:.2f} s, ratio {took / by_hand:.2f}, peak {memory:.0f} MB\n"
        )
    _errors(simulator, factors_of(plan, energy, {"EUR", "USD", "SEK", "NOK"}))


def _errors(simulator: Simulator, factors: Factors) -> None:
    site = simulator.sites[0]
    few = simulator.only((None, "rent"), (site, "own"))
    found = {}
    for each in (FEW, MANY):
        drawn = factors.draw(*factors.points(each))
        costs = few.run(drawn.values, drawn.years).costs
        spread = costs[:, 1] - costs[:, 0]
        cheaper = min(quantile(costs[:, 0], 0.5), quantile(costs[:, 1], 0.5))
        found[each] = (quantile(spread, 0.5), quantile(spread, 0.9), cheaper)
    base = found[MANY][2]
    p50, p90 = (abs(found[FEW][at] - found[MANY][at]) / base for at in (0, 1))
    sys.stdout.write(
        f"{FEW * 8} against {MANY * 8} draws at {site}: P50 {p50:.3%}, P90 {p90:.3%} of the cheaper's P50\n"
    )
