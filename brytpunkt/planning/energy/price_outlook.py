"""Price outlook: for each zone of a plan, how much history there is, what a year of it costs, and which regime holds.

Belongs here: the table that the report prints, its warnings, and the plan's own choice of years.
Does not belong here: the ratios themselves (``outlook``).
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from brytpunkt.planning.energy.price_history import FILLED, MONTHS, PriceYears, price_years
from brytpunkt.planning.energy.site_prices import _month
from brytpunkt.planning.inputs.units import HOURS_PER_DAY
from brytpunkt.planning.note import Note

if TYPE_CHECKING:
    from brytpunkt.declarations import Plan
    from brytpunkt.planning.inputs.planning_inputs import Facts

DEAR, CHEAP = 1.5, 1 / 1.5
OUTLOOK = {
    "zone": pl.String,
    "first_month": pl.Date,
    "last_month": pl.Date,
    "history_years": pl.Float64,
    "whole_years": pl.Int64,
    "filled_months": pl.Int64,
    "planning_mean_eur_per_mwh": pl.Float64,
    "p10_eur_per_mwh": pl.Float64,
    "p50_eur_per_mwh": pl.Float64,
    "p90_eur_per_mwh": pl.Float64,
    "newest_year_eur_per_mwh": pl.Float64,
    "newest_to_planning_ratio": pl.Float64,
    "low_hours_share": pl.Float64,
    "negative_hours_share": pl.Float64,
    "apart_hours": pl.Int64,
    "widest_apart_eur_per_mwh": pl.Float64,
}


def plan_zones(plan: Plan) -> tuple[str, ...]:
    """Zones of the sites that pay a spot price, each once, in the order of the sites."""
    return tuple(
        dict.fromkeys(
            site.zone for site in plan.sites if site.zone is not None and site.energy.price_per_kwh is None
        )
    )


def plan_price_years(plan: Plan, facts: Facts) -> PriceYears | None:
    """The historical years that a plan draws from, by its section ``energy``; None if no site pays spot.

    Raises ``InputError`` when the history has no whole year.
    """
    zones = plan_zones(plan)
    if not zones:
        return None
    first, last = _span(plan, facts)
    return price_years(
        facts.day_ahead_monthly,
        zones,
        first=first,
        last=last,
        crisis_weight=crisis_weight(plan),
        fill=plan.energy.month_gaps,
    )


def crisis_weight(plan: Plan) -> float:
    """Weight of 2022 where historical years are drawn: that of the plan's uncertain energy price."""
    said = [f.weight_of_2022 for f in plan.uncertainty.drawn() if f.distribution == "historical_years"]
    return 1.0 if not said or said[0] is None else said[0]


def _span(plan: Plan, facts: Facts) -> tuple[dt.date, dt.date]:
    last = _month(plan.energy.history_to) if plan.energy.history_to else facts.as_of
    return _month(plan.energy.history_from), last


