"""What is mailed of a plan is the run of its declaration, beside clocks that were wrong and files of the same id."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime, timedelta
from email.message import EmailMessage
from pathlib import Path

import dagster as dg
import pytest

from assets.partitions import PLANS
from assets.resources import Rooms
from brytpunkt.delivery.outbox import Outbox
from brytpunkt.delivery.previous_report import last_reported
from brytpunkt.delivery.send import post
from brytpunkt.folders import Folders, folders
from brytpunkt.runs.store import load_run
from pipelines.cli.main import main
from pipelines.mail import send_reports, why_not_now
from tests.delivery.conftest import NOW, another_run, mailing, settings, unchanged
from tests.delivery.servers import Scripted

IN_FIVE_YEARS = "2031-11-24T00:00:00+00:00"
OTHER = "0" * 64


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Scripted]:
    """A mail server that the environment names, for sending in earnest."""
    with Scripted().running() as found:
        for name, value in {
            "BRYTPUNKT_SMTP_HOST": "127.0.0.1", "BRYTPUNKT_SMTP_PORT": str(found.port), "BRYTPUNKT_SMTP_SECURITY": "plain",
            "BRYTPUNKT_MAIL_FROM": "reports@example.org",
        }.items():  # fmt: skip
            monkeypatch.setenv(name, value)
        yield found


def text_of(message: EmailMessage) -> str:
    body = message.get_body(("plain",))
    assert body is not None
    return " ".join(str(body.get_content()).split())


def register_changed(state: Path) -> str:
    """Another text under the plan's id, which nobody has computed; returns its digest."""
    file = state / "plans" / "small.yaml"
    text = file.read_text(encoding="utf-8").replace("eur: 140", "eur: 155")
    file.write_text(text, encoding="utf-8")
    return hashlib.sha256(text.encode()).hexdigest()


