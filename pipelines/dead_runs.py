"""A sweep for runs whose process is gone: killed runs would stay "started" for ever."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import dagster as dg

STARTED = (dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.CANCELING)
PID, HOST = "brytpunkt/pid", "brytpunkt/host"
SLACK_S = 5.0


def run_tags() -> dict[str, str]:
    """Tags that tell in which process a run lives."""
    return {PID: str(os.getpid()), HOST: socket.gethostname()}


def sweep_dead_runs(instance: dg.DagsterInstance) -> list[str]:
    """Report started runs of this machine as failed if their process has ended; -> their ids.

    A run that does not say in which process it lives, or lives on another machine, is left to the longest run time of
    Dagster's own monitoring.
    """
    swept = []
    for record in instance.get_run_records(dg.RunsFilter(statuses=list(STARTED))):
        run = record.dagster_run
        pid = _pid(instance, run)
        if pid is None or run.tags.get(HOST, socket.gethostname()) != socket.gethostname():
            continue
        if not _is_alive(pid, record.start_time or record.create_timestamp.timestamp()):
            instance.report_run_failed(
                run, f"its process {pid} is gone; it was killed or the machine restarted"
            )
            swept.append(run.run_id)
    return swept


def _pid(instance: dg.DagsterInstance, run: dg.DagsterRun) -> int | None:
    """The process of a run: from its tag, or from what the executor wrote into its log."""
    if run.tags.get(PID, "").isdecimal():
        return int(run.tags[PID])
    for entry in instance.all_logs(run.run_id, of_type=dg.DagsterEventType.ENGINE_EVENT):
        event = entry.dagster_event
        stated = event.engine_event_data.metadata.get("pid") if event else None
        if stated is not None and str(stated.value).isdecimal():
            return int(str(stated.value))
    return None


def _is_alive(pid: int, started: float) -> bool:
    """Whether a process lives and is old enough to be the one; numbers are used again."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    born = Path(f"/proc/{pid}")
    return not born.exists() or born.stat().st_ctime <= started + SLACK_S
