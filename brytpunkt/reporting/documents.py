"""Documents: the HTML of a report from its page context.

Belongs here: the template environment and its safety. Does not belong here: PDF (see pdf.py).
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from brytpunkt.reporting.pages.portfolio import portfolio_page
from brytpunkt.reporting.pages.site import site_page

if TYPE_CHECKING:
    from pathlib import Path

    from jinja2 import Environment

    from brytpunkt.reporting.pages.shared import Desk

PORTFOLIO = "portfolio"


@cache
def environment(templates: Path) -> Environment:
    """Templates that escape everything and refuse a name that is not given."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    return Environment(
        loader=FileSystemLoader(templates),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def document(at: Desk, name: str, templates: Path) -> str:
    """HTML of the report `name`: a site's id, or `portfolio`."""
    if name == PORTFOLIO:
        return environment(templates).get_template("portfolio.html.j2").render(portfolio_page(at))
    return environment(templates).get_template("site.html.j2").render(site_page(at, name))
