"""The case of the risk benchmark: the example over twelve sites, each with the eight strategies of the closed list.

Belongs here: the plan, its strategies and its worlds. Does not belong here: how they are served or timed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from brytpunkt.declarations.sections.api_equivalents import ApiEquivalent
from brytpunkt.declarations.sections.rent import InlineOffer
from brytpunkt.declarations.sections.rooms import OwnHall
from brytpunkt.planning.ledger.evaluate import evaluate
from brytpunkt.planning.optimal.mix import Mix
from brytpunkt.planning.optimal.problem import field_of
from brytpunkt.planning.risk.sampling.draws import REPLICATES, factors_of
from brytpunkt.planning.risk.sampling.energy_years import energy_years
from brytpunkt.planning.risk.simulation.decisions import strategies_of
from brytpunkt.planning.risk.simulation.simulate import Simulator

if TYPE_CHECKING:
    from brytpunkt.declarations import Plan, Site
    from brytpunkt.planning.inputs.planning_inputs import Facts
    from brytpunkt.planning.optimal.problem import Field
    from brytpunkt.planning.risk.sampling.draws import Drawn, Factors

SITES, MONTHS = 12, 84
EVERY_SITE = ("api", "on_demand", "spot", "committed", "rent")
OF_A_SITE = ("own_colocation", "own_hall", "optimal")
CURRENCIES = {"EUR", "USD", "SEK", "NOK", "DKK"}
# Prices that make each kind of renting possible for every workload; how dear they are is not the point here.
OFFERS = (("spot-b300", "spot", 30.0, 0.0), ("year-b300", "reserved_1y", 34.0, 0.2))


@dataclass(frozen=True)
class Case:
    """A simulator of all strategies, and the factors that are drawn."""

    simulator: Simulator
    factors: Factors

    def draws(self, count: int) -> Drawn:
        """As many draws, the same number from each replicate: the first of the next power of two."""
        each = count // REPLICATES
        points, replicate = self.factors.points(1 << (each - 1).bit_length())
        rows = np.concatenate([np.flatnonzero(replicate == name)[:each] for name in range(REPLICATES)])
        return self.factors.draw(points[rows], replicate[rows])


def case_of(example: Plan, known: Facts) -> Case:
    """Twelve sites with eight strategies each.

    The rent strategies are the same wherever a site is, so one serves all twelve. Sites differ in price, climate, energy and lead time;
    where lead times agree, two sites may order the same servers in the same months. The optimal plans are not
    optimised here, but decisions of the same kind: purchases beside commitments, different at every site.
    """
    plan = _wide(example)
    evaluation = evaluate(plan, known, MONTHS, scan=False)
    mixes = {
        str(site): _mix(field_of(evaluation.basis, _option(evaluation.basis.options, str(option))), at)
        for at, (site, option) in enumerate(
            evaluation.chosen.sort("site").select("site", "option").iter_rows()
        )
    }
    terrain, strategies = strategies_of(evaluation, mixes, dict.fromkeys(mixes, 0.0))
    wanted = tuple(s for s in strategies if s.name in {*EVERY_SITE, *OF_A_SITE, "own"})
    energy = energy_years(plan, known)
    case = Case(Simulator.of(terrain, wanted, energy), factors_of(plan, energy, CURRENCIES))
    for site in case.simulator.sites:
        listed = {case.simulator.strategies[at].name for at in case.simulator.list_of(site)}
        assert listed == {*EVERY_SITE, *OF_A_SITE, "own"}, (site, listed)
    assert len(case.simulator.sites) == SITES
    return case


def _option(options: pl.DataFrame, option: str) -> pl.DataFrame:
    return options.filter(pl.col("option") == option)


def _mix(field: Field, at: int) -> tuple[Field, Mix]:
    """Purchases now and later, and commitments of one offer beside them; other months and sizes at every site."""
    first = at % 4
    bought = ((0, first, 3), (0, 12 + first, 1 + at % 2), (0, 36, 2), (0, 54 + at % 3, 2 + at % 4))
    signed = tuple((0, month, 1 + (month + at) % 2) for month in range(0, MONTHS - 12, 12))
    return field, Mix(bought, signed)


def _wide(example: Plan) -> Plan:
    """The example with twelve sites that may all build, and with offers of every kind."""
    sites = tuple(_site(example.sites[at % len(example.sites)], at) for at in range(SITES))
    workloads = tuple(
        workload.model_copy(
            update={
                "interruptible": True,
                "api_equivalents": workload.api_equivalents
                or (
                    ApiEquivalent(
                        provider="openai",
                        model="gpt-5-mini",
                        tokens_per_task_ratio=1.0,
                        quality_note="a benchmark",
                        region="eea",
                    ),
                ),
            }
        )
        for workload in example.workloads
    )
    offers = tuple(
        InlineOffer.model_validate(
            {
                "id": name,
                "provider": "somebody",
                "gpu_model": "B300-SXM-270GB",
                "gpu_count": 8,
                "term": term,
                "price": {"usd": price},
                "upfront_share": upfront,
            }
        )
        for name, term, price, upfront in OFFERS
    )
    rent = example.rent.model_copy(update={"offers": offers, "terms": ("on_demand", "spot", "reserved_1y")})
    finance = example.finance.model_copy(update={"horizon_months": MONTHS, "end": None})
    return example.model_copy(
        update={"sites": sites, "workloads": workloads, "rent": rent, "finance": finance}
    )


def _site(site: Site, at: int) -> Site:
    """A site under a name of its own, with a hall, and with other lead times than its neighbours."""
    hall = site.own_hall or OwnHall.model_validate(
        {"capex_per_kw": {"eur": 9800}, "lead_time_months": 18, "basis": "a benchmark"}
    )
    assert site.colocation is not None
    return site.model_copy(
        update={
            "id": f"site{at}",
            "is_comparator": False,
            "own_hall": hall.model_copy(update={"lead_time_months": 12 + at}),
            "colocation": site.colocation.model_copy(update={"lead_time_months": 3 + at % 8}),
        }
    )
