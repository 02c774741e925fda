"""Handover: a small value passes from asset to asset in the record of the materialisation that made it.

Belongs here: whose value an asset is given: that of its own Dagster run, or of the run that it follows, or else the
last one. Does not belong here: what the values mean. No file is shared, so that of two processes that materialise the same
partition each goes on from its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import dagster as dg

from brytpunkt.errors import BrytpunktError

HANDED_OVER = "handed_over"
FOLLOWS = "brytpunkt/follows_run"


class HandOver(dg.IOManager):
    """Keeps a JSON value in the metadata of its materialisation, and gives it to who depends on it."""

    def handle_output(self, context: dg.OutputContext, obj: Any) -> None:
        """Put the value into the materialisation."""
        context.add_output_metadata({HANDED_OVER: dg.MetadataValue.json({"value": obj})})

    def load_input(self, context: dg.InputContext) -> Any:
        """The value of the partition."""
        step = context.step_context
        return handed_over(step.instance, step.dagster_run, context.asset_key, context.asset_partition_key)


def handed_over(instance: dg.DagsterInstance, run: dg.DagsterRun, key: dg.AssetKey, partition: str) -> Any:
    """What an asset's partition handed over: in this run, else in those that it follows or repeats, else the last time.

    Raises ``BrytpunktError`` where it was never materialised, or by a version that handed over nothing.
    """
    made = next(_made(instance, run, key, partition), None)
    found = made.metadata.get(HANDED_OVER) if made is not None else None
    if not isinstance(found, dg.JsonMetadataValue) or not isinstance(found.value, dict):
        message = (
            f"{key.to_user_string()} of {partition} has handed nothing over yet; materialise it, or run `brytpunkt plan` with "
            "the plan's file"
        )
        raise BrytpunktError(message)
    return found.value["value"]


def _made(
    instance: dg.DagsterInstance, run: dg.DagsterRun, key: dg.AssetKey, partition: str
) -> Iterator[dg.AssetMaterialization]:
    for run_id in (run.run_id, run.tags.get(FOLLOWS), run.parent_run_id):
        if run_id is None:
            continue
        records = instance.get_records_for_run(
            run_id, of_type=dg.DagsterEventType.ASSET_MATERIALIZATION, ascending=False
        ).records
        for record in records:
            made = record.asset_materialization
            if made is not None and made.asset_key == key and made.partition == partition:
                yield made
    wanted = dg.AssetRecordsFilter(asset_key=key, asset_partitions=[partition])
    for last in instance.fetch_materializations(wanted, limit=1).records:
        if last.asset_materialization is not None:
            yield last.asset_materialization
