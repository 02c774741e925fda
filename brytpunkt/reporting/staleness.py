"""Staleness: which sources were last confirmed too long ago, against a clock that is passed in.

Belongs here: ages and limits. Does not belong here: reading a clock. Staleness warns, it never fails a report.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

DEFAULT_LIMIT_DAYS = 120


@dataclass(frozen=True)
class Stale:
    """A table with sources that were last confirmed before `limit_days` ago; `oldest` is the earliest of them."""

    table: str
    sources: int
    oldest: date
    limit_days: int


def confirmed_sources(summary: dict[str, Any]) -> list[dict[str, Any]]:
    """Sources of the summary, each with what its live source declares and was last heard saying, where it has one.

    `confirmations` of the summary holds these by origin: `confirmed_on` (a price that has not changed is confirmed
    without being collected again), `stale_after_days`, and in `tables` the day of each table, which goes first: one table
    of a source may have been refused while others were taken.
    """
    known = summary.get("confirmations", {})
    return [_heard(source, known.get(source.get("origin"), {})) for source in summary["sources"]]


def _heard(source: dict[str, Any], known: dict[str, Any]) -> dict[str, Any]:
    said = {name: value for name, value in known.items() if name != "tables"}
    own = {"confirmed_on": known["tables"].get(source["table"])} if "tables" in known else {}
    return source | said | own


def is_stale(source: dict[str, Any], today: date | None) -> bool:
    """Whether a source of `confirmed_sources` was last confirmed longer ago than its limit [days].

    The limit is the source's own `stale_after_days`, else 120, that of the bundled snapshot. Without a clock
    (None), or without a date of confirmation, nothing is stale.
    """
    confirmed = _confirmed_on(source)
    if today is None or confirmed is None:
        return False
    return today - confirmed > timedelta(days=_limit(source))


def stale_tables(sources: Sequence[dict[str, Any]], today: date | None) -> list[Stale]:
    """Tables with stale sources, by name."""
    by_table: dict[str, list[dict[str, Any]]] = {}
    for source in sources:
        if is_stale(source, today):
            by_table.setdefault(source["table"], []).append(source)
    return [
        Stale(
            table,
            len(found),
            min(day for source in found if (day := _confirmed_on(source))),
            min(_limit(source) for source in found),
        )
        for table, found in sorted(by_table.items())
    ]


def _confirmed_on(source: dict[str, Any]) -> date | None:
    days = [source[name] for name in ("retrieved_on", "confirmed_on") if source.get(name)]
    return max(map(date.fromisoformat, days), default=None)


def _limit(source: dict[str, Any]) -> int:
    return int(source.get("stale_after_days") or DEFAULT_LIMIT_DAYS)
