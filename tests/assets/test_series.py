"""Series as assets: the derivation refreshes facts, checks count where the rows lie, and zones are shown as lines."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import dagster as dg
import polars as pl

from assets.resources import Rooms
from assets.series import climate_multiples, series_key, small_multiples
from assets.tables import DERIVED
from brytpunkt.publishers.electricity import nord_pool
from brytpunkt.tables.series_contracts import SERIES
from brytpunkt.warehouse import ingest
from brytpunkt.warehouse.series_store import violated
from pipelines.assembly import ASSETS, CHECKS, build_defs
from tests.publishers.electricity import documents as native
from tests.publishers.electricity.documents import Desk


def test_a_live_month_reaches_the_facts_with_its_findings(tmp_path: Path) -> None:
    rooms = Rooms(home=str(tmp_path), wait_s=1)
    warehouse = rooms.warehouse()
    warehouse.migrate()
    desk = Desk(tmp_path, "nord-pool")
    days = [dt.date(2026, 8, 1) + dt.timedelta(days=n) for n in range(31) if n != 20]
    documents = [desk.land(f"{day}.json", native.nord_pool(day, 60)) for day in days]
    listing = desk.listing(*documents)
    with warehouse.open() as connection:
        ingest(connection, warehouse.sql / "queries", listing, list(nord_pool.parse(listing)))
    with dg.DagsterInstance.ephemeral() as instance:
        done = dg.materialize(
            [*ASSETS, *CHECKS],
            selection=dg.AssetSelection.groups("sources", "series")
            | dg.AssetSelection.assets(["facts", "day_ahead_monthly"]),
            instance=instance,
            resources={"rooms": rooms},
            run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
        )
        assert done.success
        [derived] = done.asset_materializations_for_node("series__derived")
        assert "2026-08-21 · absent day" in str(derived.metadata["findings"].value)
        assert "| SE3 |" in str(derived.metadata["zones"].value)
        assert "| stockholm |" in str(derived.metadata["places"].value)
        [intervals] = done.asset_materializations_for_node("series__day_ahead_intervals")
        assert intervals.metadata["dagster/row_count"].value == 30 * 24
        checks = {(e.asset_key.path[-1], e.check_name): e.passed for e in done.get_asset_check_evaluations()}
    assert checks["day_ahead_intervals", "contract"]
    assert checks["derived", "publishers_agree"]
    with warehouse.open() as connection:
        connection.execute("INSERT INTO day_ahead_points SELECT * FROM day_ahead_points LIMIT 1")
        connection.execute(
            "UPDATE day_ahead_points SET price_eur_per_mwh = 9000 WHERE start_utc = '2026-08-05 10:00:00+00'"
        )
        assert violated(connection, "day_ahead_intervals") == {"key": 1, "price_eur_per_mwh|max": 1}


def test_places_are_small_multiples() -> None:
    months = pl.DataFrame(
        {
            "place": ["lulea", "lulea"],
            "month_of_year": [1, 7],
            "dry_bulb_mean_c": [-9.2, 16.7],
            "dry_bulb_p95_c": [0.0, 24.4],
            "wet_bulb_p95_c": [0.0, 17.6],
        }
    )
    assert climate_multiples(months).splitlines()[2:] == ["| lulea | ▁█ | -9 | 17 | 24 | 18 |"]


def test_the_derivation_follows_every_series_that_it_reads() -> None:
    graph = build_defs().resolve_asset_graph()
    parents = graph.get(DERIVED).parent_keys
    assert {series_key(table) for table in SERIES if table != "series_findings"} <= parents


def test_zones_are_small_multiples() -> None:
    months = pl.DataFrame(
        {
            "zone": ["SE3", "SE3", "NO4"],
            "month": [dt.date(2026, 1, 1), dt.date(2026, 2, 1), dt.date(2026, 2, 1)],
            "mean_eur_per_mwh": [40.0, 80.0, 10.0],
        }
    )
    lines = small_multiples(months).splitlines()[2:]
    assert lines == ["| NO4 | ▁ | 10 | 10 | 10 | 2026-02 |", "| SE3 | ▁█ | 40 | 80 | 80 | 2026-02 |"]
