"""Where a source may be fetched from, and what must never be written down."""

from __future__ import annotations

import ipaddress
import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import quote, urlsplit

from brytpunkt.errors import BrytpunktError
from brytpunkt.publishers._shared.source import Source

PLACEHOLDER = "{credential}"
HIDDEN = "***"
CLIENT_LOGGERS = (
    "httpx2",
    "httpcore2.connection",
    "httpcore2.http11",
    "httpcore2.http2",
    "httpcore2.proxy",
    "httpcore2.socks",
)


class HostError(BrytpunktError):
    """A URL leads where the source may not be fetched from."""


class MissingCredentialError(BrytpunktError):
    """An environment variable that the source needs is not set."""


def is_loopback(host: str) -> bool:
    """Whether a host is this machine."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def check_url(source: Source, url: str) -> str:
    """The host of a URL; raises ``HostError`` unless the source declares it and the way there is encrypted.

    This machine may be reached without encryption, for mirrors and tests.
    """
    parts = urlsplit(url)
    host = (parts.hostname or "").lower()
    if host not in source.hosts:
        message = f"{source.id}: {host or url[:80]!r} is not a declared host ({', '.join(source.hosts) or 'none is'})"
        raise HostError(message)
    if parts.username is not None or parts.password is not None:
        raise HostError(f"{source.id}: a URL at {host} carries a user name; credentials are declared by name")
    if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(host)):
        raise HostError(f"{source.id}: {parts.scheme}://{host} is not encrypted; use https")
    return host


@dataclass(frozen=True)
class Credentials:
    """The credentials of a source: read from named environment variables, and kept out of all that is written.

    ``tokens`` holds what was exchanged for them meanwhile, by name.
    """

    source: Source
    environment: Mapping[str, str] = field(repr=False)
    tokens: dict[str, str] = field(default_factory=dict, repr=False)

    def missing(self) -> tuple[str, ...]:
        """Environment variables that the source declares and that are not set."""
        return tuple(
            name for name in self.source.credentials.values() if not self.environment.get(name, "").strip()
        )

    def value(self, name: str) -> str:
        """The credential of a name; raises ``MissingCredentialError`` with the variable to set."""
        if name in self.tokens:
            return self.tokens[name]
        variable = self.source.credentials.get(name)
        if variable is None:
            message = f"{self.source.id}: its declaration has no credential {name!r}"
            raise MissingCredentialError(message)
        value = self.environment.get(variable, "").strip()
        if not value:
            message = f"{self.source.id}: set {variable} in the environment to its credential {name}"
            raise MissingCredentialError(message)
        return value

    def fill(self, text: str, name: str | None, *, quoted: bool = False) -> str:
        """A header or a URL with the credential in the place that is kept for it."""
        if name is None or PLACEHOLDER not in text:
            return text
        value = self.value(name)
        return text.replace(PLACEHOLDER, quote(value, safe="") if quoted else value)

    def hide(self, text: str, instead: str = HIDDEN) -> str:
        """A text without any credential in it, however the server or a library wrote it."""
        for secret in self._secrets():
            text = text.replace(secret, instead)
        return text

    def _secrets(self) -> list[str]:
        named = [self.environment.get(name, "").strip() for name in self.source.credentials.values()]
        values = [*named, *self.tokens.values()]
        forms = {form for value in values if value for form in (value, quote(value, safe=""), quote(value))}
        return sorted(forms, key=len, reverse=True)

    @contextmanager
    def hidden_in_logs(self) -> Iterator[None]:
        """While it lasts, no log line of the HTTP client holds a credential."""
        keep = _Hiding(self)
        loggers = [logging.getLogger(name) for name in CLIENT_LOGGERS]
        for logger in loggers:
            logger.addFilter(keep)
        try:
            yield
        finally:
            for logger in loggers:
                logger.removeFilter(keep)


class _Hiding(logging.Filter):
    def __init__(self, credentials: Credentials) -> None:
        super().__init__()
        self._credentials = credentials

    def filter(self, record: logging.LogRecord) -> bool:
        """Write the message out, without credentials."""
        record.msg, record.args = self._credentials.hide(record.getMessage()), ()
        return True
