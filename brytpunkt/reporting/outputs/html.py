"""Documents: the HTML of a report from its page context, for the PDF engine and as a file of its own.

Belongs here: the template environment and its safety. Does not belong here: PDF (see pdf.py).
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from brytpunkt.reporting.sanitise import clean
from brytpunkt.reporting.sections.portfolio import portfolio_page
from brytpunkt.reporting.sections.site import site_page
from brytpunkt.reporting.style import page_css

if TYPE_CHECKING:
    from pathlib import Path

    from jinja2 import Environment

    from brytpunkt.reporting.sections.context import Desk

PORTFOLIO = "portfolio"
NO_STYLE = "/* style */"


@cache
def environment(templates: Path) -> Environment:
    """Templates that escape everything and refuse a name that is not given."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    return Environment(
        loader=FileSystemLoader(templates),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_clean,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _clean(value: Any) -> Any:
    """Every text that a template prints, without control characters; finished markup as it is."""
    return clean(value) if type(value) is str else value


def context(at: Desk, name: str) -> dict[str, Any]:
    """Everything that the report `name` prints: a site's id, or `portfolio`."""
    return portfolio_page(at) if name == PORTFOLIO else site_page(at, name)


def document(page: dict[str, Any], templates: Path) -> str:
    """HTML of a report for the PDF engine, which brings the style sheet itself."""
    return _render(page, templates, None)


def standalone(page: dict[str, Any], templates: Path) -> str:
    """HTML of a report as one file: style and fonts inside, and a policy that lets the page fetch nothing."""
    return styled(unstyled(page, templates), templates)


def unstyled(page: dict[str, Any], templates: Path) -> str:
    """HTML of a report as one file that still lacks its style, which is the same for every report and slow to make."""
    return _render(page, templates, Markup(NO_STYLE))  # noqa: S704 - a constant


def styled(html: str, templates: Path) -> str:
    """What `unstyled` made, with style and fonts inside."""
    # declared text is escaped and cannot open an element: the first is the page's own
    return html.replace(f"<style>{NO_STYLE}", f"<style>{page_css(templates)}", 1)


def _render(page: dict[str, Any], templates: Path, style: Markup | None) -> str:
    return environment(templates).get_template("report.html.j2").render(page, style=style)
