"""Owning: what the servers of a mix cost besides power, its storage, and its tax."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from brytpunkt.planning.inputs.calendar import MONTHS_PER_YEAR
from brytpunkt.planning.ledger.corporate_tax import CAPITALISED, relief
from brytpunkt.planning.optimal import unit_cash_flows
from brytpunkt.planning.optimal.mix import Line
from brytpunkt.planning.own.own_costs import NEVER

if TYPE_CHECKING:
    from brytpunkt.declarations import Plan
    from brytpunkt.declarations.sections.taxation import Tax
    from brytpunkt.planning.optimal.milp import Floats, Ints
    from brytpunkt.planning.optimal.mix import Mix
    from brytpunkt.planning.optimal.problem import Field, Pool

TINY = 1e-9


def owning(plan: Plan, field: Field, pool: Pool, mix: Mix, position: int, standing: Ints) -> list[Line]:
    """Purchases, upkeep, space, crew, hall and continuing value of a pool, by component."""
    build, horizon = plan.build, field.horizon
    shares = {
        "server_capex": 1.0,
        "freight_and_duty": build.freight_and_duty_share,
        "installation": build.installation_share,
        "spares": build.spares_share,
        "network_capex": build.network_share,
    }
    start = {name: np.zeros(horizon) for name in (*shares, "facility_capex")}
    end = {
        name: np.zeros(horizon)
        for name in ("support", "insurance", "decommissioning", "colocation_rent", "hardware_staff", "resale")
    }
    value = 0.0
    cohorts = mix.cohorts(field, position)
    for delivery, finish, count in cohorts:
        price = pool.number("price") * (1 + build.price_path_per_year) ** (delivery / MONTHS_PER_YEAR)
        for name, share in shares.items():
            start[name][delivery] += price * share * count
        stands = slice(delivery, min(finish, horizon))
        each = price * count / MONTHS_PER_YEAR
        support = unit_cash_flows.support_share(plan, field, delivery)
        end["support"][stands] += (each * support * field.escalator)[stands]
        end["insurance"][stands] += each * build.insurance_share_per_year * field.escalator[stands]
        if finish == mix.exit_month and finish <= horizon:
            end["resale"][finish - 1] -= price * count * resale_share(plan, finish - delivery)
            continue
        if finish <= horizon:
            end["decommissioning"][finish - 1] += price * count * build.decommissioning_share
        value += count * unit_cash_flows.server(plan, field, pool, delivery).horizon
    kw = pool.number("nameplate_kw") * standing
    racks = np.ceil(kw / pool.number("rack_kw") - TINY) if pool.row["rack_kw"] else np.zeros(horizon)
    space = pool.number("kw_month") * kw + pool.number("rack_month") * racks
    end["colocation_rent"] = space * field.escalator
    people = (standing > 0) * pool.number("min_fte") + pool.number(
        "fte_per_100_gpus"
    ) * standing * pool.gpus / 100
    end["hardware_staff"] = people * pool.number("fte_month") * field.escalator
    if pool.row["facility_per_kw"] is not None:
        upkeep, hall_value = _hall(plan, field, pool, mix, cohorts, standing, start["facility_capex"])
        end["facility_maintenance"] = upkeep
        value += hall_value
    at_horizon = np.zeros(horizon)
    at_horizon[-1] = value
    return [
        *(Line(name, "", "start", amount, pool.option) for name, amount in start.items()),
        *(Line(name, "", "end", amount, pool.option) for name, amount in end.items()),
        Line("continuing_value", "", "horizon", at_horizon, pool.option),
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


def resale_share(plan: Plan, age_months: int) -> float:
    """Market value of a used server less its removal, as a share of what was paid; straight lines between years."""
    curve = (1.0, *plan.build.resale_share_by_year)
    years = np.arange(len(curve))
    return float(np.interp(age_months / MONTHS_PER_YEAR, years, curve)) - plan.build.removal_share


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
    deductions = field.staff.copy()
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
    for line in lines:
        if line.component in ("facility_capex", "storage_capex"):
            life = NEVER if line.component == "facility_capex" else round(plan.storage.life_years * 12)
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
    return [Line("tax", "", "end", amount), Line("tax_on_continuing_value", "", "horizon", last)]
