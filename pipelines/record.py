"""What the command line refreshed, told to Dagster: events of the live sources, and the facts behind them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import dagster as dg

from assets.live import changed_version, source_key
from brytpunkt.folders import Folders
from brytpunkt.publishers.source import Source
from brytpunkt.warehouse import Outcome, Warehouse
from pipelines.materialise import materialise_facts
from pipelines.sensors import DATA_VERSION_TAG


def record_outcomes(found: Folders, sources: Mapping[str, Source], outcomes: Sequence[Outcome]) -> None:
    """Confirm or move each source that answered; where a table changed, materialise the facts as well.

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
    materialise_facts(found, events, refresh=any(one.outcome == "changed" for one in heard))
