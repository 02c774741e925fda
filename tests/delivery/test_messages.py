"""Messages and settings under hostile names and careless variables."""

from __future__ import annotations

from datetime import UTC, datetime
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import default
from pathlib import Path

import pytest

from brytpunkt.delivery.message import Attachment, Envelope, Words, file_name, message_bytes, message_id
from brytpunkt.delivery.send import post
from brytpunkt.delivery.settings import mail_settings
from brytpunkt.errors import InputError
from tests.delivery.conftest import another_run, mailing, settings
from tests.delivery.servers import Scripted

ENVELOPE = Envelope(
    "a@example.org", "b@example.org", "<1@example.org>", datetime(2026, 11, 25, tzinfo=UTC), "sv"
)
HOSTILE = '<script>alert("x")</script>{{ 7*7 }}\r\nBcc: evil@example.net \u202egnp.exe\U0001f600 =cmd()'


def parsed(body: bytes) -> EmailMessage:
    return BytesParser(policy=default).parsebytes(body)


@pytest.mark.parametrize(
    "name", [HOSTILE, "Å" * 200, "..", "", "a/b\\c", "\U0001f600" * 80, "עברית", "x\x00y\tz"]
)
def test_whatever_the_name_headers_stay_headers(name: str) -> None:
    file = file_name(name, "pdf")
    body = message_bytes(ENVELOPE, Words(name, name, "<p>x</p>"), [Attachment(file, "pdf", b"%PDF")])
    message = parsed(body)
    assert message["Bcc"] is None
    assert message["To"] == "b@example.org"
    assert "\n" not in message["Subject"]
    [attachment] = message.iter_attachments()
    assert attachment.get_filename() == file
    assert file.endswith(".pdf")
    assert not set(file) & set('/\\:*?"<>|\r\n\u202e')
    assert max(len(line) for line in body.split(b"\r\n")) <= 998


def test_a_swedish_subject_and_file_name_survive_the_way() -> None:
    words = Words("Bygg i Luleå, men beställ i juni 2028", "å", "<p>å</p>")
    message = parsed(message_bytes(ENVELOPE, words, [Attachment("Luleå – plan.pdf", "pdf", b"%PDF")]))
    assert message["Subject"] == words.subject
    assert [part.get_filename() for part in message.iter_attachments()] == ["Luleå – plan.pdf"]
    assert message["Content-Language"] == "sv"


def test_names_in_the_body_are_text_and_nothing_else(state: Path) -> None:
    def rename(content: dict[str, dict[str, str] | list[dict[str, str]]]) -> None:
        assert isinstance(content["plan"], dict)
        content["plan"]["name"] = HOSTILE
        for site in content["sites"]:
            assert isinstance(site, dict)
            site["site_name"] = HOSTILE

    with Scripted().running() as server:
        post(mailing(state, settings(server.port), run=another_run(state, "small-2", rename)))
    for message in server.messages():
        assert message["Bcc"] is None
        body = message.get_body(("html",))
        assert body is not None
        html = body.get_content()
        assert "<script" not in html
        assert "&lt;script&gt;" in html
        assert "{{ 7*7 }}" in html


def test_a_letters_message_id_is_its_own_and_stays() -> None:
    ids = {
        message_id(("nordic", scope, "a@b.se", "2026-W48"), "x@example.org")
        for scope in ("portfolio", "lulea")
    }
    assert len(ids) == 2
    assert message_id(("nordic", "lulea", "a@b.se", "2026-W48"), "x@example.org") in ids


@pytest.mark.parametrize(
    ("environment", "where"),
    [
        ({"BRYTPUNKT_MAIL_MODE": "yes"}, "BRYTPUNKT_MAIL_MODE"),
        ({"BRYTPUNKT_SMTP_SECURITY": "ssl"}, "BRYTPUNKT_SMTP_SECURITY"),
        ({"BRYTPUNKT_SMTP_SECURITY": "plain", "BRYTPUNKT_SMTP_HOST": "mail.example.org"}, "BRYTPUNKT_SMTP_SECURITY"),
        ({"BRYTPUNKT_SMTP_PORT": "many"}, "BRYTPUNKT_SMTP_PORT"),
        ({"BRYTPUNKT_SMTP_TIMEOUT_S": "-1"}, "BRYTPUNKT_SMTP_TIMEOUT_S"),
        ({"BRYTPUNKT_SMTP_TIMEOUT_S": "nan"}, "BRYTPUNKT_SMTP_TIMEOUT_S"),
        ({"BRYTPUNKT_SMTP_USER": "reports"}, "BRYTPUNKT_SMTP_PASSWORD"),
        ({"BRYTPUNKT_MAIL_FROM": "reports"}, "BRYTPUNKT_MAIL_FROM"),
        ({"BRYTPUNKT_MAIL_FROM": "a@b.se\nBcc: c@d.se"}, "BRYTPUNKT_MAIL_FROM"),
        ({"BRYTPUNKT_MAIL_MODE": "real"}, "BRYTPUNKT_SMTP_HOST"),
    ],
)  # fmt: skip
def test_careless_settings_are_refused_by_name(environment: dict[str, str], where: str) -> None:
    with pytest.raises(InputError) as refused:
        mail_settings(environment)
    assert where in {problem.where for problem in refused.value.problems}


def test_nothing_set_is_a_dry_run_and_no_secret_shows() -> None:
    assert mail_settings({}).really is False
    known = mail_settings({"BRYTPUNKT_SMTP_USER": "reports", "BRYTPUNKT_SMTP_PASSWORD": "s3cret"})
    assert "s3cret" not in f"{known} {known!r} {known.password}"
    assert known.redacted("535 bad\r\npassword s3cret\x07") == "535 bad password (hidden)"
