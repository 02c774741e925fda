"""The difference between two runs as lines for a terminal."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from brytpunkt.reporting.formats import Formats
from brytpunkt.reporting.note_texts import english
from brytpunkt.reporting.sections.changes import CAUSES, MEASURES, change_lines
from brytpunkt.reporting.translations import texts

NAME_LENGTH = 60


def diff_lines(changes: dict[str, Any]) -> list[str]:
    """Sentences a site, the waterfall of every site to the cent, and the prices that moved most."""
    formats = Formats(texts("en"), changes["currency"])
    lines = [f"{changes['from_run']} -> {changes['to_run']}", "", *change_lines(changes, formats)]
    if changes["note"]:
        key = "changes.remark" if changes["is_split"] else "changes.unsplit"
        lines.append(formats.texts(key, note=english(changes["note"])))
    if changes["bars"]:
        lines += ["", *_table(changes, formats)]
    if changes["movements"]:
        lines += ["", formats.texts("changes.moved")]
    for row in changes["movements"]:
        kind = formats.texts.name("changes.kind", row["kind"])
        share = formats.percent(row["change_share"], 1, signed=True)
        lines.append(
            f"  {kind}: {english(row['item'])[:NAME_LENGTH]}: {row['before']:,.4g} -> {row['after']:,.4g} {english(row['unit'])} ({share})"
        )
    return lines


def _table(changes: dict[str, Any], formats: Formats) -> list[str]:
    amounts = {(bar["site"], bar["measure"], bar["cause"]): Decimal(bar["amount"]) for bar in changes["bars"]}
    causes = [cause for cause in CAUSES if any(key[2] == cause for key in amounts)]
    head = ["Change of present value", formats.currency, *causes, "total"]
    rows = [head]
    for site in dict.fromkeys(bar["site"] for bar in changes["bars"]):
        for measure in MEASURES:
            parts = [amounts.get((site, measure, cause)) for cause in causes]
            if any(part is not None for part in parts):
                known = [part or Decimal(0) for part in parts]
                rows.append([site, measure, *(f"{part:+,.2f}" for part in (*known, sum(known, Decimal(0))))])
    widths = [max(len(row[column]) for row in rows) for column in range(len(head))]
    return [
        "  ".join(
            cell.ljust(width) if column < len(head[:2]) else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]
