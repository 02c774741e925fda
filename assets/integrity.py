"""Integrity of collected tables: invariants over many rows, shown as warnings beside the table."""

import dagster as dg

from assets.facts import fact_key
from assets.rooms import Rooms
from brytpunkt.warehouse.integrity import CHECKS, broken
from brytpunkt.warehouse.read import current_table


def build_integrity_check(table: str) -> dg.AssetChecksDefinition:
    """Warns when rows of a table break an invariant that holds whoever published them; nothing is held back."""

    @dg.asset_check(asset=fact_key(table), name="integrity")
    def integrity(rooms: Rooms) -> dg.AssetCheckResult:
        sentences = broken(table, current_table(rooms.warehouse(), table))
        return dg.AssetCheckResult(
            passed=not sentences,
            severity=dg.AssetCheckSeverity.WARN,
            metadata={
                "broken": dg.MetadataValue.md("\n".join(f"- {line}" for line in sentences) or "nothing")
            },
        )

    return integrity


INTEGRITY_CHECKS = [build_integrity_check(table) for table in CHECKS]
