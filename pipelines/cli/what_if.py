"""The command ``what-if``: changed declarations, the verdict before and after. No Dagster, and nothing is written."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from brytpunkt.declarations import Declared, read_plan
from brytpunkt.declarations.reading.overrides import Override, Overriding, read_overrides, short
from brytpunkt.errors import BrytpunktError, InputError
from brytpunkt.folders import Folders
from brytpunkt.planning.changes.what_if import (
    TOGETHER,
    TOTAL,
    StoredOptima,
    WhatIf,
    drawn,
    optimised,
    stored_outlook,
    what_if,
)
from brytpunkt.planning.inputs.calendar import add_months
from brytpunkt.reporting.note_texts import english
from brytpunkt.run_order import clock_doubt, list_runs, never_computed, newest_of
from brytpunkt.runs.store import Run, code_version, read_inputs

if TYPE_CHECKING:
    import polars as pl

    from brytpunkt.declarations import Plan
    from brytpunkt.planning.inputs.planning_inputs import Facts
    from brytpunkt.planning.note import Note

TEXT_COLUMNS = 4
NAME_WIDTH = 20


def answer(
    options: argparse.Namespace, found: Folders, on_draws: Callable[[int, int], None] | None = None
) -> list[str]:
    """The lines that answer ``what-if FILE key=value ...``; ``on_draws`` is told how many of how many worlds are drawn.

    Raises ``InputError`` for a change that is none, ``BrytpunktError`` where the plan has not been computed yet.
    """
    declared = read_plan(options.file)
    changes, problems = read_overrides(options.changes)
    overriding = Overriding(declared)
    together = overriding.plan(changes, problems)
    alone = [_alone(overriding, change) for change in changes] if len(changes) > 1 else [together]
    runs = list_runs(found.home, declared.plan.plan)
    run = _own_or_newest(runs, declared, options.file)
    facts = read_inputs(run.inputs)
    optimal = run.frame("optimal")
    stored = StoredOptima.of(optimal, run.frame("optimal_schedule"))
    differs = _difference(run, declared, found)
    before = stored_outlook(run.frame("verdicts"), optimal) if differs is None else declared.plan
    result = what_if(before, alone, together, facts, stored)
    lines = [
        f"What if, {together.name}:",
        *(
            f"  [{number}] {change.key}: {overriding.shown(change)} -> {short(change)}"
            for number, change in enumerate(changes, 1)
        ),
        "",
        *_outlooks(result, declared.plan, together),
        *(["", *_effects(result)] if len(changes) > 1 else []),
    ]
    if options.optimise:
        lines += ["", *_anew(optimised(together, facts), result.after)]
    if options.draws is not None:
        lines += ["", *_chances(overriding, changes, options.draws, (facts, stored), on_draws)]
    notes = [
        f"Facts and optimal plan of run {run.run_id} (facts as of {run.as_of.isoformat()}).",
        *filter(None, (differs, clock_doubt(runs, datetime.now(UTC)))),
    ]
    return [*lines, "", *notes]


def _alone(overriding: Overriding, change: Override) -> Plan | None:
    try:
        return overriding.plan([change])
    except InputError:
        return None


def _own_or_newest(runs: Sequence[Run], declared: Declared, file: object) -> Run:
    """The newest run of this very file; where there is none, the newest of its plan."""
    if not runs:
        raise BrytpunktError(never_computed(declared.plan.plan, file))
    return newest_of(runs, declared.sha256) or runs[-1]


def _difference(run: Run, declared: Declared, found: Folders) -> str | None:
    """Why the run's own figures are not those of the file today, or None."""
    if run.declaration_sha256 != declared.sha256:
        return "The file has changed since that run: 'before' is computed from the file as it is now."
    if run.label()["code_version"] != code_version(found.checkout):
        return "That run was made by another version of Brytpunkt: 'before' is computed anew."
    return None


def _outlooks(result: WhatIf, old: Plan, new: Plan) -> list[str]:
    """Two rows a site: before and after."""
    unit = "k" + "/".join(sorted({old.finance.currency, new.finance.currency}))
    rows: list[tuple[str, ...]] = [
        ("Site", "", "Verdict", "Order", "Rent", "Own now", "Own best", "Best - rent", "Optimal *")
    ]
    earlier = {row["site"]: row for row in result.before.iter_rows(named=True)}
    later = {row["site"]: row for row in result.after.iter_rows(named=True)}
    for site in dict.fromkeys([*later, *earlier]):
        pair = (earlier.get(site), later.get(site))
        name = next(str(row["site_name"]) for row in pair[::-1] if row is not None)
        changed = pair[0] is None or pair[1] is None or pair[0]["verdict"] != pair[1]["verdict"]
        rows.append((name[:NAME_WIDTH], *_row(pair[0], "before", old)))
        rows.append(("  VERDICT CHANGED" if changed else "", *_row(pair[1], "after", new)))
    return [
        *_table(rows),
        "",
        f"Present values of all cost in {unit}. Own now: ordered at the start. Own best: ordered in the best month; the verdict",
        "is that against rent. * Orders and signatures as stored by the run, not optimised anew.",
    ]


