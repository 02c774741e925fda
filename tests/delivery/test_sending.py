"""Sending to real servers on loopback: what arrives, how often, and what is known of it afterwards."""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
import sys
from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword

from brytpunkt.delivery.outbox import Outbox
from brytpunkt.delivery.send import MAX_ATTEMPTS, Posted, post
from brytpunkt.delivery.settings import Secret
from brytpunkt.folders import folders
from tests.delivery.conftest import NOW, mailing, settings
from tests.delivery.servers import CERTIFICATE, Scripted, trusted

CFO, DRIFT = "cfo@example.org", "drift@example.org"


def states(posted: list[Posted]) -> dict[str, str]:
    return {line.recipient: line.state for line in posted}


def deliveries(server: Scripted) -> Counter[str]:
    """How many times each message, by its Message-ID and reader, was taken in."""
    return Counter(f"{message['To']} {message['Message-ID']}" for message in server.messages())


def test_each_recipient_gets_one_message_and_a_second_send_sends_nothing(state: Path) -> None:
    with Scripted().running() as server:
        first = post(mailing(state, settings(server.port)))
        again = post(mailing(state, settings(server.port)))
    assert states(first) == states(again) == {CFO: "sent", DRIFT: "sent"}
    assert [line.is_sent_now for line in [*first, *again]] == [True, True, False, False]
    assert sorted(message["To"] for message in server.messages()) == [CFO, DRIFT]
    assert server.connections == 2


def test_a_message_carries_verdict_reports_and_the_headers_that_machines_need(state: Path) -> None:
    with Scripted().running() as server:
        post(mailing(state, settings(server.port)))
    english, swedish = server.messages()
    assert english["Subject"].startswith("One workload at two sites: ")
    assert english["Auto-Submitted"] == "auto-generated"
    assert english["Date"] == "Wed, 25 Nov 2026 09:00:00 +0000"
    assert re.fullmatch(r"<[0-9a-f]{40}@example\.org>", english["Message-ID"])
    assert english["Message-ID"] != swedish["Message-ID"]
    assert [part.get_filename() for part in english.iter_attachments()] == [
        "One workload at two sites - 2026-11-24.pdf",
        "One workload at two sites - ledger - 2026-11-24.xlsx",
    ]
    assert [part.get_filename() for part in swedish.iter_attachments()] == [
        "One workload at two sites - Luleå - 2026-11-24.pdf",
        "One workload at two sites - oslo - 2026-11-24.pdf",
    ]
    [pdf, *_] = swedish.iter_attachments()
    assert pdf.get_content().startswith(b"%PDF-1.7 lulea")
    for message, line in ((english, "Luleå: rent"), (swedish, "Luleå: hyr")):
        for kind in ("plain", "html"):
            body = message.get_body((kind,))
            assert body is not None
            assert line in body.get_content()
    assert all(byte < 128 for body in server.delivered for byte in body)


def test_equal_input_gives_equal_bytes(state: Path, tmp_path: Path) -> None:
    bodies = []
    for _ in range(2):
        (state / "outbox.sqlite").unlink(missing_ok=True)
        (state / "outbox.journal").unlink(missing_ok=True)
        with Scripted().running() as server:
            post(mailing(state, settings(server.port)))
        bodies.append(server.delivered)
    assert bodies[0] == bodies[1]


def test_the_outbox_is_written_before_the_connection_opens(state: Path) -> None:
    seen: list[list[str]] = []

    def look() -> None:
        with Outbox(state) as outbox:
            seen.append([letter.state for letter in outbox.letters()])

    with Scripted(before_message=look).running() as server:
        post(mailing(state, settings(server.port)))
    assert seen == [["sending"], ["sent", "sending"]]


def test_one_refused_recipient_does_not_keep_the_other_from_theirs(state: Path) -> None:
    with Scripted(recipient_replies={CFO: "550 no such user"}).running() as server:
        first = post(mailing(state, settings(server.port)))
        later = post(mailing(state, settings(server.port), NOW + timedelta(hours=20)))
    assert states(first) == states(later) == {CFO: "refused", DRIFT: "sent"}
    assert first[0].note == "550 no such user"
    assert [message["To"] for message in server.messages()] == [DRIFT]
    assert server.connections == 2, "a refusal is not tried again"


def test_451_is_tried_again_after_a_wait_and_arrives_once(state: Path) -> None:
    with Scripted(end_reply="451 try later").running() as busy:
        assert states(post(mailing(state, settings(busy.port)))) == {
            CFO: "failed-retryable",
            DRIFT: "failed-retryable",
        }
        early = post(mailing(state, settings(busy.port), NOW + timedelta(minutes=5)))
    assert busy.connections == 2, "five minutes later it is too early"
    assert "after 2026-11-25T09:10:00" in early[0].note
    with Scripted().running() as server:
        late = post(mailing(state, settings(server.port), NOW + timedelta(minutes=11)))
    assert states(late) == {CFO: "sent", DRIFT: "sent"}
    assert set(deliveries(server).values()) == {1}
    with Outbox(state) as outbox:
        assert [letter.attempts for letter in outbox.letters()] == [2, 2]


