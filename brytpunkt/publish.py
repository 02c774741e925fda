"""Publish: a run's summary, ledger and reports copied to where the user looks.

Belongs here: that the copies are of one run, and that files of the user's own stay. Does not belong here: which run.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from brytpunkt.runs.store import write_json

if TYPE_CHECKING:
    from brytpunkt.runs.store import Run

PUBLISHED_NAMES = ("summary.json", "ledger.parquet")
REPORT_SUFFIXES = {".pdf", ".html", ".xlsx"}


def publish(run: Run, out: Path) -> list[Path]:
    """Copy a run to ``out``/<plan>/: summary, ledger and reports, each file whole; returns their paths.

    Reports of sites that the plan no longer has are removed; files of others are left alone. One process at a time
    publishes there, so that all files are of one run, which ``.published.json`` names.
    """
    folder = out / run.plan
    folder.mkdir(parents=True, exist_ok=True)
    with _alone_in(folder):
        reports = [path for path in sorted(run.reports.glob("[!.]*")) if path.suffix in REPORT_SUFFIXES]
        sources = [run.folder / name for name in PUBLISHED_NAMES] + reports
        ours = folder / ".published.json"
        for name in sorted(_published(ours) - {source.name for source in sources}):
            if Path(name).name == name:
                (folder / name).unlink(missing_ok=True)
        written = [_copy(source, folder / source.name) for source in sources]
        write_json(ours, {**run.identity, "files": [path.name for path in written]})
    return written


def _published(ours: Path) -> set[str]:
    """Names of the files that were published before."""
    if not ours.exists():
        return set()
    content = json.loads(ours.read_text(encoding="utf-8"))
    return set(content["files"] if isinstance(content, dict) else content)


@contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _copy(source: Path, target: Path) -> Path:
    handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=".publish-")
    os.close(handle)
    try:
        shutil.copyfile(source, temporary)
        Path(temporary).chmod(0o644)
        Path(temporary).replace(target)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    return target
