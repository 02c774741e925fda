"""Live series: a source on loopback, walked, taken in as intervals, and read by planning as a month."""

from __future__ import annotations

import datetime as dt
import os
from pathlib import Path

from pytest_httpserver import HTTPServer

from brytpunkt.folders import folders
from brytpunkt.landing import Landing
from brytpunkt.landing.fetch import Patience
from brytpunkt.publishers._shared.source import Source
from brytpunkt.warehouse import Warehouse, refresh_bundled
from brytpunkt.warehouse.derived_tables import refresh_derived
from brytpunkt.warehouse.refresh import Refresher
from tests.publishers.electricity import documents as native

TODAY = dt.datetime(2026, 8, 31, 12, tzinfo=dt.UTC)


def test_a_window_of_days_is_fetched_once_and_becomes_a_month(tmp_path: Path, httpserver: HTTPServer) -> None:
    for n in range(31):
        day = dt.date(2026, 8, 1) + dt.timedelta(days=n)
        path = f"/prices/{day:%Y}/{day:%m-%d}_SE3.json"
        httpserver.expect_request(path).respond_with_json(native.per_kwh(day, 15))
    source = Source(
        id="elprisetjustnu", publisher="elprisetjustnu", covers="SE3", cadence="daily", licence="free with attribution",
        stale_after_days=3, url=httpserver.url_for("/prices"), hosts=("localhost", "127.0.0.1"),
        parameters={"days_back": 30, "zones": ["SE3"]}, tables=("day_ahead_intervals",), is_window=True,
        seconds_between_requests=0,
    )  # fmt: skip
    warehouse = Warehouse(tmp_path / "w.duckdb", folders().sql, wait_s=1)
    landing = Landing(tmp_path / "landing")
    refresh_bundled(warehouse, landing, folders().data)
    refresher = Refresher(warehouse, landing, {}, now=lambda: TODAY, patience=Patience())
    first = refresher.refresh(source)
    assert (first.outcome, first.reason) == ("changed", None)
    assert refresher.refresh(source).outcome == "unchanged"
    derived = refresh_derived(warehouse, landing)
    assert {t.table: t.inserted for t in derived.report.tables} == {"day_ahead_monthly": 1}
    with warehouse.open() as connection:
        rows = connection.execute(
            "SELECT count(*), min(first_seen_at) FROM day_ahead_intervals WHERE withdrawn_at IS NULL"
        ).fetchall()
    assert rows == [(31 * 96, TODAY)]
    old = landing.folder / "cd" / ("cd" * 32 + ".gz")
    old.parent.mkdir(exist_ok=True)
    old.write_bytes(b"named by a row of a series, and by no journal")
    os.utime(old, (0, 0))
    with warehouse.open() as connection:
        connection.execute("UPDATE day_ahead_terms SET document_sha256 = ?", ["cd" * 32])
    assert (refresher.sweep(), old.exists()) == (0, True)
