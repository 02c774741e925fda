"""Unit flows: what one server, one crew, one commitment costs in each month, for the programme.

Nominal, in the plan's currency, as ``Flow``: at the start of a month, at its end, and at the horizon. The
ledger computes the same things again from the declaration; the difference between the two is printed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from brytpunkt.planning.inputs.money import annuity_left, escalation, monthly_rate, price_path
from brytpunkt.planning.inputs.units import MONTHS_PER_YEAR
from brytpunkt.planning.ledger.corporate_tax import written_off
from brytpunkt.planning.optimal.pool_tariff import USUAL_KW
from brytpunkt.planning.own.own_costs import NEVER
from brytpunkt.planning.own.unit_costs import (
    colocation_rent,
    crew_by_server,
    disposal_share,
    hall_of_a_server,
    hall_upkeep_share,
    least_crew,
    paid_share,
    upkeep_shares,
    worth_share,
)

if TYPE_CHECKING:
    from brytpunkt.declarations import Plan
    from brytpunkt.declarations.sections.taxation import Depreciation
    from brytpunkt.planning.optimal.milp import Floats
    from brytpunkt.planning.optimal.problem import Field, Pool, Term


@dataclass(frozen=True)
class Flow:
    """Amounts at the start and end of each month [H], and at the horizon."""

    start: Floats
    end: Floats
    horizon: float = 0.0
    deductible: Floats | None = None
    book: float = 0.0

    def present_value(self, field: Field, rate: float, tax_rate: float) -> float:
        """Discounted sum after tax [plan currency]; every deduction is taken as used in its own year."""
        at_horizon = self.horizon + tax_rate * (-self.horizon - self.book)
        late = at_horizon * float((1 + rate) ** -field.horizon)
        saved = self.deductible @ year_end_factor(field) * tax_rate if self.deductible is not None else 0.0
        return float(self.start @ field.start_factor + self.end @ field.end_factor - saved) + late

    def by_year(self) -> Floats:
        """Cash of each plan year, the horizon value left out."""
        cash = self.start + self.end
        return np.add.reduceat(cash, np.arange(0, cash.size, MONTHS_PER_YEAR))


def year_end_factor(field: Field) -> Floats:
    """Discount factor of the tax that a month's deduction saves: the end of its plan year [H]."""
    year = np.arange(field.horizon) // MONTHS_PER_YEAR
    return np.asarray(field.end_factor[np.minimum((year + 1) * MONTHS_PER_YEAR, field.horizon) - 1])


def depreciation(rules: Depreciation, delivery: int, retire: int, horizon: int) -> tuple[Floats, float]:
    """Share of a cost written off in each month [H], and the share still in the books at the horizon."""
    off = written_off(rules, horizon + 1)
    monthly = np.zeros(horizon)
    stop = min(retire, horizon)
    monthly[delivery:stop] = np.diff(off)[: stop - delivery]
    if retire <= horizon:
        monthly[retire - 1] += 1 - off[retire - delivery]
        return monthly, 0.0
    return monthly, float(1 - off[horizon - delivery])


def price(plan: Plan, pool: Pool, delivery: int) -> float:
    """Price of one server delivered in a month."""
    return float(pool.number("price") * price_path(plan.build.price_path_per_year, float(delivery)))


def purchase(plan: Plan, pool: Pool, delivery: int) -> float:
    """What one server delivered in a month costs in all: server, freight, installation, spares, network."""
    return price(plan, pool, delivery) * paid_share(plan.build)


def server(plan: Plan, field: Field, pool: Pool, delivery: int) -> Flow:
    """One server delivered in a month: purchase, upkeep, space, crew by GPU, idle power, value at the horizon."""
    horizon = field.horizon
    retire = delivery + pool.life
    paid = price(plan, pool, delivery)
    start, end = np.zeros(horizon), np.zeros(horizon)
    start[delivery] = purchase(plan, pool, delivery)
    in_service = slice(delivery, min(retire, horizon))
    one = np.ones(())
    monthly = colocation_rent(pool.number, one, in_whole_racks=False) + crew_by_server(pool.number, one)
    upkeep = paid * sum(upkeep_by_month(plan, field, delivery).values())
    end[in_service] += (monthly * field.escalator + upkeep + idle_energy(field, pool))[in_service]
    if retire <= horizon:
        end[retire - 1] += paid * disposal_share(plan.build)
    value = paid * float(worth_share(plan, delivery, horizon))
    deductible, book = _deducted(plan, start, end, delivery, retire)
    return Flow(start, end, -value, deductible, book)


