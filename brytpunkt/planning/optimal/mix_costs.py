"""Owning: what the servers of a mix cost besides power, its storage, and its tax."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

import numpy as np

from brytpunkt.planning.components import (
    CAPITALISED,
    COLOCATION_RENT,
    CONTINUING_VALUE,
    DECOMMISSIONING,
    FACILITY_CAPEX,
    FACILITY_MAINTENANCE,
    HARDWARE_STAFF,
    RESALE,
    STORAGE_CAPEX,
    TAX,
    TAX_ON_CONTINUING_VALUE,
)
from brytpunkt.planning.inputs.units import MONTHS_PER_YEAR
from brytpunkt.planning.ledger.corporate_tax import relief
from brytpunkt.planning.optimal import unit_cash_flows
from brytpunkt.planning.optimal.mix import Line, run_gpus
from brytpunkt.planning.own.own_costs import NEVER
from brytpunkt.planning.own.storage import storage_life_months
from brytpunkt.planning.own.unit_costs import (
    colocation_rent,
    crew_by_server,
    disposal_share,
    least_crew,
    purchase_shares,
    resale_share,
)

if TYPE_CHECKING:
    from brytpunkt.declarations import Plan
    from brytpunkt.declarations.sections.taxation import Tax
    from brytpunkt.planning.optimal.milp import Floats, Ints
    from brytpunkt.planning.optimal.mix import Mix
    from brytpunkt.planning.optimal.problem import Field, Pool


def owning(plan: Plan, field: Field, pool: Pool, mix: Mix, position: int, standing: Ints) -> list[Line]:
    """Purchases, upkeep, space, crew, hall and continuing value of a pool, by component."""
    build, horizon = plan.build, field.horizon
    shares = purchase_shares(build)
    start = {name: np.zeros(horizon) for name in (*shares, FACILITY_CAPEX)}
    end: dict[str, Floats] = defaultdict(lambda: np.zeros(horizon))
    value = 0.0
    cohorts = mix.cohorts(field, position)
    for delivery, finish, count in cohorts:
        paid = unit_cash_flows.price(plan, pool, delivery) * count
        for name, share in shares.items():
            start[name][delivery] += paid * share
        stands = slice(delivery, min(finish, horizon))
        for name, by_month in unit_cash_flows.upkeep_by_month(plan, field, delivery).items():
            end[name][stands] += (paid * by_month)[stands]
        if finish == mix.exit_month and finish <= horizon:
            end[RESALE][finish - 1] -= paid * resale_share(plan, finish - delivery)
            continue
        if finish <= horizon:
            end[DECOMMISSIONING][finish - 1] += paid * disposal_share(build)
        value += count * unit_cash_flows.server(plan, field, pool, delivery).horizon
    servers = standing.astype(np.float64)
    end[COLOCATION_RENT] = colocation_rent(pool.number, servers) * field.escalator
    crew = (standing > 0) * least_crew(pool.number) + crew_by_server(pool.number, servers)
    end[HARDWARE_STAFF] = crew * field.escalator
    if pool.row["facility_per_kw"] is not None:
        upkeep, hall_value = _hall(plan, field, pool, mix, cohorts, standing, start[FACILITY_CAPEX])
        end[FACILITY_MAINTENANCE] = upkeep
        value += hall_value
    at_horizon = np.zeros(horizon)
    at_horizon[-1] = value
    return [
        *(Line(name, "", "start", amount, pool.option) for name, amount in start.items()),
        *(Line(name, "", "end", amount, pool.option) for name, amount in end.items()),
        Line(CONTINUING_VALUE, "", "horizon", at_horizon, pool.option),
    ]


def _hall(
    plan: Plan,
    field: Field,
    pool: Pool,
    mix: Mix,
    cohorts: list[tuple[int, int, int]],
    standing: Ints,
    capex: Floats,
) -> tuple[Floats, float]:
    """Room is built when more servers stand than ever before -> maintenance [H], value at the horizon."""
    highest = np.maximum.accumulate(standing)
    upkeep, value = np.zeros(field.horizon), 0.0
    for delivery in sorted({delivery for delivery, _, _ in cohorts}):
        more = int(highest[delivery] - (highest[delivery - 1] if delivery > 0 else 0))
        unit = unit_cash_flows.hall(plan, field, pool, delivery)
        capex[delivery] += unit.start[delivery] * more
        upkeep += unit.end * more
        value += unit.horizon * more
    if mix.exit_month is not None and mix.exit_month <= field.horizon:
        upkeep[mix.exit_month :] = 0.0
        value = 0.0
    return upkeep, value


def stored(field: Field, mix: Mix) -> list[Line]:
    """Storage: rented until the first own servers arrive, then beside them."""
    arrivals = [row[0] for position in range(len(field.pools)) for row in mix.cohorts(field, position)]
    frame = field.storage(min(arrivals, default=None))
    lines = []
    for (component, item, timing), rows in frame.group_by("component", "item", "timing", maintain_order=True):
        amount = np.zeros(field.horizon)
        np.add.at(amount, rows["month"].to_numpy(), rows["amount"].to_numpy())
        lines.append(Line(str(component), str(item), str(timing), amount))
    return lines


def tax_lines(plan: Plan, tax: Tax, field: Field, mix: Mix, lines: list[Line]) -> list[Line]:
    """Tax of a mix: relief at the end of each plan year, and tax on the continuing value at the horizon."""
    horizon = field.horizon
    deductions = (field.staff if run_gpus(lines) else field.api_staff).copy()
    value = 0.0
    for line in lines:
        if line.timing == "horizon":
            value -= float(line.amount.sum())
        elif line.component not in CAPITALISED:
            deductions += line.amount
    book = 0.0
    for position, pool in enumerate(field.pools):
        for delivery, finish, count in mix.cohorts(field, position):
            cost = count * unit_cash_flows.purchase(plan, pool, delivery)
            off, left = unit_cash_flows.depreciation(tax.depreciation, delivery, finish, horizon)
            deductions += cost * off
            book += cost * left
    lives = {FACILITY_CAPEX: NEVER, STORAGE_CAPEX: storage_life_months(plan.storage)}
    for line in lines:
        life = lives.get(line.component)
        if life is not None:
            for month in np.flatnonzero(line.amount):
                off, left = unit_cash_flows.depreciation(
                    tax.depreciation, int(month), int(month) + life, horizon
                )
                deductions += line.amount[month] * off
                book += line.amount[month] * left
    saved, _ = relief(deductions, tax, field.other_income)
    at = np.minimum(np.arange(1, saved.size + 1) * MONTHS_PER_YEAR, horizon) - 1
    amount, last = np.zeros(horizon), np.zeros(horizon)
    amount[at] = -saved
    last[-1] = tax.rate * (value - book)
    return [Line(TAX, "", "end", amount), Line(TAX_ON_CONTINUING_VALUE, "", "horizon", last)]
