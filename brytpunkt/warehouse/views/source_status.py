"""How each declared source stands: when it was last heard of, what it gave, and whether it can be trusted now."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from brytpunkt.publishers._shared.source import Source
from brytpunkt.tables.contracts import CONTRACTS, DIAGNOSTICS
from brytpunkt.tables.series_contracts import SERIES
from brytpunkt.warehouse.connection import Warehouse

if TYPE_CHECKING:
    import duckdb


@dataclass(frozen=True)
class TableStanding:
    """One table of a source, as its newest word speaks of it: changed, unchanged or refused; times are UTC.

    ``kept`` rows of the last good version stay where others came and were refused or set aside.
    """

    table: str
    outcome: str
    reason: str | None
    kept: int
    taken_at: datetime | None
    changed_at: datetime | None


@dataclass(frozen=True)
class Standing:
    """One source: ``state`` is one word, ``reason`` what to do or what went wrong; times are UTC.

    ``rows`` are published prices and facts; what the newest publication says of itself is counted as ``remarks``.
    ``confirmed_at`` is when anything was last taken or confirmed; ``tables`` say it each for itself.
    """

    source: Source
    state: str
    reason: str
    probed_at: datetime | None = None
    changed_at: datetime | None = None
    confirmed_at: datetime | None = None
    rows: int = 0
    rows_quarantined: int = 0
    remarks: int = 0
    tables: tuple[TableStanding, ...] = ()


def standings(
    warehouse: Warehouse,
    sources: Mapping[str, Source],
    missing: Callable[[Source], tuple[str, ...]],
    now: datetime,
) -> list[Standing]:
    """Every declared source, by id.

    States: fresh; stale (a table not confirmed within ``stale_after_days``); refused (nothing of the newest publication
    passed the guards, the last good one stays); in part (a table was refused, others were taken); failing (it could not
    be fetched or read); never (not fetched yet); locked (an environment variable is missing); unconfirmed (its format was
    never seen in a real document; fetched only if named).
    """
    warehouse.migrate()
    queries = warehouse.sql / "queries"
    with warehouse.open() as connection:
        heard = {
            row[0]: row[1:]
            for row in connection.execute((queries / "standing.sql").read_text(encoding="utf-8")).fetchall()
        }
        tables = _tables(connection, queries)
        counted: dict[str, int] = {}
        remarked: dict[str, int] = {}
        query = (queries / "rows_by_origin.sql").read_text(encoding="utf-8")
        for table in sorted(
            {*CONTRACTS, *SERIES} - {"announced_prices"}
        ):  # neither a price that holds nor a remark
            counts = remarked if table in DIAGNOSTICS else counted
            for origin, rows in connection.execute(query.format(table=table)).fetchall():
                counts[origin] = counts.get(origin, 0) + rows
    return [
        _standing(
            source,
            heard.get(source.id),
            tables.get(source.id, ()),
            (counted.get(source.id, 0), remarked.get(source.id, 0)),
            missing(source),
            now,
        )
        for source in sorted(sources.values(), key=lambda s: s.id)
    ]


def confirmations(warehouse: Warehouse, sources: Mapping[str, Source]) -> dict[str, dict[str, object]]:
    """When each declared source was last confirmed, as a whole and table by table, and how long that holds.

    -> by id: `confirmed_on` (ISO date, null if never heard of), `stale_after_days`, `tables` (table: ISO date)
    """
    warehouse.migrate()
    queries = warehouse.sql / "queries"
    with warehouse.open() as connection:
        query = (queries / "standing.sql").read_text(encoding="utf-8")
        heard = {row[0]: row[5] for row in connection.execute(query).fetchall()}
        tables = _tables(connection, queries)
    return {
        name: {
            "confirmed_on": heard[name].date().isoformat() if heard.get(name) else None,
            "stale_after_days": source.stale_after_days,
            "tables": {
                one.table: one.taken_at.date().isoformat() for one in tables.get(name, ()) if one.taken_at
            },
        }
        for name, source in sorted(sources.items())
    }


def _tables(connection: duckdb.DuckDBPyConnection, queries: Path) -> dict[str, tuple[TableStanding, ...]]:
    query = (queries / "table_standing.sql").read_text(encoding="utf-8")
    found: dict[str, tuple[TableStanding, ...]] = {}
    for origin, *told in connection.execute(query).fetchall():
        found[origin] = (*found.get(origin, ()), TableStanding(*told))
    return found


def _standing(
    source: Source,
    heard: tuple[object, ...] | None,
    tables: Sequence[TableStanding],
    rows: tuple[int, int],
    missing: tuple[str, ...],
    now: datetime,
) -> Standing:
    if heard is None:
        if missing:
            return Standing(source, "locked", f"set {', '.join(missing)}")
        if source.status == "unconfirmed":
            return Standing(
                source, "unconfirmed", "its format was never seen in a real document; name it to try"
            )
        if not source.hosts:
            return Standing(source, "never", f"put its files into inbox/{source.id} and run a plan")
        return Standing(source, "never", f"run `brytpunkt refresh {source.id}`")
    probed, outcome, reason, changed, confirmed, aside = heard
    limit = now - timedelta(days=source.stale_after_days)
    late = [
        one.table
        for one in tables
        if one.table not in DIAGNOSTICS and one.taken_at is not None and one.taken_at < limit
    ]
    is_stale = not isinstance(confirmed, datetime) or confirmed < limit or bool(late)
    in_part = any(one.outcome == "refused" for one in tables)
    fallback = "in part" if in_part else "stale" if is_stale else "fresh"
    state = {"refused": "refused", "failed": "failing"}.get(str(outcome), fallback)
    said = str(reason or "")
    if is_stale and state != "stale":
        said = f"stale ({', '.join(late)}); {said}" if late else f"stale; {said}"
    if missing:
        state, said = "locked", f"set {', '.join(missing)}"
    return Standing(
        source,
        state,
        said,
        probed,  # type: ignore[arg-type]
        changed,  # type: ignore[arg-type]
        confirmed,  # type: ignore[arg-type]
        rows[0],
        int(str(aside)),
        rows[1],
        tuple(tables),
    )
