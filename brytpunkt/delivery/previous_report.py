"""Since: the run whose report was the last one that a reader got.

Belongs here: which run a new one is compared with. Does not belong here: the comparison.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from brytpunkt.delivery.outbox import Outbox
from brytpunkt.run_order import earlier
from brytpunkt.runs.store import Run, load_run

if TYPE_CHECKING:
    from pathlib import Path


def last_reported(home: Path, run: Run) -> Run | None:
    """The run of the report that was mailed last; if none was, the last run before this one that has reports.

    Before this one is what began before it here, whatever the clock said. A run that was deleted meanwhile cannot be
    compared with: the next best is taken.
    """
    before = earlier(home, run)
    with Outbox(home) as outbox:
        sent = outbox.last_sent(run.plan)
    mailed = [known for known in before if sent is not None and known.run_id == sent.run_id]
    reported = [known for known in before if any(known.reports.glob("*.pdf"))]
    return next(reversed(mailed or reported), None)


def run_of(home: Path, run_id: str) -> Run | None:
    """A run by its id, if it is still kept."""
    folder = home / "runs" / run_id
    return load_run(folder) if (folder / "run.json").exists() else None
