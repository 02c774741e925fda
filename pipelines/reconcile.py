"""The nightly reconciliation: whatever a missed tick left out of date is requested, and nothing else."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence

import dagster as dg

from assets.partitions import PLANS
from assets.plan import declaration
from assets.resources import Rooms
from brytpunkt.registered import registered_digests

TIMEZONE = "Europe/Stockholm"
INPUT_VERSION_TAG = "dagster/input_data_version/"
DATA_VERSION_TAG = "dagster/data_version"
CODE_VERSION_TAG = "dagster/code_version"


def out_of_date(
    instance: dg.DagsterInstance, graph: dg.AssetGraph, key: dg.AssetKey, partition: str | None
) -> bool:
    """Whether an asset was made with other data or code than there is now; one that was never made is not.

    Compared are the data versions that its last materialization recorded of its inputs, with those of today. Of an
    input with partitions Dagster records the digest of their data versions one after the other, here of one.
    """
    tags = _tags(instance, key, partition)
    if tags is None:
        return False
    node = graph.get(key)
    if tags.get(CODE_VERSION_TAG) != node.code_version:
        return True
    for parent in sorted(node.parent_keys):
        is_partitioned = graph.get(parent).partitions_def is not None
        found = _tags(instance, parent, partition if is_partitioned else None)
        now = None if found is None else found.get(DATA_VERSION_TAG)
        if now is None:
            continue
        recorded = hashlib.sha256(now.encode()).hexdigest() if is_partitioned else now
        if tags.get(f"{INPUT_VERSION_TAG}{parent.to_user_string()}") != recorded:
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


def due(
    instance: dg.DagsterInstance, graph: dg.AssetGraph, night: str, registered: Mapping[str, str]
) -> list[dg.RunRequest]:
    """Run requests for what is out of date: facts together, then each plan by itself.

    ``registered``: plan -> digest of the declaration that its id stands for; one that was not taken yet is, with all that
    follows from it. Plans behind facts that are requested here are not: the facts' new versions wake them.
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
    of_plans = _of_plans(graph)
    for plan in sorted(instance.get_dynamic_partitions(PLANS.name or "")):
        late = [key for key in of_plans if out_of_date(instance, graph, key, plan)]
        if _is_another(instance, plan, registered.get(plan)):
            late.append(declaration.key)
        if late:
            selected = [key for key in of_plans if key in late or _follows(graph, key, late)]
            requests.append(
                dg.RunRequest(run_key=f"nightly-{night}-{plan}", partition_key=plan, asset_selection=selected)
            )
    return requests


def _of_plans(graph: dg.AssetGraph) -> list[dg.AssetKey]:
    return [key for key in sorted(graph.get_all_asset_keys()) if graph.get(key).partitions_def == PLANS]


def _is_another(instance: dg.DagsterInstance, plan: str, digest: str | None) -> bool:
    """Whether the declaration that was taken last is not the one that is registered."""
    taken = _tags(instance, declaration.key, plan)
    return taken is not None and digest is not None and taken.get(DATA_VERSION_TAG) != digest


def _follows(graph: dg.AssetGraph, key: dg.AssetKey, late: list[dg.AssetKey]) -> bool:
    """Whether an asset lies downstream of a late one."""
    return any(parent in late or _follows(graph, parent, late) for parent in graph.get(key).parent_keys)


def build_reconciliation(assets: Sequence[dg.AssetsDefinition]) -> dg.ScheduleDefinition:
    """The schedule over the assets that wake by themselves, each night at half past three."""
    keys = [
        key
        for one in assets
        for key in one.keys
        if one.automation_conditions_by_key.get(key) or one.partitions_def == PLANS
    ]

    @dg.schedule(
        name="nightly_reconciliation",
        cron_schedule="30 3 * * *",
        execution_timezone=TIMEZONE,
        target=dg.AssetSelection.assets(*keys),
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description="Requests what is out of date and was not woken; nothing on a quiet night.",
    )
    def nightly(context: dg.ScheduleEvaluationContext, rooms: Rooms) -> list[dg.RunRequest] | dg.SkipReason:
        graph = context.repository_def.asset_graph
        night = context.scheduled_execution_time.date().isoformat()
        digests = registered_digests(rooms.folders().home)
        return due(context.instance, graph, night, digests) or dg.SkipReason("everything is up to date")

    return nightly
