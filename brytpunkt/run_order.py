"""Run order: which run of a state folder began before which, whatever the clock said.

Belongs here: the count of runs, their order, and what to say where clocks disagree with it. Does not belong here:
keeping or computing runs.
"""

from __future__ import annotations

import fcntl
import os
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from brytpunkt.errors import BrytpunktError
from brytpunkt.runs.store import Run, load_run

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

COUNT = "runs.count"
SLACK = timedelta(minutes=1)  # as much as a clock may be put right without a word


@dataclass(frozen=True)
class Begun:
    """The beginning of a run: its place among all runs of the state folder, counted from 1, and the time by the clock."""

    sequence: int
    at: datetime


def begin(home: Path, now: datetime) -> Begun:
    """Count one more run of the state folder: each caller gets a number of its own, greater than all before."""
    home.mkdir(parents=True, exist_ok=True)
    with (home / COUNT).open("a+", encoding="ascii") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.seek(0)
        counted = file.read().strip()
        kept = (run.sequence for run in list_runs(home))
        sequence = 1 + max(int(counted) if counted.isdecimal() else 0, *kept, 0)
        file.truncate(0)
        file.write(f"{sequence}\n")
        file.flush()
        os.fsync(file.fileno())
    return Begun(sequence, now)


def list_runs(home: Path, plan: str | None = None) -> list[Run]:
    """Finished runs in the order in which they began; those of before runs were counted come first, by their time."""
    labels = sorted((home / "runs").glob("*/run.json"))
    runs = [load_run(label.parent) for label in labels if not label.parent.name.startswith(".")]
    chosen = [run for run in runs if plan is None or run.plan == plan]
    return sorted(chosen, key=_order)


def _order(run: Run) -> tuple[int, datetime, str]:
    return run.sequence, run.started, run.run_id


def newest_run(home: Path, plan: str) -> Run:
    """The run of a plan that began last; raises ``BrytpunktError`` if there is none.

    For a person who asks for the newest. Whoever made a run, or was handed one, knows it by its identity.
    """
    runs = list_runs(home, plan)
    if not runs:
        raise BrytpunktError(never_computed(plan))
    return runs[-1]


def newest_of(runs: Sequence[Run], declaration_sha256: str) -> Run | None:
    """Of runs in their order, the last one of a declaration, or None."""
    return next((run for run in reversed(runs) if run.declaration_sha256 == declaration_sha256), None)


def never_computed(plan: str, file: object = None) -> str:
    """What to say of a plan without a run."""
    how = "run `brytpunkt plan` with its file" if file is None else f"run `brytpunkt plan {file}` first"
    return f"plan {plan} has not been computed yet; {how}"


def earlier(home: Path, run: Run) -> list[Run]:
    """Finished runs of the same plan that began before a run, in order."""
    return [known for known in list_runs(home, run.plan) if _order(known) < _order(run)]


def clock_doubt(runs: Sequence[Run], now: datetime) -> str:
    """What to say where runs, in their order, or the clock of today stand before the time of an earlier run; or nothing."""
    ahead: Run | None = None
    for run in runs:
        if ahead is not None and run.started < ahead.started - SLACK:
            return _doubt(ahead, f"run {run.run_id} began after it, at {_time(run.started)}")
        if ahead is None or run.started > ahead.started:
            ahead = run
    if ahead is not None and now < ahead.started - SLACK:
        return _doubt(ahead, f"it is {_time(now)} now")
    return ""


def _doubt(ahead: Run, against: str) -> str:
    return (
        f"run {ahead.run_id} says that it began at {_time(ahead.started)}, but {against}: a clock was wrong. Runs count in "
        "the order in which they began here, not by their times; delete the folder of a run that nobody needs"
    )


def _time(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"
