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
from brytpunkt.warehouse.table_report import TableReport
from brytpunkt.warehouse.views.history import price_history
from brytpunkt.warehouse.views.source_status import Standing, standings

MEGABYTE = 1_000_000
REASON_WIDTH = 160
NAME_WIDTH = 24
SAID = {"changed": "changed", "unchanged": "unchanged, confirmed"}


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
    """Refresh the named sources, or all that need nothing; 1 if any failed, or any table of one was refused."""
    found = folders()
    sources = live_sources(found)
    driver = refresher(found, os.environ, sys.stderr)
    wanted = chosen(sources, tuple(names), lambda source: bool(driver.missing(source)))
    refresh_bundled(driver.warehouse, driver.landing, found.data)
    outcomes = []
    for source in wanted:
        outcomes.append(driver.refresh(source, accept=accept))
        print("\n".join(outcome_lines(outcomes[-1])), flush=True)
    if not wanted:
        print("No source is ready to be fetched; `brytpunkt sources` says why.")
    driver.sweep()
    if outcomes:
        from pipelines.report_events import record_outcomes

        record_outcomes(found, sources, outcomes)
    return int(not all(outcome.is_whole for outcome in outcomes))


def outcome_lines(outcome: Outcome) -> list[str]:
    """What a refresh came to: a line for the source, and one for each table where there is more to tell than of one."""
    name = outcome.source.ljust(NAME_WIDTH)
    if outcome.outcome == "failed":
        kept = "last good kept" if outcome.has_last_good else "nothing was taken yet"
        return [f"{name}FAILED, {kept}: {(outcome.reason or '')[:REASON_WIDTH]}"]
    refused = f"REFUSED: {', '.join(one.table for one in outcome.refused)}" if outcome.refused else ""
    said = "; ".join(part for part in (SAID.get(outcome.outcome, ""), refused) if part)
    told = [(one.table, table_text(one)) for one in outcome.tables if table_text(one)]
    if not refused and len(told) == 1:
        return [f"{name}{said}; {told[0][0]}: {told[0][1]}"]
    lines = [f"{name}{said}", *(f"  {table.ljust(NAME_WIDTH - 2)}{text}" for table, text in told)]
    return [*lines, f"  {advice(outcome.source)}"] if refused else lines


def table_text(table: TableReport) -> str:
    """What was taken of one table, kept of it and set aside, in rows; empty where nothing is to be told."""
    if table.refused:
        kept = f"last good kept ({table.kept:,} rows)" if table.kept else "nothing was taken yet"
        return f"{kept}: {table.refused[:REASON_WIDTH]}"
    aside = f"{table.quarantined:,} set aside"
    aside += f" (last good of {table.kept:,} kept)" if table.kept else ""
    in_doubt = f"{table.kept:,} in doubt (last good kept)" if not table.quarantined else ""
    parts = (
        (table.inserted, f"{table.inserted:,} new"),
        (table.confirmed, f"{table.confirmed:,} as before"),
        (table.withdrawn, f"{table.withdrawn:,} withdrawn"),
        (table.quarantined, aside),
        (table.kept, in_doubt),
        (table.missing, f"{table.missing:,} missing"),
    )
    return ", ".join(text for count, text in parts if count and text)


def advice(source: str) -> str:
    """What to do about a refusal."""
    return (
        f"look at it (`brytpunkt sources {source}`), then `brytpunkt refresh {source} --accept` takes it in"
    )


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
    head = ("Source", "State", "Last probe", "Last change", "Confirmed", "Rows", "Aside", "Remarks")
    rows = [head] + [
        (
            one.source.id,
            one.state,
            _moment(one.probed_at),
            _moment(one.changed_at),
            _moment(one.confirmed_at),
            f"{one.rows:,}",
            f"{one.rows_quarantined:,}",
            f"{one.remarks:,}",
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
