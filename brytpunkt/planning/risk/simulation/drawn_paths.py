"""Worlds: drawn factor values as multiples of what the plan says, month by month.

A world differs from the plan only by multiples: of volumes, of GPU work, of prices, of deliveries' dates. In the
world of the plan itself every multiple is 1, so that the kernel's answer there can be held against the ledger.
Money is counted in euros and stated at the plan's rate, so that nothing depends on the currency a plan is written in.
Worlds are the last axis of every array: a figure of a month or segment meets a run of neighbouring numbers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from brytpunkt.declarations.sections.uncertainty import CONNECTION
from brytpunkt.planning.inputs.units import MONTHS_PER_YEAR

if TYPE_CHECKING:
    from brytpunkt.declarations import Workload
    from brytpunkt.planning.optimal.milp import Floats, Ints
    from brytpunkt.planning.risk.sampling.energy_years import EnergyYears
    from brytpunkt.planning.risk.simulation.simulation_inputs import Terrain

FX = "fx:"
SLOWEST = 0.05  # a yearly rate never takes more than 95 % away


@dataclass(frozen=True)
class Worlds:
    """D worlds: multiples of the plan. Shapes: ``volume``, ``work`` [W, H, D]; ``cloud``, ``token`` [H, D].

    ``work`` is GPU work (volume over software gain). ``delay`` whole months [D]; ``connection`` by site, whole months that its
    grid connection comes later than planned [D]; ``fails`` [W, D] the month from which
    a workload asks for nothing, H where it succeeds; ``energy`` by zone [H, D]; ``fx`` by currency [D], its value against the euro
    relative to now; ``hardware``, ``failures``, ``residual`` [D].
    """

    volume: Floats
    work: Floats
    cloud: Floats
    token: Floats
    hardware: Floats
    failures: Floats
    residual: Floats
    delay: Ints
    connection: dict[str, Ints]
    fails: Ints
    energy: dict[str, Floats]
    fx: dict[str, Floats]

    @property
    def count(self) -> int:
        """How many worlds."""
        return int(self.delay.size)

    def currency(self, name: str) -> Floats | float:
        """Multiple of a flow in a currency [D]: what that is worth in euros, relative to now; 1 where it is not drawn."""
        return self.fx.get(name, 1.0)


Values = dict[str, "Floats"]


def worlds_of(terrain: Terrain, values: Values, years: Ints, energy: EnergyYears) -> Worlds:
    """Factor values by name [D] -> worlds. ``years`` [D, years of the plan] are indices into the historical years.

    A name that is not there keeps the plan's figure.
    """
    plan, horizon = terrain.plan, terrain.horizon
    count = int(years.shape[0])
    zero, one = np.zeros(count), np.ones(count)
    months = np.arange(horizon) / MONTHS_PER_YEAR
    by_id = {workload.id: workload for workload in plan.workloads}
    volumes, works, fails = [], [], []
    for name in terrain.workloads:
        workload = by_id[name]
        growth = _of(values, "demand_growth", name, zero)
        level = _of(values, "demand_level", name, one)
        gain = _of(values, "efficiency_gain", name, zero)
        succeeds = _of(values, "production_success", name, one) > 0
        ends = np.where(succeeds, horizon, min(workload.decision_month, horizon))
        alive = np.arange(horizon)[:, None] < ends
        volume = level * _grown(workload, growth, horizon) * alive
        planned = workload.efficiency_gain_per_year
        faster = _compound(1 + planned, gain, months)
        lost = workload.failures.goodput_loss_share
        if lost > 0:
            faster *= (1 - np.minimum(lost * _of(values, "failure_rate", "", one), 0.95)) / (1 - lost)
        volumes.append(volume)
        works.append(volume / faster)
        fails.append(ends)
    cloud = _compound(
        1 + plan.rent.gpu_price_path_per_year, _of(values, "cloud_price_path", "", zero), months
    )
    token = _compound(
        1 + plan.rent.token_price_path_per_year, _of(values, "token_price_path", "", zero), months
    )
    return Worlds(
        volume=np.stack(volumes),
        work=np.stack(works),
        cloud=cloud * _of(values, "cloud_price", "", one),
        token=token,
        hardware=_of(values, "hardware_price", "", one),
        failures=_of(values, "failure_rate", "", one),
        residual=_of(values, "residual_value", "", one),
        delay=np.rint(_of(values, "delivery_delay", "", zero)).astype(np.int64),
        connection=_connections(terrain, values),
        fails=np.stack(fails).astype(np.int64),
        energy={
            zone: np.ascontiguousarray(multiple.T)
            for zone, multiple in energy.multiples(years, horizon, values.get("energy_price")).items()
        },
        fx={name.removeprefix(FX): value for name, value in values.items() if name.startswith(FX)},
    )


def _connections(terrain: Terrain, values: Values) -> dict[str, Ints]:
    """Drawn delays of grid connections, by site; a site that waits for none is not there."""
    found = {}
    for site in terrain.plan.sites:
        late = values.get(f"{CONNECTION}:{site.id}", values.get(CONNECTION))
        if late is not None and site.waits_for_grid:
            found[site.id] = np.rint(late).astype(np.int64)
    return found


def _of(values: Values, factor: str, workload: str, otherwise: Floats) -> Floats:
    """A factor of the workload itself, else of all workloads, else as planned."""
    return values.get(f"{factor}:{workload}", values.get(factor, otherwise))


def _compound(base: float, change: Floats, years: Floats) -> Floats:
    """Multiple of a path that compounds at ``base`` a year, were it ``base + change`` [H, D]."""
    ratio = np.maximum(base + change, SLOWEST) / base
    return np.asarray(np.exp(years[:, None] * np.log(ratio)))


def _grown(workload: Workload, change: Floats, horizon: int) -> Floats:
    """Multiple of the planned growth [H, D]; growth begins where the plan's does."""
    phases, growth = workload.demand.phases, workload.demand.growth
    production = next((phase for phase in phases if phase.production), phases[0])
    begins = production.from_month + (0 if growth.during_ramp else production.ramp_months)
    years = np.maximum(0, np.arange(horizon) - begins) / MONTHS_PER_YEAR
    rate = growth.per_year if growth.kind != "table" else 0.0
    return _compound(1 + rate, change, years)
