"""Reports: pages, charts, fonts and files beside a bare WeasyPrint render of the same HTML.

    python -m benchmarks.report

The bare render has the same style sheet and fonts, but no tags. Seconds of pages and PDF are those of the processor,
shortest of three rounds; a run in worker processes has its time on the clock, too.
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
from brytpunkt.reporting.outputs.pdf import SHEET, inside_only, pdf_bytes
from brytpunkt.reporting.outputs.render import render_reports
from brytpunkt.reporting.sections.context import Desk, desk
from brytpunkt.reporting.summary import summarise

SITES = 12
ROUNDS = 3
MEGABYTE = 1e6


def bare(html: str, templates: Path) -> bytes:
    """The engine alone, with its own reader, its own sheet of elements and widths of columns that it finds itself."""
    from weasyprint import HTML

    page = HTML(string=html, base_url="about:blank", url_fetcher=inside_only(templates))
    written: bytes = page.write_pdf(stylesheets=[SHEET])
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
