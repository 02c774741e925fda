"""What the command line refreshed, told to Dagster: events of the live sources, and the facts behind them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import dagster as dg

from assets.source_assets import changed_version, outcome_metadata, source_key
from assets.tables import fact_key
from assets.taken import taken_evaluation
from brytpunkt.folders import Folders
from brytpunkt.publishers._shared.source import Source
from brytpunkt.tables.contracts import CONTRACTS
from brytpunkt.warehouse import Outcome, Warehouse
from pipelines.materialise import FACTS, materialise_facts
from pipelines.sensors import DATA_VERSION_TAG


def record_outcomes(found: Folders, sources: Mapping[str, Source], outcomes: Sequence[Outcome]) -> None:
    """Confirm or move each source of which anything was taken, and materialise the facts that changed.

    Where a table was refused beside others that were taken, the source's check says so. A daemon that runs on the same
    instance then wakes the plans; without one, `brytpunkt plan` computes them.
    """
    warehouse = Warehouse(found.home / "warehouse.duckdb", found.sql)
    heard = [one for one in outcomes if one.outcome in {"changed", "unchanged"} and one.source in sources]
    events = [event for one in heard for event in _events(warehouse, one)]
    changed = {table.table for one in heard for table in one.tables if table.outcome == "changed"}
    materialise_facts(found, events, behind(changed))


def _events(
    warehouse: Warehouse, outcome: Outcome
) -> tuple[dg.AssetMaterialization, dg.AssetCheckEvaluation]:
    key = source_key(outcome.source)
    materialized = dg.AssetMaterialization(
        key,
        description="refreshed from the command line",
        metadata=outcome_metadata(outcome),
        tags={DATA_VERSION_TAG: changed_version(warehouse, outcome.source)},
    )
    return materialized, taken_evaluation(key, outcome.refused)


def behind(changed: Collection[str]) -> dg.AssetSelection | None:
    """Facts that may differ once rows of these tables changed: the tables; behind a series, every fact."""
    if not changed:
        return None
    if not set(changed) <= set(CONTRACTS):
        return FACTS
    return dg.AssetSelection.assets(*(fact_key(table) for table in sorted(changed)))
