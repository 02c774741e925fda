"""SMTP: one message to one recipient over one connection, and what is known of its fate.

Belongs here: the conversation with the server. Does not belong here: the record of it (see outbox.py).

Until the message has been handed over, every failure means that nothing was delivered. From then on only the
server's answer counts: without one the outcome is unknown, and is never turned into a second message.
"""

from __future__ import annotations

import contextlib
import re
import smtplib
import ssl
from dataclasses import dataclass
from typing import TYPE_CHECKING

from brytpunkt.delivery.outbox import REFUSED, RETRYABLE, SENT, UNKNOWN

if TYPE_CHECKING:
    from brytpunkt.delivery.settings import MailSettings

CONTINUE, ACCEPTED_FROM, ACCEPTED_BELOW = 354, 200, 300
RETRY_FROM, REFUSED_FROM, REFUSED_BELOW = 400, 500, 600
_LINE_DOT = re.compile(rb"(?m)^\.")


@dataclass(frozen=True)
class Outcome:
    """The state that a letter comes into, why, and whether the next one need not be tried either."""

    state: str
    note: str
    is_server_unusable: bool = False


class _NoTlsError(Exception):
    """The server offers no STARTTLS."""


def deliver(settings: MailSettings, recipient: str, message: bytes) -> Outcome:
    """Hand one message (CRLF lines) to the server for one recipient."""
    try:
        server = _greeted(settings)
    except _NoTlsError:
        note = "the server offers no STARTTLS; nothing was sent. Use port 465 with tls, or another server"
        return Outcome(RETRYABLE, note, is_server_unusable=True)
    except smtplib.SMTPAuthenticationError as error:
        note = f"the server refused the login: {_reply(settings, error.smtp_code, error.smtp_error)}"
        return Outcome(RETRYABLE, note, is_server_unusable=True)
    except (OSError, smtplib.SMTPException) as error:
        return Outcome(RETRYABLE, f"no connection: {_told(settings, error)}", is_server_unusable=True)
    try:
        return _conversation(settings, server, recipient, message)
    finally:
        with contextlib.suppress(OSError, smtplib.SMTPException):
            server.quit()
        server.close()


def _greeted(settings: MailSettings) -> smtplib.SMTP:
    """A server that answered, under TLS and logged in as declared."""
    context = ssl.create_default_context()
    server: smtplib.SMTP
    if settings.security == "tls":
        server = smtplib.SMTP_SSL(settings.host, settings.port, timeout=settings.timeout_s, context=context)
    else:
        server = smtplib.SMTP(settings.host, settings.port, timeout=settings.timeout_s)
    try:
        server.ehlo_or_helo_if_needed()
        if settings.security == "starttls":
            _encrypt(server, context)
        if settings.user:
            server.login(settings.user, settings.password.reveal())
    except BaseException:
        server.close()
        raise
    return server


def _encrypt(server: smtplib.SMTP, context: ssl.SSLContext) -> None:
    if not server.has_extn("starttls"):
        raise _NoTlsError
    server.starttls(context=context)
    server.ehlo()


def _conversation(settings: MailSettings, server: smtplib.SMTP, recipient: str, message: bytes) -> Outcome:
    try:
        code, reply = server.mail(settings.sender)
        if _accepts(code):
            code, reply = server.rcpt(recipient)
        if not _accepts(code):
            return Outcome(_failed(code), _reply(settings, code, reply))
        code, reply = server.docmd("DATA")
        if code != CONTINUE:
            return Outcome(_failed(code), _reply(settings, code, reply))
    except (OSError, smtplib.SMTPException) as error:
        return Outcome(RETRYABLE, f"before the message was handed over: {_told(settings, error)}")
    try:
        server.send(_LINE_DOT.sub(b"..", message).removesuffix(b"\r\n") + b"\r\n.\r\n")
        code, reply = server.getreply()
    except (OSError, smtplib.SMTPException) as error:
        return Outcome(
            UNKNOWN, f"the connection was lost before the server answered: {_told(settings, error)}"
        )
    if _accepts(code):
        return Outcome(SENT, _reply(settings, code, reply))
    if RETRY_FROM <= code < REFUSED_BELOW:
        return Outcome(_failed(code), _reply(settings, code, reply))
    return Outcome(UNKNOWN, f"the server's answer is none: {_reply(settings, code, reply)}")


def _accepts(code: int) -> bool:
    return ACCEPTED_FROM <= code < ACCEPTED_BELOW


def _failed(code: int) -> str:
    """4xx and nonsense may be tried again, 5xx not: nothing was handed over, or the server said no."""
    return REFUSED if REFUSED_FROM <= code < REFUSED_BELOW else RETRYABLE


def _reply(settings: MailSettings, code: int, reply: bytes | str) -> str:
    text = reply.decode("utf-8", "replace") if isinstance(reply, bytes) else reply
    return settings.redacted(f"{code} {text}")


def _told(settings: MailSettings, error: Exception) -> str:
    return settings.redacted(f"{type(error).__name__}: {error}")
