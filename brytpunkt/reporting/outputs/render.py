"""Render: the reports of a run as files, PDF, HTML and workbook, each whole or not at all.

Belongs here: jobs, worker processes (the layout engine keeps its memory, a process gives it back), writing.
Does not belong here: content, and how a format is made.
"""

from __future__ import annotations

import os
import tempfile
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, Any

from brytpunkt.reporting.frames import frames_of
from brytpunkt.reporting.outputs.html import PORTFOLIO, context, document, styled, unstyled
from brytpunkt.reporting.outputs.pdf import EPOCH, epoch, pdf_bytes, seconds_of
from brytpunkt.reporting.sections.context import desk
from brytpunkt.reporting.translations import FALLBACK, hand_over, texts

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
    from datetime import date

    from brytpunkt.folders import Folders
    from brytpunkt.planning.result import Result
    from brytpunkt.reporting.frames import Frames
    from brytpunkt.reporting.sections.context import Desk
    from brytpunkt.reporting.translations import Texts

WORKERS = 2
PDF, HTML, WORKBOOK = "pdf", "html", "xlsx"
FORMATS = (PDF, HTML, WORKBOOK)
_at_work: dict[str, _Bench] = {}


@dataclass(frozen=True)
class _Material:
    """What a worker needs of a run."""

    summary: dict[str, Any]
    frames: Frames
    templates: Path
    language: str
    today: date | None
    extra: dict[str, Any] = field(default_factory=dict)
    catalogs: tuple[Texts, ...] = ()

    def desk(self) -> Desk:
        """The desk that pages are made at."""
        return desk(
            self.summary,
            self.frames,
            self.templates / "fonts",
            self.language,
            today=self.today,
            extra=self.extra,
        )


@dataclass(frozen=True)
class _Bench:
    desk: Desk
    templates: Path


@dataclass(frozen=True)
class _Job:
    """One report: its name, and the file of each format wanted."""

    name: str
    paths: dict[str, Path]


def render_reports(
    summary: dict[str, Any],
    result: Result,
    folders: Folders,
    out_dir: Path,
    language: str,
    *,
    only: Collection[str] | None = None,
    workers: int = WORKERS,
    formats: Sequence[str] = FORMATS,
    today: date | None = None,
    extra: Mapping[str, Any] | None = None,
    on_done: Callable[[Path], None] | None = None,
) -> list[Path]:
    """Write portfolio and site reports as PDF and HTML, and the plan's workbook; returns the paths written.

    `only` names the reports to write, `portfolio` and the ids of sites; without it, all of them.
    `workers` processes share the work; with 0 it is done in this one. `today` is the clock for staleness.
    `extra` holds data of pages that is not in the summary, by the page's key. `on_done` hears of each file.
    Equal arguments give equal bytes.
    """
    out_dir.mkdir(parents=True, exist_ok=True)
    names = [PORTFOLIO, *(row["site"] for row in summary["sites"])]
    if only is not None:
        names = [name for name in names if name in only]
    pages = [kind for kind in formats if kind in {PDF, HTML}]
    jobs = [_Job(name, {kind: out_dir / f"{name}.{kind}" for kind in pages}) for name in names if pages]
    if WORKBOOK in formats:
        plan = summary["plan"]["id"]
        jobs.insert(0, _Job(plan, {WORKBOOK: out_dir / f"{plan}.{WORKBOOK}"}))
    material = _Material(
        summary,
        frames_of(result),
        folders.templates,
        language,
        today,
        dict(extra or {}),
        (texts(FALLBACK), texts(language)),
    )
    written = []
    for path in _rendered(jobs, material, min(workers, len(jobs))):
        written.append(path)
        if on_done is not None:
            on_done(path)
    return written


def _rendered(jobs: list[_Job], material: _Material, workers: int) -> Iterator[Path]:
    if workers < 1:
        with epoch(material.summary["run"]["as_of"]):
            _open(material)
            for job in jobs:
                yield from _finished(job, _write(job), material.templates)
        return
    with ProcessPoolExecutor(
        workers, mp_context=get_context("spawn"), initializer=_begin, initargs=(material,)
    ) as pool:
        for job, html in zip(jobs, pool.map(_write, jobs), strict=True):
            yield from _finished(job, html, material.templates)


def _finished(job: _Job, html: str, templates: Path) -> Iterator[Path]:
    """Files of a job whose process has done its part; the style of HTML files is made once, here."""
    for kind, path in job.paths.items():
        yield _whole(path, styled(html, templates).encode()) if kind == HTML else path


def _begin(material: _Material) -> None:
    """Start of a worker process."""
    os.environ[EPOCH] = seconds_of(material.summary["run"]["as_of"])
    hand_over(*material.catalogs)
    _open(material)


def _open(material: _Material) -> None:
    _at_work["bench"] = _Bench(material.desk(), material.templates)


def _write(job: _Job) -> str:
    """Write PDF or workbook of a job; returns the HTML, still without style, if the job asks for it."""
    bench = _at_work["bench"]
    if WORKBOOK in job.paths:
        from brytpunkt.reporting.outputs.workbook import workbook_bytes

        _whole(job.paths[WORKBOOK], workbook_bytes(bench.desk))
        return ""
    page = context(bench.desk, job.name)
    if PDF in job.paths:
        _whole(job.paths[PDF], pdf_bytes(document(page, bench.templates), bench.templates))
    return unstyled(page, bench.templates) if HTML in job.paths else ""


def _whole(path: Path, data: bytes) -> Path:
    """Write a file beside its place, sync it and rename it."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.stem}-", suffix=".tmp")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).chmod(0o644)
        Path(temporary).replace(path)
    finally:
        Path(temporary).unlink(missing_ok=True)
    return path
