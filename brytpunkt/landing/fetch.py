"""Fetching: one request of a declared source, politely and within its limits, streamed to disk.

The only module that opens connections to publishers.
"""

from __future__ import annotations

import logging
import ssl
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import urljoin, urlsplit

import httpx2
import stamina

from brytpunkt.landing.body import MEGABYTE, Bounds, FetchError, check_kind, decoded
from brytpunkt.landing.files import BodyWriter
from brytpunkt.landing.hosts import PLACEHOLDER, Credentials, HostError, check_url, is_loopback
from brytpunkt.landing.store import Landed
from brytpunkt.landing.tokens import exchange
from brytpunkt.publishers._shared.error_answers import ERROR_BYTES, OK, reason_of
from brytpunkt.publishers._shared.protocol import Document, Request
from brytpunkt.publishers._shared.source import ACCESS_TOKEN, Source

LOG = logging.getLogger("brytpunkt.fetch")
AGENT = "brytpunkt (price lists for planning; one polite client)"
NOT_MODIFIED, BAD_GATEWAY_FROM = 304, 500
MOVED = {301, 302, 303, 307, 308}
BUSY = {408, 425, 429, 503}
NOT_ALLOWED = {401, 403}
REPORT_EVERY_BYTES = 4 << 20

OnProgress = Callable[[str, int, int | None], None]


@dataclass(frozen=True)
class Patience:
    """How long and how often to try: silence on the line, attempts, first and longest wait between them. [s]"""

    silence_s: float = 30.0
    attempts: int = 5
    first_wait_s: float = 1.0
    longest_wait_s: float = 300.0
    redirects: int = 5


@dataclass(frozen=True)
class Validators:
    """What the server said of the version that is known, to ask whether there is another."""

    etag: str | None = None
    last_modified: str | None = None

    def headers(self) -> dict[str, str]:
        """The conditions of a conditional request."""
        found = {"If-None-Match": self.etag, "If-Modified-Since": self.last_modified}
        return {name: value for name, value in found.items() if value}


