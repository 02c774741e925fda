"""Mail servers on loopback that behave, misbehave, and count what they took in.

``Scripted`` speaks SMTP over a plain socket, so that it can stop anywhere in the conversation; the well-behaved
server with TLS is aiosmtpd.
"""

from __future__ import annotations

import os
import signal
import socket
import ssl
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import default
from pathlib import Path
from typing import Any

CERTIFICATE = Path(__file__).parent / "loopback.pem"


@dataclass
class Scripted:
    """A server's behaviour, and what it has seen.

    ``delivered``: messages that it took whole and would deliver. ``ending``: what it does with the message: `accept`,
    `close_after_data` (at once after inviting it), `drop_mid_message`, `take_and_close` (takes it, says nothing),
    `take_and_stall` (takes it, never answers), `kill` (takes it, then kills the process ``victim``).
    """

    ending: str = "accept"
    recipient_replies: dict[str, str] = field(default_factory=dict)
    end_reply: str = "250 taken"
    says_hello: bool = True
    extensions: tuple[str, ...] = ()
    victim: int = 0
    delivered: list[bytes] = field(default_factory=list)
    connections: int = 0
    port: int = 0
    before_message: Any = None

    def messages(self) -> list[EmailMessage]:
        """What was delivered, parsed."""
        return [BytesParser(policy=default).parsebytes(body) for body in self.delivered]

    @contextmanager
    def running(self) -> Iterator[Scripted]:
        """Serve until the block ends."""
        listener = socket.create_server(("127.0.0.1", 0))
        self.port = listener.getsockname()[1]
        thread = threading.Thread(target=self._serve, args=(listener,), daemon=True)
        thread.start()
        try:
            yield self
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            listener.close()
            thread.join(timeout=10)

    def _serve(self, listener: socket.socket) -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            self.connections += 1
            with connection:
                try:
                    self._talk(connection)
                except (OSError, EOFError):
                    continue

    def _talk(self, connection: socket.socket) -> None:
        lines = connection.makefile("rb")

        def say(text: str) -> None:
            connection.sendall(text.encode() + b"\r\n")

        if not self.says_hello:
            lines.readline()  # until the client gives up
            return
        say("220 loopback")
        while line := lines.readline():
            verb = line[:4].upper()
            if verb == b"EHLO":
                say("\r\n".join([*(f"250-{name}" for name in self.extensions), "250 8BITMIME"]))
            elif verb == b"RCPT":
                address = line.partition(b"<")[2].partition(b">")[0].decode()
                say(self.recipient_replies.get(address, "250 ok"))
            elif verb == b"DATA":
                say("354 go on")
                if not self._take(connection, lines, say):
                    return
            elif verb == b"QUIT":
                say("221 bye")
                return
            else:
                say("250 ok")

    def _take(self, connection: socket.socket, lines: Any, say: Any) -> bool:
        """The message; returns whether the conversation goes on."""
        if self.before_message is not None:
            self.before_message()
        if self.ending == "close_after_data":
            return False
        if self.ending == "drop_mid_message":
            lines.readline()
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            return False
        body = []
        while (line := lines.readline()) != b".\r\n":
            if not line:
                return False
            body.append(line.removeprefix(b"."))
        if self.ending == "accept":
            if self.end_reply.startswith("250"):
                self.delivered.append(b"".join(body))
            say(self.end_reply)
            return True
        self.delivered.append(b"".join(body))
        if self.ending == "kill":
            os.kill(self.victim, signal.SIGKILL)
        elif self.ending == "take_and_stall":
            lines.readline()
        return False


def trusted() -> ssl.SSLContext:
    """The server side of the tests' certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATE)
    return context
