"""Derived tables: what planning reads of prices and weather, recomputed from the series and kept like any publication.

A live month replaces the bundled one because it was seen later; what no live source covers stays bundled.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time

import polars as pl

from brytpunkt.landing.journal import Record
from brytpunkt.landing.store import Arrival, Landing
from brytpunkt.publishers.find import BUNDLED, FindPublisher, publisher
from brytpunkt.series import statistics, weather
from brytpunkt.series.findings import day_ahead_findings
from brytpunkt.series.gaps import DEFAULT_METHOD, GapMethod, fill_gaps, fill_report
from brytpunkt.series.market_days import MARKET_TIMEZONE
from brytpunkt.tables.contracts import CONTRACTS
from brytpunkt.warehouse.bundled import described
from brytpunkt.warehouse.connection import Warehouse
from brytpunkt.warehouse.replay_journal import apply_pending
from brytpunkt.warehouse.series_store import DERIVED as ORIGIN
from brytpunkt.warehouse.table_report import IngestReport
from brytpunkt.warehouse.upsert import newest_seen

SOURCE = "own statistics of published day-ahead prices"
WEATHER_SOURCE = "own statistics of published weather hours"
SHAPE_YEARS = 4
TABLES = (
    *("day_ahead_monthly", "day_ahead_shape", "climate_hours", "climate_bins"),
    *("hot_years", "industrial_bounds"),
)
CURRENT_HOURS = "SELECT * FROM day_ahead_hours"
CURRENT_INTERVALS = (
    "SELECT zone, publisher, start_utc, resolution_minutes, price_eur_per_mwh FROM day_ahead_intervals "
    "WHERE withdrawn_at IS NULL"
)
CURRENT_INDUSTRIAL = "SELECT * FROM industrial_prices WHERE withdrawn_at IS NULL"
# Prices without recoverable VAT are what a business pays; the other kinds only where that one is missing.
TAX_ORDER = ("X_VAT", "I_TAX", "X_TAX")
CURRENT_WEATHER = "SELECT * FROM weather_hours WHERE withdrawn_at IS NULL"


@dataclass(frozen=True)
class Derived:
    """What a derivation did: the ingestion, the findings, and how many hours were filled by which method."""

    report: IngestReport
    findings: pl.DataFrame = field(default_factory=pl.DataFrame)
    filled: pl.DataFrame = field(default_factory=pl.DataFrame)


def refresh_derived(
    warehouse: Warehouse,
    landing: Landing,
    gap_method: GapMethod = DEFAULT_METHOD,
    find: FindPublisher = publisher,
) -> Derived:
    """Recompute the derived tables from the series; nothing happens where there is no series.

    The result is landed as CSV and ingested as one publication, so that a row names its document, and a month
    that became implausible is refused like anybody else's.
    """
    with warehouse.open() as connection:
        hours = connection.sql(CURRENT_HOURS).pl()
        intervals = connection.sql(CURRENT_INTERVALS).pl()
        air = connection.sql(CURRENT_WEATHER).pl()
        industry = connection.sql(CURRENT_INDUSTRIAL).pl()
    if hours.is_empty() and air.is_empty() and industry.is_empty():
        return Derived(IngestReport(ORIGIN, ""))
    best = statistics.best_hours(hours)
    filled = fill_gaps(best, gap_method)
    found = [day_ahead_findings(intervals), weather.weather_findings(air)]
    findings = pl.concat(found)
    frames = dict(_tables(hours, best, filled, air))
    frames |= {"industrial_bounds": industrial_bounds(industry)}
    frames |= {
        "series_findings": _stamped(
            findings, *_vintage(pl.concat([hours.select("retrieved_on"), air.select("retrieved_on")]))
        )
    }
    kept = {table: frame for table, frame in frames.items() if frame.height}
    if not kept:
        return Derived(IngestReport(ORIGIN, ""), findings, fill_report(filled))
    listing = landing.land(ORIGIN, (_arrival(table, frame) for table, frame in kept.items()))
    known = landing.journal.last(ORIGIN, "publication")
    parsed = {}
    if known is None or known.listing_sha256 != listing.sha256:
        # Read back from what was landed, as a rebuild will.
        batches = list(find(BUNDLED).parse(listing))
        record = Record(
            "publication", ORIGIN, newest_seen(batches), BUNDLED,
            listing_sha256=listing.sha256, documents=tuple(described(listing)),
        )  # fmt: skip
        parsed[landing.journal.append(record).position] = batches
    applied = apply_pending(warehouse, landing, find, parsed)
    reports = [one.report for one in applied if one.record.origin == ORIGIN]
    report = reports[-1] if reports else IngestReport(ORIGIN, listing.sha256)
    return Derived(report, findings, fill_report(filled))


def _tables(
    hours: pl.DataFrame, best: pl.DataFrame, filled: pl.DataFrame, air: pl.DataFrame
) -> Iterator[tuple[str, pl.DataFrame]]:
    """Each derived table with its provenance, in the columns of its contract."""
    if filled.height:
        by_month = _provenance(best)
        key = ["zone", "month"]
        months = statistics.monthly(filled).join(by_month, on=key)
        months = months.join(statistics.apart(hours), on=key, how="left")
        yield "day_ahead_monthly", _in_order("day_ahead_monthly", months)
        newest: datetime = filled["hour_utc_start"].max()  # type: ignore[assignment]
        recent = filled.filter(pl.col("hour_utc_start").dt.year() > newest.year - SHAPE_YEARS)
        retrieved, spoken = _vintage(best)
        licence = _licence(best)
        shapes = _stamped(statistics.shape(recent), retrieved, min(spoken, newest.date()), licence=licence)
        yield "day_ahead_shape", _in_order("day_ahead_shape", shapes)
    if air.height:
        hourly = weather.hourly_only(weather.with_wet_bulb(air))
        one = hourly.sort("place", "start_utc", "publisher").unique(["place", "start_utc"], keep="first")
        retrieved, spoken = _vintage(air)
        for table, frame in (
            ("climate_hours", weather.climate_hours(one)),
            ("climate_bins", weather.every_degree(weather.climate_bins(one))),
            ("hot_years", weather.hot_years(one)),
        ):
            stamped = _stamped(frame, retrieved, spoken, source=WEATHER_SOURCE, licence=_licence(air))
            yield table, _in_order(table, stamped)


def industrial_bounds(prices: pl.DataFrame) -> pl.DataFrame:
    """The newest half-year of each country, without VAT where both are published -> rows of ``industrial_bounds``."""
    rank = pl.col("tax").replace_strict(
        {tax: place for place, tax in enumerate(TAX_ORDER)}, default=len(TAX_ORDER), return_dtype=pl.Int64
    )
    return (
        prices.sort("country", "day", rank, "band", descending=[False, True, False, False])
        .unique("country", keep="first", maintain_order=True)
        .rename({"day": "half_year"})
        .select(list(CONTRACTS["industrial_bounds"].columns()))
    )


def _vintage(frame: pl.DataFrame) -> tuple[date, date]:
    """The newest retrieval behind the frame, twice: as the day of retrieval and as the latest day it can speak for."""
    newest: date = frame["retrieved_on"].max()  # type: ignore[assignment]
    return newest, newest


def _licence(frame: pl.DataFrame) -> str:
    """The licence of statistics: that of the data if it is one, else a derived statistic of several."""
    licences = frame["licence"].unique().sort().to_list()
    return licences[0] if len(licences) == 1 else f"derived statistic of data under {len(licences)} licences"


def _provenance(best: pl.DataFrame) -> pl.DataFrame:
    """Source, licence and dates of each month: who published its hours -> a row for zone and month."""
    local = pl.col("hour_utc_start").dt.convert_time_zone(MARKET_TIMEZONE).dt.date()
    retrieved = pl.col("retrieved_on").max()
    return (
        best.with_columns(month=local.dt.month_start())
        .group_by("zone", "month")
        .agg(
            source=pl.lit(SOURCE + " of ") + pl.col("publisher").unique().sort().str.join(", "),
            licence=pl.when(pl.col("licence").n_unique() == 1)
            .then(pl.col("licence").first())
            .otherwise(pl.lit("derived statistic of data under several licences")),
            source_date=pl.min_horizontal(pl.col("month").first().dt.month_end(), retrieved),
            retrieved_on=retrieved,
        )
        .with_columns(confidence=pl.lit("derived"), note=pl.lit(None, dtype=pl.String))
    )


def _stamped(
    frame: pl.DataFrame,
    retrieved: date,
    spoken: date,
    *,
    source: str = SOURCE,
    licence: str = "derived statistic",
) -> pl.DataFrame:
    return frame.with_columns(
        source=pl.lit(source),
        source_date=pl.lit(spoken),
        retrieved_on=pl.lit(retrieved),
        licence=pl.lit(licence),
        confidence=pl.lit("derived"),
        note=pl.lit(None, dtype=pl.String),
    )


def _in_order(table: str, frame: pl.DataFrame) -> pl.DataFrame:
    """The columns of the contract, figures rounded to what they can say."""
    numbers = pl.col(pl.Float64).round(4)
    return frame.with_columns(numbers).select(list(CONTRACTS[table].columns()))


def _arrival(table: str, frame: pl.DataFrame) -> Arrival:
    newest: date = frame["retrieved_on"].max()  # type: ignore[assignment]
    return Arrival(
        name=f"{table}.csv",
        url=f"derived:{table}",
        body=frame.write_csv().encode(),
        media_type="text/csv",
        licence="derived statistic",
        fetched_at=datetime.combine(newest, time(), UTC),
        published_on=newest,
    )
