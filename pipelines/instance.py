"""The Dagster instance: its settings, under the state folder."""

from __future__ import annotations

import os
from pathlib import Path

SETTINGS = """\
telemetry:
  enabled: false
nux:
  enabled: false
concurrency:
  runs:
    max_concurrent_runs: 2
  pools:
    default_limit: 1
run_monitoring:
  enabled: true
  free_slots_after_run_end_seconds: 60
  max_runtime_seconds: 3600
run_retries:
  enabled: true
  max_retries: 1
retention:
  schedule:
    purge_after_days: 30
  sensor:
    purge_after_days:
      skipped: 3
      failure: 30
      success: 30
"""


def prepare_instance(home: Path) -> Path:
    """Create the instance folder with its settings; returns it. A settings file of the user's own is kept."""
    folder = home / "dagster"
    folder.mkdir(parents=True, exist_ok=True)
    settings = folder / "dagster.yaml"
    if not settings.exists():
        temporary = folder / f".dagster-{os.getpid()}.yaml"
        temporary.write_text(SETTINGS, encoding="utf-8")
        temporary.replace(settings)
    return folder