def test_send_sends_the_run_of_the_declaration_whatever_else_is_newer(state: Path, server: Scripted) -> None:
    another_run(state, "small-2", unchanged, started=IN_FIVE_YEARS, declaration_sha256=OTHER)
    ran = subprocess.run(
        [sys.executable, "-m", "pipelines.cli", "send", "small", "--really"],
        capture_output=True, text=True, check=False, env=os.environ | {"PYTHONPATH": str(folders().checkout)},
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    declared = hashlib.sha256((state / "plans" / "small.yaml").read_bytes()).hexdigest()
    assert f"small: run small-1, declaration {declared[:16]}, period" in ran.stdout
    english, swedish = sorted(map(text_of, server.messages()), key=lambda text: "Körning" in text)
    assert f"Run small-1; the plan file has SHA-256 {declared[:16]}." in english
    assert f"Körning small-1; planfilen har SHA-256 {declared[:16]}." in swedish
    with Outbox(state) as outbox:
        assert {letter.run_id for letter in outbox.letters("small")} == {"small-1"}


def test_of_runs_of_one_declaration_the_one_that_began_last_is_sent_and_the_clock_is_told(
    state: Path, server: Scripted, capsys: pytest.CaptureFixture[str]
) -> None:
    another_run(state, "small-2", unchanged, started=IN_FIVE_YEARS)
    another_run(state, "small-3", unchanged, started="2026-11-24T01:00:00+00:00")
    assert main(["send", "small", "--really"]) == 0
    said = capsys.readouterr().out
    assert "small: run small-3, declaration" in said
    assert "! run small-2 says that it began at 2031-11-24 00:00 UTC, but run small-3 began after it" in said
    assert all("small-3" in text_of(message) for message in server.messages())


def test_a_declaration_without_a_run_of_its_own_sends_nothing_and_says_so(
    state: Path, server: Scripted, capsys: pytest.CaptureFixture[str]
) -> None:
    digest = register_changed(state)
    for command in (["send", "small", "--really"], ["send", "--really"]):
        assert main(command) == 1
        told = capsys.readouterr()
        assert (
            f"registered last (SHA-256 {digest[:16]}) has no finished run; run small-1 is of another"
            in told.err
        )
        assert "nothing to send" not in told.out
    assert server.delivered == []


def test_one_plan_that_cannot_be_sent_does_not_keep_another_from_its_readers(
    state: Path, server: Scripted, capsys: pytest.CaptureFixture[str]
) -> None:
    text = (state / "plans" / "small.yaml").read_text(encoding="utf-8")
    other = text.replace("plan: small", "plan: aside", 1)
    (state / "plans" / "aside.yaml").write_text(other, encoding="utf-8")
    another_run(state, "aside-1", unchanged, plan="aside", declaration_sha256=OTHER)
    assert main(["send", "--really"]) == 1
    assert "aside: the declaration of plan aside that was registered last" in capsys.readouterr().err
    assert len(server.delivered) == 2, "both readers of small"


def test_a_run_of_the_schedule_sends_its_own_too(
    state: Path, server: Scripted, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    another_run(state, "small-2", unchanged, started=IN_FIVE_YEARS, declaration_sha256=OTHER)
    monkeypatch.setenv("BRYTPUNKT_MAIL_MODE", "real")
    (tmp_path / "dagster").mkdir()
    with dg.DagsterInstance.local_temp(str(tmp_path / "dagster")) as instance:
        instance.add_dynamic_partitions(PLANS.name or "", ["small"])
        assert send_reports.execute_in_process(
            instance=instance, partition_key="small", resources={"rooms": Rooms(home=str(state))},
            run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
        ).success  # fmt: skip
    assert all("small-1" in text_of(message) for message in server.messages())
    assert len(server.delivered) == 2


def test_the_schedule_asks_for_nothing_that_has_no_run_and_doubts_a_first_run_from_the_future(
    state: Path,
) -> None:
    due = datetime.fromisoformat("2026-11-23T06:05:00+00:00")
    assert why_not_now(folders_of(state), "small", due) == ""
    another_run(state, "small-2", unchanged, started=IN_FIVE_YEARS)
    assert why_not_now(folders_of(state), "small", due) == "", "an earlier run stands by its own time"
    (state / "runs" / "small-1" / "run.json").unlink()
    reason = why_not_now(folders_of(state), "small", due)
    assert reason.startswith("was first computed after 2026-11-23 07:00")
    assert (
        "run small-2 says that it began at 2031-11-24 00:00 UTC, but it is 2026-11-23 06:05 UTC now" in reason
    )
    register_changed(state)
    assert "has no run of the declaration that was registered last" in why_not_now(
        folders_of(state), "small", due
    )


def folders_of(state: Path) -> Folders:
    return Rooms(home=str(state)).folders()


def test_without_a_registered_declaration_the_newest_run_speaks_for_its_own(
    state: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    another_run(state, "small-2", unchanged, started="2020-01-01T00:00:00+00:00")
    (state / "plans" / "small.yaml").unlink()
    assert main(["send", "small"]) == 0
    assert "small: run small-2, declaration" in capsys.readouterr().out


def test_what_changed_is_told_against_the_run_before_and_the_letter_before_not_against_the_future(
    state: Path, server: Scripted
) -> None:
    future = another_run(state, "small-2", unchanged, started=IN_FIVE_YEARS)
    later = another_run(state, "small-3", unchanged)
    assert last_reported(state, later) == future, "it began before, whatever its clock said"
    assert last_reported(state, future) == load_run(state / "runs" / "small-1")
    using = settings(server.port)
    post(mailing(state, using, NOW + timedelta(days=5 * 365), run=future))
    post(mailing(state, using, NOW, run=later))
    after = another_run(state, "small-4", unchanged)
    assert last_reported(state, after) == later, "mailed last, though the letter before bears a later date"


def test_a_letter_does_not_wait_for_years_for_a_clock_that_was_ahead(state: Path, server: Scripted) -> None:
    server.recipient_replies = {"cfo@example.org": "451 later", "drift@example.org": "451 later"}
    using = settings(server.port)
    post(mailing(state, using, NOW, by_content=True))
    with Outbox(state) as outbox:
        for letter in outbox.letters():
            assert letter.is_waiting(NOW + timedelta(minutes=9))
            assert not letter.is_waiting(NOW + timedelta(minutes=10))
            assert not letter.is_waiting(NOW - timedelta(days=5 * 365)), (
                "it was written by a clock that ran ahead"
            )
    server.recipient_replies = {}
    posted = post(mailing(state, using, NOW - timedelta(days=5 * 365), by_content=True))
    assert [one.state for one in posted] == ["sent", "sent"]
