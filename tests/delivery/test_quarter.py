"""A quarter of servers that misbehave in every known way: what was delivered, tried again, and never twice."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from itertools import cycle
from pathlib import Path
from typing import Any

from brytpunkt.delivery.outbox import REFUSED, SENT, UNKNOWN, Outbox
from brytpunkt.delivery.send import post
from tests.delivery.conftest import NOW, mailing, settings
from tests.delivery.servers import Scripted

WEEKS = 14
CFO = "cfo@example.org"
BEHAVIOURS: tuple[dict[str, Any], ...] = (
    {},
    {"end_reply": "451 try later"},
    {"ending": "close_after_data"},
    {"ending": "drop_mid_message"},
    {"ending": "take_and_close"},
    {"recipient_replies": {CFO: "550 no such user"}},
    {"says_hello": False},
)


def taken(server: Scripted) -> list[str]:
    """Message-IDs of what a server took in and delivers."""
    return [str(message["Message-ID"]) for message in server.messages()]


def test_a_quarter_of_bad_servers_delivers_every_letter_once(state: Path) -> None:
    """Each week a bad server, an hour later a person who settles what is unknown as it truly was, then a good server."""
    delivered: Counter[str] = Counter()

    def send(now: datetime, **behaviour: Any) -> None:
        with Scripted(**behaviour).running() as server:
            post(mailing(state, settings(server.port, timeout_s=0.2), now))
        delivered.update(taken(server))

    for week, behaviour in zip(range(WEEKS), cycle(BEHAVIOURS), strict=False):
        monday = NOW + timedelta(weeks=week)
        send(monday, **behaviour)
        with Outbox(state) as outbox:
            for letter in outbox.letters(state=UNKNOWN):
                outbox.resolve(letter.id, is_sent=letter.message_id in delivered, now=monday)
        send(monday + timedelta(hours=1))
        send(monday + timedelta(hours=2))
    with Outbox(state) as outbox:
        letters = outbox.letters()
    counts = {
        "letters": len(letters),
        "deliveries": sum(delivered.values()),
        "retries": sum(letter.attempts - 1 for letter in letters if letter.attempts > 1),
        "refused": sum(letter.state == REFUSED for letter in letters),
        "duplicates": sum(count - 1 for count in delivered.values()),
    }
    assert {letter.message_id for letter in letters if letter.state == SENT} == set(delivered)
    assert counts == {"letters": 28, "deliveries": 26, "retries": 14, "refused": 2, "duplicates": 0}
