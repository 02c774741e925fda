"""Who hears how many drawn worlds are done: a listener every time, the log of a run now and then."""

from __future__ import annotations

import logging

import pytest

from assets.progress import LINES, draws_told, listening


def test_a_listener_hears_everything_and_the_log_a_few_lines(caplog: pytest.LogCaptureFixture) -> None:
    heard: list[tuple[int, int]] = []
    log = logging.getLogger("a run")
    with caplog.at_level(logging.INFO, "a run"), listening(lambda done, whole: heard.append((done, whole))):
        tell = draws_told(log)
        for done in range(256, 4097, 256):
            tell(done, 4096)
    assert heard == [(done, 4096) for done in range(256, 4097, 256)]
    assert len(caplog.messages) == LINES
    assert caplog.messages[-1] == "Drawn worlds: 4,096 of 4,096 served"


def test_without_a_listener_only_the_log_hears(caplog: pytest.LogCaptureFixture) -> None:
    log = logging.getLogger("a run")
    with caplog.at_level(logging.INFO, "a run"):
        tell = draws_told(log)
        for done, whole in ((64, 128), (128, 128), (160, 256), (256, 256)):  # more draws were asked for
            tell(done, whole)
    assert caplog.messages == [
        "Drawn worlds: 64 of 128 served",
        "Drawn worlds: 128 of 128 served",
        "Drawn worlds: 160 of 256 served",
        "Drawn worlds: 256 of 256 served",
    ]
