"""Taken: what became of a publication, shown in the UI table by table, and a warning where a table was refused.

Belongs here: the table, the check and the lines that every asset which takes publications in has in common. Does not belong
here: the rules that refuse (warehouse/guards.py).
"""

from __future__ import annotations

from collections.abc import Iterable

import dagster as dg

from brytpunkt.warehouse import TableReport, Warehouse
from brytpunkt.warehouse.table_status import last_heard

CHECK = "taken_whole"
COLUMNS = ("new", "as before", "withdrawn", "set aside", "kept", "missing", "refused")


def taken_table(tables: Iterable[TableReport], nothing: str) -> dg.MarkdownMetadataValue:
    """What was taken, kept and set aside, a line a table; ``nothing`` where no table was heard of."""
    lines = [
        f"| {t.table} | {t.inserted} | {t.confirmed} | {t.withdrawn} | {t.quarantined} | {t.kept} | {t.missing} "
        f"| {t.refused or ''} |"
        for t in tables
    ]
    head = [f"| table | {' | '.join(COLUMNS)} |", "|---" * (len(COLUMNS) + 1) + "|"]
    return dg.MetadataValue.md("\n".join([*head, *lines]) if lines else nothing)


def refused_now(
    warehouse: Warehouse, origin: str, listing_sha256: str | None = None
) -> tuple[TableReport, ...]:
    """Tables that the newest word of a source left refused; with a listing, only if that was the newest word."""
    with warehouse.open() as connection:
        heard = last_heard(connection, warehouse.sql / "queries", origin)
    if heard is None or listing_sha256 not in {None, heard.report.listing_sha256}:
        return ()
    return heard.report.refused_tables


def refusal_lines(where: str, refused: Iterable[TableReport]) -> list[str]:
    """What was refused, and that the last good version stays, a line a table."""
    return [
        f"{where}: {one.table} refused, {'last good kept' if one.kept else 'nothing was taken yet'}: {one.refused}"
        for one in refused
    ]


def taken_spec(key: dg.AssetKey) -> dg.AssetCheckSpec:
    """The check that warns where a table was refused; it blocks nothing, since the last good version stays."""
    return dg.AssetCheckSpec(
        CHECK, asset=key, description="Whether every table of the newest publication was taken in."
    )


def taken_result(key: dg.AssetKey, refused: Iterable[TableReport]) -> dg.AssetCheckResult:
    """The check's result within a run."""
    lines = refusal_lines("the newest publication", refused)
    return dg.AssetCheckResult(
        asset_key=key,
        check_name=CHECK,
        passed=not lines,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={"refused": dg.MetadataValue.md("\n".join(f"- {line}" for line in lines) or "nothing")},
    )


def taken_evaluation(key: dg.AssetKey, refused: Iterable[TableReport]) -> dg.AssetCheckEvaluation:
    """The same outside a run."""
    result = taken_result(key, refused)
    return dg.AssetCheckEvaluation(
        asset_key=key,
        check_name=CHECK,
        passed=result.passed,
        severity=result.severity,
        metadata=result.metadata,
    )
