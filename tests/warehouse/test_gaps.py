"""A walk whose documents stand each for itself keeps what it got: what cannot be had is a gap with the server's own reason."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from brytpunkt.folders import folders
from brytpunkt.publishers._shared.error_answers import reason_of
from brytpunkt.publishers._shared.source import Source
from brytpunkt.publishers.find import all_sources
from brytpunkt.warehouse import Refresher
from tests.live.vendor import Clock, refresher, rows
from tests.publishers.electricity import documents as native
from tests.publishers.grid.test_tariffs_and_carbon import component, peak, tariff

DECLARED = all_sources(folders().data / "sources")
DAY = date(2026, 10, 29)
JSON = "application/json"
Answers = dict[str, Callable[[], Response]]
FOUND = "SELECT subject, detail FROM series_findings WHERE withdrawn_at IS NULL AND kind = 'document not read' ORDER BY 1"


def answering(answers: Answers) -> Callable[[Request], Response]:
    """A handler that answers by the last part of a path."""

    def handle(request: Request) -> Response:
        return answers[request.path.strip("/").split("/")[-1]]()

    return handle


@pytest.fixture
def live(tmp_path: Path, clock: Clock) -> Refresher:
    return refresher(tmp_path / "gaps", clock)


def by_zone(server: HTTPServer, **answers: Callable[[], Response]) -> Source:
    """A source of one day in four zones, of which the named answer otherwise."""

    def good() -> Response:
        return Response(json.dumps(native.per_kwh(DAY, 60)), content_type=JSON)

    every = {f"{DAY:%m-%d}_{zone}.json": answers.get(zone, good) for zone in ("SE1", "SE2", "SE3", "SE4")}
    for name in every:
        server.expect_request(f"/p/{DAY:%Y}/{name}").respond_with_handler(answering(every))
    return DECLARED["elprisetjustnu"].model_copy(
        update={
            "url": server.url_for("/p"), "hosts": ("localhost", "127.0.0.1"), "seconds_between_requests": 0,
            "parameters": {"first": DAY.isoformat(), "last": DAY.isoformat()},
        }
    )  # fmt: skip


def test_a_zone_that_cannot_be_had_leaves_the_others_taken(live: Refresher, httpserver: HTTPServer) -> None:
    declared = by_zone(
        httpserver,
        SE1=lambda: Response("<!doctype html><p>Down for repair", content_type="text/html"),
        SE2=lambda: Response(b"", content_type=JSON),
        SE4=lambda: Response(json.dumps({"error": {"message": "no prices of SE4"}}), 412, content_type=JSON),
    )
    outcome = live.refresh(declared)
    assert outcome.outcome == "changed"
    taken = rows(live, "SELECT DISTINCT zone FROM day_ahead_intervals")
    assert taken == [("SE3",)]
    stem = f"{DAY}_{{}}.json: "
    assert rows(live, FOUND) == [
        ("SE1", stem.format("SE1") + "a page of markup came instead of application/json"),
        ("SE2", stem.format("SE2") + "it is empty"),
        ("SE4", stem.format("SE4") + "localhost answered 412: no prices of SE4"),
    ]


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (lambda: Response(b"", 404, content_type=JSON), "the server answered 404"),
        (lambda: Response("<html>Not here", 404, content_type="text/html"), "the server answered 404"),
        (lambda: Response('{"detail": "too early"}', 404, content_type=JSON), "the server answered 404: too early"),
    ],
)  # fmt: skip
def test_an_accepted_status_is_told_before_what_its_body_is_not(
    live: Refresher, httpserver: HTTPServer, answer: Callable[[], Response], said: str
) -> None:
    assert live.refresh(by_zone(httpserver, SE3=answer)).outcome == "changed"
    assert rows(live, FOUND) == [("SE3", f"{DAY}_SE3.json: {said}")]
    assert rows(live, "SELECT count(DISTINCT zone) FROM day_ahead_intervals") == [(3,)]


def test_a_gap_is_filled_when_the_document_is_there_again(
    live: Refresher, httpserver: HTTPServer, clock: Clock
) -> None:
    declared = by_zone(httpserver, SE4=lambda: Response(b"", 410))
    live.refresh(declared)
    httpserver.clear()
    by_zone(httpserver)
    clock.pass_days()
    assert live.refresh(declared).outcome == "changed"
    assert rows(live, FOUND) == []
    assert rows(live, "SELECT count(DISTINCT zone) FROM day_ahead_intervals") == [(4,)]


def test_where_nothing_can_be_had_the_source_fails_with_every_reason(
    live: Refresher, httpserver: HTTPServer
) -> None:
    gone = {
        f"SE{n}": lambda: Response('{"message": "moved away"}', 410, content_type=JSON) for n in range(1, 5)
    }
    outcome = live.refresh(by_zone(httpserver, **gone))
    assert outcome.outcome == "failed"
    assert "localhost answered 410: moved away" in (outcome.reason or "")


def test_a_company_that_cannot_be_had_keeps_its_tariffs(
    live: Refresher, httpserver: HTTPServer, clock: Clock
) -> None:
    one = tariff("25A", component("Effekt", 31, **peak()))
    other = {**tariff("20A", component("Effekt", 29, **peak())), "companyName": "Elverket AB"}
    answers: dict[str, Response] = {}
    for name in ("a", "b"):
        httpserver.expect_request(f"/{name}/gridtariff/v0/tariffs").respond_with_handler(
            lambda _, name=name: answers[name]  # type: ignore[misc]
        )
    declared = DECLARED["eltariff"].model_copy(
        update={
            "hosts": ("localhost", "127.0.0.1"), "seconds_between_requests": 0,
            "parameters": {"companies": {name: httpserver.url_for(f"/{name}") for name in ("a", "b")}},
        }
    )  # fmt: skip
    for name, listed in (("a", one), ("b", other)):
        answers[name] = Response(json.dumps({"tariffs": [listed]}), content_type=JSON)
    live.refresh(declared)
    held = "SELECT DISTINCT tariff FROM grid_tariffs WHERE withdrawn_at IS NULL ORDER BY 1"
    both = rows(live, held)
    assert len(both) == 2
    answers["b"] = Response('{"message": "no tariff is published"}', 404, content_type=JSON)
    for _ in range(4):
        clock.pass_days()
        outcome = live.refresh(declared)
        assert outcome.is_whole
    assert rows(live, held) == both
    assert rows(live, FOUND) == [("b.json", "b.json: localhost answered 404: no tariff is published")]


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b'{"error": "wrong_zone", "message": "SE9 is none"}', "wrong_zone; SE9 is none"),
        (b'{"error": {"code": 7, "reason": "two\\nlines"}}', "two lines"),
        (b"Not\nhere", "Not here"),
        (b"<html>", ""),
        (b'{"error": "cut', ""),
        (b"\xff\xfe", "\ufffd\ufffd"),
    ],
)
def test_a_servers_own_reason_is_told_in_one_line(body: bytes, reason: str) -> None:
    assert reason_of(body) == reason


def test_no_words_for_programmers_are_told(live: Refresher) -> None:
    declared = DECLARED["elprisetjustnu"].model_copy(
        update={
            "url": "http://127.0.0.1:9", "hosts": ("127.0.0.1",), "seconds_between_requests": 0,
            "parameters": {"first": DAY.isoformat(), "last": DAY.isoformat(), "zones": ["SE1"]},
        }
    )  # fmt: skip
    outcome = live.refresh(declared)
    assert (outcome.outcome, outcome.has_last_good) == ("failed", False)
    assert (outcome.reason or "").endswith("the connection to 127.0.0.1 failed: it cannot be reached")
