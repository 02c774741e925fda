"""Sources: what was published, landed and taken into the warehouse."""

import dagster as dg

from assets.resources import Rooms
from assets.taken import refusal_lines, refused_now, taken_result, taken_spec, taken_table
from brytpunkt.warehouse import refresh_bundled
from brytpunkt.warehouse.inbox import take_inbox

# What a person should hear of without looking into the UI, a line each.
TROUBLES = "troubles"
BUNDLED_KEY = dg.AssetKey("bundled_snapshot")


@dg.asset(
    group_name="sources",
    code_version="1",
    kinds={"csv", "duckdb"},
    description="The bundled snapshot: curated tables under data/, landed unchanged and taken in as one publication.",
    check_specs=[taken_spec(BUNDLED_KEY)],
)
def bundled_snapshot(rooms: Rooms) -> dg.MaterializeResult:  # type: ignore[type-arg]
    """Bring the warehouse up to the bundled tables; its version is the digest of the listing."""
    report = refresh_bundled(rooms.warehouse(), rooms.landing(), rooms.folders().data)
    refused = refused_now(rooms.warehouse(), report.origin)
    return dg.MaterializeResult(
        data_version=dg.DataVersion(report.listing_sha256),
        metadata={
            "listing_sha256": report.listing_sha256,
            "tables": taken_table(report.tables, "unchanged since the last ingestion"),
            "is_changed": report.is_changed,
            TROUBLES: dg.MetadataValue.json(refusal_lines("bundled tables", refused)),
        },
        check_results=[taken_result(BUNDLED_KEY, refused)],
    )


@dg.asset(
    group_name="sources",
    deps=[bundled_snapshot],
    code_version="1",
    kinds={"file", "duckdb"},
    description="Files that a user downloaded into the inbox, a folder for each declared source, taken in as publications.",
)
def inbox(rooms: Rooms) -> dg.MaterializeResult:  # type: ignore[type-arg]
    """Take the inbox in; says of each folder what became of it."""
    found = rooms.folders()
    taken = take_inbox(rooms.warehouse(), rooms.landing(), found.data, found.home / "inbox")
    rows = "\n".join(
        f"| {one.source} | {one.files} | {sum(t.inserted for t in one.report.tables) if one.report else ''} | {one.error or ''} |"
        for one in taken
    )
    errors = [f"inbox/{one.source}: {one.error}" for one in taken if one.error]
    for one in taken:
        if one.report:
            refused = refused_now(rooms.warehouse(), one.source, one.report.listing_sha256)
            errors += refusal_lines(f"inbox/{one.source}", refused)
    version = " ".join(one.report.listing_sha256 if one.report else str(one.error) for one in taken)
    return dg.MaterializeResult(
        data_version=dg.DataVersion(version or "empty"),
        metadata={
            "folders": dg.MetadataValue.md(
                f"| source | files | rows inserted | error |\n|---|---|---|---|\n{rows}" if rows else "empty"
            ),
            TROUBLES: dg.MetadataValue.json(errors),
        },
    )
