"""Assembly: all assets, checks, jobs and resources as one set of definitions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import dagster as dg

from assets import changes, plans, reports, sources
from assets.facts import FACT_ASSETS
from assets.live import LIVE_ASSETS, LIVE_SOURCES
from assets.quotes import quote_inbox
from assets.rooms import Rooms
from assets.series import SERIES_ASSETS, SERIES_CHECKS
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
    plans.declaration,
    plans.planning_inputs,
    plans.plan_run,
    plans.verdicts,
    changes.run_changes,
    reports.portfolio_report,
    reports.site_report,
]
CHECKS = [
    *SERIES_CHECKS,
    plans.totals_are_sums_of_rows,
    plans.every_site_has_a_verdict,
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
                dg.AssetSelection.groups("plans") | dg.AssetSelection.assets(reports.portfolio_report),
            ),
            dg.define_asset_job("publish_site", dg.AssetSelection.assets(reports.site_report)),
            send_reports,
        ],
        sensors=[*(build_probe_sensor(source) for source in LIVE_SOURCES), waking_sensor(), sweep_sensor],
        schedules=[build_reconciliation(ASSETS), mail_when_due],
        executor=dg.in_process_executor,
    )
