"""Words: subject, text and HTML of a message, from a run's summary.

Belongs here: what a message says in the language of its reader. Does not belong here: headers and files
(message.py), or the report itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from brytpunkt.declarations.sections.delivery import PORTFOLIO
from brytpunkt.delivery.message import SUBJECT_LENGTH, Attachment, Words, one_line
from brytpunkt.planning.verdicts.feasibility import verdict_cost
from brytpunkt.reporting.formats import Formats
from brytpunkt.reporting.outputs.html import environment
from brytpunkt.reporting.sections import decision
from brytpunkt.reporting.sections.changes import change_lines
from brytpunkt.reporting.sections.portfolio import best_site
from brytpunkt.reporting.translations import texts

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

Row = dict[str, Any]
LINE_LENGTH = 600
NAME_LENGTH = 80
SHA_LENGTH = 16


def words(
    summary: Row,
    reports: Sequence[str],
    language: str,
    templates: Path,
    *,
    attached: Sequence[Attachment],
    left_out: Sequence[Attachment],
    where: str,
    is_known: bool = False,
) -> Words:
    """A message on the given reports (`portfolio`, site ids).

    ``where``: the place of what is left out. ``is_known``: the reader got this very result last time.
    """
    formats = Formats(texts(language), summary["finance"]["currency"])
    say = formats.texts
    rows = _rows(summary, reports)
    first = rows[0]
    horizon = int(summary["finance"]["horizon_months"])
    headline = decision.headline(first, formats, "portfolio_")
    changes = [say("changes.nothing")] if is_known else _changes(summary, reports, formats)
    plan = one_line(summary["plan"]["name"], NAME_LENGTH)
    subject = one_line(say("mail.subject", plan=plan, headline=headline), SUBJECT_LENGTH)
    context = {
        "t": say,
        "language": language,
        "subject": subject,
        "headline": one_line(headline, LINE_LENGTH),
        "lead": one_line(decision.lead(first, horizon, formats), 2 * LINE_LENGTH),
        "hello": say("mail.hello", plan=plan, date=formats.day(summary["run"]["as_of"])),
        "changes": [one_line(line, LINE_LENGTH) for line in changes],
        "sites": [one_line(_site(row, formats), LINE_LENGTH) for row in rows] if len(rows) > 1 else [],
        "files": _files(attached, left_out, where, formats),
        "foot": say(
            "mail.foot", plan=plan, run=summary["run"]["run_id"], sha=summary["plan"]["sha256"][:SHA_LENGTH]
        ),
    }
    pages = environment(templates)
    return Words(
        subject=subject,
        text=pages.get_template("mail/report.txt.j2").render(context),
        html=pages.get_template("mail/report.html.j2").render(context),
    )


def _rows(summary: Row, reports: Sequence[str]) -> list[Row]:
    """Sites that the message is on, the one that its headline names first."""
    sites: list[Row] = summary["sites"]
    if PORTFOLIO in reports:
        best = best_site(sites)
        return [best, *(row for row in sites if row is not best)]
    return [row for row in sites if row["site"] in reports] or sites


def _changes(summary: Row, reports: Sequence[str], formats: Formats) -> list[str]:
    changes = summary.get("changes")
    if changes is None:
        return [formats.texts("mail.first")]
    if PORTFOLIO in reports:
        return change_lines(changes, formats)
    return [line for site in reports for line in change_lines(changes, formats, site)]


def _site(row: Row, formats: Formats) -> str:
    say = formats.texts
    return say(
        f"mail.site_{row['verdict']}",
        site=one_line(row["site_name"], NAME_LENGTH),
        order=formats.month(row["switch_date"]),
        cost=formats.money(verdict_cost(row)),
    )


def _files(
    attached: Sequence[Attachment], left_out: Sequence[Attachment], where: str, formats: Formats
) -> list[str]:
    say = formats.texts
    lines = []
    if attached:
        lines.append(say("mail.attached", names=", ".join(item.name for item in attached)))
    if left_out:
        lines.append(say("mail.left_out", names=", ".join(item.name for item in left_out)))
        lines.append(say("mail.where", where=where))
    return lines
