"""The outbox: what it remembers after crashes and restored backups, and the moves that it allows."""

from __future__ import annotations

import shutil
from datetime import timedelta
from pathlib import Path

import pytest

from brytpunkt.delivery.outbox import JOURNAL_VARIABLE, Letter, Outbox
from brytpunkt.errors import BrytpunktError
from tests.delivery.conftest import NOW


def intend(outbox: Outbox, recipient: str = "cfo@example.org", period: str = "2026-W48") -> Letter:
    return outbox.intend(
        plan="nordic", scope="portfolio", recipient=recipient, period=period, run_id="run-1", message_id="<1@x>", now=NOW
    )  # fmt: skip


def send(outbox: Outbox, letter: Letter) -> Letter:
    return outbox.move(outbox.move(letter, "sending", NOW, attempts=1), "sent", NOW + timedelta(seconds=1))


def test_a_key_has_one_letter(tmp_path: Path) -> None:
    with Outbox(tmp_path) as outbox:
        first = send(outbox, intend(outbox))
        assert intend(outbox) == first
        assert intend(outbox, "other@example.org").id != first.id
        assert intend(outbox, period="2026-W49").state == "intended"
        assert outbox.last_sent("nordic") == first
        assert outbox.last_sent("nordic", "portfolio", "other@example.org") is None


def test_a_database_restored_from_an_older_backup_is_brought_up_to_the_journal(tmp_path: Path) -> None:
    with Outbox(tmp_path) as outbox:
        first = send(outbox, intend(outbox))
    shutil.copy(tmp_path / "outbox.sqlite", tmp_path / "backup")
    with Outbox(tmp_path) as outbox:
        second = send(outbox, intend(outbox, period="2026-W49"))
    shutil.copy(tmp_path / "backup", tmp_path / "outbox.sqlite")
    with Outbox(tmp_path) as outbox:
        assert outbox.letters() == [first, second]
        assert intend(outbox, period="2026-W49").state == "sent", "restoring does not send it again"


@pytest.mark.parametrize("lost", ["outbox.sqlite", "outbox.journal"])
def test_either_file_alone_is_the_whole_record(tmp_path: Path, lost: str) -> None:
    with Outbox(tmp_path) as outbox:
        known = send(outbox, intend(outbox))
    (tmp_path / lost).unlink()
    for _ in range(2):
        with Outbox(tmp_path) as outbox:
            assert outbox.letters() == [known]
    assert (tmp_path / lost).exists()


@pytest.mark.parametrize("torn", [b"", b'{"seq": 4, "letter": {"id', b"\x00\xff\n", b"[]\n"])
def test_a_torn_line_of_the_journal_is_passed_over(tmp_path: Path, torn: bytes) -> None:
    with Outbox(tmp_path) as outbox:
        known = send(outbox, intend(outbox))
    with (tmp_path / "outbox.journal").open("ab") as file:
        file.write(torn)
    with Outbox(tmp_path) as outbox:
        later = send(outbox, intend(outbox, period="2026-W49"))
    (tmp_path / "outbox.sqlite").unlink()
    with Outbox(tmp_path) as outbox:
        assert outbox.letters() == [known, later]


def test_the_journal_may_lie_on_another_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(JOURNAL_VARIABLE, str(tmp_path / "elsewhere" / "journal"))
    with Outbox(tmp_path / "home") as outbox:
        known = send(outbox, intend(outbox))
    shutil.rmtree(tmp_path / "home")
    with Outbox(tmp_path / "home") as outbox:
        assert outbox.letters() == [known]


def test_a_damaged_database_stops_everything_and_says_how_to_go_on(tmp_path: Path) -> None:
    with Outbox(tmp_path) as outbox:
        known = send(outbox, intend(outbox))
    (tmp_path / "outbox.sqlite").write_bytes(b"not a database at all" * 100)
    with pytest.raises(BrytpunktError, match=r"Nothing was sent.*move it away"), Outbox(tmp_path):
        pass
    (tmp_path / "outbox.sqlite").unlink()
    with Outbox(tmp_path) as outbox:
        assert outbox.letters() == [known]


@pytest.mark.parametrize(
    ("states", "forbidden"),
    [
        ((), "sent"),
        (("sending", "sent"), "sending"),
        (("sending", "refused"), "sending"),
        (("sending", "unknown"), "sending"),
        (("sending",), "sending"),
        (("suppressed",), "sending"),
    ],
)
def test_no_move_leads_to_a_second_message(tmp_path: Path, states: tuple[str, ...], forbidden: str) -> None:
    with Outbox(tmp_path) as outbox:
        letter = intend(outbox)
        for state in states:
            letter = outbox.move(letter, state, NOW)
        with pytest.raises(BrytpunktError, match=f"cannot become {forbidden}"):
            outbox.move(letter, forbidden, NOW)
        assert outbox.letters()[0].state == letter.state


def test_a_sender_that_is_gone_leaves_an_unknown_outcome(tmp_path: Path) -> None:
    with Outbox(tmp_path) as outbox:
        outbox.move(intend(outbox), "sending", NOW)
    with Outbox(tmp_path) as outbox, outbox.sending_alone(NOW) as found:
        assert [letter.state for letter in found] == ["unknown"]
        assert outbox.letters()[0].note.startswith("the process that sent it ended")


def test_only_the_unknown_is_resolved_by_hand(tmp_path: Path) -> None:
    with Outbox(tmp_path) as outbox:
        send(outbox, intend(outbox))
        with pytest.raises(BrytpunktError, match="only an unknown outcome"):
            outbox.resolve(1, is_sent=False, now=NOW)
        with pytest.raises(BrytpunktError, match="no letter 7"):
            outbox.resolve(7, is_sent=False, now=NOW)
