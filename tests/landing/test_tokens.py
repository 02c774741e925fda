"""Access tokens on loopback: asked for once a walk, carried by its requests, and written down nowhere."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from pydantic import ValidationError

from brytpunkt.landing.body import FetchError
from brytpunkt.landing.fetch import Fetcher
from brytpunkt.landing.hosts import HostError
from brytpunkt.publishers._shared.protocol import Request
from brytpunkt.publishers._shared.source import Source
from tests.live.server import Answer, Asked, Server
from tests.live.vendor import QUICK, source

CLIENT = {"client_id": "SHOP_ID", "client_secret": "SHOP_SECRET"}
ENVIRONMENT = {"SHOP_ID": "us", "SHOP_SECRET": "s3cret"}
TOKEN = Answer(b'{"access_token": "t0ken", "expires_in": 3600}')


def fetch(server: Server, folder: Path, declared: Source, times: int = 1) -> None:
    """Ask for a document, each time with the token in its header."""
    headers = {"Authorization": "Bearer {credential}"}
    with Fetcher(declared, ENVIRONMENT, QUICK) as fetcher:
        for number in range(times):
            request = Request(
                f"{number}.json", f"{server.url}/{number}", headers=headers, credential="access_token"
            )
            landed = fetcher.fetch(request, folder)
            assert landed is not None
            assert "t0ken" not in repr(landed) + repr(fetcher)


def test_a_token_is_asked_for_once_and_carried_by_every_request(tmp_path: Path) -> None:
    def reply(asked: Asked) -> Answer:
        return TOKEN if asked.path == "/token" else Answer(b'{"offers": []}')

    with Server(reply) as server:
        fetch(server, tmp_path, source(server, credentials=CLIENT, token_url=f"{server.url}/token"), 2)
    first, *others = server.asked
    assert (first.method, first.path) == ("POST", "/token")
    asked = {"grant_type": "client_credentials", "client_id": "us", "client_secret": "s3cret"}
    assert json.loads(first.body) == asked
    assert [one.path for one in others] == ["/0", "/1"]
    assert {one.headers["Authorization"] for one in others} == {"Bearer t0ken"}


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (Answer(b"{}", 401), "answered 401: check the credential in SHOP_ID, SHOP_SECRET"),
        (Answer(b'{"code": "s3cret"}'), "has no access_token"),
        (Answer(b"[]"), "has no access_token"),
        (Answer(b"busy", 503), "answered 503"),
        (Answer(b"x" * 200_000), "larger than the 0.1 MB"),
    ],
)
def test_without_a_token_nothing_is_fetched(tmp_path: Path, answer: Answer, said: str) -> None:
    with Server(lambda _: answer) as server, pytest.raises(FetchError, match=said) as caught:
        fetch(server, tmp_path, source(server, credentials=CLIENT, token_url=f"{server.url}/token"))
    assert "s3cret" not in str(caught.value)
    assert {one.path for one in server.asked} == {"/token"}


def test_tokens_come_from_a_declared_host_for_a_declared_client(tmp_path: Path) -> None:
    with Server(lambda _: TOKEN) as server:
        elsewhere = source(server, credentials=CLIENT, token_url="https://evil.example/token")
        with pytest.raises(HostError, match=r"'?evil\.example'? is not a declared host"):
            fetch(server, tmp_path, elsewhere)
        with pytest.raises(ValidationError, match="token_url needs the credentials client_id"):
            source(server, credentials={"key": "SHOP_KEY"}, token_url=f"{server.url}/token")
    assert server.asked == []
