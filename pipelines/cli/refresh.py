"""Live sources from the command line: refresh them, say how they stand, and show the history of a price."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TextIO

from brytpunkt.errors import BrytpunktError
from brytpunkt.folders import Folders, folders
from brytpunkt.landing import Landing
from brytpunkt.publishers._shared.source import Source
from brytpunkt.publishers.find import chosen, declared_sources
from brytpunkt.warehouse import Outcome, Refresher, Warehouse, refresh_bundled
from brytpunkt.warehouse.views.history import price_history
from brytpunkt.warehouse.views.source_status import Standing, standings

MEGABYTE = 1_000_000
REASON_WIDTH = 160
SAID = {
    "changed": "changed",
    "unchanged": "unchanged, confirmed",
    "refused": "REFUSED, last good kept",
    "failed": "FAILED, last good kept",
}


def live_sources(found: Folders) -> dict[str, Source]:
    """Sources of the house and of the user's own under ``BRYTPUNKT_HOME/sources``."""
    return declared_sources(found.data / "sources", found.home / "sources")


def refresher(found: Folders, environment: Mapping[str, str], stream: TextIO | None = None) -> Refresher:
    """Drives walks into the state folder; with a stream, long downloads say how far they are."""

    def progress(name: str, so_far: int, expected: int | None) -> None:
        of = f" of {expected / MEGABYTE:.0f}" if expected else ""
        if stream is not None and stream.isatty():
            print(f"\r\033[K  {name}: {so_far / MEGABYTE:.0f}{of} MB", end="\r", file=stream, flush=True)

    return Refresher(
        Warehouse(found.home / "warehouse.duckdb", found.sql),
        Landing(found.home / "landing"),
        environment,
        on_progress=progress,
    )


def refresh(names: Sequence[str], *, accept: bool) -> int:
    """Refresh the named sources, or all that need nothing; 1 if any was refused or failed."""
    found = folders()
    sources = live_sources(found)
    driver = refresher(found, os.environ, sys.stderr)
    wanted = chosen(sources, tuple(names), lambda source: bool(driver.missing(source)))
    refresh_bundled(driver.warehouse, driver.landing, found.data)
    outcomes = []
    for source in wanted:
        outcomes.append(driver.refresh(source, accept=accept))
        print(outcome_line(outcomes[-1]), flush=True)
    if not wanted:
        print("No source is ready to be fetched; `brytpunkt sources` says why.")
    driver.sweep()
    if outcomes:
        from pipelines.report_events import record_outcomes

        record_outcomes(found, sources, outcomes)
    return int(any(outcome.outcome in {"refused", "failed"} for outcome in outcomes))


def outcome_line(outcome: Outcome) -> str:
    """One line about a refresh."""
    counts = ""
    if outcome.applied is not None and outcome.applied.report is not None:
        tables = outcome.applied.report.tables
        parts = {
            "new": sum(t.inserted for t in tables),
            "as before": sum(t.confirmed for t in tables),
            "withdrawn": sum(t.withdrawn for t in tables),
            "quarantined": sum(t.quarantined for t in tables),
        }
        counts = "; rows: " + ", ".join(f"{count} {what}" for what, count in parts.items() if count)
        counts = counts if any(parts.values()) else ""
    reason = f": {outcome.reason[:REASON_WIDTH]}" if outcome.reason else ""
    return f"{outcome.source:<24}{SAID[outcome.outcome]}{counts}{reason}"


def source_table(sources: Mapping[str, Source]) -> list[str]:
    """Declared sources as a Markdown table, for the README; those of an unseen format are marked."""
    lines = ["| Source | Covers | Needs | Format |", "|---|---|---|---|"]
    for source in sorted(sources.values(), key=lambda one: one.id):
        needs = ", ".join(f"`{name}`" for name in source.credentials.values()) or "nothing"
        seen = "**unconfirmed**" if source.status == "unconfirmed" else source.format_seen or "confirmed"
        lines.append(f"| `{source.id}` | {source.covers} | {needs} | {seen} |")
    return lines if sources else ["None is declared yet."]


def show_sources(*, as_table: bool = False) -> int:
    """How every declared source stands; or, for the README, what the house declares."""
    found = folders()
    if as_table:
        print("\n".join(source_table(declared_sources(found.data / "sources"))))
        return 0
    driver = refresher(found, os.environ)
    print(
        "\n".join(
            standing_lines(
                standings(driver.warehouse, live_sources(found), driver.missing, datetime.now(UTC))
            )
        )
    )
    return 0


def standing_lines(standing: Sequence[Standing]) -> list[str]:
    """How the sources stand, as a table for a terminal; times in UTC."""
    if not standing:
        return ["No live source is declared. docs/add-a-publisher.md says how to declare one."]
    head = ("Source", "State", "Last probe", "Last change", "Confirmed", "Rows", "Aside")
    rows = [head] + [
        (
            one.source.id,
            one.state,
            _moment(one.probed_at),
            _moment(one.changed_at),
            _moment(one.confirmed_at),
            f"{one.rows:,}",
            f"{one.rows_quarantined:,}",
        )
        for one in standing
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(len(head))]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    ]
    notes = [f"! {one.source.id}: {one.reason[:REASON_WIDTH]}" for one in standing if one.reason]
    return [lines[0], "-" * len(lines[0]), *lines[1:], *notes]


def show_history(sku: str) -> int:
    """Every price that was seen for a SKU."""
    found = folders()
    warehouse = Warehouse(found.home / "warehouse.duckdb", found.sql)
    if not warehouse.path.exists():
        raise BrytpunktError("there is no warehouse yet; run `brytpunkt refresh` or `brytpunkt plan` first")
    warehouse.migrate()
    with warehouse.open() as connection:
        prices = price_history(connection, warehouse.sql / "queries", sku)
    before: dict[tuple[object, ...], float] = {}
    for row in prices.iter_rows(named=True):
        offer = tuple(row[name] for name in ("provider", "region", "term", "origin", "native_currency"))
        known = before.get(offer)
        if known is None:
            where = " ".join(part for part in (row["provider"], row["region"], row["term"]) if part)
            print(f"{where}  ({row['origin']}; {row['native_currency']} per {row['per']})")
        move = "" if not known else f"{row['price'] / known - 1:+.1%}"
        until = _moment(row["withdrawn_at"]) if row["withdrawn_at"] else "now"
        print(f"  {_moment(row['first_seen_at'])} to {until:<16}  {row['price']:>14,.4f}  {move}".rstrip())
        before[offer] = row["price"]
    return 0


def _moment(moment: datetime | None) -> str:
    return "-" if moment is None else moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M")