def test_451_for_ever_is_given_up(state: Path) -> None:
    with Scripted(recipient_replies={CFO: "451 later"}).running() as server:
        for days in range(MAX_ATTEMPTS + 2):  # all within the week that the letter is for
            posted = post(mailing(state, settings(server.port), NOW + timedelta(hours=13 * days)))
    assert states(posted) == {CFO: "refused", DRIFT: "sent"}
    assert posted[0].note.startswith(f"given up after {MAX_ATTEMPTS} attempts: 451")
    assert server.connections == MAX_ATTEMPTS + 1


def test_550_after_the_message_is_final(state: Path) -> None:
    with Scripted(end_reply="550 spam").running() as server:
        for hours in (0, 30):
            assert states(post(mailing(state, settings(server.port), NOW + timedelta(hours=hours)))) == {
                CFO: "refused",
                DRIFT: "refused",
            }
    assert server.connections == 2


@pytest.mark.parametrize(
    "ending", ["close_after_data", "drop_mid_message", "take_and_close", "take_and_stall"]
)
def test_without_an_answer_the_outcome_is_unknown_and_nothing_is_sent_again(state: Path, ending: str) -> None:
    with Scripted(ending=ending).running() as server:
        using = settings(server.port, timeout_s=0.2)
        assert states(post(mailing(state, using))) == {CFO: "unknown", DRIFT: "unknown"}
        for days in (1, 2):
            posted = post(mailing(state, using, NOW + timedelta(days=days)))
            assert states(posted) == {CFO: "unknown", DRIFT: "unknown"}
            assert "brytpunkt outbox resolve 1 sent" in posted[0].note
    assert server.connections == 2
    assert max(deliveries(server).values(), default=0) <= 1


def test_an_unknown_outcome_is_settled_by_hand(state: Path) -> None:
    with Scripted(ending="take_and_close").running() as server:
        post(mailing(state, settings(server.port)))
    with Outbox(state) as outbox:
        outbox.resolve(1, is_sent=True, now=NOW)
        outbox.resolve(2, is_sent=False, now=NOW)
    with Scripted().running() as server:
        posted = post(mailing(state, settings(server.port)))
    assert states(posted) == {CFO: "sent", DRIFT: "sent"}
    assert [message["To"] for message in server.messages()] == [DRIFT]


def test_a_server_that_says_nothing_is_left_alone_and_tried_later(state: Path) -> None:
    with Scripted(says_hello=False).running() as silent:
        posted = post(mailing(state, settings(silent.port, timeout_s=0.2)))
    assert states(posted) == {CFO: "failed-retryable", DRIFT: "intended"}, "the second is not even tried"
    with Scripted().running() as server:
        late = post(mailing(state, settings(server.port), NOW + timedelta(hours=1)))
    assert states(late) == {CFO: "sent", DRIFT: "sent"}
    assert set(deliveries(server).values()) == {1}


def test_a_server_without_tls_gets_nothing(state: Path) -> None:
    with Scripted().running() as server:
        posted = post(mailing(state, settings(server.port, security="starttls")))
    assert states(posted) == {CFO: "failed-retryable", DRIFT: "intended"}
    assert "no STARTTLS" in posted[0].note
    assert not server.delivered


class AnyPort(Controller):
    """A server on a port that the system chose."""

    def _trigger_server(self) -> None:
        assert isinstance(self.server, asyncio.Server)
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()  # type: ignore[no-untyped-call]


