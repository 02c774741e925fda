"""Reports: pages, charts, fonts and files beside a bare WeasyPrint render of the same HTML.

    python -m benchmarks.report

The bare render has the same style sheet and fonts, and heads and page numbers as a style sheet would have them, but
no tags and no widths of columns. Seconds of pages and PDF are those of the processor, shortest of three rounds;
a run in worker processes has its time on the clock, too.
"""

from __future__ import annotations

import resource
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.known import bundled
from brytpunkt.declarations import Plan, read_plan
from brytpunkt.folders import folders
from brytpunkt.planning.compute import compute
from brytpunkt.planning.inputs.planning_inputs import Facts
from brytpunkt.reporting.frames import frames_of
from brytpunkt.reporting.outputs.html import PORTFOLIO, context, document
from brytpunkt.reporting.outputs.pdf import pdf_bytes
from brytpunkt.reporting.outputs.render import render_reports
from brytpunkt.reporting.sections.context import Desk, desk
from brytpunkt.reporting.style import font_files, print_css
from brytpunkt.reporting.summary import summarise

SITES = 12
ROUNDS = 3
MEGABYTE = 1e6


PLAIN = """
@page {
  @top-left { content: string(plan); font: 8pt Report; vertical-align: bottom; padding-bottom: 5mm; width: 60% }
  @top-right { content: string(subject); font: 8pt Report; vertical-align: bottom; padding-bottom: 5mm; width: 40% }
  @bottom-left { content: string(foot); font: 8pt Report; vertical-align: top; padding-top: 5mm; width: 75% }
  @bottom-right { content: counter(page) "/" counter(pages); font: 8pt Report; vertical-align: top; padding-top: 5mm }
}
.strings { display: block; height: 0; overflow: hidden }
.strings .plan { string-set: plan content(text) }
.strings .subject { string-set: subject content(text) }
.strings .foot { string-set: foot content(text) }
a.ref::after { content: ", " attr(data-page) " " target-counter(attr(href), page) }
.toc a::after { content: leader(" ") target-counter(attr(href), page) }
table.settled { table-layout: auto }
"""


def bare(html: str, templates: Path) -> bytes:
    """The engine alone, with its own settings."""
    from weasyprint import CSS, HTML
    from weasyprint.text.fonts import FontConfiguration
    from weasyprint.urls import URLFetcher, URLFetcherResponse

    files = font_files(templates)

    class Fonts(URLFetcher):  # type: ignore[misc]
        def fetch(self, url: str, headers: object = None) -> object:
            del headers
            return URLFetcherResponse(url, files[url].read_bytes())

    fonts = FontConfiguration()
    sheet = CSS(string=print_css(templates) + PLAIN, font_config=fonts, url_fetcher=Fonts())
    written: bytes = HTML(string=html).write_pdf(stylesheets=[sheet], font_config=fonts)
    return written


def processor(work: Callable[[], object]) -> float:
    """Shortest time of a few rounds on the processor [s]."""
    taken = []
    for _ in range(ROUNDS):
        begun = time.process_time()
        work()
        taken.append(time.process_time() - begun)
    return min(taken)


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
    sys.stdout.write(f"reports of {plan.plan}, {SITES} sites\n")
    for name in (str(summary["sites"][0]["site"]), PORTFOLIO):
        _one(at, name, found.templates)
    for formats in (("pdf",), ("pdf", "html", "xlsx")):
        with tempfile.TemporaryDirectory() as folder:
            before, begun = _children(), time.perf_counter()
            paths = render_reports(summary, result, found, Path(folder), "en", formats=formats)
            taken, busy = time.perf_counter() - begun, _children() - before
            largest = max(path.stat().st_size for path in paths) / MEGABYTE
        sys.stdout.write(
            f"  {len(paths)} files ({', '.join(formats)}), two processes {taken:6.1f} s, "
            f"{busy:.1f} s of them on the processor, largest {largest:.2f} MB\n"
        )


def _one(at: Desk, name: str, templates: Path) -> None:
    def pages() -> str:
        at.canvas.drawn.clear()  # a site alone draws its charts itself
        return document(context(at, name), templates)

    html = pages()
    data = pdf_bytes(html, templates)
    made, ours = processor(pages), processor(lambda: pdf_bytes(html, templates))
    theirs = processor(lambda: bare(html, templates))
    sys.stdout.write(
        f"  {name:<12} pages and charts {made:5.2f} s, tagged PDF {ours:5.2f} s, {len(data) / MEGABYTE:.2f} MB; "
        f"bare WeasyPrint {theirs:5.2f} s, ratio {(made + ours) / theirs:.2f}\n"
    )


def _children() -> float:
    """Processor time of processes that have ended [s]."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def main() -> int:
    """Print times and ratios of reports alone."""
    measure(bundled())
    return 0


if __name__ == "__main__":
    sys.exit(main())
