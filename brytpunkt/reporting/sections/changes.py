"""Changes: what is different from the report before, in sentences, bars and tables.

Belongs here: words and numbers for `summary["changes"]`. Does not belong here: the comparison (brytpunkt.comparison).
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from brytpunkt.reporting.charts.waterfall import waterfall
from brytpunkt.reporting.formats import SCALES
from brytpunkt.reporting.sanitise import short

if TYPE_CHECKING:
    from brytpunkt.reporting.formats import Formats
    from brytpunkt.reporting.sections.context import Desk

Row = dict[str, Any]
NAME_IN_SENTENCE = 60
NAME_IN_TABLE = 70
LARGEST_MOVEMENTS = 10
CAUSES = ("model", "prices", "energy", "fx", "declarations", "inputs", "choices")
MEASURES = ("rent", "own", "best")


def change_lines(changes: Row, formats: Formats, site: str | None = None) -> list[str]:
    """What changed, one line a site that did; of one site, its line in any case."""
    words = formats.texts
    rows = [row for row in changes["sites"] if site in {None, row["site"]}]
    lines = [line for row in rows if (line := _site_line(changes, row, formats, is_alone=site is not None))]
    if changes["currency_before"] != changes["currency"]:
        lines.append(words("changes.currency", before=changes["currency_before"], after=changes["currency"]))
    return lines or [words("changes.nothing")]


def _site_line(changes: Row, row: Row, formats: Formats, *, is_alone: bool) -> str:
    words = formats.texts
    name = short(row["site_name"], NAME_IN_SENTENCE)
    before, after = row["verdict_before"], row["verdict_after"]
    if before is None or after is None:
        return words("changes.new" if before is None else "changes.gone", site=name)
    verdicts = {"before": words.name("verdict", before), "after": words.name("verdict", after), "site": name}
    sentences = [words("changes.verdict" if before != after else "changes.same", **verdicts)]
    is_moved = before != after
    if row["switch_date_before"] != row["switch_date_after"]:
        is_moved = True
        sentences.append(
            words(
                "changes.order",
                before=_month(row["switch_date_before"], formats),
                after=_month(row["switch_date_after"], formats),
            )
        )
    if changes["currency_before"] == changes["currency"]:
        was, now = row["best_before"], row["best_after"]
        is_moved = is_moved or was != now
        if was is not None and now is not None:
            sentences.append(_money(was, now, formats))
    return " ".join(sentences) if is_moved or is_alone else ""


def _money(was: float, now: float, formats: Formats) -> str:
    words = formats.texts
    if was == now:
        return words("changes.money_same", after=formats.money(now))
    return words(
        "changes.money",
        before=formats.money(was),
        after=formats.money(now),
        change=formats.money(now - was, signed=True),
        share=formats.percent((now - was) / was if was else None, 1, signed=True),
    )


def _month(date: str | None, formats: Formats) -> str:
    return formats.month(date) if date else formats.texts("never")


def changes_section(at: Desk, row: Row) -> Row | None:
    """Context of the partial `changes`; the portfolio lists every site's line."""
    context = changes_context(at, row["site"])
    if context is None:
        return None
    return context | ({"lines": context["all_lines"]} if at.is_portfolio else {})


def changes_context(at: Desk, site: str) -> Row | None:
    """Context of partials/changes.html.j2 for a site; nothing where there is no report before this one.

    The portfolio's report passes the site that it recommends, and lists every site's line.
    """
    changes = at.summary.get("changes")
    if changes is None:
        return None
    formats, words = at.formats, at.formats.texts
    row = next((found for found in changes["sites"] if found["site"] == site), None)
    bars = [bar for bar in changes["bars"] if bar["site"] == site]
    note = at.say(changes["note"])
    return {
        "since": words("changes.since", run=changes["from_run"], date=formats.day(changes["from_as_of"])),
        "lines": change_lines(changes, formats, site),
        "all_lines": change_lines(changes, formats),
        "note": note and words("changes.remark" if changes["is_split"] else "changes.unsplit", note=note),
        "figure": _figure(at, row, bars) if row and bars else None,
        "table": _table(bars, formats) if bars else None,
        "movements": _movements(changes["movements"], at, site),
        "effect": words("changes.effect", unit=formats.unit("thousand")),
    }


def _figure(at: Desk, row: Row, bars: list[Row]) -> Row:
    formats, words = at.formats, at.formats.texts
    steps = [
        (words(f"changes.causes.{bar['cause']}"), float(bar["amount"]))
        for bar in bars
        if bar["measure"] == "best" and float(bar["amount"])
    ]
    name = short(row["site_name"], NAME_IN_SENTENCE)
    if not steps:
        return {"head": words("changes.figure_none", site=name), "sub": "", "svg": None}
    cause, most = max(steps, key=lambda step: abs(step[1]))
    scale = formats.scale_of([amount for _, amount in steps])
    ends = {"before": formats.money(row["best_before"]), "after": formats.money(row["best_after"])}
    parts = "; ".join(f"{name}: {formats.money(amount, signed=True)}" for name, amount in steps)
    return {
        "head": words(
            "changes.figure", site=name, cause=cause.lower(), amount=formats.money(most, signed=True)
        ),
        "sub": words("changes.figure_sub", unit=formats.unit(scale), **ends),
        "svg": waterfall(
            at.canvas, steps, words("changes.total"), scale, words("changes.spoken", parts=parts, **ends)
        ),
    }


def _table(bars: list[Row], formats: Formats) -> Row:
    """Causes by measure, to the cent, with their sums."""
    words = formats.texts
    amounts = {(bar["measure"], bar["cause"]): Decimal(bar["amount"]) for bar in bars}
    measures = [name for name in MEASURES if any(measure == name for measure, _ in amounts)]
    causes = [name for name in CAUSES if any(cause == name for _, cause in amounts)]
    return {
        "columns": [words(f"changes.measure.{name}") for name in measures],
        "unit": formats.currency,
        "rows": [
            (
                words(f"changes.causes.{cause}"),
                [formats.number(amounts.get((name, cause)), 2, signed=True) for name in measures],
            )
            for cause in causes
        ],
        "totals": [
            formats.number(
                sum((amounts.get((name, cause), Decimal(0)) for cause in causes), Decimal(0)), 2, signed=True
            )
            for name in measures
        ],
    }


def _movements(movements: list[Row], at: Desk, site: str) -> list[Row]:
    formats, words = at.formats, at.formats.texts
    here = [row for row in movements if row["site"] in {None, site}]
    return [
        {
            "kind": words.name("changes.kind", row["kind"]),
            "item": short(at.say(row["item"]), NAME_IN_TABLE),
            "before": formats.significant(row["before"], 4),
            "after": formats.significant(row["after"], 4),
            "unit": at.say(row["unit"]),
            "share": formats.percent(row["change_share"], 1, signed=True),
            "effect": formats.number(row["effect"] / SCALES["thousand"], 1, signed=True),
        }
        for row in here[:LARGEST_MOVEMENTS]
    ]
