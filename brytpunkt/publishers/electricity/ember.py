"""Ember: European wholesale prices by country and month, for the comparators (CC BY 4.0).

A country's figure is one zone's or a mean of zones: only countries that are one zone are taken. Days are UTC days.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator, Sequence
from typing import Any

import polars as pl

from brytpunkt.errors import InputError
from brytpunkt.publishers._shared.accounting import IGNORED, Account, Fields, meaning, unknown, value
from brytpunkt.publishers._shared.intervals import across_documents, taken
from brytpunkt.publishers._shared.protocol import Batch, Document, Listing, Request
from brytpunkt.publishers._shared.series_rows import (
    PRICES,
    batches,
    finding,
    no_more,
    no_probe,
    own_digest,
    problem,
)
from brytpunkt.publishers._shared.source import Source
from brytpunkt.publishers._shared.taken_apart import one_by_one, unlisted_names
from brytpunkt.series.market_days import hours_of_day, market_day

PUBLISHER, SOURCE = "ember", "Ember, European wholesale electricity price data"
# "Sweden" follows SE3, "Norway" and "Denmark" are means of zones: of no use inside a country.
ZONES = {"DEU": "DE-LU", "NLD": "NL", "FIN": "FI", "FRA": "FR", "BEL": "BE", "IRL": "IE-SEM"}
TIME, PRICE, CODE, DAY = "Datetime (UTC)", "Price (EUR/MWhe)", "ISO3 Code", "Date"
FIELDS: Fields = {
    CODE: meaning("a country that is one bidding zone; the others are left out"),
    TIME: value("start_utc"),
    PRICE: value("price_eur_per_mwh; currency and unit stand in the name"),
    "Country": IGNORED,
    "Datetime (Local)": IGNORED,
}
HOURS_OF_DAY, MOST_FLAT_SHARE = 24, 0.5
MAX_BYTES = 400_000_000
# Ireland's hour after the clocks change repeats another one on every fall-back day that was checked.
UNRELIABLE_FALL_BACK = {"IE-SEM"}
HOURS_OF_FALL_BACK = 25

probe, version, following = no_probe, own_digest, no_more


def start(source: Source, pointer: Document | None) -> Sequence[Request]:
    """The archive with every country's hours."""
    del pointer
    return [Request(name="hourly.zip", url=source.url, media_type="application/zip")]


def parse(listing: Listing) -> Iterator[Batch]:
    """The archive's ``all_countries.csv`` (or that file by itself) -> hours of the comparators."""
    found = one_by_one(
        listing, _read, publisher=PUBLISHER, source=SOURCE, subject=lambda document: document.name
    )
    yield from across_documents(list(found), PUBLISHER, SOURCE)


def _read(document: Document, account: Account) -> Iterator[Batch]:
    try:
        raw = pl.read_csv(io.BytesIO(_text(document)), infer_schema=False).with_row_index("row")
    except pl.exceptions.PolarsError as error:
        raise problem(document, "the table is not CSV with one header") from error
    if DAY in raw.columns and TIME not in raw.columns:
        raise _not_hourly(document)
    lacking = [name for name in (TIME, PRICE, CODE) if name not in raw.columns]
    if lacking:
        raise problem(document, f"the table has no {', '.join(lacking)}: its format has changed")
    is_ours = pl.col(CODE).is_in(list(ZONES)).fill_null(value=False)
    account.left_out_unseen("a country that is no zone, or another one", raw.filter(~is_ours).height)
    points = raw.filter(is_ours).select(
        pl.col("row").cast(pl.Int64),
        zone=pl.col(CODE).replace_strict(ZONES, return_dtype=pl.String),
        start_utc=pl.col(TIME)
        .str.to_datetime("%Y-%m-%d %H:%M:%S", time_unit="us", strict=False)
        .dt.replace_time_zone("UTC"),
        resolution_minutes=pl.lit(60, dtype=pl.Int64),
        price_eur_per_mwh=pl.col(PRICE).cast(pl.Float64, strict=False),
        text=pl.col(PRICE),
        time=pl.col(TIME),
    )
    for column, wanted, odd in (
        ("time", "a time (YYYY-MM-DD hh:mm:ss)", points.filter(pl.col("start_utc").is_null())),
        (
            "text",
            "a price",
            points.filter(pl.col("price_eur_per_mwh").is_null(), pl.col("text").fill_null("") != ""),
        ),
    ):
        if odd.height:
            raise problem(document, f"line {odd['row'][0] + 2}: {odd[column][0]!r} is not {wanted}")
    if points.is_empty():
        raise problem(document, f"the table has none of the countries {', '.join(ZONES)}")
    _refuse_days(document, points)
    found = list(
        taken(
            points.drop("text", "time"), document, account, publisher=PUBLISHER, source=SOURCE,
            place="line {}",
        )
    )  # fmt: skip
    yield from found
    rows = pl.concat(batch.frame for batch in found if batch.table == PRICES)
    yield from batches(rows.clear(), _fall_back_days(rows), document, SOURCE)
    names = unknown(FIELDS, [name for name in raw.columns if name != "row"])
    yield from unlisted_names(names, document, account, publisher=PUBLISHER, source=SOURCE, subject="all")


def _refuse_days(document: Document, points: pl.DataFrame) -> None:
    """Raise for a table of days under the header of hours: a row a day, or one price in every hour of most days."""
    steps = (
        points.sort("zone", "start_utc")
        .select(hours=pl.col("start_utc").diff().over("zone").dt.total_hours())["hours"]
        .drop_nulls()
    )
    if len(steps) and float(steps.median()) >= HOURS_OF_DAY:  # type: ignore[arg-type]
        raise _not_hourly(document)
    days = (
        points.group_by("zone", "start_utc")
        .agg(pl.col("price_eur_per_mwh").first())
        .with_columns(day=pl.col("start_utc").dt.date())
        .group_by("zone", "day")
        .agg(hours=pl.len(), prices=pl.col("price_eur_per_mwh").n_unique())
        .filter(pl.col("hours") == HOURS_OF_DAY)
    )
    if days.height and float((days["prices"] == 1).mean()) > MOST_FLAT_SHARE:  # type: ignore[arg-type]
        raise _not_hourly(document)


def _not_hourly(document: Document) -> InputError:
    return problem(
        document,
        "this is Ember's table of daily means, not its hourly one",
        "take european_wholesale_electricity_price_data_hourly.zip",
    )


def _fall_back_days(rows: pl.DataFrame) -> list[dict[str, Any]]:
    days = (
        rows.filter(pl.col("zone").is_in(list(UNRELIABLE_FALL_BACK)))
        .select("zone", day=market_day())
        .unique()
    )
    return [
        finding(
            zone, PUBLISHER, day, "fall-back day", "Ember's Irish hours of this day repeat the 23:00 hour"
        )
        for zone, day in days.sort("zone", "day").iter_rows()
        if hours_of_day(day) == HOURS_OF_FALL_BACK
    ]


def _text(document: Document) -> bytes:
    if document.media_type == "text/csv":
        return document.read()
    try:
        opened = zipfile.ZipFile(io.BytesIO(document.read()))
    except zipfile.BadZipFile as error:
        raise problem(document, "the document is not a whole zip archive") from error
    with opened as archive:
        names = [info for info in archive.infolist() if info.filename.endswith("all_countries.csv")]
        if not names:
            raise problem(document, "the archive has no all_countries.csv")
        if names[0].file_size > MAX_BYTES:
            raise problem(
                document,
                f"all_countries.csv has {names[0].file_size:,} bytes; at most {MAX_BYTES:,} are read",
            )
        return archive.read(names[0])
