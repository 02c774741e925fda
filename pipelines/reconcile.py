"""The nightly reconciliation: whatever a missed tick left out of date is requested, and nothing else."""

from __future__ import annotations

from collections.abc import Sequence

import dagster as dg

from assets.partitions import PLANS

TIMEZONE = "Europe/Stockholm"
INPUT_VERSION_TAG = "dagster/input_data_version/"
DATA_VERSION_TAG = "dagster/data_version"
CODE_VERSION_TAG = "dagster/code_version"


def out_of_date(
    instance: dg.DagsterInstance, graph: dg.AssetGraph, key: dg.AssetKey, partition: str | None
) -> bool:
    """Whether an asset was made with other data or code than there is now; one that was never made is not.

    Compared are the data versions that its last materialization recorded of its inputs, with those of today.
    """
    tags = _tags(instance, key, partition)
    if tags is None:
        return False
    node = graph.get(key)
    if tags.get(CODE_VERSION_TAG) != node.code_version:
        return True
    for parent in sorted(node.parent_keys):
        found = _tags(instance, parent, partition if graph.get(parent).partitions_def is not None else None)
        now = None if found is None else found.get(DATA_VERSION_TAG)
        if now is not None and tags.get(f"{INPUT_VERSION_TAG}{parent.to_user_string()}") != now:
            return True
    return False


def _tags(instance: dg.DagsterInstance, key: dg.AssetKey, partition: str | None) -> dict[str, str] | None:
    """Tags of the last materialization, or None if there is none."""
    records = instance.fetch_materializations(
        dg.AssetRecordsFilter(asset_key=key, asset_partitions=None if partition is None else [partition]),
        limit=1,
    ).records
    found = records[0].asset_materialization if records else None
    return None if found is None else dict(found.tags or {})


def due(instance: dg.DagsterInstance, graph: dg.AssetGraph, night: str) -> list[dg.RunRequest]:
    """Run requests for what is out of date: facts together, then each plan by itself.

    Plans behind facts that are requested here are not: the facts' new versions wake them.
    """
    keys = sorted(key for key in graph.get_all_asset_keys() if graph.get(key).automation_condition)
    facts = [
        key
        for key in keys
        if graph.get(key).partitions_def is None and out_of_date(instance, graph, key, None)
    ]
    if facts:
        return [dg.RunRequest(run_key=f"nightly-{night}-facts", asset_selection=facts)]
    requests = []
    of_plans = [key for key in keys if graph.get(key).partitions_def == PLANS]
    for plan in sorted(instance.get_dynamic_partitions(PLANS.name or "")):
        late = [key for key in of_plans if out_of_date(instance, graph, key, plan)]
        if late:
            selected = [key for key in of_plans if key in late or _follows(graph, key, late)]
            requests.append(
                dg.RunRequest(run_key=f"nightly-{night}-{plan}", partition_key=plan, asset_selection=selected)
            )
    return requests


def _follows(graph: dg.AssetGraph, key: dg.AssetKey, late: list[dg.AssetKey]) -> bool:
    """Whether an asset lies downstream of a late one."""
    return any(parent in late or _follows(graph, parent, late) for parent in graph.get(key).parent_keys)


def build_reconciliation(assets: Sequence[dg.AssetsDefinition]) -> dg.ScheduleDefinition:
    """The schedule over the assets that wake by themselves, each night at half past three."""
    keys = [key for one in assets for key in one.keys if one.automation_conditions_by_key.get(key)]

    @dg.schedule(
        name="nightly_reconciliation",
        cron_schedule="30 3 * * *",
        execution_timezone=TIMEZONE,
        target=dg.AssetSelection.assets(*keys),
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description="Requests what is out of date and was not woken; nothing on a quiet night.",
    )
    def nightly(context: dg.ScheduleEvaluationContext) -> list[dg.RunRequest] | dg.SkipReason:
        graph = context.repository_def.asset_graph
        night = context.scheduled_execution_time.date().isoformat()
        return due(context.instance, graph, night) or dg.SkipReason("everything is up to date")

    return nightly
