"""Details of live sources from the command line: what one of them left aside, and what changed between two days."""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

import polars as pl

from brytpunkt.errors import BrytpunktError, InputError, Problem
from brytpunkt.folders import folders
from brytpunkt.publishers.find import all_sources
from brytpunkt.tables.contracts import CONTRACTS
from brytpunkt.tables.series_contracts import SERIES
from brytpunkt.warehouse import Warehouse
from brytpunkt.warehouse.doubts import DOUBT_DAYS
from brytpunkt.warehouse.views.coming import Coming, coming
from brytpunkt.warehouse.views.history import PRICES, changed_between
from brytpunkt.warehouse.views.quarantine import (
    Finding,
    InDoubt,
    Remark,
    SetAside,
    findings,
    in_doubt,
    remarks,
    set_aside,
)
from brytpunkt.warehouse.views.source_status import Standing, standings
from pipelines.cli.refresh import advice, refresher, standing_lines

MOST_LINES = 40
EXAMPLE_WIDTH = 200


def show_source(name: str) -> int:
    """How one source stands, the rows of it that were set aside, what is odd in its series, and the names that no map knows."""
    found = folders()
    sources = all_sources(found.data / "sources", found.home / "sources")
    if name not in sources:
        known = f"sources: {', '.join(sorted(sources))}"
        raise InputError((Problem(name, "no source has this name", known),))
    driver = refresher(found, os.environ)
    standing = standings(driver.warehouse, {name: sources[name]}, driver.missing, datetime.now(UTC))
    queries = driver.warehouse.sql / "queries"
    with driver.warehouse.open() as connection:
        aside, said = set_aside(connection, queries, name), remarks(connection, queries, name)
        doubted = in_doubt(connection, queries, name)
        odd = findings(connection, queries, name)
        announced = coming(connection, queries, name, datetime.now(UTC).date())
    is_series = bool(set(sources[name].tables) & set(SERIES))
    told = finding_lines(odd) if is_series else remark_lines(said)
    lines = [
        *standing_lines(standing),
        *table_lines(standing[0]),
        *aside_lines(aside),
        *doubt_lines(doubted),
        *told,
    ]
    print("\n".join([*lines, *coming_lines(announced)]))
    return 0


def table_lines(standing: Standing) -> list[str]:
    """Each table that the newest publication speaks of: taken or refused, and since when."""
    if not standing.tables:
        return []
    width = max(len(one.table) for one in standing.tables)
    lines = ["", "Table by table, as of the newest publication:"]
    for one in standing.tables:
        taken = f"{one.taken_at:%Y-%m-%d %H:%M}" if one.taken_at else "never"
        if one.reason is None:
            lines.append(f"  {one.table.ljust(width)}  taken or confirmed {taken}")
        else:
            lines.append(
                f"  {one.table.ljust(width)}  REFUSED, last taken or confirmed {taken}: {one.reason}"
            )
    refused = any(one.reason for one in standing.tables)
    return [*lines, f"  {advice(standing.source.id)}"] if refused else lines


def aside_lines(aside: Sequence[SetAside]) -> list[str]:
    """Rows set aside, a line a reason."""
    if not aside:
        return ["", "No row was ever set aside."]
    lines = [
        "",
        f"Set aside, last on {aside[0].seen_at:%Y-%m-%d}; of each, the last good version stays if there is one:",
    ]
    for one in aside:
        lines += [f"  {one.table}, {one.rows:,} rows: {one.reason}", f"    {one.example[:EXAMPLE_WIDTH]}"]
    return lines


def doubt_lines(doubted: Sequence[InDoubt]) -> list[str]:
    """Last good versions that stay although what came is in doubt, a line a reason, and until when; none without any."""
    if not doubted:
        return []
    lines = [
        "",
        f"In doubt; the last good version is planned with for {DOUBT_DAYS} days after it was confirmed:",
    ]
    for one in doubted:
        until = one.confirmed_at + timedelta(days=DOUBT_DAYS)
        lines.append(f"  {one.table}, {one.rows:,} rows, until {until:%Y-%m-%d} or later: {one.reason}")
        lines.append(f"    {one.example[:EXAMPLE_WIDTH]}")
    return lines


