"""Sources: what was published, landed and taken into the warehouse."""

import dagster as dg

from assets.resources import Rooms
from brytpunkt.warehouse import refresh_bundled
from brytpunkt.warehouse.inbox import take_inbox

INBOX_ERRORS = "errors"


@dg.asset(
    group_name="sources",
    code_version="1",
    kinds={"csv", "duckdb"},
    description="The bundled snapshot: curated tables under data/, landed unchanged and taken in as one publication.",
)
def bundled_snapshot(rooms: Rooms) -> dg.MaterializeResult:  # type: ignore[type-arg]
    """Bring the warehouse up to the bundled tables; its version is the digest of the listing."""
    report = refresh_bundled(rooms.warehouse(), rooms.landing(), rooms.folders().data)
    rows = "\n".join(
        f"| {t.table} | {t.inserted} | {t.confirmed} | {t.withdrawn} | {t.quarantined} | {t.refused or ''} |"
        for t in report.tables
    )
    table = f"| table | inserted | confirmed | withdrawn | quarantined | refused |\n|---|---|---|---|---|---|\n{rows}"
    return dg.MaterializeResult(
        data_version=dg.DataVersion(report.listing_sha256),
        metadata={
            "listing_sha256": report.listing_sha256,
            "tables": dg.MetadataValue.md(table if report.tables else "unchanged since the last ingestion"),
            "is_changed": report.is_changed,
        },
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
    version = " ".join(one.report.listing_sha256 if one.report else str(one.error) for one in taken)
    return dg.MaterializeResult(
        data_version=dg.DataVersion(version or "empty"),
        metadata={
            "folders": dg.MetadataValue.md(
                f"| source | files | rows inserted | error |\n|---|---|---|---|\n{rows}" if rows else "empty"
            ),
            INBOX_ERRORS: dg.MetadataValue.json(errors),
        },
    )
