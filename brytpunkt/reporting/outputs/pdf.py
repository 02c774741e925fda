"""PDF: the HTML of a report as tagged PDF, the same bytes for the same result.

Belongs here: the PDF engine, its safety and its determinism. Does not belong here: content, files (see render.py).
"""

from __future__ import annotations

import gc
import logging
import os
import xml.etree.ElementTree as ET
from contextlib import contextmanager
from datetime import UTC, date, datetime, time
from typing import TYPE_CHECKING, Any

from brytpunkt.reporting import columns
from brytpunkt.reporting.style import font_files, print_css
from brytpunkt.reporting.tags import finish

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

EPOCH = "SOURCE_DATE_EPOCH"
SHEET = "style:report"  # how the style sheet is asked for


def pdf_bytes(html: str, templates: Path) -> bytes:
    """A report's HTML, which is well-formed XML, as tagged PDF. Nothing is fetched: fonts and charts are inside.

    The file is tagged as PDF/UA-1 asks, but does not claim to be PDF/UA: no full validator has judged it.
    Raises ValueError for what the engine cannot draw, and would leave out.
    """
    with _collecting_later(), _heeded():
        page = _page(html, templates)
        data = page.write_pdf(stylesheets=[SHEET], pdf_tags=True, pdf_version="1.7", finisher=finish)
    if not isinstance(data, bytes):
        message = "the PDF engine returned no bytes"
        raise TypeError(message)
    return data


def _page(html: str, templates: Path) -> Any:
    """A page for the engine, read as the XML that our templates write: a tenth of the time of a forgiving reader."""
    import cssselect2
    from weasyprint import HTML

    class Page(HTML):  # type: ignore[misc]
        def _ua_stylesheets(self, forms: bool = False) -> list[Any]:  # noqa: FBT001, FBT002 - the engine's signature
            """None: what elements are stands at the head of our own sheet (see docs/decisions/0008)."""
            del forms
            return []

    root = ET.fromstring(html)  # noqa: S314 - our own page, declared text is escaped
    columns.settle(root, templates / "fonts")
    page = Page(string="<html/>", base_url="about:blank", url_fetcher=inside_only(templates))
    page.wrapper_element = cssselect2.ElementWrapper.from_html_root(root, content_language=None)
    page.etree_element = root
    return page


def inside_only(templates: Path) -> Any:
    """A fetcher that opens the report's own style and fonts, and what stands in the document itself; no more."""
    from weasyprint.urls import URLFetcher, URLFetcherResponse

    known = font_files(templates)

    class InsideOnly(URLFetcher):  # type: ignore[misc]
        def fetch(self, url: str, headers: Any = None) -> Any:
            if url == SHEET:
                return URLFetcherResponse(url, print_css(templates), {"Content-Type": "text/css"})
            if url in known:
                return URLFetcherResponse(url, known[url].read_bytes(), {"Content-Type": "font/ttf"})
            if not url.startswith("data:"):
                message = f"reports fetch nothing; refused {url[:80]}"
                raise ValueError(message)
            return super().fetch(url, headers)

    return InsideOnly(allowed_protocols={"data"}, allow_redirects=False, fail_on_errors=True)


class _Errors(logging.Handler):
    """What the engine writes into its log as an error."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.said: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep what is said."""
        self.said.append(record.getMessage())


@contextmanager
def _heeded() -> Iterator[None]:
    """An error that the engine only logs, such as a chart that it skips, stops the report."""
    errors, log = _Errors(), logging.getLogger("weasyprint")
    log.addHandler(errors)
    try:
        yield
    finally:
        log.removeHandler(errors)
    if errors.said:
        message = f"the PDF engine left something out: {'; '.join(errors.said)}"
        raise ValueError(message)


def seconds_of(as_of: str) -> str:
    """Midnight of an ISO date as the engine's clock reads it [s since 1970]."""
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
def epoch(as_of: str) -> Iterator[None]:
    """The clock of the PDF engine stands at the as-of date."""
    before = os.environ.get(EPOCH)
    os.environ[EPOCH] = seconds_of(as_of)
    try:
        yield
    finally:
        if before is None:
            del os.environ[EPOCH]
        else:
            os.environ[EPOCH] = before