def finding_lines(odd: Sequence[Finding]) -> list[str]:
    """What is odd in a series, a line a zone or place and kind; prices and readings stay as they were published."""
    if not odd:
        return ["", "Nothing odd was found in its series."]
    shown = odd[:MOST_LINES]
    rows = [(one.subject, one.kind, f"{one.days} day{'s' * (one.days > 1)}") for one in shown]
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    lines = ["", "Odd in its series (nothing was changed; the newest of each kind in words):"]
    for row, one in zip(rows, shown, strict=True):
        named = "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        lines.append(f"  {named}  {one.newest}: {one.detail[:EXAMPLE_WIDTH]}")
    return lines + ([f"  and {len(odd) - MOST_LINES:,} more"] if len(odd) > MOST_LINES else [])


def remark_lines(said: Sequence[Remark]) -> list[str]:
    """What became no row, a line a name; a new name is added to the maps under ``data/maps``."""
    if not said:
        return ["", "Every name of the newest publication is known."]
    rows = [(one.kind, one.name, one.reason) for one in said[:MOST_LINES]]
    widths = [max(len(row[column]) for row in rows) for column in (0, 1)]
    lines = ["", "Became no row (unknown names are added to data/maps, never guessed):"]
    lines += [f"  {kind.ljust(widths[0])}  {name.ljust(widths[1])}  {reason}" for kind, name, reason in rows]
    return lines + ([f"  and {len(said) - MOST_LINES:,} more"] if len(said) > MOST_LINES else [])


def coming_lines(announced: Sequence[Coming]) -> list[str]:
    """Prices that begin or end later, a line each; none where nothing is announced."""
    if not announced:
        return []
    lines = ["", "Coming (planned with from the day on which each holds):"]
    for one in announced[:MOST_LINES]:
        until = "" if one.valid_to is None else f" until {one.valid_to}"
        named = " ".join(filter(None, (one.provider, one.region, one.sku, one.term)))
        lines.append(f"  from {one.valid_from}{until}  {named}  {one.price:,.6g} {one.currency} per hour")
    more = len(announced) - MOST_LINES
    return lines + ([f"  and {more:,} more"] if more > 0 else [])


def show_changes(since: date, until: date | None, table: str | None) -> int:
    """Everything that changed from the end of one day to the end of another; without the other, until now."""
    wanted = tuple(PRICES) if table is None else (table,)
    unknown = [name for name in wanted if name not in CONTRACTS]
    if unknown:
        raise InputError((Problem(unknown[0], "no table has this name", ", ".join(CONTRACTS)),))
    last = until or datetime.now(UTC).date()
    if last <= since:
        raise InputError((Problem(f"{since} {last}", "the first day is not before the second"),))
    found = folders()
    warehouse = Warehouse(found.home / "warehouse.duckdb", found.sql)
    if not warehouse.path.exists():
        raise BrytpunktError("there is no warehouse yet; run `brytpunkt refresh` or `brytpunkt plan` first")
    warehouse.migrate()
    lines = []
    for name in wanted:
        with warehouse.open() as connection:
            changes = changed_between(connection, warehouse.sql / "queries", name, since, last)
        lines += change_lines(name, changes)
    print("\n".join(lines) if lines else f"Nothing changed from {since} to {last}.")
    return 0


def change_lines(table: str, changes: pl.DataFrame) -> list[str]:
    """Changes of a table, the largest moves first; none for a table that did not change."""
    if changes.is_empty():
        return []
    counts = dict(changes.group_by("change").len().sort("change").iter_rows())
    lines = [f"{table}: {', '.join(f'{count:,} {change}' for change, count in counts.items())}"]
    key = CONTRACTS[table].primary_key()
    for row in changes.head(MOST_LINES).iter_rows(named=True):
        name = " ".join(str(row[column]) for column in key if row[column] not in {None, ""})
        prices = " -> ".join(
            "-" if row[column] is None else f"{row[column]:,.6g}"
            for column in ("price_before", "price_after")
        )
        move = "" if row["moved_share"] is None else f"{row['moved_share']:+.1%}"
        lines.append(f"  {row['change']:<9}  {name}  ({row['origin']})  {prices}  {move}".rstrip())
    more = changes.height - MOST_LINES
    return lines + ([f"  and {more:,} more"] if more > 0 else [])