def price_outlook(plan: Plan, facts: Facts, years: PriceYears | None) -> pl.DataFrame:
    """What history says of each zone's price, EUR/MWh before any drift; columns as in ``OUTLOOK``.

    P10, P50 and P90 are weighted percentiles of the mean of a whole year, never an extrapolated single one. The
    newest year is the last twelve months; its ratio to the planning mean and the share of hours at or below
    5 EUR/MWh since then name the regime. ``apart_hours``: hours in which publishers differ by more than 1 EUR/MWh, null
    where one publisher has the whole history.
    """
    if years is None:
        return pl.DataFrame(schema=OUTLOOK)
    first, last = _span(plan, facts)
    known = facts.day_ahead_monthly.filter(pl.col("month") >= first, pl.col("month") <= last).sort("month")
    rows = []
    for column, zone in enumerate(years.zones):
        months = known.filter(pl.col("zone") == zone)
        planned = (
            months.group_by(month=pl.col("month").dt.month().cast(pl.Int64))
            .agg(mean=pl.col("mean_eur_per_mwh").mean())
            .sort("month")
        )
        level, lengths = planned["mean"].to_numpy(), _lengths(planned["month"].to_list())
        annual = (years.ratios[:, column, planned["month"].to_numpy() - 1] * level) @ lengths / lengths.sum()
        mean = float(level @ lengths / lengths.sum())
        newest = months.tail(MONTHS)
        low, middle, high = _percentiles(annual, years.weights)
        rows.append(
            {
                "zone": zone,
                "first_month": months["month"][0],
                "last_month": months["month"][-1],
                "history_years": months.height / MONTHS,
                "whole_years": len(years.starts),
                "filled_months": years.filled.filter(pl.col("zone") == zone).height,
                "planning_mean_eur_per_mwh": mean,
                "p10_eur_per_mwh": low,
                "p50_eur_per_mwh": middle,
                "p90_eur_per_mwh": high,
                "newest_year_eur_per_mwh": float(newest["mean_eur_per_mwh"].mean()),  # type: ignore[arg-type]
                "newest_to_planning_ratio": float(newest["mean_eur_per_mwh"].mean()) / mean,  # type: ignore[arg-type]
                "low_hours_share": _share(newest, "low_hours"),
                "negative_hours_share": _share(newest, "negative_hours"),
                "apart_hours": months["apart_hours"].sum() if months["apart_hours"].count() else None,
                "widest_apart_eur_per_mwh": months["widest_apart_eur_per_mwh"].max(),
            }
        )
    return pl.DataFrame(rows, schema=OUTLOOK)


def price_gaps(plan: Plan, facts: Facts, years: PriceYears | None) -> pl.DataFrame:
    """What was filled: months that a zone did not publish, and months in which hours were -> columns of ``FILLED``.

    A month with filled hours says how many and by which method; it has no donor and no ratio.
    """
    if years is None:
        return pl.DataFrame(schema=FILLED)
    first, last = _span(plan, facts)
    hours = facts.day_ahead_monthly.filter(
        pl.col("zone").is_in(years.zones),
        pl.col("month").is_between(first, last),
        pl.col("basis").str.contains(" filled by "),
    ).select(
        "zone",
        "month",
        method="basis",
        donor=pl.lit(None, dtype=pl.String),
        ratio=pl.lit(None, dtype=pl.Float64),
    )
    return pl.concat([years.filled, hours]).sort("zone", "month")


def _lengths(months: list[int]) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    days = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
    return np.array([days[month - 1] for month in months], dtype=np.float64)


def _percentiles(
    values: np.ndarray[tuple[int], np.dtype[np.float64]],
    weights: np.ndarray[tuple[int], np.dtype[np.float64]],
) -> tuple[float, float, float]:
    """P10, P50, P90 of weighted values, linear between the middles of their weights."""
    order = np.argsort(values)
    middle = np.cumsum(weights[order]) - weights[order] / 2
    low, centre, high = np.interp((0.1, 0.5, 0.9), middle, values[order])
    return float(low), float(centre), float(high)


def _share(months: pl.DataFrame, column: str) -> float | None:
    """Share of the hours known, over the months where the count is known."""
    counted = months.filter(pl.col(column).is_not_null())
    hours = counted.select(
        (
            pl.col("month").dt.month_end().dt.day().cast(pl.Float64)
            * HOURS_PER_DAY
            * pl.col("coverage_share")
        ).sum()
    ).item()
    return float(counted[column].sum()) / float(hours) if hours else None


def outlook_warnings(plan: Plan, outlook: pl.DataFrame) -> tuple[Note, ...]:
    """Zones whose history is short, and zones whose newest year is far from the mean that is planned with."""
    notes = []
    least = plan.energy.least_history_years
    for row in outlook.iter_rows(named=True):
        if row["history_years"] < least:
            few = {"zone": row["zone"], "years": row["history_years"], "least": least}
            notes.append(Note("short_price_history", None, few))
        ratio = row["newest_to_planning_ratio"]
        if not CHEAP <= ratio <= DEAR:
            changed = {
                "zone": row["zone"],
                "newest": row["newest_year_eur_per_mwh"],
                "month": row["last_month"],
                "ratio": ratio,
                "planned": row["planning_mean_eur_per_mwh"],
            }
            notes.append(Note("price_regime_changed", None, changed))
    return tuple(notes)
