"""Post: a plan's report to each of its recipients, once: intended, written down, sent, written down.

Belongs here: the order of these steps. Does not belong here: their parts (outbox, message, smtp), or rendering.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from brytpunkt.delivery.mail_text import words
from brytpunkt.delivery.materiality import material_changes
from brytpunkt.delivery.message import Attachment, Envelope, file_name, fitted, message_id, one_line
from brytpunkt.delivery.outbox import (
    INTENDED,
    LONGEST_WAIT,
    REFUSED,
    RETRYABLE,
    SENDING,
    SENT,
    SUPPRESSED,
    UNKNOWN,
    Letter,
    Outbox,
)
from brytpunkt.delivery.previous_report import run_of
from brytpunkt.delivery.schedule import newest_due
from brytpunkt.delivery.smtp import deliver
from brytpunkt.errors import BrytpunktError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from brytpunkt.declarations.sections.delivery import Delivery, Recipient
    from brytpunkt.delivery.settings import MailSettings
    from brytpunkt.runs.store import Run

MAX_ATTEMPTS = 6
FIRST_WAIT = timedelta(minutes=10)
DRY = "dry run"
SCOPE_SEPARATOR = "+"


@dataclass(frozen=True)
class Posted:
    """What became of one recipient's report. ``state``: one of the outbox's, or `dry run`."""

    recipient: str
    scope: str
    state: str
    note: str
    letter: int | None = None
    path: Path | None = None
    is_sent_now: bool = False


@dataclass(frozen=True)
class Mailing:
    """One plan's report on its way out.

    ``reports_in``: language and names of reports -> the folder that holds them, and, perhaps, workbooks of the run.
    """

    home: Path
    templates: Path
    run: Run
    delivery: Delivery
    settings: MailSettings
    now: datetime
    reports_in: Callable[[str, Sequence[str]], Path]
    by_content: bool = False

    @property
    def period(self) -> str:
        """The period that a letter counts for: of the schedule, or the content of the run."""
        if self.delivery.schedule is None or self.by_content:
            return f"content-{self.run.content_digest()[:16]}"
        return newest_due(self.delivery.schedule, self.now).period


def post(mailing: Mailing) -> list[Posted]:
    """Send, or in a dry run write, every recipient's report that is not yet sent in this period."""
    if not mailing.settings.really:
        return [_dry(mailing, recipient) for recipient in mailing.delivery.recipients]
    with Outbox(mailing.home) as outbox, outbox.sending_alone(mailing.now):
        posted: list[Posted] = []
        is_unusable = False
        for recipient in mailing.delivery.recipients:
            letter = _intended(mailing, outbox, recipient)
            done, is_unusable = _sent(mailing, outbox, recipient, letter, is_unusable=is_unusable)
            posted.append(done)
        return posted


def scope_of(recipient: Recipient) -> str:
    """The reports of a recipient as one word."""
    return SCOPE_SEPARATOR.join(recipient.reports)


def why_suppressed(mailing: Mailing, outbox: Outbox, recipient: Recipient) -> str:
    """Why this report need not be sent, or nothing: it has not materially changed since the last one sent."""
    rule = mailing.delivery.only_on_change
    if rule is None:
        return ""
    sent = outbox.last_sent(mailing.run.plan, scope_of(recipient), recipient.address)
    before = None if sent is None else run_of(mailing.home, sent.run_id)
    if before is None:
        return ""
    sites = None if "portfolio" in recipient.reports else recipient.reports
    if material_changes(before.summary(), mailing.run.summary(), rule, sites):
        return ""
    return f"no material change since run {before.run_id}"


def _intended(mailing: Mailing, outbox: Outbox, recipient: Recipient) -> Letter:
    key = (mailing.run.plan, scope_of(recipient), recipient.address, mailing.period)
    return outbox.intend(
        plan=key[0],
        scope=key[1],
        recipient=key[2],
        period=key[3],
        run_id=mailing.run.run_id,
        message_id=message_id(key, mailing.settings.sender),
        now=mailing.now,
    )


def _sent(
    mailing: Mailing, outbox: Outbox, recipient: Recipient, letter: Letter, *, is_unusable: bool
) -> tuple[Posted, bool]:
    """One letter as far as it can be brought now, and whether the server is of no use to the next one."""
    reason = _held_back(mailing, recipient)
    if letter.state in {INTENDED, RETRYABLE} and reason:
        return _posted(outbox.move(letter, REFUSED, mailing.now, note=reason)), is_unusable
    if letter.state in {INTENDED, SUPPRESSED}:
        unchanged = why_suppressed(mailing, outbox, recipient)
        if unchanged and letter.state == INTENDED:
            letter = outbox.move(letter, SUPPRESSED, mailing.now, note=unchanged)
        elif not unchanged and letter.state == SUPPRESSED:
            letter = outbox.move(letter, INTENDED, mailing.now)
    if letter.state not in {INTENDED, RETRYABLE} or letter.is_waiting(mailing.now):
        return _posted(letter), is_unusable
    if is_unusable:
        return replace(_posted(letter), note="not tried, as the server could not be used just before"), True
    body = _body(mailing, outbox, recipient, letter)
    letter = outbox.move(
        letter, SENDING, mailing.now, attempts=letter.attempts + 1, run_id=mailing.run.run_id
    )
    outcome = deliver(mailing.settings, recipient.address, body)
    state, note, wait = outcome.state, outcome.note, ""
    if state == RETRYABLE and letter.attempts >= MAX_ATTEMPTS:
        state, note = REFUSED, f"given up after {letter.attempts} attempts: {note}"
    elif state == RETRYABLE:
        wait = (mailing.now + _wait(letter.attempts)).isoformat(timespec="seconds")
    letter = outbox.move(letter, state, mailing.now, note=note, not_before=wait)
    return _posted(letter, is_sent_now=state == SENT), outcome.is_server_unusable