def _deducted(
    plan: Plan, start: Floats, end: Floats, delivery: int, retire: int
) -> tuple[Floats | None, float]:
    """What is deducted each month, depreciation included, and what is left in the books at the horizon."""
    tax = plan.finance.tax
    if tax is None:
        return None, 0.0
    off, left = depreciation(tax.depreciation, delivery, retire, end.size)
    return end + start[delivery] * off, start[delivery] * left


def upkeep_by_month(plan: Plan, field: Field, delivery: int) -> dict[str, Floats]:
    """Upkeep of a server in each month as a share of its price, by component [H], escalated from its delivery."""
    return upkeep_shares(plan, np.arange(field.horizon, dtype=float) - delivery)


def hall(plan: Plan, field: Field, pool: Pool, delivery: int) -> Flow:
    """Room for one server in one's own hall, built for a delivery: capex, maintenance, value at the horizon."""
    horizon = field.horizon
    capex = float(hall_of_a_server(pool.number) * field.escalator[delivery])
    start, end = np.zeros(horizon), np.zeros(horizon)
    start[delivery] = capex
    upkeep = hall_upkeep_share(pool.number) * capex
    end[delivery:] = upkeep * escalation(plan.finance, np.arange(float(horizon - delivery)))
    life = int(pool.number("facility_months"))
    left = annuity_left(monthly_rate(plan.finance), life, delivery + life - horizon) if life else 0.0
    value = capex * float(left)
    deductible, book = _deducted(plan, start, end, delivery, NEVER)
    return Flow(start, end, -value, deductible, book)


def crew(field: Field, pool: Pool) -> Floats:
    """The least crew, at the end of each month [H]."""
    return least_crew(pool.number) * field.escalator


def idle_energy(field: Field, pool: Pool) -> Floats:
    """Energy of one server that idles, and its part of the capacity fee [H]."""
    kwh = pool.number("idle_kw") * field.hours * pool.pue
    by_kw, by_kwh = _tariff(pool)
    fee = pool.number("capacity_fee") / MONTHS_PER_YEAR * field.escalator * _paid(pool) * (1 + pool.bill.vat)
    peak = pool.number("idle_kw") * (pool.pue_peak * (fee[:, None] + by_kw)).max(axis=1)
    return np.asarray((kwh * (pool.kwh_price + by_kwh)).sum(axis=1) + peak)


def busy_energy(field: Field, pool: Pool) -> Floats:
    """Energy of serving a workload's whole load above idling [W, H, C]."""
    above = (pool.number("load_kw") - pool.number("idle_kw")) / pool.gpus
    cost: Floats = pool.busy * above * (field.hours * pool.pue * (pool.kwh_price + _tariff(pool)[1]))
    return cost


def peak_fee(field: Field, pool: Pool) -> Floats:
    """Capacity fee of a workload's load above idling, were its cell the peak [W, H, C]."""
    above = (pool.number("load_kw") - pool.number("idle_kw")) / pool.gpus
    fee = pool.number("capacity_fee") / MONTHS_PER_YEAR * field.escalator * _paid(pool) * (1 + pool.bill.vat)
    cost: Floats = pool.busy * above * pool.pue_peak * (fee[:, None] + _tariff(pool)[0])
    return cost


def _tariff(pool: Pool) -> tuple[Floats, Floats]:
    """Fees of the tariff by kW of peak and by kWh, in straight lines [H, C]; a year's peak is taken month by month."""
    return pool.bill.straight(pool.number("power_limit_kw") or USUAL_KW)


def _paid(pool: Pool) -> float:
    return 0.0 if pool.row["is_power_included"] else 1.0


def commitment(field: Field, term: Term, signed: int) -> Flow:
    """One instance committed in a month: all hours of its months at the signing month's price."""
    months = slice(signed, min(signed + term.months, field.horizon))
    start, end = np.zeros(field.horizon), np.zeros(field.horizon)
    end[months] = term.price[signed] * field.month_hours[months]
    start[signed] = end.sum() * term.upfront_share
    end = end * (1 - term.upfront_share)
    return Flow(start, end, deductible=start + end)
