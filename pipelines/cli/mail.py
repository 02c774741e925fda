"""The commands around delivery: send, outbox, diff. Heavy rooms are imported only by the command that needs them."""

from __future__ import annotations

import argparse
import os
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from brytpunkt.errors import BrytpunktError, InputError, Problem
from brytpunkt.folders import Folders, folders

if TYPE_CHECKING:
    from brytpunkt.delivery.outbox import Letter
    from brytpunkt.delivery.send import Mailing, Posted
    from brytpunkt.delivery.settings import MailSettings
    from brytpunkt.runs.store import Run

EXIT_OK, EXIT_ERROR = 0, 1
COMMANDS = ("send", "outbox", "diff")


def add_commands(commands: Any) -> None:
    """Their options."""
    send = commands.add_parser(
        "send",
        help="mail the report of the plan as it was last declared to its recipients (a dry run unless --really)",
    )
    send.add_argument(
        "plan", nargs="?", metavar="PLAN", help="a plan's id (default: every plan with recipients)"
    )
    send.add_argument(
        "--really", action="store_true", help="send it; without this, messages are written to a folder"
    )
    send.add_argument(
        "--by-content",
        action="store_true",
        help="once for this very result, even if this week or month had its report",
    )
    outbox = commands.add_parser("outbox", help="what was sent, what failed, and what nobody knows")
    actions = outbox.add_subparsers(dest="action", metavar="ACTION")
    listed = actions.add_parser("list", help="every letter and its state (the default)")
    listed.add_argument("plan", nargs="?", metavar="PLAN", help="only of this plan")
    resolve = actions.add_parser("resolve", help="settle an unknown outcome")
    resolve.add_argument("id", type=int, metavar="ID", help="the letter's number in the list")
    resolve.add_argument(
        "outcome", choices=("sent", "not-sent"), help="it arrived, or it did not and may be tried again"
    )
    diff = commands.add_parser("diff", help="what changed between two runs of a plan, and why")
    diff.add_argument("old", metavar="RUN_A", help="the earlier run's id")
    diff.add_argument("new", metavar="RUN_B", help="the later run's id")


def run_command(options: argparse.Namespace) -> int:
    """Run one of ``COMMANDS``; returns the exit code."""
    if options.command == "send":
        return _send(options.plan, really=options.really, by_content=options.by_content)
    if options.command == "diff":
        return _diff(options.old, options.new)
    if options.action == "resolve":
        return _resolve(options.id, options.outcome)
    return _list(getattr(options, "plan", None))


def _send(plan: str | None, *, really: bool, by_content: bool) -> int:
    from brytpunkt.delivery.settings import mail_settings

    settings = mail_settings(os.environ, really=really)
    found, now = folders(), datetime.now(UTC)
    names = [plan] if plan is not None else _computed_plans(found)
    is_well, is_any = True, False
    for name in names:
        try:
            mailing = _mailing(found, name, settings, now, by_content=by_content, is_named=plan is not None)
        except BrytpunktError as error:
            if plan is not None:
                raise
            print(f"{name}: {error}", file=sys.stderr)
            is_well = False
            continue
        if mailing is not None:
            is_any = True
            is_well = _posted(mailing) and is_well
    if not is_any and is_well:
        print("No plan that was computed here declares recipients; nothing to send.")
        return EXIT_OK
    if not settings.really:
        print("DRY RUN: nothing was sent. The messages are files in the folders above; --really sends them.")
    from brytpunkt.delivery.outbox import UNKNOWN, Outbox

    with Outbox(found.home) as outbox:
        unknown = outbox.letters(state=UNKNOWN)
    for letter in unknown:
        print(
            f"ALERT: letter {letter.id} to {letter.recipient}: nobody knows whether it was delivered. {_how_to(letter)}"
        )
    return EXIT_OK if is_well and not unknown else EXIT_ERROR


def _computed_plans(found: Folders) -> list[str]:
    from brytpunkt.registered import registered_plans
    from brytpunkt.run_order import list_runs

    computed = {run.plan for run in list_runs(found.home)}
    return [plan for plan in registered_plans(found.home) if plan in computed]


