"""Outlook: whole historical years as ratios to the planning mean, drawn jointly across zones."""

from __future__ import annotations

import datetime as dt

import numpy as np
import polars as pl
import pytest

from brytpunkt.errors import InputError
from brytpunkt.planning.energy.price_history import CRISIS_YEAR, price_path, price_years

FIRST, LAST = dt.date(2021, 1, 1), dt.date(2023, 12, 1)


def history(levels: dict[str, list[float]], without: tuple[tuple[str, dt.date], ...] = ()) -> pl.DataFrame:
    """Monthly means: a level for each year of a zone, with a season of up to a tenth, from 2021 on."""
    rows = [
        {
            "zone": zone,
            "month": dt.date(2021 + year, month, 1),
            "mean_eur_per_mwh": level * (1 + 0.1 * np.cos(month) + 0.01 * year * month),
        }
        for zone, by_year in levels.items()
        for year, level in enumerate(by_year)
        for month in range(1, 13)
    ]
    frame = pl.DataFrame(rows)
    for zone, month in without:
        frame = frame.filter((pl.col("zone") != zone) | (pl.col("month") != month))
    return frame


def test_the_mean_over_all_years_is_the_planning_mean() -> None:
    years = price_years(
        history({"SE3": [60, 130, 50], "NO1": [70, 190, 60]}), ("SE3", "NO1"), first=FIRST, last=LAST
    )
    assert years.starts == (dt.date(2021, 1, 1), dt.date(2022, 1, 1), dt.date(2023, 1, 1))
    assert years.ratios.shape == (3, 2, 12)
    assert years.ratios.mean(axis=0) == pytest.approx(1.0)
    assert years.ratios[1].min() > 1.3, "2022 is dear in both zones at once"


def test_years_end_with_the_newest_month() -> None:
    short = history({"SE3": [60, 130, 50]}).filter(pl.col("month") <= dt.date(2023, 7, 1))
    years = price_years(short, ("SE3",), first=FIRST, last=LAST)
    assert years.starts == (dt.date(2021, 8, 1), dt.date(2022, 8, 1))
    # December 2021 was 60 x (1 + season), December 2022 was 130 x the same but for its trend
    levels = dict(short.select("month", "mean_eur_per_mwh").iter_rows())
    december = [levels[dt.date(year, 12, 1)] for year in (2021, 2022)]
    assert years.ratios[:, 0, 11] == pytest.approx(np.array(december) / np.mean(december))


def test_a_lacking_month_takes_the_ratio_of_the_zone_that_moves_alike() -> None:
    gap = dt.date(2022, 10, 1)
    levels = {"SE1": [40.0, 60, 40], "NO4": [35.0, 50, 36], "DE-LU": [90.0, 60, 230]}
    table = history(levels, without=(("SE1", gap),))
    years = price_years(table, ("SE1",), first=FIRST, last=LAST)
    row = years.filled.row(0, named=True)
    assert (row["zone"], row["month"], row["donor"]) == ("SE1", gap, "NO4")
    october = table.filter(pl.col("zone") == "NO4", pl.col("month").dt.month() == 10)["mean_eur_per_mwh"]
    assert years.ratios[1, 0, 9] == pytest.approx(october[1] / october.mean())


def test_a_year_that_lacks_five_months_in_one_zone_is_left_out_for_all() -> None:
    without = tuple(("SE1", dt.date(2022, month, 1)) for month in range(1, 6))
    table = history({"SE1": [40, 60, 40], "SE3": [60, 130, 50]}, without=without)
    years = price_years(table, ("SE1", "SE3"), first=FIRST, last=LAST)
    assert years.starts == (dt.date(2021, 1, 1), dt.date(2023, 1, 1))


def test_the_crisis_year_weighs_what_is_declared() -> None:
    years = price_years(history({"SE3": [60, 130, 50]}), ("SE3",), first=FIRST, last=LAST, crisis_weight=0.5)
    assert years.starts[1].year == CRISIS_YEAR
    assert years.weights == pytest.approx([0.4, 0.2, 0.4])


def test_no_whole_year_is_an_error_that_says_what_to_do() -> None:
    table = history({"SE3": [60]}).filter(pl.col("month") < dt.date(2021, 9, 1))
    with pytest.raises(InputError, match=r"no whole year .* SE3 .* Widen energy\.history_from"):
        price_years(table, ("SE3",), first=FIRST, last=LAST)
    with pytest.raises(InputError, match="zone XX has no day-ahead prices"):
        price_years(table, ("XX",), first=FIRST, last=LAST)


def test_a_path_takes_the_same_year_in_every_zone_and_keeps_the_calendar() -> None:
    years = price_years(
        history({"SE3": [60, 130, 50], "NO1": [70, 190, 60]}), ("SE3", "NO1"), first=FIRST, last=LAST
    )
    path = price_path(years, np.array([[2, 0], [1, 1]]), first_month=3, months=18)
    assert path.shape == (2, 2, 18)
    assert path[0, 1, 0] == years.ratios[2, 1, 2], "the first plan month is a March of the first chosen year"
    assert path[0, 1, 12] == years.ratios[0, 1, 2], "a year later it is a March of the second"
    assert path[1, 0, 10] == years.ratios[1, 0, 0]