class Taker:
    """The handler of a well-behaved server."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []

    async def handle_DATA(  # noqa: N802 - the name that aiosmtpd calls
        self,
        server: SMTP,  # noqa: ARG002 - given by aiosmtpd
        session: object,  # noqa: ARG002 - given by aiosmtpd
        envelope: Envelope,
    ) -> str:
        assert isinstance(envelope.content, bytes)
        self.bodies.append(envelope.content)
        return "250 taken"


def let_in(
    server: SMTP, session: object, envelope: Envelope, mechanism: str, data: LoginPassword
) -> AuthResult:
    return AuthResult(success=data == LoginPassword(b"reports", b"s3cret word"), handled=False)


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_mail_goes_over_tls_to_a_server_whose_certificate_holds(
    state: Path, security: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    taker = Taker()
    if security == "starttls":
        controller = AnyPort(
            taker, "127.0.0.1", 0, tls_context=trusted(), require_starttls=True, authenticator=let_in,
            auth_required=True,
        )  # fmt: skip
    else:
        controller = AnyPort(
            taker, "127.0.0.1", 0, ssl_context=trusted(), authenticator=let_in, auth_require_tls=False
        )
    controller.start()
    try:
        port = controller.port
        using = settings(port, security=security, user="reports", password=Secret("s3cret word"))
        untrusted = post(mailing(state, using))
        assert states(untrusted) == {CFO: "failed-retryable", DRIFT: "intended"}
        assert "certificate" in untrusted[0].note.lower()
        monkeypatch.setenv("SSL_CERT_FILE", str(CERTIFICATE))
        wrong = Secret("s3cret wrong")
        later = NOW + timedelta(hours=1)
        refused = post(
            mailing(state, settings(port, security=security, user="reports", password=wrong), later)
        )
        assert "refused the login" in refused[0].note
        assert "s3cret" not in refused[0].note
        assert not taker.bodies
        posted = post(mailing(state, using, NOW + timedelta(hours=3)))
        assert states(posted) == {CFO: "sent", DRIFT: "sent"}
        assert len(taker.bodies) == 2
    finally:
        controller.stop()


SEND = """
import sys
from pathlib import Path
from brytpunkt.delivery.send import post
from tests.delivery.conftest import mailing, settings
print("ready", flush=True)
sys.stdin.readline()
post(mailing(Path(sys.argv[1]), settings(int(sys.argv[2]))))
"""


def test_killed_between_sending_and_recording_nothing_is_sent_twice(state: Path) -> None:
    with Scripted(ending="kill").running() as server:
        child = subprocess.Popen(
            [sys.executable, "-c", SEND, str(state), str(server.port)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            cwd=folders().checkout, env=os.environ | {"PYTHONPATH": str(folders().checkout)},
        )  # fmt: skip
        server.victim = child.pid
        child.communicate("go\n", timeout=60)
        assert child.returncode == -9
    assert len(server.delivered) == 1, "the message was taken, and nobody wrote that down"
    with Scripted().running() as after:
        for days in (0, 1):
            posted = post(mailing(state, settings(after.port), NOW + timedelta(days=days)))
            assert states(posted) == {CFO: "unknown", DRIFT: "sent"}
        with Outbox(state) as outbox:
            outbox.resolve(1, is_sent=True, now=NOW)
        post(mailing(state, settings(after.port)))
    assert (deliveries(server) + deliveries(after)).most_common()[0][1] == 1
    assert sorted(m["To"] for m in [*server.messages(), *after.messages()]) == [CFO, DRIFT]


@pytest.mark.parametrize(
    ("limit", "names", "is_said"),
    [
        (10_000_000, 2, False),
        (30_000, 1, True),
        (20_000, 1, True),
        (6_000, 0, True),
    ],
)
def test_what_is_too_large_is_left_out_and_named(state: Path, limit: int, names: int, is_said: bool) -> None:
    with Scripted().running() as server:
        using = settings(server.port, max_bytes=limit, link="https://intra.example.org/reports")
        post(mailing(state, using))
    for message in server.messages():
        body = message.get_body(("plain",))
        assert body is not None
        text = body.get_content()
        count = len(list(message.iter_attachments()))
        assert (
            ("https://intra.example.org/reports" in text)
            == (count < 2)
            == ("left out" in text or "utelämnat" in text)
        )
    assert len(list(server.messages()[0].iter_attachments())) == names
    assert ("https://intra" in server.delivered[0].decode()) == is_said
    if names:
        assert len(server.delivered[0]) <= limit


def test_without_the_word_nothing_is_sent_and_the_message_is_a_file(state: Path) -> None:
    with Scripted().running() as server:
        posted = post(mailing(state, settings(server.port, really=False)))
    assert server.connections == 0
    assert states(posted) == {CFO: "dry run", DRIFT: "dry run"}
    files = [line.path for line in posted if line.path is not None]
    assert [path.name for path in files] == [f"{CFO}.eml", f"{DRIFT}.eml"]
    assert b"To: cfo@example.org" in files[0].read_bytes()
    with Outbox(state) as outbox:
        assert outbox.letters() == [], "a dry run is no intention"


def test_the_operators_domains_bind_whatever_a_plan_allows(state: Path) -> None:
    with Scripted().running() as server:
        posted = post(mailing(state, settings(server.port, allowed_domains=("example.net",))))
    assert states(posted) == {CFO: "refused", DRIFT: "refused"}
    assert server.connections == 0


def test_two_senders_at_once_do_not_send_twice(state: Path) -> None:
    told: list[str] = []

    def second() -> None:
        try:
            post(mailing(state, settings(1)))
        except Exception as error:  # noqa: BLE001 - whatever it is, it is looked at below
            told.append(str(error))

    with Scripted(before_message=second).running() as server:
        post(mailing(state, settings(server.port)))
    assert told == ["another `brytpunkt send` is at work; try again when it has finished"] * 2
    assert set(deliveries(server).values()) == {1}
