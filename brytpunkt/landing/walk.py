"""A walk: all documents of one publication, page by page, with its state on disk so that a killed one goes on.

A walk of several documents is compared with its beginning when it ends; if the publication moved meanwhile, the pages
do not belong together, and the walk starts over.
"""

from __future__ import annotations

import base64
import fcntl
import json
import logging
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from brytpunkt.errors import BrytpunktError
from brytpunkt.landing.body import FetchError
from brytpunkt.landing.fetch import Fetcher, Validators
from brytpunkt.landing.files import BodyWriter, write_atomically
from brytpunkt.landing.hosts import PLACEHOLDER
from brytpunkt.landing.store import Landed, Landing
from brytpunkt.publishers._shared.error_answers import OK
from brytpunkt.publishers._shared.protocol import Document, Publisher, Request
from brytpunkt.publishers._shared.source import ACCESS_TOKEN

LOG = logging.getLogger("brytpunkt.walk")
MAX_STARTS = 3
MAX_DOCUMENTS = 20_000
MOST_GAPS = 4
RESUME_WITHIN = timedelta(hours=24)


class WalkBusyError(BrytpunktError):
    """Another process walks the same source."""


def understood(where: str, call: Callable[..., Any], *arguments: object) -> Any:
    """What a publisher's function says of a document; whatever it trips over is a document that is not as expected."""
    try:
        return call(*arguments)
    except BrytpunktError:
        raise
    except Exception as error:
        LOG.info("%s: a reader tripped", where, exc_info=error)
        message = f"{where} is not as expected: something in it is not in the form that is known"
        raise FetchError(message) from error


@dataclass(frozen=True)
class Held:
    """A document of the publication before: what the server said of it, and its bytes if they are kept."""

    validators: Validators
    landed: Landed | None


@dataclass
class _State:
    started: datetime
    version: str | None
    pending: list[Request]
    done: list[Landed] = field(default_factory=list)
    names: set[str] = field(default_factory=set)
    urls: set[tuple[str, str]] = field(default_factory=set)


