"""Leaps: values of a dated series that are far from those of the days before them; pure.

Belongs here: what a dated figure is held against, where a new day is a new row and the row before says nothing of it. Does not
belong here: figures without a day (guards).
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from brytpunkt.tables.contracts import CONTRACTS


@dataclass(frozen=True)
class Leap:
    """A dated table: its day and figure, how far the figure may be from the median of ``before`` rows, and its least size.

    Below ``floor`` figures are as good as equal: a monthly price of 0.3 EUR/MWh is no hundredth of 30.
    """

    day: str
    figure: str
    factor: float
    before: int
    floor: float
    said: str


LEAPS = {
    # Reference rates of these currencies never moved by a fifth in a week; a mistaken unit or currency does.
    "fx_rates": Leap("date", "units_per_eur", 1.2, 5, 0.0, "the rate is far from those of the days before"),
    # In wet years a month cost a fiftieth of those before it (NO5, September 2023); a mistaken unit is a thousand.
    "day_ahead_monthly": Leap(
        "month", "mean_eur_per_mwh", 100.0, 5, 1.0, "the month's price is far from those of the months before"
    ),
}


def leaps(table: str, rows: pl.DataFrame, known: pl.DataFrame) -> pl.Series:
    """A reason for each row that leaps, null for others and for figures that are known as they are.

    ``known``: what the source publishes of the table; each row is held against the median of those before it, of what is known
    and what came, so that a lasting move is believed once it lasted for half of them.
    """
    leap = LEAPS.get(table)
    if leap is None or rows.is_empty():
        return pl.Series([None] * rows.height, dtype=pl.String)
    series = [name for name in CONTRACTS[table].primary_key() if name != leap.day]
    key = [*series, leap.day]
    figure = pl.col(leap.figure).cast(pl.Float64)
    incoming = (
        rows.select(*key, value=figure).with_row_index("row").with_columns(pl.col("row").cast(pl.Int64))
    )
    stored = known.select(*key, value=figure)
    same = incoming.join(stored.rename({"value": "stored"}), on=key, how="left").sort("row")
    is_new = ~same["stored"].eq_missing(same["value"]).fill_null(value=False)
    whole = pl.concat(
        [incoming, stored.join(incoming, on=key, how="anti").with_columns(row=pl.lit(None, pl.Int64)).select(incoming.columns)],
        how="vertical_relaxed",
    ).sort(key)  # fmt: skip
    sized = pl.max_horizontal(pl.col("value"), pl.lit(leap.floor))
    past = sized.shift(1).rolling_median(leap.before, min_samples=1).over(series)
    told = (
        whole.with_columns(share=sized / past)
        .with_columns(
            is_far=~pl.col("share").is_between(1 / leap.factor, leap.factor) & pl.col("share").is_finite()
        )
        .drop_nulls("row")
        .sort("row")
    )
    is_far = told["is_far"].fill_null(value=False) & is_new
    return pl.select(reason=pl.when(is_far).then(pl.lit(leap.said)))["reason"].cast(pl.String)
