"""Reports: pages, charts, fonts and files beside a bare WeasyPrint render of the same HTML.

    python -m benchmarks.report

The bare render has the same style sheet and fonts, but no tags, no fetcher of ours and no footing in a worker.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

from brytpunkt.declarations import Plan, read_plan
from brytpunkt.folders import folders
from brytpunkt.planning.compute import compute
from brytpunkt.planning.facts import Facts
from brytpunkt.reporting.documents import PORTFOLIO, context, document
from brytpunkt.reporting.frames import frames_of
from brytpunkt.reporting.pages.shared import desk
from brytpunkt.reporting.pdf import pdf_bytes
from brytpunkt.reporting.render import render_reports
from brytpunkt.reporting.style import print_css
from brytpunkt.reporting.summary import summarise

SITES = 12
MEGABYTE = 1e6


def bare(html: str, css: str) -> bytes:
    """The engine alone, with its own settings."""
    from weasyprint import CSS, HTML
    from weasyprint.text.fonts import FontConfiguration

    fonts = FontConfiguration()
    written: bytes = HTML(string=html).write_pdf(
        stylesheets=[CSS(string=css, font_config=fonts)], font_config=fonts
    )
    return written


def twelve(plan: Plan) -> Plan:
    """The plan with its sites repeated under other names up to twelve."""
    named = [
        plan.sites[n % len(plan.sites)].model_copy(update={"id": f"site{n}", "is_comparator": False})
        for n in range(SITES)
    ]
    return plan.model_copy(update={"sites": tuple(named)})


def measure(known: Facts) -> None:
    """Print times, sizes and ratios of the example's reports on twelve sites."""
    found = folders()
    declared = read_plan(found.plans / "nordic.yaml")
    plan = twelve(declared.plan)
    result = compute(plan, known)
    wide = type(declared)(**(vars(declared) | {"plan": plan}))
    summary = summarise(wide, known, result, run_id="benchmark", code_version="benchmark")
    at = desk(summary, frames_of(result), found.templates / "fonts", "en")
    css = print_css(found.templates)
    sys.stdout.write(f"reports of {plan.plan}, {SITES} sites\n")
    for name in (str(summary["sites"][0]["site"]), PORTFOLIO):
        html = document(context(at, name), found.templates)  # charts and fonts are warm from here on
        begun = time.perf_counter()
        html = document(context(at, name), found.templates)
        pages = time.perf_counter() - begun
        data = pdf_bytes(html, found.templates)
        begun = time.perf_counter()
        data = pdf_bytes(html, found.templates)
        ours = time.perf_counter() - begun
        begun = time.perf_counter()
        bare(html, css)
        theirs = time.perf_counter() - begun
        sys.stdout.write(
            f"  {name:<12} pages and charts {pages:5.2f} s, tagged PDF {ours:5.2f} s, {len(data) / MEGABYTE:.2f} MB; "
            f"bare WeasyPrint {theirs:5.2f} s, ratio {(pages + ours) / theirs:.2f}\n"
        )
    for formats in (("pdf",), ("pdf", "html", "xlsx")):
        with tempfile.TemporaryDirectory() as folder:
            begun = time.perf_counter()
            paths = render_reports(summary, result, found, Path(folder), "en", formats=formats)
            taken = time.perf_counter() - begun
            largest = max(path.stat().st_size for path in paths) / MEGABYTE
        sys.stdout.write(
            f"  {len(paths)} files ({', '.join(formats)}), two processes {taken:6.1f} s, largest {largest:.2f} MB\n"
        )


def main() -> int:
    """Print times and ratios of reports alone."""
    from benchmarks.__main__ import bundled

    measure(bundled())
    return 0


if __name__ == "__main__":
    sys.exit(main())