def _row(found: dict[str, Any] | None, when: str, plan: Plan) -> tuple[str, ...]:
    if found is None:
        return (when, "no such site", *[""] * 6)
    month, best = found["switch_month"], found["best"]
    order = "never" if month is None else add_months(plan.finance.start, month).isoformat()[:7]
    gap = None if best is None else best - found["rent"]
    amounts = (found["rent"], found["own"], best, gap, found["optimal"])
    return (when, found["verdict"], order, *(_thousands(amount) for amount in amounts))


def _effects(result: WhatIf) -> list[str]:
    """What each change does to rent and, site by site, to the best own plan less rent, and which verdicts it turns alone."""
    numbers = [str(number) for number in range(1, len(result.alone) + 1)]
    columns = [*numbers, TOGETHER, TOTAL]
    amounts = {
        (site, measure, change): amount
        for site, measure, change, amount in result.effects.select(
            "site", "measure", "change", "amount"
        ).iter_rows()
    }
    names = dict(result.after.select("site", "site_name").iter_rows())
    rows = [("Which change did it", *(f"[{c}]" if c in numbers else c for c in columns))]
    first = next(iter(names))  # rent is the same wherever one would build
    for label, site, measure in (
        ("Rent", first, "rent"),
        *((f"Best - rent, {str(name)[:NAME_WIDTH]}", site, "best_less_rent") for site, name in names.items()),
    ):
        rows.append((label, *(_thousands(amounts.get((site, measure, column))) for column in columns)))
    verdicts = dict(result.before.select("site", "verdict").iter_rows())
    turned = [
        f"[{number}] by itself is no plan that can be computed; what it does is in '{TOGETHER}'"
        if alone is None
        else f"[{number}] by itself turns the verdict of: {_turned(verdicts, alone)}"
        for number, alone in zip(numbers, result.alone, strict=True)
    ]
    return [
        *_table(rows, texts=1),
        "",
        f"[n]: that change alone; {TOGETHER}: what they do only in company. They add up to the total, before rounding.",
        *turned,
    ]


def _turned(before: dict[str, str], alone: pl.DataFrame) -> str:
    """Names of the sites whose verdict is another one."""
    rows = alone.select("site", "site_name", "verdict").iter_rows()
    return (
        ", ".join(name for site, name, verdict in rows if before.get(site, verdict) != verdict) or "no site"
    )


def _anew(plans: pl.DataFrame, after: pl.DataFrame) -> list[str]:
    """The optimal plan chosen anew beside the stored one."""
    stored = {row["site"]: row for row in after.iter_rows(named=True)}
    rows = [("Optimised anew", "", "Stored", "Anew", "Better by")]
    for site, feasible, reason, source, value in plans.iter_rows():
        kept = stored[site]["optimal"]
        better = None if value is None or kept is None else kept - value
        text = source if feasible else english(reason)
        rows.append(
            (
                stored[site]["site_name"][:NAME_WIDTH],
                str(text),
                *(_thousands(a) for a in (kept, value, better)),
            )
        )
    return _table(rows, texts=2)


def _chances(
    overriding: Overriding,
    changes: Sequence[Override],
    draws: int,
    known: tuple[Facts, StoredOptima],
    on_draws: Callable[[int, int], None] | None,
) -> list[str]:
    """Probability that building wins before and after, in the same drawn worlds."""
    asked = [Override("uncertainty.draws", draws), Override("uncertainty.most_draws", draws)]
    rows: list[tuple[str, ...]] = [("Building wins", "", "Probability", "+-", "Own P10", "P50", "P90")]
    notes: list[Note] = []
    kept = [change for change in changes if change.key not in {a.key for a in asked}]
    names = {site.id: site.name for site in overriding.plan(kept).sites}
    frames = []
    for when, here in (("before", []), ("after", kept)):
        frame, told = drawn(overriding.plan([*here, *asked]), *known, on_draws)
        frames.append((when, {row["site"]: row for row in frame.iter_rows(named=True)}))
        notes += [note for note in told if note not in notes]
    for site in dict.fromkeys(site for _, found in frames for site in found):
        for position, (when, found) in enumerate(frames):
            row = found.get(site)
            cells = (
                ("-",) * 5
                if row is None
                else (
                    f"{row['probability']:.1%}",
                    f"{row['standard_error']:.1%}",
                    *(_thousands(row[q]) for q in ("p10", "p50", "p90")),
                )
            )
            rows.append(("" if position else names.get(site, site)[:NAME_WIDTH], when, *cells))
    return [*_table(rows, texts=2), *map(english, notes)]


def _table(rows: Sequence[Sequence[str]], texts: int = TEXT_COLUMNS) -> list[str]:
    """Rows, the head first, in columns: ``texts`` of words, the others of numbers."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = [
        "  ".join(
            cell.ljust(width) if column < texts else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]
    return [lines[0], "-" * max(len(line) for line in lines), *lines[1:]]


def _thousands(amount: float | None) -> str:
    return "-" if amount is None else f"{round(amount / 1000):,}"
