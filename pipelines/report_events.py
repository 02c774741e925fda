"""What the command line refreshed, told to Dagster: events of the live sources, and the facts behind them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import dagster as dg

from assets.source_assets import changed_version, source_key
from assets.tables import fact_key
from brytpunkt.folders import Folders
from brytpunkt.publishers._shared.source import Source
from brytpunkt.tables.contracts import CONTRACTS
from brytpunkt.warehouse import Outcome, Warehouse
from pipelines.materialise import FACTS, materialise_facts
from pipelines.sensors import DATA_VERSION_TAG


def record_outcomes(found: Folders, sources: Mapping[str, Source], outcomes: Sequence[Outcome]) -> None:
    """Confirm or move each source that answered; where one changed, materialise the tables that it feeds as well.

    A daemon that runs on the same instance then wakes the plans; without one, `brytpunkt plan` computes them.
    """
    warehouse = Warehouse(found.home / "warehouse.duckdb", found.sql)
    heard = [one for one in outcomes if one.outcome in {"changed", "unchanged"} and one.source in sources]
    events = [
        dg.AssetMaterialization(
            source_key(one.source),
            description="refreshed from the command line",
            tags={DATA_VERSION_TAG: changed_version(warehouse, one.source)},
        )
        for one in heard
    ]
    materialise_facts(
        found, events, behind([sources[one.source] for one in heard if one.outcome == "changed"])
    )


def behind(changed: Sequence[Source]) -> dg.AssetSelection | None:
    """Facts that may differ once sources changed: the tables that they declare; behind a series, every fact."""
    if not changed:
        return None
    tables = {table for source in changed for table in source.tables}
    if not tables <= set(CONTRACTS) or not all(source.tables for source in changed):
        return FACTS
    return dg.AssetSelection.assets(*(fact_key(table) for table in sorted(tables)))
