"""Fetching from real servers on loopback that are polite, slow, broken or lying."""

from __future__ import annotations

import gzip
import logging
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from brytpunkt.landing.body import FetchError
from brytpunkt.landing.fetch import Fetcher, Patience, Validators
from brytpunkt.landing.hosts import Credentials, HostError, MissingCredentialError, check_url
from brytpunkt.landing.store import Landed
from brytpunkt.publishers._shared.protocol import Request
from tests.live.server import Answer, Asked, Server
from tests.live.vendor import QUICK, source

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
GONE = Event()  # the client has its answer, or has given up: a slow server may end
GOOD = Answer(b'{"offers": []}', headers={"Content-Type": "application/json", "ETag": '"1"'})


def fetch(
    tmp_path: Path, reply: Callable[[Asked], Answer], known: Validators | None = None, **changes: Any
) -> tuple[Landed | None, list[Asked]]:
    """One document from a server that answers so."""
    GONE.clear()
    with Server(reply) as server:
        patience = changes.pop("patience", QUICK)
        headers = changes.pop("headers", {})
        environment = changes.pop("environment", {})
        declared = source(server, **changes)
        credential = "key" if declared.credentials else None
        request = Request("offers.json", f"{server.url}/offers", headers=headers, credential=credential)
        with Fetcher(declared, environment, patience, lambda: NOON) as fetcher:
            try:
                return fetcher.fetch(request, tmp_path, known), server.asked
            finally:
                GONE.set()
                assert not list(tmp_path.rglob(".landing-*"))


def in_turn(*answers: Answer) -> Callable[[Asked], Answer]:
    """One answer after the other."""
    left = list(answers)
    return lambda _: left.pop(0)


def test_a_document_comes_with_its_metadata(tmp_path: Path) -> None:
    modified = {"Last-Modified": "Sun, 31 May 2026 08:00:00 GMT"}
    landed, _ = fetch(tmp_path, lambda _: Answer(GOOD.body, headers={**GOOD.headers, **modified}))
    assert landed is not None
    assert landed.document.read() == GOOD.body
    assert (landed.size, landed.etag) == (len(GOOD.body), '"1"')
    assert landed.document.fetched_at == NOON
    assert landed.document.published_on == datetime(2026, 5, 31, tzinfo=UTC).date()


def test_what_is_known_is_not_sent_again(tmp_path: Path) -> None:
    landed, [asked] = fetch(tmp_path, lambda _: Answer(status=304), Validators('"1"', "yesterday"))
    assert landed is None
    assert (asked.headers["If-None-Match"], asked.headers["If-Modified-Since"]) == ('"1"', "yesterday")


def test_an_answer_to_a_question_that_was_not_asked_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FetchError, match="answered 304"):
        fetch(tmp_path, lambda _: Answer(status=304))


@pytest.mark.parametrize("status", [429, 500, 502, 503])
def test_a_busy_server_is_asked_again(tmp_path: Path, status: int) -> None:
    landed, asked = fetch(tmp_path, in_turn(Answer(b"busy", status, {"Retry-After": "0"}), GOOD))
    assert landed is not None
    assert len(asked) == 2


def test_a_server_that_asks_for_more_patience_than_there_is_is_left_alone(tmp_path: Path) -> None:
    answers = in_turn(Answer(b"", 429, {"Retry-After": "3600"}), GOOD)
    with pytest.raises(FetchError, match="answered 429 and asks to wait 3600 s"):
        fetch(tmp_path, answers)


def test_a_date_to_retry_after_is_understood(tmp_path: Path) -> None:
    answers = in_turn(Answer(b"", 503, {"Retry-After": "Mon, 01 Jun 2026 12:02:00 GMT"}), GOOD)
    with pytest.raises(FetchError, match="asks to wait 120 s"):
        fetch(tmp_path, answers)


def test_it_gives_up_in_the_end(tmp_path: Path) -> None:
    with pytest.raises(FetchError, match=r"shop: offers\.json: 127\.0\.0\.1 answered 500"):
        fetch(tmp_path, lambda _: Answer(b"", 500))


