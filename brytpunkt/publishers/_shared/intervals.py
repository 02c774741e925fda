"""Points of a day-ahead document -> the intervals that may be taken, what is odd about the others, and the account.

Belongs here: rules that hold for every publisher of prices: an interval has one price, a day of zeros is not priced yet.
Does not belong here: any publisher's format, or rules about several publications (series).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import polars as pl

from brytpunkt.publishers._shared.accounting import Account
from brytpunkt.publishers._shared.protocol import Batch, Document
from brytpunkt.publishers._shared.series_rows import PRICES, batches, finding, price_rows
from brytpunkt.series.findings import (
    DAY_OF_ZEROS,
    NO_PRICE,
    TWO_PRICES,
    flat_days,
)
from brytpunkt.series.market_days import market_day

KEY = ["zone", "start_utc"]
# A price that was rounded differently is no other price. [EUR/MWh]
SAME_PRICE = 0.005
NULL_LEFT_OUT = "no price"
REPEATED = "said twice with the same price"
OLDER = "an older revision of an interval that the document has twice"


def taken(
    points: pl.DataFrame,
    document: Document,
    account: Account,
    *,
    publisher: str,
    source: str,
    findings: Iterable[dict[str, Any]] = (),
    place: str = "records[{}]",
) -> Iterator[Batch]:
    """The intervals of a document, its findings, and an account of its points.

    ``points``: zone, start_utc, resolution_minutes, price_eur_per_mwh (null: none stated), row, and any column of
    ``price_rows``. Rows of the account are ``place`` with ``row`` in it. Left out, each with a finding: intervals
    without a price or with two, and days of nothing but zeros.
    """
    kept, odd = usable(points, publisher)
    settle(account, points, kept, place)
    rows = price_rows(kept.drop("row", "reason", strict=False), document, publisher=publisher, source=source)
    yield from batches(rows, [*findings, *odd], document, source)


def usable(points: pl.DataFrame, publisher: str) -> tuple[pl.DataFrame, list[dict[str, Any]]]:
    """Points that may be taken with the ``row`` they came from; what is odd about the others."""
    priced = points.filter(pl.col("price_eur_per_mwh").is_not_null())
    odd = unpriced(points.filter(pl.col("price_eur_per_mwh").is_null()), publisher)
    if "revision" in priced.columns:
        priced = priced.filter(pl.col("revision") == pl.col("revision").max().over(KEY))
    price = pl.col("price_eur_per_mwh")
    spread = (price.max() - price.min()).over(KEY)
    lengths = pl.col("resolution_minutes").n_unique().over(KEY)
    is_two = (spread > SAME_PRICE) | (lengths > 1)
    odd += two_prices(priced.filter(is_two), publisher)
    single = priced.filter(~is_two).unique(KEY, keep="first", maintain_order=True)
    flat = flat_days(single.with_columns(publisher=pl.lit(publisher))).filter(pl.col("kind") == DAY_OF_ZEROS)
    odd += [
        finding(zone, publisher, day, DAY_OF_ZEROS, f"{detail}; left out")
        for zone, day, detail in flat.select("subject", "day", "detail").iter_rows()
    ]
    kept = single.with_columns(day=market_day()).join(
        flat.select(pl.col("subject").alias("zone"), "day"), on=["zone", "day"], how="anti"
    )
    return kept.drop("day"), odd


def unpriced(points: pl.DataFrame, publisher: str) -> list[dict[str, Any]]:
    """Findings about intervals without a price, one a zone and market day."""
    return _by_day(
        points,
        publisher,
        NO_PRICE,
        lambda count, at: f"{at:%H:%M} UTC has no price" if count == 1 else f"{count} intervals from {at:%H:%M} UTC have no price",
    )  # fmt: skip


def two_prices(points: pl.DataFrame, publisher: str) -> list[dict[str, Any]]:
    """Findings about intervals that a publication gives two prices or lengths, one a zone and market day."""
    found = []
    for zone, day, at, low, high, count in (
        points.group_by(KEY)
        .agg(low=pl.col("price_eur_per_mwh").min(), high=pl.col("price_eur_per_mwh").max())
        .sort(KEY)
        .with_columns(day=market_day())
        .group_by("zone", "day", maintain_order=True)
        .agg(pl.col("start_utc").first(), pl.col("low").first(), pl.col("high").first(), count=pl.len())
        .iter_rows()
    ):
        more = f" and {count - 1} more" if count > 1 else ""
        said = f"{at:%H:%M} UTC{more}: {low:g} and {high:g} EUR/MWh; left out, for nothing says which holds"
        found.append(finding(zone, publisher, day, TWO_PRICES, said))
    return found


def _by_day(points: pl.DataFrame, publisher: str, kind: str, said: Any) -> list[dict[str, Any]]:
    days = (
        points.sort(KEY)
        .with_columns(day=market_day())
        .group_by("zone", "day", maintain_order=True)
        .agg(at=pl.col("start_utc").first(), count=pl.len())
    )
    return [
        finding(zone, publisher, day, kind, said(count, at))
        for zone, day, at, count in days.select("zone", "day", "at", "count").iter_rows()
    ]


def settle(account: Account, points: pl.DataFrame, kept: pl.DataFrame, place: str) -> None:
    """Say of each point that is a row of the document whether it was taken; of those that were not, why."""
    fates = (
        points.drop_nulls("row")
        .select("row", "zone", "start_utc", "price_eur_per_mwh")
        .join(kept.select("row", is_kept=True), on="row", how="left")
    )
    same = set(kept.select(KEY).iter_rows())
    for row, zone, at, price, is_kept in fates.iter_rows():
        where = place.format(row)
        account.read(where)
        if is_kept:
            account.take(where)
        elif price is None:
            account.remark(where, NULL_LEFT_OUT)
        elif (zone, at) in same:
            account.leave_out(where, REPEATED)
        else:
            account.remark(where, "doubtful: see the findings")


def across_documents(found: Sequence[Batch], publisher: str, source: str) -> Iterator[Batch]:
    """Prices of several documents that speak of the same interval: one document, by revision and then by retrieval.

    Where revision and retrieval are the same and the prices are not, nothing says which holds: both are left out
    with a finding.
    """
    price_batches = [batch for batch in found if batch.table == PRICES]
    others = [batch for batch in found if batch.table != PRICES]
    if len(price_batches) < 2:  # noqa: PLR2004 - two documents can contradict each other
        yield from found
        return
    whole = pl.concat(
        batch.frame.select(
            *KEY, "revision", "resolution_minutes", "price_eur_per_mwh",
            batch=pl.lit(n), fetched=pl.lit(batch.document.fetched_at).cast(pl.Datetime("us", "UTC")),
        )
        for n, batch in enumerate(price_batches)
    )  # fmt: skip
    best = whole.filter(pl.col("revision") == pl.col("revision").max().over(KEY)).filter(
        pl.col("fetched") == pl.col("fetched").max().over(KEY)
    )
    price = pl.col("price_eur_per_mwh")
    is_two = ((price.max() - price.min()).over(KEY) > SAME_PRICE) | (
        pl.col("resolution_minutes").n_unique().over(KEY) > 1
    )
    odd = best.filter(is_two)
    single = best.filter(~is_two).unique(KEY, keep="first", maintain_order=True)
    for n, batch in enumerate(price_batches):
        here = single.filter(pl.col("batch") == n)
        kept = (
            batch.frame
            if here.height == batch.frame.height
            else batch.frame.join(here, on=KEY, how="semi", maintain_order="left")
        )
        if kept.height:
            yield Batch(PRICES, kept, batch.document)
    yield from others
    if odd.height:
        last = price_batches[-1].document
        yield from batches(pl.DataFrame(), two_prices(odd, publisher), last, source)


def days_of(points: pl.DataFrame) -> list[dt.date]:
    """Market days of some points."""
    return points.select(day=market_day()).unique().sort("day")["day"].to_list()
