"""The Dagster UI on this machine, with the example's plan registered so that there is something to open."""

from __future__ import annotations

import os
import subprocess
import sys

from brytpunkt.declarations import read_plan
from brytpunkt.folders import folders
from brytpunkt.registered import register, registered_plans
from pipelines.instance import prepare_instance


def open_ui(port: int, *, is_live: bool = False) -> int:
    """Run the web server and the daemon until stopped; returns the exit code.

    Sensors contact publishers only with ``is_live``, or where the environment says so.
    """
    import dagster as dg

    from assets.partitions import PLANS
    from assets.resources import LIVE_VARIABLE
    from pipelines.dead_runs import sweep_dead_runs

    found = folders()
    instance_folder = prepare_instance(found.home)
    if not registered_plans(found.home):
        register(read_plan(found.plans / "nordic.yaml"), found.home)
    plans = registered_plans(found.home)
    with dg.DagsterInstance.from_config(str(instance_folder)) as instance:
        sweep_dead_runs(instance)
        instance.add_dynamic_partitions(PLANS.name or "", plans)
    command = [
        sys.executable,
        "-m",
        "dagster",
        "dev",
        "-w",
        "workspace.yaml",
        "-h",
        "127.0.0.1",
        "-p",
        str(port),
    ]
    environment = os.environ | {
        "DAGSTER_HOME": str(instance_folder),
        "BRYTPUNKT_HOME": str(found.home),
        "PYTHONPATH": str(found.checkout),
    }
    if is_live:
        environment[LIVE_VARIABLE] = "1"
    print(f"Dagster UI: http://127.0.0.1:{port}  (stop with Ctrl-C)", flush=True)
    return subprocess.call(command, cwd=found.checkout, env=environment)  # noqa: S603 - our own words