@dataclass
class Walk:
    """Walks one source; ``held`` tells by URL what is known, so that unchanged documents are not sent again."""

    landing: Landing
    fetcher: Fetcher
    publisher: Publisher
    held: Mapping[str, Held] = field(default_factory=dict)
    starts: int = 0
    _first: Landed | None = None

    @property
    def folder(self) -> Path:
        """Where the walk keeps its state and its documents."""
        return self.landing.folder / "walks" / self.fetcher.source.id

    @contextmanager
    def alone(self) -> Iterator[None]:
        """One walk a source at a time; raises ``WalkBusyError`` if another process is at it."""
        self.folder.parent.mkdir(parents=True, exist_ok=True)
        with self.folder.with_suffix(".lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                message = f"{self.fetcher.source.id}: another process is fetching this source; wait until it has ended"
                raise WalkBusyError(message) from None
            yield

    def run(
        self, pointer: Document | None, version: str | None, is_still: Callable[[], bool] | None
    ) -> list[Landed] | None:
        """Every document of the publication, or None if it has one document and that has not changed.

        ``is_still`` asks the source's pointer whether ``version`` is still the newest; without it the first document
        is fetched again. Raises ``FetchError`` when the publication moved during each of a few walks.
        """
        source = self.fetcher.source
        for _ in range(MAX_STARTS):
            self.starts += 1
            state = self._load(version) or _State(self.fetcher.now(), version, self._start(pointer))
            if not state.done and len(state.pending) == 1 and self._is_unchanged(state.pending[0]):
                return None
            self._finish(state)
            if len(state.done) == 1 or (is_still() if is_still else self._begins_the_same(state)):
                return state.done
            self.discard()
        message = f"{source.id}: the publication moved during {MAX_STARTS} walks; it is tried again at the next check"
        raise FetchError(message, is_temporary=True)

    def _start(self, pointer: Document | None) -> list[Request]:
        source = self.fetcher.source
        return list(understood(f"{source.id}: the pointer", self.publisher.start, source, pointer))

    def _is_unchanged(self, request: Request) -> bool:
        """Whether the only document is the one that is known; what comes instead is kept for the walk."""
        known = self.held.get(request.url)
        if known is None or len(self.held) > 1:
            return False
        try:
            landed = self.fetcher.fetch(request, self.folder, known.validators)
        except FetchError as error:
            if not self._is_apart or error.gap is None:
                raise
            return False
        if landed is None:
            return True
        self._first = landed
        return False

    def _finish(self, state: _State) -> None:
        first, self._first = self._first, None
        while state.pending:
            request = self._checked(state, state.pending[0])
            landed = first or self._had(state, request)
            first = None
            state.done.append(landed)
            state.pending = state.pending[1:] + [
                self._templated(one) for one in self._following(request, landed)
            ]
            self._save(state)

    @property
    def _is_apart(self) -> bool:
        """Whether the documents stand each for itself, so that the walk goes on without one."""
        return bool(getattr(self.publisher, "APART", False))

    def _had(self, state: _State, request: Request) -> Landed:
        """The document, or what is known of why it cannot be had; a server that is out of order is not asked for all."""
        try:
            return self._fetched(request)
        except FetchError as error:
            is_hopeless = (
                error.is_temporary
                and len(state.done) >= MOST_GAPS
                and all(one.document.gap for one in state.done)
            )
            if not self._is_apart or error.gap is None or is_hopeless:
                raise
            return self._missing(request, error.gap, error.status)

    def _missing(self, request: Request, gap: str, status: int) -> Landed:
        source = self.fetcher.source
        with BodyWriter(self.folder) as writer:
            body = writer.finish()
        document = Document(
            request.name, self.fetcher.credentials.hide(request.url, PLACEHOLDER), body.path, body.sha256,
            request.media_type, source.licence, self.fetcher.now(), status=status, gap=gap,
        )  # fmt: skip
        return Landed(document, body.size)

    def _following(self, request: Request, landed: Landed) -> list[Request]:
        """What a document leads to; one that is odd leads nowhere where others stand for themselves."""
        if landed.document.gap or landed.document.status != OK:
            return []
        where, source = f"{self.fetcher.source.id}: {request.name}", self.fetcher.source
        try:
            return list(understood(where, self.publisher.following, source, landed.document))
        except BrytpunktError:
            if not self._is_apart:
                raise
            return []

    def _fetched(self, request: Request) -> Landed:
        known = self.held.get(request.url)
        if known is None or known.landed is None:
            landed = self.fetcher.fetch(request, self.folder)
        else:
            landed = self.fetcher.fetch(request, self.folder, known.validators) or self._again(
                request, known.landed
            )
        assert landed is not None, "without conditions there is an answer or an error"
        return landed

    def _again(self, request: Request, landed: Landed) -> Landed:
        document = replace(landed.document, name=request.name, fetched_at=self.fetcher.now())
        return replace(landed, document=document)

    def _checked(self, state: _State, request: Request) -> Request:
        source = self.fetcher.source
        body = base64.b64encode(request.body or b"").decode()
        if request.name in state.names:
            raise FetchError(f"{source.id}: two documents of the walk are named {request.name}")
        if (request.url, body) in state.urls:
            raise FetchError(f"{source.id}: {request.name}: the pages lead back to one that was read already")
        if len(state.done) >= MAX_DOCUMENTS:
            raise FetchError(f"{source.id}: more than {MAX_DOCUMENTS} documents; the walk does not end")
        state.names.add(request.name)
        state.urls.add((request.url, body))
        return request

    def _begins_the_same(self, state: _State) -> bool:
        landed = next((one for one in state.done if one.document.gap is None), None)
        if landed is None:
            return True
        first = landed.document
        request = next((r for r in self._start(None) if r.name == first.name), None)
        if request is None:
            return True
        validators = Validators(landed.etag, landed.last_modified)
        try:
            again = self.fetcher.fetch(request, self.folder / "again", validators)
        except FetchError as error:
            if not self._is_apart or error.gap is None:
                raise
            return True
        if again is None:
            return True
        fingerprint = getattr(self.publisher, "fingerprint", lambda document: document.sha256)
        return bool(fingerprint(again.document) == fingerprint(first))

    def _templated(self, request: Request) -> Request:
        """A request as it may be written down: a credential that the server put into a link is a placeholder again."""
        credentials = self.fetcher.credentials
        url = credentials.hide(request.url, PLACEHOLDER)
        source = self.fetcher.source
        names = [ACCESS_TOKEN] if source.token_url else list(source.credentials)
        name = request.credential or (names[0] if url != request.url and names else None)
        return replace(request, url=url, credential=name)

    def _save(self, state: _State) -> None:
        content = {
            "started": state.started.isoformat(),
            "version": state.version,
            "pending": [_request_as_json(request) for request in state.pending],
            "done": [
                one.described() | {"is_staged": one.document.path.parent == self.folder} for one in state.done
            ],
            "names": sorted(state.names),
            "urls": sorted(state.urls),
        }
        write_atomically(self.folder / "state.json", json.dumps(content).encode())

    def _load(self, version: str | None) -> _State | None:
        """The walk that was begun, if it is of the same version and recent; anything else is discarded."""
        path = self.folder / "state.json"
        if not path.exists():
            return None
        content = json.loads(path.read_text(encoding="utf-8"))
        started = datetime.fromisoformat(content["started"])
        done = [self._landed(described) for described in content["done"]]
        is_usable = content["version"] == version and self.fetcher.now() - started < RESUME_WITHIN
        if not is_usable or not all(one.document.path.exists() for one in done):
            self.discard()
            return None
        pending = [_request_from_json(one) for one in content["pending"]]
        urls = {(url, body) for url, body in content["urls"]}
        return _State(started, version, pending, done, set(content["names"]), urls)

    def _landed(self, described: dict[str, Any]) -> Landed:
        document = self.landing.document(described)
        if described["is_staged"]:
            document = replace(document, path=self.folder / f"{document.sha256}.zst")
        return Landed(document, described["bytes"], described["etag"], described["last_modified"])

    def discard(self) -> None:
        """Forget the walk."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def set_aside(self) -> Path:
        """Keep the documents of a walk that could not be understood, the newest only, for a person to look at."""
        kept = self.folder.with_name(f"{self.folder.name}.rejected")
        shutil.rmtree(kept, ignore_errors=True)
        if self.folder.exists():
            self.folder.rename(kept)
        return kept


def _request_as_json(request: Request) -> dict[str, Any]:
    body = None if request.body is None else base64.b64encode(request.body).decode()
    return vars(request) | {"headers": dict(request.headers), "body": body}


def _request_from_json(content: dict[str, Any]) -> Request:
    body = content["body"]
    decoded = {"body": None if body is None else base64.b64decode(body)}
    return Request(**content | decoded | {"accepts": tuple(content.get("accepts", (200,)))})
