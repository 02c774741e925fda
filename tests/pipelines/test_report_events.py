"""What the command line refreshed reaches Dagster: events of the source, and the facts behind a change."""

from __future__ import annotations

from pathlib import Path

import dagster as dg
import polars as pl

from assets.plan import decision_version
from assets.source_assets import changed_version, source_key
from assets.tables import fact_key
from assets.taken import CHECK
from brytpunkt.folders import folders
from brytpunkt.warehouse import refresh_bundled
from pipelines.materialise import FACTS
from pipelines.report_events import behind, record_outcomes
from pipelines.sensors import DATA_VERSION_TAG
from tests.live.server import Server
from tests.live.vendor import Clock, Shop, find, refresher, with_pointer


def versions(home: Path, key: dg.AssetKey) -> list[str]:
    """Data versions of an asset's materializations, the newest first."""
    with dg.DagsterInstance.from_config(str(home / "dagster")) as instance:
        records = instance.fetch_materializations(key, limit=10).records
    found = [record.asset_materialization for record in records]
    return [(one.tags or {})[DATA_VERSION_TAG] for one in found if one is not None]


def test_a_refresh_from_the_command_line_is_seen_by_the_daemon(home: Path) -> None:
    clock, shop = Clock(), Shop()
    with Server(shop.reply) as server:
        declared = with_pointer(server)
        live = refresher(home, clock)
        refresh_bundled(live.warehouse, live.landing, folders().data, find)
        record_outcomes(folders(), {"shop": declared}, [live.refresh(declared)])
        first = changed_version(live.warehouse, "shop")
        clock.pass_days()
        record_outcomes(folders(), {"shop": declared}, [live.refresh(declared)])
        shop.is_down = True
        clock.pass_days()
        record_outcomes(folders(), {"shop": declared}, [live.refresh(declared)])
    assert versions(home, source_key("shop")) == [first, first]
    assert len(versions(home, fact_key("gpu_offers"))) == 1
    assert versions(home, fact_key("places")) == []


def test_a_refusal_beside_prices_that_were_taken_is_told_and_wakes_what_changed(home: Path) -> None:
    clock, shop = Clock(), Shop(opinions={f"gpu-{n}": f"{18 + n}" for n in range(5)}, odd=["B400", "R200"])
    with Server(shop.reply) as server:
        declared = with_pointer(server, tables=["gpu_offers", "market_prices", "source_remarks"])
        live = refresher(home, clock)
        refresh_bundled(live.warehouse, live.landing, folders().data, find)
        record_outcomes(folders(), {"shop": declared}, [live.refresh(declared)])
        clock.pass_days()
        shop.reprice("gpu-2", "21.00")
        shop.opinions, shop.odd = {"gpu-0": "18"}, ["B400"]
        record_outcomes(folders(), {"shop": declared}, [live.refresh(declared)])
    assert len(set(versions(home, source_key("shop")))) == 2
    assert len(versions(home, fact_key("gpu_offers"))) == len(versions(home, fact_key("source_remarks"))) == 2
    assert len(versions(home, fact_key("market_prices"))) == 1
    with dg.DagsterInstance.from_config(str(home / "dagster")) as instance:
        key = dg.AssetCheckKey(source_key("shop"), CHECK)
        [newest, first] = instance.event_log_storage.get_asset_check_execution_history(key, limit=5)
    assert [one.event.dagster_event.event_specific_data.passed for one in (first, newest)] == [True, False]  # type: ignore[union-attr]
    told = newest.event.dagster_event.event_specific_data.metadata["refused"]  # type: ignore[union-attr]
    assert "market_prices refused, last good kept: 4 of 5 known rows are gone" in str(told.value)


def test_only_the_tables_that_changed_are_made_again() -> None:
    assert behind(set()) is None
    assert behind({"gpu_offers"}) == dg.AssetSelection.assets(fact_key("gpu_offers"))
    assert behind({"gpu_offers", "day_ahead_intervals"}) == FACTS


def test_money_that_moves_no_verdict_leaves_the_decision_as_it_was() -> None:
    decided = pl.DataFrame(
        {
            "site": ["falun", "oslo"],
            "verdict": ["build", "rent"],
            "switch_date": [None, None],
            "npv_rent": [1.0, 2.0],
        }
    )
    assert decision_version(decided) == decision_version(decided.with_columns(npv_rent=pl.lit(9.0)).reverse())
    turned = decided.with_columns(verdict=pl.lit("rent"))
    assert decision_version(decided) != decision_version(turned)
