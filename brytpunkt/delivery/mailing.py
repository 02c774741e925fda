"""Mailing: a plan's newest run, its recipients and its rendered reports, ready for the post.

Belongs here: finding these and rendering what is missing. Does not belong here: sending (post.py), or when.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from brytpunkt.declarations import read_plan
from brytpunkt.delivery.send import Mailing
from brytpunkt.errors import BrytpunktError
from brytpunkt.reporting.outputs.render import render_reports
from brytpunkt.runs.store import Run, newest_run

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date, datetime
    from pathlib import Path

    from brytpunkt.declarations import Delivery
    from brytpunkt.delivery.settings import MailSettings
    from brytpunkt.folders import Folders


def mailing_of(
    found: Folders, plan: str, settings: MailSettings, now: datetime, *, by_content: bool = False
) -> Mailing:
    """The mailing of a plan's newest run; raises ``BrytpunktError`` where it has no run or no recipients."""
    run = newest_run(found.home, plan)
    delivery = declared_delivery(found.home, plan, run)
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


def declared_delivery(home: Path, plan: str, run: Run) -> Delivery | None:
    """Recipients as the plan was registered last, so that one who was taken out gets nothing more."""
    registered = home / "plans" / f"{plan}.yaml"
    path = registered if registered.exists() else run.folder / "declaration.yaml"
    return read_plan(path).plan.delivery


def reports_in(found: Folders, run: Run, language: str, names: Sequence[str], today: date) -> Path:
    """Folder of a run's reports in a language; of those named, what is not there is rendered as of ``today``."""
    summary = run.summary()
    folder = run.reports if language == summary["plan"]["language"] else run.reports / language
    missing = [name for name in names if not (folder / f"{name}.pdf").exists()]
    if missing:
        render_reports(summary, run.result(), found, folder, language, only=missing, today=today)
    return folder
