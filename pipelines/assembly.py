"""Assembly: all assets, checks, jobs and resources as one set of definitions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import dagster as dg

from assets import changes, plan, report, sources
from assets.quotes import quote_inbox
from assets.resources import Rooms
from assets.series import SERIES_ASSETS, SERIES_CHECKS
from assets.source_assets import LIVE_ASSETS, LIVE_SOURCES
from assets.tables import FACT_ASSETS
from pipelines.mail import mail_when_due, send_reports
from pipelines.reconcile import build_reconciliation
from pipelines.sensors import build_probe_sensor, sweep_sensor, waking_sensor

ASSETS = [
    sources.bundled_snapshot,
    sources.inbox,
    *LIVE_ASSETS,
    *SERIES_ASSETS,
    quote_inbox,
    *FACT_ASSETS,
    plan.declaration,
    plan.planning_inputs,
    plan.plan_run,
    plan.verdicts,
    changes.run_changes,
    report.portfolio_report,
    report.site_report,
]
CHECKS = [
    *SERIES_CHECKS,
    plan.totals_are_sums_of_rows,
    plan.every_site_has_a_verdict,
]


def build_defs(
    *,
    resource_overrides: Mapping[str, Any] | None = None,
    asset_overrides: Sequence[dg.AssetsDefinition] | None = None,
) -> dg.Definitions:
    """Definitions of the code location; tests and the command line pass their own resources."""
    return dg.Definitions(
        assets=[*(asset_overrides or ASSETS)],
        asset_checks=CHECKS,
        resources={"rooms": Rooms()} | dict(resource_overrides or {}),
        jobs=[
            dg.define_asset_job("refresh_facts", dg.AssetSelection.groups("sources", "series", "facts")),
            dg.define_asset_job(
                "compute_plan",
                dg.AssetSelection.groups("plans") | dg.AssetSelection.assets(report.portfolio_report),
            ),
            dg.define_asset_job("publish_site", dg.AssetSelection.assets(report.site_report)),
            send_reports,
        ],
        sensors=[*(build_probe_sensor(source) for source in LIVE_SOURCES), waking_sensor(), sweep_sensor],
        schedules=[build_reconciliation(ASSETS), mail_when_due],
        executor=dg.in_process_executor,
    )
