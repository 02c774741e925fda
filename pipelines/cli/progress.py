"""Progress: a live display on a terminal, plain lines elsewhere; and the verdicts as a short table."""

from __future__ import annotations

import time
from types import TracebackType
from typing import Any, Self, TextIO

from brytpunkt.planning.note import from_json, merged
from brytpunkt.reporting.note_texts import english

TEXT_COLUMNS = 4


class Progress:
    """Says which step is running and how long each took."""

    def __init__(self, stream: TextIO) -> None:
        """Write to ``stream``; it is live only if that is a terminal."""
        self._stream = stream
        self._started = time.monotonic()
        self._step: str | None = None
        self._live: Any = None

    def __enter__(self) -> Self:
        """Begin."""
        if self._stream.isatty():
            from rich.console import Console

            self._live = Console(file=self._stream).status("", spinner="dots")
            self._live.start()
        return self

    def step(self, name: str) -> None:
        """Finish the step before, and begin this one."""
        self._finish()
        self._step, self._started = name, time.monotonic()
        if self._live is not None:
            self._live.update(name)

    def draws(self, done: int, whole: int) -> None:
        """Say beside the step how many drawn worlds are done; only on a terminal."""
        if self._live is not None:
            said = f"{done:,} of {whole:,} drawn worlds"
            self._live.update(said if self._step is None else f"{self._step} ({said})")

    def _finish(self) -> None:
        if self._step is not None:
            print(f"{time.monotonic() - self._started:6.1f} s  {self._step}", file=self._stream, flush=True)
        self._step = None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End; a step that failed is not reported as done."""
        if kind is None:
            self._finish()
        if self._live is not None:
            self._live.stop()


def verdict_lines(summary: dict[str, Any]) -> list[str]:
    """The verdict of every site in a table that fits a terminal of 100 columns."""
    currency = summary["finance"]["currency"]
    unit = f"k{currency}"
    head = ("Site", "Verdict", "Order", "Paid back", f"PV rent {unit}", f"PV own {unit}", f"Saving {unit}")
    rows = [head]
    for site in summary["sites"]:
        best = site["switch_npv"] if site["verdict"] == "build" else site["npv_own"]
        saving = None if best is None or site["is_ruled"] else site["npv_rent"] - best
        rows.append(
            (
                site["site_name"][:24] + (" *" if site["is_comparator"] else ""),
                site["verdict"],
                (site["switch_date"] or "never")[:7],
                (site["payback_date"] or "-")[:7],
                _thousands(site["npv_rent"]),
                _thousands(best),
                _thousands(saving),
            )
        )
    widths = [max(len(row[column]) for row in rows) for column in range(len(head))]
    lines = [
        "  ".join(
            cell.ljust(width) if i < TEXT_COLUMNS else cell.rjust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in rows
    ]
    horizon = summary["finance"]["horizon_months"]
    notes = [
        f"PV: present value of all cost over {horizon} months. Own: ordered in the best month (build), or now (rent).",
        "Paid back: if ordered now. * comparator, never recommended.",
    ]
    warnings = [f"! {english(note)}" for note in merged(from_json(said) for said in summary["warnings"])]
    return ["", summary["plan"]["name"], "", lines[0], "-" * len(lines[0]), *lines[1:], "", *notes, *warnings]


def _thousands(amount: float | None) -> str:
    return "-" if amount is None else f"{amount / 1000:,.0f}"
