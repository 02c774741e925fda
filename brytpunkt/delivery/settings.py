"""Settings of mail: read from the environment, checked, and never shown with their secret.

Belongs here: names and meaning of the variables (docs/operate.md lists them).
Does not belong here: who gets mail; a plan declares that.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass
from email.headerregistry import Address

from brytpunkt.errors import InputError, Problem

PORTS: dict[str, int] = {"starttls": 587, "tls": 465, "plain": 25}
HOST, PORT, SECURITY = "BRYTPUNKT_SMTP_HOST", "BRYTPUNKT_SMTP_PORT", "BRYTPUNKT_SMTP_SECURITY"
USER, PASSWORD = "BRYTPUNKT_SMTP_USER", "BRYTPUNKT_SMTP_PASSWORD"
TIMEOUT = "BRYTPUNKT_SMTP_TIMEOUT_S"
SENDER = "BRYTPUNKT_MAIL_FROM"
MODE, DOMAINS = "BRYTPUNKT_MAIL_MODE", "BRYTPUNKT_MAIL_ALLOWED_DOMAINS"
MAX_BYTES, LINK = "BRYTPUNKT_MAIL_MAX_BYTES", "BRYTPUNKT_MAIL_LINK"
NOBODY = "brytpunkt@localhost"
DEFAULT_MAX_BYTES = 10_000_000
LEAST_MAX_BYTES = 20_000
HIDDEN = "(hidden)"


class Secret:
    """A text that does not show itself: not in a log, an error, a trace or a report."""

    def __init__(self, text: str) -> None:
        """Keep it."""
        self._text = text

    def reveal(self) -> str:
        """The text, for the one place that needs it."""
        return self._text

    def __repr__(self) -> str:
        return HIDDEN

    __str__ = __repr__


@dataclass(frozen=True)
class MailSettings:
    """How mail leaves. ``really``: whether it does at all; otherwise messages become files.

    ``host`` is empty where none is named, which only a dry run bears. ``allowed_domains``: a limit of the operator's
    beside that of each plan, none if empty. ``link``: where readers find reports that are too large to attach.
    """

    host: str
    port: int
    security: str
    user: str
    password: Secret
    sender: str
    timeout_s: float
    really: bool
    max_bytes: int
    allowed_domains: tuple[str, ...]
    link: str

    def redacted(self, text: str) -> str:
        """A text from the server, on one line, without the password or user name should it repeat them."""
        for secret in (self.password.reveal(), self.user):
            if secret:
                text = text.replace(secret, HIDDEN)
        return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:300]


def mail_settings(environment: Mapping[str, str], *, really: bool = False) -> MailSettings:
    """Settings from the environment; raises ``InputError`` with everything that is wrong or missing.

    ``really`` asks for real sending, as does ``BRYTPUNKT_MAIL_MODE=real``; without either it is a dry run.
    """
    given = {name: text.strip() for name, text in environment.items() if text.strip()}
    problems: list[Problem] = []
    mode = _choice(given, MODE, ("dry", "real"), problems)
    security = _choice(given, SECURITY, tuple(PORTS), problems)
    settings = MailSettings(
        host=given.get(HOST, ""),
        port=int(_number(given, PORT, PORTS[security], 1, problems)),
        security=security,
        user=given.get(USER, ""),
        password=Secret(environment.get(PASSWORD, "")),
        sender=given.get(SENDER, NOBODY),
        timeout_s=_number(given, TIMEOUT, 30, 0.01, problems),
        really=really or mode == "real",
        max_bytes=int(_number(given, MAX_BYTES, DEFAULT_MAX_BYTES, LEAST_MAX_BYTES, problems)),
        allowed_domains=tuple(
            part.strip().lower() for part in given.get(DOMAINS, "").split(",") if part.strip()
        ),
        link=given.get(LINK, ""),
    )
    problems += _conflicts(settings, given)
    if problems:
        raise InputError(tuple(problems))
    return settings


def _choice(given: Mapping[str, str], name: str, known: tuple[str, ...], problems: list[Problem]) -> str:
    """The value of a variable that knows a few words; the first of them is the default."""
    text = given.get(name, known[0])
    if text in known:
        return text
    problems.append(
        Problem(name, f"{text[:40]!r} is not known", f"write {', '.join(known[:-1])} or {known[-1]}")
    )
    return known[0]


def _number(
    given: Mapping[str, str], name: str, default: float, least: float, problems: list[Problem]
) -> float:
    try:
        value = float(given.get(name, default))
    except ValueError:
        value = least - 1
    if least <= value < float("inf"):
        return value
    problems.append(Problem(name, f"expected a number of at least {least:g}, got {given[name][:40]!r}"))
    return default


def _conflicts(settings: MailSettings, given: Mapping[str, str]) -> list[Problem]:
    problems = _sender_problems(settings.sender)
    if settings.really:
        problems += [
            Problem(name, "is not set, and mail is to be sent", hint)
            for name, hint in ((HOST, "name the mail server"), (SENDER, "name the sender's address"))
            if name not in given
        ]
    if settings.security == "plain" and settings.host and not _is_loopback(settings.host):
        problems.append(
            Problem(
                SECURITY,
                f"plain text to {settings.host} is refused",
                "plain is for this machine alone: use starttls or tls",
            )
        )
    if bool(settings.user) != bool(settings.password.reveal()):
        problems.append(
            Problem(PASSWORD, "user and password go together", f"set both {USER} and {PASSWORD}, or neither")
        )
    return problems


def _sender_problems(sender: str) -> list[Problem]:
    try:
        parsed = Address(addr_spec=sender)
    except (ValueError, IndexError, AttributeError):
        parsed = None
    if parsed is None or not parsed.domain or not sender.isascii() or not sender.isprintable():
        return [Problem(SENDER, f"{sender[:60]!r} is not a mail address", "write reports@example.org")]
    return []


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