def _mailing(
    found: Folders, plan: str, settings: MailSettings, now: datetime, *, by_content: bool, is_named: bool
) -> Mailing | None:
    """The mailing of a plan; None for one that was not asked for by name and declares no recipients."""
    from brytpunkt.delivery.mailing import current_declaration, mailing_of

    declared = current_declaration(found.home, plan)
    if declared.plan.delivery is None and not is_named:
        return None
    return mailing_of(found, declared, settings, now, by_content=by_content)


def _posted(mailing: Mailing) -> bool:
    """Post a mailing and say what became of it; whether all is well."""
    from brytpunkt.delivery.send import post
    from brytpunkt.run_order import clock_doubt, list_runs

    run = mailing.run
    print(f"{run.plan}: run {run.run_id}, declaration {run.declaration_sha256[:16]}, period {mailing.period}")
    doubt = clock_doubt(list_runs(mailing.home, run.plan), mailing.now)
    if doubt:
        print(f"  ! {doubt}")
    posted = post(mailing)
    for line in posted:
        print(f"  {_posted_line(line)}")
    return all(line.state in {"sent", "suppressed", "dry run"} for line in posted)


def _posted_line(line: Posted) -> str:
    place = f" {line.path}" if line.path else ""
    letter = f"letter {line.letter}, " if line.letter else ""
    already = "" if line.is_sent_now or line.state != "sent" else " earlier in this period"
    note = f": {line.note}" if line.note else ""
    return f"{line.recipient} ({line.scope}): {letter}{line.state}{already}{note}{place}"


def _list(plan: str | None) -> int:
    from brytpunkt.delivery.outbox import UNKNOWN, Outbox

    with Outbox(folders().home) as outbox:
        letters = outbox.letters(plan)
    head = ("id", "state", "plan", "reports", "recipient", "period", "tries", "changed", "note")
    rows = [head] + [
        (
            str(x.id), x.state, x.plan, x.scope, x.recipient, x.period, str(x.attempts), x.changed,
            _how_to(x) if x.state == UNKNOWN else x.note[:80],
        )
        for x in letters
    ]  # fmt: skip
    widths = [max(len(row[column]) for row in rows) for column in range(len(head) - 1)]
    for row in rows:
        print("  ".join([*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[-1]]))
    return EXIT_OK


def _how_to(letter: Letter) -> str:
    return (
        f"{letter.note}. Look in the mail server's log for {letter.message_id}, then "
        f"`brytpunkt outbox resolve {letter.id} sent` or `not-sent`"
    )


def _resolve(identifier: int, outcome: str) -> int:
    from brytpunkt.delivery.outbox import Outbox

    now = datetime.now(UTC)
    with Outbox(folders().home) as outbox, outbox.sending_alone(now):
        letter = outbox.resolve(identifier, is_sent=outcome == "sent", now=now)
    after = "" if outcome == "sent" else "; the next `brytpunkt send --really` tries it again"
    print(f"letter {letter.id} to {letter.recipient} is now {letter.state}{after}")
    return EXIT_OK


def _diff(old: str, new: str) -> int:
    found = folders()
    before, after = _run(found, old), _run(found, new)
    if before.plan != after.plan:
        message = f"{old} is of plan {before.plan}, {new} of plan {after.plan}; compare two runs of one plan"
        raise BrytpunktError(message)
    from brytpunkt.runs.comparison import compare
    from brytpunkt.runs.store import code_version
    from pipelines.cli.diff import diff_lines

    print("\n".join(diff_lines(compare(before, after, code_version(found.checkout)))))
    return EXIT_OK


def _run(found: Folders, run_id: str) -> Run:
    from brytpunkt.delivery.previous_report import run_of
    from brytpunkt.run_order import list_runs

    run = run_of(found.home, run_id) if run_id == os.path.basename(run_id) else None  # noqa: PTH119 - an id, no path
    if run is None:
        known = [known.run_id for known in list_runs(found.home)][-3:]
        hint = f"the newest are {', '.join(known)}" if known else "none is kept; run `brytpunkt plan` first"
        raise InputError((Problem(run_id, "there is no such run", hint),))
    return run
