"""A dated figure is held against those of the days before it, because a new day has no version of its own."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import polars as pl

from brytpunkt.folders import folders
from brytpunkt.landing.store import Arrival, Landing
from brytpunkt.publishers._shared.protocol import Batch
from brytpunkt.publishers._shared.rows import frame, provenance
from brytpunkt.tables.contracts import CONTRACTS
from brytpunkt.warehouse import Warehouse
from brytpunkt.warehouse.checks.leaps import LEAPS, leaps
from brytpunkt.warehouse.upsert import Policy, ingest

FIRST = date(2026, 9, 7)


def rates(*units: float, currency: str = "SEK", first: date = FIRST) -> pl.DataFrame:
    """Rates of days that follow each other."""
    return pl.DataFrame(
        {
            "currency": [currency] * len(units),
            "date": [first + timedelta(days=n) for n in range(len(units))],
            "units_per_eur": list(units),
        }
    )


def test_a_rate_far_from_the_days_before_is_doubted_and_the_one_after_it_is_not() -> None:
    known = rates(11.1, 11.2, 11.15)
    new = rates(11.18, 1.11, 11.21, first=FIRST + timedelta(days=3))
    said = LEAPS["fx_rates"].said
    assert leaps("fx_rates", new, known).to_list() == [None, said, None]


def test_currencies_are_apart_and_what_is_known_is_no_leap() -> None:
    known = pl.concat([rates(11.1, 11.2, 14.9), rates(143.0, 143.5, currency="ISK")])
    again = pl.concat([rates(11.1, 11.2, 14.9), rates(143.0, 143.5, 144.0, currency="ISK")])
    assert leaps("fx_rates", again, known).to_list() == [None] * 6


def test_a_move_that_lasts_is_believed() -> None:
    known = rates(10.0, 10.0, 10.0, 13.0, 13.0, 13.0)
    assert leaps("fx_rates", rates(13.1, first=FIRST + timedelta(days=6)), known).to_list() == [None]


def test_cheap_months_are_no_leaps_and_another_unit_is() -> None:
    def months(*prices: float) -> pl.DataFrame:
        days = [date(2026, n + 1, 1) for n in range(len(prices))]
        return pl.DataFrame({"zone": ["NO4"] * len(prices), "month": days, "mean_eur_per_mwh": prices})

    known = months(41.0, 38.0, 35.0)
    new = months(41.0, 38.0, 35.0, 0.4, 52.0, 0.05, 36_500.0)[3:]
    assert [reason is not None for reason in leaps("day_ahead_monthly", new, known)] == [
        False, False, False, True,
    ]  # fmt: skip


def test_tables_without_days_and_empty_ones_have_no_leaps() -> None:
    assert leaps("fx_rates", rates(), rates(11.0)).to_list() == []
    assert leaps("gpu_offers", pl.DataFrame({"sku": ["a"]}), pl.DataFrame()).to_list() == [None]


def test_yesterdays_rate_stays_where_todays_is_in_another_unit(tmp_path: Path) -> None:
    warehouse, landing = Warehouse(tmp_path / "w.duckdb", folders().sql), Landing(tmp_path / "landing")
    warehouse.migrate()

    def publish(day: date, *units: str) -> list[tuple[date, float]]:
        seen = datetime(day.year, day.month, day.day, 16, tzinfo=UTC)
        arrival = Arrival(f"{day}.csv", "x:y", f"{units}".encode(), "text/csv", "own", seen)
        listing = landing.land("rates", [arrival], is_complete=False)
        document = listing.documents[0]
        rows: list[dict[str, object]] = [
            {
                "currency": "NOK",
                "date": day - timedelta(days=len(units) - 1 - n),
                "units_per_eur": Decimal(one),
            }
            | provenance(document, "a bank", day)
            for n, one in enumerate(units)
        ]
        assert set(rows[0]) == set(CONTRACTS["fx_rates"].columns())
        with warehouse.open() as connection:
            ingest(
                connection, warehouse.sql / "queries", listing,
                [Batch("fx_rates", frame("fx_rates", rows), document)], Policy(seen),
            )  # fmt: skip
            found = connection.execute(
                "SELECT date, units_per_eur::DOUBLE FROM fx_rates WHERE withdrawn_at IS NULL ORDER BY 1 DESC LIMIT 1"
            )
            return found.fetchall()

    publish(FIRST, "11.60", "11.62", "11.61", "11.58", "11.63", "11.64", "11.66")
    tuesday = FIRST + timedelta(days=1)
    week = ("11.62", "11.61", "11.58", "11.63", "11.64", "11.66")
    assert publish(tuesday, *week, "1.166") == [(FIRST, 11.66)]
    assert publish(tuesday + timedelta(days=1), *week, "1.166", "11.67") == [
        (tuesday + timedelta(days=1), 11.67)
    ]