@pytest.mark.parametrize("status", [400, 404, 410])
def test_a_plain_no_is_not_argued_with(tmp_path: Path, status: int) -> None:
    with pytest.raises(FetchError, match=f"answered {status}"):
        fetch(tmp_path, in_turn(Answer(b"", status)))


def trickle() -> Iterator[bytes]:
    """A byte now and then, until whoever asked has gone."""
    while not GONE.wait(0.02):
        yield b"x"


def silence() -> Iterator[bytes]:
    """Nothing, until whoever asked has gone."""
    GONE.wait()
    yield b"x" * 10


BROKEN = {
    "truncated": (Answer(b'{"offers"', length=4000), "connection to 127.0.0.1 failed|bytes came of"),
    "no answer in time": (Answer(length=10, pieces=silence), "failed"),
    "slow for ever": (Answer(length=1000, pieces=trickle), "longer than is allowed"),
    "empty": (Answer(b""), "it is empty"),
    "HTML with status 200": (
        Answer(b"\n <!DOCTYPE html><title>Sorry</title>", headers={"Content-Type": "application/json"}),
        "a page of markup came instead of application/json",
    ),
    "HTML that says so": (Answer(b"{}", headers={"Content-Type": "text/html"}), "a page of markup"),
    "damaged gzip": (
        Answer(b"\x1f\x8b\x08" + b"?" * 40, headers={"Content-Encoding": "gzip"}),
        "compressed bytes are damaged",
    ),
    "gzip that ends early": (
        Answer(gzip.compress(bytes(range(256)) * 40)[:-9], headers={"Content-Encoding": "gzip"}),
        "compressed bytes end too early",
    ),
    "something behind the gzip": (
        Answer(gzip.compress(b"{}") + b"more", headers={"Content-Encoding": "gzip"}),
        "bytes follow behind",
    ),
    "an encoding nobody asked for": (Answer(b"{}", headers={"Content-Encoding": "br"}), "encoded as br"),
    "larger than allowed": (Answer(b"x" * 3_000_000), "it has 3.0 MB; at most 2 are allowed"),
    "a bomb": (
        Answer(gzip.compress(b" " * 50_000_000), headers={"Content-Encoding": "gzip"}),
        "larger than the 2 MB",
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_an_answer_that_is_not_what_it_should_be_leaves_nothing(tmp_path: Path, name: str) -> None:
    answer, said = BROKEN[name]
    patience = Patience(silence_s=0.2, attempts=2, first_wait_s=0.001, longest_wait_s=0.01)
    with pytest.raises(FetchError, match=said):
        fetch(tmp_path, lambda _: answer, max_megabytes=2, max_seconds=0.3, patience=patience)
    assert not list(tmp_path.iterdir())


def test_a_bomb_is_told_by_its_ratio_where_size_is_allowed(tmp_path: Path) -> None:
    bomb = Answer(gzip.compress(b" " * 50_000_000), headers={"Content-Encoding": "gzip"})
    with pytest.raises(FetchError, match="unpacks to more than 200 times its size"):
        fetch(tmp_path, lambda _: bomb, max_megabytes=500)


def test_compressed_documents_are_landed_as_they_were_published(tmp_path: Path) -> None:
    body = b'{"offers": [' + b", ".join(b'{"sku": "%d"}' % n for n in range(100_000)) + b"]}"
    answer = Answer(gzip.compress(body), headers={"Content-Encoding": "gzip"})
    landed, [asked] = fetch(tmp_path, lambda _: answer)
    assert landed is not None
    assert landed.document.read() == body
    assert asked.headers["Accept-Encoding"] == "gzip"


def test_a_redirect_to_a_declared_host_is_followed_and_to_another_refused(tmp_path: Path) -> None:
    landed, asked = fetch(tmp_path, in_turn(Answer(status=302, headers={"Location": "/elsewhere"}), GOOD))
    assert landed is not None
    assert asked[1].path == "/elsewhere"
    with pytest.raises(HostError, match=r"'?evil\.example'? is not a declared host"):
        fetch(tmp_path, in_turn(Answer(status=302, headers={"Location": "https://evil.example/x"})))


def test_redirects_come_to_an_end(tmp_path: Path) -> None:
    with pytest.raises(FetchError, match="more than 5 redirects"):
        fetch(tmp_path, lambda _: Answer(status=307, headers={"Location": "/again"}))


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("https://example.org/x", "is not a declared host"),
        ("http://prices.example/x", "is not encrypted"),
        ("ftp://prices.example/x", "is not encrypted"),
        ("https://user:word@prices.example/x", "carries a user name"),
        ("file:///etc/passwd", "is not a declared host"),
        ("https://prices.example.evil.example/", "is not a declared host"),
    ],
)
def test_only_declared_hosts_are_contacted_and_only_encrypted(tmp_path: Path, url: str, said: str) -> None:
    with Server(lambda _: GOOD) as server:
        declared = source(server, hosts=["prices.example"])
    with pytest.raises(HostError, match=said):
        check_url(declared, url)
    with Fetcher(declared, {}, QUICK) as fetcher, pytest.raises(HostError):
        fetcher.fetch(Request("x", url), tmp_path)


