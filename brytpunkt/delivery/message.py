"""Message: one mail as bytes, the same for the same input, within the size limit.

Belongs here: headers, parts, attachments and what to leave out. Does not belong here: words (see words.py).
"""

from __future__ import annotations

import hashlib
import unicodedata
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

FILENAME_LENGTH = 100
SUBJECT_LENGTH = 150


@dataclass(frozen=True)
class Attachment:
    """A file of a message. ``kind``: pdf or xlsx."""

    name: str
    kind: str
    body: bytes


@dataclass(frozen=True)
class Words:
    """What a message says."""

    subject: str
    text: str
    html: str


@dataclass(frozen=True)
class Envelope:
    """Who writes to whom, when, under which name."""

    sender: str
    recipient: str
    message_id: str
    date: datetime
    language: str


SUBTYPES = {"pdf": "pdf", "xlsx": "vnd.openxmlformats-officedocument.spreadsheetml.sheet"}


def message_id(key: Sequence[str], sender: str) -> str:
    """The Message-ID of a letter: the same for every attempt, so that receivers can tell a repetition."""
    digest = hashlib.sha256("\n".join(key).encode()).hexdigest()
    return f"<{digest[:40]}@{sender.rpartition('@')[2]}>"


def message_bytes(envelope: Envelope, words: Words, attachments: Sequence[Attachment]) -> bytes:
    """The message with CRLF lines, in seven-bit text throughout."""
    message = EmailMessage(policy=SMTP)
    message["From"] = envelope.sender
    message["To"] = envelope.recipient
    message["Subject"] = one_line(words.subject, SUBJECT_LENGTH)
    message["Date"] = format_datetime(envelope.date)
    message["Message-ID"] = envelope.message_id
    message["Auto-Submitted"] = "auto-generated"
    message["X-Auto-Response-Suppress"] = "All"
    message.set_content(words.text, charset="utf-8", cte="quoted-printable")
    message.add_alternative(words.html, subtype="html", charset="utf-8", cte="quoted-printable")
    for attachment in attachments:
        message.add_attachment(
            attachment.body,
            maintype="application",
            subtype=SUBTYPES[attachment.kind],
            filename=attachment.name,
        )
    message["Content-Language"] = (
        envelope.language
    )  # last: the parts take what begins with Content- with them
    stem = hashlib.sha256(envelope.message_id.encode()).hexdigest()[:24]
    for number, part in enumerate(message.walk()):
        if part.is_multipart():
            part.set_boundary(f"=_{stem}_{number}")
    return message.as_bytes()


def fitted(
    envelope: Envelope,
    write: Callable[[Sequence[Attachment], Sequence[Attachment]], Words],
    reports: Sequence[Attachment],
    workbooks: Sequence[Attachment],
    max_bytes: int,
) -> bytes:
    """The message with as much as the limit allows: all; without workbooks; the first report alone; no file.

    ``write`` is given what is attached and what is left out, so that the body can say so.
    """
    everything = [*reports, *workbooks]
    body = b""
    for attached in (everything, list(reports), list(reports[:1]), []):
        left_out = [item for item in everything if item not in attached]
        body = message_bytes(envelope, write(attached, left_out), attached)
        if len(body) <= max_bytes:
            break
    return body


def one_line(text: str, length: int) -> str:
    """A text on one line without control or direction characters, cut at ``length``."""
    plain = "".join(" " if unicodedata.category(c)[0] in "CZ" else c for c in text)
    line = " ".join(plain.split())
    return line if len(line) <= length else line[: length - 1].rstrip() + "…"


def file_name(text: str, kind: str) -> str:
    """A name that every system can store: no folder, nothing hidden."""
    kept = "".join(" " if c in '/\\:*?"<>|' else c for c in text)
    return f"{one_line(kept, FILENAME_LENGTH).strip(' .') or 'report'}.{kind}"
