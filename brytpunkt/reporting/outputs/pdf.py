"""PDF: the HTML of a report as tagged PDF, the same bytes for the same result.

Belongs here: the PDF engine, its safety and its determinism. Does not belong here: content, files (see render.py).
"""

from __future__ import annotations

import atexit
import gc
import os
import xml.etree.ElementTree as ET
from contextlib import contextmanager
from datetime import UTC, date, datetime, time
from functools import cache
from typing import TYPE_CHECKING, Any

from brytpunkt.reporting import columns, drawings, heads, lettering, pagenumbers, shaping
from brytpunkt.reporting.style import element_css, font_files, print_css
from brytpunkt.reporting.tags import finish

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

EPOCH = "SOURCE_DATE_EPOCH"
SVG_SPACE = ' xmlns="http://www.w3.org/2000/svg"'


def pdf_bytes(html: str, templates: Path) -> bytes:
    """A report's HTML, which is well-formed XML, as tagged PDF. Nothing is fetched: fonts and charts are inside.

    The file is tagged as PDF/UA-1 asks, but does not claim to be PDF/UA: no full validator has judged it.
    """
    with _collecting_later(), shaping.kept():
        data = laid_out(html, templates).write_pdf(pdf_tags=True, pdf_version="1.7", finisher=finish)
    if not isinstance(data, bytes):
        message = "the PDF engine returned no bytes"
        raise TypeError(message)
    return data


def laid_out(html: str, templates: Path) -> Any:
    """The pages of a report as a document of the PDF engine, with page numbers and running heads."""
    sheet, font_config, fetcher = _style(templates)
    page = _page(html, fetcher)
    running = heads.taken_out(page.etree_element, templates / "fonts")
    drawn = drawings.taken_out(page.etree_element, font_config)
    columns.settle(page.etree_element, templates / "fonts")
    document = page.render(font_config=font_config, stylesheets=[sheet], cache=drawn)
    pagenumbers.number(document)
    return heads.put_on(document, running)


def _page(html: str, fetcher: Any) -> Any:
    """A page for the engine, read as the XML that our templates write: a tenth of the time of a forgiving reader."""
    import cssselect2
    from weasyprint import HTML

    class Written(HTML):  # type: ignore[misc]
        def __init__(self) -> None:
            self.base_url, self.url_fetcher, self.media_type = "about:blank", fetcher, "print"
            # drawings name a space of their own, which would rename every element in them
            root = ET.fromstring(html.replace(SVG_SPACE, ""))  # noqa: S314 - our own page, declared text is escaped
            self.wrapper_element = cssselect2.ElementWrapper.from_html_root(root, content_language=None)
            self.etree_element = self.wrapper_element.etree_element

        def _ua_stylesheets(self, forms: bool = False) -> list[Any]:  # noqa: FBT001, FBT002 - the engine's signature
            del forms
            return []  # what elements are stands at the head of our own sheet

    return Written()


@cache
def _style(templates: Path) -> tuple[Any, Any, Any]:
    """Style sheet, fonts and fetcher, made once a process."""
    from weasyprint import CSS
    from weasyprint.text.fonts import FontConfiguration

    fetcher = _fetcher(font_files(templates))
    font_config = FontConfiguration()
    atexit.register(_forget)
    text = element_css(templates) + print_css(templates)
    sheet = CSS(string=text, font_config=font_config, url_fetcher=fetcher, base_url="about:blank")
    return sheet, font_config, fetcher


def _forget() -> None:
    lettering.forget()
    _style.cache_clear()


def _fetcher(known: Mapping[str, Path]) -> Any:
    """A fetcher that opens the report's own fonts and what stands in the document itself, and refuses all else."""
    from weasyprint.urls import URLFetcher, URLFetcherResponse

    class InsideOnly(URLFetcher):  # type: ignore[misc]
        def fetch(self, url: str, headers: Any = None) -> Any:
            if url in known:
                return URLFetcherResponse(url, known[url].read_bytes(), {"Content-Type": "font/ttf"})
            if not url.startswith("data:"):
                message = f"reports fetch nothing; refused {url[:80]}"
                raise ValueError(message)
            return super().fetch(url, headers)

    return InsideOnly(allowed_protocols={"data"}, allow_redirects=False, fail_on_errors=True)


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
