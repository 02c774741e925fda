"""Guards: what makes a row doubtful or a whole batch unusable, beside the contract; pure.

A live source is compared with its own last good publication, never with another's. Prices and facts are guarded, each
table by itself; what a publication says about itself (remarks, findings) is not.
"""

from __future__ import annotations

from datetime import date

import polars as pl

from brytpunkt.tables.contracts import CONTRACTS, DIAGNOSTICS, GUARDED_PRICES
from brytpunkt.tables.provenance import PAID_UPFRONT

LARGEST_BAD_SHARE = 0.2
LARGEST_LOSS_SHARE = 0.2
LARGEST_PRICE_FACTOR = 2.0
LARGEST_ROW_FACTOR = 10.0
SAME_NUMBER_FACTOR = 1.5
PLACEHOLDER_PER_INSTANCE_HOUR = 0.01
# An instance type whatever the way of paying for it: prices contain the upfront fee, spread over the term.
INSTANCE = ("provider", "region", "instance", "native_currency")
PRICE = "price_native_per_instance_hour"
# Statements about where and when a figure was read; a live figure that differs in nothing else has not changed.
SEEN_COLUMNS = ("source", "source_date", "retrieved_on", "note")


def without_repeats(table: str, frame: pl.DataFrame, seen_on: date) -> pl.DataFrame:
    """Rows less exact repeats and, where a key has several dates of validity, less those that are superseded.

    A date after ``seen_on`` is not in force yet and supersedes nothing. Rows of one key and date that differ stay, for
    the contract to set aside.
    """
    content = [name for name in CONTRACTS[table].columns() if name not in SEEN_COLUMNS]
    rows = frame.unique(content, keep="first", maintain_order=True)
    key = CONTRACTS[table].primary_key()
    if "valid_from" not in frame.columns or "valid_from" in key or rows.is_empty():
        return rows
    in_force = pl.col("valid_from").filter(pl.col("valid_from") <= seen_on).max()
    newest = pl.coalesce(in_force, pl.col("valid_from").min()).over(key)
    return rows.filter(pl.col("valid_from").eq_missing(newest) | pl.any_horizontal(pl.col(key).is_null()))


def doubts(table: str, rows: pl.DataFrame, known: pl.DataFrame) -> pl.Series:
    """A reason for each row that must not replace the good one, null for the others.

    Caught: a commitment dearer than on-demand, a placeholder, a number that stayed while its currency changed, a price
    that moved more than tenfold at once.
    """
    price = GUARDED_PRICES.get(table)
    if price is None or rows.is_empty():
        return pl.Series([None] * rows.height, dtype=pl.String)
    key = CONTRACTS[table].primary_key()
    numbered = rows.with_row_index("row")
    checks = []
    if table == "gpu_offers":
        numbered = numbered.with_columns(instance=pl.col("sku").str.replace(PAID_UPFRONT, ""))
        listed = numbered.filter(pl.col("term") == "on_demand")
        on_demand = listed.group_by(INSTANCE).agg(on_demand=pl.col(PRICE).min())
        numbered = numbered.join(on_demand, on=INSTANCE, how="left", nulls_equal=True)
        is_committed = pl.col("term").str.contains("^(?:reserved|savings)_")
        checks += [
            (is_committed & (pl.col(PRICE) > pl.col("on_demand")), "a commitment dearer than on-demand"),
            (pl.col(PRICE) <= PLACEHOLDER_PER_INSTANCE_HOUR, "a placeholder price"),
        ]
    before = known.select(*key, known_price=pl.col(price).cast(pl.Float64), **_currency(known))
    numbered = numbered.join(before, on=key, how="left")
    factor = pl.col(price).cast(pl.Float64) / pl.col("known_price")
    if "native_currency" in rows.columns:
        stayed = factor.is_between(1 / SAME_NUMBER_FACTOR, SAME_NUMBER_FACTOR)
        checks.append(
            (
                (pl.col("native_currency") != pl.col("known_currency")) & stayed,
                "the currency changed, the number did not",
            )
        )
    if table != "day_ahead_monthly":
        is_leap = ~factor.is_between(1 / LARGEST_ROW_FACTOR, LARGEST_ROW_FACTOR)
        checks.append((is_leap, "the price moved more than tenfold at once"))
    reason = pl.coalesce(
        pl.when(condition.fill_null(value=False)).then(pl.lit(text)) for condition, text in checks
    )
    return numbered.sort("row").select(reason=reason.cast(pl.String))["reason"]


def _currency(known: pl.DataFrame) -> dict[str, pl.Expr]:
    return {"known_currency": pl.col("native_currency")} if "native_currency" in known.columns else {}


def reason_to_refuse(
    table: str,
    total: int,
    good: pl.DataFrame,
    known: pl.DataFrame,
    listed: int | None,
    gone: int,
    *,
    doubtful: int = 0,
) -> str | None:
    """Why a table of a publication must not replace the last good one, or None.

    ``total`` rows came, of which ``good`` passed; ``known`` are the published versions of those that came. Of the
    ``listed`` rows of the last good publication, None if there was none, ``gone`` are absent; 0 where absence says
    nothing. ``doubtful`` are published rows that the publication speaks of and that could not be read; they are not
    gone. A list that a person accepted as empty may stay empty.
    """
    if table in DIAGNOSTICS:
        return None
    bad = total - good.height
    if (
        total == 0 and gone
    ):  # where nothing was known, an empty list is an answer: a region may have no such machines
        return f"all {gone} known rows are gone"
    if total == 0 and doubtful:
        return f"no row could be read; {doubtful} known rows are in doubt"
    if bad > LARGEST_BAD_SHARE * total:
        return f"{bad} of {total} rows break the contract"
    if gone > LARGEST_LOSS_SHARE * (listed or 0):
        return f"{gone} of {listed} known rows are gone"
    column = GUARDED_PRICES.get(table)
    if column is None or known.is_empty():
        return None
    key = CONTRACTS[table].primary_key()
    common = good.join(known.select(*key, known_price=pl.col(column)), on=key, how="inner")
    before, now = (
        float(common[name].cast(pl.Float64).median() or 0.0)  # type: ignore[arg-type]
        for name in ("known_price", column)
    )
    if before > 0 and not 1 / LARGEST_PRICE_FACTOR < now / before < LARGEST_PRICE_FACTOR:
        return f"the median of {column} went from {before:g} to {now:g}"
    return None


def without_spot_noise(
    table: str, rows: pl.DataFrame, known: pl.DataFrame, tolerance_share: float
) -> pl.DataFrame:
    """Rows in which a spot price within the tolerance of the recorded one is the recorded one."""
    if table != "gpu_offers" or tolerance_share <= 0 or known.is_empty() or rows.is_empty():
        return rows
    key = CONTRACTS[table].primary_key()
    before = known.select(
        *key, known_price=pl.col(PRICE), known_currency="native_currency", known_from="valid_from"
    )
    joined = rows.join(before, on=key, how="left", maintain_order="left")
    move = (pl.col(PRICE).cast(pl.Float64) / pl.col("known_price").cast(pl.Float64) - 1).abs()
    is_noise = (
        (pl.col("term") == "spot")
        & (pl.col("native_currency") == pl.col("known_currency"))
        & (move <= tolerance_share)
    ).fill_null(value=False)
    return joined.with_columns(
        pl.when(is_noise).then("known_price").otherwise(PRICE).cast(rows.schema[PRICE]).alias(PRICE),
        pl.when(is_noise).then("known_from").otherwise("valid_from").alias("valid_from"),
    ).select(rows.columns)
