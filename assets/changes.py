"""Changes: what is different from the report that readers got last, kept with the run."""

import hashlib
import json

import dagster as dg

from assets.partitions import PLANS
from assets.plan import plan_run
from assets.resources import Rooms
from brytpunkt.delivery.previous_report import last_reported
from brytpunkt.reporting.formats import Formats
from brytpunkt.reporting.sections.changes import change_lines
from brytpunkt.reporting.translations import texts
from brytpunkt.runs.comparison import compare
from brytpunkt.runs.store import code_version


@dg.asset(
    group_name="plans",
    partitions_def=PLANS,
    ins={"identity": dg.AssetIn(plan_run.key)},
    code_version="1",
    kinds={"polars", "json"},
    description="What changed since the last report: verdict, month, and the money split by cause, summing to the cent.",
)
def run_changes(rooms: Rooms, identity: dict[str, str]) -> dg.MaterializeResult:  # type: ignore[type-arg]
    """Compare the run with that of the last report, and keep the comparison with it; nothing before the first."""
    found = rooms.folders()
    run = rooms.run(identity)
    before = last_reported(found.home, run)
    if before is None:
        return dg.MaterializeResult(
            data_version=dg.DataVersion(run.run_id),
            metadata={**identity, "compared_with": "no earlier report"},
        )
    changes = compare(before, run, code_version(found.checkout))
    run.keep_changes(changes)
    lines = change_lines(changes, Formats(texts("en"), changes["currency"]))
    content = json.dumps(changes, sort_keys=True).encode()
    return dg.MaterializeResult(
        data_version=dg.DataVersion(hashlib.sha256(content).hexdigest()),
        metadata={
            **identity,
            "compared_with": before.run_id,
            "changes": dg.MetadataValue.md("\n".join(f"- {line}" for line in lines)),
            "is_split_by_cause": changes["is_split"],
        },
    )
