"""Mailing: the run of a plan's declaration, its recipients and its rendered reports, ready for the post.

Belongs here: finding these and rendering what is missing. Does not belong here: sending (post.py), or when.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from brytpunkt.declarations import read_plan
from brytpunkt.delivery.send import Mailing
from brytpunkt.errors import BrytpunktError
from brytpunkt.registered import registered
from brytpunkt.reporting.outputs.render import render_reports
from brytpunkt.run_order import list_runs, never_computed, newest_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date, datetime
    from pathlib import Path

    from brytpunkt.declarations import Declared
    from brytpunkt.delivery.settings import MailSettings
    from brytpunkt.folders import Folders
    from brytpunkt.runs.store import Run


def mailing_of(
    found: Folders, declared: Declared, settings: MailSettings, now: datetime, *, by_content: bool = False
) -> Mailing:
    """The mailing of a declaration's own run to the recipients that it names.

    Raises ``BrytpunktError`` where it has no run or no recipients.
    """
    plan = declared.plan.plan
    run = run_of_declaration(found.home, declared)
    delivery = declared.plan.delivery
    if delivery is None:
        message = (
            f"plan {plan} declares no recipients; add a `delivery` section to its file (docs/declare.md)"
        )
        raise BrytpunktError(message)
    return Mailing(
        home=found.home,
        templates=found.templates,
        run=run,
        delivery=delivery,
        settings=settings,
        now=now,
        reports_in=lambda language, names: reports_in(found, run, language, names, now.date()),
        by_content=by_content,
    )


def current_declaration(home: Path, plan: str) -> Declared:
    """The declaration that a plan's id stands for: as registered last, so that a recipient taken out gets nothing more.

    Where none is registered, that of the newest run; raises ``BrytpunktError`` where there is no run either.
    """
    declared = registered(home, plan)
    if declared is not None:
        return declared
    runs = list_runs(home, plan)
    if not runs:
        raise BrytpunktError(never_computed(plan))
    return read_plan(runs[-1].folder / "declaration.yaml")


def run_of_declaration(home: Path, declared: Declared) -> Run:
    """The newest run of this very declaration; raises ``BrytpunktError`` where it has none, whatever others have."""
    plan = declared.plan.plan
    runs = list_runs(home, plan)
    run = newest_of(runs, declared.sha256)
    if run is not None:
        return run
    if not runs:
        raise BrytpunktError(never_computed(plan))
    message = (
        f"the declaration of plan {plan} that was registered last (SHA-256 {declared.sha256[:16]}) has no finished run; "
        f"run {runs[-1].run_id} is of another one ({runs[-1].declaration_sha256[:16]}). Run `brytpunkt plan` with its file"
    )
    raise BrytpunktError(message)


def reports_in(found: Folders, run: Run, language: str, names: Sequence[str], today: date) -> Path:
    """Folder of a run's reports in a language; of those named, what is not there is rendered as of ``today``."""
    summary = run.summary()
    folder = run.reports if language == summary["plan"]["language"] else run.reports / language
    missing = [name for name in names if not (folder / f"{name}.pdf").exists()]
    if missing:
        render_reports(summary, run.result(), found, folder, language, only=missing, today=today)
    return folder
