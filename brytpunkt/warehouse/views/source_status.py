"""How each declared source stands: when it was last heard of, what it gave, and whether it can be trusted now."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from brytpunkt.publishers._shared.source import Source
from brytpunkt.tables.contracts import CONTRACTS
from brytpunkt.tables.series_contracts import SERIES
from brytpunkt.warehouse.connection import Warehouse


@dataclass(frozen=True)
class Standing:
    """One source: ``state`` is one word, ``reason`` what to do or what went wrong; times are UTC."""

    source: Source
    state: str
    reason: str
    probed_at: datetime | None = None
    changed_at: datetime | None = None
    confirmed_at: datetime | None = None
    rows: int = 0
    rows_quarantined: int = 0


def standings(
    warehouse: Warehouse,
    sources: Mapping[str, Source],
    missing: Callable[[Source], tuple[str, ...]],
    now: datetime,
) -> list[Standing]:
    """Every declared source, by id.

    States: fresh; stale (not confirmed within ``stale_after_days``); refused (the newest publication failed the guards,
    the last good one stays); failing (it could not be fetched); never (not fetched yet); locked (an environment variable
    is missing); unconfirmed (its format was never seen in a real document; fetched only if named).
    """
    warehouse.migrate()
    queries = warehouse.sql / "queries"
    with warehouse.open() as connection:
        heard = {
            row[0]: row[1:]
            for row in connection.execute((queries / "standing.sql").read_text(encoding="utf-8")).fetchall()
        }
        counted: dict[str, int] = {}
        query = (queries / "rows_by_origin.sql").read_text(encoding="utf-8")
        for table in (*CONTRACTS, *SERIES):
            for origin, rows in connection.execute(query.format(table=table)).fetchall():
                counted[origin] = counted.get(origin, 0) + rows
    return [
        _standing(source, heard.get(source.id), counted.get(source.id, 0), missing(source), now)
        for source in sorted(sources.values(), key=lambda s: s.id)
    ]


def confirmations(
    warehouse: Warehouse, sources: Mapping[str, Source]
) -> dict[str, dict[str, str | int | None]]:
    """When each declared source was last confirmed, and how long that holds.

    -> by id: `confirmed_on` (ISO date, null if never heard of), `stale_after_days`
    """
    warehouse.migrate()
    with warehouse.open() as connection:
        query = (warehouse.sql / "queries" / "standing.sql").read_text(encoding="utf-8")
        heard = {row[0]: row[5] for row in connection.execute(query).fetchall()}
    return {
        name: {
            "confirmed_on": heard[name].date().isoformat() if heard.get(name) else None,
            "stale_after_days": source.stale_after_days,
        }
        for name, source in sorted(sources.items())
    }


def _standing(
    source: Source, heard: tuple[object, ...] | None, rows: int, missing: tuple[str, ...], now: datetime
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
    is_stale = not isinstance(confirmed, datetime) or now - confirmed > timedelta(
        days=source.stale_after_days
    )
    state = {"refused": "refused", "failed": "failing"}.get(str(outcome), "stale" if is_stale else "fresh")
    said = str(reason or "")
    if is_stale and state != "stale":
        said = f"stale; {said}"
    if missing:
        state, said = "locked", f"set {', '.join(missing)}"
    return Standing(source, state, said, probed, changed, confirmed, rows, int(str(aside)))  # type: ignore[arg-type]
