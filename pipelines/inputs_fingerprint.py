"""Whether the facts are those of the last run: then a plan goes on from them, and nothing is materialised again.

Belongs here: what the facts depend on, as one digest kept as a tag of the run that materialised them. Does not belong
here: which sources changed while the daemon runs (assets/waking.py).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import dagster as dg

from brytpunkt.folders import Folders

STATE = "brytpunkt/facts_state"
CODE = ("assets", "brytpunkt", "sql")
KEPT = ("warehouse.duckdb", "warehouse.duckdb.wal", "landing/journal.jsonl", "inbox", "quotes")


def facts_state(found: Folders) -> str:
    """Digest of all that the facts come from: code, bundled tables, inboxes, journal, and the warehouse as it lies there.

    All of it counts by content and none by time, which a clock or a copy may set: whatever changes one of them makes the
    facts be materialised and checked anew.
    """
    digest = hashlib.sha256()
    roots = [*(found.checkout / name for name in CODE), found.data, *(found.home / name for name in KEPT)]
    for number, root in enumerate(roots):
        for path in _files(root):
            if path.suffix != ".pyc":
                with path.open("rb") as file:
                    content = hashlib.file_digest(file, "sha256").hexdigest()
                digest.update(f"{number}\0{path.relative_to(root)}\0{content}\0".encode())
    return digest.hexdigest()


def _files(path: Path) -> Iterator[Path]:
    if path.is_file():
        yield path
    elif path.is_dir():
        yield from (file for file in sorted(path.rglob("*")) if file.is_file())


def are_current(instance: dg.DagsterInstance, state: str) -> bool:
    """Whether a run that succeeded left the facts in this state."""
    wanted = dg.RunsFilter(statuses=[dg.DagsterRunStatus.SUCCESS], tags={STATE: state})
    return bool(instance.get_run_records(wanted, limit=1))
