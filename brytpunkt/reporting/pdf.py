"""PDF: reports of a run written as tagged PDF files, the same bytes for the same result.

Belongs here: rendering, in worker processes because the layout engine keeps its memory.
Does not belong here: content.
"""

from __future__ import annotations

import atexit
import gc
import hashlib
import os
import tempfile
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from datetime import UTC, date, datetime, time
from functools import cache
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from brytpunkt.reporting import fonts
from brytpunkt.reporting.documents import PORTFOLIO, document
from brytpunkt.reporting.frames import frames_of
from brytpunkt.reporting.pages.shared import Desk, desk

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

    from brytpunkt.reporting.frames import Frames, Results

WORKERS = 2
EPOCH = "SOURCE_DATE_EPOCH"
_at_work: dict[str, tuple[Desk, Path]] = {}


class TemplateFolder(Protocol):
    """The part of `brytpunkt.folders.Folders` that reports need."""

    @property
    def templates(self) -> Path:
        """Folder of templates and fonts."""


def render_reports(
    summary: dict[str, Any],
    result: Results,
    folders: TemplateFolder,
    out_dir: Path,
    language: str,
    *,
    only: Collection[str] | None = None,
    workers: int = WORKERS,
    on_done: Callable[[Path], None] | None = None,
) -> list[Path]:
    """Write portfolio.pdf and one PDF per site into `out_dir`, each whole or not at all.

    `only` names the documents to write, `portfolio` and the ids of sites; without it, all of them.
    `workers` processes share the work; with 0 it is done in this one. `on_done` hears of each file
    when it is written.
    """
    out_dir.mkdir(parents=True, exist_ok=True)
    names = [PORTFOLIO, *(row["site"] for row in summary["sites"])]
    if only is not None:
        names = [name for name in names if name in only]
    material = (summary, frames_of(result), folders.templates, language)
    jobs = [(name, out_dir / f"{name}.pdf") for name in names]
    written = []
    for path in _rendered(jobs, material, min(workers, len(jobs))):
        written.append(path)
        if on_done is not None:
            on_done(path)
    return written


def _rendered(
    jobs: list[tuple[str, Path]], material: tuple[dict[str, Any], Frames, Path, str], workers: int
) -> Iterator[Path]:
    if workers < 1:
        with _epoch(material[0]["run"]["as_of"]):
            _open(*material)
            yield from (_write(job) for job in jobs)
        return
    with ProcessPoolExecutor(
        workers, mp_context=get_context("spawn"), initializer=_begin, initargs=material
    ) as pool:
        yield from pool.map(_write, jobs)


def _begin(summary: dict[str, Any], frames: Frames, templates: Path, language: str) -> None:
    """Start of a worker process."""
    os.environ[EPOCH] = _seconds(summary["run"]["as_of"])
    _open(summary, frames, templates, language)


def _open(summary: dict[str, Any], frames: Frames, templates: Path, language: str) -> None:
    _at_work["desk"] = (desk(summary, frames, templates / "fonts", language), templates)


def _write(job: tuple[str, Path]) -> Path:
    name, path = job
    at, templates = _at_work["desk"]
    data = pdf_bytes(document(at, name, templates), templates)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{name}-", suffix=".tmp")
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


def pdf_bytes(html: str, templates: Path) -> bytes:
    """A report's HTML as tagged PDF. Nothing is fetched but the font files of the templates."""
    from weasyprint import HTML

    sheet, font_config, fetcher = _style(templates)
    identifier = hashlib.sha256(html.encode()).digest()[:16]
    with _collecting_later():
        data = HTML(string=html, url_fetcher=fetcher, base_url="about:blank").write_pdf(
            stylesheets=[sheet], font_config=font_config, pdf_variant="pdf/ua-1", pdf_identifier=identifier
        )
    if not isinstance(data, bytes):
        message = "the PDF engine returned no bytes"
        raise TypeError(message)
    return data


@cache
def _style(templates: Path) -> tuple[Any, Any, Any]:
    """Style sheet, fonts and fetcher, made once a process."""
    from weasyprint import CSS
    from weasyprint.text.fonts import FontConfiguration

    fetcher = _fetcher(frozenset(face.path.resolve().as_uri() for face in fonts.faces(templates / "fonts")))
    font_config = FontConfiguration()
    atexit.register(_style.cache_clear)  # the engine frees fonts with modules that are gone at the very end
    css = fonts.font_face_css(templates / "fonts") + (templates / "base.css").read_text(encoding="utf-8")
    return (
        CSS(string=css, font_config=font_config, url_fetcher=fetcher, base_url="about:blank"),
        font_config,
        fetcher,
    )


def _fetcher(allowed: frozenset[str]) -> Any:
    """A fetcher that knows the report's font files and refuses every other address."""
    from weasyprint.urls import URLFetcher

    class FontsOnly(URLFetcher):  # type: ignore[misc]
        def fetch(self, url: str, headers: Any = None) -> Any:
            if url not in allowed:
                message = f"reports fetch nothing; refused {url[:80]}"
                raise ValueError(message)
            return super().fetch(url, headers)

    return FontsOnly(allowed_protocols={"file"}, allow_redirects=False, fail_on_errors=True)


def _seconds(as_of: str) -> str:
    return str(int(datetime.combine(date.fromisoformat(as_of), time(), UTC).timestamp()))


@contextmanager
def _collecting_later() -> Iterator[None]:
    """No garbage collection while a document is laid out: millions of boxes live, and a fifth of the time goes."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


@contextmanager
def _epoch(as_of: str) -> Iterator[None]:
    """The clock of the PDF engine stands at the as-of date."""
    before = os.environ.get(EPOCH)
    os.environ[EPOCH] = _seconds(as_of)
    try:
        yield
    finally:
        if before is None:
            del os.environ[EPOCH]
        else:
            os.environ[EPOCH] = before
