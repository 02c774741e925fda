"""`brytpunkt send`, `outbox` and `diff` as a user meets them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from brytpunkt.runs.comparison import compare
from brytpunkt.runs.store import load_run
from pipelines.cli.main import main
from tests.delivery.conftest import another_run, unchanged
from tests.delivery.servers import Scripted


@pytest.fixture
def mail_server(monkeypatch: pytest.MonkeyPatch) -> Scripted:
    """A server that the environment will name once it runs."""
    monkeypatch.setenv("BRYTPUNKT_SMTP_HOST", "127.0.0.1")
    monkeypatch.setenv("BRYTPUNKT_SMTP_SECURITY", "plain")
    monkeypatch.setenv("BRYTPUNKT_MAIL_FROM", "reports@example.org")
    return Scripted()


def test_send_is_a_dry_run_and_says_where_the_messages_are(
    state: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["send"]) == 0
    out = capsys.readouterr().out
    assert "DRY RUN: nothing was sent" in out
    [folder] = (state / "mail").iterdir()
    assert f"{folder / 'cfo@example.org.eml'}" in out


def test_really_needs_a_server_and_names_every_variable(
    state: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["send", "small", "--really"]) == 2
    said = capsys.readouterr().err
    assert "BRYTPUNKT_SMTP_HOST" in said
    assert "BRYTPUNKT_MAIL_FROM" in said


def test_send_outbox_resolve(
    state: Path, mail_server: Scripted, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with mail_server.running() as server:
        monkeypatch.setenv("BRYTPUNKT_SMTP_PORT", str(server.port))
        server.ending = "take_and_close"
        assert main(["send", "small", "--really"]) == 1
        said = capsys.readouterr().out
        assert "ALERT: letter 1 to cfo@example.org: nobody knows whether it was delivered" in said
        assert main(["outbox"]) == 0
        listed = capsys.readouterr().out.splitlines()
        assert [line.split()[:2] for line in listed[1:]] == [["1", "unknown"], ["2", "unknown"]]
        assert main(["outbox", "resolve", "1", "sent"]) == 0
        assert main(["outbox", "resolve", "2", "not-sent"]) == 0
        assert main(["outbox", "resolve", "2", "sent"]) == 1
        capsys.readouterr()
        server.ending = "accept"
        assert main(["send", "--really"]) == 0
        assert "letter 1, sent earlier in this period" in capsys.readouterr().out
        assert main(["outbox", "list", "small"]) == 0
        assert capsys.readouterr().out.count(" sent ") == 2
    assert len(server.delivered) == 3, "two whose fate was unknown, and the one that a person said was lost"


def test_by_content_a_new_result_goes_out_within_the_same_week(
    state: Path, mail_server: Scripted, monkeypatch: pytest.MonkeyPatch
) -> None:
    with mail_server.running() as server:
        monkeypatch.setenv("BRYTPUNKT_SMTP_PORT", str(server.port))
        assert main(["send", "small", "--really"]) == 0
        another_run(state, "small-2", lambda content: content["warnings"].append("new"))
        assert main(["send", "small", "--really"]) == 0
        assert len(server.delivered) == 2
        for _ in range(2):
            assert main(["send", "small", "--really", "--by-content"]) == 0
        assert len(server.delivered) == 4


def test_a_plan_without_recipients_or_runs_is_the_users_to_mend(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["send"]) == 0
    assert "nothing to send" in capsys.readouterr().out
    assert main(["send", "nordic"]) == 1
    assert "has not been computed yet" in capsys.readouterr().err


def test_diff_prints_the_change_by_cause_to_the_cent(state: Path, capsys: pytest.CaptureFixture[str]) -> None:
    newer = another_run(state, "small-2", unchanged)
    file = newer.folder / "declaration.yaml"
    text = file.read_text(encoding="utf-8").replace("eur: 140", "eur: 141")
    file.write_text(text, encoding="utf-8")
    assert main(["diff", "small-1", "small-2"]) == 0
    out = capsys.readouterr().out
    assert "small-1 -> small-2" in out
    assert "Nothing changed." in out, "both runs hold the same result"
    [row] = [line.split() for line in out.splitlines() if line.startswith("lulea") and " own " in line]
    *parts, total = (float(cell.replace(",", "")) for cell in row[2:])
    assert total == 0
    assert any(parts), "what the declaration moved and the stored result lacks stands under choices"


def test_diff_of_what_is_not_there_says_what_is(state: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["diff", "small-1", "../../etc"]) == 2
    said = capsys.readouterr().err
    assert "there is no such run" in said
    assert "small-1" in said


def test_a_kept_comparison_is_part_of_the_summary_and_is_whole_json(state: Path) -> None:
    first = load_run(state / "runs" / "small-1")
    newer = another_run(state, "small-2", unchanged)
    changes = compare(first, newer, first.label()["code_version"])
    newer.keep_changes(changes)
    assert newer.summary()["changes"] == json.loads(json.dumps(changes))
    assert "changes" not in first.summary()
    assert [path.name for path in newer.folder.glob(".changes*")] == []
