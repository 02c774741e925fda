"""Reports: the PDFs, HTML files and workbook of the run that was handed over."""

import hashlib
from datetime import UTC, datetime

import dagster as dg

from assets.automation import on_changed_data
from assets.changes import run_changes
from assets.handover import HandOver, handed_over
from assets.partitions import PLAN_SITES, PLANS, split_site_key
from assets.resources import Rooms
from brytpunkt.errors import BrytpunktError
from brytpunkt.publishers.find import declared_sources
from brytpunkt.reporting.outputs.render import render_reports
from brytpunkt.warehouse import Warehouse
from brytpunkt.warehouse.views.source_status import confirmations


@dg.asset(
    group_name="reports",
    partitions_def=PLANS,
    deps=[run_changes],
    automation_condition=on_changed_data(),
    code_version="1",
    kinds={"jinja", "pdf", "excel"},
    io_manager_def=HandOver(),
    description="The portfolio report, the report of every site, and the workbook, two at a time beside each other.",
)
def portfolio_report(rooms: Rooms, plan_run: dict[str, str]) -> dg.Output[dict[str, str]]:
    """Render every report of a run into its folder; returns the run's identity."""
    found = rooms.folders()
    run = rooms.run(plan_run)
    sources = declared_sources(found.data / "sources", found.home / "sources")
    run.keep_confirmations(confirmations(Warehouse(found.home / "warehouse.duckdb", found.sql), sources))
    summary = run.summary()
    paths = render_reports(
        summary,
        run.result(),
        found,
        run.reports,
        summary["plan"]["language"],
        today=datetime.now(UTC).date(),
    )
    portfolio = run.reports / "portfolio.pdf"
    return dg.Output(
        run.identity,
        data_version=dg.DataVersion(hashlib.sha256(portfolio.read_bytes()).hexdigest()),
        metadata={**run.identity, "pdf": dg.MetadataValue.path(str(portfolio)), "files": len(paths)},
    )


@dg.asset(
    group_name="reports",
    partitions_def=PLAN_SITES,
    deps=[dg.AssetDep(portfolio_report, partition_mapping=dg.AllPartitionMapping())],
    code_version="1",
    kinds={"pdf"},
    description="The report of one site in the run that its portfolio's reports were made from.",
)
def site_report(context: dg.AssetExecutionContext, rooms: Rooms) -> dg.MaterializeResult:  # type: ignore[type-arg]
    """The site's PDF as rendered with its portfolio; says so if the run has none."""
    plan, site = split_site_key(context.partition_key)
    run = rooms.run(handed_over(context.instance, context.run, portfolio_report.key, plan))
    path = run.reports / f"{site}.pdf"
    if not path.exists():
        message = (
            f"run {run.run_id} has no report of {site}; materialise portfolio_report of plan {plan} again"
        )
        raise BrytpunktError(message)
    body = path.read_bytes()
    return dg.MaterializeResult(
        data_version=dg.DataVersion(hashlib.sha256(body).hexdigest()),
        metadata={**run.identity, "pdf": dg.MetadataValue.path(str(path)), "bytes": len(body)},
    )