@dataclass
class Fetcher:
    """Fetches the documents of one source; a context, so that its connections are closed.

    ``now`` gives the time that documents are stamped with. ``on_progress`` hears the document's name, the bytes so
    far, and how many are expected if the server said so. [bytes]
    """

    source: Source
    environment: Mapping[str, str] = field(repr=False)
    patience: Patience = field(default_factory=Patience)
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    on_progress: OnProgress = lambda _name, _bytes, _expected: None
    sleep: Callable[[float], None] = time.sleep
    requests: int = 0
    _last: dict[str, float] = field(default_factory=dict)

    def __enter__(self) -> Self:
        """Open the client; proxies of the environment are used unless all hosts are this machine."""
        self.credentials = Credentials(self.source, self.environment)
        # Retries are told to our own log, in which no credential stands.
        stamina.instrumentation.set_on_retry_hooks(())
        self._stack = ExitStack()
        self._stack.enter_context(self.credentials.hidden_in_logs())
        self._client = self._stack.enter_context(
            httpx2.Client(
                timeout=self.patience.silence_s,
                follow_redirects=False,
                verify=_encryption(),
                trust_env=not all(is_loopback(host) for host in self.source.hosts),
                headers={"User-Agent": AGENT, "Accept-Encoding": "gzip"},
            )
        )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the client."""
        self._stack.close()

    def fetch(self, request: Request, folder: Path, known: Validators | None = None) -> Landed | None:
        """One document into ``folder``, or None if the server says that the known version is the newest.

        Raises ``FetchError`` (or ``HostError``, ``MissingCredentialError``), with no credential in its message, after
        as many attempts as patience allows; ``Retry-After`` is obeyed up to its longest wait.
        """
        try:
            for attempt in stamina.retry_context(
                on=self._wait_before_next,
                attempts=self.patience.attempts,
                timeout=self.source.max_seconds + self.patience.attempts * self.patience.longest_wait_s,
                wait_initial=self.patience.first_wait_s,
                wait_max=self.patience.longest_wait_s,
                wait_jitter=self.patience.first_wait_s / 2,
            ):
                with attempt:
                    return self._once(request, folder, known or Validators())
        except FetchError as error:
            message = self.credentials.hide(f"{self.source.id}: {request.name}: {error}")
            raise FetchError(
                message,
                is_temporary=error.is_temporary,
                wait_s=error.wait_s,
                gap=error.gap and self.credentials.hide(error.gap),
                status=error.status,
            ) from None
        raise AssertionError("the last attempt returns or raises")

    def _wait_before_next(self, error: Exception) -> bool | float:
        if not isinstance(error, FetchError) or not error.is_temporary:
            return False
        LOG.info("%s: %s; trying again", self.source.id, self.credentials.hide(str(error)))
        if error.wait_s is None:
            return True
        return error.wait_s if error.wait_s <= self.patience.longest_wait_s else False

    def _once(self, request: Request, folder: Path, known: Validators) -> Landed | None:
        bounds = Bounds(int(self.source.max_megabytes * MEGABYTE), time.monotonic() + self.source.max_seconds)
        self._authenticate(request, bounds.deadline)
        url = self.credentials.fill(request.url, request.credential, quoted=True)
        headers = {
            name: self.credentials.fill(value, request.credential) for name, value in request.headers.items()
        }
        first_host = check_url(self.source, url)
        for _ in range(self.patience.redirects + 1):
            host = check_url(self.source, url)
            self._be_polite(host)
            sent = (headers if host == first_host else {}) | known.headers()
            self.requests += 1
            try:
                with self._client.stream(request.method, url, headers=sent, content=request.body) as answer:
                    if answer.status_code not in MOVED:
                        return self._taken(request, answer, folder, bounds, known)
                    if request.method != "GET":
                        raise FetchError("the server redirects a request that carries data")
                    url = urljoin(url, answer.headers.get("location", ""))
            except httpx2.HTTPError as error:
                raise FetchError(
                    f"the connection to {host} failed: {_trouble(error)}", is_temporary=True
                ) from None
            except httpx2.InvalidURL:
                raise HostError(
                    f"{self.source.id}: the server redirects to something that is no URL"
                ) from None
        raise FetchError(f"more than {self.patience.redirects} redirects")

    def _authenticate(self, request: Request, deadline: float) -> None:
        """Have the access token that a request carries, if the source gives them out."""
        tokens = self.credentials.tokens
        if not self.source.token_url or request.credential != ACCESS_TOKEN or ACCESS_TOKEN in tokens:
            return
        self._be_polite(check_url(self.source, self.source.token_url))
        self.requests += 1
        try:
            tokens[ACCESS_TOKEN] = exchange(
                self._client, self.source, self.credentials, deadline, self._refused
            )
        except httpx2.HTTPError as error:
            said = f"no access token: the connection failed: {_trouble(error)}"
            raise FetchError(said, is_temporary=True) from None

    def _be_polite(self, host: str) -> None:
        """Leave the declared pause between requests to a host."""
        due = self._last.get(host, float("-inf")) + self.source.seconds_between_requests
        wait = due - time.monotonic()
        if wait > 0:
            self.sleep(wait)
        self._last[host] = time.monotonic()

    def _taken(
        self, request: Request, answer: httpx2.Response, folder: Path, bounds: Bounds, known: Validators
    ) -> Landed | None:
        if answer.status_code == NOT_MODIFIED and known.headers():
            return None
        if answer.status_code not in request.accepts:
            raise self._refused(answer)
        encoding = answer.headers.get("content-encoding", "").lower().replace("identity", "")
        if encoding not in {"", "gzip"}:
            raise FetchError(f"it is encoded as {encoding}, which was not asked for")
        length = _whole_number(answer.headers.get("content-length"))
        if length is not None and length > bounds.largest:
            raise FetchError(
                f"it has {length / MEGABYTE:.1f} MB; at most {bounds.largest / MEGABYTE:g} are allowed"
            )
        stated = answer.headers.get("content-type", "").lower()
        at = self.now()
        with BodyWriter(folder) as writer:
            reported = 0
            is_document = answer.status_code == OK
            for piece in decoded(answer.iter_raw(), encoding, length, bounds, may_be_empty=not is_document):
                if not writer.size and is_document:
                    check_kind(piece, request.media_type, stated)
                writer.write(piece)
                if writer.size - reported >= REPORT_EVERY_BYTES:
                    reported = writer.size
                    self.on_progress(request.name, writer.size, None if encoding else length)
            body = writer.finish()
        modified = answer.headers.get("last-modified")
        stamp = _moment(modified)
        document = Document(
            name=request.name,
            url=self.credentials.hide(request.url, PLACEHOLDER),
            path=body.path,
            sha256=body.sha256,
            media_type=request.media_type,
            licence=self.source.licence,
            fetched_at=at,
            published_on=stamp.date() if stamp and stamp <= at else None,
            status=answer.status_code,
        )
        return Landed(document, body.size, answer.headers.get("etag"), modified)

    def _refused(self, answer: httpx2.Response) -> FetchError:
        status = answer.status_code
        where = urlsplit(str(answer.request.url)).hostname
        if status in NOT_ALLOWED and self.source.credentials:
            names = ", ".join(self.source.credentials.values())
            return FetchError(f"{where} answered {status}: check the credential in {names}")
        if status not in BUSY and status < BAD_GATEWAY_FROM:
            said = f"{where} answered {status}"
            reason = _reason(answer)
            said = f"{said}: {reason}" if reason else said
            return FetchError(said, gap=None if status in NOT_ALLOWED else said, status=status)
        wait = self._seconds_until(answer.headers.get("retry-after"))
        asked = "" if wait is None else f" and asks to wait {wait:.0f} s"
        return FetchError(f"{where} answered {status}{asked}", is_temporary=True, wait_s=wait)

    def _seconds_until(self, stated: str | None) -> float | None:
        seconds = _whole_number(stated)
        if seconds is not None:
            return float(seconds)
        moment = _moment(stated)
        return None if moment is None else max(0.0, (moment - self.now()).total_seconds())


@cache
def _encryption() -> ssl.SSLContext:
    """Certificates are read once; it takes longer than a probe."""
    return ssl.create_default_context()


def _whole_number(text: str | None) -> int | None:
    return int(text) if text is not None and text.strip().isdecimal() else None


def _reason(answer: httpx2.Response) -> str:
    """What the server says about its error, from the first bytes of its answer."""
    try:
        for piece in answer.iter_bytes(ERROR_BYTES):
            return reason_of(piece[:ERROR_BYTES])
    except httpx2.HTTPError:
        pass
    return ""


def _trouble(error: httpx2.HTTPError) -> str:
    """What went wrong on the line, in words."""
    kinds = (
        (httpx2.ConnectTimeout, "it does not answer in time"),
        (httpx2.TimeoutException, "it fell silent"),
        (httpx2.ConnectError, "it cannot be reached"),
        (httpx2.ProtocolError, "it broke off, or what came is no HTTP"),
    )
    return next((said for kind, said in kinds if isinstance(error, kind)), "it was interrupted")


def _moment(text: str | None) -> datetime | None:
    try:
        found = parsedate_to_datetime(text) if text else None
    except ValueError:
        return None
    return found if found is None or found.tzinfo else found.replace(tzinfo=UTC)
