"""A real HTTP server on loopback whose answers a test decides, down to the bytes on the line."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self


@dataclass(frozen=True)
class Asked:
    """A request as it came."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes = b""


@dataclass(frozen=True)
class Answer:
    """An answer; ``length`` overrides what is said about it, ``pieces`` are sent one by one as they come."""

    body: bytes = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    length: int | None = None
    pieces: Callable[[], object] | None = None


Reply = Callable[[Asked], Answer]


class Server:
    """Serves what ``reply`` says; keeps every request."""

    def __init__(self, reply: Reply) -> None:
        """Prepare; the server runs as a context."""
        self.reply = reply
        self.asked: list[Asked] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                size = int(self.headers.get("Content-Length") or 0)
                asked = Asked(self.command, self.path, dict(self.headers.items()), self.rfile.read(size))
                outer.asked.append(asked)
                answer = outer.reply(asked)
                self.send_response(answer.status)
                for name, value in answer.headers.items():
                    self.send_header(name, value)
                length = len(answer.body) if answer.length is None else answer.length
                if answer.status != 304:
                    self.send_header("Content-Length", str(length))
                if length != len(answer.body):
                    self.send_header("Connection", "close")
                    self.close_connection = True
                self.end_headers()
                try:
                    if answer.pieces is not None:
                        for piece in answer.pieces():  # type: ignore[attr-defined]
                            self.wfile.write(piece)
                            self.wfile.flush()
                    elif answer.status != 304:
                        self.wfile.write(answer.body)
                except OSError:
                    self.close_connection = True

            do_POST = do_GET  # noqa: N815 - the name that the library calls

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002
                """Say nothing."""

        class Quiet(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, request: object, client_address: object) -> None:
                """A client that hangs up is what some tests are about."""

        self._server = Quiet(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)

    @property
    def url(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        """Start."""
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
