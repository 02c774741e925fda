"""The result of planning: polars frames, one per question, in the plan's currency."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import datetime as dt

    import polars as pl

    from brytpunkt.planning.note import Note


@dataclass(frozen=True)
class Result:
    """Everything that a report, a summary or a notebook needs; columns are in ``brytpunkt.planning.schemas`` and docs/tables.md.

    Costs are positive; a present value is one of cost, so lower is better. Money is in ``currency``.
    """

    currency: str
    start: dt.date
    horizon_months: int
    verdicts: pl.DataFrame
    strategies: pl.DataFrame
    optimal: pl.DataFrame
    optimal_schedule: pl.DataFrame
    optimal_served: pl.DataFrame
    optimal_carbon: pl.DataFrame
    scenarios: pl.DataFrame
    regret: pl.DataFrame
    margins: pl.DataFrame
    discount_rates: pl.DataFrame
    disruptions: pl.DataFrame
    expected: pl.DataFrame
    paradox: pl.DataFrame
    payback: pl.DataFrame
    readings: pl.DataFrame
    end_values: pl.DataFrame
    bridge: pl.DataFrame
    storage: pl.DataFrame
    readiness: pl.DataFrame
    control: pl.DataFrame
    returns: pl.DataFrame
    financing: pl.DataFrame
    ledger: pl.DataFrame
    curves: pl.DataFrame
    switch_curve: pl.DataFrame
    tipping_curve: pl.DataFrame
    tipping_volumes: pl.DataFrame
    tipping_turns: pl.DataFrame
    rule: pl.DataFrame
    rule_series: pl.DataFrame
    demand: pl.DataFrame
    schedule: pl.DataFrame
    energy: pl.DataFrame
    price_outlook: pl.DataFrame
    price_gaps: pl.DataFrame
    footprint_by_month: pl.DataFrame
    footprint: pl.DataFrame
    advantage: pl.DataFrame
    indicators: pl.DataFrame
    cooling_limits: pl.DataFrame
    connections: pl.DataFrame
    industrial: pl.DataFrame
    rent_offers: pl.DataFrame
    rates: pl.DataFrame
    servers: pl.DataFrame
    unit_economics: pl.DataFrame
    published: pl.DataFrame
    infeasible_servers: pl.DataFrame
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
    warnings: tuple[Note, ...]
