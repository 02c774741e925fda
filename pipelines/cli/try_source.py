"""``brytpunkt sources try``: what would become of documents, row by row, without keeping anything."""

from __future__ import annotations

import argparse
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from brytpunkt.errors import InputError, Problem

if TYPE_CHECKING:
    from collections.abc import Sequence

    from brytpunkt.warehouse.trial import Trial

COMMAND = "sources try"
MOST_LINES, WIDTH = 40, 140
HIDDEN = {"table", "source", "source_date", "retrieved_on", "licence", "confidence", "note"}


def add_command(commands: Any) -> None:
    """Add the command to those of the command line."""
    trial: argparse.ArgumentParser = commands.add_parser(
        COMMAND, help="read documents as a source's and say what became of each row; nothing is kept"
    )
    trial.add_argument("source", metavar="SOURCE", help="whose reader and checks to use")
    trial.add_argument("files", nargs="+", type=Path, metavar="FILE", help="the documents of one publication")
    trial.add_argument(
        "--format", choices=("table", "json"), default="table", help="how to print it (default: table)"
    )


def run(options: argparse.Namespace) -> int:
    """Try the documents and print what became of them; 0 whatever that is."""
    from brytpunkt.folders import folders
    from brytpunkt.publishers.find import all_sources
    from brytpunkt.warehouse.trial import try_documents

    found = folders()
    sources = all_sources(found.data / "sources", found.home / "sources")
    if options.source not in sources:
        known = f"sources: {', '.join(sorted(sources))}"
        raise InputError((Problem(options.source, "no source has this name", known),))
    trial = try_documents(
        sources[options.source], options.files, found.sql, found.home / "warehouse.duckdb", datetime.now(UTC)
    )
    print(as_json(trial) if options.format == "json" else "\n".join(lines(options.source, trial)))
    return 0


def as_json(trial: Trial) -> str:
    """The trial as one object."""
    content = {
        "taken": trial.taken, "rows": trial.rows, "left_out": trial.left_out,
        "remarks": trial.remarks, "refused": trial.refused,
    }  # fmt: skip
    return json.dumps(content, ensure_ascii=False, indent=1, allow_nan=False)


def lines(source: str, trial: Trial) -> list[str]:
    """The trial as tables for a terminal."""
    into = f" into {', '.join(trial.tables)}" if trial.tables else ""
    told = [f"{source}: {trial.taken:,} rows taken{into}; nothing was kept"]
    for table in trial.tables:
        told += _table(f"Taken, {table}", [row for row in trial.rows if row["table"] == table])
    told += _table("Left out", trial.left_out)
    told += _table("Remarked", trial.remarks)
    told += _table("Set aside", [one for one in trial.refused if "quarantined" in one])
    return told + _table("Refused", [one for one in trial.refused if "quarantined" not in one])


def _table(title: str, rows: Sequence[dict[str, Any]]) -> list[str]:
    if not rows:
        return []
    shown = rows[:MOST_LINES]
    names = [name for name in dict.fromkeys(name for row in rows for name in row) if name not in HIDDEN]
    cells = [names, *([_text(row.get(name)) for name in names] for row in shown)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(names))]
    told = ["", f"{title} ({len(rows):,}):"]
    told += [
        "  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in cells
    ]
    more = len(rows) - len(shown)
    return [*told, f"  and {more:,} more"] if more else told


def _text(value: Any) -> str:
    if value is None:
        return ""
    text = json.dumps(value, ensure_ascii=False) if isinstance(value, dict) else str(value)
    return text if len(text) <= WIDTH else f"{text[: WIDTH - 3]}..."