SECRET = "s3cret/with+signs"


def test_a_credential_goes_where_it_is_asked_for_and_nowhere_else(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with Server(in_turn(Answer(b"", 500), GOOD)) as server:
        declared = source(server, credentials={"key": "SHOP_KEY"})
        request = Request(
            "o.json",
            f"{server.url}/o?key={{credential}}",
            headers={"X-Key": "{credential}"},
            credential="key",
        )
        with Fetcher(declared, {"SHOP_KEY": SECRET}, QUICK) as fetcher:
            landed = fetcher.fetch(request, tmp_path)
    assert landed is not None
    assert server.asked[0].headers["X-Key"] == SECRET
    assert "s3cret%2Fwith%2Bsigns" in server.asked[0].path
    written = caplog.text + repr(landed) + repr(fetcher) + str(landed.described())
    assert "HTTP Request" in caplog.text
    assert "s3cret" not in written
    assert landed.document.url == f"{server.url}/o?key={{credential}}"


def test_a_missing_credential_names_its_variable(tmp_path: Path) -> None:
    with pytest.raises(MissingCredentialError, match="set SHOP_KEY in the environment"):
        fetch(tmp_path, lambda _: GOOD, credentials={"key": "SHOP_KEY"}, headers={"X-Key": "{credential}"})


def test_a_refused_credential_says_which_one_and_not_what_it_is(tmp_path: Path) -> None:
    with pytest.raises(FetchError, match="check the credential in SHOP_KEY") as caught:
        fetch(
            tmp_path, lambda _: Answer(SECRET.encode(), 401), credentials={"key": "SHOP_KEY"},
            headers={"X-Key": "{credential}"}, environment={"SHOP_KEY": SECRET},
        )  # fmt: skip
    assert "s3cret" not in str(caught.value)


def test_credentials_are_hidden_in_every_form() -> None:
    with Server(lambda _: GOOD) as server:
        declared = source(server, credentials={"key": "SHOP_KEY"})
    credentials = Credentials(declared, {"SHOP_KEY": SECRET})
    assert credentials.hide(f"a {SECRET} b s3cret%2Fwith%2Bsigns") == "a *** b ***"
    assert "s3cret" not in repr(credentials)


def test_long_downloads_say_how_far_they_are(tmp_path: Path) -> None:
    heard: list[tuple[str, int, int | None]] = []
    with Server(lambda _: Answer(b"1" * 12_000_000)) as server:
        declared = source(server)
        with Fetcher(declared, {}, QUICK, on_progress=lambda *said: heard.append(said)) as fetcher:
            fetcher.fetch(Request("o.csv", f"{server.url}/o", media_type="text/csv"), tmp_path)
    assert len(heard) >= 2
    assert heard[0][0] == "o.csv"
    assert all(so_far <= 12_000_000 and expected == 12_000_000 for _, so_far, expected in heard)


def test_requests_to_a_host_keep_their_distance(tmp_path: Path) -> None:
    waited: list[float] = []
    with (
        Server(lambda _: GOOD) as server,
        Fetcher(source(server, seconds_between_requests=60), {}, QUICK, sleep=waited.append) as fetcher,
    ):
        for number in range(3):
            fetcher.fetch(Request(f"{number}.json", f"{server.url}/{number}"), tmp_path)
    assert len(waited) == 2
    assert all(50 < seconds <= 60 for seconds in waited)
