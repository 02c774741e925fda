"""Progress on a terminal, and the silence of everything else."""

from __future__ import annotations

import io
import os

import pytest

from pipelines.cli.progress import Progress

SAID = "Plan (1,024 of 4,096 drawn worlds)"


def test_a_terminal_sees_how_many_worlds_are_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    controller, terminal = os.openpty()
    with os.fdopen(terminal, "w") as stream, Progress(stream) as progress:
        progress.step("Plan")
        progress.draws(1024, 4096)
        seen = ""
        for _ in range(100):  # the display redraws by a clock of its own
            seen += os.read(controller, 65536).decode()
            if SAID in seen:
                break
    os.close(controller)
    assert SAID in seen


def test_a_file_hears_of_steps_alone() -> None:
    stream = io.StringIO()
    with Progress(stream) as progress:
        progress.step("Plan")
        progress.draws(1024, 4096)
    assert stream.getvalue().strip().endswith("s  Plan")
    assert "drawn" not in stream.getvalue()
