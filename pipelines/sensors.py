"""Sensors: ask live sources cheaply, wake what depends on changed data, and sweep runs whose process is gone."""

from __future__ import annotations

from datetime import datetime, timedelta

import dagster as dg

from assets.resources import LIVE_VARIABLE, Rooms
from assets.source_assets import changed_version, source_key
from assets.taken import refusal_lines
from brytpunkt.errors import BrytpunktError
from brytpunkt.publishers._shared.source import Source
from brytpunkt.warehouse import Refresher, WarehouseBusyError
from brytpunkt.warehouse.replay_journal import apply_pending
from brytpunkt.warehouse.table_status import last_heard
from pipelines.dead_runs import sweep_dead_runs

LONGEST_TICK_S = 3600
SWEEP_EVERY_S = 120
CONFIRMED = "confirmed by a probe; nothing new was published"
DATA_VERSION_TAG = "dagster/data_version"


def build_probe_sensor(source: Source) -> dg.SensorDefinition:
    """Asks one source when its check is due; starts a run of its asset alone, and only if there is something new."""

    @dg.sensor(
        name=f"probe_{source.id.replace('-', '_')}",
        asset_selection=dg.AssetSelection.assets(source_key(source.id)),
        minimum_interval_seconds=int(min(source.check_every_hours * 3600, LONGEST_TICK_S)),
        default_status=dg.DefaultSensorStatus.RUNNING,
        description=f"Probes {source.id} every {source.check_every_hours:g} h; wakes nothing if it did not change.",
    )
    def probe(context: dg.SensorEvaluationContext, rooms: Rooms) -> dg.SensorResult | dg.SkipReason:
        if not rooms.is_live():
            return dg.SkipReason(
                f"live sources are off; start with `brytpunkt ui --live` or set {LIVE_VARIABLE}=1"
            )
        if source.status == "unconfirmed":
            return dg.SkipReason(
                "its format was never seen in a real document; materialise it by hand to try"
            )
        refresher = rooms.refresher()
        missing = refresher.missing(source)
        if missing:
            return dg.SkipReason(f"set {', '.join(missing)} in the environment")
        now = refresher.now()
        if context.cursor and now < datetime.fromisoformat(context.cursor) + timedelta(
            hours=source.check_every_hours
        ):
            return dg.SkipReason(f"checked at {context.cursor}; due every {source.check_every_hours:g} h")
        context.update_cursor(now.isoformat())
        return probed(source, refresher)

    return probe


def probed(source: Source, refresher: Refresher) -> dg.SensorResult | dg.SkipReason:
    """A probe's answer as Dagster takes it: a run request, or the confirmation of what is there.

    The confirmation is a materialization of the same data version: it keeps the source fresh and wakes nothing.
    """
    try:
        answer = refresher.probe(source)
    except BrytpunktError as error:
        return dg.SkipReason(str(error))
    if answer == "new":
        # One request a check: a source that was refused, or whose run was killed, is tried again at the next one.
        return dg.SensorResult(
            run_requests=[dg.RunRequest(run_key=f"{source.id}-{refresher.now().isoformat()}")]
        )
    confirmation = confirmed(source, refresher)
    return (
        confirmation
        if isinstance(confirmation, dg.SkipReason)
        else dg.SensorResult(asset_events=[confirmation])
    )


def confirmed(source: Source, refresher: Refresher) -> dg.AssetMaterialization | dg.SkipReason:
    """Take the probe in; -> the event that confirms the source, or why it is not confirmed."""
    try:
        refresher.prepare()
        apply_pending(refresher.warehouse, refresher.landing, refresher.find)
    except WarehouseBusyError:
        return dg.SkipReason(
            "unchanged; the warehouse is in use, and takes the probe in with the next refresh"
        )
    with refresher.warehouse.open() as connection:
        heard = last_heard(connection, refresher.warehouse.sql / "queries", source.id)
    if heard is None or heard.outcome in {"refused", "failed"}:
        return dg.SkipReason(
            f"still {heard.outcome}: {heard.reason}" if heard else "nothing was taken in yet"
        )
    refused = refusal_lines("still", heard.report.refused_tables)
    return dg.AssetMaterialization(
        source_key(source.id),
        description="; ".join([CONFIRMED, *refused]),
        tags={DATA_VERSION_TAG: changed_version(refresher.warehouse, source.id)},
    )


def waking_sensor() -> dg.AutomationConditionSensorDefinition:
    """The one sensor that starts everything downstream; on by default."""
    return dg.AutomationConditionSensorDefinition(
        "wake_on_changed_data",
        target=dg.AssetSelection.all(),
        default_status=dg.DefaultSensorStatus.RUNNING,
        minimum_interval_seconds=60,
        description="Requests facts, plans and reports whose data really changed.",
    )


@dg.sensor(
    name="sweep_dead_runs",
    minimum_interval_seconds=SWEEP_EVERY_S,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Marks runs as failed whose process is gone, so that nothing waits for them.",
)
def sweep_sensor(context: dg.SensorEvaluationContext) -> dg.SkipReason:
    """Sweep, and say what was swept."""
    swept = sweep_dead_runs(context.instance)
    return dg.SkipReason(f"swept {', '.join(swept)}" if swept else "every started run has its process")
