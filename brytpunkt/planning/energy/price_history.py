"""Outlook: what history says energy prices may be, as whole historical years drawn jointly across zones.

Belongs here: ratios of past years to the planning mean, percentiles of a year's mean, a zone's history and regime.
Does not belong here: the planning mean itself (``energy``) and drawing at random (risk).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from brytpunkt.errors import InputError, Problem

MONTHS = 12
# SE1 and SE2 lack October 2024 to January 2025 in every open copy; a year that lacks more is no year.
MOST_FILLED_MONTHS = 4
FEWEST_COMMON_MONTHS = 24
CRISIS_YEAR = 2022
FILL_METHOD = "ratio of the most correlated zone"
FILLED = {"zone": pl.String, "month": pl.Date, "method": pl.String, "donor": pl.String, "ratio": pl.Float64}

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class PriceYears:
    """Whole historical years of day-ahead prices, each zone's months relative to the planning mean.

    ``ratios[year, zone, month_of_year - 1]``: price of that month over the mean of the history's months of that
    name, the number that planning uses; multiply a planned price by it to plan with that year. A draw takes one
    year for all zones, so that a dry or a windy year is one everywhere. ``weights`` sum to one. ``filled`` lists
    the months that a zone did not publish: zone, month, method, donor, ratio.
    """

    zones: tuple[str, ...]
    starts: tuple[dt.date, ...]
    ratios: Floats
    weights: Floats
    filled: pl.DataFrame


def price_years(
    monthly: pl.DataFrame,
    zones: Sequence[str],
    *,
    first: dt.date,
    last: dt.date,
    crisis_weight: float = 1.0,
    fill: str = "correlated_zone",
) -> PriceYears:
    """Monthly day-ahead means -> every whole year of the history, as ratios to the planning mean.

    ``monthly`` has zone, month, mean_eur_per_mwh (the table ``day_ahead_monthly``). Years are contiguous blocks of
    twelve months counted back from the newest month, so that the newest prices are always in. A month that a zone
    lacks takes the ratio of the zone whose ratios correlate best with its own; a year in which some zone lacks
    more than ``MOST_FILLED_MONTHS`` is left out for all. ``crisis_weight`` is the weight of the months of 2022
    (1: as any other; 0: a year is weighed by its other months). ``fill`` is ``correlated_zone`` as above,
    ``planning_mean`` (ratio 1), or ``refuse``: then a year that lacks any month is left out.

    Raises ``InputError`` when no whole year is left, or a zone has no prices.
    """
    wanted = tuple(dict.fromkeys(zones))
    months, names, levels = _levels(monthly, wanted, first, last)
    month_of_year = np.array([month.month for month in months])
    relative = _ratios(levels, month_of_year, wanted)
    starts = [len(months) - MONTHS * n for n in range(len(months) // MONTHS, 0, -1)]
    lacking = np.isnan(relative[:, : len(wanted)])
    most = 0 if fill == "refuse" else MOST_FILLED_MONTHS
    whole = [at for at in starts if lacking[at : at + MONTHS].sum(axis=0).max(initial=0) <= most]
    completed, filled = _completed(relative, months, wanted, names, whole, fill)
    if not whole:
        raise InputError(
            (
                Problem(
                    "energy.history_from",
                    f"no whole year of prices for {', '.join(wanted)} between {first:%Y-%m} and {last:%Y-%m}",
                    "widen energy.history_from and history_to",
                ),
            )
        )
    ratios = np.empty((len(whole), len(wanted), MONTHS))
    weights = np.empty(len(whole))
    for row, at in enumerate(whole):
        ratios[row][:, month_of_year[at : at + MONTHS] - 1] = completed[at : at + MONTHS, : len(wanted)].T
        crisis = sum(month.year == CRISIS_YEAR for month in months[at : at + MONTHS])
        weights[row] = (MONTHS - crisis + crisis_weight * crisis) / MONTHS
    if weights.sum() <= 0:
        weights[:] = 1.0
    return PriceYears(wanted, tuple(months[at] for at in whole), ratios, weights / weights.sum(), filled)


def price_path(
    years: PriceYears,
    chosen: npt.NDArray[np.int64],
    first_month: int,
    months: int,
    block_months: int = MONTHS,
) -> Floats:
    """Chosen historical years -> ratios for every month of a plan, the same year in every zone.

    ``chosen[draw, block]`` is the position of a year in ``years`` for each block of ``block_months`` plan months;
    ``first_month`` is the calendar month that the plan begins with (1 to 12). -> ratios[draw, zone, plan month]
    """
    plan_month = np.arange(months)
    year = chosen[:, plan_month // block_months]
    calendar = (first_month - 1 + plan_month) % MONTHS
    return years.ratios[year[:, None, :], np.arange(len(years.zones))[None, :, None], calendar[None, None, :]]


def _levels(
    monthly: pl.DataFrame, zones: tuple[str, ...], first: dt.date, last: dt.date
) -> tuple[list[dt.date], tuple[str, ...], Floats]:
    """Every month and its price, nan where unknown -> months; zones; [month, zone] EUR/MWh, wanted zones first.

    The other zones follow: they may stand in for a month that a wanted one lacks.
    """
    known = monthly.filter(pl.col("month") >= first, pl.col("month") <= last)
    others = sorted(set(known["zone"]) - set(zones))
    absent = sorted(set(zones) - set(known["zone"]))
    if absent:
        raise InputError(
            tuple(
                Problem(
                    "sites.zone",
                    f"zone {zone} has no day-ahead prices between {first:%Y-%m} and {last:%Y-%m}",
                )
                for zone in absent
            )
        )
    wanted = known.filter(pl.col("zone").is_in(zones))["month"]
    span = pl.DataFrame({"month": pl.date_range(wanted.min(), wanted.max(), "1mo", eager=True)})  # type: ignore[arg-type]
    wide = known.pivot(on="zone", index="month", values="mean_eur_per_mwh", aggregate_function="mean")
    table = span.join(wide, on="month", how="left").sort("month")
    names = (*zones, *others)
    return table["month"].to_list(), names, table.select(names).to_numpy().astype(np.float64)


def _ratios(levels: Floats, month_of_year: npt.NDArray[np.int64], zones: tuple[str, ...]) -> Floats:
    """Price over the mean of the months of the same name, the planning mean; nan where unknown."""
    relative = np.full_like(levels, np.nan)
    for month in range(1, MONTHS + 1):
        rows = month_of_year == month
        for column in range(levels.shape[1]):
            known = levels[rows, column][~np.isnan(levels[rows, column])]
            mean = float(known.mean()) if len(known) else np.nan
            if mean <= 0 and column < len(zones):
                message = (
                    f"the mean day-ahead price of {zones[column]} in month {month} is {mean:.2f} EUR/MWh"
                )
                raise InputError(
                    (
                        Problem(
                            "energy.history_from", message, "widen the history: ratios need a positive mean"
                        ),
                    )
                )
            if mean > 0:
                relative[rows, column] = levels[rows, column] / mean
    return relative


def _completed(
    relative: Floats,
    months: list[dt.date],
    wanted: tuple[str, ...],
    names: tuple[str, ...],
    whole: list[int],
    fill: str,
) -> tuple[Floats, pl.DataFrame]:
    """Ratios with the months that whole years lack, taken from the most correlated zone that has them."""
    completed = relative.copy()
    rows = []
    for at in whole:
        lacking = np.isnan(relative[at : at + MONTHS, : len(wanted)])
        for month, column in zip(*np.nonzero(lacking), strict=True):
            row = at + int(month)
            donor = _donor(relative, row, int(column)) if fill == "correlated_zone" else None
            completed[row, column] = 1.0 if donor is None else relative[row, donor]
            rows.append(
                {
                    "zone": wanted[int(column)],
                    "month": months[row],
                    "method": "planning mean" if donor is None else FILL_METHOD,
                    "donor": None if donor is None else names[donor],
                    "ratio": float(completed[row, column]),
                }
            )
    return completed, pl.DataFrame(rows, schema=FILLED).sort("zone", "month")


def _donor(relative: Floats, row: int, column: int) -> int | None:
    """The zone known in that month whose ratios correlate best with this zone's; None if there is none."""
    best, highest = None, -np.inf
    for other in range(relative.shape[1]):
        both = ~np.isnan(relative[:, column]) & ~np.isnan(relative[:, other])
        if other == column or np.isnan(relative[row, other]) or both.sum() < FEWEST_COMMON_MONTHS:
            continue
        correlation = float(np.corrcoef(relative[both, column], relative[both, other])[0, 1])
        if correlation > highest:
            best, highest = other, correlation
    return best