def _held_back(mailing: Mailing, recipient: Recipient) -> str:
    """Why the operator's own list of domains keeps a declared address out, or nothing."""
    allowed = mailing.settings.allowed_domains
    domain = recipient.address.rpartition("@")[2]
    if not allowed or domain in allowed:
        return ""
    return f"the domain {domain} is not in BRYTPUNKT_MAIL_ALLOWED_DOMAINS"


def _wait(attempts: int) -> timedelta:
    """Ten minutes after the first attempt, then twice as long each time, at most twelve hours."""
    return min(FIRST_WAIT * float(2 ** (attempts - 1)), LONGEST_WAIT)


def _posted(letter: Letter, *, is_sent_now: bool = False) -> Posted:
    note = letter.note
    if letter.state == UNKNOWN:
        note += f"; find out, then `brytpunkt outbox resolve {letter.id} sent` or `not-sent`"
    elif letter.state == RETRYABLE and letter.not_before:
        note += f"; tried again by the next `brytpunkt send` after {letter.not_before}"
    return Posted(letter.recipient, letter.scope, letter.state, note, letter.id, is_sent_now=is_sent_now)


def _dry(mailing: Mailing, recipient: Recipient) -> Posted:
    """The message as a file that any mail program opens; the outbox stays untouched."""
    folder = mailing.home / "mail" / f"{mailing.run.plan}-{mailing.period}"
    folder.mkdir(parents=True, exist_ok=True)
    key = (mailing.run.plan, scope_of(recipient), recipient.address, mailing.period)
    now = mailing.now.isoformat(timespec="seconds")
    letter = Letter(
        0, *key, mailing.run.run_id, message_id(key, mailing.settings.sender), INTENDED, 0, "", "", now, now
    )
    path = folder / file_name(recipient.address, "eml")
    with Outbox(mailing.home) as outbox:
        path.write_bytes(_body(mailing, outbox, recipient, letter))
        reason = _held_back(mailing, recipient) or why_suppressed(mailing, outbox, recipient)
    note = f"would not be sent: {reason}" if reason else "not sent"
    return Posted(recipient.address, scope_of(recipient), DRY, note, path=path)


def _body(mailing: Mailing, outbox: Outbox, recipient: Recipient, letter: Letter) -> bytes:
    summary = mailing.run.summary()
    sent = outbox.last_sent(letter.plan, letter.scope, letter.recipient)
    language = recipient.language or summary["plan"]["language"]
    folder = mailing.reports_in(language, recipient.reports)
    reports, workbooks = _attachments(folder, summary, recipient)
    envelope = Envelope(
        sender=mailing.settings.sender,
        recipient=recipient.address,
        message_id=letter.message_id,
        date=datetime.fromisoformat(letter.created).astimezone(UTC),
        language=language,
    )
    return fitted(
        envelope,
        lambda attached, left_out: words(
            summary,
            recipient.reports,
            language,
            mailing.templates,
            attached=attached,
            left_out=left_out,
            where=mailing.settings.link or str(folder),
            is_known=sent is not None and sent.run_id == mailing.run.run_id,
        ),
        reports,
        workbooks,
        mailing.settings.max_bytes,
    )


def _attachments(
    folder: Path, summary: dict[str, Any], recipient: Recipient
) -> tuple[list[Attachment], list[Attachment]]:
    """The recipient's reports, and the workbooks of the same name or, failing those, of the run."""
    names = {row["site"]: row["site_name"] for row in summary["sites"]}
    plan, as_of = one_line(summary["plan"]["name"], 50), summary["run"]["as_of"]
    found: dict[str, list[Attachment]] = {"pdf": [], "xlsx": []}
    for kind, listed in found.items():
        for report in recipient.reports:
            path = folder / f"{report}.{kind}"
            title = " - ".join(filter(None, (plan, one_line(names.get(report, ""), 50), as_of)))
            if path.exists():
                listed.append(Attachment(file_name(title, kind), kind, path.read_bytes()))
            elif kind == "pdf":
                message = f"there is no report {path}; run `brytpunkt plan` with the plan's file again"
                raise BrytpunktError(message)
    if not recipient.workbook:
        found["xlsx"] = []
    elif not found["xlsx"]:
        found["xlsx"] = [
            Attachment(file_name(f"{plan} - {path.stem} - {as_of}", "xlsx"), "xlsx", path.read_bytes())
            for path in sorted(folder.glob("*.xlsx"))
            if path.stem not in names
        ]
    return found["pdf"], found["xlsx"]
